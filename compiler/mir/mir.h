// compiler/mir/mir.h — the compiler's intermediate form: instructions of the bundle over places, in basic blocks, with spans.
// Room: mir, public face. In: made by lower. Out: borrow (moves, loans, drops), then codegen.
// Law: an instruction is a row of opcodes.def whose operands stand in the fields named below; MIR adds only ScopeEnd.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bytecode-spec/module.h"
#include "compiler/source/span.h"
#include "compiler/types/type_table.h"

namespace stark::mir {

using types::Signature;
using types::TypeId;
using LocalId = Id<struct LocalTag>;
using BlockId = Id<struct BlockTag>;
using FunctionId = Id<struct FunctionTag>;
using spec::Opcode;
using spec::ProjectionKind;

struct Projection {
  ProjectionKind kind = ProjectionKind::None;
  uint32_t argument = 0;  // Field: number. ConstIndex: index. Index: LocalId of a usize. Variant: number. Deref: 0
  friend bool operator==(const Projection&, const Projection&) = default;
};

// A local and up to spec::kMaxProjections steps. A field of an enum's variant is two steps: Variant, Field.
struct Place {
  LocalId base;
  std::vector<Projection> steps;
  friend bool operator==(const Place&, const Place&) = default;
};

// A scalar's bits (integers sign-extended to 64, floats as their bits), or text when the type is str.
struct Constant {
  TypeId type;
  uint64_t bits = 0;
  std::string text;
};

enum class OperandKind : uint8_t { Copy, Move, Constant };

struct Operand {
  OperandKind kind = OperandKind::Copy;
  Place place;
  Constant constant;
  Span span;
  bool by_pattern = false;  // moved out by a pattern, which may take an array apart
};

// Operand letters of opcodes.def and the field that holds them, in order of the row:
//   d target        D targets_written   u, U operands (one list, in order)   p source      r source.base
//   l source + borrow_mutable           t type        c text (Format's template)           b, B blocks
//   f n g s y x z v i index
struct Instruction {
  enum class Kind : uint8_t { Op, ScopeEnd };  // ScopeEnd: source.base leaves its scope (after its Drop)
  Kind kind = Kind::Op;
  Opcode op{};
  Span span;
  Place target;
  std::vector<Place> targets_written;
  std::vector<Operand> operands;
  Place source;
  bool borrow_mutable = false;
  TypeId type;
  uint32_t index = 0;  // FunctionId, spec::Native, Program::graphs, segments, vtables, statics or foreigns, variant, or immediate
  std::string text;
  std::vector<BlockId> blocks;
};

// A block's last instruction, and only it, has flow Ends.
struct Block {
  std::vector<Instruction> code;
};

// A reservation is a shared borrow of a receiver while the arguments of its call are made; it exists for the borrow check alone.
enum class LocalKind : uint8_t { Parameter, Named, Temporary, Reservation };

struct Local {
  std::string name;  // empty for temporaries
  TypeId type;
  LocalKind kind = LocalKind::Temporary;
  bool is_mut = false;
  Span span;
};

struct Function {
  std::string name;  // "Digits::forward", "main"
  Signature signature;
  std::vector<Local> locals;  // the parameters first, in order
  std::vector<Block> blocks;  // entry first
  FileId file;
  Span span;
};

// What makes values of `concrete` ones of `dyn`: a function for each of its methods, in order.
struct VTable {
  TypeId concrete, dyn;
  std::vector<FunctionId> functions;
};

struct Static {
  std::string name;
  TypeId type;
  FunctionId initialiser;
  bool is_mut = false, is_local = false;
};

// A function of C; `library` is empty for the C library's.
struct Foreign {
  std::string name, library;
  Signature signature;
  bool is_variadic = false;
};

// Bytes of the bundle's own that a program reads as a tensor: a stretch of a file that stays mapped while compiling.
struct Segment {
  std::string name;
  std::span<const std::byte> bytes;
};

// Keeps what `bytes` of segments points into.
struct Asset {
  virtual ~Asset() = default;
};

struct Program {
  types::TypeTable* types = nullptr;  // owned by the driver
  std::vector<Function> functions;
  FunctionId entry;                   // main, or none in a library
  std::vector<FunctionId> exports;    // pub functions
  std::vector<VTable> vtables;
  std::vector<Static> statics;
  std::vector<Foreign> foreigns;
  std::vector<spec::Graph> graphs;
  std::vector<Segment> segments;
  std::vector<std::unique_ptr<Asset>> assets;
  std::vector<spec::Capability> capabilities;
  bool borrows_nll = false;           // #![borrows(nll)]
};

// Text of one function, for --dump=mir.
std::string dump(const Program& program, const Function& function);
// Names the first broken law of this page, or nothing.
std::string validate(const Program& program);

}  // namespace stark::mir

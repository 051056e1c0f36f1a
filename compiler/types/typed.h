// compiler/types/typed.h — every function that is used, with each expression's type and meaning: the checker's product.
// Room: types, public face. In: made by check(). Out: lower.
// Law: no inference is left and nothing is implied: dereferences, borrows, coercions and conversions are expressions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bytecode-spec/native_signature.h"
#include "compiler/resolve/names.h"
#include "compiler/types/type_table.h"

namespace stark::types {

using ExprId = Id<struct ExprTag>;
using PatternId = Id<struct PatternTag>;
using BodyLocalId = Id<struct BodyLocalTag>;

enum class ExprKind : uint8_t {
#define EXPR(name, text) name,
#include "compiler/types/expr_kinds.def"
};

// What a literal is before its type is known: magnitude and sign, or a float.
struct Literal {
  bool is_float = false, negative = false;
  uint64_t magnitude = 0;
  double value = 0;
};

struct GenericArgument {
  enum class Kind : uint8_t { Type, Number, Shape };
  Kind kind = Kind::Type;
  TypeId type{};
  int64_t number = 0;
  std::vector<int64_t> dims{};
  friend bool operator==(const GenericArgument&, const GenericArgument&) = default;
};

struct Arm {
  PatternId pattern;
  ExprId guard, body;
};

struct TypedStatement {
  enum class Kind : uint8_t { Expression, Let };
  Kind kind = Kind::Expression;
  ExprId value;       // may be none for Let
  PatternId pattern;  // Let
  ExprId otherwise;   // let … else
};

struct Expr {
  ExprKind kind = ExprKind::Error;
  TypeId type;
  Span span;
  spec::Opcode op{};
  bool mutable_ = false, two_phase = false;
  uint32_t index = 0;
  std::vector<ExprId> parts;
  Literal literal;
  std::string text;
  spec::Native native{};
  spec::TensorOp operation{};
  std::vector<int64_t> attributes;
  PatternId pattern;
  std::vector<TypedStatement> statements;
  std::vector<Arm> arms;
  uint32_t method = Id<int>::kNone;  // Call, while checking: which pending callee; afterwards `index` is the function
};

enum class PatternKind : uint8_t {
  Wild,
  Bind,      // local; by reference if `by_reference`; parts[0] may follow
  Constant,  // value
  Range,     // value, last (either may be none), inclusive
  Fields,    // struct, tuple: numbers and parts
  Variant,   // index; numbers and parts
  Or,        // parts
  Deref,     // parts[0]
  Slice,     // array, slice: parts from the front, `index` of them, then parts up to the end; `open`: more may lie between, for `rest`
};

struct Pattern {
  PatternKind kind = PatternKind::Wild;
  TypeId type;
  Span span;
  uint32_t index = 0;
  BodyLocalId local;
  bool by_reference = false, by_mutable = false, inclusive = false, open = false;
  PatternId rest;
  ExprId value, last;
  std::vector<uint32_t> numbers;
  std::vector<PatternId> parts;
};

struct BodyLocal {
  std::string name;
  TypeId type;
  bool is_mut = false;
  Span span;
};

using FunctionSignature = Signature;

struct TypedFunction {
  std::string name;
  FunctionSignature signature;
  FileId file;
  Span span;
  bool is_pub = false;
  std::vector<BodyLocal> locals;
  std::vector<PatternId> parameters;  // one pattern per parameter
  std::vector<Expr> exprs;
  std::vector<Pattern> patterns;
  ExprId body;

  const Expr& get(ExprId id) const { return exprs[id.index()]; }
  const Pattern& get(PatternId id) const { return patterns[id.index()]; }
};

// Bytes of a file that the program reads as a tensor. The mapping lives as long as this object.
struct TensorAsset {
  std::string name;
  std::shared_ptr<const void> keeper;
  std::span<const std::byte> bytes;
};

// The functions that make values of `concrete` a trait object.
struct TypedVTable {
  TypeId concrete, object;
  std::vector<uint32_t> functions;
};

// A value for the whole program, or one for each thread; `function` makes it, for a thread's own behind an Arc.
struct TypedStatic {
  std::string name;
  TypeId type;
  uint32_t function = 0;
  bool is_mut = false, is_local = false;
  Span span;
};

// A function of C that the program calls. `library`: as a linker is told it; empty for the C library.
struct TypedForeign {
  std::string name, library;
  FunctionSignature signature;
  bool is_variadic = false;
};

struct Typed {
  std::vector<TypedFunction> functions;
  uint32_t entry = Id<int>::kNone;
  std::vector<TensorAsset> assets;
  std::vector<TypedVTable> vtables;
  std::vector<TypedStatic> statics;
  std::vector<TypedForeign> foreigns;
};

// Checks the program; what is generic is checked once for each set of arguments that it is used with.
Typed check(const SourceMap& sources, const resolve::Names& names, TypeTable& table, diagnostics::Sink& sink);
std::string dump(const Typed& typed, const TypeTable& table);

}  // namespace stark::types

// bytecode-spec/module.h — a bundle in memory: flat tables of plain rows, exactly what the file holds.
// Room: bytecode-spec, public face. In: made by compiler/codegen or by the reader. Out: the writer, vm/verify.
// Law: every row is trivially copyable and laid out as in skbc.fbs; decode∘encode is the identity; nothing here is trusted.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "bytecode-spec/tensor/graph.h"

namespace stark::spec {

inline constexpr uint32_t kNone = 0xFFFF'FFFFu;  // an index that names nothing

// What a type kind is: rows of types.def.
enum class TypeKind : uint8_t {
#define TYPE_KIND(name, text, size, align, flags) name,
#include "bytecode-spec/types.def"
};
// What a guard gives access to, and how.
// A View shows a tensor whose elements another tensor owns: its word is a handle of its own, so that what it gives access to lies in it.
enum class GuardKind : uint32_t { Ref, RefMut, Mutex, Read, Write, View, Count };
constexpr bool gives_mutable(GuardKind kind) { return kind == GuardKind::RefMut || kind == GuardKind::Mutex || kind == GuardKind::Write; }
// In .skasm; a `Ref` has no word.
constexpr std::string_view guard_text(GuardKind kind) {
  constexpr std::string_view kTexts[] = {"", "mut", "mutex", "read", "write", "view"};
  return kTexts[static_cast<size_t>(kind)];
}
enum TypeFlags : uint32_t {
  kCopy = 1, kNum = 2, kInt = 4, kSigned = 8, kFloat = 16, kManaged = 32, kOwned = 64, kParts = 128, kUnsized = 256, kReference = 512
};
enum class Opcode : uint16_t {
#define OP(name, text, operands, rule, flow) name,
#include "bytecode-spec/opcodes.def"
};
enum class Native : uint16_t {
#define NATIVE(name, text, signature, blocking, capability) name,
#include "bytecode-spec/natives.def"
};
enum class Opaque : uint32_t {
#define OPAQUE(name, text) name,
#include "bytecode-spec/opaques.def"
};
enum class Capability : uint32_t {
#define CAPABILITY(name, text) name,
#include "bytecode-spec/capabilities.def"
};

// A range of one of the module's tables.
struct Range {
  uint32_t first = 0, count = 0;
  friend bool operator==(const Range&, const Range&) = default;
};
using Text = Range;  // bytes of Module::text, UTF-8

// What a, b, c, d mean stands beside each kind in types.def.
struct TypeRow {
  uint32_t kind = 0;  // TypeKind
  uint32_t a = 0, b = 0, c = 0, d = 0;
  Text name;  // structs, enums, dyns
};
constexpr bool is_view(const TypeRow& row) { return row.kind == static_cast<uint32_t>(TypeKind::Guard) && row.b == static_cast<uint32_t>(GuardKind::View); }
// `d` of a struct or enum: how many lifetimes it declares, and how it lies in memory if not as C puts it by itself. Sizes are powers of two, or 0.
struct Representation {
  uint32_t lifetimes = 0;
  uint32_t pack = 0;   // of a struct: no field is aligned to more; fields of less than 8 are plain data
  uint32_t align = 0;  // of a struct: it is aligned to no less
  uint32_t tag = 0;    // of an enum without fields: bytes of the tag; 0 is 4
  friend bool operator==(const Representation&, const Representation&) = default;
};
constexpr uint32_t kMaxPack = 16, kMaxAlign = 8, kMaxTag = 8;
// Four bytes: lifetimes, then one more than the logarithm of each size.
constexpr uint32_t encode(const Representation& form) {
  const auto digit = [](uint32_t size) { return static_cast<uint32_t>(std::bit_width(size)); };
  return form.lifetimes | digit(form.pack) << 8 | digit(form.align) << 16 | digit(form.tag) << 24;
}
constexpr Representation representation(const TypeRow& row) {
  const auto size = [](uint32_t digit) { return digit == 0 ? 0 : 1u << ((digit - 1) & 31); };
  return {row.d & 0xFF, size(row.d >> 8 & 0xFF), size(row.d >> 16 & 0xFF), size(row.d >> 24)};
}
constexpr uint32_t lifetimes_declared(const TypeRow& row) { return row.d & 0xFF; }
// A type in a position: its region arguments are Module::regions[first …], one per region slot of the type (regions.h).
struct TypeUse {
  uint32_t type = kNone;
  uint32_t first_region = 0;
};
struct FieldRow {
  Text name;
  TypeUse type;  // regions: parameters of the struct or enum, from 1; 0 is 'static
};
struct VariantRow {
  Text name;
  Range fields;
};
struct OutlivesRow {
  uint32_t longer = 0, shorter = 0;
};
// Regions of a signature are 1 … region_count; 0 is 'static.
struct SignatureRow {
  Range parameters;  // of Module::type_uses
  TypeUse result;
  uint32_t region_count = 0;
  Range outlives;
};
// A method of a Dyn. Parameter 0 of the signature is `&Dyn`, `&mut Dyn` or `Box<Dyn>`.
struct DynMethodRow {
  Text name;
  uint32_t signature = 0;
};
enum DynFlags : uint32_t { kDynSend = 1, kDynSync = 2 };
// What makes a value of `type` one of `dyn`: a function for each of its methods, in order.
struct VTableRow {
  uint32_t type = 0, dyn = 0;
  Range functions;  // of Module::vtable_functions
};
enum RegisterFlags : uint32_t { kMutable = 1, kParameter = 2, kDropFlag = 4 };
// Regions of a function: 0 'static, then the signature's, then local ones.
struct RegisterRow {
  TypeUse type;
  uint32_t flags = 0;
};
enum class ProjectionKind : uint8_t { None, Field, ConstIndex, Index, Deref, Variant };
// A register and up to four steps from it. Index: arguments[i] is a register of type usize.
struct PlaceRow {
  uint32_t base = 0;
  std::array<uint8_t, 4> kinds{};
  std::array<uint32_t, 4> arguments{};
};
// One word: a function has about as many loans as borrows, so that they are most of what is said about ownership.
struct LoanRow {
  uint32_t place_and_kind = 0;
  static LoanRow of(uint32_t place, bool is_mut) { return {place << 1 | (is_mut ? 1u : 0u)}; }
  uint32_t place() const { return place_and_kind >> 1; }
  bool is_mut() const { return (place_and_kind & 1) != 0; }
};
// Words code_first … up to the next block's. `state`: offset into Module::states (state.h), or kNone where the block is
// entered by one edge from an earlier block, whose state it takes over.
struct BlockRow {
  uint32_t code_first = 0;
  uint32_t state = kNone;
};
// Place numbers below registers.count are the registers themselves; the others are places[number - registers.count].
struct FunctionRow {
  Text name;
  uint32_t signature = 0;
  uint32_t region_count = 0;  // local regions
  Range registers, places, loans, blocks, code;
  Range lines;   // debug: Module::lines
  uint32_t file = kNone;  // debug: Module::files
};
// A scalar's bits (integers sign-extended); text: bits = first << 32 | count into Module::text; a device: ordinal << 32 | kind.
struct ConstantRow {
  uint32_t kind = 0;  // TypeKind: scalar, Unit, Str or Device
  uint32_t reserved = 0;
  uint64_t bits = 0;
};
struct GraphRow {
  Range values;  // of tensor_types; inputs first
  Range inputs;  // of input_modes
  Range nodes, operands, attributes, outputs;
};
struct TensorTypeRow {
  uint32_t dtype = 0;
  Range dims;  // of Module::dims; -1 is unknown
};
struct NodeRow {
  uint32_t op = 0;
  Range operands, attributes;  // relative to the graph's own
};
// `offset` counts from the start of the segments, and is a multiple of kSegmentAlign.
struct SegmentRow {
  uint64_t offset = 0, length = 0;
  uint64_t hash = 0;  // XXH3, 64 bits
  Text name;
};
struct ExportRow {
  Text name;
  uint32_t function = 0;
};
// One value for the whole program; with kStaticLocal one for each thread, which is an Arc. `initialiser` makes it when it is first
// used. All lifetimes in it are 'static. Mutable: it is reached by a raw pointer, else by `&'static`.
enum StaticFlags : uint32_t { kStaticMutable = 1, kStaticLocal = 2 };
struct StaticRow {
  Text name;
  uint32_t type = 0;
  uint32_t initialiser = 0;  // a function without parameters
  uint32_t flags = 0;
};
// A function of C, known by the name that its library gives it. `library`: as a linker is told it, "m" for libm; empty for the C library
// itself. Its calls need the capability `ffi`; nobody looks for it before the first.
enum ForeignFlags : uint32_t { kForeignVariadic = 1 };
struct ForeignRow {
  Text name, library;
  uint32_t signature = 0;
  uint32_t flags = 0;
};
struct LineRow {
  uint32_t word = 0;  // first code word, relative to the function
  uint32_t line = 0, column = 0;
};

struct Module {
  uint32_t entry = kNone;  // the function that `run` starts, or kNone
  std::vector<uint8_t> text;
  std::vector<TypeRow> types;
  std::vector<uint32_t> regions;
  std::vector<FieldRow> fields;
  std::vector<VariantRow> variants;
  std::vector<int64_t> dims;
  std::vector<TypeUse> type_uses;
  std::vector<SignatureRow> signatures;
  std::vector<OutlivesRow> outlives;
  std::vector<DynMethodRow> dyn_methods;
  std::vector<VTableRow> vtables;
  std::vector<uint32_t> vtable_functions;
  std::vector<FunctionRow> functions;
  std::vector<RegisterRow> registers;
  std::vector<PlaceRow> places;
  std::vector<LoanRow> loans;
  std::vector<BlockRow> blocks;
  std::vector<uint32_t> states;
  std::vector<uint32_t> code;
  std::vector<ConstantRow> constants;
  std::vector<GraphRow> graphs;
  std::vector<TensorTypeRow> tensor_types;
  std::vector<uint32_t> input_modes;
  std::vector<NodeRow> nodes;
  std::vector<uint32_t> operands;
  std::vector<int64_t> attributes;
  std::vector<uint32_t> outputs;
  std::vector<SegmentRow> segments;
  std::vector<ExportRow> exports;
  std::vector<uint32_t> capabilities;
  std::vector<Text> files;
  std::vector<LineRow> lines;
  std::vector<StaticRow> statics;
  std::vector<ForeignRow> foreigns;

  std::string_view text_of(Text range) const {
    return {reinterpret_cast<const char*>(text.data()) + range.first, range.count};
  }
};

static_assert(std::is_trivially_copyable_v<FunctionRow> && std::is_trivially_copyable_v<PlaceRow>);

}  // namespace stark::spec

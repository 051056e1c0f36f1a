// bytecode-spec/tables.h — the .def tables as arrays: names, flags and operands of kinds, instructions and natives.
// Room: bytecode-spec, public face. In: a code that was range-checked. Out: its row.
// Law: a table has exactly the rows of its .def file, in their order.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bytecode-spec/module.h"

namespace stark::spec {

struct TypeKindRow {
  std::string_view text;
  uint32_t size, align;
  uint32_t flags;
};
enum class Rule : uint8_t {
  Same, Make, MakeVariant, Repeat, Box, Dyn, Fn, Tag, Len, Borrow, Drop, DropFlag, End, Arith, Pow, Bits, Shift, Neg, Not, Cast, Compare, Format,
  Call, CallNative, CallDyn, Tensor, TensorConst, TensorFill, TensorRandom, TensorGet, TensorSet, TensorNarrow, Jump, Branch, Switch,
  Return, Panic, Static, CallForeign, ForeignFn
};
enum class Flow : uint8_t { Next, Ends };
struct OpcodeRow {
  std::string_view text;
  std::string_view operands;  // letters of opcodes.def
  Rule rule;
  Flow flow;
};
enum class Blocking : uint8_t { Leaf, Safe, Blocking };
struct NativeRow {
  std::string_view text;
  std::string_view signature;
  Blocking blocking;
  std::optional<Capability> capability;
};

std::span<const TypeKindRow> type_kinds();
std::span<const OpcodeRow> opcodes();
std::span<const NativeRow> native_rows();
std::span<const std::string_view> opaques();
std::span<const std::string_view> capabilities();

inline const TypeKindRow& row_of(TypeKind kind) { return type_kinds()[static_cast<size_t>(kind)]; }
inline const OpcodeRow& row_of(Opcode op) { return opcodes()[static_cast<size_t>(op)]; }
inline const NativeRow& row_of(Native native) { return native_rows()[static_cast<size_t>(native)]; }
inline bool has(TypeKind kind, uint32_t flags) { return (row_of(kind).flags & flags) == flags; }
inline bool ends_block(Opcode op) { return row_of(op).flow == Flow::Ends; }

}  // namespace stark::spec

// bytecode-spec/tensor/tensor_op.h — TensorOp and the facts of each operation's row.
// Room: spec/tensor. In: tensor_ops.def. Out: name, arity, rules, attributes, kernel class, tolerance.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace stark::spec {

enum class TensorOp : uint8_t {
#define TENSOR_OP(id, ...) id,
#include "bytecode-spec/tensor/tensor_ops.def"
#undef TENSOR_OP
};

// What the operands' element types must be, and what the result's is.
enum class DTypeRule : uint8_t {
  Any,           // all the same; the result likewise
  Numeric,       // all the same, not bool; the result likewise
  Float,         // all the same float; the result likewise
  Compare,       // all the same; the result is bool
  Order,         // all the same, not bool; the result is bool
  Choose,        // bool, then two the same; the result like those
  Given,         // any; the result is attribute `dtype`
  GivenNumeric,  // the same, and `dtype` is not bool
  GivenFloat,    // the same, and `dtype` is a float
  Widen,         // any; floats stay, unsigned become u64, the others i64
  Index,         // not bool; the result is i64
};

enum class ShapeRule : uint8_t {
  Same,
  Broadcast,
  MatMul,
  Reduce,
  ReduceNonEmpty,
  Along,
  Reshape,
  Transpose,
  BroadcastTo,
  Slice,
  Concat,
  Dims,
  Count,
};

// How devices treat the operation: Map is elementwise, Rows needs more than one pass over a line of elements.
enum class KernelClass : uint8_t { Map, Reduce, Product, Rows, Move, Generate };

inline constexpr int kNary = -1;
inline constexpr int64_t kAllDims =
    std::numeric_limits<int64_t>::min();  // attribute `dim` of a reduction over everything
inline constexpr int64_t kSliceEnd = std::numeric_limits<int64_t>::max();  // attribute `end` of a slice: up to the end

struct TensorOpRow {
  std::string_view name;
  int arity;
  DTypeRule dtype_rule;
  ShapeRule shape_rule;
  std::string_view attributes;
  KernelClass kernel;
  double tolerance;
};

inline constexpr std::array kTensorOpRows = {
#define TENSOR_OP(id, name, arity, dtypes, shapes, attributes, kernel, tolerance) \
  TensorOpRow{name, arity, DTypeRule::dtypes, ShapeRule::shapes, attributes, KernelClass::kernel, tolerance},
#include "bytecode-spec/tensor/tensor_ops.def"
#undef TENSOR_OP
};
inline constexpr size_t kTensorOpCount = kTensorOpRows.size();

constexpr const TensorOpRow& tensor_op_row(TensorOp op) { return kTensorOpRows[static_cast<size_t>(op)]; }
constexpr std::string_view tensor_op_name(TensorOp op) { return tensor_op_row(op).name; }

constexpr std::optional<TensorOp> tensor_op_from_name(std::string_view name) {
  for (size_t i = 0; i < kTensorOpCount; ++i)
    if (kTensorOpRows[i].name == name) return static_cast<TensorOp>(i);
  return std::nullopt;
}

constexpr std::optional<TensorOp> tensor_op_from_number(int64_t number) {
  if (number < 0 || number >= static_cast<int64_t>(kTensorOpCount)) return std::nullopt;
  return static_cast<TensorOp>(number);
}

// How many attributes an operation takes: exactly `fixed`, or at least `fixed` when `open`.
struct AttributeCount {
  size_t fixed = 0;
  bool open = false;
  constexpr bool accepts(size_t count) const { return open ? count >= fixed : count == fixed; }
};

constexpr AttributeCount attribute_count(TensorOp op) {
  std::string_view names = tensor_op_row(op).attributes;
  AttributeCount count;
  if (names.empty()) return count;
  count.fixed = 1;
  for (char c : names) count.fixed += c == ' ' ? 1 : 0;
  count.open = names.back() == '*';
  if (count.open) --count.fixed;
  return count;
}

}  // namespace stark::spec

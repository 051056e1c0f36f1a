// bytecode-spec/tensor/shape_rules.cpp — one function per ShapeRule, and infer() that chooses among them.
// Room: spec/tensor. In: operand types, attributes. Out: the result's type, or what does not fit and where.
#include "bytecode-spec/tensor/shape_rules.h"

#include "bytecode-spec/tensor/dtype_rules.h"
#include "bytecode-spec/tensor/errors.h"

namespace stark::spec {
namespace {

using Inputs = std::span<const TensorType>;
using Attributes = std::span<const int64_t>;

std::string dim_text(int64_t dim) { return dim == kUnknownDim ? "?" : fmt::format("{}", dim); }

// Two dims that must meet under broadcasting; nothing when they cannot.
std::optional<int64_t> broadcast_dim(int64_t a, int64_t b) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  if (a == kUnknownDim) return b;
  if (b == kUnknownDim) return a;
  return std::nullopt;
}

Result<Shape> broadcast(std::string_view name, const Shape& a, const Shape& b) {
  Shape result = a.rank() >= b.rank() ? a : b;
  const size_t rank = result.rank();
  for (size_t i = 0; i < std::min(a.rank(), b.rank()); ++i) {
    const int64_t left = a[a.rank() - 1 - i], right = b[b.rank() - 1 - i];
    const auto dim = broadcast_dim(left, right);
    if (!dim)
      return tensor_fail(TensorError::ShapeMismatch,
                         "cannot {} `{}` and `{}`: dim {} is {} on the left and {} on the right", name, a.text(),
                         b.text(), -1 - static_cast<int64_t>(i), left, right);
    result.set(rank - 1 - i, *dim);
  }
  return result;
}

Result<Shape> broadcast_rule(const TensorOpRow& row, Inputs inputs) {
  Result<Shape> shape = inputs[0].shape;
  for (size_t i = 1; i < inputs.size() && shape; ++i) shape = broadcast(row.name, *shape, inputs[i].shape);
  return shape;
}

// A vector on the left is one row, a vector on the right one column; the added dim does not appear in the result.
Result<Shape> matmul_rule(const TensorOpRow&, Inputs inputs) {
  const Shape &a = inputs[0].shape, &b = inputs[1].shape;
  if (a.rank() == 0 || b.rank() == 0)
    return tensor_fail(TensorError::BadRank,
                       "cannot multiply `{}` by `{}`: a product needs at least one dim on each side", a.text(),
                       b.text());
  const int64_t columns = a[a.rank() - 1];
  const int64_t rows = b.rank() == 1 ? b[0] : b[b.rank() - 2];
  if (columns != rows && columns != kUnknownDim && rows != kUnknownDim)
    return tensor_fail(TensorError::ShapeMismatch,
                       "cannot multiply `{}` by `{}`: the left has {} columns and the right has {} rows", a.text(),
                       b.text(), columns, rows);
  Shape left, right;
  for (size_t i = 0; i + 2 < a.rank(); ++i) left.push(a[i]);
  for (size_t i = 0; i + 2 < b.rank(); ++i) right.push(b[i]);
  auto result = broadcast("multiply batches", left, right);
  if (!result) return result;
  if (a.rank() > 1) result->push(a[a.rank() - 2]);
  if (b.rank() > 1) result->push(b[b.rank() - 1]);
  return result;
}

Result<size_t> need_dim(const TensorOpRow& row, const Shape& shape, int64_t dim) {
  const auto index = resolve_dim(dim, shape.rank());
  if (!index)
    return tensor_fail(TensorError::BadAttribute, "`{}` over dim {}, and `{}` has {} dims", row.name, dim, shape.text(),
                       shape.rank());
  return *index;
}

Result<Shape> reduce_rule(const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  Shape shape = inputs[0].shape;
  const bool keep = attributes[1] != 0;
  if (attributes[1] != 0 && attributes[1] != 1)
    return tensor_fail(TensorError::BadAttribute, "`{}` with keepdim {}, which is neither 0 nor 1", row.name,
                       attributes[1]);
  const bool needs_elements = row.shape_rule == ShapeRule::ReduceNonEmpty;
  if (attributes[0] == kAllDims) {
    if (needs_elements && shape.element_count() == 0)
      return tensor_fail(TensorError::Empty, "cannot take the {} of `{}`: it has no elements", row.name, shape.text());
    if (!keep) return Shape{};
    for (size_t i = 0; i < shape.rank(); ++i) shape.set(i, 1);
    return shape;
  }
  const auto dim = need_dim(row, shape, attributes[0]);
  if (!dim) return std::unexpected(dim.error());
  if (needs_elements && shape[*dim] == 0)
    return tensor_fail(TensorError::Empty, "cannot take the {} of `{}` over dim {}: it has no elements", row.name,
                       shape.text(), attributes[0]);
  if (keep)
    shape.set(*dim, 1);
  else
    shape.erase(*dim);
  return shape;
}

Result<Shape> along_rule(const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  const auto dim = need_dim(row, inputs[0].shape, attributes[0]);
  if (!dim) return std::unexpected(dim.error());
  return inputs[0].shape;
}

Result<Shape> dims_rule(const TensorOpRow& row, Attributes dims) {
  if (dims.size() > kMaxRank)
    return tensor_fail(TensorError::BadRank, "`{}` to {} dims, and a tensor has at most {}", row.name, dims.size(),
                       kMaxRank);
  for (int64_t dim : dims)
    if (dim < 0) return tensor_fail(TensorError::BadAttribute, "`{}` with a dim of {}", row.name, dim);
  return *Shape::make(dims);
}

Result<Shape> reshape_rule(const TensorOpRow& row, Inputs inputs, Attributes dims) {
  if (dims.size() > kMaxRank)
    return tensor_fail(TensorError::BadRank, "`reshape` to {} dims, and a tensor has at most {}", dims.size(),
                       kMaxRank);
  auto target = Shape::make(dims);
  if (!target || std::ranges::count(dims, kUnknownDim) > 1)
    return tensor_fail(TensorError::BadAttribute, "`{}` takes dims of 0 or more, and -1 at most once", row.name);
  const Shape& from = inputs[0].shape;
  const auto count = from.element_count();
  const auto hole = std::ranges::find(dims, kUnknownDim);
  if (hole == dims.end()) {
    const auto wanted = target->element_count();
    if (!wanted) return tensor_fail(TensorError::TooLarge, "`reshape` to `{}`, which is too large", target->text());
    if (count && *count != *wanted)
      return tensor_fail(TensorError::ShapeMismatch,
                         "cannot reshape `{}` to `{}`: the first has {} elements and the second {}", from.text(),
                         target->text(), *count, *wanted);
    return *target;
  }
  Shape others = *target;
  others.erase(static_cast<size_t>(hole - dims.begin()));
  const auto rest = others.element_count();
  if (!count) return *target;
  if (!rest || *rest == 0 || *count % *rest != 0)
    return tensor_fail(TensorError::ShapeMismatch,
                       "cannot reshape `{}` to `{}`: {} elements do not divide by the known dims", from.text(),
                       target->text(), *count);
  target->set(static_cast<size_t>(hole - dims.begin()), *count / *rest);
  return *target;
}

Result<Shape> transpose_rule(const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  Shape shape = inputs[0].shape;
  const auto first = need_dim(row, shape, attributes[0]);
  if (!first) return std::unexpected(first.error());
  const auto second = need_dim(row, shape, attributes[1]);
  if (!second) return std::unexpected(second.error());
  const int64_t dim = shape[*first];
  shape.set(*first, shape[*second]);
  shape.set(*second, dim);
  return shape;
}

Result<Shape> broadcast_to_rule(const TensorOpRow& row, Inputs inputs, Attributes dims) {
  auto target = dims_rule(row, dims);
  if (!target) return target;
  const Shape& from = inputs[0].shape;
  bool fits = from.rank() <= target->rank();
  for (size_t i = 0; fits && i < from.rank(); ++i) {
    const int64_t dim = from[from.rank() - 1 - i];
    fits = dim == 1 || dim == kUnknownDim || dim == (*target)[target->rank() - 1 - i];
  }
  if (!fits)
    return tensor_fail(TensorError::ShapeMismatch, "cannot broadcast `{}` to `{}`", from.text(), target->text());
  return target;
}

// `end` of kSliceEnd means the dim's own end. Bounds are strict: a slice never quietly gives less than asked for.
Result<Shape> slice_rule(const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  Shape shape = inputs[0].shape;
  const auto dim = need_dim(row, shape, attributes[0]);
  if (!dim) return std::unexpected(dim.error());
  const int64_t size = shape[*dim], start = attributes[1], step = attributes[3];
  const bool open = attributes[2] == kSliceEnd;
  const int64_t end = open ? size : attributes[2];
  if (step < 1) return tensor_fail(TensorError::BadAttribute, "`slice` with a step of {}", step);
  const bool beyond = size != kUnknownDim && (start > size || end > size);
  const bool backwards = (!open || size != kUnknownDim) && end < start;
  if (start < 0 || beyond || backwards)
    return tensor_fail(TensorError::BadAttribute, "cannot take {}..{} of dim {} of `{}`, which has {} elements", start,
                       open ? std::string() : dim_text(end), attributes[0], shape.text(), dim_text(size));
  if (open && size == kUnknownDim) return shape;
  shape.set(*dim, (end - start) / step + ((end - start) % step != 0 ? 1 : 0));
  return shape;
}

Result<Shape> concat_rule(const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  Shape result = inputs[0].shape;
  const auto dim = need_dim(row, result, attributes[0]);
  if (!dim) return std::unexpected(dim.error());
  for (const TensorType& input : inputs.subspan(1)) {
    const Shape& shape = input.shape;
    bool fits = shape.rank() == result.rank();
    for (size_t i = 0; fits && i < shape.rank(); ++i) {
      if (i == *dim) continue;
      fits = shape[i] == result[i] || shape[i] == kUnknownDim || result[i] == kUnknownDim;
      if (fits && result[i] == kUnknownDim) result.set(i, shape[i]);
    }
    if (!fits)
      return tensor_fail(TensorError::ShapeMismatch,
                         "cannot concat `{}` and `{}` along dim {}: their other dims differ", inputs[0].shape.text(),
                         shape.text(), attributes[0]);
    const bool known = shape[*dim] != kUnknownDim && result[*dim] != kUnknownDim;
    int64_t sum = kUnknownDim;
    if (known && __builtin_add_overflow(shape[*dim], result[*dim], &sum))
      return tensor_fail(TensorError::TooLarge, "`concat` along dim {} gives too many elements", attributes[0]);
    result.set(*dim, sum);
  }
  return result;
}

Result<Shape> infer_shape(TensorOp op, const TensorOpRow& row, Inputs inputs, Attributes attributes) {
  switch (row.shape_rule) {
    case ShapeRule::Same: return inputs[0].shape;
    case ShapeRule::Broadcast: return broadcast_rule(row, inputs);
    case ShapeRule::MatMul: return matmul_rule(row, inputs);
    case ShapeRule::Reduce:
    case ShapeRule::ReduceNonEmpty: return reduce_rule(row, inputs, attributes);
    case ShapeRule::Along: return along_rule(row, inputs, attributes);
    case ShapeRule::Reshape: return reshape_rule(row, inputs, attributes);
    case ShapeRule::Transpose: return transpose_rule(row, inputs, attributes);
    case ShapeRule::BroadcastTo: return broadcast_to_rule(row, inputs, attributes);
    case ShapeRule::Slice: return slice_rule(row, inputs, attributes);
    case ShapeRule::Concat: return concat_rule(row, inputs, attributes);
    case ShapeRule::Dims: return dims_rule(row, attributes.subspan(attribute_count(op).fixed));
    case ShapeRule::Count: return dims_rule(row, attributes.last(1));
  }
  CHECK(false);
}

}  // namespace

std::optional<size_t> resolve_dim(int64_t dim, size_t rank) {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (dim < -signed_rank || dim >= signed_rank) return std::nullopt;
  return static_cast<size_t>(dim < 0 ? dim + signed_rank : dim);
}

Result<TensorType> infer(TensorOp op, Inputs inputs, Attributes attributes) {
  const TensorOpRow& row = tensor_op_row(op);
  const bool nary = row.arity == kNary;
  if (nary ? inputs.empty() : inputs.size() != static_cast<size_t>(row.arity))
    return tensor_fail(TensorError::OperandCount, "`{}` takes {} operand(s), found {}", row.name,
                       nary ? std::string("one or more") : fmt::format("{}", row.arity), inputs.size());
  if (!attribute_count(op).accepts(attributes.size()))
    return tensor_fail(TensorError::BadAttribute, "`{}` takes the attributes `{}`, found {} of them", row.name,
                       row.attributes, attributes.size());
  const auto dtype = infer_dtype(row, inputs, attributes);
  if (!dtype) return std::unexpected(dtype.error());
  const auto shape = infer_shape(op, row, inputs, attributes);
  if (!shape) return std::unexpected(shape.error());
  if (shape->too_large(dtype_bytes(*dtype)))
    return tensor_fail(TensorError::TooLarge, "`{}` gives `{}`, which is too large", row.name, shape->text());
  return TensorType{*dtype, *shape};
}

}  // namespace stark::spec

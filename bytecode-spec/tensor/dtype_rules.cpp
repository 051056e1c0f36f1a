// bytecode-spec/tensor/dtype_rules.cpp — one case per DTypeRule.
// Room: spec/tensor. In: a row, operand types, attributes. Out: the result's element type.
#include "bytecode-spec/tensor/dtype_rules.h"

namespace stark::spec {
namespace {

Result<DType> same(const TensorOpRow& row, std::span<const TensorType> inputs) {
  for (const TensorType& input : inputs)
    if (input.dtype != inputs[0].dtype)
      return tensor_fail(TensorError::DTypeMismatch, "cannot {} `{}` and `{}`: their element types differ", row.name,
                         inputs[0].text(), input.text());
  return inputs[0].dtype;
}

Result<DType> numeric(const TensorOpRow& row, std::span<const TensorType> inputs) {
  auto dtype = same(row, inputs);
  if (dtype && !is_numeric(*dtype))
    return tensor_fail(TensorError::DTypeMismatch, "`{}` needs numbers, and `{}` holds bool", row.name,
                       inputs[0].text());
  return dtype;
}

Result<DType> floating(const TensorOpRow& row, std::span<const TensorType> inputs) {
  auto dtype = same(row, inputs);
  if (dtype && !is_float(*dtype))
    return tensor_fail(TensorError::DTypeMismatch, "`{}` needs floats, and `{}` holds {}", row.name, inputs[0].text(),
                       dtype_name(*dtype));
  return dtype;
}

Result<DType> given(const TensorOpRow& row, std::span<const int64_t> attributes) {
  auto dtype = dtype_from_number(attributes[0]);
  if (!dtype)
    return tensor_fail(TensorError::BadAttribute, "`{}` names element type {}, and there is none", row.name,
                       attributes[0]);
  const bool wrong = (row.dtype_rule == DTypeRule::GivenNumeric && !is_numeric(*dtype)) ||
                     (row.dtype_rule == DTypeRule::GivenFloat && !is_float(*dtype));
  if (wrong)
    return tensor_fail(TensorError::DTypeMismatch, "`{}` cannot make elements of type {}", row.name,
                       dtype_name(*dtype));
  return *dtype;
}

Result<DType> choose(const TensorOpRow& row, std::span<const TensorType> inputs) {
  if (inputs[0].dtype != DType::Bool)
    return tensor_fail(TensorError::DTypeMismatch, "`{}` chooses by a bool tensor, and `{}` is none", row.name,
                       inputs[0].text());
  return same(row, inputs.subspan(1));
}

// The operands' verdict, with another type for the result.
Result<DType> replaced(Result<DType> operands, DType result) {
  if (operands) *operands = result;
  return operands;
}

DType widened(DType dtype) {
  if (is_float(dtype)) return dtype;
  return is_unsigned_integer(dtype) ? DType::U64 : DType::I64;
}

}  // namespace

Result<DType> infer_dtype(const TensorOpRow& row, std::span<const TensorType> inputs,
                          std::span<const int64_t> attributes) {
  switch (row.dtype_rule) {
    case DTypeRule::Any: return same(row, inputs);
    case DTypeRule::Numeric: return numeric(row, inputs);
    case DTypeRule::Float: return floating(row, inputs);
    case DTypeRule::Compare: return replaced(same(row, inputs), DType::Bool);
    case DTypeRule::Order: return replaced(numeric(row, inputs), DType::Bool);
    case DTypeRule::Choose: return choose(row, inputs);
    case DTypeRule::Given:
    case DTypeRule::GivenNumeric:
    case DTypeRule::GivenFloat: return given(row, attributes);
    case DTypeRule::Widen: return widened(inputs[0].dtype);
    case DTypeRule::Index: return replaced(numeric(row, inputs), DType::I64);
  }
  CHECK(false);
}

}  // namespace stark::spec

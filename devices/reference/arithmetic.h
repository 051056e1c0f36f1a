// devices/reference/arithmetic.h — one elementwise operation on one point.
// Room: devices/reference. In: Numbers. Out: a Number, not yet rounded to its type.
#pragma once

#include <span>

#include "bytecode-spec/tensor/tensor_op.h"
#include "devices/reference/element.h"

namespace stark::devices::reference {

// `operands` are the element types of the operands; `result` is the type of the result.
Number apply(spec::TensorOp op, std::span<const Number> numbers, std::span<const spec::DType> operands,
             spec::DType result);

}  // namespace stark::devices::reference

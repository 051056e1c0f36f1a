// bytecode-spec/tensor/dtype_rules.h — the element-type half of infer(), seen by shape_rules.cpp alone.
// Room: spec/tensor. In: a row, operand types, attributes. Out: the result's element type.
#pragma once

#include <span>

#include "bytecode-spec/tensor/errors.h"
#include "bytecode-spec/tensor/shape_rules.h"

namespace stark::spec {

Result<DType> infer_dtype(const TensorOpRow& row, std::span<const TensorType> inputs,
                          std::span<const int64_t> attributes);

}  // namespace stark::spec

// bytecode-spec/tensor/shape_rules.h — infer(): the type of a tensor operation's result, for everyone who asks.
// Room: spec/tensor. In: an operation, its operands' types (dims may be unknown), its attributes. Out: the result's
// type. Law: this is the only place that knows; the type checker, the bundle verifier and the VM say the same words.
#pragma once

#include <span>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/tensor/shape.h"
#include "bytecode-spec/tensor/tensor_op.h"

namespace stark::spec {

// Safe on hostile attributes. The more is known of the operands, the more is checked and known of the result; from
// fully known operands follows a fully known result.
Result<TensorType> infer(TensorOp op, std::span<const TensorType> inputs, std::span<const int64_t> attributes);

// A `dim` attribute as an index into `rank` dims, or nothing when it names none. kAllDims is for the caller to look at.
std::optional<size_t> resolve_dim(int64_t dim, size_t rank);

}  // namespace stark::spec

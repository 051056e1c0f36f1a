// devices/kernel/kernel.h — Kernel: the one small portable form of everything that is not a product.
// Room: devices/kernel. In: what the planner fused. Out: loops, OpenCL C, GLSL, text.
// Law: an iteration space whose last dims may be reduced; per point a straight line of typed instructions over loads
// with strides; one store per point that is kept. Instruction i writes register i. Registers are never f16 or bf16:
// such elements are computed as f32 and rounded when stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bytecode-spec/tensor/tensor_op.h"
#include "devices/tensor_view.h"

namespace stark::devices::kernel {

enum class Op : uint8_t {
#define KERNEL_OP(id, operands) id,
#define KERNEL_MAP_OP(id, operands, text) id,
#include "devices/kernel/kernel_ops.def"
};

struct OpRow {
  std::string_view name;
  uint8_t operands;
  std::string_view text;  // C-like, of arithmetic
};
const OpRow& op_row(Op op);

// The arithmetic of an elementwise tensor operation.
std::optional<Op> map_op(spec::TensorOp op);

enum class ReduceKind : uint8_t { None, Sum, Prod, Max, Min, ArgMax, ArgMin };

inline constexpr uint32_t kNoSlot = 0xFFFF'FFFFu;

// Element index = offset + Σ point[d] · strides[d], within the slot's view; without a slot it is only an index.
struct Access {
  uint32_t slot = kNoSlot;
  DType dtype = DType::F32;
  int64_t offset = 0;
  Strides strides{};
  friend bool operator==(const Access&, const Access&) = default;
};

struct Instruction {
  Op op = Op::Constant;
  DType type = DType::F32;  // of the register
  uint8_t a = 0, b = 0, c = 0;
  uint32_t index = 0;  // Load, Index: an access; Scalar: its number; Random: the element type asked for
  uint64_t bits = 0;   // Constant: its bits in `type`; Random: the seed
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

struct Kernel {
  size_t rank = 0;     // dims of the iteration space
  size_t reduced = 0;  // how many of the last dims are reduced
  Strides extents{};
  std::vector<Access> accesses;
  std::vector<Instruction> code;
  ReduceKind reduce = ReduceKind::None;
  uint8_t reduce_value = 0;  // the register that is accumulated
  uint8_t result = 0;        // the register that is stored
  Access store;

  size_t kept() const { return rank - reduced; }
  int64_t kept_count() const;
  int64_t reduced_count() const;
  // Instructions up to here run per point; the rest, starting with Reduced, per kept point.
  size_t body() const;
};

DType register_type(DType element);  // f32 for the short floats

// Merges neighbouring dims wherever every access walks through them as through one, and drops dims of size 1.
void collapse(Kernel& kernel);

std::string text(const Kernel& kernel);

}  // namespace stark::devices::kernel

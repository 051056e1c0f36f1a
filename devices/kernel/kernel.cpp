// devices/kernel/kernel.cpp — facts about kernels, and collapsing of dims.
// Room: devices/kernel. In: Kernel. Out: counts, a simpler Kernel.
#include "devices/kernel/kernel.h"

#include <array>

namespace stark::devices::kernel {
namespace {

constexpr std::array kOpRows = {
#define KERNEL_OP(id, operands) OpRow{#id, operands, ""},
#define KERNEL_MAP_OP(id, operands, text) OpRow{#id, operands, text},
#include "devices/kernel/kernel_ops.def"
};

bool mergeable(const Access& access, size_t dim, int64_t inner_extent) {
  return access.strides[dim] == access.strides[dim + 1] * inner_extent;
}

void erase_dim(Strides& strides, size_t dim, size_t rank) {
  for (size_t i = dim; i + 1 < rank; ++i) strides[i] = strides[i + 1];
  strides[rank - 1] = 0;
}

void drop(Kernel& kernel, size_t dim) {
  for (Access& access : kernel.accesses) erase_dim(access.strides, dim, kernel.rank);
  erase_dim(kernel.store.strides, dim, kernel.rank);
  erase_dim(kernel.extents, dim, kernel.rank);
  if (dim >= kernel.kept()) --kernel.reduced;
  --kernel.rank;
}

bool can_merge(const Kernel& kernel, size_t dim) {
  const int64_t inner = kernel.extents[dim + 1];
  if (dim < kernel.kept() && !mergeable(kernel.store, dim, inner)) return false;
  for (const Access& access : kernel.accesses)
    if (!mergeable(access, dim, inner)) return false;
  return true;
}

}  // namespace

const OpRow& op_row(Op op) { return kOpRows[static_cast<size_t>(op)]; }

std::optional<Op> map_op(spec::TensorOp op) {
  static constexpr std::pair<spec::TensorOp, Op> kPairs[] = {
#define KERNEL_MAP_OP(id, operands, text) {spec::TensorOp::id, Op::id},
#include "devices/kernel/kernel_ops.def"
  };
  for (const auto& [tensor_op, kernel_op] : kPairs)
    if (tensor_op == op) return kernel_op;
  return std::nullopt;
}

int64_t Kernel::kept_count() const {
  int64_t count = 1;
  for (size_t i = 0; i < kept(); ++i) count *= extents[i];
  return count;
}

int64_t Kernel::reduced_count() const {
  int64_t count = 1;
  for (size_t i = kept(); i < rank; ++i) count *= extents[i];
  return count;
}

size_t Kernel::body() const {
  for (size_t i = 0; i < code.size(); ++i)
    if (code[i].op == Op::Reduced) return i;
  return code.size();
}

DType register_type(DType element) { return element == DType::F16 || element == DType::BF16 ? DType::F32 : element; }

void collapse(Kernel& kernel) {
  for (size_t dim = kernel.rank; dim-- > 0;)
    if (kernel.extents[dim] == 1) drop(kernel, dim);
  for (size_t dim = kernel.rank; dim-- > 0;) {
    const bool same_side = dim + 1 < kernel.rank && (dim < kernel.kept()) == (dim + 1 < kernel.kept());
    if (!same_side || !can_merge(kernel, dim)) continue;
    // The merged dim keeps the inner strides and takes both extents.
    const int64_t extent = kernel.extents[dim] * kernel.extents[dim + 1];
    const size_t outer = dim;
    drop(kernel, outer);
    kernel.extents[outer] = extent;
  }
}

}  // namespace stark::devices::kernel

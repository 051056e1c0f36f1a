// vm/tensor/lent.cpp — tensors over memory that whoever embeds the program lends for the time of a call.
// Room: vm/tensor. In: memory, a layout. Out: a TensorObject; afterwards nothing that looks at the memory.
// Law: what is lent to be written is the tensor's own, so that results may be made in it; it is dense.
#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {

namespace {

// Up to behind the last element.
int64_t reach(const devices::Layout& layout) {
  int64_t last = 0;
  for (size_t d = 0; d < layout.type.shape.rank(); ++d) {
    if (layout.type.shape[d] == 0) return 0;
    last += (layout.type.shape[d] - 1) * layout.strides[d];
  }
  return (last + 1) * spec::dtype_bytes(layout.type.dtype);
}

}  // namespace

Result<TensorObject*> TensorRuntime::lend(Loan& loan, void* memory, const devices::Layout& layout, bool is_mutable) {
  const auto inside = enter();
  auto where = default_device();
  if (!where) return std::unexpected(where.error());
  auto device = open(*where);
  if (!device) return std::unexpected(device.error());
  auto buffer = is_mutable ? (*device)->lend(memory, reach(layout)) : (*device)->wrap(memory, reach(layout));
  if (!buffer) return std::unexpected(buffer.error());
  loan.memory = memory;
  auto tensor = std::make_unique<TensorObject>();
  tensor->layout = layout;
  tensor->device = *device;
  tensor->where = *where;
  if (is_mutable) {
    tensor->own = std::move(*buffer);
  } else {
    loan.shared = std::move(*buffer);
    tensor->shared = &loan.shared;
  }
  return release(std::move(tensor));
}

Result<void> TensorRuntime::end_loan(const Loan& loan, const TensorObject* last) {
  const auto inside = enter();
  for (TensorObject* tensor = first_; tensor != nullptr; tensor = tensor->after) {
    const bool holds = tensor->shared == nullptr && loan.memory != nullptr && tensor->own.valid() && tensor->own.host() == loan.memory;
    if (tensor == last || (!holds && tensor->shared != &loan.shared)) continue;
    auto buffer = new_buffer(*tensor->device, tensor->bytes());
    if (!buffer) return std::unexpected(buffer.error());
    if (auto done = tensor->device->copy(tensor->buffer(), 0, *buffer, 0, tensor->bytes()); !done) return done;
    tensor->own = std::move(*buffer);
    tensor->shared = nullptr;
  }
  return {};
}

Result<void> TensorRuntime::copy_out(const TensorObject& tensor, std::span<std::byte> to) {
  const auto inside = enter();
  if (tensor.layout.is_dense() && tensor.buffer().host() != nullptr && static_cast<std::byte*>(tensor.buffer().host()) + tensor.offset == to.data()) return tensor.device->synchronize();
  const auto bytes = row_major(tensor);
  if (!bytes) return std::unexpected(bytes.error());
  std::copy(bytes->begin(), bytes->end(), to.begin());
  return {};
}

}  // namespace stark::vm

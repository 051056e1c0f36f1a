// vm/api/tensors.cpp — tensor handles: made, looked at, read, freed.
// Room: vm/api. In: arrays of the embedder. Out: stark_tensor; addresses of elements where this machine has them.
#include "vm/api/handles.h"

using namespace stark;
using namespace stark::api;

namespace {

Result<void> check_there(const stark_tensor* tensor) {
  if (tensor->object != nullptr) return {};
  return api_fail(ApiError::Argument, "the tensor is empty: a call has taken it");
}

}  // namespace

extern "C" {

stark_status* stark_tensor_new(stark_instance* instance, const stark_array* elements, stark_tensor** tensor) {
  *tensor = nullptr;
  return guarded([&]() -> stark_status* {
    const auto layout = layout_of(*elements);
    if (!layout) return status_of(layout.error());
    auto handle = std::make_unique<stark_tensor>(instance->core);
    auto made = instance->core->runtime.tensors.from_bytes(layout->type, gather(*elements, *layout));
    if (!made) return status_of(made.error());
    handle->object = *made;
    *tensor = handle.release();
    return nullptr;
  });
}

stark_status* stark_tensor_look(const stark_tensor* tensor, stark_array* elements) {
  return guarded([&]() -> stark_status* {
    if (auto there = check_there(tensor); !there) return status_of(there.error());
    const vm::TensorObject& object = *tensor->object;
    if (auto done = object.device->synchronize(); !done) return status_of(done.error());
    auto* host = static_cast<std::byte*>(object.buffer().host());
    const spec::Shape& shape = object.layout.type.shape;
    elements->type = static_cast<stark_type>(object.type().dtype);
    elements->rank = static_cast<uint32_t>(shape.rank());
    elements->shape = shape.dims().data();
    elements->strides = object.layout.strides.data();
    elements->data = host != nullptr && object.where.kind == vm::DeviceKind::Cpu ? host + object.offset : nullptr;
    return nullptr;
  });
}

stark_status* stark_tensor_read(const stark_tensor* tensor, void* to, size_t bytes) {
  return guarded([&]() -> stark_status* {
    if (auto there = check_there(tensor); !there) return status_of(there.error());
    if (const auto wanted = static_cast<size_t>(tensor->object->bytes()); wanted != bytes) {
      return status_of(api_fail(ApiError::Options, fmt::format("the tensor has {} bytes, and there is room for {}", wanted, bytes)).error());
    }
    const auto done = tensor->core->runtime.tensors.copy_out(*tensor->object, {static_cast<std::byte*>(to), bytes});
    return done ? nullptr : status_of(done.error());
  });
}

void stark_tensor_free(stark_tensor* tensor) {
  if (tensor == nullptr) return;
  tensor->core->runtime.tensors.drop(tensor->object);
  delete tensor;
}

}  // extern "C"

// vm/natives/tensor.cpp — what tensors do that is neither a graph nor an instruction.
// Room: vm/natives. In: tensor handles and references to them. Out: tensors, extents, devices.
#include <fmt/format.h>

#include "vm/natives/table.h"

namespace stark::vm::natives {

void TensorDevice(NativeCall& call) { call.give(call.tensor_behind(0).where); }

void TensorExtent(NativeCall& call) {
  const spec::Shape& shape = call.tensor_behind(0).type().shape;
  const uint64_t dim = call.get<uint64_t>(1);
  if (dim >= shape.rank()) return call.host.fail(Exit::Panic, fmt::format("dim {} is out of range for a tensor of {} dims", dim, shape.rank()));
  const int64_t extent = shape[dim];
  if (extent > INT32_MAX) return call.host.fail(Exit::Panic, fmt::format("extent {} does not fit i32", extent));
  call.give(static_cast<int32_t>(extent));
}

void DeviceOf(NativeCall& call) {
  const auto kind = call.get<uint32_t>(0);
  if (kind >= spec::kDeviceKinds) return call.host.fail(Exit::Panic, fmt::format("there is no kind of device with the number {}", kind));
  call.give(DeviceValue{static_cast<DeviceKind>(kind), call.get<uint32_t>(1)});
}

void TensorData(NativeCall& call) {
  TensorObject& tensor = call.tensor_behind(0);
  auto elements = call.host.tensors.host_elements(tensor, false);
  elements ? call.give(FatRef{*elements, static_cast<uint64_t>(tensor.elements())}) : call.host.fail(elements.error());
}

void TensorDataMut(NativeCall& call) {
  TensorObject& tensor = call.tensor_behind(0);
  auto elements = call.host.tensors.host_elements(tensor, true);
  elements ? call.give(FatRef{*elements, static_cast<uint64_t>(tensor.elements())}) : call.host.fail(elements.error());
}

// The elements go to the managed heap, where boxes live; the tensor's memory is given back at once.
void TensorIntoRaw(NativeCall& call) {
  const auto count = static_cast<uint64_t>(call.tensor(0).elements());
  const uint32_t element = call.types().row(call.types().row(call.site.result.type).a).a;
  VecValue boxed{nullptr, count};
  if (count > 0) {
    boxed.buffer = call.allocate(call.host.program.buffer_info(element), count);
    if (boxed.buffer == nullptr) return;
    const std::span to(boxed.data(), static_cast<size_t>(call.tensor(0).bytes()));
    if (auto done = call.host.tensors.read(call.tensor(0), 0, to); !done) return call.host.fail(done.error());
  }
  call.host.tensors.drop(&call.tensor(0));
  call.give(boxed);
}

void TensorFromParts(NativeCall& call) {
  const auto dtype = static_cast<spec::DType>(call.types().row(call.site.result.type).c);
  const uint64_t count = call.get<uint64_t>(1);
  const auto* from = call.get<const std::byte*>(0);
  if (count > INT64_MAX / 16) return call.host.fail(Exit::Panic, fmt::format("a tensor of {} elements is too large", count));
  const std::span bytes(from, count * static_cast<size_t>(spec::dtype_bytes(dtype)));
  call.give_tensor(call.host.tensors.from_bytes({dtype, {static_cast<int64_t>(count)}}, bytes));
  call.host.raw.release(from);
}

void TensorStride(NativeCall& call) {
  const TensorObject& tensor = call.tensor_behind(0);
  const uint64_t dim = call.get<uint64_t>(1);
  if (dim >= tensor.type().shape.rank()) return call.host.fail(Exit::Panic, fmt::format("dim {} is out of range for a tensor of {} dims", dim, tensor.type().shape.rank()));
  call.give(static_cast<uint64_t>(tensor.layout.strides[dim]));
}

void TensorIsContiguous(NativeCall& call) {
  const TensorObject& tensor = call.tensor_behind(0);
  call.give_bool(tensor.layout.is_dense());
}

void TensorToDevice(NativeCall& call) { call.give_tensor(call.host.tensors.to_device(&call.tensor(0), call.get<DeviceValue>(1))); }

void TensorFillInPlace(NativeCall& call) {
  TensorObject& tensor = call.tensor_behind(0);
  uint64_t bits = 0;
  std::memcpy(&bits, call.address(1), static_cast<size_t>(spec::dtype_bytes(tensor.type().dtype)));
  if (auto done = call.host.tensors.fill_in_place(tensor, bits); !done) call.host.fail(done.error());
}

namespace {

// The view that was passed becomes the result once its new layout holds.
void give_view(NativeCall& call, const Result<void>& done) {
  done ? call.give(&call.tensor(0)) : call.host.fail(done.error());
}
spec::TensorType claimed(const NativeCall& call) { return call.types().tensor_type(call.result_element()); }

}  // namespace

void ViewOf(NativeCall& call) { call.give(call.host.tensors.view_of(call.tensor_behind(0))); }
void ViewCopy(NativeCall& call) { call.give(call.host.tensors.view_of(call.tensor_behind(0))); }
void ViewSlice(NativeCall& call) {
  give_view(call, call.host.tensors.slice_view(call.tensor(0), call.get<int64_t>(1), call.get<int64_t>(2), call.get<int64_t>(3), call.get<int64_t>(4), claimed(call)));
}
void ViewTranspose(NativeCall& call) { give_view(call, call.host.tensors.transpose_view(call.tensor(0), call.get<int64_t>(1), call.get<int64_t>(2), claimed(call))); }
void ViewRow(NativeCall& call) { give_view(call, call.host.tensors.row_view(call.tensor(0), call.get<int64_t>(1), call.get<int64_t>(2), claimed(call))); }

void DeviceEq(NativeCall& call) {
  const auto a = call.get<DeviceValue>(0), b = call.get<DeviceValue>(1);
  call.give_bool(a.kind == b.kind && a.ordinal == b.ordinal);
}
void DeviceCuda(NativeCall& call) { call.give(DeviceValue{DeviceKind::Cuda, call.get<uint32_t>(0)}); }
void DeviceOpenCl(NativeCall& call) { call.give(DeviceValue{DeviceKind::OpenCl, call.get<uint32_t>(0)}); }
void DeviceVulkan(NativeCall& call) { call.give(DeviceValue{DeviceKind::Vulkan, call.get<uint32_t>(0)}); }
void TensorDefaultDevice(NativeCall& call) { call.give_tensor(call.host.tensors.default_device()); }

void TensorFromVec(NativeCall& call) {
  const VecValue v = call.vec(0);
  const auto dtype = static_cast<spec::DType>(call.types().row(call.site.result.type).c);
  const std::span bytes(v.data(), v.length * static_cast<size_t>(spec::dtype_bytes(dtype)));
  call.give_tensor(call.host.tensors.from_bytes({dtype, {static_cast<int64_t>(v.length)}}, bytes));
}

}  // namespace stark::vm::natives

// vm/tensor/tensor_runtime.cpp — making, reading, writing and moving tensors.
// Room: vm/tensor. In: see tensor_runtime.h. Out: TensorObjects on the devices that the program names.
#include "vm/tensor/tensor_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stark::vm {

using devices::Buffer;
using devices::Device;

TensorRuntime::TensorRuntime(const spec::Bundle& bundle, TensorOptions options)
    : bundle_(bundle), options_(std::move(options)), programs_(bundle.module.graphs.size()) {}
TensorRuntime::~TensorRuntime() {
  while (first_ != nullptr) drop(first_);
}

devices::Registry& TensorRuntime::registry() {
  if (registry_ == nullptr) registry_ = std::make_unique<devices::Registry>();
  return *registry_;
}

std::string device_name(DeviceValue device) {
  switch (device.kind) {
    case DeviceKind::Cpu: return "cpu";
    case DeviceKind::Cuda: return fmt::format("cuda:{}", device.ordinal);
    case DeviceKind::OpenCl: return fmt::format("opencl:{}", device.ordinal);
    case DeviceKind::Vulkan: return fmt::format("vulkan:{}", device.ordinal);
    case DeviceKind::Null: return fmt::format("null:{}", device.ordinal);
  }
  return "?";  // a kind that the registry refuses by name
}

Result<DeviceValue> device_of_name(std::string_view name) {
  DeviceValue device;
  const size_t colon = name.find(':');
  const std::string_view kind = name.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view number = name.substr(colon + 1);
    const auto end = std::from_chars(number.data(), number.data() + number.size(), device.ordinal);
    if (end.ec != std::errc{} || end.ptr != number.data() + number.size()) {
      return fail("D01", fmt::format("`{}` is not a device", name), "devices are `cpu`, `opencl:0`, `vulkan:0`, `cuda:0`");
    }
  }
  constexpr std::string_view kKinds[] = {"cpu", "cuda", "opencl", "vulkan", "null"};
  const auto at = std::ranges::find(kKinds, kind);
  if (at == std::end(kKinds)) return fail("D01", fmt::format("`{}` is not a device", name), "`starkvm devices` lists what is here");
  device.kind = static_cast<DeviceKind>(at - std::begin(kKinds));
  return device;
}

Result<DeviceValue> TensorRuntime::default_device() { return device_of_name(options_.device); }

Result<Device*> TensorRuntime::open(DeviceValue where) {
  Device*& device = open_[{static_cast<uint32_t>(where.kind), where.ordinal}];
  if (device != nullptr) return device;
  auto opened = registry().open(device_name(where));
  if (!opened) return std::unexpected(opened.error());
  (*opened)->set_limit(options_.limit);
  return device = *opened;
}

TensorStats TensorRuntime::stats() {
  const auto inside = enter();
  TensorStats stats = stats_;
  for (const auto& [where, device] : open_) {
    if (device == nullptr) continue;
    TensorStats::OnDevice& on = stats.devices[device->name()] = used_[device];
    on.memory = device->memory();
  }
  return stats;
}

Result<Buffer> TensorRuntime::new_buffer(Device& device, int64_t bytes) {
  if (options_.may_allocate != nullptr && !options_.may_allocate(options_.user)) return fail("D04", fmt::format("`{}` has no room for {} bytes", device.name(), bytes));
  return device.allocate(bytes);
}

Result<std::unique_ptr<TensorObject>> TensorRuntime::allocate(DeviceValue where, const spec::TensorType& type) {
  auto device = open(where);
  if (!device) return std::unexpected(device.error());
  if (type.shape.too_large(spec::dtype_bytes(type.dtype))) return fail("", fmt::format("a tensor {} is too large", type.text()));
  auto tensor = std::make_unique<TensorObject>();
  tensor->layout = devices::Layout::dense(type);
  tensor->device = *device;
  tensor->where = where;
  auto buffer = new_buffer(**device, tensor->bytes());
  if (!buffer) return std::unexpected(buffer.error());
  tensor->own = std::move(*buffer);
  return tensor;
}

TensorObject* TensorRuntime::release(std::unique_ptr<TensorObject> tensor) {
  ++stats_.live;
  tensor->after = first_;
  if (first_ != nullptr) first_->before = tensor.get();
  return first_ = tensor.release();
}

void TensorRuntime::drop(TensorObject* tensor) {
  const auto inside = enter();
  if (tensor == nullptr) return;
  --stats_.live;
  (tensor->before != nullptr ? tensor->before->after : first_) = tensor->after;
  if (tensor->after != nullptr) tensor->after->before = tensor->before;
  delete tensor;
}

// The bytes of the file itself: in place on the cpu, uploaded once per device elsewhere.
Result<TensorObject*> TensorRuntime::constant(uint32_t segment, const spec::TensorType& type) {
  const auto inside = enter();
  auto where = default_device();
  if (!where) return std::unexpected(where.error());
  auto device = open(*where);
  if (!device) return std::unexpected(device.error());
  Buffer& buffer = segments_[{segment, *device}];
  if (!buffer.valid()) {
    const auto bytes = bundle_.segment(segment);
    auto wrapped = (*device)->wrap(bytes.data(), static_cast<int64_t>(bytes.size()));
    if (!wrapped) return std::unexpected(wrapped.error());
    buffer = std::move(*wrapped);
  }
  auto tensor = std::make_unique<TensorObject>();
  tensor->layout = devices::Layout::dense(type);
  tensor->device = *device;
  tensor->where = *where;
  tensor->shared = &buffer;
  return release(std::move(tensor));
}

Result<TensorObject*> TensorRuntime::from_bytes(const spec::TensorType& type, std::span<const std::byte> bytes) {
  const auto inside = enter();
  auto where = default_device();
  if (!where) return std::unexpected(where.error());
  auto tensor = allocate(*where, type);
  if (!tensor) return std::unexpected(tensor.error());
  if (auto done = (*tensor)->device->write((*tensor)->own, 0, bytes); !done) return std::unexpected(done.error());
  return release(std::move(*tensor));
}

namespace {

std::vector<std::byte> repeated(int64_t count, size_t size, uint64_t bits) {
  std::vector<std::byte> bytes(static_cast<size_t>(count) * size);
  if (bits == 0) return bytes;
  for (size_t at = 0; at < bytes.size(); at += size) std::memcpy(bytes.data() + at, &bits, size);
  return bytes;
}

}  // namespace

Result<TensorObject*> TensorRuntime::fill(const spec::TensorType& type, uint64_t bits) {
  const auto inside = enter();
  auto where = default_device();
  if (!where) return std::unexpected(where.error());
  auto tensor = allocate(*where, type);
  if (!tensor) return std::unexpected(tensor.error());
  if (auto done = fill_in_place(**tensor, bits); !done) return std::unexpected(done.error());
  return release(std::move(*tensor));
}

Result<void> TensorRuntime::fill_in_place(TensorObject& tensor, uint64_t bits) {
  const auto inside = enter();
  const auto bytes = repeated(tensor.elements(), static_cast<size_t>(spec::dtype_bytes(tensor.type().dtype)), bits);
  return write(tensor, 0, bytes);
}

Result<TensorObject*> TensorRuntime::random(const spec::TensorType& type) {
  const auto inside = enter();
  auto where = default_device();
  if (!where) return std::unexpected(where.error());
  auto tensor = allocate(*where, type);
  if (!tensor) return std::unexpected(tensor.error());
  std::vector<int64_t> attributes{static_cast<int64_t>(type.dtype), static_cast<int64_t>(options_.seed), static_cast<int64_t>(random_offset_)};
  attributes.insert(attributes.end(), type.shape.dims().begin(), type.shape.dims().end());
  random_offset_ += static_cast<uint64_t>((*tensor)->elements());
  auto program = devices::Program::single(spec::TensorOp::Random, {}, attributes);
  if (!program) return std::unexpected(program.error());
  auto plan = (*tensor)->device->prepare(**program, {});
  if (!plan) return std::unexpected(plan.error());
  const devices::TensorView out[] = {(*tensor)->view()};
  if (auto done = (*tensor)->device->run(**plan, {}, {}, out); !done) return std::unexpected(done.error());
  return release(std::move(*tensor));
}

Result<void> TensorRuntime::read(const TensorObject& tensor, int64_t offset, std::span<std::byte> to) {
  const auto inside = enter();
  return tensor.device->read(tensor.buffer(), tensor.offset + offset, to);
}

Result<void> TensorRuntime::write(TensorObject& tensor, int64_t offset, std::span<const std::byte> from) {
  const auto inside = enter();
  if (auto owned = own_buffer(tensor); !owned) return owned;
  return tensor.device->write(tensor.own, offset, from);
}

Result<std::byte*> TensorRuntime::host_elements(TensorObject& tensor, bool is_mutable) {
  if (is_mutable) {
    if (auto owned = own_buffer(tensor); !owned) return std::unexpected(owned.error());
  }
  if (!tensor.layout.is_dense()) return fail("", "the elements of this view do not lie side by side", "copy them first: `contiguous()`");
  if (auto done = tensor.device->synchronize(); !done) return std::unexpected(done.error());
  if (tensor.where.kind == DeviceKind::Cpu) return static_cast<std::byte*>(tensor.buffer().host()) + tensor.offset;
  return fail("", fmt::format("the elements of this tensor lie on {}", device_name(tensor.where)), "move it first: `to_device(Device::CPU)`");
}

Result<void> TensorRuntime::own_buffer(TensorObject& tensor) {
  if (tensor.shared == nullptr) return {};
  auto buffer = new_buffer(*tensor.device, tensor.bytes());
  if (!buffer) return std::unexpected(buffer.error());
  if (auto done = tensor.device->copy(*tensor.shared, 0, *buffer, 0, tensor.bytes()); !done) return done;
  tensor.own = std::move(*buffer);
  tensor.shared = nullptr;
  return {};
}

Result<TensorObject*> TensorRuntime::to_device(TensorObject* tensor, DeviceValue device) {
  const auto inside = enter();
  if (tensor->where.kind == device.kind && tensor->where.ordinal == device.ordinal) return tensor;
  auto moved = allocate(device, tensor->type());
  if (!moved) return std::unexpected(moved.error());
  std::vector<std::byte> bytes(static_cast<size_t>(tensor->bytes()));
  if (auto done = read(*tensor, 0, bytes); !done) return std::unexpected(done.error());
  if (auto done = (*moved)->device->write((*moved)->own, 0, bytes); !done) return std::unexpected(done.error());
  drop(tensor);
  return release(std::move(*moved));
}

Result<int64_t> TensorRuntime::offset_of(const TensorObject& tensor, std::span<const int64_t> indices) {
  int64_t element = 0;
  for (size_t d = 0; d < indices.size(); ++d) {
    const int64_t extent = tensor.type().shape[d];
    if (indices[d] < 0 || indices[d] >= extent) {
      return fail("", fmt::format("index {} is out of range for extent {} of dim {}", indices[d], extent, d));
    }
    element += indices[d] * tensor.layout.strides[d];
  }
  return element * spec::dtype_bytes(tensor.type().dtype);
}

Result<void> TensorRuntime::check_type(const TensorObject& tensor, const spec::TensorType& wanted) {
  const bool fits = tensor.type().dtype == wanted.dtype && tensor.type().shape.rank() == wanted.shape.rank() &&
                    spec::refines(tensor.type().shape, wanted.shape);
  if (fits) return {};
  return fail("", fmt::format("a tensor {} is not a tensor {}", tensor.type().text(), wanted.text()));
}

std::string TensorRuntime::text(const TensorObject& tensor, int precision) {
  const auto bytes = row_major(tensor);
  if (!bytes) return fmt::format("<{}: {}>", tensor.type().text(), bytes.error().message);
  return array_text(tensor.type(), bytes->data(), precision);
}

}  // namespace stark::vm

// devices/device.cpp — memory of a Device: accounting, limits, bounds.
// Room: devices. In: sizes, bytes, Buffers. Out: what the backend says, after the checks that every backend shares.
#include "devices/device.h"

#include <algorithm>

#include "devices/backend.h"
#include "devices/errors.h"
#include "devices/plan/cache.h"

namespace stark::devices {
namespace {

Result<void> check_range(const Buffer& buffer, int64_t offset, int64_t bytes) {
  if (offset >= 0 && bytes >= 0 && offset <= buffer.bytes() && bytes <= buffer.bytes() - offset) return {};
  return device_fail(DeviceError::OutOfBounds, "{} bytes from {} on reach outside a buffer of {}", bytes, offset,
                     buffer.bytes());
}

}  // namespace

void Buffer::reset() {
  if (device_ != nullptr) device_->release(allocation_);
  device_ = nullptr;
  allocation_ = {};
}

Device::Device(std::string name, std::unique_ptr<Backend> backend)
    : name_(std::move(name)), backend_(std::move(backend)), plans_(std::make_unique<PlanCache>()) {}

Device::~Device() {
  arena_.reset();
  (void)backend_->synchronize();
}

std::string Device::description() const { return backend_->description(); }
DeviceKind Device::kind() const { return backend_->kind(); }

Result<void> Device::check_room(int64_t bytes) {
  if (!memory_.limit || bytes <= *memory_.limit - memory_.live) return {};
  return device_fail(DeviceError::LimitReached, "`{}` has no room for {} bytes: {} of its limit of {} are in use", name_,
                     bytes, memory_.live, *memory_.limit);
}

Result<Buffer> Device::allocate(int64_t bytes) {
  CHECK(bytes >= 0);
  if (auto room = check_room(bytes); !room) return std::unexpected(room.error());
  auto allocation = backend_->allocate(std::max<int64_t>(bytes, 1));
  if (!allocation) return std::unexpected(allocation.error());
  allocation->bytes = bytes;
  memory_.live += allocation->reserved;
  memory_.peak = std::max(memory_.peak, memory_.live);
  ++memory_.allocations;
  return Buffer(this, *allocation);
}

Result<Buffer> Device::wrap(const void* memory, int64_t bytes) {
  CHECK(bytes >= 0);
  if (const auto allocation = backend_->wrap(memory, bytes)) return Buffer(this, *allocation);
  auto buffer = allocate(bytes);
  if (!buffer) return buffer;
  if (auto written = write(*buffer, 0, {static_cast<const std::byte*>(memory), static_cast<size_t>(bytes)}); !written)
    return std::unexpected(written.error());
  buffer->allocation_.borrowed = true;
  return buffer;
}

Result<Buffer> Device::lend(void* memory, int64_t bytes) {
  auto buffer = wrap(memory, bytes);
  if (buffer) buffer->allocation_.borrowed = false;
  return buffer;
}

void Device::release(const Allocation& allocation) {
  memory_.live -= allocation.reserved;
  backend_->release(allocation);
}

Result<void> Device::write(const Buffer& to, int64_t offset, std::span<const std::byte> bytes) {
  CHECK(to.device() == this && !to.read_only());
  if (auto range = check_range(to, offset, static_cast<int64_t>(bytes.size())); !range) return range;
  if (bytes.empty()) return {};
  return backend_->write(to.allocation(), offset, bytes);
}

Result<void> Device::read(const Buffer& from, int64_t offset, std::span<std::byte> bytes) {
  CHECK(from.device() == this);
  if (auto range = check_range(from, offset, static_cast<int64_t>(bytes.size())); !range) return range;
  if (bytes.empty()) return {};
  return backend_->read(from.allocation(), offset, bytes);
}

Result<void> Device::copy(const Buffer& from, int64_t from_offset, const Buffer& to, int64_t to_offset, int64_t bytes) {
  CHECK(from.device() == this && to.device() == this && !to.read_only());
  if (auto range = check_range(from, from_offset, bytes); !range) return range;
  if (auto range = check_range(to, to_offset, bytes); !range) return range;
  if (bytes == 0) return {};
  return backend_->copy(from.allocation(), from_offset, to.allocation(), to_offset, bytes);
}

Result<void> Device::synchronize() { return backend_->synchronize(); }

}  // namespace stark::devices

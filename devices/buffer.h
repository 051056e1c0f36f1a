// devices/buffer.h — Buffer: owned memory of one device, freed when dropped.
// Room: devices. In: Device::allocate or Device::wrap. Out: bytes for TensorViews to look at.
// Law: a Buffer has one owner, and its Device outlives it; wrapped memory outlives its Buffer and is never written, lent memory is.
#pragma once

#include <cstdint>
#include <utility>

namespace stark::devices {

class Device;

// What a backend knows a piece of memory by.
struct Allocation {
  void* host = nullptr;   // where the host sees it, or null
  uint64_t handle = 0;    // the backend's own name for it
  int64_t bytes = 0;      // as asked for
  int64_t reserved = 0;   // as taken; what the accounting counts
  bool borrowed = false;  // wrapped: not ours to write; nothing is reserved where it is not ours to free either
};

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : device_(std::exchange(other.device_, nullptr)), allocation_(std::exchange(other.allocation_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(allocation_, other.allocation_);
    return *this;
  }
  ~Buffer() { reset(); }

  bool valid() const { return device_ != nullptr; }
  Device* device() const { return device_; }
  int64_t bytes() const { return allocation_.bytes; }
  bool read_only() const { return allocation_.borrowed; }
  // Host memory of the device `cpu`; null elsewhere. Device::synchronize() first.
  void* host() const { return allocation_.host; }
  const Allocation& allocation() const { return allocation_; }

  void reset();  // in queue order: work already queued still sees it

 private:
  friend class Device;
  Buffer(Device* device, const Allocation& allocation) : device_(device), allocation_(allocation) {}

  Device* device_ = nullptr;
  Allocation allocation_;
};

}  // namespace stark::devices

// devices/backend.h — Backend: what one folder under devices/ implements; Device adds checks, accounting and planning.
// Room: devices. In: plans in the kernel form, bytes. Out: executables, allocations, results.
// Law: a backend sees only views that were checked and plans that were inferred; it keeps the order it was given.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "devices/buffer.h"
#include "devices/device.h"
#include "devices/tensor_view.h"

namespace stark::devices {

// Whatever a backend makes of a plan: function pointers, pipelines, a recorded command list.
class Executable {
 public:
  virtual ~Executable() = default;
};

// Where a slot of the plan is this time. Slots are the inputs, then the outputs, then the arena of temporaries.
struct Binding {
  const Allocation* allocation = nullptr;
  int64_t offset = 0;  // bytes
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string description() const = 0;
  virtual DeviceKind kind() const = 0;

  virtual Result<Allocation> allocate(int64_t bytes) = 0;  // bytes > 0
  virtual void release(const Allocation& allocation) = 0;  // after the work queued so far
  // Host memory in place, for a device that can; others answer nothing and Device uploads.
  virtual std::optional<Allocation> wrap(const void*, int64_t) { return std::nullopt; }
  virtual Result<void> write(const Allocation& to, int64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Result<void> read(const Allocation& from, int64_t offset, std::span<std::byte> bytes) = 0;
  virtual Result<void> copy(const Allocation& from, int64_t from_offset, const Allocation& to, int64_t to_offset,
                            int64_t bytes) = 0;
  virtual Result<void> synchronize() = 0;

  // Says D05 for anything the device cannot do, and does all slow work: run() only launches.
  virtual Result<std::unique_ptr<Executable>> compile(const Plan& plan) = 0;
  virtual Result<void> run(Executable& executable, const Plan& plan, std::span<const Binding> slots,
                           std::span<const Scalar> scalars) = 0;
};

// A row of the registry; each backend folder defines one as `stark::devices::<name>::kEntry`.
struct BackendEntry {
  std::string_view name;
  bool numbered;  // "opencl:0" rather than "cpu"
  // Opens the driver; the descriptions of its devices, or why there are none and what to install.
  Result<std::vector<std::string>> (*enumerate)();
  Result<std::unique_ptr<Backend>> (*open)(size_t index);
};

}  // namespace stark::devices

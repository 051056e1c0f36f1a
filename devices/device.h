// devices/device.h — Device: memory, plans and an in-order queue; what a virtual machine sees of cpu, GPU or anything
// else. Room: devices. In: Programs, views, bytes. Out: Plans, Buffers, results. Law: work runs in the order it was
// given; read() and synchronize() wait for it; an unsupported operation is an Error at prepare(), before anything ran.
// One thread at a time uses a Device.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "devices/buffer.h"
#include "devices/program.h"
#include "devices/tensor_view.h"

namespace stark::devices {

class Backend;
class PlanCache;
struct Plan;  // devices/plan/plan.h; for callers, the three questions below are enough

enum class DeviceKind : uint8_t { Cpu, Gpu, Other };

struct MemoryUse {
  int64_t live = 0, peak = 0;         // bytes
  int64_t allocations = 0;            // ever made
  std::optional<int64_t> limit = {};  // bytes; none when the machine itself is the limit
};

// The plan's answers.
std::span<const TensorType> plan_outputs(const Plan& plan);
// The donated input whose view may be handed over as output `output`, to be overwritten in place.
std::optional<size_t> plan_reuses(const Plan& plan, size_t output);
std::string plan_text(const Plan& plan);

class Device {
 public:
  Device(std::string name, std::unique_ptr<Backend> backend);
  ~Device();
  Device(const Device&) = delete;

  const std::string& name() const { return name_; }  // "cpu", "opencl:0"
  std::string description() const;                   // what the driver calls it
  DeviceKind kind() const;

  // At least 64-byte aligned; contents undefined. Zero bytes are a valid buffer.
  Result<Buffer> allocate(int64_t bytes);
  // Host memory as a read-only buffer: in place on cpu, uploaded elsewhere.
  Result<Buffer> wrap(const void* memory, int64_t bytes);
  // Likewise, and work may write it: whoever lends it reads the buffer afterwards, which is the memory itself on cpu alone.
  Result<Buffer> lend(void* memory, int64_t bytes);
  Result<void> write(const Buffer& to, int64_t offset, std::span<const std::byte> bytes);
  Result<void> read(const Buffer& from, int64_t offset, std::span<std::byte> bytes);
  Result<void> copy(const Buffer& from, int64_t from_offset, const Buffer& to, int64_t to_offset, int64_t bytes);
  Result<void> synchronize();

  void set_limit(std::optional<int64_t> bytes) { memory_.limit = bytes; }
  const MemoryUse& memory() const { return memory_; }

  // From the cache when these layouts were seen before; scalar inputs have a rank-0 layout. The plan is good until the
  // next prepare() on this device.
  Result<Plan*> prepare(const Program& program, std::span<const Layout> inputs);
  // `inputs` has one view per input of the graph (those of scalar inputs are not looked at), `scalars` one value per
  // scalar input in order, `outputs` one dense view per output. Outputs overlap nothing else, except as plan_reuses().
  Result<void> run(Plan& plan, std::span<const TensorView> inputs, std::span<const Scalar> scalars,
                   std::span<const TensorView> outputs);

  Backend& backend() { return *backend_; }
  PlanCache& plans() { return *plans_; }

 private:
  friend class Buffer;
  void release(const Allocation& allocation);
  Result<void> check_room(int64_t bytes);
  Result<Allocation> reserve(int64_t bytes);
  Result<void> check_view(const TensorView& view, const Layout& layout, std::string_view role, size_t index) const;

  std::string name_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<PlanCache> plans_;
  MemoryUse memory_;
  Buffer arena_;  // temporaries of whichever plan runs; the queue's order keeps plans apart
};

}  // namespace stark::devices

// devices/cpu/backend.cpp — the device `cpu`: host memory, blocked loops, work done before run() returns.
// Room: devices/cpu. In: plans. Out: results.
#include <cstring>

#include "devices/cpu/executor.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/product.h"
#include "devices/errors.h"

namespace stark::devices::cpu {
namespace {

struct CpuExecutable final : Executable {
  std::vector<KernelCode> kernels;  // one per kernel step, in order
};

class CpuBackend final : public Backend {
 public:
  std::string description() const override { return fmt::format("host processor, {} loops", loops().name); }
  DeviceKind kind() const override { return DeviceKind::Cpu; }

  Result<Allocation> allocate(int64_t bytes) override { return memory_.allocate(bytes); }
  void release(const Allocation& allocation) override { memory_.release(allocation); }
  std::optional<Allocation> wrap(const void* memory, int64_t bytes) override {
    return Allocation{const_cast<void*>(memory), 0, bytes, 0, true};
  }
  Result<void> write(const Allocation& to, int64_t offset, std::span<const std::byte> bytes) override {
    std::memcpy(place(to, offset), bytes.data(), bytes.size());
    return {};
  }
  Result<void> read(const Allocation& from, int64_t offset, std::span<std::byte> bytes) override {
    std::memcpy(bytes.data(), place(from, offset), bytes.size());
    return {};
  }
  Result<void> copy(const Allocation& from, int64_t from_offset, const Allocation& to, int64_t to_offset,
                    int64_t bytes) override {
    std::memmove(place(to, to_offset), place(from, from_offset), static_cast<size_t>(bytes));
    return {};
  }
  Result<void> synchronize() override { return {}; }

  Result<std::unique_ptr<Executable>> compile(const Plan& plan) override {
    auto executable = std::make_unique<CpuExecutable>();
    for (const Step& step : plan.steps) {
      if (const auto* product = std::get_if<ProductStep>(&step)) {
        if (can_multiply(product->dtype)) continue;
        return device_fail(DeviceError::Unsupported, "`cpu` cannot multiply matrices of {}",
                           spec::dtype_name(product->dtype));
      }
      const kernel::Instruction* missing = nullptr;
      auto code = KernelCode::make(std::get<kernel::Kernel>(step), &missing);
      if (!code)
        return device_fail(DeviceError::Unsupported, "`cpu` cannot run `{}` on {}: it has no loop for it",
                           kernel::op_row(missing->op).name, spec::dtype_name(missing->type));
      executable->kernels.push_back(std::move(*code));
    }
    return executable;
  }

  Result<void> run(Executable& executable, const Plan& plan, std::span<const Binding> slots,
                   std::span<const Scalar> scalars) override {
    Memory few[16] = {};
    std::vector<Memory> many(slots.size() > 16 ? slots.size() : 0);
    const std::span<Memory> memory = many.empty() ? std::span(few).first(slots.size()) : std::span(many);
    for (size_t i = 0; i < slots.size(); ++i)
      if (slots[i].allocation != nullptr) memory[i] = place(*slots[i].allocation, slots[i].offset);
    auto code = static_cast<CpuExecutable&>(executable).kernels.begin();
    for (const Step& step : plan.steps) {
      if (const auto* product = std::get_if<ProductStep>(&step))
        run_product(*product, memory, pool_);
      else
        (code++)->run(memory, scalars, pool_);
    }
    return {};
  }

 private:
  static std::byte* place(const Allocation& allocation, int64_t offset) {
    return static_cast<std::byte*>(allocation.host) + offset;
  }

  HostMemory memory_;
  Pool pool_;
};

}  // namespace

extern const BackendEntry kEntry;
const BackendEntry kEntry = {"cpu", false,
                             []() -> Result<std::vector<std::string>> {
                               return std::vector{fmt::format("host processor, {} loops", loops().name)};
                             },
                             [](size_t) -> Result<std::unique_ptr<Backend>> { return std::make_unique<CpuBackend>(); }};

}  // namespace stark::devices::cpu

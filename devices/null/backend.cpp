// devices/null/backend.cpp — the backend to copy: it has one device, host memory, and runs nothing.
// Room: devices/null. In: what every backend gets. Out: bytes kept; D05 for every plan with work in it.
#include <cstdlib>
#include <cstring>

#include "devices/backend.h"
#include "devices/errors.h"

namespace stark::devices::null {
namespace {

class NullBackend final : public Backend {
 public:
  std::string description() const override { return "keeps bytes and computes nothing"; }
  DeviceKind kind() const override { return DeviceKind::Other; }

  Result<Allocation> allocate(int64_t bytes) override {
    void* memory = std::malloc(static_cast<size_t>(bytes));
    if (memory == nullptr) return device_fail(DeviceError::OutOfMemory, "`null` has no room for {} bytes", bytes);
    // `host` stays empty: the memory of a device is not the host's to look into.
    return Allocation{nullptr, reinterpret_cast<uint64_t>(memory), bytes, bytes, false};
  }
  void release(const Allocation& allocation) override { std::free(pointer(allocation)); }

  Result<void> write(const Allocation& to, int64_t offset, std::span<const std::byte> bytes) override {
    std::memcpy(pointer(to) + offset, bytes.data(), bytes.size());
    return {};
  }
  Result<void> read(const Allocation& from, int64_t offset, std::span<std::byte> bytes) override {
    std::memcpy(bytes.data(), pointer(from) + offset, bytes.size());
    return {};
  }
  Result<void> copy(const Allocation& from, int64_t from_offset, const Allocation& to, int64_t to_offset,
                    int64_t bytes) override {
    std::memmove(pointer(to) + to_offset, pointer(from) + from_offset, static_cast<size_t>(bytes));
    return {};
  }
  Result<void> synchronize() override { return {}; }

  // A real backend turns plan.steps into functions, pipelines or command lists here.
  Result<std::unique_ptr<Executable>> compile(const Plan&) override {
    return device_fail_help(DeviceError::Unsupported, "`null` cannot run any operation: it only keeps bytes",
                            "choose another device, such as `cpu`");
  }
  Result<void> run(Executable&, const Plan&, std::span<const Binding>, std::span<const Scalar>) override { return {}; }

 private:
  static std::byte* pointer(const Allocation& allocation) { return reinterpret_cast<std::byte*>(allocation.handle); }
};

}  // namespace

extern const BackendEntry kEntry;
const BackendEntry kEntry = {
    "null", false, []() -> Result<std::vector<std::string>> { return std::vector<std::string>{"computes nothing"}; },
    [](size_t) -> Result<std::unique_ptr<Backend>> { return std::make_unique<NullBackend>(); }};

}  // namespace stark::devices::null

// devices/cpu/memory.h — HostMemory: 64-byte aligned blocks, kept by size class for the next who asks.
// Room: devices/cpu. In: sizes. Out: Allocations; large ones ask for huge pages.
#pragma once

#include <array>
#include <vector>

#include "devices/backend.h"

namespace stark::devices::cpu {

class HostMemory {
 public:
  ~HostMemory();
  Result<Allocation> allocate(int64_t bytes);
  void release(const Allocation& allocation);

 private:
  static constexpr size_t kClasses = 64;
  static constexpr int64_t kKept = int64_t{256} << 20;  // bytes kept at most

  std::array<std::vector<void*>, kClasses * 4> free_;
  int64_t kept_ = 0;
};

}  // namespace stark::devices::cpu

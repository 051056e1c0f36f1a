// devices/cpu/memory.cpp — size classes, four to each power of two.
// Room: devices/cpu. In: sizes. Out: Allocations.
#include "devices/cpu/memory.h"

#include <sys/mman.h>

#include <bit>
#include <cstdlib>

#include "devices/errors.h"

namespace stark::devices::cpu {
namespace {

constexpr int64_t kAlignment = 64, kHugePage = int64_t{2} << 20;

struct Class {
  size_t index;
  int64_t bytes;
};

// The class is the power of two at or below the size, and which quarter above it.
Class class_of(int64_t bytes) {
  const auto size = static_cast<uint64_t>(std::max(bytes, kAlignment));
  const auto power = static_cast<size_t>(std::bit_width(size) - 1);
  const uint64_t quarter = uint64_t{1} << (power - 2);
  const uint64_t quarters = (size + quarter - 1) / quarter;  // 4 to 8
  const uint64_t rounded = quarters * quarter;
  const size_t index = quarters == 8 ? (power + 1) * 4 : power * 4 + (quarters - 4);
  return {index, static_cast<int64_t>((rounded + kAlignment - 1) / kAlignment * kAlignment)};
}

}  // namespace

HostMemory::~HostMemory() {
  for (auto& list : free_)
    for (void* memory : list) std::free(memory);
}

Result<Allocation> HostMemory::allocate(int64_t bytes) {
  if (bytes > int64_t{1} << 46) return device_fail(DeviceError::OutOfMemory, "`cpu` has no room for {} bytes", bytes);
  const Class size = class_of(bytes);
  auto& list = free_[size.index];
  if (!list.empty()) {
    void* memory = list.back();
    list.pop_back();
    kept_ -= size.bytes;
    return Allocation{memory, 0, bytes, size.bytes, false};
  }
  const bool huge = size.bytes >= 2 * kHugePage;
  const auto alignment = static_cast<size_t>(huge ? kHugePage : kAlignment);
  const auto rounded = (static_cast<size_t>(size.bytes) + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) return device_fail(DeviceError::OutOfMemory, "`cpu` has no room for {} bytes", bytes);
  if (huge) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return Allocation{memory, 0, bytes, size.bytes, false};
}

void HostMemory::release(const Allocation& allocation) {
  if (allocation.reserved == 0) return;  // wrapped
  if (kept_ + allocation.reserved > kKept) {
    std::free(allocation.host);
    return;
  }
  free_[class_of(allocation.reserved).index].push_back(allocation.host);
  kept_ += allocation.reserved;
}

}  // namespace stark::devices::cpu

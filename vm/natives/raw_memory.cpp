// vm/natives/raw_memory.cpp — blocks of memory that are known by their address.
// Room: vm/natives. In: see raw_memory.h.
#include "vm/natives/raw_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace stark::vm {

RawMemory::~RawMemory() {
  for (const auto& [block, facts] : blocks_) free(const_cast<std::byte*>(block), facts);
}

std::byte* RawMemory::acquire(size_t size, size_t align, bool pinned) {
  if (!std::has_single_bit(align)) return nullptr;
  const std::scoped_lock lock(mutex_);
  if (size > limit_ - std::min(used_, limit_)) return nullptr;
  void* block = nullptr;
  if (::posix_memalign(&block, std::max(align, sizeof(void*)), std::max<size_t>(size, 1)) != 0) return nullptr;
  if (pinned && ::mlock(block, size) != 0) {
    std::free(block);
    return nullptr;
  }
  blocks_[static_cast<std::byte*>(block)] = {size, pinned};
  used_ += size;
  return static_cast<std::byte*>(block);
}

bool RawMemory::release(std::byte* block) {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(block);
  if (found == blocks_.end()) return false;
  used_ -= found->second.size;
  free(block, found->second);
  blocks_.erase(found);
  return true;
}

size_t RawMemory::size_at(const std::byte* block) const {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(block);
  return found == blocks_.end() ? 0 : found->second.size;
}

void RawMemory::free(std::byte* block, const Block& facts) {
  if (facts.pinned) ::munlock(block, facts.size);
  std::free(block);
}

}  // namespace stark::vm

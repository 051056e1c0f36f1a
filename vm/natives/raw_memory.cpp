// vm/natives/raw_memory.cpp — blocks of memory that are known by their address.
// Room: vm/natives. In: see raw_memory.h.
#include "vm/natives/raw_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace stark::vm {
namespace {

std::byte* system_block(size_t room, size_t align) {
  void* block = nullptr;
  return ::posix_memalign(&block, std::max(align, sizeof(void*)), std::max<size_t>(room, 1)) == 0 ? static_cast<std::byte*>(block) : nullptr;
}

}  // namespace

RawMemory::~RawMemory() {
  for (const auto& [block, facts] : blocks_) {
    if (facts.source == RawSource::Pinned) ::munlock(block, facts.room);
    if (facts.source != RawSource::Stack) std::free(const_cast<std::byte*>(block));
  }
  for (const auto& list : pool_) {
    for (std::byte* block : list) std::free(block);
  }
}

std::byte* RawMemory::acquire(size_t size, size_t align, RawSource source) {
  if (!std::has_single_bit(align)) return nullptr;
  const std::scoped_lock lock(mutex_);
  if (size > SIZE_MAX / 4 || align > SIZE_MAX / 4) return nullptr;
  const size_t room = source == RawSource::Pool ? std::bit_ceil(std::max({size, align, size_t{16}})) : size;
  if (room > limit_ - std::min(used_, limit_)) return nullptr;
  std::byte* block = take(room, align, source);
  if (block == nullptr) return nullptr;
  blocks_[block] = {size, room, source};
  used_ += room;
  return block;
}

std::byte* RawMemory::take(size_t room, size_t align, RawSource source) {
  switch (source) {
    case RawSource::System: return system_block(room, align);
    case RawSource::Pinned: {
      std::byte* block = system_block(room, align);
      if (block == nullptr || ::mlock(block, room) == 0) return block;
      std::free(block);
      return nullptr;
    }
    case RawSource::Pool: {  // every block of a size is aligned to it, so any of them will do
      auto& list = pool_[static_cast<size_t>(std::bit_width(room)) - 1];
      if (list.empty()) return system_block(room, room);
      std::byte* block = list.back();
      list.pop_back();
      return block;
    }
    case RawSource::Stack: {
      if (!stack_) stack_ = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
      const auto base = reinterpret_cast<uintptr_t>(stack_.get());
      const size_t begin = ((base + stack_end_ + align - 1) & ~(align - 1)) - base;
      const size_t taken = std::max<size_t>(room, 1);  // every block has an address of its own
      if (begin > kStackBytes || taken > kStackBytes - begin) return nullptr;
      stack_marks_.emplace_back(begin, true);
      stack_end_ = begin + taken;
      return stack_.get() + begin;
    }
  }
  return nullptr;
}

bool RawMemory::release(const std::byte* block) {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(block);
  if (found == blocks_.end()) return false;
  used_ -= found->second.room;
  free(const_cast<std::byte*>(block), found->second);
  blocks_.erase(found);
  return true;
}

void RawMemory::free(std::byte* block, const Block& facts) {
  switch (facts.source) {
    case RawSource::Pinned: ::munlock(block, facts.room); [[fallthrough]];
    case RawSource::System: std::free(block); return;
    case RawSource::Pool: pool_[static_cast<size_t>(std::bit_width(facts.room)) - 1].push_back(block); return;
    case RawSource::Stack: {
      const auto begin = static_cast<size_t>(block - stack_.get());
      std::ranges::lower_bound(stack_marks_, begin, {}, [](const auto& mark) { return mark.first; })->second = false;
      while (!stack_marks_.empty() && !stack_marks_.back().second) {
        stack_end_ = stack_marks_.back().first;
        stack_marks_.pop_back();
      }
    }
  }
}

size_t RawMemory::size_at(const std::byte* block) const {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(block);
  return found == blocks_.end() ? 0 : found->second.size;
}

bool RawMemory::holds(const std::byte* from, size_t size) const {
  auto behind = blocks_.upper_bound(from);
  if (behind == blocks_.begin()) return false;
  const auto& [begin, facts] = *--behind;
  const auto offset = static_cast<size_t>(from - begin);
  return offset <= facts.size && size <= facts.size - offset;
}

bool RawMemory::copy(const std::byte* from, std::byte* to, size_t size) {
  const std::scoped_lock lock(mutex_);
  if (!holds(from, size) || !holds(to, size)) return false;
  if (size > 0) std::memmove(to, from, size);
  return true;
}

}  // namespace stark::vm

// gc/space.cpp — mapping, resetting and protecting spaces; the walk back from an address to its object.
// Room: gc. Essay: gc/README.md, "Interior references". In: see space.h.
#include "gc/space.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "bytecode-spec/base/check.h"

namespace stark::gc {

std::unique_ptr<Space> Space::map(size_t bytes) {
  constexpr size_t kPage = 4096;
  bytes = (bytes + kPage - 1) / kPage * kPage;
  const size_t bitmap = (bytes / kGrain / 8 + kPage) / kPage * kPage;
  void* memory = mmap(nullptr, bytes + bitmap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  std::unique_ptr<Space> space(new Space);
  space->begin_ = space->top_ = static_cast<std::byte*>(memory);
  space->end_ = space->stop_ = space->begin_ + bytes;
  space->starts_ = reinterpret_cast<uint64_t*>(space->end_);
  space->mapped_ = bytes + bitmap;
  return space;
}

Space::~Space() { munmap(begin_, mapped_); }

Object* Space::base_of(const void* address) const {
  DCHECK(contains(address));
  const size_t grain = static_cast<size_t>(static_cast<const std::byte*>(address) - begin_) / kGrain;
  size_t word = grain / 64;
  uint64_t bits = starts_[word] & (~uint64_t{0} >> (63 - grain % 64));
  while (bits == 0) bits = starts_[--word];  // the first grain always starts an object
  const size_t start = word * 64 + 63 - static_cast<size_t>(std::countl_zero(bits));
  return reinterpret_cast<Object*>(begin_ + start * kGrain);
}

Object* Space::next_object(const std::byte* from) const {
  size_t grain = static_cast<size_t>(from - begin_) / kGrain;
  const size_t end = used() / kGrain;
  while (grain < end) {
    const uint64_t bits = starts_[grain / 64] >> grain % 64;
    if (bits != 0) {
      grain += static_cast<size_t>(std::countr_zero(bits));
      return grain < end ? reinterpret_cast<Object*>(begin_ + grain * kGrain) : nullptr;
    }
    grain = (grain / 64 + 1) * 64;
  }
  return nullptr;
}

std::byte* Space::extend_from(std::byte* begin, size_t least, size_t wanted) {
  if (begin > stop_ || static_cast<size_t>(stop_ - begin) < least) return nullptr;
  top_ = begin + std::min(std::max(least, wanted), static_cast<size_t>(stop_ - begin));
  return top_;
}

void Space::allow(size_t more) { stop_ = top_ + std::min(more, static_cast<size_t>(end_ - top_)); }

void Space::reset() {
  std::memset(starts_, 0, used() / kGrain / 8 + 8);
  top_ = begin_;
  stop_ = end_;
}

void Space::protect() { mprotect(begin_, mapped_, PROT_NONE); }

}  // namespace stark::gc

// gc/large_objects.cpp — maps, finds and unmaps large objects.
// Room: gc. In: see large_objects.h.
#include "gc/large_objects.h"

#include <sys/mman.h>

#include <algorithm>

namespace stark::gc {

LargeObjects::~LargeObjects() {
  for (const Entry& e : entries_) munmap(e.object, e.bytes);
}

Object* LargeObjects::allocate(size_t bytes) {
  bytes = (bytes + 4095) / 4096 * 4096;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* object = static_cast<Object*>(memory);
  const auto at = std::ranges::upper_bound(entries_, object, {}, &Entry::object);
  entries_.insert(at, {object, bytes, false});
  bytes_ += bytes;
  since_sweep_ += bytes;
  return object;
}

LargeObjects::Entry* LargeObjects::find(const void* address) {
  auto after = std::upper_bound(entries_.begin(), entries_.end(), address,
                                [](const void* a, const Entry& e) { return a < static_cast<const void*>(e.object); });
  if (after == entries_.begin()) return nullptr;
  Entry& e = *--after;
  return address < reinterpret_cast<std::byte*>(e.object) + e.bytes ? &e : nullptr;
}

void LargeObjects::sweep() {
  std::erase_if(entries_, [&](Entry& e) {
    if (e.is_marked) {
      e.is_marked = false;
      return false;
    }
    bytes_ -= e.bytes;
    munmap(e.object, e.bytes);
    return true;
  });
  since_sweep_ = 0;
}

}  // namespace stark::gc

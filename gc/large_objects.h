// gc/large_objects.h — LargeObjects: objects with pages of their own, which stay where they are.
// Room: gc, private. In: sizes. Out: zeroed objects; a mark per object; those without one are unmapped by sweep().
#pragma once

#include <cstddef>
#include <vector>

#include "gc/type_info.h"

namespace stark::gc {

class LargeObjects {
 public:
  struct Entry {
    Object* object;
    size_t bytes;
    bool is_marked;
  };

  ~LargeObjects();
  Object* allocate(size_t bytes);  // null when the system has no room
  Entry* find(const void* address);
  void sweep();  // unmaps what is not marked, clears the marks
  size_t bytes() const { return bytes_; }
  size_t bytes_since_sweep() const { return since_sweep_; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;  // by address
  size_t bytes_ = 0;
  size_t since_sweep_ = 0;
};

}  // namespace stark::gc

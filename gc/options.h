// gc/options.h — Options of a heap: its limit, and the switches that make mistakes show early.
// Room: gc, public face. In: what the host asks for. Out: parameters of the collector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace stark::gc {

struct Options {
  size_t limit = std::numeric_limits<size_t>::max();  // bytes of objects; past it allocation gives null
  size_t budget = size_t{4} << 20;                    // least bytes allocated between two collections
  size_t large = size_t{32} << 10;                    // objects from this size on stay where they are
  bool stress = false;                                // collect at every allocation
  bool poison = false;                                // the space left behind becomes unreadable
  bool verify = false;                                // walk the heap after every collection
  // Once for each allocation that is not the quick one; false: there is no memory. For tests alone, which turn the quick way off.
  bool (*may_allocate)(void* user) = nullptr;
  void* user = nullptr;
};

}  // namespace stark::gc

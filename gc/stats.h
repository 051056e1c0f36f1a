// gc/stats.h — Stats: what a heap did so far.
// Room: gc, public face. Out: counts, bytes and pause times, for `--stats` and for tests.
#pragma once

#include <cstdint>

namespace stark::gc {

struct Stats {
  uint64_t collections = 0;
  uint64_t asked = 0;             // … that somebody asked for; the others began because memory was used up
  uint64_t allocations = 0;       // objects
  uint64_t allocated_bytes = 0;   // of objects, headers included
  uint64_t moved_bytes = 0;
  uint64_t live_bytes = 0;        // after the last collection
  uint64_t freed_bytes = 0;
  uint64_t pause_ns_total = 0;
  uint64_t pause_ns_longest = 0;
};

}  // namespace stark::gc

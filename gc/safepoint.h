// gc/safepoint.h — the poll byte: how a collector asks a running mutator to stop.
// Room: gc, public face. In: a request from any thread. Out: the mutator calls in at its next poll.
// Law: between two polls or allocations a mutator may hold addresses that no root provider knows.
#pragma once

#include <atomic>
#include <cstdint>

namespace stark::gc {

class Safepoint {
 public:
  bool is_requested() const { return poll_.load(std::memory_order_relaxed) != 0; }
  void request() { poll_.store(1, std::memory_order_release); }
  void clear() { poll_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint8_t> poll_{0};
};

}  // namespace stark::gc

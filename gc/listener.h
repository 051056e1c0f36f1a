// gc/listener.h — MoveListener, which is told where objects go, and PauseListener, which is told how long that takes.
// Room: gc, public face. In: a collection, its objects as they are found alive. Out: whatever somebody keeps by address can follow them.
// Law: told by the thread that collects, which holds the heap's lock; what moves is told of while all mutators rest, and what is not told of between begin and end is dead.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace stark::gc {

class MoveListener {
 public:
  virtual void begin_moving() = 0;
  // An object, its header first; `to` is `from` where it stays.
  virtual void moved(const void* from, const void* to, size_t bytes) = 0;
  virtual void end_moving() = 0;

 protected:
  ~MoveListener() = default;
};

// One collection: when its steps were done, and what came of it.
struct Pause {
  using Time = std::chrono::steady_clock::time_point;
  Time asked, stopped, copied, settled, ended;
  uint64_t number = 0;
  uint64_t bytes_before = 0, bytes_after = 0, limit = 0;
  std::chrono::nanoseconds world_stood() const { return ended - stopped; }
};

class PauseListener {
 public:
  virtual void pause_began() = 0;  // the other threads are about to be stopped
  virtual void pause_ended(const Pause& pause) = 0;

 protected:
  ~PauseListener() = default;
};

}  // namespace stark::gc

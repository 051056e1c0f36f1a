// gc/listener.h — MoveListener, which is told where objects go.
// Room: gc, public face. In: a collection, its objects as they are found alive. Out: whatever somebody keeps by address can follow them.
// Law: told while all mutators rest; what is not told of between begin and end is dead.
#pragma once

#include <cstddef>

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

}  // namespace stark::gc

// gc/handle.h — Handle: a root held by C++ code while it may allocate.
// Room: gc, public face. In: an object. Out: the same object, wherever it is now.
// Law: handles of one heap are destroyed in reverse order of their making (they are locals).
#pragma once

#include "gc/heap.h"

namespace stark::gc {

class Handle {
 public:
  explicit Handle(Heap& heap, Object* object = nullptr) : heap_(heap), object_(object), next_(heap.handles_) {
    heap_.handles_ = this;
  }
  ~Handle() {
    DCHECK(heap_.handles_ == this);
    heap_.handles_ = next_;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Object* get() const { return static_cast<Object*>(object_); }
  void set(Object* object) { object_ = object; }
  Object* operator->() const { return get(); }

 private:
  friend class Heap;
  Heap& heap_;
  void* object_;
  Handle* next_;
};

}  // namespace stark::gc

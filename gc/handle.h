// gc/handle.h — Handle: a root held by C++ code while it may allocate.
// Room: gc, public face. In: an object. Out: the same object, wherever it is now.
// Law: handles of one mutator are destroyed in reverse order of their making (they are locals).
#pragma once

#include "gc/mutator.h"

namespace stark::gc {

class Handle {
 public:
  explicit Handle(Mutator& mutator, Object* object = nullptr) : mutator_(mutator), object_(object), next_(mutator.handles_) {
    mutator_.handles_ = this;
  }
  ~Handle() {
    DCHECK(mutator_.handles_ == this);
    mutator_.handles_ = next_;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Object* get() const { return static_cast<Object*>(object_); }
  void set(Object* object) { object_ = object; }
  Object* operator->() const { return get(); }

 private:
  friend class Heap;
  Mutator& mutator_;
  void* object_;
  Handle* next_;
};

}  // namespace stark::gc

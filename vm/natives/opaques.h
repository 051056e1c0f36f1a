// vm/natives/opaques.h — Opaques: the objects behind a program's opaque handles: files being read, threads, scopes of threads.
// Room: vm/natives. In: objects, and how many there may be. Out: the addresses that handles hold.
// Law: an object is deleted by the drop of its handle; what nobody drops, because a limit ended the program, goes with its Runtime.
#pragma once

#include <memory>
#include <mutex>

#include "vm/objects/values.h"

namespace stark::vm {

class Opaques {
 public:
  explicit Opaques(uint64_t limit) : left_(limit) {}
  ~Opaques() {
    while (first_ != nullptr) drop(first_);
  }
  Opaques(const Opaques&) = delete;

  // Null when there are as many as there may be.
  OpaqueObject* adopt(std::unique_ptr<OpaqueObject> object) {
    const std::scoped_lock lock(mutex_);
    if (left_ == 0) return nullptr;
    --left_;
    object->after = first_;
    if (first_ != nullptr) first_->before = object.get();
    return first_ = object.release();
  }
  void drop(OpaqueObject* object) {
    {
      const std::scoped_lock lock(mutex_);
      (object->before != nullptr ? object->before->after : first_) = object->after;
      if (object->after != nullptr) object->after->before = object->before;
      ++left_;
    }
    delete object;
  }

 private:
  std::mutex mutex_;
  OpaqueObject* first_ = nullptr;
  uint64_t left_;
};

}  // namespace stark::vm

// gc/mutator.h — Mutator: one thread of the client, as the collector knows it: it allocates, polls, and tells when it rests.
// Room: gc, public face. In: a Heap. Out: zeroed objects, which move when a collection runs.
// Law: one thread at a time uses a mutator. allocate(), collect(), poll() and wake() may move every object; whoever holds an
// address across them shows it as a root. Between rest() and wake() nothing of the heap is touched, and roots hold still.
#pragma once

#include <cstring>
#include <vector>

#include "gc/heap.h"

namespace stark::gc {

class Handle;

class Mutator {
 public:
  enum class State : uint8_t { Running, Resting };
  // Resting: made by another thread for one that is about to begin; that one calls wake() first.
  explicit Mutator(Heap& heap, State state = State::Running);
  ~Mutator();
  Mutator(const Mutator&) = delete;
  Mutator& operator=(const Mutator&) = delete;

  // A new object with `count` elements, its payload zero. Null when it does not fit under the limit after collecting.
  Object* allocate(const TypeInfo& type, uint64_t count) {
    const size_t size = Heap::size_of(type, count);
    if (size - 1 >= quick_ || static_cast<size_t>(stop_ - top_) < size) [[unlikely]] return allocate_slow(type, count, size);
    return place(type, count, size);
  }
  // Asked: by whoever wants all of it looked at, not by allocation.
  void collect(bool asked = false) { heap_.collect(asked); }
  // Stops here while somebody collects.
  void poll() {
    if (heap_.safepoint().is_requested()) [[unlikely]] yield();
  }
  // The thread waits for something outside: collections go on without it. wake() waits for the end of one that is running.
  // Holding: until the matching wake() no object moves either, since the thread gives addresses to somebody who knows no roots;
  // others allocate beside what is there, and nothing is collected.
  enum class Rest : uint8_t { Free, Holding };
  void rest(Rest how = Rest::Free);
  void wake(Rest how = Rest::Free);

  // From now on the object is handed out once by take_dead() when nothing reaches it any more; whoever takes it shows it as a
  // root. `bound`: to this mutator alone, and not at all once it is gone; else to whoever asks first.
  void watch(Object* object, bool bound);
  bool has_dead() const { return heap_.dead_count_.load(std::memory_order_relaxed) != 0; }
  std::vector<Object*> take_dead();

  Heap& heap() { return heap_; }
  Stats stats();

 private:
  friend class Handle;
  friend class Heap;
  static constexpr size_t kChunk = size_t{32} << 10;

  Object* place(const TypeInfo& type, uint64_t count, size_t size) {
    auto* object = reinterpret_cast<Object*>(top_);
    space_->mark_start(top_);
    top_ += size;
    std::memset(object->payload(), 0, size - sizeof(Object));
    object->type = &type;
    object->count = count;
    ++objects_;
    bytes_ += size;
    return object;
  }
  Object* allocate_slow(const TypeInfo& type, uint64_t count, size_t size);
  Object* allocate_large(const TypeInfo& type, uint64_t count, size_t size);
  enum class Refill : uint8_t { Done, Full, OverLimit };
  Refill refill(size_t size);
  int patience() const;
  void yield();
  void retire();  // with the lock, or while the world stands: the chunk is given up, what was counted is told

  Heap& heap_;
  size_t quick_;               // the size of the largest object that may come from the chunk
  Space* space_ = nullptr;
  std::byte* top_ = nullptr;   // of the chunk that this mutator fills alone
  std::byte* stop_ = nullptr;
  bool rests_;
  uint32_t holds_ = 0;         // of Heap::held_, its own
  Handle* handles_ = nullptr;
  uint64_t objects_ = 0, bytes_ = 0;  // since the last retire()
};

}  // namespace stark::gc

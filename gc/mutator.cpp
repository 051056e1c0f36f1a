// gc/mutator.cpp — allocation from a chunk of one's own, and the handshake: stopping, resting, going on.
// Room: gc. Essay: gc/README.md, "Threads". In: requests of one thread. Out: objects; a world that stands when it must.
#include "gc/mutator.h"

#include <algorithm>

#include "gc/large_objects.h"

namespace stark::gc {

Mutator::Mutator(Heap& heap, State state) : heap_(heap), quick_(heap.options().stress ? 0 : heap.options().large - 1), rests_(state == State::Resting) {
  const std::scoped_lock lock(heap_.mutex_);
  heap_.mutators_.push_back(this);
  if (!rests_) ++heap_.running_;
}

// Whoever ends a mutator is its own thread, running, or another that runs: no collection is under way.
Mutator::~Mutator() {
  const std::scoped_lock lock(heap_.mutex_);
  CHECK(handles_ == nullptr);
  retire();
  std::erase(heap_.mutators_, this);
  heap_.forget(this);
  if (!rests_) --heap_.running_;
  heap_.stopped_.notify_all();
}

// Who wants everything to stay where it is lets a collection that has begun come to its end first.
void Mutator::rest(Rest how) {
  std::unique_lock lock(heap_.mutex_);
  if (how == Rest::Holding && heap_.collecting_) {
    if (--heap_.running_ == 0) heap_.stopped_.notify_all();
    heap_.resumed_.wait(lock, [&] { return !heap_.collecting_; });
    ++heap_.running_;
  }
  rests_ = true;
  if (how == Rest::Holding) ++heap_.held_, ++holds_;
  if (--heap_.running_ == 0 && heap_.collecting_) heap_.stopped_.notify_all();
}

void Mutator::wake(Rest how) {
  std::unique_lock lock(heap_.mutex_);
  heap_.resumed_.wait(lock, [&] { return !heap_.collecting_; });
  if (how == Rest::Holding) {
    --holds_;
    if (--heap_.held_ == 0) heap_.released_.notify_all();
  }
  ++heap_.running_;
  rests_ = false;
}

void Mutator::yield() {
  rest();
  wake();
}

void Mutator::retire() {
  if (space_ != nullptr) space_->give_back(top_, stop_);
  heap_.stats_.allocations += objects_;
  heap_.stats_.allocated_bytes += bytes_;
  space_ = nullptr;
  top_ = stop_ = nullptr;
  objects_ = bytes_ = 0;
}

Stats Mutator::stats() {
  const std::scoped_lock lock(heap_.mutex_);
  retire();
  return heap_.stats_;
}

void Mutator::watch(Object* object, bool bound) {
  const std::scoped_lock lock(heap_.mutex_);
  heap_.watched_.push_back({object, bound ? this : nullptr});
}

std::vector<Object*> Mutator::take_dead() {
  std::vector<Object*> mine;
  const std::scoped_lock lock(heap_.mutex_);
  std::erase_if(heap_.dead_, [&](const Heap::Watched& w) {
    const bool is_mine = w.owner == nullptr || w.owner == this;
    if (is_mine) mine.push_back(w.object);
    return is_mine;
  });
  heap_.dead_count_.store(heap_.dead_.size(), std::memory_order_relaxed);
  return mine;
}

Object* Mutator::allocate_slow(const TypeInfo& type, uint64_t count, size_t size) {
  if (size == 0) return nullptr;
  poll();
  if (heap_.options().stress) collect();
  if (size >= heap_.options().large) return allocate_large(type, count, size);
  for (int over = 0;; collect()) {
    const Refill got = refill(size);
    if (got == Refill::Done) return place(type, count, size);
    if (got != Refill::OverLimit) continue;
    if (over++ == patience()) return nullptr;
    heap_.await_release(*this);
  }
}

// What one collection made free, other threads may take before this one does.
int Mutator::patience() const {
  const std::scoped_lock lock(heap_.mutex_);
  return heap_.mutators_.size() == 1 ? 1 : 8;
}

// Alone, the chunk grows in place, so that one thread fills the space without a gap.
Mutator::Refill Mutator::refill(size_t size) {
  const std::scoped_lock lock(heap_.mutex_);
  if (space_ != nullptr) space_->give_back(top_, stop_);
  stop_ = top_;
  const size_t room = heap_.room();
  if (size > room) return Refill::OverLimit;
  const bool grows = space_ == heap_.space_.get() && space_->top() == top_;
  std::byte* begin = grows ? top_ : heap_.space_->chunk_begin();
  const size_t wanted = std::min(std::max(size, kChunk), room);
  std::byte* end = heap_.space_->extend_from(begin, size, wanted);
  if (end == nullptr && heap_.held_ > 0 && heap_.add_space()) {
    begin = heap_.space_->chunk_begin();
    end = heap_.space_->extend_from(begin, size, wanted);
  }
  if (end == nullptr) return Refill::Full;
  space_ = heap_.space_.get();
  top_ = begin;
  stop_ = end;
  return Refill::Done;
}

Object* Mutator::allocate_large(const TypeInfo& type, uint64_t count, size_t size) {
  if (heap_.is_large_due(size)) collect();
  std::unique_lock lock(heap_.mutex_);
  for (int turn = 1; size > heap_.room(); ++turn) {
    if (heap_.mutators_.size() == 1 || turn == 8) return nullptr;
    lock.unlock();
    heap_.await_release(*this);
    collect();
    lock.lock();
  }
  Object* object = heap_.large_->allocate(size);
  if (object == nullptr) return nullptr;
  object->type = &type;
  object->count = count;
  ++objects_;
  bytes_ += size;
  return object;
}

}  // namespace stark::gc

// gc/heap.cpp — the plain moving collector: copies what the roots reach into a fresh space, scans it front to back.
// Room: gc. Essay: gc/README.md, "Copying". In: roots. Out: updated roots, a compact heap.
#include "gc/heap.h"

#include <algorithm>
#include <chrono>

#include "gc/handle.h"
#include "gc/large_objects.h"
#include "gc/mutator.h"
#include "gc/space.h"

namespace stark::gc {
namespace {

// A header whose first word is odd has moved; the rest of the word says where to.
Object* moved_to(const Object* object) {
  const auto word = reinterpret_cast<uintptr_t>(object->type);
  return (word & 1) != 0 ? reinterpret_cast<Object*>(word - 1) : nullptr;
}
void leave_forward(Object* from, Object* to) {
  from->type = reinterpret_cast<const TypeInfo*>(reinterpret_cast<uintptr_t>(to) + 1);
}

template <class Visit>
void for_each_slot(Object* object, Visit visit) {
  const TypeInfo& type = *object->type;
  for (Slot s : type.fixed_slots) visit(s.kind, object->payload() + s.offset);
  if (type.element_slots.empty()) return;
  std::byte* element = object->payload() + type.fixed_size;
  for (uint64_t i = 0; i < object->count; ++i, element += type.element_size) {
    for (Slot s : type.element_slots) visit(s.kind, element + s.offset);
  }
}

}  // namespace

class Evacuation final : public Visitor {
 public:
  Evacuation(const Space& from, const std::vector<std::unique_ptr<Space>>& more, Space& to, LargeObjects& large, const std::vector<MoveListener*>& listeners)
      : from_(from), more_(more), to_(to), large_(large), listeners_(listeners), scan_(to.begin()) {}

  void visit_base(void** slot) override {
    if (*slot == nullptr) return;
    if (holder(*slot) != nullptr) {
      *slot = evacuate(static_cast<Object*>(*slot));
    } else {
      reach_large(*slot);
    }
  }
  void visit_interior(void** slot) override {
    if (*slot == nullptr) return;
    const Space* space = holder(*slot);
    if (space == nullptr) return reach_large(*slot);
    Object* base = space->base_of(*slot);
    const auto distance = static_cast<std::byte*>(*slot) - reinterpret_cast<std::byte*>(base);
    *slot = reinterpret_cast<std::byte*>(evacuate(base)) + distance;
  }

  // Where the words are is known now; whether their objects live, when all else is done.
  void visit_weak(void** slot) override {
    if (*slot != nullptr) weak_.push_back(slot);
  }
  void settle_weak() {
    for (void** slot : weak_) *slot = address_now(static_cast<Object*>(*slot));
    weak_.clear();
  }
  // Null when nothing reached the object. What lies outside the heap does not go.
  Object* address_now(Object* object) {
    if (holder(object) != nullptr) return moved_to(object);
    const LargeObjects::Entry* e = large_.find(object);
    return e == nullptr || e->is_marked ? object : nullptr;
  }

  // Until nothing that was copied or marked is left unscanned.
  void finish() {
    while (scan_ < to_.top() || !pending_.empty()) {
      if (scan_ < to_.top()) {
        auto* object = reinterpret_cast<Object*>(scan_);
        scan_ += Heap::size_of(*object->type, object->count);
        scan_slots(object);
      } else {
        Object* object = pending_.back();
        pending_.pop_back();
        scan_slots(object);
      }
    }
  }

 private:
  const Space* holder(const void* address) const {
    if (from_.contains(address)) return &from_;
    for (const auto& space : more_)
      if (space->contains(address)) return space.get();
    return nullptr;
  }
  Object* evacuate(Object* object) {
    if (Object* to = moved_to(object)) return to;
    const size_t size = Heap::size_of(*object->type, object->count);
    Object* to = to_.take(size);
    CHECK(to != nullptr);  // the new space holds all of the old one
    std::memcpy(static_cast<void*>(to), object, size);
    leave_forward(object, to);
    for (MoveListener* listener : listeners_) listener->moved(object, to, size);
    return to;
  }
  void reach_large(const void* address) {
    LargeObjects::Entry* e = large_.find(address);
    if (e == nullptr || e->is_marked) return;
    e->is_marked = true;
    for (MoveListener* listener : listeners_) listener->moved(e->object, e->object, e->bytes);
    pending_.push_back(e->object);
  }
  void scan_slots(Object* object) {
    for_each_slot(object, [&](SlotKind kind, std::byte* word) { visit(kind, word); });
  }

  const Space& from_;
  const std::vector<std::unique_ptr<Space>>& more_;
  Space& to_;
  LargeObjects& large_;
  const std::vector<MoveListener*>& listeners_;
  std::byte* scan_;  // copies before it are done
  std::vector<Object*> pending_;
  std::vector<void**> weak_;
};

Heap::Heap(const Options& options) : options_(options), most_(options.limit), large_(std::make_unique<LargeObjects>()) {
  space_ = Space::map(std::min(options.budget, options.limit));
  CHECK(space_ != nullptr);
}
Heap::~Heap() { CHECK(mutators_.empty()); }

void Heap::add_roots(RootProvider* provider) {
  const std::scoped_lock lock(mutex_);
  providers_.push_back(provider);
}
void Heap::remove_roots(RootProvider* provider) {
  const std::scoped_lock lock(mutex_);
  std::erase(providers_, provider);
}

void Heap::add_listener(MoveListener* listener) {
  const std::scoped_lock lock(mutex_);
  listeners_.push_back(listener);
}
void Heap::remove_listener(MoveListener* listener) {
  const std::scoped_lock lock(mutex_);
  std::erase(listeners_, listener);
}
void Heap::add_listener(PauseListener* listener) {
  const std::scoped_lock lock(mutex_);
  pause_listeners_.push_back(listener);
}
void Heap::remove_listener(PauseListener* listener) {
  const std::scoped_lock lock(mutex_);
  std::erase(pause_listeners_, listener);
}

Pauses Heap::pauses() const {
  const std::scoped_lock lock(mutex_);
  return pauses_;
}

size_t Heap::small_bytes() const {
  size_t bytes = space_->used();
  for (const auto& space : filled_) bytes += space->used();
  return bytes;
}
size_t Heap::used_bytes() const { return small_bytes() + large_->bytes(); }

size_t Heap::room() const { return options_.limit - std::min(options_.limit, used_bytes()); }

bool Heap::is_large_due(size_t size) const {
  const std::scoped_lock lock(mutex_);
  return size > room() || large_->bytes_since_sweep() + size > std::max<uint64_t>(budget() * 4, stats_.live_bytes);
}

void Heap::set_limit(size_t limit) {
  const std::scoped_lock lock(mutex_);
  options_.limit = std::min(limit, most_);
}
void Heap::set_budget(size_t budget) {
  const std::scoped_lock lock(mutex_);
  options_.budget = std::max<size_t>(budget, size_t{64} << 10);
}
void Heap::set_automatic(bool on) {
  const std::scoped_lock lock(mutex_);
  automatic_ = on;
}
size_t Heap::budget() const {
  constexpr size_t kPutOff = size_t{1} << 30;
  return std::min(automatic_ ? options_.budget : std::max(options_.budget, kPutOff), options_.limit);
}

// What only a thread that is gone may drop is dropped by nobody.
void Heap::forget(const Mutator* mutator) {
  std::erase_if(watched_, [&](const Watched& w) { return w.owner == mutator; });
  std::erase_if(dead_, [&](const Watched& w) { return w.owner == mutator; });
  dead_count_.store(dead_.size(), std::memory_order_relaxed);
}

// The lock is held to the end: who is stopped waits for it, nobody else is there.
void Heap::collect(bool asked) {
  std::unique_lock lock(mutex_);
  if (asked) ++stats_.asked;
  if (collecting_) {
    if (--running_ == 0) stopped_.notify_all();
    resumed_.wait(lock, [&] { return !collecting_; });
    ++running_;
    return;
  }
  if (held_ > 0) return;
  collecting_ = true;
  for (PauseListener* listener : pause_listeners_) listener->pause_began();
  Pause pause;
  pause.asked = std::chrono::steady_clock::now();
  safepoint_.request();
  --running_;
  stopped_.wait(lock, [&] { return running_ == 0; });
  collect_stopped(pause);
  ++running_;
  collecting_ = false;
  safepoint_.clear();
  for (PauseListener* listener : pause_listeners_) listener->pause_ended(pause);
  lock.unlock();
  resumed_.notify_all();
}

void Heap::await_release(const Mutator& mutator) {
  std::unique_lock lock(mutex_);
  if (held_ == 0 || mutator.holds_ > 0) return;
  if (--running_ == 0) stopped_.notify_all();
  released_.wait(lock, [&] { return held_ == 0; });
  resumed_.wait(lock, [&] { return !collecting_; });
  ++running_;
}

bool Heap::add_space() {
  auto more = Space::map(std::max(budget(), space_->used()) + options_.large);
  if (more == nullptr) return false;
  filled_.push_back(std::move(space_));
  space_ = std::move(more);
  return true;
}

void Heap::collect_stopped(Pause& pause) {
  pause.stopped = std::chrono::steady_clock::now();
  for (Mutator* mutator : mutators_) mutator->retire();
  pause.bytes_before = used_bytes();
  const size_t used = small_bytes(), room = used + std::max<size_t>(budget(), used) + options_.large;
  if (options_.poison || left_ == nullptr || left_->capacity() < room) {
    left_ = Space::map(room);
    CHECK(left_ != nullptr);
  } else {
    left_->reset();
  }
  for (MoveListener* listener : listeners_) listener->begin_moving();
  Evacuation evacuation(*space_, filled_, *left_, *large_, listeners_);
  for (RootProvider* provider : providers_) provider->visit_roots(evacuation);
  for (Mutator* mutator : mutators_) {
    for (Handle* h = mutator->handles_; h != nullptr; h = h->next_) evacuation.visit_base(&h->object_);
  }
  for (Watched& w : dead_) evacuation.visit_base(reinterpret_cast<void**>(&w.object));
  evacuation.finish();
  pause.copied = std::chrono::steady_clock::now();
  find_dead(evacuation);
  for (MoveListener* listener : listeners_) listener->end_moving();
  pause.settled = std::chrono::steady_clock::now();
  std::swap(space_, left_);
  filled_.clear();
  large_->sweep();
  if (options_.poison) left_->protect();
  const size_t live = space_->used();
  space_->allow(std::max(budget(), live) + options_.large);
  ++stats_.collections;
  stats_.moved_bytes += live;
  stats_.live_bytes = used_bytes();
  stats_.freed_bytes = stats_.allocated_bytes - std::min<uint64_t>(stats_.allocated_bytes, stats_.live_bytes);
  if (options_.verify) check_heap();
  pause.ended = std::chrono::steady_clock::now();
  pause.bytes_after = stats_.live_bytes;
  pause.limit = options_.limit;
  pause.number = stats_.collections;
  count(pause);
}

void Heap::count(const Pause& pause) {
  const auto ns = static_cast<uint64_t>(pause.world_stood().count());
  stats_.pause_ns_total += ns;
  stats_.pause_ns_longest = std::max(stats_.pause_ns_longest, ns);
  pauses_.add(ns);
}

// Weak words let go before the dead are kept for their last errand, so that nobody gets hold of them again.
void Heap::find_dead(Evacuation& evacuation) {
  evacuation.settle_weak();
  const size_t known = dead_.size();
  std::erase_if(watched_, [&](Watched& w) {
    Object* now = evacuation.address_now(w.object);
    if (now == nullptr) dead_.push_back(w);
    if (now != nullptr) w.object = now;
    return now == nullptr;
  });
  for (size_t i = known; i < dead_.size(); ++i) evacuation.visit_base(reinterpret_cast<void**>(&dead_[i].object));
  dead_count_.store(dead_.size(), std::memory_order_relaxed);
  evacuation.finish();
  evacuation.settle_weak();
}

Object* Heap::base_of(const void* address) const {
  if (space_->contains(address)) return space_->base_of(address);
  for (const auto& space : filled_)
    if (space->contains(address)) return space->base_of(address);
  const LargeObjects::Entry* e = large_->find(address);
  return e != nullptr ? e->object : nullptr;
}

// Every object has a start bit, and no word points into the space that was left.
void Heap::check_heap() {
  const auto check = [&](Object* object) {
    for_each_slot(object, [&](SlotKind kind, std::byte* word) {
      void* p = nullptr;
      std::memcpy(&p, word, sizeof p);
      CHECK(p == nullptr || !left_->contains(p));
      if (kind == SlotKind::Base && space_->contains(p)) CHECK(space_->base_of(p) == p);
    });
  };
  for (Object* object = space_->next_object(space_->begin()); object != nullptr;) {
    CHECK(space_->base_of(object) == object);
    check(object);
    std::byte* end = reinterpret_cast<std::byte*>(object) + size_of(*object->type, object->count);
    object = space_->next_object(end);
    CHECK(object == nullptr || reinterpret_cast<std::byte*>(object) == end);
  }
  for (const auto& e : large_->entries()) check(e.object);
}

}  // namespace stark::gc

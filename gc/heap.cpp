// gc/heap.cpp — the plain moving collector: copies what the roots reach into a fresh space, scans it front to back.
// Room: gc. Essay: gc/README.md, "Copying". In: roots. Out: updated roots, a compact heap.
#include "gc/heap.h"

#include <algorithm>
#include <chrono>

#include "gc/handle.h"
#include "gc/large_objects.h"
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
  Evacuation(const Space& from, Space& to, LargeObjects& large) : from_(from), to_(to), large_(large), scan_(to.begin()) {}

  void visit_base(void** slot) override {
    if (*slot == nullptr) return;
    if (from_.contains(*slot)) {
      *slot = evacuate(static_cast<Object*>(*slot));
    } else {
      reach_large(*slot);
    }
  }
  void visit_interior(void** slot) override {
    if (*slot == nullptr) return;
    if (!from_.contains(*slot)) return reach_large(*slot);
    Object* base = from_.base_of(*slot);
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
    if (from_.contains(object)) return moved_to(object);
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
  Object* evacuate(Object* object) {
    if (Object* to = moved_to(object)) return to;
    const size_t size = Heap::size_of(*object->type, object->count);
    Object* to = to_.take(size);
    CHECK(to != nullptr);  // the new space holds all of the old one
    std::memcpy(static_cast<void*>(to), object, size);
    leave_forward(object, to);
    return to;
  }
  void reach_large(const void* address) {
    LargeObjects::Entry* e = large_.find(address);
    if (e == nullptr || e->is_marked) return;
    e->is_marked = true;
    pending_.push_back(e->object);
  }
  void scan_slots(Object* object) {
    for_each_slot(object, [&](SlotKind kind, std::byte* word) { visit(kind, word); });
  }

  const Space& from_;
  Space& to_;
  LargeObjects& large_;
  std::byte* scan_;  // copies before it are done
  std::vector<Object*> pending_;
  std::vector<void**> weak_;
};

Heap::Heap(const Options& options) : options_(options), large_(std::make_unique<LargeObjects>()) {
  space_ = Space::map(std::min(options.budget, options.limit));
  CHECK(space_ != nullptr);
}
Heap::~Heap() { CHECK(handles_ == nullptr); }

size_t Heap::size_of(const TypeInfo& type, uint64_t count) {
  constexpr uint64_t kMost = uint64_t{1} << 46;
  if (type.element_size != 0 && count > kMost / type.element_size) return 0;
  const uint64_t bytes = sizeof(Object) + type.fixed_size + count * type.element_size;
  return static_cast<size_t>((bytes + kGrain - 1) / kGrain * kGrain);
}

size_t Heap::used_bytes() const { return space_->used() + large_->bytes(); }

bool Heap::fits(size_t size) const { return size <= options_.limit && used_bytes() <= options_.limit - size; }

Object* Heap::allocate(const TypeInfo& type, uint64_t count) {
  const size_t size = size_of(type, count);
  if (size == 0 || size >= options_.large || options_.stress || !fits(size)) [[unlikely]] return allocate_slow(type, count, size);
  Object* object = space_->take(size);
  if (object == nullptr) [[unlikely]] return allocate_slow(type, count, size);
  std::memset(object->payload(), 0, size - sizeof(Object));
  object->type = &type;
  object->count = count;
  ++stats_.allocations;
  stats_.allocated_bytes += size;
  return object;
}

Object* Heap::allocate_slow(const TypeInfo& type, uint64_t count, size_t size) {
  if (size == 0) return nullptr;
  const bool is_large = size >= options_.large;
  const bool over_budget = is_large && large_->bytes_since_sweep() + size > std::max<uint64_t>(options_.budget * 4, stats_.live_bytes);
  if (options_.stress || over_budget || !fits(size)) collect();
  if (!fits(size)) return nullptr;
  Object* object = is_large ? large_->allocate(size) : space_->take(size);
  if (object == nullptr && !is_large) {
    collect();
    object = fits(size) ? space_->take(size) : nullptr;
  }
  if (object == nullptr) return nullptr;
  if (!is_large) std::memset(object->payload(), 0, size - sizeof(Object));
  object->type = &type;
  object->count = count;
  ++stats_.allocations;
  stats_.allocated_bytes += size;
  return object;
}

void Heap::collect() {
  const auto begin = std::chrono::steady_clock::now();
  const size_t room = space_->used() + std::max<size_t>(options_.budget, space_->used()) + options_.large;
  if (options_.poison || left_ == nullptr || left_->capacity() < room) {
    left_ = Space::map(room);
    CHECK(left_ != nullptr);
  } else {
    left_->reset();
  }
  Evacuation evacuation(*space_, *left_, *large_);
  for (RootProvider* provider : providers_) provider->visit_roots(evacuation);
  for (Handle* h = handles_; h != nullptr; h = h->next_) evacuation.visit_base(&h->object_);
  for (Object*& object : dead_) evacuation.visit_base(reinterpret_cast<void**>(&object));
  evacuation.finish();
  find_dead(evacuation);
  std::swap(space_, left_);
  large_->sweep();
  if (options_.poison) left_->protect();
  const size_t live = space_->used();
  space_->allow(std::max(options_.budget, live) + options_.large);
  ++stats_.collections;
  stats_.moved_bytes += live;
  stats_.live_bytes = used_bytes();
  if (options_.verify) check_heap();
  const auto pause = std::chrono::steady_clock::now() - begin;
  const auto ns = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(pause).count());
  stats_.pause_ns_total += ns;
  stats_.pause_ns_longest = std::max(stats_.pause_ns_longest, ns);
}

// Weak words let go before the dead are kept for their last errand, so that nobody gets hold of them again.
void Heap::find_dead(Evacuation& evacuation) {
  evacuation.settle_weak();
  const size_t known = dead_.size();
  std::erase_if(watched_, [&](Object*& object) {
    Object* now = evacuation.address_now(object);
    if (now == nullptr) dead_.push_back(object);
    if (now != nullptr) object = now;
    return now == nullptr;
  });
  for (size_t i = known; i < dead_.size(); ++i) evacuation.visit_base(reinterpret_cast<void**>(&dead_[i]));
  evacuation.finish();
  evacuation.settle_weak();
}

Object* Heap::base_of(const void* address) const {
  if (space_->contains(address)) return space_->base_of(address);
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
  for (std::byte* at = space_->begin(); at < space_->top();) {
    auto* object = reinterpret_cast<Object*>(at);
    CHECK(space_->base_of(at) == object);
    check(object);
    at += size_of(*object->type, object->count);
  }
  for (const auto& e : large_->entries()) check(e.object);
}

}  // namespace stark::gc

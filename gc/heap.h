// gc/heap.h — Heap: finds the live objects from the roots, gives the rest back, and stops the threads for it.
// Room: gc, public face. In: Mutators and root providers. Out: a compact heap; see mutator.h for allocating.
// Law: a collection runs while every mutator rests; it updates every word that a provider shows.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "bytecode-spec/base/check.h"
#include "gc/listener.h"
#include "gc/options.h"
#include "gc/pauses.h"
#include "gc/safepoint.h"
#include "gc/space.h"
#include "gc/stats.h"
#include "gc/visitor.h"

namespace stark::gc {

class LargeObjects;
class Mutator;

class Heap {
 public:
  explicit Heap(const Options& options = {});
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  void add_roots(RootProvider* provider);
  void remove_roots(RootProvider* provider);
  void add_listener(MoveListener* listener);
  void remove_listener(MoveListener* listener);
  void add_listener(PauseListener* listener);
  void remove_listener(PauseListener* listener);
  Pauses pauses() const;  // so far

  // The object that an address lies in, or null when it lies in none. While no other mutator runs.
  Object* base_of(const void* address) const;
  bool contains(const void* address) const { return base_of(address) != nullptr; }
  size_t used_bytes() const;
  const Options& options() const { return options_; }

  // From now on: bytes of objects at most, never more than at the beginning; least bytes allocated between two collections.
  void set_limit(size_t limit);
  void set_budget(size_t budget);
  // Off: the next collection that nobody asks for waits until a gibibyte more has been allocated, or the limit is reached.
  // Takes effect with the collection behind it.
  void set_automatic(bool on);
  Safepoint& safepoint() { return safepoint_; }

  // Bytes of an object with its header, or 0 when it is too large to exist.
  static size_t size_of(const TypeInfo& type, uint64_t count) {
    if (type.element_size != 0 && count > kMost / type.element_size) return 0;
    const uint64_t bytes = sizeof(Object) + type.fixed_size + count * type.element_size;
    return static_cast<size_t>((bytes + kGrain - 1) / kGrain * kGrain);
  }

 private:
  friend class Mutator;
  static constexpr uint64_t kMost = uint64_t{1} << 46;
  struct Watched {
    Object* object;
    const Mutator* owner;  // null: whoever asks
  };

  void collect(bool asked);   // by a running mutator; stops the others, or rests while another collects
  void collect_stopped(Pause& pause);
  void count(const Pause& pause);
  void await_release(const Mutator& mutator);  // by a running one: until nobody holds objects where they are, unless it does so itself
  bool add_space();           // with the lock: for new objects, where those that are there may not move
  size_t budget() const;      // with the lock
  void find_dead(class Evacuation& evacuation);
  void check_heap();
  void forget(const Mutator* mutator);  // with the lock, here and below
  size_t small_bytes() const;
  size_t room() const;        // bytes left under the limit
  bool is_large_due(size_t size) const;  // takes the lock: large objects alone are reason to collect

  Options options_;
  const size_t most_;         // the limit at the beginning
  Stats stats_;
  Safepoint safepoint_;
  mutable std::mutex mutex_;  // of everything below
  std::condition_variable stopped_, resumed_, released_;
  size_t running_ = 0;        // mutators that do not rest
  size_t held_ = 0;           // rests during which no object may move
  bool collecting_ = false;
  bool automatic_ = true;
  std::vector<Mutator*> mutators_;
  std::vector<RootProvider*> providers_;
  std::vector<MoveListener*> listeners_;
  std::vector<PauseListener*> pause_listeners_;
  Pauses pauses_;
  std::vector<Watched> watched_;  // alive so far, by age
  std::vector<Watched> dead_;     // not yet taken; kept
  std::atomic<size_t> dead_count_{0};
  std::unique_ptr<Space> space_;
  std::vector<std::unique_ptr<Space>> filled_;  // spaces before it, since the last collection
  std::unique_ptr<Space> left_;  // the space left behind by the last collection: spare, or poisoned
  std::unique_ptr<LargeObjects> large_;
};

}  // namespace stark::gc

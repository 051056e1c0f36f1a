// gc/heap.h — Heap: allocates objects, finds the live ones from the roots, and gives the rest back.
// Room: gc, public face. In: TypeInfo and root providers. Out: zeroed objects, which move when a collection runs.
// Law: allocate() and collect() may move every object; whoever holds an address across them shows it as a root.
#pragma once

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "bytecode-spec/base/check.h"
#include "gc/options.h"
#include "gc/safepoint.h"
#include "gc/stats.h"
#include "gc/visitor.h"

namespace stark::gc {

class Handle;
class Space;
class LargeObjects;

class Heap {
 public:
  explicit Heap(const Options& options = {});
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  void add_roots(RootProvider* provider) { providers_.push_back(provider); }

  // A new object with `count` elements, its payload zero. Null when it does not fit under the limit after collecting.
  Object* allocate(const TypeInfo& type, uint64_t count);
  void collect();
  // From now on the object is handed out once by take_dead() when nothing reaches it any more; whoever takes it shows it as a root.
  void watch(Object* object) { watched_.push_back(object); }
  bool has_dead() const { return !dead_.empty(); }
  std::vector<Object*> take_dead() { return std::exchange(dead_, {}); }

  // The object that an address lies in, or null when it lies in none.
  Object* base_of(const void* address) const;
  bool contains(const void* address) const { return base_of(address) != nullptr; }
  size_t used_bytes() const;
  const Options& options() const { return options_; }
  const Stats& stats() const { return stats_; }
  Safepoint& safepoint() { return safepoint_; }

  // Bytes of an object with its header, or 0 when it is too large to exist.
  static size_t size_of(const TypeInfo& type, uint64_t count);

 private:
  friend class Handle;
  Object* allocate_slow(const TypeInfo& type, uint64_t count, size_t size);
  bool fits(size_t size) const;
  void find_dead(class Evacuation& evacuation);
  void check_heap();

  Options options_;
  Stats stats_;
  Safepoint safepoint_;
  std::vector<RootProvider*> providers_;
  Handle* handles_ = nullptr;
  std::vector<Object*> watched_;  // alive so far, by age
  std::vector<Object*> dead_;     // not yet taken; kept
  std::unique_ptr<Space> space_;
  std::unique_ptr<Space> left_;  // the space left behind by the last collection: spare, or poisoned
  std::unique_ptr<LargeObjects> large_;
};

}  // namespace stark::gc

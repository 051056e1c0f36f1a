// tests/gc/weak_test.cpp — weak words and watched objects: cleared and handed out once, small and large ones alike.
// Room: tests/gc. In: a heap. Out: doctest verdict.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include <doctest/doctest.h>

#include "gc/handle.h"
#include "gc/heap.h"

namespace {

using namespace stark::gc;

// A base word, a weak word, and bytes that make it as large as is wanted.
const TypeInfo kPair{"pair", 16, 1, {{0, SlotKind::Base}, {8, SlotKind::Weak}}};

Object*& strong_of(Object* o) { return reinterpret_cast<Object**>(o->payload())[0]; }
Object*& weak_of(Object* o) { return reinterpret_cast<Object**>(o->payload())[1]; }

struct WeakRoot final : RootProvider {
  void* word = nullptr;
  std::vector<Object*> taken;
  void visit_roots(Visitor& v) override {
    v.visit_weak(&word);
    for (Object*& o : taken) v.visit_base(reinterpret_cast<void**>(&o));
  }
};

constexpr uint64_t kSmall = 0, kLarge = 100 << 10;

}  // namespace

DOCTEST_TEST_CASE("a weak word follows its object while something else keeps it, and is null afterwards") {
  for (const uint64_t bytes : {kSmall, kLarge}) {
    DOCTEST_CAPTURE(bytes);
    Options options;
    options.verify = options.poison = true;
    Heap heap(options);
    Mutator mutator(heap);
    WeakRoot root;
    heap.add_roots(&root);
    Handle holder(mutator, mutator.allocate(kPair, 0));
    Handle object(mutator, mutator.allocate(kPair, bytes));
    root.word = weak_of(holder.get()) = object.get();
    mutator.collect();
    DOCTEST_CHECK(root.word == object.get());
    DOCTEST_CHECK(weak_of(holder.get()) == object.get());
    object.set(nullptr);
    mutator.collect();
    DOCTEST_CHECK(root.word == nullptr);
    DOCTEST_CHECK(weak_of(holder.get()) == nullptr);
  }
}

DOCTEST_TEST_CASE("a watched object is handed out once when nothing reaches it, with what it refers to") {
  for (const uint64_t bytes : {kSmall, kLarge}) {
    DOCTEST_CAPTURE(bytes);
    Options options;
    options.verify = options.poison = true;
    Heap heap(options);
    Mutator mutator(heap);
    WeakRoot root;
    heap.add_roots(&root);
    {
      Handle neighbour(mutator, mutator.allocate(kPair, 7));
      Handle object(mutator, mutator.allocate(kPair, bytes));
      strong_of(object.get()) = neighbour.get();
      weak_of(neighbour.get()) = object.get();
      root.word = object.get();
      mutator.watch(object.get(), false);
      mutator.collect();
      DOCTEST_CHECK(!mutator.has_dead());
    }
    mutator.collect();
    DOCTEST_CHECK(mutator.has_dead());
    DOCTEST_CHECK(root.word == nullptr);
    mutator.collect();  // kept until somebody takes it
    root.taken = mutator.take_dead();
    DOCTEST_REQUIRE(root.taken.size() == 1);
    mutator.collect();
    DOCTEST_CHECK(root.taken[0]->count == bytes);
    DOCTEST_CHECK(strong_of(root.taken[0])->count == 7);
    DOCTEST_CHECK(!mutator.has_dead());
    root.taken.clear();
    mutator.collect();
    DOCTEST_CHECK(heap.used_bytes() == 0);
  }
}

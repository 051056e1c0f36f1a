// tests/gc/threads_test.cpp — several mutators at once: chunks do not overlap, collections stop everybody, resting counts.
// Room: tests/gc. In: a heap, threads. Out: doctest verdict.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "gc/handle.h"
#include "gc/heap.h"

namespace {

using namespace stark::gc;

// A link and a number.
const TypeInfo kLink{"link", 16, 0, {{0, SlotKind::Base}}};

void*& next_of(Object* o) { return reinterpret_cast<void**>(o->payload())[0]; }
uint64_t& number_of(Object* o) { return reinterpret_cast<uint64_t*>(o->payload())[1]; }

// Builds lists of 100 numbers, and lets go of all but the last.
bool build_lists(Heap& heap, uint64_t salt, int rounds) {
  Mutator mutator(heap);
  Handle list(mutator);
  for (int r = 0; r < rounds; ++r) {
    list.set(nullptr);
    for (uint64_t i = 0; i < 100; ++i) {
      Object* link = mutator.allocate(kLink, 0);
      if (link == nullptr) return false;
      next_of(link) = list.get();
      number_of(link) = salt + i;
      list.set(link);
    }
    uint64_t expected = salt + 100;
    for (Object* o = list.get(); o != nullptr; o = static_cast<Object*>(next_of(o))) {
      if (number_of(o) != --expected) return false;
    }
    if (expected != salt) return false;
  }
  return true;
}

}  // namespace

DOCTEST_TEST_CASE("threads that allocate see their own objects and nobody else's, whoever collects") {
  Options options;
  options.budget = 256 << 10;
  options.verify = true;
  Heap heap(options);
  std::array<bool, 4> good{};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < good.size(); ++t) threads.emplace_back([&, t] { good[t] = build_lists(heap, t * 1'000'000, 400); });
  for (std::thread& t : threads) t.join();
  for (const bool one : good) DOCTEST_CHECK(one);
  Mutator mutator(heap);
  DOCTEST_CHECK(mutator.stats().collections > 10);
  DOCTEST_CHECK(mutator.stats().allocations == 4 * 400 * 100);
}

DOCTEST_TEST_CASE("a collection waits for polls, and goes on without who rests") {
  Heap heap;
  Mutator here(heap);
  std::atomic<bool> done{false};
  std::thread polling([&] {
    Mutator mutator(heap);
    Handle kept(mutator, mutator.allocate(kLink, 0));
    number_of(kept.get()) = 5;
    while (!done.load()) mutator.poll();
    DOCTEST_CHECK(number_of(kept.get()) == 5);
  });
  Mutator resting(heap, Mutator::State::Resting);
  Handle held(here, here.allocate(kLink, 0));
  number_of(held.get()) = 9;
  for (int i = 0; i < 100; ++i) here.collect();
  resting.wake();
  here.rest();
  resting.collect();
  here.wake();
  resting.rest();
  done = true;
  here.rest();
  polling.join();
  here.wake();
  resting.wake();
  DOCTEST_CHECK(number_of(held.get()) == 9);
}

DOCTEST_TEST_CASE("what is bound to a thread is handed to it alone, and to nobody once it is gone") {
  Heap heap;
  Mutator here(heap);
  {
    Mutator there(heap, Mutator::State::Resting);
    there.wake();
    there.watch(there.allocate(kLink, 0), true);
    there.watch(there.allocate(kLink, 0), false);
    there.watch(there.allocate(kLink, 0), true);
    there.rest();
    here.collect();
    DOCTEST_CHECK(here.take_dead().size() == 1);
    there.wake();
    DOCTEST_CHECK(there.take_dead().size() == 2);
    there.watch(there.allocate(kLink, 0), true);
  }
  here.collect();
  DOCTEST_CHECK(!here.has_dead());
}

DOCTEST_TEST_CASE("while somebody holds, nothing moves and others go on; then all is collected") {
  Options options;
  options.budget = 256 << 10;
  options.verify = options.poison = true;
  Heap heap(options);
  Mutator mutator(heap);
  Handle kept(mutator);
  kept.set(mutator.allocate(kLink, 0));
  number_of(kept.get()) = 42;
  const Object* const before = kept.get();
  mutator.rest(Mutator::Rest::Holding);
  bool good = false;
  std::thread([&] { good = build_lists(heap, 7, 400); }).join();
  mutator.wake(Mutator::Rest::Holding);
  DOCTEST_CHECK(good);
  DOCTEST_CHECK(kept.get() == before);
  DOCTEST_CHECK(mutator.stats().collections == 0);
  DOCTEST_CHECK(heap.used_bytes() > 400 * 100 * 32);
  mutator.collect();
  DOCTEST_CHECK(kept.get() != before);
  DOCTEST_CHECK(number_of(kept.get()) == 42);
  DOCTEST_CHECK(heap.used_bytes() < 1024);
}

DOCTEST_TEST_CASE("at the limit the others wait for whoever holds, and whoever holds itself is told that there is no room") {
  Options options;
  options.budget = options.limit = 256 << 10;
  Heap heap(options);
  Mutator mutator(heap);
  mutator.rest(Mutator::Rest::Holding);
  bool good = false;
  std::atomic<bool> begun = false;
  std::thread other([&] {
    begun = true;
    good = build_lists(heap, 7, 400);
  });
  while (!begun) std::this_thread::yield();
  mutator.wake();  // called back: it runs, and still holds
  size_t made = 0;
  while (mutator.allocate(kLink, 0) != nullptr) ++made;
  DOCTEST_CHECK(made <= (256 << 10) / 32);
  mutator.rest();
  mutator.wake(Mutator::Rest::Holding);
  mutator.rest();
  other.join();
  mutator.wake();
  DOCTEST_CHECK(good);
}

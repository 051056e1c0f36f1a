// tests/gc/graph_test.cpp — random object graphs: the heap agrees with std containers after every kind of collection.
// Room: tests/gc. In: a seed (STARK_SEED, else fixed), printed. Out: doctest verdict.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "gc/handle.h"
#include "gc/heap.h"

namespace {

using namespace stark::gc;

// Fixed part: id, an interior reference. Elements: one base pointer and one plain word each.
const TypeInfo kNode{"node", 16, 16, {{8, SlotKind::Interior}}, {{0, SlotKind::Base}}};

struct Element {
  Object* to;
  uint64_t salt;
};
uint64_t& id_of(Object* o) { return *reinterpret_cast<uint64_t*>(o->payload()); }
std::byte*& inside_of(Object* o) { return *reinterpret_cast<std::byte**>(o->payload() + 8); }
Element& element_of(Object* o, uint64_t i) { return *reinterpret_cast<Element*>(o->payload() + 16 + i * sizeof(Element)); }

struct ModelNode {
  std::vector<std::pair<uint64_t, uint64_t>> elements;  // id or 0, salt
  uint64_t inside = 0;                                  // id of the object its reference points into, or 0
  uint64_t inside_offset = 0;
};

struct Roots final : RootProvider {
  std::vector<void*> words;
  std::byte* outside = nullptr;  // an address that is nobody's
  void visit_roots(Visitor& v) override {
    for (void*& w : words) v.visit_base(&w);
    v.visit_interior(reinterpret_cast<void**>(&outside));
  }
};

struct World {
  explicit World(uint64_t seed, const Options& options, size_t roots) : random(seed), heap(options) {
    provider.words.assign(roots, nullptr);
    provider.outside = reinterpret_cast<std::byte*>(&provider);
    heap.add_roots(&provider);
  }
  uint64_t below(uint64_t n) { return random() % n; }
  Object*& root(size_t i) { return reinterpret_cast<Object*&>(provider.words[i]); }

  void grow(uint64_t elements) {
    Object* o = mutator.allocate(kNode, elements);
    DOCTEST_REQUIRE(o != nullptr);
    id_of(o) = ++last_id;
    ModelNode& node = model[last_id];
    for (uint64_t i = 0; i < elements; ++i) {
      Object* to = root(below(provider.words.size()));
      element_of(o, i) = {to, random()};
      node.elements.emplace_back(to ? id_of(to) : 0, element_of(o, i).salt);
    }
    if (Object* to = root(below(provider.words.size())); to != nullptr && to->count > 0) {
      node.inside_offset = 16 + 16 + below(to->count * 16);
      node.inside = id_of(to);
      inside_of(o) = reinterpret_cast<std::byte*>(to) + node.inside_offset;
    }
    root(below(provider.words.size())) = o;
  }
  void rewire() {
    Object* o = root(below(provider.words.size()));
    if (o == nullptr || o->count == 0) return;
    const uint64_t i = below(o->count);
    Object* to = root(below(provider.words.size()));
    element_of(o, i).to = to;
    model[id_of(o)].elements[i].first = to ? id_of(to) : 0;
  }
  size_t compare() {
    std::set<uint64_t> seen;
    std::vector<Object*> work;
    const auto reach = [&](Object* o) {
      if (o != nullptr && seen.insert(id_of(o)).second) work.push_back(o);
    };
    for (size_t i = 0; i < provider.words.size(); ++i) reach(root(i));
    while (!work.empty()) {
      Object* o = work.back();
      work.pop_back();
      const ModelNode& node = model.at(id_of(o));
      DOCTEST_REQUIRE(o->count == node.elements.size());
      for (uint64_t i = 0; i < o->count; ++i) {
        const Element e = element_of(o, i);
        DOCTEST_REQUIRE(e.salt == node.elements[i].second);
        DOCTEST_REQUIRE((e.to ? id_of(e.to) : 0) == node.elements[i].first);
        reach(e.to);
      }
      if (node.inside == 0) continue;
      Object* base = heap.base_of(inside_of(o));
      DOCTEST_REQUIRE(base != nullptr);
      DOCTEST_REQUIRE(id_of(base) == node.inside);
      DOCTEST_REQUIRE(inside_of(o) == reinterpret_cast<std::byte*>(base) + node.inside_offset);
      reach(base);
    }
    DOCTEST_REQUIRE(provider.outside == reinterpret_cast<std::byte*>(&provider));
    return seen.size();
  }

  std::mt19937_64 random;
  Heap heap;
  Mutator mutator{heap};
  Roots provider;
  std::map<uint64_t, ModelNode> model;
  uint64_t last_id = 0;
};

uint64_t seed() {
  const char* text = std::getenv("STARK_SEED");
  const uint64_t value = text != nullptr ? std::strtoull(text, nullptr, 10) : 20240229;
  std::printf("seed %llu\n", static_cast<unsigned long long>(value));
  return value;
}

}  // namespace

DOCTEST_TEST_CASE("objects keep their shape when every allocation collects") {
  Options options;
  options.stress = options.poison = options.verify = true;
  options.large = 512;
  World w(seed(), options, 24);
  for (int step = 0; step < 3000; ++step) {
    w.grow(w.below(8) == 0 ? w.below(60) : w.below(5));
    w.rewire();
    if (step % 100 == 0) w.compare();
  }
  DOCTEST_CHECK(w.compare() > 0);
  DOCTEST_CHECK(w.mutator.stats().collections >= 3000);
}

DOCTEST_TEST_CASE("a small budget collects often, the heap stays small") {
  Options options;
  options.budget = 64 << 10;
  options.verify = true;
  World w(seed() + 1, options, 16);
  for (int step = 0; step < 100000; ++step) {
    w.grow(w.below(4));
    if (w.below(3) == 0) w.rewire();
    if (w.below(4) == 0) w.root(w.below(16)) = nullptr;
    if (step % 10000 == 0) w.compare();
  }
  w.compare();
  DOCTEST_CHECK(w.mutator.stats().collections > 10);
}

DOCTEST_TEST_CASE("past the limit allocation gives null, and goes on when something died") {
  Options options;
  options.limit = 1 << 20;
  Heap heap(options);
  Mutator mutator(heap);
  const TypeInfo bytes{"bytes", 0, 1};
  {
    Handle first(mutator, mutator.allocate(bytes, 400 << 10));
    Handle second(mutator, mutator.allocate(bytes, 400 << 10));
    DOCTEST_CHECK(first.get() != nullptr);
    DOCTEST_CHECK(second.get() != nullptr);
    DOCTEST_CHECK(mutator.allocate(bytes, 400 << 10) == nullptr);
    DOCTEST_CHECK(mutator.allocate(bytes, ~uint64_t{0} >> 1) == nullptr);
    second.set(nullptr);
    DOCTEST_CHECK(mutator.allocate(bytes, 400 << 10) != nullptr);
  }
  int made = 0;
  for (int i = 0; i < 200000; ++i) made += mutator.allocate(bytes, 100) != nullptr;
  DOCTEST_CHECK(made == 200000);
}

DOCTEST_TEST_CASE("a handle follows its object") {
  Heap heap;
  Mutator mutator(heap);
  const TypeInfo word{"word", 8, 0};
  Handle h(mutator, mutator.allocate(word, 0));
  const Object* before = h.get();
  id_of(h.get()) = 77;
  mutator.collect();
  DOCTEST_CHECK(h.get() != before);
  DOCTEST_CHECK(id_of(h.get()) == 77);
}

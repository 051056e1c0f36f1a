// compiler/borrow/joins.cpp — where paths meet: what is still known there, and the fixpoint over a function's blocks.
// Room: borrow. Essay: compiler/borrow/README.md, "Drops". In: Body. Out: State before each block.
#include <algorithm>

#include "compiler/borrow/flow.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {

using mir::ProjectionKind;

namespace {

// Parts that are moved on one way or the other, the outermost of each. Nothing where it depends on a variant whether a part is there at all.
std::optional<std::vector<Place>> united(const std::vector<Place>& a, const std::vector<Place>& b) {
  std::vector<Place> all;
  const auto add = [&](const std::vector<Place>& from, const std::vector<Place>& other) {
    for (const Place& place : from) {
      const bool shared = std::ranges::find(other, place) != other.end();
      const bool varies = std::ranges::any_of(place.steps, [](const auto& s) { return s.kind == ProjectionKind::Variant; });
      if (!shared && varies) return false;
      const bool covered = std::ranges::any_of(all, [&](const Place& one) { return is_within(place, one); });
      if (covered) continue;
      std::erase_if(all, [&](const Place& one) { return is_within(one, place); });
      all.push_back(place);
    }
    return true;
  };
  if (!add(a, b) || !add(b, a)) return std::nullopt;
  return all;
}

}  // namespace

bool Flow::join(State& into, const State& from, const Body&) {
  if (!into.reached) {
    into = from;
    return true;
  }
  const State before = into;
  for (uint32_t l = 0; l < into.held.size(); ++l) {
    const Held a = into.held[l], b = from.held[l];
    into.assigned[l] = into.assigned[l] || from.assigned[l];
    if (a == b && (a != Held::Partly || into.moved.at(l) == from.moved.at(l))) continue;
    const bool there = (a == Held::Whole || a == Held::Partly) && (b == Held::Whole || b == Held::Partly);
    if (there) {
      const auto parts_of = [&](const State& state) { return state.held[l] == Held::Partly ? state.moved.at(l) : std::vector<Place>(); };
      if (auto parts = united(parts_of(into), parts_of(from))) {
        into.held[l] = Held::Partly;
        into.moved[l] = std::move(*parts);
        continue;
      }
    }
    const bool any_whole = a == Held::Whole || b == Held::Whole || a == Held::Maybe || b == Held::Maybe;
    into.held[l] = any_whole ? Held::Maybe : Held::Gone;
    into.moved.erase(l);
  }
  for (const auto& [region, loans] : from.regions) merge(into.regions[region], loans);
  for (const auto& [local, loan] : from.dangling) into.dangling.try_emplace(local, loan);
  return !(into == before);
}

std::vector<State> Flow::solve() {
  std::vector<State> before(b_.function.blocks.size());
  before[0] = entry();
  std::set<size_t> work{0};  // in order of blocks, which is reverse post-order
  Reporter* reporter = std::exchange(reporter_, nullptr);
  while (!work.empty()) {
    const size_t block = *work.begin();
    work.erase(work.begin());
    State state = before[block];
    const auto& code = b_.function.blocks[block].code;
    for (size_t i = 0; i < code.size(); ++i) step(state, code[i], std::span(code).subspan(i + 1));
    for (mir::BlockId next : mir::successors(b_.function.blocks[block])) {
      if (join(before[next.index()], state, b_)) work.insert(next.index());
    }
  }
  reporter_ = reporter;
  return before;
}

}  // namespace stark::borrow

// vm/verify/edges.cpp — proof 5d: every jump arrives with what its target declares; each edge is checked alone.
// Room: vm/verify. Essay: vm/verify/README.md, "Edges". In: words of Module::states. Out: State, or V30, V33.
// Form of a state: bytecode-spec/state.h.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "bytecode-spec/state.h"
#include "vm/verify/body.h"

namespace stark::vm {
namespace {

// Reads words one after the other; past the end it gives zero and remembers.
class Words {
 public:
  explicit Words(std::span<const uint32_t> words) : words_(words) {}
  uint32_t next() {
    if (at_ < words_.size()) return words_[at_++];
    ended_ = true;
    return 0;
  }
  bool ended() const { return ended_; }
  size_t left() const { return words_.size() - at_; }

 private:
  std::span<const uint32_t> words_;
  size_t at_ = 0;
  bool ended_ = false;
};

std::unexpected<Error> malformed(const Body& b, uint32_t block) {
  return refuse_at(b, Refusal::BlockStructure, fmt::format("the declared state of block {} is not well formed", block));
}

bool is_ascending_set(const LoanSet& set, uint64_t limit) {
  return std::ranges::adjacent_find(set, std::greater_equal{}) == set.end() && (set.empty() || set.back() < limit);
}

Result<LoanSet> read_set(const Body& b, Words& words, uint32_t block, uint64_t limit) {
  const uint32_t count = words.next();
  if (count > words.left()) return malformed(b, block);
  LoanSet set(count);
  for (uint32_t& item : set) item = words.next();
  if (!is_ascending_set(set, limit)) return malformed(b, block);
  return set;
}

Result<void> read_whole(const Body& b, Words& words, uint32_t block, uint32_t count, State& state) {
  if (count > words.left() || count > (b.registers.size() + 31) / 32) return malformed(b, block);
  uint32_t last = 1;
  for (uint32_t i = 0; i < count; ++i) {
    last = words.next();
    for (uint32_t bits = last; bits != 0; bits &= bits - 1) {
      const uint64_t r = uint64_t{i} * 32 + static_cast<uint32_t>(std::countr_zero(bits));
      if (r >= b.registers.size()) return malformed(b, block);
      state.held[r] = Held::Whole;
    }
  }
  return last != 0 ? Result<void>{} : malformed(b, block);
}

Result<void> read_maybe(const Body& b, Words& words, uint32_t block, State& state) {
  auto maybe = read_set(b, words, block, b.registers.size());
  if (!maybe) return std::unexpected(maybe.error());
  if (maybe->empty()) return malformed(b, block);
  for (uint32_t r : *maybe) {
    if (state.held[r] != Held::Gone || (b.registers[r].flags & spec::kDropFlag) == 0) return malformed(b, block);
    state.held[r] = Held::Maybe;
  }
  return {};
}

Result<void> read_partly(const Body& b, Words& words, uint32_t block, State& state) {
  const uint32_t count = words.next();
  if (count == 0) return malformed(b, block);
  for (uint32_t i = 0; i < count && !words.ended(); ++i) {
    const uint32_t r = words.next();
    auto places = read_set(b, words, block, b.places.size());
    if (!places) return std::unexpected(places.error());
    if (r >= b.registers.size() || state.held[r] != Held::Gone || places->empty()) return malformed(b, block);
    for (uint32_t p : *places) {
      if (b.is_register(p) || b.place(p).base != r) return malformed(b, block);
    }
    state.held[r] = Held::Partly;
    state.moved[r] = std::move(*places);
  }
  return {};
}

Result<void> read_regions(const Body& b, Words& words, uint32_t block, State& state) {
  const uint32_t count = words.next();
  if (count == 0) return malformed(b, block);
  uint32_t before = 0;
  for (uint32_t i = 0; i < count && !words.ended(); ++i) {
    const uint32_t region = words.next();
    auto loans = read_set(b, words, block, b.loans.size() + b.fixed_regions);
    if (!loans) return std::unexpected(loans.error());
    if (region >= b.region_count || region <= before || loans->empty()) return malformed(b, block);
    state.regions[region] = std::move(*loans);
    before = region;
  }
  return {};
}

// Whether the regions of a register matter in this state.
bool names_regions(Held held) { return held != Held::Unset && held != Held::Gone; }

std::string register_name(uint32_t r) { return fmt::format("r{}", r); }

bool is_within(const PlaceInfo& inner, const PlaceInfo& outer) {
  return inner.steps.size() >= outer.steps.size() && std::equal(outer.steps.begin(), outer.steps.end(), inner.steps.begin(), [](const Step& x, const Step& y) {
    return x.kind == y.kind && x.argument == y.argument;
  });
}

// Whether each variant on the way to a place is known to be the one: something was moved out of it, or nothing but it could have to be
// dropped. A claim that looks at nothing may not say which variant it is, since all others would then be forgotten.
bool knows_variants(const Body& b, uint32_t r, const PlaceInfo& place) {
  TypedPlace at = b.type_of(r);
  uint32_t variant = spec::kNone;
  for (size_t i = 0; i < place.steps.size(); ++i) {
    if (place.steps[i].kind == ProjectionKind::Variant && b.facts(at.type).needs_drop) {
      const bool known = std::ranges::any_of(b.state.moved[r], [&](uint32_t m) {
        const auto& moved = b.place(m).steps;
        const size_t n = std::min(moved.size(), i + 1);
        return std::equal(moved.begin(), moved.begin() + static_cast<ptrdiff_t>(n), place.steps.begin(), [](const Step& x, const Step& y) {
          return x.kind == y.kind && x.argument == y.argument;
        });
      });
      if (!known) return false;
    }
    auto next = step_into(b.m, b.types, at, place.steps[i], &variant);
    if (!next) return false;
    at = std::move(*next);
  }
  return true;
}

// More may be declared to be moved than is, if what is left of it needs no drop; what is moved lies within what is declared.
Result<void> check_parts(const Body& b, const State& declared, uint32_t r) {
  const Held now = b.state.held[r];
  const auto differs = [&] { return refuse_at(b, Refusal::EdgeState, register_name(r) + " is declared to be moved in other parts"); };
  if (now != Held::Whole && now != Held::Partly) return differs();
  for (uint32_t moved : b.state.moved[r]) {
    const bool covered = std::ranges::any_of(declared.moved[r], [&](uint32_t d) { return is_within(b.place(moved), b.place(d)); });
    if (!covered) return differs();
  }
  for (uint32_t d : declared.moved[r]) {
    if (!can_be_taken(b, d)) return differs();
    if (!is_spent_at(b, d) || !knows_variants(b, r, b.place(d))) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, d) + " must be dropped and is lost at a jump");
  }
  return {};
}

Result<void> check_register(const Body& b, const State& declared, uint32_t r) {
  const Held now = b.state.held[r], then = declared.held[r];
  const bool drops = b.facts(b.registers[r].type.type).needs_drop;
  switch (then) {
    case Held::Whole:
      if (now != Held::Whole) return refuse_at(b, Refusal::EdgeState, register_name(r) + " is declared available where it is not");
      return {};
    case Held::Maybe:
      if (now == Held::Partly) return refuse_at(b, Refusal::EdgeState, register_name(r) + " is partly moved where it may be dropped whole");
      return {};
    case Held::Partly: return check_parts(b, declared, r);
    case Held::Unset:
    case Held::Gone:
      if (drops && names_regions(now)) return refuse_at(b, Refusal::LeakOrDoubleDrop, register_name(r) + " must be dropped and is lost at a jump");
      return {};
  }
  return {};
}

}  // namespace

Result<State> declared_state(const Body& b, uint32_t block) {
  State state;
  state.held.assign(b.registers.size(), Held::Gone);
  state.moved.resize(b.registers.size());
  state.regions.resize(b.region_count);
  const uint32_t offset = b.blocks[block].state;
  if (offset > b.m.states.size()) return malformed(b, block);
  Words words(std::span(b.m.states).subspan(offset));
  const spec::StateHead head{words.next()};
  STARK_TRY(read_whole(b, words, block, head.mask_words(), state));
  if (head.has(spec::StateHead::kMaybe)) STARK_TRY(read_maybe(b, words, block, state));
  if (head.has(spec::StateHead::kPartly)) STARK_TRY(read_partly(b, words, block, state));
  if (head.has(spec::StateHead::kRegions)) STARK_TRY(read_regions(b, words, block, state));
  if (words.ended()) return malformed(b, block);
  return state;
}

void enter(Body& b, State state) {
  for (uint32_t region = 0; region < b.region_count; ++region) clear_loans(b, region);
  std::ranges::fill(b.region_holders, 0);
  b.state.held.swap(state.held);
  b.state.moved.swap(state.moved);
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    if (!names_regions(b.state.held[r])) continue;
    for (uint32_t region : b.type_of(r).regions) ++b.region_holders[region];
  }
  for (uint32_t region = 0; region < b.region_count; ++region) {
    const bool named = region < b.fixed_regions || b.region_holders[region] > 0;
    if (named && !state.regions[region].empty()) add_loans(b, region, state.regions[region]);
  }
}

Result<void> check_arrival(const Body& b, const State& declared) {
  std::vector<bool> named(b.region_count, false);
  for (uint32_t region = 0; region < b.fixed_regions; ++region) named[region] = true;
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    STARK_TRY(check_register(b, declared, r));
    if (!names_regions(declared.held[r])) continue;
    for (uint32_t region : b.type_of(r).regions) named[region] = true;
  }
  for (uint32_t region = 0; region < b.region_count; ++region) {
    if (named[region] && !std::ranges::includes(declared.regions[region], b.state.regions[region])) {
      return refuse_at(b, Refusal::EdgeState, fmt::format("a jump arrives with loans in region {} that its target does not declare", region));
    }
  }
  return {};
}

}  // namespace stark::vm

// vm/verify/edges.cpp — proof 5d: every jump arrives with what its target declares; each edge is checked alone.
// Room: vm/verify. Essay: vm/verify/README.md, "Edges". In: words of Module::states. Out: what a block expects, or V30, V33.
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
  // The next ones, of which there are so many.
  std::span<const uint32_t> take(size_t count) {
    at_ += count;
    return words_.subspan(at_ - count, count);
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

bool is_ascending_set(Loans set, uint64_t limit) {
  return std::ranges::adjacent_find(set, std::greater_equal{}) == set.end() && (set.empty() || set.back() < limit);
}

// The words of a set, where they lie.
Result<Loans> read_set(const Body& b, Words& words, uint32_t block, uint32_t count, uint64_t limit) {
  if (count > words.left()) return malformed(b, block);
  const Loans set = words.take(count);
  if (set.empty() || !is_ascending_set(set, limit)) return malformed(b, block);
  return set;
}

struct List {
  uint32_t owner = 0;
  Loans items;
};
Result<List> read_list(const Body& b, Words& words, uint32_t block, uint64_t limit) {
  const spec::ListHead head{words.next()};
  const uint32_t count = head.is_long() ? words.next() : head.count();
  if (head.is_long() && count <= spec::ListHead::kMostInHead) return malformed(b, block);  // nothing has two forms
  auto items = read_set(b, words, block, count, limit);
  if (!items) return std::unexpected(items.error());
  return List{head.owner(), *items};
}

Result<std::span<const uint32_t>> read_whole(const Body& b, Words& words, uint32_t block, uint32_t count) {
  if (count > words.left() || count > register_words(b.registers.size())) return malformed(b, block);
  const std::span<const uint32_t> whole = words.take(count);
  if (count == 0) return whole;
  const uint64_t most = uint64_t{count} * 32 - static_cast<uint32_t>(std::countl_zero(whole.back()));
  if (whole.back() == 0 || most > b.registers.size()) return malformed(b, block);
  return whole;
}

Result<void> read_maybe(Body& b, Words& words, uint32_t block, Expected& state) {
  const uint32_t count = words.next();
  auto maybe = read_set(b, words, block, count, b.registers.size());
  if (!maybe) return std::unexpected(maybe.error());
  for (uint32_t r : *maybe) {
    if (spec::has_bit(state.whole, r) || (b.registers[r].flags & spec::kDropFlag) == 0) return malformed(b, block);
  }
  state.maybe = *maybe;
  return {};
}

Result<void> read_partly(Body& b, Words& words, uint32_t block, Expected& state) {
  const uint32_t count = words.next();
  if (count == 0) return malformed(b, block);
  uint64_t behind = 0;  // registers ascend
  for (uint32_t i = 0; i < count && !words.ended(); ++i) {
    const auto places = read_list(b, words, block, b.places.size());
    if (!places) return std::unexpected(places.error());
    const uint32_t r = places->owner;
    if (r < behind || r >= b.registers.size() || spec::has_bit(state.whole, r) || state.is_maybe(r)) return malformed(b, block);
    behind = uint64_t{r} + 1;
    for (uint32_t p : places->items) {
      if (b.is_register(p) || b.place(p).base != r) return malformed(b, block);
      b.declared_moved.push_back({r, p});
    }
  }
  state.moved = b.declared_moved;
  return {};
}

Result<void> read_regions(Body& b, Words& words, uint32_t block, Expected& state) {
  const uint32_t count = words.next();
  if (count == 0) return malformed(b, block);
  uint32_t before = 0;
  for (uint32_t i = 0; i < count && !words.ended(); ++i) {
    const auto loans = read_list(b, words, block, b.loans.size() + b.fixed_regions);
    if (!loans) return std::unexpected(loans.error());
    if (loans->owner >= b.region_count || loans->owner <= before) return malformed(b, block);
    b.declared_regions.push_back({loans->owner, loans->items});
    before = loans->owner;
  }
  state.regions = b.declared_regions;
  return {};
}

std::string register_name(uint32_t r) { return fmt::format("r{}", r); }

bool is_within(const PlaceInfo& inner, const PlaceInfo& outer) {
  return inner.steps.size() >= outer.steps.size() && std::equal(outer.steps.begin(), outer.steps.end(), inner.steps.begin());
}

// Whether each variant on the way to a place is known to be the one: something was moved out of it, or nothing but it could have to be
// dropped. A claim that looks at nothing may not say which variant it is, since all others would then be forgotten.
bool knows_variants(const Body& b, uint32_t r, const PlaceInfo& place) {
  uint32_t at = b.type_of(r).type;
  uint32_t variant = spec::kNone;
  for (size_t i = 0; i < place.steps.size(); ++i) {
    if (place.steps[i].kind == ProjectionKind::Variant && b.facts(at).needs_drop) {
      const bool known = std::ranges::any_of(moved_of(b.state.moved, r), [&](const Moved& m) {
        const Steps& moved = b.place(m.place).steps;
        return std::equal(moved.begin(), moved.begin() + std::min(moved.size(), i + 1), place.steps.begin());
      });
      if (!known) return false;
    }
    const auto next = type_behind(b.m, b.types, at, place.steps[i], &variant);
    if (!next) return false;
    at = *next;
  }
  return true;
}

// More may be declared to be moved than is, if what is left of it needs no drop; what is moved lies within what is declared.
Result<void> check_parts(Body& b, std::span<const Moved> declared, uint32_t r) {
  const Held now = b.state.held(r);
  const auto differs = [&] { return refuse_at(b, Refusal::EdgeState, register_name(r) + " is declared to be moved in other parts"); };
  if (now != Held::Whole && now != Held::Partly) return differs();
  const auto moved = moved_of(b.state.moved, r);
  b.spend((1 + moved.size()) * declared.size());
  for (const Moved& one : moved) {
    const bool covered = std::ranges::any_of(declared, [&](const Moved& d) { return is_within(b.place(one.place), b.place(d.place)); });
    if (!covered) return differs();
  }
  for (const Moved& d : declared) {
    if (!can_be_taken(b, d.place)) return differs();
    if (!is_spent_at(b, d.place) || !knows_variants(b, r, b.place(d.place))) {
      return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, d.place) + " must be dropped and is lost at a jump");
    }
  }
  return {};
}

// What is declared whole must be; what must be dropped may not get lost. All registers of a word at once.
Result<void> check_registers(Body& b, const Expected& declared) {
  const State& s = b.state;
  for (size_t i = 0; i < s.whole.size(); ++i) {
    const uint32_t whole = Expected::word(declared.whole, i);
    uint32_t wrong = (whole & ~s.whole[i]) | (s.available[i] & ~whole & b.droppers[i]);
    for (; wrong != 0; wrong &= wrong - 1) {
      const auto r = static_cast<uint32_t>(i * 32) + static_cast<uint32_t>(std::countr_zero(wrong));
      if (spec::has_bit(declared.whole, r)) return refuse_at(b, Refusal::EdgeState, register_name(r) + " is declared available where it is not");
      if (!declared.is_maybe(r) && !declared.is_partly(r)) {
        return refuse_at(b, Refusal::LeakOrDoubleDrop, register_name(r) + " must be dropped and is lost at a jump");
      }
    }
  }
  for (uint32_t r : declared.maybe) {
    if (s.held(r) == Held::Partly) return refuse_at(b, Refusal::EdgeState, register_name(r) + " is partly moved where it may be dropped whole");
  }
  for (size_t i = 0; i < declared.moved.size();) {
    const auto of_one = moved_of(declared.moved.subspan(i), declared.moved[i].reg);
    STARK_TRY(check_parts(b, of_one, declared.moved[i].reg));
    i += of_one.size();
  }
  return {};
}

// Whether somebody who is there when the block begins names the region.
bool is_named(Body& b, const Expected& declared, uint32_t region) {
  const auto users = b.users_of(region);
  b.spend(users.size());
  return region < b.fixed_regions || std::ranges::any_of(users, [&](uint32_t r) { return declared.is_available(r); });
}

Result<void> check_regions(Body& b, const Expected& declared) {
  for (size_t i = 0; i < declared.regions.size(); ++i) b.declared_at[declared.regions[i].region] = static_cast<uint32_t>(i) + 1;
  uint32_t wrong = spec::kNone;
  for (uint32_t region : b.state.full) {
    const LoanSet& now = b.state.regions[region];
    const uint32_t at = b.declared_at[region];
    const Loans then = at == 0 ? Loans() : declared.regions[at - 1].loans;
    b.spend(now.size() + then.size());
    if (!std::ranges::includes(then, now) && is_named(b, declared, region)) wrong = std::min(wrong, region);
  }
  for (const auto& one : declared.regions) b.declared_at[one.region] = 0;
  if (wrong == spec::kNone) return {};
  return refuse_at(b, Refusal::EdgeState, fmt::format("a jump arrives with loans in region {} that its target does not declare", wrong));
}

}  // namespace

Result<Expected> declared_state(Body& b, uint32_t block) {
  if (b.declared_block == block) return b.declared;
  const uint32_t offset = b.blocks[block].state;
  if (offset > b.m.states.size()) return malformed(b, block);
  b.declared_block = spec::kNone;
  b.declared_moved.clear();
  b.declared_regions.clear();
  Expected state;
  Words words(std::span(b.m.states).subspan(offset));
  const size_t all = words.left();
  const spec::StateHead head{words.next()};
  auto whole = read_whole(b, words, block, head.mask_words());
  if (!whole) return std::unexpected(whole.error());
  state.whole = *whole;
  if (head.has(spec::StateHead::kMaybe)) STARK_TRY(read_maybe(b, words, block, state));
  if (head.has(spec::StateHead::kPartly)) STARK_TRY(read_partly(b, words, block, state));
  if (head.has(spec::StateHead::kRegions)) STARK_TRY(read_regions(b, words, block, state));
  if (words.ended()) return malformed(b, block);
  b.spend(all - words.left() + kWorkOfRegion * state.regions.size());
  b.declared = state;
  b.declared_block = block;
  return state;
}

Result<void> check_arrival(Body& b, const Expected& declared) {
  b.spend(b.state.whole.size() + kWorkOfRegion * (b.state.full.size() + declared.regions.size()));
  STARK_TRY(check_registers(b, declared));
  return check_regions(b, declared);
}

}  // namespace stark::vm

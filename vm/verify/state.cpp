// vm/verify/state.cpp — the counts behind a state: which registers keep a region alive, which regions keep a loan alive.
// Room: vm/verify. Essay: vm/verify/README.md, "The state". Law: a loan is live exactly while a region that some available
// register names (or a fixed region) holds it.
#include "vm/verify/state.h"

#include <algorithm>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

bool is_loan(const Body& b, uint32_t l) { return l < b.loans.size(); }

void retain(Body& b, uint32_t l) {
  if (!is_loan(b, l)) return;
  const spec::LoanRow& loan = b.loans[l];
  if (b.state.loan_holders[l]++ == 0) b.state.live.add(l, b.place(loan.place()).base, loan.is_mut());
}

void release(Body& b, uint32_t l) {
  if (!is_loan(b, l) || --b.state.loan_holders[l] > 0) return;
  const spec::LoanRow& loan = b.loans[l];
  b.state.live.remove(l, b.place(loan.place()).base, loan.is_mut());
}

// The region holds nothing any more, or something for the first time.
void leave_full(State& s, uint32_t region) {
  const uint32_t at = s.full_at[region];
  s.full[at] = s.full.back();
  s.full_at[s.full[at]] = at;
  s.full.pop_back();
}
void join_full(State& s, uint32_t region) {
  s.full_at[region] = static_cast<uint32_t>(s.full.size());
  s.full.push_back(region);
}

void count_in(Body& b, uint32_t reg) {
  b.spend(b.type_of(reg).regions.size());
  for (uint32_t region : b.type_of(reg).regions) ++b.state.region_holders[region];
}
void count_out(Body& b, uint32_t reg) {
  b.spend(b.type_of(reg).regions.size());
  for (uint32_t region : b.type_of(reg).regions) --b.state.region_holders[region];
}

// What was known of a register beside the bits.
void forget_parts(State& s, uint32_t reg) {
  if (!s.maybe.empty()) {
    const auto at = std::ranges::lower_bound(s.maybe, reg);
    if (at != s.maybe.end() && *at == reg) s.maybe.erase(at);
  }
  if (!s.moved.empty()) std::erase_if(s.moved, [&](const Moved& m) { return m.reg == reg; });
}

// Registers as they are expected; those that come or go are counted in their regions.
void enter_registers(Body& b, const Expected& expected) {
  State& s = b.state;
  const size_t words = s.whole.size();
  b.spend(2 * words + expected.maybe.size() + expected.moved.size());
  Registers& coming = b.coming;
  coming.resize(words);
  for (size_t i = 0; i < words; ++i) coming[i] = Expected::word(expected.whole, i);
  for (uint32_t r : expected.maybe) spec::set_bit(coming, r);
  for (const Moved& one : expected.moved) spec::set_bit(coming, one.reg);
  for (size_t i = 0; i < words; ++i) {
    const uint32_t changed = (s.available[i] ^ coming[i]) & b.borrowers[i];
    for_each_bit(changed & coming[i], i, [&](uint32_t r) { count_in(b, r); });
    for_each_bit(changed & ~coming[i], i, [&](uint32_t r) { count_out(b, r); });
    s.available[i] = coming[i];
    s.whole[i] = Expected::word(expected.whole, i);
    s.unset[i] = Expected::word(expected.unset, i);
  }
  s.maybe.assign(expected.maybe.begin(), expected.maybe.end());
  s.moved.assign(expected.moved.begin(), expected.moved.end());
}

// Regions hold what is expected; most hold it already. Those that nobody names hold nothing.
void enter_regions(Body& b, const Expected& expected) {
  State& s = b.state;
  b.spend(kWorkOfRegion * (s.full.size() + expected.regions.size()));
  const auto is_named = [&](uint32_t region) { return region < b.fixed_regions || s.region_holders[region] > 0; };
  for (size_t i = 0; i < expected.regions.size(); ++i) b.declared_at[expected.regions[i].region] = static_cast<uint32_t>(i) + 1;
  for (size_t i = s.full.size(); i-- > 0;) {
    const uint32_t region = s.full[i];
    uint32_t& at = b.declared_at[region];
    if (at != 0 && is_named(region) && std::ranges::equal(s.regions[region], expected.regions[at - 1].loans)) {
      at = 0;
    } else {
      clear_loans(b, region);
    }
  }
  for (const auto& [region, loans] : expected.regions) {
    if (std::exchange(b.declared_at[region], 0) != 0 && is_named(region)) add_loans(b, region, loans);
  }
}

}  // namespace

std::span<const Moved> moved_of(std::span<const Moved> all, uint32_t reg) {
  if (all.empty()) return all;
  const auto found = std::ranges::equal_range(all, reg, {}, &Moved::reg);
  return {found.begin(), found.end()};
}

void LiveLoans::open(size_t registers, size_t loans) {
  first_.assign(2 * registers, kEnd);
  last_.assign(2 * registers, kEnd);
  links_.assign(loans, {});
}

void LiveLoans::add(uint32_t loan, uint32_t base, bool is_mut) {
  const size_t list = 2 * size_t{base} + (is_mut ? 1 : 0);
  links_[loan] = {last_[list], kEnd};
  (last_[list] == kEnd ? first_[list] : links_[last_[list]].next) = loan;
  last_[list] = loan;
}

void LiveLoans::remove(uint32_t loan, uint32_t base, bool is_mut) {
  const size_t list = 2 * size_t{base} + (is_mut ? 1 : 0);
  const auto [previous, next] = links_[loan];
  (previous == kEnd ? first_[list] : links_[previous].next) = next;
  (next == kEnd ? last_[list] : links_[next].previous) = previous;
}

void State::open(size_t registers, size_t region_count, size_t loans) {
  const size_t words = register_words(registers);
  available.assign(words, 0);
  whole.assign(words, 0);
  unset.assign(words, 0xFFFF'FFFF);
  maybe.clear();
  moved.clear();
  for (uint32_t region : full) regions[region].clear();
  full.clear();
  if (regions.size() < region_count) regions.resize(region_count);
  full_at.resize(region_count);
  region_holders.assign(region_count, 0);
  loan_holders.assign(loans, 0);
  live.open(registers, loans);
  in_flight.clear();
}

Held State::held(uint32_t r) const {
  if (spec::has_bit(whole, r)) return Held::Whole;
  if (!spec::has_bit(available, r)) return spec::has_bit(unset, r) ? Held::Unset : Held::Gone;
  return std::ranges::binary_search(maybe, r) ? Held::Maybe : Held::Partly;
}

void make_available(Body& b, uint32_t reg) {
  State& s = b.state;
  if (spec::has_bit(s.available, reg)) {  // it names its regions already
    if (!spec::has_bit(s.whole, reg)) forget_parts(s, reg);
  } else {
    count_in(b, reg);
    spec::set_bit(s.available, reg);
    clear_bit(s.unset, reg);
  }
  spec::set_bit(s.whole, reg);
}

void make_unavailable(Body& b, uint32_t reg) {
  State& s = b.state;
  clear_bit(s.unset, reg);
  if (!spec::has_bit(s.available, reg)) return;
  if (!spec::has_bit(s.whole, reg)) forget_parts(s, reg);
  clear_bit(s.available, reg);
  clear_bit(s.whole, reg);
  for (uint32_t region : b.type_of(reg).regions) {
    if (--s.region_holders[region] == 0 && region >= b.fixed_regions) clear_loans(b, region);
  }
}

void add_loans(Body& b, uint32_t region, Loans loans) {
  if (loans.empty()) return;
  constexpr size_t kRoomOfEach = 18;  // sets that are kept are what memory goes into
  b.spend(kRoomOfEach * loans.size());
  LoanSet& held = b.state.regions[region];
  if (held.empty()) {
    join_full(b.state, region);
    for (uint32_t l : loans) retain(b, l);
    held.assign(loans);
    return;
  }
  for (uint32_t l : loans) {
    if (!held.contains(l)) retain(b, l);
  }
  held.merge(loans);
}

void clear_loans(Body& b, uint32_t region) {
  LoanSet& held = b.state.regions[region];
  if (held.empty()) return;
  b.spend(held.size());
  for (uint32_t l : held) release(b, l);
  held.clear();
  leave_full(b.state, region);
}

void drop_loan(Body& b, uint32_t loan) {
  State& s = b.state;
  b.spend(s.full.size());
  for (size_t i = s.full.size(); i-- > 0 && s.loan_holders[loan] > 0;) {
    const uint32_t region = s.full[i];
    if (!s.regions[region].erase(loan)) continue;
    release(b, loan);
    if (s.regions[region].empty()) leave_full(s, region);
  }
}

void read_loans(Body& b, uint32_t region, LoanSet& into) {
  b.spend(b.state.regions[region].size());
  into.assign(b.state.regions[region]);
  if (region > 0 && region < b.fixed_regions) into.insert(static_cast<uint32_t>(b.loans.size()) + region);
}

// The parameters are there, and nothing is lent.
void enter_function(Body& b) {
  b.state.open(b.registers.size(), b.region_count, b.loans.size());
  for (uint32_t r = 0; r < b.signature.parameters.count; ++r) make_available(b, r);
}

void enter(Body& b, const Expected& expected) {
  enter_registers(b, expected);
  enter_regions(b, expected);
}

}  // namespace stark::vm

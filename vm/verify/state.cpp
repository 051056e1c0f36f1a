// vm/verify/state.cpp — the counts behind a state: which registers keep a region alive, which regions keep a loan alive.
// Room: vm/verify. Essay: vm/verify/README.md, "The state". Law: a loan is live exactly while a region that some available
// register names (or a fixed region) holds it.
#include <algorithm>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

bool is_loan(const Body& b, uint32_t l) { return l < b.loans.size(); }

void retain(Body& b, uint32_t l) {
  if (!is_loan(b, l)) return;
  if (b.loan_holders[l]++ == 0) b.live_by_base[b.place(b.loans[l].place()).base].push_back(l);
}

void release(Body& b, uint32_t l) {
  if (!is_loan(b, l) || --b.loan_holders[l] > 0) return;
  auto& live = b.live_by_base[b.place(b.loans[l].place()).base];
  std::erase(live, l);
}

}  // namespace

bool merge(LoanSet& into, const LoanSet& more) {
  if (std::ranges::includes(into, more)) return false;
  LoanSet both;
  both.reserve(into.size() + more.size());
  std::ranges::set_union(into, more, std::back_inserter(both));
  into = std::move(both);
  return true;
}

void make_available(Body& b, uint32_t reg) {
  const Held before = b.state.held[reg];
  b.state.held[reg] = Held::Whole;
  b.state.moved[reg].clear();
  if (before != Held::Unset && before != Held::Gone) return;  // it names its regions already
  for (uint32_t region : b.type_of(reg).regions) ++b.region_holders[region];
}

void make_unavailable(Body& b, uint32_t reg, Held as) {
  const Held before = b.state.held[reg];
  b.state.held[reg] = as;
  b.state.moved[reg].clear();
  if (before == Held::Unset || before == Held::Gone) return;
  for (uint32_t region : b.type_of(reg).regions) {
    if (--b.region_holders[region] == 0 && region >= b.fixed_regions) clear_loans(b, region);
  }
}

void add_loans(Body& b, uint32_t region, const LoanSet& loans) {
  LoanSet& held = b.state.regions[region];
  for (uint32_t l : loans) {
    if (!std::ranges::binary_search(held, l)) retain(b, l);
  }
  merge(held, loans);
}

void clear_loans(Body& b, uint32_t region) {
  for (uint32_t l : b.state.regions[region]) release(b, l);
  b.state.regions[region].clear();
}

void drop_loan(Body& b, uint32_t loan) {
  for (uint32_t region = 0; region < b.region_count && b.loan_holders[loan] > 0; ++region) {
    if (std::erase(b.state.regions[region], loan) > 0) release(b, loan);
  }
}

LoanSet loans_of(const Body& b, uint32_t region) {
  LoanSet loans = b.state.regions[region];
  if (region > 0 && region < b.fixed_regions) merge(loans, {static_cast<uint32_t>(b.loans.size()) + region});
  return loans;
}

}  // namespace stark::vm

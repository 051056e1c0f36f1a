// tools/oracle/web.cpp — groups of origins with their loans, joined and taken apart.
// Room: tools/oracle. Essay: README.md, "Loans". In: flows. Out: Web.
#include "tools/oracle/web.h"

namespace stark::oracle {

Origin Web::leader(Origin o) const {
  const auto at = leaders_.find(o);
  return at == leaders_.end() ? o : at->second;
}

const Loans& Web::loans(Origin o) const {
  static const Loans none;
  const auto at = loans_.find(leader(o));
  return at == loans_.end() ? none : at->second;
}

void Web::add(Origin o, const Loans& more) {
  const Origin to = leader(o);
  if (leaders_.try_emplace(o, o).second) members_[o] = {o};
  const Loans copy = more;  // it may be our own
  loans_[to].insert(copy.begin(), copy.end());
}

void Web::tie(Origin a, Origin b) {
  add(a, {});
  add(b, {});
  const Origin to = leader(a), from = leader(b);
  if (to == from) return;
  for (Origin o : members_[from]) leaders_[o] = to;
  members_[to].merge(members_[from]);
  loans_[to].merge(loans_[from]);
  members_.erase(from);
  loans_.erase(from);
}

void Web::forget(Origin o) {
  const auto at = leaders_.find(o);
  if (at == leaders_.end()) return;
  const Origin old = at->second;
  leaders_.erase(at);
  auto members = std::move(members_[old]);
  members_.erase(old);
  members.erase(o);
  auto loans = std::move(loans_[old]);
  loans_.erase(old);
  if (members.empty()) return;
  const Origin to = *members.begin();
  for (Origin one : members) leaders_[one] = to;
  members_[to] = std::move(members);
  loans_[to] = std::move(loans);
}

void Web::end_loan(const std::set<Loan>& gone) {
  for (auto& [o, held] : loans_)
    for (Loan l : gone) held.erase(l);
}

bool Web::join(const Web& other) {
  bool changed = false;
  for (const auto& [o, to] : other.leaders_) {
    changed |= !leaders_.contains(o) || leader(o) != leader(to);
    tie(to, o);
    const Loans& theirs = other.loans(o);
    const size_t before = loans(o).size();
    add(o, theirs);
    changed |= loans(o).size() != before;
  }
  return changed;
}

std::vector<Origin> Web::known() const {
  std::vector<Origin> out;
  for (const auto& [o, to] : leaders_) out.push_back(o);
  return out;
}

}  // namespace stark::oracle

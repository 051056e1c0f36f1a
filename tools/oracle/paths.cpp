// tools/oracle/paths.cpp — places against each other, and what the types on the way to a place allow.
// Room: tools/oracle. Essay: README.md, "Rules". Source: Rust's RFC 2094. In: places, loans. Out: a complaint, or nothing.
#include <fmt/format.h>

#include <algorithm>

#include "tools/oracle/check.h"

namespace stark::oracle {
namespace {

bool indexes(const Step& s) { return s.kind == ProjectionKind::Index || s.kind == ProjectionKind::ConstIndex; }

bool are_apart(const Place& a, const Place& b) {
  for (size_t i = 0; i < std::min(a.steps.size(), b.steps.size()); ++i) {
    const Step &x = a.steps[i], &y = b.steps[i];
    if (x.kind == y.kind && x.kind != ProjectionKind::Index && x.argument != y.argument) return true;
  }
  return false;
}

// Behind which steps the storage is another's: dereferences of references and pointers.
bool is_elsewhere(const TypeBook& types, const Place& place, size_t step) {
  const TypeKind kind = types.kind(place.types[step].type);
  return place.steps[step].kind == ProjectionKind::Deref && (kind == TypeKind::Ref || kind == TypeKind::Ptr);
}

}  // namespace

bool leads_through(const TypeBook& types, const Place& lent, const Place& written) {
  const size_t depth = written.steps.size();
  if (lent.base != written.base || lent.steps.size() <= depth || !std::equal(written.steps.begin(), written.steps.end(), lent.steps.begin())) return false;
  if (std::ranges::any_of(written.steps, [](const Step& s) { return s.kind == ProjectionKind::Index; })) return false;
  for (size_t i = depth; i < lent.steps.size(); ++i)
    if (is_elsewhere(types, lent, i)) return true;
  return false;
}

bool Checker::follows_from(const Place& lent, size_t from) const {
  for (size_t i = from; i < lent.steps.size(); ++i) {
    const uint32_t type = lent.types[i].type;
    if (is_elsewhere(types_, lent, i)) return false;
    if (types_.has_destructor(type) || (lent.steps[i].kind == ProjectionKind::Deref && TypeBook::is_handle(types_.kind(type)))) return true;
  }
  return true;
}

bool Checker::conflicts(const Borrowed& loan, const Place& place, Access access) const {
  const Place& lent = f_.places[loan.place];
  const bool reads = access == Access::Read || access == Access::BorrowShared;
  if (lent.base != place.base || (reads && !loan.is_mut) || are_apart(lent, place)) return false;
  const size_t depth = place.steps.size();
  bool beyond = false;
  for (size_t i = depth; i < lent.steps.size(); ++i) beyond |= is_elsewhere(types_, lent, i);
  if (!beyond) return true;
  if (access == Access::Write) return false;
  return !((access == Access::Drop || access == Access::Replace) && !follows_from(lent, depth));
}

// Loans are live while a register that is used later, a lifetime of the signature or, for what moves or writes, a value on its way holds
// them. The web knows no others.
void Checker::require_free(const State& state, uint32_t p, Access access) const {
  const bool copies = access == Access::Read || access == Access::BorrowShared;
  for (Origin o : state.web.known()) {
    if (copies && o >= first_value_) continue;
    for (Loan l : state.web.loans(o)) {
      if ((l & kNamed) != 0 || !conflicts(borrowed_.at(l), f_.places[p], access)) continue;
      complain(fmt::format("{} is touched while what was borrowed at word {} is in use", name(p), l));
    }
  }
}

void Checker::require_indices(const State& state, const Place& place) const {
  for (const Step& step : place.steps) {
    if (step.kind != ProjectionKind::Index) continue;
    if (step.argument >= f_.flags.size()) complain("an index in no register");
    if (!is_full(state.held[step.argument])) complain("an index that is not there");
    require_free(state, step.argument, Access::Read);
  }
}

void Checker::require_full(const State& state, uint32_t p) const {
  const Place& place = f_.places[p];
  if (!is_full(part_of(state.held[place.base], place.steps))) complain(name(p) + " is used, and is not there");
  require_indices(state, place);
}

void Checker::require_writable(uint32_t p) const {
  const Place& place = f_.places[p];
  bool is_mut = f_.is_mutable(place.base), is_shared = false;
  for (size_t i = 0; i < place.steps.size(); ++i) {
    if (place.steps[i].kind != ProjectionKind::Deref) continue;
    const spec::TypeRow& row = types_.row(place.types[i].type);
    switch (static_cast<TypeKind>(row.kind)) {
      case TypeKind::Ptr: is_mut = row.b != 0, is_shared = row.b == 0; break;
      case TypeKind::Ref: (row.b != 0 ? is_mut : is_shared) = true; break;
      case TypeKind::Guard: is_shared |= !spec::gives_mutable(static_cast<spec::GuardKind>(row.b)); break;
      case TypeKind::Gc:
      case TypeKind::Arc: is_shared = true; break;
      default: break;
    }
  }
  if (is_shared || !is_mut) complain(name(p) + " is written, and may not be");
}

void Checker::require_movable(uint32_t p) const {
  const Place& place = f_.places[p];
  for (size_t i = 0; i < place.steps.size(); ++i) {
    const uint32_t type = place.types[i].type;
    const TypeKind kind = types_.kind(type);
    const bool elsewhere = place.steps[i].kind == ProjectionKind::Deref && kind != TypeKind::Box;
    const bool element = place.steps[i].kind == ProjectionKind::Index || (indexes(place.steps[i]) && kind != TypeKind::Array);
    if (elsewhere || element || types_.has_destructor(type)) complain(name(p) + " is moved out of what keeps it");
  }
}

bool Checker::is_local(Loan loan) const {
  const Place& place = f_.places[borrowed_.at(loan).place];
  for (size_t i = 0; i < place.steps.size(); ++i)
    if (is_elsewhere(types_, place, i)) return false;
  return true;
}

}  // namespace stark::oracle

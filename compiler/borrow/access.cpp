// compiler/borrow/access.cpp — who may touch a place now: availability, loans, permission to write.
// Room: borrow. Source: the access rules of Rust's RFC 2094 (non-lexical lifetimes). In: State. Out: State, calls of the Reporter.
#include <algorithm>

#include "compiler/borrow/flow.h"

namespace stark::borrow {

using mir::LocalKind;
using mir::Projection;
using mir::ProjectionKind;
using types::TypeKind;

namespace {

bool is_index(const Projection& s) { return s.kind == ProjectionKind::Index || s.kind == ProjectionKind::ConstIndex; }

// Calls `visit(step, type before it)` along a place.
template <class Visit>
void walk(const Body& b, const Place& place, Visit visit) {
  TypedPlace at{b.type_of(place.base), b.regions.of_local[place.base.index()]};
  uint32_t variant = spec::kNone;
  for (const Projection& step : place.steps) {
    visit(step, at);
    at = b.types.step(at, step, &variant);
  }
}

bool is_pointer(const Body& b, const Projection& step, const TypedPlace& at) {
  return step.kind == ProjectionKind::Deref && b.table().kind(at.type) == TypeKind::Ptr;
}

// A dereference of a reference or pointer; one of a Box is a step into what its owner owns.
bool is_reference(const Body& b, const Projection& step, const TypedPlace& at) {
  return is_pointer(b, step, at) || (step.kind == ProjectionKind::Deref && b.table().kind(at.type) == TypeKind::Ref);
}

// A dereference of a guard or Gc: what is behind it goes with it like its own, but may not be moved away.
bool is_handle(const Body& b, const Projection& step, const TypedPlace& at) {
  const TypeKind kind = b.table().kind(at.type);
  return step.kind == ProjectionKind::Deref && (kind == TypeKind::Guard || kind == TypeKind::Gc || kind == TypeKind::Arc);
}

bool has_destructor(const types::TypeTable& table, TypeId type) {
  const auto& data = table.get(type);
  if (data.kind == TypeKind::Struct) return table.info(data.struct_id).drop_function != Id<int>::kNone;
  return data.kind == TypeKind::Enum && table.info(data.enum_id).drop_function != Id<int>::kNone;
}

}  // namespace

Loan Body::loan_of(const Instruction& borrow) const {
  Loan loan{borrow.source, borrow.borrow_mutable, borrow.span, borrow.target.base};
  size_t steps = 0, destructor = 0;
  walk(*this, borrow.source, [&](const Projection& step, const TypedPlace& at) {
    ++steps;
    if (has_destructor(table(), at.type) || is_handle(*this, step, at)) destructor = steps;  // when a guard goes, others may come
    if (is_reference(*this, step, at)) loan.own_from = steps, loan.dropped_until = destructor;
  });
  return loan;
}

Overlap overlap(const Place& first, const Place& second) {
  const size_t common = std::min(first.steps.size(), second.steps.size());
  for (size_t i = 0; i < common; ++i) {
    const Projection& a = first.steps[i];
    const Projection& b = second.steps[i];
    if (is_index(a) && is_index(b)) {
      if (a.kind == ProjectionKind::ConstIndex && b.kind == ProjectionKind::ConstIndex && a.argument != b.argument) return Overlap::None;
    } else if (a.kind == b.kind && a.argument != b.argument) {
      return Overlap::None;
    }
  }
  if (first.steps.size() == second.steps.size()) return Overlap::Same;
  return first.steps.size() > second.steps.size() ? Overlap::FirstInside : Overlap::SecondInside;
}

bool is_within(const Place& inner, const Place& outer) {
  return inner.steps.size() >= outer.steps.size() && std::equal(outer.steps.begin(), outer.steps.end(), inner.steps.begin());
}

bool merge(LoanSet& into, const LoanSet& more) {
  if (std::ranges::includes(into, more)) return false;
  LoanSet both;
  std::ranges::set_union(into, more, std::back_inserter(both));
  into = std::move(both);
  return true;
}

void Flow::require_available(const State& state, const Place& place, Span span) {
  if (reporter_ == nullptr) return;
  const uint32_t base = place.base.value;
  for (const Projection& step : place.steps) {
    if (step.kind == ProjectionKind::Index) require_available(state, Place{LocalId(step.argument), {}}, span);
  }
  switch (state.held[base]) {
    case Held::Whole: return;
    case Held::Partly:
      for (const Place& moved : state.moved.at(base)) {
        if (overlap(moved, place) != Overlap::None) return reporter_->unavailable(state, place, Held::Gone, span);
      }
      return;
    case Held::Gone:
      if (const auto at = state.dangling.find(base); at != state.dangling.end()) return reporter_->dangling(place, at->second, span);
      return reporter_->unavailable(state, place, Held::Gone, span);
    case Held::Maybe: return reporter_->unavailable(state, place, Held::Maybe, span);
  }
}

void Flow::require_free(const State& state, const Place& place, Access access, Span span) {
  if (reporter_ == nullptr) return;
  const bool only_reads = access == Access::Read || access == Access::BorrowShared;
  const auto stands_against = [&](LoanId l) {
    const Loan& loan = b_.loans[l];
    if (loan.place.base != place.base || (only_reads && !loan.is_mut)) return false;
    const Overlap how = overlap(loan.place, place);
    if (how == Overlap::None) return false;
    // Overwriting or dropping a place leaves alone what its references point to, unless a destructor may follow them; what its boxes
    // hold goes with it.
    const bool leaves_alone = how == Overlap::FirstInside && loan.own_from > place.steps.size();
    if (access == Access::Write && leaves_alone) return false;
    return !((access == Access::Drop || access == Access::Replace) && leaves_alone && loan.dropped_until <= place.steps.size());
  };
  const auto tell_of = [&](const LoanSet& loans) {
    for (LoanId l : loans) {
      if (l >= b_.loans.size() || !stands_against(l)) continue;
      reporter_->conflict(state, place, l, access, span);
      return true;
    }
    return false;
  };
  for (const auto& [region, loans] : state.regions)
    if (tell_of(loans)) return;
  if (!only_reads) tell_of(in_flight_);  // a copy that is taken beside the borrow is as good as one that was taken before it
}

void Flow::require_writable(const Place& place, bool borrow, Span span) {
  if (reporter_ == nullptr) return;
  bool through_mutable = false, through_shared = false;
  walk(b_, place, [&](const Projection& step, const TypedPlace& at) {
    if (is_handle(b_, step, at)) through_shared |= !b_.table().get(at.type).is_mut;
    if (!is_reference(b_, step, at)) return;
    if (is_pointer(b_, step, at)) through_mutable = through_shared = false;  // what stands in front of a pointer does not matter behind it
    (b_.table().get(at.type).is_mut ? through_mutable : through_shared) = true;
  });
  const mir::Local& local = b_.function.locals[place.base.index()];
  const bool is_mutable = through_mutable || local.is_mut || local.kind == LocalKind::Temporary;
  if (through_shared || !is_mutable) reporter_->not_writable(place, borrow, span);
}

void Flow::let_go(State& state, LocalId local) {
  state.held[local.index()] = Held::Gone;
  state.moved.erase(local.value);
  for (RegionId region : b_.regions.of_local[local.index()]) {
    if (region < b_.regions.fixed || !state.regions.contains(region)) continue;
    if (!is_named(state, region)) state.regions.erase(region);
  }
}

// A pattern takes an array apart as it does a tuple; `a[0]` written as a value does not.
void Flow::move_out(State& state, const Place& place, Span span, bool by_pattern) {
  require_available(state, place, span);
  require_free(state, place, Access::Move, span);
  if (place.steps.empty()) return let_go(state, place.base);
  bool movable = true;
  walk(b_, place, [&](const Projection& step, const TypedPlace& at) {
    movable &= !is_reference(b_, step, at) && !is_handle(b_, step, at) && !has_destructor(b_.table(), at.type);
    movable &= !is_index(step) || (by_pattern && step.kind == ProjectionKind::ConstIndex && b_.table().kind(at.type) == TypeKind::Array);
  });
  if (!movable) {
    if (reporter_ != nullptr) reporter_->not_movable(place, span);
    return;
  }
  const uint32_t base = place.base.value;
  if (state.held[base] == Held::Gone) return;
  state.held[base] = Held::Partly;
  auto& moved = state.moved[base];
  if (std::ranges::find(moved, place) == moved.end()) moved.push_back(place);
}

void Flow::write(State& state, const Place& place, bool drops_old, Span span) {
  const uint32_t base = place.base.value;
  const mir::Local& local = b_.function.locals[base];
  const Access access = drops_old ? Access::Replace : Access::Write;
  if (place.steps.empty()) {
    if (reporter_ != nullptr && state.assigned[base] && !local.is_mut && local.kind != LocalKind::Temporary) {
      reporter_->assigned_twice(place.base, span);
    }
    require_free(state, place, state.held[base] != Held::Gone ? access : Access::Write, span);
    state.held[base] = Held::Whole;
    state.assigned[base] = true;
    state.moved.erase(base);
    state.dangling.erase(base);
    return;
  }
  require_writable(place, false, span);
  require_free(state, place, access, span);
  if (state.held[base] == Held::Partly) {
    auto& moved = state.moved[base];
    if (std::erase_if(moved, [&](const Place& one) { return is_within(one, place); }) > 0) {
      if (!moved.empty()) return;
      state.held[base] = Held::Whole;
      state.moved.erase(base);
      return;
    }
  }
  require_around(state, place, span);
}

// What is written into must be there; what is overwritten, and what lies beside it, need not.
void Flow::require_around(const State& state, const Place& place, Span span) {
  Place around = place;
  around.steps.pop_back();
  const uint32_t base = place.base.value;
  if (reporter_ == nullptr || state.held[base] != Held::Partly) return require_available(state, around, span);
  for (const Place& moved : state.moved.at(base)) {
    const Overlap how = overlap(moved, around);
    if (how == Overlap::Same || how == Overlap::SecondInside) return reporter_->unavailable(state, place, Held::Gone, span);
  }
}

// Whether something at `at` must still be dropped; collects what.
bool Flow::remains_in(const State& state, LocalId local, const Place& at, TypeId type, std::vector<Place>* out) const {
  bool touched = false;
  uint32_t variant = spec::kNone;
  for (const Place& moved : state.moved.at(local.value)) {
    const size_t n = std::min(moved.steps.size(), at.steps.size());
    if (!std::equal(moved.steps.begin(), moved.steps.begin() + static_cast<ptrdiff_t>(n), at.steps.begin())) continue;
    if (moved.steps.size() <= at.steps.size()) return false;
    touched = true;
    if (moved.steps[n].kind == ProjectionKind::Variant) variant = moved.steps[n].argument;
  }
  if (!touched) {
    const bool remains = b_.table().needs_drop(type);
    if (remains && out != nullptr) out->push_back(at);
    return remains;
  }
  const types::TypeData& data = b_.table().get(type);
  if (!b_.table().needs_drop(type)) return false;
  if (data.kind == TypeKind::Array) {
    bool any = false;
    for (uint64_t i = 0; i < data.length; ++i) {
      Place element = at;
      element.steps.push_back({ProjectionKind::ConstIndex, static_cast<uint32_t>(i)});
      any |= remains_in(state, local, element, data.parts[0], out);
    }
    return any;
  }
  if (data.kind == TypeKind::Box) {
    Place inside = at;
    inside.steps.push_back({ProjectionKind::Deref, 0});
    return remains_in(state, local, inside, data.parts[0], out);
  }
  const auto parts = [&](const std::vector<TypeId>& fields, bool of_variant) {
    bool any = false;
    for (uint32_t f = 0; f < fields.size(); ++f) {
      Place part = at;
      if (of_variant) part.steps.push_back({ProjectionKind::Variant, variant});
      part.steps.push_back({ProjectionKind::Field, f});
      any |= remains_in(state, local, part, fields[f], out);
    }
    return any;
  };
  std::vector<TypeId> fields;
  if (data.kind == TypeKind::Enum) {
    for (const auto& f : b_.table().info(data.enum_id).variants[variant].fields) fields.push_back(f.type);
    return parts(fields, true);
  }
  if (data.kind == TypeKind::Struct) {
    for (const auto& f : b_.table().info(data.struct_id).fields) fields.push_back(f.type);
  } else {
    fields = data.parts;
  }
  return parts(fields, false);
}

bool Flow::is_spent(const State& state, LocalId local) const {
  return !remains_in(state, local, Place{local, {}}, b_.type_of(local), nullptr);
}

std::vector<Place> Flow::remains_at(const State& state, const Place& place) const {
  std::vector<Place> places;
  const TypeId type = b_.typed(place).type;
  if (state.held[place.base.index()] == Held::Partly) remains_in(state, place.base, place, type, &places);
  else if (b_.table().needs_drop(type)) places.push_back(place);
  return places;
}

std::vector<Place> Flow::dropped_on_the_way(const State& state, const State& there) const {
  std::vector<Place> all;
  for (const auto& [l, places] : there.moved) {
    if (state.held[l] != Held::Whole && state.held[l] != Held::Partly) continue;
    for (const Place& place : places) std::ranges::move(remains_at(state, place), std::back_inserter(all));
  }
  for (const auto& [l, places] : state.moved) {
    if (there.held[l] != Held::Partly) std::ranges::move(remains(state, LocalId(l)), std::back_inserter(all));
  }
  return all;
}

void Flow::check_meeting(const State& state, const State& there, Span span) {
  for (const Place& part : dropped_on_the_way(state, there)) require_free(state, part, Access::Drop, span);
}

std::vector<Place> Flow::remains(const State& state, LocalId local) const {
  std::vector<Place> places;
  remains_in(state, local, Place{local, {}}, b_.type_of(local), &places);
  return places;
}

}  // namespace stark::borrow

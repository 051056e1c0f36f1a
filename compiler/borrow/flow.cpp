// compiler/borrow/flow.cpp — the effect of every instruction on the state.
// Room: borrow. Essay: compiler/borrow/README.md, "Transfer". In: State, Instruction. Out: State behind it.
#include "compiler/borrow/flow.h"

#include <algorithm>

#include "bytecode-spec/tables.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {

using mir::Opcode;
using mir::OperandKind;
using mir::ProjectionKind;
using types::TypeKind;

State Flow::entry() const {
  State state;
  state.held.assign(b_.function.locals.size(), Held::Gone);
  state.assigned.assign(b_.function.locals.size(), false);
  for (size_t p = 0; p < b_.function.signature.parameters.size(); ++p) {
    state.held[p] = Held::Whole;
    state.assigned[p] = true;
  }
  state.reached = true;
  return state;
}

LoanSet Flow::loans_of(const State& state, RegionId region) const {
  LoanSet loans;
  if (const auto at = state.regions.find(region); at != state.regions.end()) loans = at->second;
  if (region > 0 && region < b_.regions.fixed) merge(loans, {static_cast<uint32_t>(b_.loans.size()) + region});
  return loans;
}

Flow::Value Flow::use(State& state, const mir::Operand& operand) {
  Value value;
  if (operand.kind == OperandKind::Constant) {
    value.is_constant = true;
    return value;
  }
  value.typed = b_.typed(operand.place);
  for (RegionId region : value.typed.regions) value.loans.push_back(loans_of(state, region));
  if (operand.kind == OperandKind::Move) {
    move_out(state, operand.place, operand.span, operand.by_pattern);
  } else {
    require_available(state, operand.place, operand.span);
    require_free(state, operand.place, Access::Read, operand.span);
  }
  return value;
}

void Flow::gather_loans(const LoanSet& loans, RegionId region, Span span, Arrivals& arrivals, bool hides) {
  if (loans.empty()) return;
  if (region < b_.regions.fixed && reporter_ != nullptr) {
    for (LoanId l : loans) {
      if (l < b_.loans.size()) {
        if (!b_.loans[l].through_reference()) return reporter_->leaves(b_.loans[l], region, span);
      } else if (!b_.regions.outlives[l - b_.loans.size()][region]) {
        reporter_->too_short(l - static_cast<RegionId>(b_.loans.size()), region, hides, span);
      }
    }
  }
  arrivals.emplace_back(region, loans);
}

void Flow::gather(const State&, const Value& value, const TypedPlace& to, Span span, Arrivals& arrivals) {
  for (size_t s = 0; s < std::min(value.loans.size(), to.regions.size()); ++s) gather_loans(value.loans[s], to.regions[s], span, arrivals);
}

// What was lent by way of a reference that is overwritten is no longer on that way.
void Flow::kill_through(State& state, const Place& place, Arrivals& arrivals) const {
  const auto goes_through = [&](LoanId l) {
    if (l >= b_.loans.size()) return false;
    const Loan& loan = b_.loans[l];
    const size_t n = place.steps.size();
    const bool known = std::ranges::none_of(place.steps, [](const mir::Projection& s) { return s.kind == ProjectionKind::Index; });
    return loan.place.base == place.base && loan.own_from > n && known && std::equal(place.steps.begin(), place.steps.end(), loan.place.steps.begin());
  };
  for (auto at = state.regions.begin(); at != state.regions.end();) {
    std::erase_if(at->second, goes_through);
    at = at->second.empty() ? state.regions.erase(at) : std::next(at);
  }
  for (auto& [region, loans] : arrivals) std::erase_if(loans, goes_through);
}

void Flow::arrive(State& state, const Place& place, Arrivals arrivals, bool drops_old, Span span) {
  const std::vector<RegionId> own = b_.typed(place).regions;
  for (const auto& [region, loans] : arrivals)
    if (is_named(state, region) || std::ranges::find(own, region) != own.end()) merge(in_flight_, loans);  // held once it is written
  write(state, place, drops_old, span);
  in_flight_.clear();
  if (place.steps.empty()) {
    for (RegionId region : b_.regions.of_local[place.base.index()]) {
      if (b_.regions.is_own(place.base, region)) state.regions.erase(region);
    }
  }
  if (!b_.typed(place).regions.empty()) kill_through(state, place, arrivals);
  for (const auto& [region, loans] : arrivals)
    if (!loans.empty() && is_named(state, region)) merge(state.regions[region], loans);
}

bool Flow::is_named(const State& state, RegionId region) const {
  return region < b_.regions.fixed || std::ranges::any_of(b_.regions.users[region], [&](LocalId user) { return state.held[user.index()] != Held::Gone; });
}

void Flow::step(State& state, const Instruction& i, std::span<const Instruction> ahead) {
  if (i.kind == Instruction::Kind::ScopeEnd) return end_scope(state, i.source.base);
  if (i.op == Opcode::End || i.op == Opcode::DropFlag) return let_go(state, i.source.base);
  std::vector<Value> values;
  for (const mir::Operand& operand : i.operands) {
    values.push_back(use(state, operand));
    for (const LoanSet& loans : values.back().loans) merge(in_flight_, loans);
  }
  in_flight_.clear();
  switch (i.op) {
    case Opcode::Drop: return step_drop(state, i, ahead);
    case Opcode::Borrow: return step_borrow(state, i);
    case Opcode::Call:
    case Opcode::CallNative:
    case Opcode::CallForeign:
    case Opcode::CallDyn: return step_call(state, i, values);
    case Opcode::Dyn:
    case Opcode::Fn: return step_hide(state, i, values[0]);
    case Opcode::Make:
    case Opcode::MakeVariant:
    case Opcode::Repeat: return step_parts(state, i, values);
    case Opcode::Return: return step_return(state, i, values);
    default: break;
  }
  if (mir::has_source(i)) {
    require_available(state, i.source, i.span);
    require_free(state, i.source, Access::Read, i.span);
  }
  const bool carries = i.op == Opcode::Set || i.op == Opcode::Replace || i.op == Opcode::Box;  // slots of a Box are its content's
  for (const Place* place : mir::written_places(i)) {
    Arrivals arrivals;
    if (carries) gather(state, values[0], b_.typed(*place), i.span, arrivals);
    arrive(state, *place, arrivals, i.op == Opcode::Replace, i.span);
  }
}

void Flow::step_borrow(State& state, const Instruction& i) {
  require_available(state, i.source, i.span);
  if (i.borrow_mutable) require_writable(i.source, true, i.span);
  const bool reserves = b_.function.locals[i.target.base.index()].kind == mir::LocalKind::Reservation;  // the borrow itself will ask
  if (!reserves) require_free(state, i.source, i.borrow_mutable ? Access::BorrowMutable : Access::BorrowShared, i.span);
  // The new loan, and those of the references gone through, from the innermost up to the first shared one.
  // What lies behind a raw pointer is lent by nobody.
  LoanSet lent{i.index};
  std::vector<std::pair<RegionId, bool>> crossed;
  TypedPlace at{b_.type_of(i.source.base), b_.regions.of_local[i.source.base.index()]};
  uint32_t variant = spec::kNone;
  for (const auto& step : i.source.steps) {
    if (step.kind == ProjectionKind::Deref && b_.table().kind(at.type) == TypeKind::Ref) crossed.emplace_back(at.regions[0], b_.table().get(at.type).is_mut);
    if (step.kind == ProjectionKind::Deref && b_.table().kind(at.type) == TypeKind::Ptr) lent.clear(), crossed.clear();
    at = b_.types.step(at, step, &variant);
  }
  for (auto c = crossed.rbegin(); c != crossed.rend(); ++c) {
    merge(lent, loans_of(state, c->first));
    if (!c->second) break;
  }
  const TypedPlace to = b_.typed(i.target);
  Arrivals arrivals;
  gather_loans(lent, to.regions[0], i.span, arrivals);
  for (size_t s = 0; s < at.regions.size() && s + 1 < to.regions.size(); ++s) {
    gather_loans(loans_of(state, at.regions[s]), to.regions[s + 1], i.span, arrivals);
  }
  arrive(state, i.target, arrivals, false, i.span);
}

void Flow::step_call(State& state, const Instruction& i, const std::vector<Value>& values) {
  const CallShape shape = call_shape(b_.program, b_.function, i);
  std::vector<LoanSet> loans(shape.region_count + 1);
  std::vector<RegionId> bound(shape.region_count + 1, Id<int>::kNone);
  for (size_t a = 0; a < values.size(); ++a) {
    if (values[a].is_constant) continue;
    const auto& variance = b_.types.variance(values[a].typed.type);
    for (size_t s = 0; s < std::min(values[a].loans.size(), shape.parameters[a].size()); ++s) {
      const uint32_t lifetime = shape.parameters[a][s];
      if (lifetime == 0) {
        Arrivals none;
        gather_loans(values[a].loans[s], 0, i.span, none);
        continue;
      }
      if (variance[s] == Variance::Invariant) bound[lifetime] = values[a].typed.regions[s];
      merge(loans[lifetime], values[a].loans[s]);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [longer, shorter] : shape.outlives) {
      if (longer > 0 && shorter > 0) changed |= merge(loans[shorter], loans[longer]);
    }
  }
  Arrivals arrivals;
  for (const auto& [longer, shorter] : shape.outlives) {
    if (shorter == 0 && longer > 0) gather_loans(loans[longer], 0, i.span, arrivals);
  }
  for (uint32_t l = 1; l <= shape.region_count; ++l) {
    if (bound[l] != Id<int>::kNone) gather_loans(loans[l], bound[l], i.span, arrivals);
  }
  const TypedPlace to = b_.typed(i.target);
  for (size_t s = 0; s < std::min(to.regions.size(), shape.result.size()); ++s) {
    if (shape.result[s] > 0) gather_loans(loans[shape.result[s]], to.regions[s], i.span, arrivals);
  }
  arrive(state, i.target, arrivals, false, i.span);
}

// All that a hidden value borrows becomes the object's one lifetime.
void Flow::step_hide(State& state, const Instruction& i, const Value& value) {
  const TypedPlace to = b_.typed(i.target);
  const size_t inside = i.op == Opcode::Dyn && b_.table().kind(to.type) == TypeKind::Ref ? 1 : 0;
  Arrivals arrivals;
  for (size_t s = 0; s < value.loans.size(); ++s) gather_loans(value.loans[s], to.regions[std::min(s, inside)], i.span, arrivals, s >= inside);
  arrive(state, i.target, arrivals, false, i.span);
}

void Flow::step_parts(State& state, const Instruction& i, const std::vector<Value>& values) {
  const TypedPlace whole = b_.typed(i.target);
  const bool is_array = b_.table().kind(whole.type) == TypeKind::Array;
  Arrivals arrivals;
  for (uint32_t part = 0; part < values.size(); ++part) {
    if (values[part].is_constant || values[part].loans.empty()) continue;
    uint32_t variant = i.op == Opcode::MakeVariant ? i.index : spec::kNone;
    const mir::Projection step{is_array ? ProjectionKind::ConstIndex : ProjectionKind::Field, part};
    gather(state, values[part], b_.types.step(whole, step, &variant), i.span, arrivals);
  }
  arrive(state, i.target, arrivals, false, i.span);
}

void Flow::step_return(State& state, const Instruction& i, const std::vector<Value>& values) {
  if (values[0].is_constant || values[0].typed.regions == b_.function.signature.result_regions) return;  // it was checked when it was written
  Arrivals arrivals;
  gather(state, values[0], {b_.function.signature.result, b_.function.signature.result_regions}, i.span, arrivals);
}

bool Flow::is_scope_end(const Instruction& drop, std::span<const Instruction> ahead) {
  for (const Instruction& i : ahead) {
    if (i.kind == Instruction::Kind::ScopeEnd && i.source.base == drop.source.base) return true;
    const bool closing = i.kind == Instruction::Kind::ScopeEnd || i.op == Opcode::Drop || i.op == Opcode::End || i.op == Opcode::DropFlag;
    if (!closing) return false;
  }
  return false;
}

void Flow::step_drop(State& state, const Instruction& i, std::span<const Instruction> ahead) {
  if (!i.source.steps.empty()) return move_out(state, i.source, i.span, true);
  if (state.held[i.source.base.index()] == Held::Gone) return;
  if (is_scope_end(i, ahead)) {
    end_scope(state, i.source.base);
    return;
  }
  require_free(state, i.source, Access::Drop, i.span);
  let_go(state, i.source.base);
}

std::vector<LocalId> Flow::outlived_by(const State& state, LocalId local) const {
  std::vector<LocalId> result;
  for (const auto& [region, loans] : state.regions) {
    const bool lent = std::ranges::any_of(loans, [&](LoanId l) {
      return l < b_.loans.size() && b_.loans[l].place.base == local && !b_.loans[l].through_reference();
    });
    if (!lent) continue;
    for (LocalId user : b_.regions.users[region]) {
      const bool there = state.held[user.index()] != Held::Gone && user != local;
      if (there && std::ranges::find(result, user) == result.end()) result.push_back(user);
    }
  }
  return result;
}

// A destructor may follow references that were lent out.
void Flow::require_beyond(const State& state, LocalId local) {
  if (reporter_ == nullptr) return;
  for (const auto& [region, loans] : state.regions) {
    for (LoanId l : loans) {
      if (l >= b_.loans.size() || b_.loans[l].place.base != local || b_.loans[l].dropped_until == 0) continue;
      return reporter_->conflict(state, Place{local, {}}, l, Access::Drop, b_.function.locals[local.index()].span);
    }
  }
}

// The scope of a local ends: references into it are ended with it, and a later use of them is the error.
void Flow::end_scope(State& state, LocalId local) {
  if (b_.needs_drop(local) && state.held[local.index()] != Held::Gone) require_beyond(state, local);
  for (LocalId reference : outlived_by(state, local)) {
    LoanId cause = 0;
    for (RegionId region : b_.regions.of_local[reference.index()]) {
      for (LoanId l : loans_of(state, region)) {
        if (l < b_.loans.size() && b_.loans[l].place.base == local) cause = l;
      }
    }
    if (b_.needs_drop(reference)) {
      require_free(state, Place{local, {}}, Access::Drop, b_.function.locals[local.index()].span);
      continue;
    }
    let_go(state, reference);
    state.dangling[reference.value] = cause;
  }
  let_go(state, local);
  state.assigned[local.index()] = false;
  state.dangling.erase(local.value);
}

void number_loans(Body& body) {
  body.loans.clear();
  for (auto& block : body.function.blocks) {
    for (Instruction& i : block.code) {
      if (i.kind != Instruction::Kind::Op || i.op != Opcode::Borrow) continue;
      i.index = static_cast<uint32_t>(body.loans.size());
      body.loans.push_back(body.loan_of(i));
    }
  }
}

}  // namespace stark::borrow

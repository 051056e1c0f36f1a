// tools/oracle/check.cpp — values taken and put, and what is known at a point.
// Room: tools/oracle. Essay: README.md, "Rules". In: Instruction, State. Out: State behind it, or a complaint.
#include "tools/oracle/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace stark::oracle {

using spec::OperandMode;
using spec::Opcode;

Checker::Checker(const Function& function) : f_(function), types_(function.types), own_(shape_of(function.types, function.row.signature)) {
  for (const auto& block : f_.blocks) {
    for (const Instruction& i : block) {
      if (i.op != Opcode::Borrow) continue;
      const spec::LoanRow& row = row_at(types_.module().loans, f_.row.loans.first + i.numbers.at(1));
      if (row.place() >= f_.places.size()) complain("a borrow of no place");
      borrowed_[i.word] = {row.place(), row.is_mut()};
    }
  }
  next_ = f_.first_own;
  for (const auto& slots : f_.origins) next_ += static_cast<Origin>(slots.size());
  first_value_ = next_;
}

std::string Checker::name(uint32_t place) const { return fmt::format("place {} of r{}", place, f_.places[place].base); }

State Checker::entry() {
  State state;
  state.held.resize(f_.flags.size());
  for (Origin named = 1; named < f_.first_own; ++named) state.web.add(named, {kNamed | named});
  state.web.add(0, {});
  for (uint32_t p = 0; p < own_.parameters.size(); ++p) {
    if (own_.parameters[p].type != f_.places[p].typed().type) complain("a parameter of another type than the signature says");
    state.held[p] = {Holding::Kind::Full, {}};
    flow(state, own_.parameters[p], f_.places[p].typed());
  }
  return state;
}

Typed Checker::fresh(uint32_t type) {
  Typed typed{type, {}};
  for (uint32_t s = 0; s < types_.slots(type); ++s) typed.slots.push_back(next_++);
  return typed;
}

void flow_into(Web& web, const TypeBook& types, const Typed& from, const Typed& to) {
  if (from.slots.size() != to.slots.size()) throw Malformed{"a value with other lifetimes than its place"};
  for (size_t s = 0; s < to.slots.size(); ++s) {
    if (types.invariant(to.type, s)) web.tie(to.slots[s], from.slots[s]);
    else web.add(to.slots[s], web.loans(from.slots[s]));
  }
}

void Checker::flow(State& state, const Typed& from, const Typed& to) { flow_into(state.web, types_, from, to); }

std::optional<std::string> undeclared(const Web& web, const Shape& own) {
  for (uint32_t named = 0; named <= own.count; ++named)
    for (Loan l : web.loans(named))
      if ((l & kNamed) != 0 && !outlives(own, l & ~kNamed, named)) return fmt::format("lifetime {} is taken for {}", l & ~kNamed, named);
  return std::nullopt;
}

void Checker::check_named(const State& state) const {
  if (const auto wrong = undeclared(state.web, own_)) complain(*wrong);
  for (uint32_t named = 0; named < f_.first_own; ++named)
    for (Loan l : state.web.loans(named))
      if ((l & kNamed) == 0 && is_local(l)) complain(fmt::format("what is borrowed at word {} is of this function and leaves it", l));
}

// A value that must be dropped is used once more, at the latest when a panic unwinds.
bool Checker::is_owed(const State& state, uint32_t r) const { return owes(types_, state.held[r], f_.places[r].typed().type); }

void Checker::forget_dead(State& state, const Registers& live, uint32_t except) {
  for (uint32_t r = 0; r < f_.origins.size(); ++r) {
    if (r == except || f_.origins[r].empty() || live.contains(r) || is_owed(state, r)) continue;
    for (Origin o : f_.origins[r]) state.web.forget(o);
  }
}

void Checker::gone(State& state, uint32_t p) {
  const Place& place = f_.places[p];
  set_part(state.held[place.base], place.steps, {Holding::Kind::Empty, {}});
  if (!place.whole()) return;
  for (Origin o : f_.origins[place.base]) state.web.forget(o);
}

Value Checker::take(State& state, const Operand& operand) {
  Value value;
  if (operand.mode == OperandMode::Constant) {
    value.is_constant = true;
    value.constant = operand.constant;
    return value;
  }
  const Place& place = f_.places[operand.place];
  require_full(state, operand.place);
  value.typed = fresh(place.typed().type);
  if (operand.mode == OperandMode::Move) {
    require_free(state, operand.place, Access::Move);
    require_movable(operand.place);
  } else {
    if (!types_.copies(place.typed().type)) complain(name(operand.place) + " is copied, and its type does not copy");
    require_free(state, operand.place, Access::Read);
  }
  flow(state, place.typed(), value.typed);
  if (operand.mode != OperandMode::Copy) gone(state, operand.place);
  return value;
}

void Checker::require_same(const Value& value, uint32_t type) const {
  const TypeKind kind = types_.kind(type);
  // A tensor, or a view of one, may arrive where less is known of its shape.
  const auto knows_less = [&](TypeKind k, uint32_t t) { return k == TypeKind::Tensor || spec::is_view(types_.row(t)); };
  const bool good = value.is_constant ? kind == value.constant : value.typed.type == type || (knows_less(kind, type) && types_.kind(value.typed.type) == kind);
  if (!good) complain("a value of another type than its place");
}

// `value` has all that flows into the place; every other value is used up.
void Checker::write(State& state, uint32_t p, const Typed& value, Access access, const Registers& live) {
  const Place& place = f_.places[p];
  const uint32_t r = place.base;
  for (Origin o : state.web.known()) {
    if (o >= first_value_ && std::ranges::find(value.slots, o) == value.slots.end()) state.web.forget(o);
  }
  forget_dead(state, live, r);
  const bool replaces = access == Access::Replace;
  const Holding before = part_of(state.held[r], place.steps);
  if (place.whole()) {
    for (Origin o : f_.origins[r]) state.web.forget(o);
  } else {
    require_writable(p);
    require_indices(state, place);
    if (!is_around(state.held[r], place.steps)) complain(name(p) + " is a part of what is not there");
  }
  if (replaces && !is_full(before)) complain(name(p) + " is replaced, and is not there");
  if (!replaces && owes(types_, before, place.typed().type)) complain(name(p) + " is overwritten and not dropped");
  require_free(state, p, access);
  set_part(state.held[r], place.steps, {Holding::Kind::Full, {}});
  if (!place.typed().slots.empty()) {
    std::set<Loan> through;
    for (const auto& [loan, lent] : borrowed_)
      if (leads_through(types_, f_.places[lent.place], place)) through.insert(loan);
    state.web.end_loan(through);
  }
  flow(state, value, place.typed());
}

bool Checker::join(State& into, const State& from) const {
  bool changed = into.web.join(from.web);
  for (uint32_t r = 0; r < into.held.size(); ++r) {
    Holding both = oracle::join(types_, into.held[r], from.held[r], f_.places[r].typed().type);
    changed |= both != into.held[r];
    into.held[r] = std::move(both);
  }
  return changed;
}

void Checker::apply(State& state, const Instruction& i, const Registers& live) {
  std::vector<Value> values;
  for (const Operand& operand : i.operands) values.push_back(take(state, operand));
  switch (i.op) {
    case Opcode::Make:
    case Opcode::MakeVariant:
    case Opcode::Repeat: step_parts(state, i, values, live); break;
    case Opcode::Dyn:
    case Opcode::Fn: step_hide(state, i, values.at(0), live); break;
    case Opcode::Borrow: step_borrow(state, i, live); break;
    case Opcode::Call:
    case Opcode::CallNative:
    case Opcode::CallForeign:
    case Opcode::CallDyn: step_call(state, i, values, live); break;
    case Opcode::Return: step_return(state, values.at(0)); break;
    case Opcode::Drop:
    case Opcode::DropFlag:
    case Opcode::End: step_drop(state, i); break;
    default: step_put(state, i, values, live); break;
  }
  check_named(state);
  for (Origin o : state.web.known())
    if (o >= first_value_) state.web.forget(o);
  next_ = first_value_;
  forget_dead(state, live, spec::kNone);
}

}  // namespace stark::oracle

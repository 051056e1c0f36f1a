// tools/oracle/steps.cpp — one rule for each kind of instruction that carries lifetimes.
// Room: tools/oracle. Essay: README.md, "Rules" and "Calls". In: values of an instruction. Out: State behind it, or a complaint.
#include <fmt/format.h>

#include <algorithm>

#include "tools/oracle/check.h"

namespace stark::oracle {

using spec::Opcode;

// What puts a value as it is, or makes a scalar or tensor of its operands.
void Checker::step_put(State& state, const Instruction& i, std::vector<Value>& values, const Registers& live) {
  if (i.op == Opcode::Tag || i.op == Opcode::Len) {
    require_full(state, i.numbers.at(1));
    require_free(state, i.numbers[1], Access::Read);
  }
  for (uint32_t target : i.targets) {
    const Typed& to = f_.places[target].typed();
    Typed arriving = fresh(to.type);
    const bool carries = i.op == Opcode::Set || i.op == Opcode::Replace || i.op == Opcode::Box;
    if (carries) {
      require_same(values.at(0), i.op == Opcode::Box ? types_.row(to.type).a : to.type);
      if (!values[0].is_constant) flow(state, {to.type, values[0].typed.slots}, arriving);
    }
    if (i.op == Opcode::Static) flow(state, {to.type, std::vector<Origin>(arriving.slots.size(), 0)}, arriving);  // all of it is 'static
    write(state, target, arriving, i.op == Opcode::Replace ? Access::Replace : Access::Write, live);
  }
}

void Checker::step_parts(State& state, const Instruction& i, std::vector<Value>& values, const Registers& live) {
  const uint32_t type = f_.places[i.targets.at(0)].typed().type;
  const Typed arriving = fresh(type);
  std::vector<Typed> parts;
  if (types_.kind(type) == TypeKind::Array) {
    const Typed element{types_.row(type).a, arriving.slots};
    const bool repeats = i.op == Opcode::Repeat;
    if (repeats && !types_.copies(element.type)) complain("what does not copy is repeated");
    if (!repeats && values.size() != types_.length(type)) complain("an array of another length than its type");
    parts.assign(values.size(), element);
  } else {
    parts = types_.fields(arriving, i.op == Opcode::MakeVariant ? i.numbers.at(1) : spec::kNone);
  }
  if (parts.size() != values.size()) complain("a value of another number of parts than its type");
  for (size_t part = 0; part < parts.size(); ++part) {
    require_same(values[part], parts[part].type);
    if (!values[part].is_constant) flow(state, values[part].typed, parts[part]);
  }
  write(state, i.targets[0], arriving, Access::Write, live);
}

// All lifetimes inside what is hidden become the object's. One that is written through is the object's own, since its owner sees what comes.
void Checker::step_hide(State& state, const Instruction& i, const Value& value, const Registers& live) {
  const Typed arriving = fresh(f_.places[i.targets.at(0)].typed().type);
  const spec::VTableRow& table = row_at(types_.module().vtables, i.numbers.at(1));
  const uint32_t hidden = i.op == Opcode::Fn ? value.typed.type : types_.row(value.typed.type).a;
  if (value.is_constant || hidden != table.type || types_.row(arriving.type).a != table.dyn) complain("an object of another type than its vtable");
  if (i.op == Opcode::Fn && types_.drops(hidden)) complain("what must be dropped is shared");
  const size_t inside = i.op == Opcode::Dyn && types_.kind(arriving.type) == TypeKind::Ref ? 1 : 0;
  if (inside == 1) state.web.add(arriving.slots.at(0), state.web.loans(value.typed.slots.at(0)));
  for (size_t s = inside; s < value.typed.slots.size(); ++s) {
    if (types_.invariant(value.typed.type, s)) state.web.tie(arriving.slots.at(inside), value.typed.slots[s]);
    else state.web.add(arriving.slots.at(inside), state.web.loans(value.typed.slots[s]));
  }
  write(state, i.targets[0], arriving, Access::Write, live);
}

void Checker::step_borrow(State& state, const Instruction& i, const Registers& live) {
  const Borrowed& loan = borrowed_.at(i.word);
  const Place& place = f_.places[loan.place];
  require_full(state, loan.place);
  if (loan.is_mut) require_writable(loan.place);
  require_free(state, loan.place, loan.is_mut ? Access::BorrowMutable : Access::BorrowShared);
  const Typed arriving = fresh(f_.places[i.targets.at(0)].typed().type);
  if (types_.kind(arriving.type) != TypeKind::Ref || (types_.row(arriving.type).b != 0) != loan.is_mut) complain("a borrow that gives no such reference");
  if (arriving.slots.size() != place.typed().slots.size() + 1) complain("a borrow that gives a reference with other lifetimes");
  // Behind a pointer nothing is known; else the new loan, and those of the references on the way, from the last to the first shared one.
  bool is_known = true;
  for (size_t step = place.steps.size(); step-- > 0;) {
    if (place.steps[step].kind != ProjectionKind::Deref) continue;
    const Typed& at = place.types[step];
    if (types_.kind(at.type) == TypeKind::Ptr) is_known = false;
    if (types_.kind(at.type) == TypeKind::Ptr || types_.kind(at.type) != TypeKind::Ref) {
      if (!is_known) break;
      continue;
    }
    state.web.add(arriving.slots[0], state.web.loans(at.slots[0]));
    if (types_.row(at.type).b == 0) break;
  }
  for (size_t step = 0; step < place.steps.size(); ++step) is_known &= place.steps[step].kind != ProjectionKind::Deref || types_.kind(place.types[step].type) != TypeKind::Ptr;
  if (is_known) state.web.add(arriving.slots[0], {i.word});
  for (size_t s = 0; s < place.typed().slots.size(); ++s) {
    if (types_.invariant(arriving.type, s + 1)) state.web.tie(arriving.slots[s + 1], place.typed().slots[s]);
    else state.web.add(arriving.slots[s + 1], state.web.loans(place.typed().slots[s]));
  }
  write(state, i.targets[0], arriving, Access::Write, live);
}

// What is behind the parameters of a variadic function borrows from nobody that a signature could name, and is copied.
Shape Checker::shape_of_foreign(const spec::ForeignRow& foreign, const std::vector<Value>& values) const {
  Shape shape = shape_of(types_, foreign.signature);
  if ((foreign.flags & spec::kForeignVariadic) == 0) return shape;
  for (size_t a = shape.parameters.size(); a < values.size(); ++a) {
    const uint32_t type = values[a].is_constant ? spec::kNone : values[a].typed.type;
    const TypeKind kind = type == spec::kNone ? values[a].constant : types_.kind(type);
    if (!spec::has(kind, spec::kNum) && kind != TypeKind::Ptr) complain("a further argument that is neither number nor address");
    shape.parameters.push_back({type, {}});
    for (size_t s = values[a].is_constant ? 0 : values[a].typed.slots.size(); s > 0; --s) shape.parameters.back().slots.push_back(++shape.count);
  }
  return shape;
}

Shape Checker::shape_at(const Instruction& i, const std::vector<Value>& values) const {
  const Module& m = types_.module();
  if (i.op == Opcode::Call) return shape_of(types_, row_at(m.functions, i.numbers.at(1)).signature);
  if (i.op == Opcode::CallForeign) return shape_of_foreign(row_at(m.foreigns, i.numbers.at(1)), values);
  if (i.op == Opcode::CallNative) {
    std::vector<uint32_t> arguments;
    for (const Value& value : values) arguments.push_back(value.is_constant ? spec::kNone : value.typed.type);
    if (i.numbers.at(1) >= spec::native_rows().size()) complain("a native that is not known");
    return shape_of_native(types_, static_cast<spec::Native>(i.numbers[1]), arguments, f_.places[i.targets.at(0)].typed().type);
  }
  if (values.empty() || values[0].is_constant) complain("a method without a receiver");
  const uint32_t receiver = values[0].typed.type;
  const spec::TypeRow& dyn = types_.row(types_.row(receiver).a);
  if (dyn.kind != static_cast<uint32_t>(TypeKind::Dyn) || i.numbers.at(1) >= dyn.b) complain("a method that its object does not have");
  Shape shape = shape_of(types_, row_at(m.dyn_methods, dyn.a + i.numbers[1]).signature);
  if (types_.kind(receiver) == TypeKind::Fn) shape.parameters.at(0) = {receiver, {shape.parameters[0].slots.at(1)}};  // nobody can end its object
  return shape;
}

Typed let_flow(Web& web, const TypeBook& types, const Shape& shape, const std::vector<Typed>& arguments, Origin& next) {
  const Origin first = next;
  next += shape.count + 1;
  const auto origin = [&](uint32_t lifetime) { return lifetime == 0 ? 0 : first + lifetime; };
  const auto here = [&](Typed typed) {
    for (uint32_t& slot : typed.slots) slot = origin(slot);
    return typed;
  };
  for (size_t a = 0; a < arguments.size(); ++a)
    if (!arguments[a].slots.empty()) flow_into(web, types, arguments[a], here(shape.parameters.at(a)));
  // Lifetimes that outlive each other may be taken for one; else the longer flows into the shorter.
  for (size_t round = 0; round <= shape.outlives.size(); ++round) {
    for (const auto& [longer, shorter] : shape.outlives) {
      if (outlives(shape, shorter, longer)) web.tie(origin(longer), origin(shorter));
      else web.add(origin(shorter), web.loans(origin(longer)));
    }
  }
  Typed result{shape.result.type, {}};
  for (size_t s = 0; s < shape.result.slots.size(); ++s) result.slots.push_back(next++);
  flow_into(web, types, here(shape.result), result);
  return result;
}

void Checker::step_call(State& state, const Instruction& i, const std::vector<Value>& values, const Registers& live) {
  const Shape shape = shape_at(i, values);
  if (shape.parameters.size() != values.size()) complain("a call with another number of arguments");
  std::vector<Typed> arguments;
  for (size_t a = 0; a < values.size(); ++a) {
    if (i.op != Opcode::CallNative && shape.parameters[a].type != spec::kNone) require_same(values[a], shape.parameters[a].type);
    arguments.push_back(values[a].is_constant ? Typed{} : values[a].typed);
  }
  if (shape.result.type != f_.places[i.targets.at(0)].typed().type) complain("a result of another type than its place");
  const Typed result = let_flow(state.web, types_, shape, arguments, next_);
  check_named(state);
  write(state, i.targets[0], result, Access::Write, live);
}

void Checker::step_return(State& state, const Value& value) {
  require_same(value, own_.result.type);
  if (!value.is_constant) flow(state, value.typed, own_.result);
  for (uint32_t r = 0; r < state.held.size(); ++r)
    if (is_owed(state, r)) complain(fmt::format("r{} is lost where the function returns", r));
}

void Checker::step_drop(State& state, const Instruction& i) {
  const uint32_t p = i.numbers.at(0);
  const Place& place = f_.places.at(p);
  const Holding& held = state.held[place.base];
  if (i.op == Opcode::End) {
    if (is_owed(state, place.base)) complain(name(p) + " ends and must be dropped");
    return gone(state, p);
  }
  if (i.op == Opcode::DropFlag) {
    const bool whole = held.kind == Holding::Kind::Full || held.kind == Holding::Kind::Empty || held.kind == Holding::Kind::Maybe;
    if (!whole || (f_.flags.at(p) & spec::kDropFlag) == 0) complain(name(p) + " is dropped by its flag, which does not tell");
  } else {
    if (!types_.drops(place.typed().type)) complain(name(p) + " is dropped and need not be");
    require_full(state, p);
    require_movable(p);
  }
  require_free(state, p, Access::Drop);
  gone(state, p);
}

}  // namespace stark::oracle

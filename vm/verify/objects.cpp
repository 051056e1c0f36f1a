// vm/verify/objects.cpp — proof 5i: values that move into objects of their own, and calls of what only a vtable knows.
// Room: vm/verify. Essay: vm/verify/README.md, "Trait objects". In: values, targets, proven vtables. Out: the state behind them.
#include <fmt/format.h>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

TypeKind target_kind(const Body& b, uint32_t target) { return b.kind(b.type_of(target).type); }

// All lifetimes inside the hidden value become one. A slot that somebody could store through must be that very region, since
// its owner goes on growing; the others flow in.
Result<void> hide(Body& b, const Value& value, size_t first_slot, uint32_t region, Arrivals& arrivals) {
  for (size_t s = first_slot; s < value.loans.size(); ++s) {
    if (b.types.variance[value.typed.type][s] == Variance::Invariant && !are_equal(b, value.typed.regions[s], region)) {
      return refuse_at(b, Refusal::RegionTooShort, "a lifetime of a hidden value that is written through is not the object's own");
    }
    STARK_TRY(gather_loans(b, value.loans[s], region, arrivals));
  }
  return {};
}

}  // namespace

Result<void> check_box(Body& b, uint32_t target, const Value& value) {
  const TypedPlace& to = b.type_of(target);
  if (target_kind(b, target) != TypeKind::Box || !fits(b, value, b.m.types[to.type].a) || !b.facts(b.m.types[to.type].a).is_sized) {
    return refuse_at(b, Refusal::OperandType, "`box` gives a Box of its operand");
  }
  Arrivals& arrivals = b.no_arrivals();
  STARK_TRY(gather(b, value, {b.m.types[to.type].a, to.regions}, arrivals));
  return arrive(b, target, arrivals);
}

Result<void> check_dyn(Body& b, uint32_t target, const Value& value, uint32_t vtable) {
  const TypedPlace& to = b.type_of(target);
  const spec::VTableRow& row = b.m.vtables[vtable];
  const TypeKind kind = target_kind(b, target);
  const auto mistyped = [&] {
    return refuse_at(b, Refusal::OperandType, "`dyn` takes a reference to, a Box or an Arc of its vtable's type, and gives the same of its dyn");
  };
  if (value.is_constant || (kind != TypeKind::Ref && kind != TypeKind::Box && kind != TypeKind::Arc)) return mistyped();
  const spec::TypeRow& from = b.m.types[value.typed.type];
  const spec::TypeRow& into = b.m.types[to.type];
  if (from.kind != into.kind || from.b != into.b || from.a != row.type || into.a != row.dyn) return mistyped();
  Arrivals& arrivals = b.no_arrivals();
  const size_t inside = kind == TypeKind::Ref ? 1 : 0;
  if (inside == 1) STARK_TRY(gather_loans(b, value.loans[0], to.regions[0], arrivals));
  STARK_TRY(hide(b, value, inside, to.regions[inside], arrivals));
  return arrive(b, target, arrivals);
}

Result<void> check_fn(Body& b, uint32_t target, const Value& value, uint32_t vtable) {
  const TypedPlace& to = b.type_of(target);
  const spec::VTableRow& row = b.m.vtables[vtable];
  if (target_kind(b, target) != TypeKind::Fn || value.is_constant || value.typed.type != row.type || b.m.types[to.type].a != row.dyn) {
    return refuse_at(b, Refusal::OperandType, "`fn` takes a value of its vtable's type and gives a fn of its dyn");
  }
  if (b.facts(row.type).needs_drop) return refuse_at(b, Refusal::BoundNotMet, "a value that must be dropped is shared as a fn");
  Arrivals& arrivals = b.no_arrivals();
  STARK_TRY(hide(b, value, 0, to.regions[0], arrivals));
  return arrive(b, target, arrivals);
}

// The receiver's type says which dyn it is; a fn stands for a reference to the dyn it is made of, which nobody can end.
Result<void> check_dyn_call(Body& b, uint32_t target, uint32_t method, std::span<const Value> values) {
  const auto mistyped = [&](std::string_view what) { return refuse_at(b, Refusal::OperandType, fmt::format("`call.dyn`: {}", what)); };
  if (values.empty() || values[0].is_constant) return mistyped("has no receiver");
  const uint32_t receiver = values[0].typed.type;
  const TypeKind kind = b.kind(receiver);
  if (kind != TypeKind::Ref && kind != TypeKind::Box && kind != TypeKind::Fn) return mistyped("the receiver is neither dyn nor fn");
  const uint32_t dyn = b.m.types[receiver].a;
  if (b.kind(dyn) != TypeKind::Dyn) return mistyped("the receiver is neither dyn nor fn");
  if (method >= b.m.types[dyn].b) return mistyped(fmt::format("the dyn has no method {}", method));
  const CallShape& shape = b.types.shapes[b.m.dyn_methods[b.m.types[dyn].a + method].signature];
  if (kind != TypeKind::Fn) return check_call(b, target, shape, values);
  const TypedPlace stands_in{receiver, shape.parameters[0].regions.subspan(1, 1)};
  return check_call(b, target, shape, values, &stands_in);
}

}  // namespace stark::vm

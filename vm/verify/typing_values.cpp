// vm/verify/typing_values.cpp — proof 5g, the rules that make, borrow, show and pass values.
// Room: vm/verify. In: the fields of one instruction. Out: the state behind it, or V37 and friends.
#include "bytecode-spec/native_signature.h"
#include "vm/verify/rules.h"

namespace stark::vm {

Result<void> Rules::make() {
  const spec::TypeRow& t = row(b.type_of(target()).type);
  switch (target_kind()) {
    case TypeKind::Struct:
    case TypeKind::Tuple: return assemble(t.b, field_step);
    case TypeKind::Array: return assemble(uint64_t{t.c} << 32 | t.b, [](uint32_t i) { return Step{ProjectionKind::ConstIndex, i}; });
    default: return mistyped(b, op, "gives a struct, tuple or array");
  }
}
Result<void> Rules::make_variant() {
  const spec::TypeRow& t = row(b.type_of(target()).type);
  if (target_kind() != TypeKind::Enum || f.numbers[1] >= t.b) return mistyped(b, op, "gives an enum that has the variant");
  return assemble(b.m.variants[t.a + f.numbers[1]].fields.count, field_step, f.numbers[1]);
}
Result<void> Rules::repeat() {
  const uint32_t type = b.type_of(target()).type;
  if (target_kind() != TypeKind::Array || !fits(b, f.values[0], row(type).a)) return mistyped(b, op, "gives an array of its operand");
  if (!b.facts(row(type).a).is_copy) return refuse_at(b, Refusal::BoundNotMet, "the repeated value is not Copy");
  Arrivals& arrivals = b.no_arrivals();
  STARK_TRY(gather(b, f.values[0], {row(type).a, b.type_of(target()).regions}, arrivals));
  return arrive(b, target(), arrivals);
}
Result<void> Rules::look(uint32_t place) {
  STARK_TRY(require_available(b, place));
  return require_free(b, place, Access::Read);
}
Result<void> Rules::tag() {
  if (b.kind(b.type_of(f.numbers[1]).type) != TypeKind::Enum) return mistyped(b, op, "looks at an enum");
  STARK_TRY(look(f.numbers[1]));
  return to_kind(TypeKind::U32);
}
Result<void> Rules::len() {
  switch (b.kind(b.type_of(f.numbers[1]).type)) {
    case TypeKind::Array:
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Str:
    case TypeKind::String: break;
    default: return mistyped(b, op, "looks at something with elements");
  }
  STARK_TRY(look(f.numbers[1]));
  return to_kind(TypeKind::Usize);
}

// A reference to `type` may be made where one to `pointee` is wanted: text of a String, elements of a Vec or array.
bool Rules::lends_as(uint32_t type, uint32_t pointee, bool is_mut) const {
  if (type == pointee) return true;
  const TypeKind from = b.kind(type), to = b.kind(pointee);
  if (to == TypeKind::Str) return from == TypeKind::String && !is_mut;
  // A reader may know less of a shape than the owner; a writer may not, since it could put another shape in its place.
  if (to == TypeKind::Tensor || to == TypeKind::Guard) return !is_mut && covers(b, pointee, type);
  return to == TypeKind::Slice && (from == TypeKind::Vec || from == TypeKind::Array) && row(type).a == row(pointee).a;
}

Result<void> Rules::borrow() {
  const uint32_t l = f.numbers[1];
  const spec::LoanRow& loan = b.loans[l];
  const bool is_mut = loan.is_mut();
  const PlaceInfo& place = b.place(loan.place());
  const TypedPlace& to = b.type_of(target());
  if (b.loan_issued[l]) return refuse_at(b, Refusal::LoanTable, fmt::format("loan {} is issued twice", l));
  b.loan_issued[l] = true;
  if (target_kind() != TypeKind::Ref || (row(to.type).b != 0) != is_mut || !lends_as(place.type.type, row(to.type).a, is_mut)) {
    return mistyped(b, op, "gives a reference to the loan's place");
  }
  if (b.facts(place.type.type).align > place.most_align) return refuse_at(b, Refusal::Layout, "a reference into a packed struct, which might not be aligned");
  STARK_TRY(require_available(b, loan.place()));
  if (is_mut) STARK_TRY(require_writable(b, loan.place()));
  STARK_TRY(require_free(b, loan.place(), is_mut ? Access::BorrowMutable : Access::BorrowShared));
  Arrivals& arrivals = b.no_arrivals();
  lend(l, place, held_);
  STARK_TRY(gather_loans(b, held_, to.regions[0], arrivals));
  for (size_t s = 0; s < place.type.regions.size(); ++s) {
    read_loans(b, place.type.regions[s], held_);
    STARK_TRY(gather_slot(b, held_, place.type.regions[s], to, s + 1, arrivals));
  }
  return arrive(b, target(), arrivals);
}
// The new loan, and those of the references that its place goes through: all of them up to the first shared one.
void Rules::lend(uint32_t l, const PlaceInfo& place, LoanSet& loans) {
  loans.clear();
  if (place.through_pointer && place.crossed.empty()) return;
  if (!place.through_pointer) loans.insert(l);
  LoanSet inherited;
  for (size_t i = place.crossed.size(); i-- > 0;) {
    read_loans(b, place.crossed[i].region, inherited);
    loans.merge(inherited);
    if (!place.crossed[i].is_mut) break;
  }
}

Result<void> Rules::format() {
  const spec::ConstantRow& text = b.m.constants[f.numbers[1]];
  if (text.kind != static_cast<uint32_t>(TypeKind::Str)) return mistyped(b, op, "takes a template");
  for (size_t i = 0; i < f.values.size(); ++i) {
    const uint32_t flags = spec::row_of(kind(i)).flags;
    const bool shown = (flags & (spec::kCopy | spec::kReference)) != 0 && kind(i) != TypeKind::Fn;
    if (!shown) return mistyped(b, op, "shows scalars, texts and references");
  }
  const spec::Range range{static_cast<uint32_t>(text.bits >> 32), static_cast<uint32_t>(text.bits)};
  STARK_TRY(check_template(b, b.m.text_of(range), f.values.size()));
  return to_kind(TypeKind::Str);
}
Result<void> Rules::call_dyn() {
  return check_dyn_call(b, target(), f.numbers[1], f.values);
}
// All of its lifetimes are 'static: nothing is lent, and what is written through it must be 'static too.
Result<void> Rules::reach_static() {
  const spec::StaticRow& it = b.m.statics[f.numbers[1]];
  const TypedPlace& to = b.type_of(target());
  const bool is_mutable = (it.flags & spec::kStaticMutable) != 0;
  if (is_mutable && !asks_for(b.m, spec::Capability::Unsafe)) {
    return refuse_at(b, Refusal::UnsafeNotGranted, "a mutable static is reached by a bundle that does not ask for `unsafe`");
  }
  const bool fits = (it.flags & spec::kStaticLocal) != 0 ? to.type == it.type
                    : is_mutable                         ? target_kind() == TypeKind::Ptr && row(to.type).b == 1 && row(to.type).a == it.type
                                                         : target_kind() == TypeKind::Ref && row(to.type).b == 0 && row(to.type).a == it.type;
  if (!fits) return mistyped(b, op, "gives a reference to the static, a pointer where it is mutable, itself where it is a thread's own");
  static constexpr std::array<uint32_t, spec::kMaxRegionArguments> kAllStatic{};
  Value value;
  value.typed = {to.type, std::span(kAllStatic).first(to.regions.size())};
  value.loans.resize(to.regions.size());
  return put(b, value, target());
}
// Bits may be taken for others, but not for references or owners, and none may be missing.
Result<void> Rules::transmute() {
  const TypeFacts& to = b.facts(b.type_of(target()).type);
  const bool is_constant = f.values[0].is_constant;
  const uint32_t size = is_constant ? spec::row_of(f.values[0].constant).size : b.facts(f.values[0].typed.type).size;
  if (size != to.size) return refuse_at(b, Refusal::Layout, fmt::format("{} bytes are taken for a value of {}", size, to.size));
  const auto is_plain = [](const TypeFacts& facts) { return facts.pointers.empty() && !facts.needs_drop; };
  const bool from_plain = is_constant ? !spec::has(f.values[0].constant, spec::kManaged) : is_plain(b.facts(f.values[0].typed.type));
  const bool plain = from_plain && is_plain(to);
  return plain ? Result<void>{} : refuse_at(b, Refusal::BoundNotMet, "references or owners are taken for something else");
}
Result<void> Rules::call_native() {
  const spec::NativeFacts& facts = spec::facts(static_cast<spec::Native>(f.numbers[1]));
  if (facts.capability == spec::Capability::Unsafe && !asks_for(b.m, *facts.capability)) {
    return refuse_at(b, Refusal::UnsafeNotGranted, fmt::format("`{}` is called by a bundle that does not ask for `unsafe`", facts.text));
  }
  auto shape = shape_of_native(b, f.numbers[1], f.values, target());
  if (!shape) return std::unexpected(shape.error());
  if (facts.native == spec::Native::MemTransmute) STARK_TRY(transmute());
  return check_call(b, target(), **shape, f.values);
}

}  // namespace stark::vm

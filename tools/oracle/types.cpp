// tools/oracle/types.cpp — facts about types, each as the fixpoint of its definition over the whole table.
// Room: tools/oracle. Essay: README.md, "Types". In: type tables. Out: TypeBook.
#include "tools/oracle/types.h"

namespace stark::oracle {
namespace {

// A kind whose row names one element that it holds, by value or elsewhere.
bool holds_element(TypeKind kind) {
  switch (kind) {
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Array:
    case TypeKind::Box:
    case TypeKind::Arc:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot: return true;
    default: return false;
  }
}
// What is inside can be exchanged by whoever shares it.
bool is_shared_mutable(TypeKind kind) {
  return kind == TypeKind::Cell || kind == TypeKind::RefCell || kind == TypeKind::Mutex || kind == TypeKind::RwLock || kind == TypeKind::OnceSlot;
}

}  // namespace

TypeBook::TypeBook(const Module& module) : m_(module), facts_(module.types.size()) {
  count_slots();
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t t = 0; t < m_.types.size(); ++t) changed |= refine(t);
  }
}

bool TypeBook::has_destructor(uint32_t t) const {
  return (kind(t) == TypeKind::Struct || kind(t) == TypeKind::Enum) && row(t).c != spec::kNone;
}

void TypeBook::count_slots() {
  for (uint32_t t = 0; t < m_.types.size(); ++t) {
    const spec::TypeRow& r = m_.types[t];
    uint32_t& count = facts_[t].slots;
    const TypeKind k = kind(t);
    if (holds_element(k) || k == TypeKind::Ptr) count = slots(r.a);
    if (k == TypeKind::Ref || k == TypeKind::Guard) count = 1 + slots(r.a);
    if (k == TypeKind::Dyn || k == TypeKind::Fn || k == TypeKind::Scope || k == TypeKind::Fiber) count = 1;
    if (k == TypeKind::Struct || k == TypeKind::Enum) count = spec::lifetimes_declared(r);
    if (k == TypeKind::Tuple)
      for (uint32_t f = 0; f < r.b; ++f) count += slots(row_at(m_.fields, r.a + f).type.type);
    facts_[t].invariant.assign(count, false);
  }
}

std::vector<uint32_t> TypeBook::owned_parts(uint32_t t) const {
  const spec::TypeRow& r = row(t);
  std::vector<uint32_t> parts;
  const auto add = [&](spec::Range fields) {
    for (uint32_t f = 0; f < fields.count; ++f) parts.push_back(row_at(m_.fields, fields.first + f).type.type);
  };
  if (holds_element(kind(t))) parts.push_back(r.a);
  if (kind(t) == TypeKind::Struct || kind(t) == TypeKind::Tuple) add({r.a, r.b});
  if (kind(t) == TypeKind::Enum)
    for (uint32_t v = 0; v < r.b; ++v) add(row_at(m_.variants, r.a + v).fields);
  return parts;
}

std::vector<bool> TypeBook::variance_of(uint32_t t) const {
  const spec::TypeRow& r = row(t);
  const TypeKind k = kind(t);
  std::vector<bool> out(slots(t), is_shared_mutable(k) || k == TypeKind::Scope);
  if (k == TypeKind::Vec || k == TypeKind::Slice || k == TypeKind::Array || k == TypeKind::Box || k == TypeKind::Arc) return facts_[r.a].invariant;
  if (k == TypeKind::Ref || k == TypeKind::Guard || k == TypeKind::Ptr) {
    const bool writes = k == TypeKind::Guard ? spec::gives_mutable(static_cast<spec::GuardKind>(r.b)) : r.b != 0;
    const size_t first = k == TypeKind::Ptr ? 0 : 1;
    for (size_t s = first; s < out.size(); ++s) out[s] = writes || facts_[r.a].invariant[s - first];
  }
  if (k == TypeKind::Tuple) {
    size_t at = 0;
    for (uint32_t part : owned_parts(t))
      for (bool one : facts_[part].invariant) out[at++] = one;
  }
  const auto mark = [&](spec::Range fields) {
    for (uint32_t f = 0; f < fields.count; ++f) {
      const spec::TypeUse use = row_at(m_.fields, fields.first + f).type;
      for (uint32_t s = 0; s < slots(use.type); ++s) {
        const uint32_t parameter = row_at(m_.regions, use.first_region + s);
        if (parameter > out.size()) throw Malformed{"a field names a lifetime that its type does not have"};
        if (parameter > 0 && facts_[use.type].invariant[s]) out[parameter - 1] = true;
      }
    }
  };
  if (k == TypeKind::Struct) mark({r.a, r.b});
  if (k == TypeKind::Enum)
    for (uint32_t v = 0; v < r.b; ++v) mark(row_at(m_.variants, r.a + v).fields);
  return out;
}

// Once more over the definition of each fact; whether something changed.
bool TypeBook::refine(uint32_t t) {
  const TypeKind k = kind(t);
  const uint32_t flags = spec::row_of(k).flags;
  Facts next = facts_[t];
  next.drops = (flags & spec::kOwned) != 0 || has_destructor(t) || k == TypeKind::Dyn;
  next.copies = (flags & (spec::kCopy | spec::kParts)) != 0 && !has_destructor(t) && k != TypeKind::Vec && k != TypeKind::Box && !is_shared_mutable(k);
  if (k == TypeKind::Ref) next.copies = row(t).b == 0;
  for (uint32_t part : owned_parts(t)) {
    next.drops = next.drops || drops(part);
    next.copies = next.copies && copies(part);
  }
  next.invariant = variance_of(t);
  const bool changed = next.drops != facts_[t].drops || next.copies != facts_[t].copies || next.invariant != facts_[t].invariant;
  facts_[t] = std::move(next);
  return changed;
}

Typed TypeBook::use(spec::TypeUse use) const {
  Typed typed{use.type, {}};
  for (uint32_t s = 0; s < slots(use.type); ++s) typed.slots.push_back(row_at(m_.regions, use.first_region + s));
  return typed;
}

std::vector<Typed> TypeBook::fields(const Typed& whole, uint32_t variant) const {
  const spec::TypeRow& r = row(whole.type);
  const TypeKind k = kind(whole.type);
  std::vector<Typed> out;
  if (k == TypeKind::Tuple) {
    size_t at = 0;
    for (uint32_t part : owned_parts(whole.type)) {
      Typed& one = out.emplace_back(Typed{part, {}});
      for (uint32_t s = 0; s < slots(part); ++s) one.slots.push_back(whole.slots.at(at++));
    }
    return out;
  }
  if (k != TypeKind::Struct && (k != TypeKind::Enum || variant >= r.b)) throw Malformed{"fields of something that has none"};
  const spec::Range range = k == TypeKind::Struct ? spec::Range{r.a, r.b} : row_at(m_.variants, r.a + variant).fields;
  for (uint32_t f = 0; f < range.count; ++f) {
    Typed field = use(row_at(m_.fields, range.first + f).type);
    for (Origin& slot : field.slots) slot = slot == 0 ? 0 : whole.slots.at(slot - 1);
    out.push_back(std::move(field));
  }
  return out;
}

Typed TypeBook::step(const Typed& from, Step step, uint32_t& variant) const {
  const uint32_t chosen = variant;
  variant = spec::kNone;
  const TypeKind k = kind(from.type);
  const uint32_t inner = row(from.type).a;
  if (step.kind == ProjectionKind::Field) {
    const auto all = fields(from, chosen);
    if (step.argument >= all.size()) throw Malformed{"a field that its type does not have"};
    return all[step.argument];
  }
  if (chosen != spec::kNone) throw Malformed{"a variant without a field"};
  if (step.kind == ProjectionKind::Variant && k == TypeKind::Enum && step.argument < row(from.type).b) {
    variant = step.argument;
    return from;
  }
  const bool indexes = step.kind == ProjectionKind::Index || step.kind == ProjectionKind::ConstIndex;
  if (indexes && (k == TypeKind::Array || k == TypeKind::Vec || k == TypeKind::Slice)) return {inner, from.slots};
  if (step.kind == ProjectionKind::Deref) {
    if (k == TypeKind::Box || k == TypeKind::Ptr || k == TypeKind::Arc) return {inner, from.slots};
    if (k == TypeKind::Gc) return {inner, std::vector<Origin>(slots(inner), 0)};
    if (k == TypeKind::Ref || k == TypeKind::Guard) return {inner, {from.slots.begin() + 1, from.slots.end()}};
  }
  throw Malformed{"a step that its type does not have"};
}

}  // namespace stark::oracle

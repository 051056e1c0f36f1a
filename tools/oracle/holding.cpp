// tools/oracle/holding.cpp — trees of what is there: looked up, changed, and joined where paths meet.
// Room: tools/oracle. Essay: README.md, "What is there". In: Holding. Out: Holding.
#include "tools/oracle/holding.h"

#include <algorithm>

namespace stark::oracle {
namespace {

using Kind = Holding::Kind;

Holding tidied(Holding holding) {
  if (holding.kind != Kind::Parts) return holding;
  std::erase_if(holding.parts, [](const auto& one) { return one.second.kind == Kind::Full; });
  return holding.parts.empty() ? Holding{Kind::Full, {}} : holding;
}

// The type behind a step of a moved part. Lifetimes do not matter here.
uint32_t type_behind(const TypeBook& types, uint32_t type, Step step, uint32_t& variant) {
  return types.step({type, std::vector<Origin>(types.slots(type), 0)}, step, variant).type;
}

Holding child(const Holding& whole, Step step) {
  const auto at = whole.parts.find(step);
  return at == whole.parts.end() ? Holding{Kind::Full, {}} : at->second;
}

bool fields_owe(const TypeBook& types, const Holding& holding, uint32_t type, uint32_t variant) {
  const auto fields = types.fields({type, std::vector<Origin>(types.slots(type), 0)}, variant);
  for (uint32_t f = 0; f < fields.size(); ++f)
    if (owes(types, child(holding, {ProjectionKind::Field, f}), fields[f].type)) return true;
  return false;
}

}  // namespace

bool is_full(const Holding& holding) { return holding.kind == Kind::Full; }

Holding part_of(const Holding& whole, std::span<const Step> steps) {
  if (whole.kind != Kind::Parts || steps.empty()) return whole;
  // An index that is not known may be that of any element.
  if (steps[0].kind == ProjectionKind::Index) return Holding{Kind::Broken, {}};
  return part_of(child(whole, steps[0]), steps.subspan(1));
}

bool is_around(const Holding& whole, std::span<const Step> steps) {
  if (steps.empty()) return true;
  if (whole.kind == Kind::Full) return true;
  if (whole.kind != Kind::Parts || steps[0].kind == ProjectionKind::Index) return false;
  return is_around(child(whole, steps[0]), steps.subspan(1));
}

void set_part(Holding& whole, std::span<const Step> steps, Holding part) {
  if (steps.empty()) {
    whole = std::move(part);
    return;
  }
  if (whole.kind != Kind::Full && whole.kind != Kind::Parts) return;
  whole.kind = Kind::Parts;
  Holding inner = child(whole, steps[0]);
  set_part(inner, steps.subspan(1), std::move(part));
  whole.parts[steps[0]] = std::move(inner);
  whole = tidied(std::move(whole));
}

bool owes(const TypeBook& types, const Holding& holding, uint32_t type) {
  if (holding.kind == Kind::Empty || !types.drops(type)) return false;
  if (holding.kind != Kind::Parts) return true;
  switch (types.kind(type)) {
    case TypeKind::Struct:
    case TypeKind::Tuple: return fields_owe(types, holding, type, spec::kNone);
    case TypeKind::Box: return owes(types, child(holding, {ProjectionKind::Deref, 0}), types.row(type).a);
    case TypeKind::Array:
      return types.length(type) > holding.parts.size() ||
             std::ranges::any_of(holding.parts, [&](const auto& one) { return owes(types, one.second, types.row(type).a); });
    case TypeKind::Enum:  // it is of the variant that something was moved out of
      return holding.parts.size() != 1 || fields_owe(types, holding.parts.begin()->second, type, holding.parts.begin()->first.argument);
    default: return true;
  }
}

Holding join(const TypeBook& types, const Holding& a, const Holding& b, uint32_t type) {
  if (a == b) return a;
  const auto whole = [](const Holding& one) { return one.kind != Kind::Parts && one.kind != Kind::Broken; };
  if (whole(a) && whole(b)) return {Kind::Maybe, {}};
  const auto joins = [](const Holding& one) { return one.kind == Kind::Full || one.kind == Kind::Parts; };
  if (!joins(a) || !joins(b)) return {Kind::Broken, {}};
  // Only one of the paths knows which variant it is.
  const bool is_enum = types.kind(type) == TypeKind::Enum;
  const auto variants = [](const Holding& one) {
    std::set<Step> out;
    for (const auto& [step, part] : one.parts) out.insert(step);
    return out;
  };
  if (is_enum && types.drops(type) && variants(a) != variants(b)) return {Kind::Broken, {}};
  Holding out{Kind::Parts, {}};
  for (const Holding* one : {&a, &b}) {
    for (const auto& [step, part] : one->parts) {
      if (step.kind == ProjectionKind::Variant) {
        Holding inner{Kind::Parts, {}};
        const Holding left = child(a, step), right = child(b, step);
        for (const Holding* side : {&left, &right})
          for (const auto& [field, held] : side->parts) {
            uint32_t variant = step.argument;
            inner.parts[field] = join(types, child(left, field), child(right, field), type_behind(types, type, field, variant));
          }
        out.parts[step] = tidied(std::move(inner));
        continue;
      }
      uint32_t variant = spec::kNone;
      out.parts[step] = join(types, child(a, step), child(b, step), type_behind(types, type, step, variant));
    }
  }
  return tidied(std::move(out));
}

}  // namespace stark::oracle

// vm/verify/signatures.cpp — proof 3: signatures name sized types and declared lifetimes; drop functions and entry have their form.
// Room: vm/verify. In: signature table, Types. Out: their shapes, or V20, V35, V43.
#include <fmt/format.h>

#include "bytecode-spec/tables.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Module;
using spec::TypeKind;

TypeKind kind_of(const Module& m, uint32_t type) { return static_cast<TypeKind>(m.types[type].kind); }

Result<void> check_use(const Module& m, const Types& types, spec::TypeUse use, uint32_t regions) {
  const TypeFacts& facts = types.facts[use.type];
  if (!facts.is_sized) return refuse(Refusal::Layout, "a parameter or result without a size");
  if (facts.region_slots == 0) return {};
  if (uint64_t{use.first_region} + facts.region_slots > m.regions.size()) return refuse(Refusal::Index, "lifetimes of a parameter");
  for (uint32_t s = 0; s < facts.region_slots; ++s) {
    if (m.regions[use.first_region + s] > regions) return refuse(Refusal::Index, "a lifetime that the signature does not declare");
  }
  return {};
}

// `fn drop(&mut self)` for exactly the type that names it.
Result<void> check_drop_function(const Module& m, uint32_t type) {
  const uint32_t function = m.types[type].c;
  if (function == kNone) return {};
  const spec::SignatureRow& s = m.signatures[m.functions[function].signature];
  const auto takes_it = [&] {
    if (s.parameters.count != 1 || kind_of(m, s.result.type) != TypeKind::Unit) return false;
    const spec::TypeRow& parameter = m.types[m.type_uses[s.parameters.first].type];
    return parameter.kind == static_cast<uint32_t>(TypeKind::Ref) && parameter.b == 1 && parameter.a == type;
  };
  if (!takes_it()) return refuse(Refusal::Signature, fmt::format("the drop function of type {} does not take `&mut` of it", type));
  return {};
}

// Nothing, i32, or a Result whose error can be shown: an enum of two variants.
Result<void> check_entry(const Module& m) {
  if (m.entry == kNone) return {};
  const spec::SignatureRow& s = m.signatures[m.functions[m.entry].signature];
  const TypeKind result = kind_of(m, s.result.type);
  if (s.parameters.count != 0) return refuse(Refusal::Signature, "the entry function takes parameters");
  const bool fits = result == TypeKind::Unit || result == TypeKind::I32 || (result == TypeKind::Enum && m.types[s.result.type].b == 2);
  if (!fits) return refuse(Refusal::Signature, "the entry function returns neither `()`, `i32` nor a `Result`");
  return {};
}

CallShape shape_of(const Module& m, const Types& types, const spec::SignatureRow& s) {
  const auto typed = [&](spec::TypeUse use) {
    const uint32_t slots = types.facts[use.type].region_slots;
    return TypedPlace{use.type, slots == 0 ? std::span<const uint32_t>() : std::span(m.regions).subspan(use.first_region, slots)};
  };
  CallShape shape;
  shape.parameters.reserve(s.parameters.count);
  for (uint32_t i = 0; i < s.parameters.count; ++i) shape.parameters.push_back(typed(m.type_uses[s.parameters.first + i]));
  shape.result = typed(s.result);
  shape.region_count = s.region_count;
  for (uint32_t i = 0; i < s.outlives.count; ++i) {
    const auto& pair = m.outlives[s.outlives.first + i];
    shape.outlives.emplace_back(pair.longer, pair.shorter);
  }
  if (!shape.outlives.empty()) shape.closed = close_outlives(s.region_count, shape.outlives);
  return shape;
}

}  // namespace

Result<void> prove_signatures(const Module& module, Types& types) {
  for (const auto& s : module.signatures) {
    for (uint32_t i = 0; i < s.parameters.count; ++i) {
      STARK_TRY(check_use(module, types, module.type_uses[s.parameters.first + i], s.region_count));
    }
    STARK_TRY(check_use(module, types, s.result, s.region_count));
  }
  types.shapes.reserve(module.signatures.size());
  for (const auto& s : module.signatures) types.shapes.push_back(shape_of(module, types, s));
  for (uint32_t t = 0; t < module.types.size(); ++t) {
    if (kind_of(module, t) == TypeKind::Struct || kind_of(module, t) == TypeKind::Enum) STARK_TRY(check_drop_function(module, t));
  }
  return check_entry(module);
}

}  // namespace stark::vm

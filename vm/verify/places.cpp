// vm/verify/places.cpp — proof 5a: every place of a function has a type, found by walking its projections.
// Room: vm/verify. In: register, place and loan tables. Out: Body. Only here are projections given meaning.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/limits.h"
#include "vm/verify/body.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Module;

TypeKind kind_of(const Module& m, uint32_t type) { return static_cast<TypeKind>(m.types[type].kind); }

// The lifetimes of a field, said in those of the struct value that it is a field of.
TypedPlace field_of(const Module& m, const Types& types, const TypedPlace& whole, spec::TypeUse use) {
  TypedPlace field{use.type, {}};
  for (uint32_t s = 0; s < types.facts[use.type].region_slots; ++s) {
    const uint32_t parameter = m.regions[use.first_region + s];
    field.regions.push_back(parameter == 0 ? 0 : whole.regions[parameter - 1]);
  }
  return field;
}

TypedPlace tuple_field(const Module& m, const Types& types, const TypedPlace& whole, spec::Range fields, uint32_t number) {
  size_t first = 0;
  for (uint32_t f = 0; f < number; ++f) first += types.facts[m.fields[fields.first + f].type.type].region_slots;
  const uint32_t type = m.fields[fields.first + number].type.type;
  const auto begin = whole.regions.begin() + static_cast<ptrdiff_t>(first);
  return {type, {begin, begin + types.facts[type].region_slots}};
}

Result<TypedPlace> field_step(const Module& m, const Types& types, const TypedPlace& from, uint32_t number, uint32_t variant) {
  const spec::TypeRow& row = m.types[from.type];
  spec::Range fields{row.a, row.b};
  switch (kind_of(m, from.type)) {
    case TypeKind::Enum:
      if (variant == kNone) return refuse(Refusal::OperandType, "a field of an enum without its variant");
      fields = m.variants[row.a + variant].fields;
      break;
    case TypeKind::Tuple:
      if (number >= row.b) return refuse(Refusal::Index, "field of a tuple");
      return tuple_field(m, types, from, fields, number);
    case TypeKind::Struct: break;
    default: return refuse(Refusal::OperandType, "a field of something without fields");
  }
  if (number >= fields.count) return refuse(Refusal::Index, "field");
  return field_of(m, types, from, m.fields[fields.first + number].type);
}

Result<void> add_step(const Body& b, PlaceInfo& place, Step step, uint32_t& variant) {
  const TypedPlace from = place.type;
  const TypeKind kind = b.kind(from.type);
  if (step.kind == ProjectionKind::Index) {
    if (step.argument >= b.registers.size()) return refuse(Refusal::Index, "index register");
    if (b.kind(b.registers[step.argument].type.type) != TypeKind::Usize) return refuse(Refusal::OperandType, "an index that is not usize");
  }
  if (step.kind == ProjectionKind::Deref && kind == TypeKind::Ref) {
    const bool is_mut = b.m.types[from.type].b != 0;
    place.through_reference = true;
    (is_mut ? place.through_mutable : place.through_shared) = true;
    place.own_from = place.steps.size() + 1;
    place.dropped_until = place.destructor;
    place.crossed.push_back({from.regions[0], is_mut});
  }
  // What lies behind a pointer, unsafe code answers for: nothing in front of the pointer matters there.
  if (step.kind == ProjectionKind::Deref && kind == TypeKind::Ptr) {
    if (!asks_for(b.m, spec::Capability::Unsafe)) return refuse(Refusal::UnsafeNotGranted, "a raw pointer is followed by a bundle that does not ask for `unsafe`");
    place.through_reference = place.through_pointer = true;
    place.through_mutable = b.m.types[from.type].b != 0;
    place.through_shared = !place.through_mutable;
    place.through_index = place.through_handle = place.through_drop = false;
    place.own_from = place.steps.size() + 1;
    place.dropped_until = place.destructor;
    place.crossed.clear();
  }
  // What a guard or handle gives access to goes with it, as if it were owned; but it may not be moved away.
  if (step.kind == ProjectionKind::Deref && (kind == TypeKind::Guard || kind == TypeKind::Gc || kind == TypeKind::Arc)) {
    place.through_handle = true;
    place.destructor = place.steps.size() + 1;  // when a guard goes, others may come
    place.through_shared |= kind != TypeKind::Guard || !spec::gives_mutable(static_cast<spec::GuardKind>(b.m.types[from.type].b));
  }
  const bool element = step.kind == ProjectionKind::Index || (step.kind == ProjectionKind::ConstIndex && kind != TypeKind::Array);
  place.through_index |= element;
  if ((kind == TypeKind::Struct || kind == TypeKind::Enum) && b.m.types[from.type].c != kNone) {
    place.through_drop = true;
    place.destructor = place.steps.size() + 1;
  }
  const bool elsewhere = step.kind == ProjectionKind::Deref || (element && kind != TypeKind::Array);
  if (elsewhere) place.most_align = spec::kMaxPack;
  if (const uint32_t pack = kind == TypeKind::Struct ? spec::representation(b.m.types[from.type]).pack : 0; pack != 0) place.most_align = std::min(place.most_align, pack);
  auto next = step_into(b.m, b.types, from, step, &variant);
  if (!next) return std::unexpected(next.error());
  place.type = std::move(*next);
  place.steps.push_back(step);
  return {};
}

Result<void> open_places(Body& b) {
  for (uint32_t p = 0; p < b.f.places.count; ++p) {
    const spec::PlaceRow& row = b.m.places[b.f.places.first + p];
    if (row.base >= b.registers.size()) return refuse(Refusal::Index, "register of a place");
    PlaceInfo place = b.places[row.base];
    uint32_t variant = kNone;
    bool ended = false;
    for (uint32_t i = 0; i < spec::kMaxProjections; ++i) {
      const auto kind = static_cast<ProjectionKind>(row.kinds[i]);
      if (row.kinds[i] > static_cast<uint8_t>(ProjectionKind::Variant)) return refuse(Refusal::Structure, "a projection that is not known");
      if (kind == ProjectionKind::None) {
        ended = true;
        if (row.arguments[i] != 0) return refuse(Refusal::Structure, "an argument behind the end of a place");
        continue;
      }
      if (ended) return refuse(Refusal::Structure, "a gap in a place");
      STARK_TRY(add_step(b, place, {kind, row.arguments[i]}, variant));
    }
    if (place.steps.empty()) return refuse(Refusal::Structure, "a place without projections");
    // Text behind a shared reference, slices and dyns have no size: they can be measured, indexed and borrowed.
    const bool is_shown = place.own_from == place.steps.size() && (place.crossed.empty() || !place.crossed.back().is_mut) && b.kind(place.type.type) == TypeKind::Str;
    place.readable = variant == kNone && b.facts(place.type.type).is_sized && !is_shown;
    b.places.push_back(std::move(place));
  }
  return {};
}

Result<void> open_registers(Body& b) {
  b.region_users.assign(b.region_count, 0);
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    const spec::TypeUse use = b.registers[r].type;
    const TypeFacts& facts = b.facts(use.type);
    if (!facts.is_sized) return refuse(Refusal::Layout, "a register without a size");
    PlaceInfo place;
    place.base = r;
    place.type.type = use.type;
    if (facts.region_slots > 0 && uint64_t{use.first_region} + facts.region_slots > b.m.regions.size()) {
      return refuse(Refusal::Index, "lifetimes of a register");
    }
    for (uint32_t s = 0; s < facts.region_slots; ++s) {
      const uint32_t region = b.m.regions[use.first_region + s];
      if (region >= b.region_count) return refuse(Refusal::Index, "region of a register");
      place.type.regions.push_back(region);
      ++b.region_users[region];
    }
    b.places.push_back(std::move(place));
  }
  return {};
}

// Parameters are the first registers, with the types and lifetimes that the signature gives them.
Result<void> check_parameters(const Body& b) {
  if (b.registers.size() < b.signature.parameters.count) return refuse(Refusal::Signature, "fewer registers than parameters");
  uint64_t frame = 0;
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    const bool is_parameter = r < b.signature.parameters.count;
    frame += b.facts(b.registers[r].type.type).size + 8;
    if (is_parameter != ((b.registers[r].flags & spec::kParameter) != 0)) return refuse(Refusal::Signature, "the parameter flags are wrong");
    if (!is_parameter) continue;
    const spec::TypeUse use = b.m.type_uses[b.signature.parameters.first + r];
    if (use.type != b.registers[r].type.type) return refuse(Refusal::Signature, "a parameter register of another type");
    for (uint32_t s = 0; s < b.facts(use.type).region_slots; ++s) {
      if (b.places[r].type.regions[s] != b.m.regions[use.first_region + s]) {
        return refuse(Refusal::Signature, "a parameter register with other lifetimes");
      }
    }
  }
  if (frame > spec::kMaxFrameBytes) return refuse(Refusal::Limit, fmt::format("a frame of {} bytes", frame));
  return {};
}

}  // namespace

bool asks_for(const Module& m, spec::Capability capability) {
  return std::ranges::find(m.capabilities, static_cast<uint32_t>(capability)) != m.capabilities.end();
}

Result<TypedPlace> step_into(const Module& m, const Types& types, const TypedPlace& from, Step step, uint32_t* variant) {
  const spec::TypeRow& row = m.types[from.type];
  const TypeKind kind = kind_of(m, from.type);
  const uint32_t chosen = *variant;
  *variant = kNone;
  if (chosen != kNone && step.kind != ProjectionKind::Field) return refuse(Refusal::OperandType, "a variant is followed by a field");
  switch (step.kind) {
    case ProjectionKind::Field: return field_step(m, types, from, step.argument, chosen);
    case ProjectionKind::Variant:
      if (kind != TypeKind::Enum) return refuse(Refusal::OperandType, "a variant of something that is no enum");
      if (step.argument >= row.b) return refuse(Refusal::Index, "variant");
      if (types.facts[from.type].tag_bytes != 4) return refuse(Refusal::OperandType, "a variant that has no fields");
      *variant = step.argument;
      return from;
    case ProjectionKind::ConstIndex:
    case ProjectionKind::Index:
      if (kind != TypeKind::Array && kind != TypeKind::Vec && kind != TypeKind::Slice) {
        return refuse(Refusal::OperandType, "an index into something that has no elements");
      }
      if (step.kind == ProjectionKind::ConstIndex && kind == TypeKind::Array && step.argument >= (uint64_t{row.c} << 32 | row.b)) {
        return refuse(Refusal::Index, "a constant index beyond its array");
      }
      return TypedPlace{row.a, from.regions};
    case ProjectionKind::Deref:
      if (kind == TypeKind::Box || kind == TypeKind::Ptr) return TypedPlace{row.a, from.regions};
      if (kind == TypeKind::Arc) return TypedPlace{row.a, from.regions};
      if (kind == TypeKind::Gc) return TypedPlace{row.a, std::vector<uint32_t>(types.facts[row.a].region_slots, 0)};
      if (kind != TypeKind::Ref && kind != TypeKind::Guard) {
        return refuse(Refusal::OperandType, "a dereference of something that is no reference, Box, guard, Gc or pointer");
      }
      return TypedPlace{row.a, {from.regions.begin() + 1, from.regions.end()}};
    case ProjectionKind::None: break;
  }
  return refuse(Refusal::Structure, "a projection that is not known");
}

Result<Body> open_body(const spec::Bundle& bundle, const Types& types, uint32_t function) {
  const Module& m = bundle.module;
  const spec::FunctionRow& f = m.functions[function];
  const spec::SignatureRow& signature = m.signatures[f.signature];
  Body b{bundle, m, types, f, signature, std::span(m.registers).subspan(f.registers.first, f.registers.count),
         std::span(m.loans).subspan(f.loans.first, f.loans.count), std::span(m.blocks).subspan(f.blocks.first, f.blocks.count),
         std::span(m.code).subspan(f.code.first, f.code.count)};
  b.fixed_regions = signature.region_count + 1;
  b.region_count = b.fixed_regions + f.region_count;
  // A region that no register names holds nothing: their number is bounded by the registers' lifetimes.
  if (f.region_count > uint64_t{f.registers.count} * spec::kMaxRegionArguments) return refuse(Refusal::Limit, "more regions than registers can name");
  STARK_TRY(open_registers(b));
  STARK_TRY(open_places(b));
  STARK_TRY(check_parameters(b));
  b.outlives = close_outlives(signature.region_count, shape_of_signature(m, types, f.signature).outlives);
  b.loan_issued.assign(b.loans.size(), false);
  b.state.held.assign(b.registers.size(), Held::Unset);
  b.state.moved.resize(b.registers.size());
  b.state.regions.resize(b.region_count);
  b.region_holders.assign(b.region_count, 0);
  b.loan_holders.assign(b.loans.size(), 0);
  b.live_by_base.resize(b.registers.size());
  return b;
}

}  // namespace stark::vm

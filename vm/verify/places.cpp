// vm/verify/places.cpp — proof 5a: every place of a function has a type, found by walking its projections.
// Room: vm/verify. In: register, place and loan tables. Out: Body. Only here are projections given meaning.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "bytecode-spec/limits.h"
#include "vm/verify/body.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Module;

TypeKind kind_of(const Module& m, uint32_t type) { return static_cast<TypeKind>(m.types[type].kind); }

// The row of a field, of the variant if there is one.
Result<spec::TypeUse> field_of(const Module& m, uint32_t from, uint32_t number, uint32_t variant) {
  const spec::TypeRow& row = m.types[from];
  spec::Range fields{row.a, row.b};
  switch (kind_of(m, from)) {
    case TypeKind::Enum:
      if (variant == kNone) return refuse(Refusal::OperandType, "a field of an enum without its variant");
      fields = m.variants[row.a + variant].fields;
      break;
    case TypeKind::Tuple:
      if (number >= row.b) return refuse(Refusal::Index, "field of a tuple");
      break;
    case TypeKind::Struct: break;
    default: return refuse(Refusal::OperandType, "a field of something without fields");
  }
  if (number >= fields.count) return refuse(Refusal::Index, "field");
  return m.fields[fields.first + number].type;
}

// The lifetimes of a field, said in those of the value that it is a field of: a tuple has those of all its fields, one behind the other.
std::span<const uint32_t> field_lifetimes(const Module& m, const Types& types, const TypedPlace& whole, spec::TypeUse field, uint32_t number, RegionStore& store) {
  const uint32_t slots = types.facts[field.type].region_slots;
  if (slots == 0) return {};
  if (kind_of(m, whole.type) == TypeKind::Tuple) {
    size_t first = 0;
    for (uint32_t f = 0; f < number; ++f) first += types.facts[m.fields[m.types[whole.type].a + f].type.type].region_slots;
    return whole.regions.subspan(first, slots);
  }
  const auto regions = store.take(slots);
  for (uint32_t s = 0; s < slots; ++s) {
    const uint32_t parameter = m.regions[field.first_region + s];
    regions[s] = parameter == 0 ? 0 : whole.regions[parameter - 1];
  }
  return regions;
}

Result<void> add_step(Body& b, PlaceInfo& place, Step step, uint32_t& variant) {
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
  const auto next = step_into(b.m, b.types, from, step, &variant, b.lifetimes);
  if (!next) return std::unexpected(next.error());
  place.type = *next;
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
    b.places.push_back(place);
  }
  return {};
}

Result<void> open_registers(Body& b) {
  b.borrowers.assign(register_words(b.registers.size()), 0);
  b.droppers.assign(register_words(b.registers.size()), 0);
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    const spec::TypeUse use = b.registers[r].type;
    const TypeFacts& facts = b.facts(use.type);
    if (!facts.is_sized) return refuse(Refusal::Layout, "a register without a size");
    PlaceInfo& place = b.places.emplace_back();
    place.base = r;
    place.type.type = use.type;
    if (facts.needs_drop) spec::set_bit(b.droppers, r);
    if (facts.region_slots == 0) continue;
    spec::set_bit(b.borrowers, r);
    if (uint64_t{use.first_region} + facts.region_slots > b.m.regions.size()) return refuse(Refusal::Index, "lifetimes of a register");
    place.type.regions = std::span(b.m.regions).subspan(use.first_region, facts.region_slots);
    for (uint32_t region : place.type.regions) {
      if (region >= b.region_count) return refuse(Refusal::Index, "region of a register");
    }
  }
  return {};
}

// Which registers name each region: one table, filled from the end of each region's part to where it begins.
void find_users(Body& b) {
  b.region_first.assign(b.region_count + 1, 0);
  for (uint32_t r = 0; r < b.registers.size(); ++r) {
    for (uint32_t region : b.places[r].type.regions) ++b.region_first[region];
  }
  std::partial_sum(b.region_first.begin(), b.region_first.end(), b.region_first.begin());
  b.region_users.resize(b.region_first.back());
  for (auto r = static_cast<uint32_t>(b.registers.size()); r-- > 0;) {
    for (uint32_t region : b.places[r].type.regions) b.region_users[--b.region_first[region]] = r;
  }
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

// By the letters of opcodes.def.
void set_table_sizes(Body& b) {
  b.table_sizes.fill(kNone);
  const auto set = [&](char letter, size_t size) { b.table_sizes[static_cast<size_t>(letter - 'a')] = static_cast<uint32_t>(size); };
  set('d', b.places.size());
  set('p', b.places.size());
  set('r', b.registers.size());
  set('l', b.loans.size());
  set('t', b.m.types.size());
  set('c', b.m.constants.size());
  set('f', b.m.functions.size());
  set('n', spec::native_rows().size());
  set('g', b.m.graphs.size());
  set('s', b.m.segments.size());
  set('y', b.m.vtables.size());
  set('x', b.m.statics.size());
  set('z', b.m.foreigns.size());
  set('b', b.blocks.size());
}

// Work that may go into one function: so much for each byte that it has in the file, and a little always. Of the states, which nobody owns,
// it has as large a part as of the code.
int64_t work_for(const Module& m, const spec::FunctionRow& f) {
  constexpr uint64_t kWordsPerByte = 64, kWordsAlways = 1 << 14;
  const auto bytes = [](spec::Range rows, size_t each) { return uint64_t{rows.count} * each; };
  const uint64_t states = static_cast<uint64_t>(static_cast<double>(m.states.size() * sizeof(uint32_t)) * f.code.count / static_cast<double>(std::max<size_t>(1, m.code.size())));
  return static_cast<int64_t>(kWordsAlways + kWordsPerByte * (bytes(f.code, sizeof(uint32_t)) + bytes(f.registers, sizeof(spec::RegisterRow)) + bytes(f.places, sizeof(spec::PlaceRow)) +
                                                              bytes(f.loans, sizeof(spec::LoanRow)) + bytes(f.blocks, sizeof(spec::BlockRow)) + states));
}

}  // namespace

bool asks_for(const Module& m, spec::Capability capability) {
  return std::ranges::find(m.capabilities, static_cast<uint32_t>(capability)) != m.capabilities.end();
}

Result<uint32_t> type_behind(const Module& m, const Types& types, uint32_t from, Step step, uint32_t* variant) {
  const spec::TypeRow& row = m.types[from];
  const TypeKind kind = kind_of(m, from);
  const uint32_t chosen = *variant;
  *variant = kNone;
  if (chosen != kNone && step.kind != ProjectionKind::Field) return refuse(Refusal::OperandType, "a variant is followed by a field");
  switch (step.kind) {
    case ProjectionKind::Field: {
      const auto field = field_of(m, from, step.argument, chosen);
      if (!field) return std::unexpected(field.error());
      return field->type;
    }
    case ProjectionKind::Variant:
      if (kind != TypeKind::Enum) return refuse(Refusal::OperandType, "a variant of something that is no enum");
      if (step.argument >= row.b) return refuse(Refusal::Index, "variant");
      if (types.facts[from].tag_bytes != 4) return refuse(Refusal::OperandType, "a variant that has no fields");
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
      return row.a;
    case ProjectionKind::Deref:
      switch (kind) {
        case TypeKind::Box:
        case TypeKind::Ptr:
        case TypeKind::Arc:
        case TypeKind::Gc:
        case TypeKind::Ref:
        case TypeKind::Guard: return row.a;
        default: return refuse(Refusal::OperandType, "a dereference of something that is no reference, Box, guard, Gc or pointer");
      }
    case ProjectionKind::None: break;
  }
  return refuse(Refusal::Structure, "a projection that is not known");
}

Result<TypedPlace> step_into(const Module& m, const Types& types, const TypedPlace& from, Step step, uint32_t* variant, RegionStore& store) {
  static constexpr std::array<uint32_t, spec::kMaxRegionArguments> kAllStatic{};
  const uint32_t chosen = *variant;
  const auto type = type_behind(m, types, from.type, step, variant);
  if (!type) return std::unexpected(type.error());
  TypedPlace to{*type, from.regions};
  if (step.kind == ProjectionKind::Field) {
    to.regions = field_lifetimes(m, types, from, *field_of(m, from.type, step.argument, chosen), step.argument, store);
  } else if (step.kind == ProjectionKind::Deref) {
    const TypeKind kind = kind_of(m, from.type);
    if (kind == TypeKind::Ref || kind == TypeKind::Guard) to.regions = from.regions.subspan(1);
    if (kind == TypeKind::Gc) to.regions = std::span(kAllStatic).first(types.facts[*type].region_slots);
  }
  return to;
}

Result<void> open_body(Body& b, uint32_t function) {
  const Module& m = b.m;
  b.f = m.functions[function];
  b.signature = m.signatures[b.f.signature];
  b.registers = std::span(m.registers).subspan(b.f.registers.first, b.f.registers.count);
  b.loans = std::span(m.loans).subspan(b.f.loans.first, b.f.loans.count);
  b.blocks = std::span(m.blocks).subspan(b.f.blocks.first, b.f.blocks.count);
  b.code = std::span(m.code).subspan(b.f.code.first, b.f.code.count);
  b.fixed_regions = b.signature.region_count + 1;
  b.region_count = b.fixed_regions + b.f.region_count;
  b.word = 0;
  b.work = work_for(m, b.f);
  constexpr size_t kRoomOfRegion = 64;  // what a region takes, named or not
  b.spend(kRoomOfRegion * b.f.region_count);
  if (b.work < 0) return refuse(Refusal::Limit, "more regions than registers can name");
  b.declared_block = kNone;
  b.places.clear();
  b.lifetimes.clear();
  STARK_TRY(open_registers(b));
  find_users(b);
  STARK_TRY(open_places(b));
  STARK_TRY(check_parameters(b));
  b.outlives = b.types.shapes[b.f.signature].closure();
  b.loan_issued.assign(b.loans.size(), false);
  b.declared_at.assign(b.region_count, 0);
  set_table_sizes(b);
  return {};
}

}  // namespace stark::vm

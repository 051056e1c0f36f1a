// vm/verify/layouts.cpp — proof 2: what every type looks like in memory, and what may be done with its values.
// Room: vm/verify. In: type, field and variant tables with proven indices. Out: Types, or V20, V40, V43.
// Sizes go depth first along "contains by value"; a Vec, Box or reference ends the way down.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/limits.h"
#include "bytecode-spec/tables.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

using spec::Module;
using spec::TypeKind;

class LayoutProof {
 public:
  explicit LayoutProof(const Module& module) : m_(module) {
    out_.facts.resize(module.types.size());
    out_.variance.resize(module.types.size());
    state_.resize(module.types.size(), State::New);
    nesting_.resize(module.types.size());
  }

  Result<Types> run() {
    STARK_TRY(count_regions());
    STARK_TRY(check_field_regions());
    STARK_TRY(check_scopes());
    for (uint32_t t = 0; t < m_.types.size(); ++t) STARK_TRY(lay_out(t, 0));
    find_abilities(m_, out_);
    STARK_TRY(check_finalisers());
    return std::move(out_);
  }

 private:
  enum class State : uint8_t { New, Open, Done };

  TypeKind kind(uint32_t t) const { return static_cast<TypeKind>(m_.types[t].kind); }

  bool is_unsized(uint32_t t) const { return spec::has(kind(t), spec::kUnsized); }

  // Structural types stand after their parts, and nominal ones say their count, so one pass in order is enough.
  Result<void> count_regions() {
    for (uint32_t t = 0; t < m_.types.size(); ++t) {
      const spec::TypeRow& row = m_.types[t];
      uint64_t slots = 0;
      switch (kind(t)) {
        case TypeKind::Struct:
        case TypeKind::Enum: slots = spec::lifetimes_declared(row); break;
        case TypeKind::Vec:
        case TypeKind::Array:
        case TypeKind::Slice:
        case TypeKind::Box:
        case TypeKind::Cell:
        case TypeKind::Ptr:
        case TypeKind::RefCell:
        case TypeKind::Arc:
        case TypeKind::Mutex:
        case TypeKind::RwLock:
        case TypeKind::OnceSlot: slots = slots_of(row.a); break;
        case TypeKind::Dyn:
        case TypeKind::Fn: slots = 1; break;  // what the value inside borrows
        case TypeKind::Scope: slots = 1; break;  // what its threads borrow
        case TypeKind::Fiber: slots = 1; break;  // what its body borrows
        case TypeKind::Guard:
        case TypeKind::Ref: slots = 1 + slots_of(row.a); break;
        case TypeKind::Tuple:
          for (uint32_t f = 0; f < row.b; ++f) slots += slots_of(m_.fields[row.a + f].type.type);
          break;
        default: break;
      }
      if (slots > spec::kMaxRegionArguments) return refuse(Refusal::Limit, fmt::format("type {} carries {} lifetimes", t, slots));
      out_.facts[t].region_slots = static_cast<uint32_t>(slots);
    }
    return {};
  }
  uint32_t slots_of(uint32_t t) const { return out_.facts[t].region_slots; }

  // A scope that could be put away could be lost without its drop, and its threads would go on with what they borrowed.
  Result<void> check_scopes() const {
    const auto refused = [] { return refuse(Refusal::Layout, "a scope inside of something"); };
    for (const spec::FieldRow& field : m_.fields) {
      if (kind(field.type.type) == TypeKind::Scope) return refused();
    }
    for (uint32_t t = 0; t < m_.types.size(); ++t) {
      if (is_around_one(kind(t)) && kind(m_.types[t].a) == TypeKind::Scope) return refused();
    }
    return {};
  }
  static bool is_around_one(TypeKind kind) {
    switch (kind) {
      case TypeKind::Vec:
      case TypeKind::Array:
      case TypeKind::Slice:
      case TypeKind::Box:
      case TypeKind::Cell:
      case TypeKind::RefCell:
      case TypeKind::Guard:
      case TypeKind::Gc:
      case TypeKind::Weak:
      case TypeKind::Ptr:
      case TypeKind::Arc:
      case TypeKind::Mutex:
      case TypeKind::RwLock:
      case TypeKind::OnceSlot: return true;
      default: return false;
    }
  }

  // What the collector drops may not look around.
  Result<void> check_finalisers() const {
    for (uint32_t t = 0; t < m_.types.size(); ++t) {
      if (kind(t) == TypeKind::Gc && !out_.facts[m_.types[t].a].is_finaliser_safe) {
        return refuse(Refusal::FinaliserRule, fmt::format("type {} shares a value whose destructor can reach managed objects", t));
      }
    }
    return {};
  }

  // A field of a struct or enum names its own lifetimes in the parameters of the type that declares it.
  Result<void> check_field_regions() {
    for (uint32_t t = 0; t < m_.types.size(); ++t) {
      if (kind(t) == TypeKind::Struct) STARK_TRY(check_fields({m_.types[t].a, m_.types[t].b}, spec::lifetimes_declared(m_.types[t])));
      if (kind(t) != TypeKind::Enum) continue;
      for (uint32_t v = 0; v < m_.types[t].b; ++v) STARK_TRY(check_fields(m_.variants[m_.types[t].a + v].fields, m_.types[t].d));
    }
    return {};
  }
  Result<void> check_fields(spec::Range fields, uint32_t parameters) {
    for (uint32_t f = 0; f < fields.count; ++f) {
      const spec::TypeUse use = m_.fields[fields.first + f].type;
      const uint32_t slots = slots_of(use.type);
      if (slots == 0) continue;
      if (uint64_t{use.first_region} + slots > m_.regions.size()) return refuse(Refusal::Index, "lifetimes of a field");
      for (uint32_t s = 0; s < slots; ++s) {
        if (m_.regions[use.first_region + s] > parameters) return refuse(Refusal::Index, "a lifetime that the type does not declare");
      }
    }
    return {};
  }

  Result<void> lay_out(uint32_t t, uint32_t depth) {
    if (state_[t] == State::Done) return {};
    if (state_[t] == State::Open) return refuse(Refusal::Layout, fmt::format("type {} contains itself by value", t));
    if (depth > spec::kMaxTypeDepth) return refuse(Refusal::Limit, "types are nested too deeply");
    state_[t] = State::Open;
    const spec::TypeRow& row = m_.types[t];
    const spec::TypeKindRow& kind_row = spec::row_of(kind(t));
    TypeFacts& facts = out_.facts[t];
    facts.size = kind_row.size;
    facts.align = std::max(1u, kind_row.align);
    if (kind_row.flags & spec::kManaged) facts.pointers.push_back({0, PointerSlot::Kind::Base});
    switch (kind(t)) {
      case TypeKind::Dyn: facts.is_sized = false; break;
      case TypeKind::Slice:
        facts.is_sized = false;
        [[fallthrough]];
      case TypeKind::Vec:
        if (is_unsized(row.a)) return refuse(Refusal::Layout, "elements without a size");
        break;
      case TypeKind::Box:
        if (is_unsized(row.a)) facts.size = 16;
        break;
      case TypeKind::Ref: {
        // Who may write a text replaces its handle; who reads one sees bytes, wherever they lie.
        const bool fat = (kind(row.a) == TypeKind::Str && row.b == 0) || is_unsized(row.a);
        facts.size = fat ? 16 : 8;
        facts.align = 8;
        facts.pointers.push_back({0, PointerSlot::Kind::Interior});
        break;
      }
      case TypeKind::Ptr:  // may point into an object, and then follows it when it moves
        if (is_unsized(row.a)) return refuse(Refusal::Layout, "a pointer to something without a size");
        facts.pointers.push_back({0, PointerSlot::Kind::Interior});
        break;
      case TypeKind::Array: STARK_TRY(lay_out_array(t, depth)); break;
      case TypeKind::Cell: STARK_TRY(place_part(t, row.a, depth)); break;
      case TypeKind::Mutex:
      case TypeKind::RwLock:
      case TypeKind::OnceSlot:
      case TypeKind::RefCell:
        facts.size = facts.align = 8;  // the count, or who has it
        STARK_TRY(place_part(t, row.a, depth));
        break;
      case TypeKind::Arc:
        if (is_unsized(row.a)) facts.size = 16;
        break;
      case TypeKind::Atomic:
        if (kind(row.a) != TypeKind::Bool && !spec::has(kind(row.a), spec::kInt)) return refuse(Refusal::Layout, "an atomic of what is no integer and no bool");
        facts.size = facts.align = spec::row_of(kind(row.a)).size;
        break;
      case TypeKind::Gc:
        if (is_unsized(row.a)) return refuse(Refusal::Layout, "a shared object without a size");
        break;
      case TypeKind::Guard:
        if (spec::is_view(row)) break;  // a handle of memory that the collector does not know
        [[fallthrough]];
      case TypeKind::Weak:
        if (is_unsized(row.a)) return refuse(Refusal::Layout, "a cell of something without a size");
        facts.pointers.push_back({0, kind(t) == TypeKind::Weak ? PointerSlot::Kind::Weak : PointerSlot::Kind::Interior});
        break;
      case TypeKind::Tuple:
      case TypeKind::Struct:
        if (kind(t) == TypeKind::Struct) {
          STARK_TRY(place_struct(t, depth));
          break;
        }
        STARK_TRY(place_fields(t, {row.a, row.b}, depth)); break;
      case TypeKind::Enum:
        facts.size = facts.align = facts.tag_bytes = spec::representation(row).tag != 0 ? spec::representation(row).tag : 4;
        if (facts.tag_bytes != 4) STARK_TRY(check_bare(t));
        for (uint32_t v = 0; v < row.b; ++v) {
          facts.variant_first.push_back(static_cast<uint32_t>(facts.field_offsets.size()));
          STARK_TRY(place_fields(t, m_.variants[row.a + v].fields, depth));
        }
        break;
      default: break;
    }
    facts.size = align(facts.size, facts.align);
    facts.has_c_form = has_c_form(t);
    if (facts.size > spec::kMaxTypeBytes) return refuse(Refusal::Layout, fmt::format("type {} has {} bytes", t, facts.size));
    state_[t] = State::Done;
    return {};
  }

  // A number, a truth value, an address; or a struct of such that lies as C lays it out by itself.
  bool has_c_form(uint32_t t) const {
    const TypeKind k = kind(t);
    if (spec::has(k, spec::kNum) || k == TypeKind::Bool || k == TypeKind::Ptr) return true;
    const spec::TypeRow& row = m_.types[t];
    const spec::Representation form = spec::representation(row);
    if (k != TypeKind::Struct || row.b == 0 || row.c != spec::kNone || form.pack != 0 || form.align != 0 || out_.facts[t].size > spec::kMaxForeignBytes) return false;
    for (uint32_t f = 0; f < row.b; ++f) {
      uint32_t part = m_.fields[row.a + f].type.type;
      while (kind(part) == TypeKind::Array && (m_.types[part].b != 0 || m_.types[part].c != 0)) part = m_.types[part].a;
      if (!out_.facts[part].has_c_form) return false;
    }
    return true;
  }

  // A part that was laid out before is as deep as it is.
  Result<void> nest(uint32_t t, uint32_t part, uint32_t depth) {
    STARK_TRY(lay_out(part, depth + 1));
    nesting_[t] = std::max(nesting_[t], nesting_[part] + 1);
    if (nesting_[t] > spec::kMaxTypeDepth) return refuse(Refusal::Limit, "types are nested too deeply");
    return {};
  }

  static uint32_t align(uint32_t offset, uint32_t to) { return (offset + to - 1) / to * to; }

  // Appends fields behind what is there. No word is shared between variants: one pointer map is right at every instant.
  Result<void> place_fields(uint32_t t, spec::Range fields, uint32_t depth) {
    for (uint32_t f = 0; f < fields.count; ++f) STARK_TRY(place_part(t, m_.fields[fields.first + f].type.type, depth));
    return {};
  }
  // Where fields may lie closer than they are aligned by themselves, they are plain data: the collector wants its words aligned.
  Result<void> place_struct(uint32_t t, uint32_t depth) {
    const spec::TypeRow& row = m_.types[t];
    const spec::Representation form = spec::representation(row);
    const uint32_t most = form.pack != 0 ? form.pack : spec::kMaxPack;
    for (uint32_t f = 0; f < row.b; ++f) {
      const uint32_t part = m_.fields[row.a + f].type.type;
      STARK_TRY(place_part(t, part, depth, most));
      const TypeFacts& inner = out_.facts[part];
      const bool plain = inner.pointers.empty() && !spec::has(kind(part), spec::kOwned);
      if (most < sizeof(void*) && !plain) return refuse(Refusal::Layout, fmt::format("type {} is packed and holds more than plain data", t));
    }
    out_.facts[t].align = std::max(out_.facts[t].align, form.align);
    return {};
  }
  // A tag of another size than others have stands alone.
  Result<void> check_bare(uint32_t t) const {
    const spec::TypeRow& row = m_.types[t];
    const uint64_t most = uint64_t{1} << std::min(8 * out_.facts[t].tag_bytes, 32u);
    for (uint32_t v = 0; v < row.b; ++v) {
      if (m_.variants[row.a + v].fields.count != 0) return refuse(Refusal::Layout, fmt::format("type {} has a tag of its own size, and fields", t));
    }
    return row.b <= most ? Result<void>{} : refuse(Refusal::Layout, fmt::format("type {} has more variants than its tag can tell apart", t));
  }
  Result<void> place_part(uint32_t t, uint32_t part, uint32_t depth, uint32_t most = spec::kMaxPack) {
    STARK_TRY(nest(t, part, depth));
    const TypeFacts& inner = out_.facts[part];
    if (!inner.is_sized) return refuse(Refusal::Layout, "a field without a size");
    TypeFacts& facts = out_.facts[t];
    const uint32_t to = std::min(inner.align, most);
    const uint32_t offset = align(facts.size, to);
    facts.field_offsets.push_back(offset);
    for (PointerSlot slot : inner.pointers) facts.pointers.push_back({offset + slot.offset, slot.kind});
    facts.align = std::max(facts.align, to);
    facts.size = offset + inner.size;
    if (facts.size > spec::kMaxTypeBytes) return refuse(Refusal::Layout, fmt::format("type {} is too large", t));
    return {};
  }

  Result<void> lay_out_array(uint32_t t, uint32_t depth) {
    const spec::TypeRow& row = m_.types[t];
    STARK_TRY(nest(t, row.a, depth));
    const TypeFacts& inner = out_.facts[row.a];
    TypeFacts& facts = out_.facts[t];
    const uint64_t length = uint64_t{row.c} << 32 | row.b;
    if (!inner.is_sized) return refuse(Refusal::Layout, "an array of elements without a size");
    if (inner.size != 0 && length > spec::kMaxTypeBytes / inner.size) return refuse(Refusal::Layout, "an array is too large");
    facts.align = inner.align;
    facts.size = static_cast<uint32_t>(length * inner.size);
    for (uint64_t i = 0; i < length && !inner.pointers.empty(); ++i) {
      for (PointerSlot slot : inner.pointers) {
        facts.pointers.push_back({static_cast<uint32_t>(i * inner.size) + slot.offset, slot.kind});
      }
    }
    return {};
  }

  const Module& m_;
  Types out_;
  std::vector<State> state_;
  std::vector<uint32_t> nesting_;  // how many values lie in each other
};

}  // namespace

Result<Types> prove_types(const Module& module) { return LayoutProof(module).run(); }

}  // namespace stark::vm

// vm/verify/access.cpp — proof 5b: every place is there when it is touched, and no live loan stands against the touch.
// Room: vm/verify. Essay: vm/verify/README.md, "Access". Source: the access rules of Rust's RFC 2094 (non-lexical lifetimes).
#include <fmt/format.h>

#include <algorithm>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

enum class Overlap : uint8_t { None, Same, FirstInside, SecondInside };

bool is_index(const Step& s) { return s.kind == ProjectionKind::Index || s.kind == ProjectionKind::ConstIndex; }

// How two places with one base lie to each other. They part at two fields, two variants or two constant indices.
Overlap overlap(const PlaceInfo& first, const PlaceInfo& second) {
  const size_t common = std::min(first.steps.size(), second.steps.size());
  for (size_t i = 0; i < common; ++i) {
    const Step& a = first.steps[i];
    const Step& b = second.steps[i];
    if (is_index(a) && is_index(b)) {
      const bool both_known = a.kind == ProjectionKind::ConstIndex && b.kind == ProjectionKind::ConstIndex;
      if (both_known && a.argument != b.argument) return Overlap::None;
    } else if (a.kind == b.kind && a.argument != b.argument) {
      return Overlap::None;
    }
  }
  if (first.steps.size() == second.steps.size()) return Overlap::Same;
  return first.steps.size() > second.steps.size() ? Overlap::FirstInside : Overlap::SecondInside;
}

// Overwriting or dropping a place leaves alone what its references point to, unless a destructor in it may follow them; what its
// boxes hold goes with it.
bool leaves_alone(Access access, const PlaceInfo& loan, const PlaceInfo& touched) {
  if (loan.own_from <= touched.steps.size()) return false;
  if (access == Access::Write) return true;
  return (access == Access::Drop || access == Access::Replace) && loan.dropped_until <= touched.steps.size();
}

Refusal refusal_for(Access access, bool loan_is_mutable) {
  switch (access) {
    case Access::Read: return Refusal::ReadWhileMutable;
    case Access::BorrowShared: return Refusal::MutableAndShared;
    case Access::BorrowMutable: return loan_is_mutable ? Refusal::TwoMutable : Refusal::MutableAndShared;
    case Access::Write:
    case Access::Replace: return Refusal::WriteWhileBorrowed;
    case Access::Move:
    case Access::Drop: return Refusal::MoveWhileBorrowed;
  }
  return Refusal::WriteWhileBorrowed;
}

Result<void> check_indices(Body& b, const PlaceInfo& place) {
  for (const Step& step : place.steps) {
    if (step.kind != ProjectionKind::Index) continue;
    STARK_TRY(require_available(b, step.argument));
    STARK_TRY(require_free(b, step.argument, Access::Read));
  }
  return {};
}

// What is left of a partly moved register needs no drop. `steps` is where we are in it.
bool is_spent(Body& b, uint32_t reg, uint32_t type, Steps& steps, uint32_t variant) {
  if (!b.facts(type).needs_drop) return true;
  bool touched = false;
  uint32_t moved_variant = spec::kNone;
  for (const Moved& one : moved_of(b.state.moved, reg)) {
    b.spend(1);
    const Steps& moved = b.place(one.place).steps;
    const size_t n = std::min(moved.size(), steps.size());
    if (!std::equal(moved.begin(), moved.begin() + n, steps.begin())) continue;
    if (moved.size() <= steps.size()) return true;  // this very part, or something around it, is gone
    touched = true;
    if (moved[n].kind == ProjectionKind::Variant) moved_variant = moved[n].argument;
  }
  if (!touched) return false;
  const auto part_is_spent = [&](Step step, uint32_t of_variant) {
    uint32_t chosen = of_variant;
    const auto field = type_behind(b.m, b.types, type, step, &chosen);
    if (!field) return false;
    steps.push_back(step);
    const bool spent = is_spent(b, reg, *field, steps, spec::kNone);
    steps.pop_back();
    return spent;
  };
  const spec::TypeRow& row = b.m.types[type];
  if (b.kind(type) == TypeKind::Array) {  // ends at the first element that nothing was moved out of
    const uint64_t length = uint64_t{row.c} << 32 | row.b;
    for (uint64_t i = 0; i < length; ++i)
      if (!part_is_spent({ProjectionKind::ConstIndex, static_cast<uint32_t>(i)}, spec::kNone)) return false;
    return true;
  }
  if (b.kind(type) == TypeKind::Box) return part_is_spent({ProjectionKind::Deref, 0}, spec::kNone);
  if (b.kind(type) == TypeKind::Enum && variant == spec::kNone) {
    // Something was moved out of one variant, so that is the variant it was.
    steps.push_back({ProjectionKind::Variant, moved_variant});
    const bool spent = is_spent(b, reg, type, steps, moved_variant);
    steps.pop_back();
    return spent;
  }
  const uint32_t count = variant != spec::kNone ? b.m.variants[row.a + variant].fields.count : row.b;
  for (uint32_t f = 0; f < count; ++f) {
    if (!part_is_spent({ProjectionKind::Field, f}, variant)) return false;
  }
  return true;
}

// A part of a register goes away; the register keeps what is left.
Result<void> take_part(Body& b, uint32_t p) {
  const PlaceInfo& place = b.place(p);
  if (place.through_reference) return refuse_at(b, Refusal::MoveOutOfReference, describe(b, p) + " is behind a reference");
  if (place.through_handle) return refuse_at(b, Refusal::MoveOutOfReference, describe(b, p) + " is behind a guard or Gc");
  if (place.through_index) return refuse_at(b, Refusal::MoveOutOfReference, describe(b, p) + " is an element");
  if (place.through_drop) return refuse_at(b, Refusal::MoveOutOfDrop, describe(b, p) + " is a part of a type with a destructor");
  const Moved part{place.base, p};
  clear_bit(b.state.whole, place.base);
  b.state.moved.insert(std::ranges::lower_bound(b.state.moved, part), part);
  b.spend(b.state.moved.size());
  return {};
}

Result<void> write_register(Body& b, uint32_t reg, bool drops_old) {
  const bool needs_drop = b.facts(b.type_of(reg).type).needs_drop;
  const Held held = b.state.held(reg);
  const bool there = held != Held::Unset && held != Held::Gone;
  if (drops_old && held != Held::Whole) return refuse_at(b, Refusal::MovedUse, describe(b, reg) + " is replaced where nothing is in it");
  if (there && needs_drop && !drops_old) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " is overwritten and never dropped");
  if (there && (b.registers[reg].flags & spec::kMutable) == 0) {
    return refuse_at(b, Refusal::ImmutableWritten, describe(b, reg) + " is written twice and is not mutable");
  }
  STARK_TRY(require_free(b, reg, drops_old ? Access::Replace : Access::Write));
  make_available(b, reg);
  return {};
}

Result<void> write_part(Body& b, uint32_t p, bool drops_old) {
  const PlaceInfo& place = b.place(p);
  STARK_TRY(require_writable(b, p));
  const auto within = [&](const Moved& m) {
    if (m.reg != place.base) return false;
    const Overlap how = overlap(b.place(m.place), place);
    return how == Overlap::Same || how == Overlap::FirstInside;
  };
  b.spend(b.state.moved.size());
  const bool known = std::ranges::none_of(place.steps, is_index) && !place.through_reference;
  const bool gone = known && std::ranges::any_of(b.state.moved, within) && is_spent_at(b, p);
  STARK_TRY(check_indices(b, place));
  STARK_TRY(require_free(b, p, drops_old ? Access::Replace : Access::Write));
  if (gone && !drops_old) {  // what was moved out, whole or in parts, is put back
    std::erase_if(b.state.moved, within);
    if (moved_of(b.state.moved, place.base).empty()) spec::set_bit(b.state.whole, place.base);
    return {};
  }
  STARK_TRY(require_available(b, p));
  if (b.facts(place.type.type).needs_drop && !drops_old) {
    return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, p) + " is overwritten and never dropped");
  }
  return {};
}

}  // namespace

bool is_spent_at(Body& b, uint32_t p) {
  Steps steps = b.place(p).steps;
  return is_spent(b, b.place(p).base, b.type_of(p).type, steps, spec::kNone);
}

bool can_be_taken(const Body& b, uint32_t p) {
  const PlaceInfo& place = b.place(p);
  return !place.through_reference && !place.through_handle && !place.through_drop && !place.through_index;
}

Result<void> require_available(Body& b, uint32_t p) {
  const PlaceInfo& place = b.place(p);
  switch (b.state.held(place.base)) {
    case Held::Whole: break;
    case Held::Unset: return refuse_at(b, Refusal::UninitialisedUse, describe(b, p) + " was never given a value");
    case Held::Gone:
    case Held::Maybe: return refuse_at(b, Refusal::MovedUse, describe(b, p) + " has been moved, dropped or ended");
    case Held::Partly:
      for (const Moved& moved : moved_of(b.state.moved, place.base)) {
        b.spend(1);
        if (overlap(b.place(moved.place), place) != Overlap::None) {
          return refuse_at(b, Refusal::MovedUse, fmt::format("{} is used after {} was moved out", describe(b, p), describe(b, moved.place)));
        }
      }
      break;
  }
  return check_indices(b, place);
}

Result<void> require_writable(const Body& b, uint32_t p) {
  const PlaceInfo& place = b.place(p);
  if (place.through_shared) return refuse_at(b, Refusal::WriteThroughShared, describe(b, p) + " is behind a shared reference");
  if (!place.through_mutable && (b.registers[place.base].flags & spec::kMutable) == 0) {
    return refuse_at(b, Refusal::WriteThroughShared, describe(b, p) + " is part of a register that is not mutable");
  }
  return {};
}

Result<void> require_free(Body& b, uint32_t p, Access access) {
  const PlaceInfo& place = b.place(p);
  const auto stands_against = [&](uint32_t l) {
    b.spend(1);
    const PlaceInfo& lent = b.place(b.loans[l].place());
    const Overlap how = overlap(lent, place);
    return how != Overlap::None && !(how == Overlap::FirstInside && leaves_alone(access, lent, place));
  };
  uint32_t found = spec::kNone;
  const auto finds = [&](uint32_t l) { return stands_against(l) && (found = l, true); };
  const bool only_reads = access == Access::Read || access == Access::BorrowShared;
  bool is_lent = b.state.live.any(place.base, true, finds);
  // Who reads may do so beside others; and a copy that is taken beside a borrow is as good as one that was taken before it.
  if (!is_lent && !only_reads) {
    is_lent = b.state.live.any(place.base, false, finds) ||
              std::ranges::any_of(b.state.in_flight, [&](uint32_t l) { return l < b.loans.size() && b.place(b.loans[l].place()).base == place.base && finds(l); });
    b.spend(b.state.in_flight.size());
  }
  if (!is_lent) return {};
  return refuse_at(b, refusal_for(access, b.loans[found].is_mut()),
                   fmt::format("{} is touched while loan {} of {} is live", describe(b, p), found, describe(b, b.loans[found].place())));
}

Result<void> move_out(Body& b, uint32_t p) {
  STARK_TRY(require_available(b, p));
  STARK_TRY(require_free(b, p, Access::Move));
  if (!b.is_register(p)) return take_part(b, p);
  make_unavailable(b, p);
  return {};
}

Result<void> write(Body& b, uint32_t p, bool drops_old) {
  return b.is_register(p) ? write_register(b, p, drops_old) : write_part(b, p, drops_old);
}

Result<void> drop_place(Body& b, uint32_t p) {
  if (!b.place(p).readable) return refuse_at(b, Refusal::OperandType, describe(b, p) + " has no size and cannot be dropped by itself");
  if (!b.facts(b.type_of(p).type).needs_drop) return refuse_at(b, Refusal::OperandType, describe(b, p) + " needs no drop");
  STARK_TRY(require_available(b, p));
  STARK_TRY(require_free(b, p, Access::Drop));
  if (!b.is_register(p)) return take_part(b, p);
  make_unavailable(b, p);
  return {};
}

Result<void> drop_flagged(Body& b, uint32_t reg) {
  if ((b.registers[reg].flags & spec::kDropFlag) == 0) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " has no drop flag");
  if (b.state.held(reg) == Held::Partly) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " is partly moved");
  STARK_TRY(require_free(b, reg, Access::Drop));
  make_unavailable(b, reg);
  return {};
}

Result<void> end_register(Body& b, uint32_t reg) {
  const bool needs_drop = b.facts(b.type_of(reg).type).needs_drop;
  Steps steps;
  switch (b.state.held(reg)) {
    case Held::Whole:
      if (needs_drop) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " must be dropped, not ended");
      break;
    case Held::Partly:
      if (!is_spent(b, reg, b.type_of(reg).type, steps, spec::kNone)) {
        return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " ends while parts of it must still be dropped");
      }
      break;
    case Held::Maybe:
      if (needs_drop) return refuse_at(b, Refusal::LeakOrDoubleDrop, describe(b, reg) + " may have to be dropped");
      break;
    case Held::Unset:
    case Held::Gone: return refuse_at(b, Refusal::MovedUse, describe(b, reg) + " is ended twice");
  }
  make_unavailable(b, reg);
  return {};
}

}  // namespace stark::vm

// vm/load/places.cpp — places become frame offsets where they can, address computations with checks where they must.
// Room: vm/load. In: place rows. Out: Where, and loads and stores through it.
#include "vm/load/translate.h"

namespace stark::vm {

using spec::ProjectionKind;

Exec sized(Exec first, uint32_t size) {
  const uint32_t k = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : size == 16 ? 4 : 5;
  return static_cast<Exec>(static_cast<uint32_t>(first) + k);
}

// `leave_out`: how many steps at the end are not taken.
Where Translator::resolve(uint32_t place, uint32_t leave_out) {
  if (is_register(place)) return {Where::Kind::Frame, offset_of(place), 0, register_type(place)};
  const spec::PlaceRow& row = place_row(place);
  Where at{Where::Kind::Frame, offset_of(row.base), 0, register_type(row.base)};
  uint32_t steps = 0;
  while (steps < row.kinds.size() && row.kinds[steps] != 0) ++steps;
  for (uint32_t s = 0; s + leave_out < steps; ++s) step(at, static_cast<ProjectionKind>(row.kinds[s]), row.arguments[s]);
  return at;
}

void Translator::step(Where& at, ProjectionKind kind, uint32_t argument) {
  const auto advance = [&](uint32_t bytes) { (at.kind == Where::Kind::Frame ? at.offset : at.disp) += bytes; };
  switch (kind) {
    case ProjectionKind::None: return;
    case ProjectionKind::Field:
      if (at.variant != spec::kNone) {
        advance(types().variant_offset(at.type, at.variant, argument));
        at.type = types().field_type(types().variant(at.type, at.variant).fields, argument);
        at.variant = spec::kNone;
      } else {
        advance(types().facts(at.type).field_offsets[argument]);
        at.type = types().field_type(types().fields(at.type), argument);
      }
      return;
    case ProjectionKind::Variant:
      if (types().row(at.type).b > 1) {
        emit(at.kind == Where::Kind::Frame ? Exec::ChkTag : Exec::ChkTagP, at.offset, 0, at.disp, argument);
      }
      at.variant = argument;
      return;
    case ProjectionKind::ConstIndex: {
      if (types().is(at.type, TypeKind::Array)) {
        at.type = types().row(at.type).a;
        return advance(argument * types().size(at.type));
      }
      const uint32_t index = scratch(8);
      emit(Exec::Const8, index, 0, 0, argument);
      return element(at, index);
    }
    case ProjectionKind::Index: return element(at, offset_of(argument));
    case ProjectionKind::Deref: return dereference(at);
  }
}

// Where the value lies behind what a word of this kind points to: behind an object's header, the count of an Arc's handles, or a lock's word.
uint32_t Translator::distance_behind(TypeKind kind) {
  return kind == TypeKind::Box || kind == TypeKind::Gc ? kBoxed : kind == TypeKind::Arc ? kBoxed + kCounted : kind == TypeKind::Guard ? kCounted : 0;
}

// What a fat box stands for becomes a fat reference.
void Translator::dereference(Where& at) {
  const uint32_t reference = at.type;
  if (spec::is_view(types().row(reference))) return void(at.type = types().row(reference).a);  // the handle of the tensor is the view's own
  const TypeKind kind = types().kind(reference);
  const bool is_fat = types().is_fat(reference) && (kind == TypeKind::Ref || kind == TypeKind::Box || kind == TypeKind::Arc);
  uint32_t slot = at.offset;
  if (at.kind != Where::Kind::Frame) {
    slot = scratch(is_fat ? 16 : 8);
    load(slot, at);
  }
  if (is_fat && kind != TypeKind::Ref) {
    const uint32_t fat = scratch(16);
    emit(Exec::LeaP, fat, slot, distance_behind(kind));
    copy(fat + 8, slot + 8, 8);
    slot = fat;
  }
  at = {is_fat ? Where::Kind::Fat : Where::Kind::Memory, slot, is_fat ? 0 : distance_behind(kind), types().row(reference).a};
}

// The address of an element goes to a slot, after the index was checked.
void Translator::element(Where& at, uint32_t index) {
  const uint32_t whole = at.type;
  const uint32_t type = types().row(whole).a;
  const uint64_t size = types().size(type);
  const uint32_t slot = scratch(8);
  if (at.kind == Where::Kind::Fat) {
    emit(Exec::ElSlice, slot, at.offset, index, size);
  } else if (types().is(whole, TypeKind::Vec)) {
    if (at.kind == Where::Kind::Frame) {
      emit(Exec::ElVec, slot, at.offset, index, size);
    } else {
      emit(Exec::ElVecP, slot, at.offset, index, uint64_t{at.disp} << 32 | size);
    }
  } else {
    // Elements without a size need no memory: more than four million of them count as that many.
    const uint64_t length = std::min<uint64_t>(types().array_length(whole), (1u << 22) - 1);
    if (at.kind == Where::Kind::Frame) {
      emit(Exec::ElArr, slot, at.offset, index, length << 32 | size);
    } else {
      emit(Exec::ElArrP, slot, at.offset, index, length << 42 | uint64_t{at.disp} << 21 | size);
    }
  }
  at = {Where::Kind::Memory, slot, 0, type};
}

uint32_t Translator::address_slot(const Where& at) {
  if (at.kind == Where::Kind::Memory && at.disp == 0) return at.offset;
  const uint32_t slot = scratch(8);
  if (at.kind == Where::Kind::Frame) {
    emit(Exec::Lea, slot, at.offset);
  } else {
    emit(Exec::LeaP, slot, at.offset, at.disp);
  }
  return slot;
}

void Translator::load(uint32_t to, const Where& from) {
  const uint32_t size = types().size(from.type);
  if (from.kind == Where::Kind::Frame) return copy(to, from.offset, size);
  if (size > 0) emit(sized(Exec::Ld1, size), to, from.offset, from.disp, size);
}

void Translator::store(const Where& to, const Source& value) {
  if (to.kind == Where::Kind::Frame) return put(to.offset, value);
  const uint32_t size = types().size(to.type);
  if (size == 0) return;
  if (value.is_constant) {
    emit(sized(Exec::StK1, size), to.offset, 0, to.disp, value.bits);
  } else {
    emit(sized(Exec::St1, size), to.offset, value.offset, to.disp, size);
  }
}

// Reads or writes an element in one operation when the last step is an index and the element is a machine word.
bool Translator::element_operation(uint32_t place, uint32_t value, bool is_load) {
  const spec::PlaceRow& row = place_row(place);
  uint32_t steps = 0;
  while (steps < row.kinds.size() && row.kinds[steps] != 0) ++steps;
  if (row.kinds[steps - 1] != static_cast<uint8_t>(ProjectionKind::Index)) return false;
  const uint32_t size = types().size(type_of(place));
  if (!is_word_size(size)) return false;
  const Where whole = resolve(place, 1);
  const uint32_t index = offset_of(row.arguments[steps - 1]);
  const auto choose = [&](Exec load_code, Exec store_code, uint64_t imm) {
    emit(sized(is_load ? load_code : store_code, size), value, whole.offset, index, imm);
    return true;
  };
  if (whole.kind == Where::Kind::Fat) return choose(Exec::SliceLd1, Exec::SliceSt1, 0);
  const bool in_memory = whole.kind == Where::Kind::Memory;
  if (types().is(whole.type, TypeKind::Vec)) {
    return in_memory ? choose(Exec::VecPLd1, Exec::VecPSt1, whole.disp) : choose(Exec::VecLd1, Exec::VecSt1, 0);
  }
  const uint64_t length = types().array_length(whole.type);
  return in_memory ? choose(Exec::ArrPLd1, Exec::ArrPSt1, uint64_t{whole.disp} << 32 | length) : choose(Exec::ArrLd1, Exec::ArrSt1, length);
}

bool Translator::load_element(uint32_t to, uint32_t place) { return !is_register(place) && element_operation(place, to, true); }

bool Translator::store_element(uint32_t place, const Source& value) {
  if (is_register(place)) return false;
  const spec::PlaceRow& row = place_row(place);
  uint32_t last = 0;
  for (uint32_t s = 0; s < row.kinds.size() && row.kinds[s] != 0; ++s) last = row.kinds[s];
  if (last != static_cast<uint32_t>(ProjectionKind::Index) || !is_word_size(types().size(type_of(place)))) return false;
  return element_operation(place, in_frame(value), false);
}

}  // namespace stark::vm

// vm/load/values.cpp — operands, moves, aggregates, references, drops and text as operations.
// Room: vm/load. In: instructions that are neither numbers nor calls. Out: operations.
#include "vm/load/translate.h"

#include "bytecode-spec/operand.h"

namespace stark::vm {

using spec::OperandMode;

Source Translator::read(uint32_t word) {
  const spec::Operand o = spec::decode_operand(word);
  Source s;
  if (o.mode == OperandMode::Constant) {
    const spec::ConstantRow& row = m().constants[o.index];
    s.is_constant = true;
    s.kind = static_cast<TypeKind>(row.kind);
    s.bits = s.kind == TypeKind::Str ? reinterpret_cast<uint64_t>(p_.text_constant(o.index)) : row.bits;
    return s;
  }
  s.type = type_of(o.index);
  s.kind = types().kind(s.type);
  s.is_moved = o.mode == OperandMode::Move;
  if (s.is_moved && is_register(o.index)) set_flag(o.index, false);
  if (is_static(o.index)) {
    s.offset = resolve(o.index).offset;
  } else {
    s.offset = scratch(types().size(s.type));
    fetch(s.offset, o.index);
  }
  return s;
}

// Whether a place is a fixed stretch of the frame.
bool Translator::is_static(uint32_t place) const {
  if (is_register(place)) return true;
  const spec::PlaceRow& row = place_row(place);
  uint32_t type = register_type(row.base);
  uint32_t variant = spec::kNone;
  for (size_t s = 0; s < row.kinds.size() && row.kinds[s] != 0; ++s) {
    switch (static_cast<spec::ProjectionKind>(row.kinds[s])) {
      case spec::ProjectionKind::Variant: variant = row.arguments[s]; break;
      case spec::ProjectionKind::Field:
        if (types().is(type, TypeKind::Struct) && spec::representation(types().row(type)).pack != 0) return false;
        type = types().field_type(variant != spec::kNone ? types().variant(type, variant).fields : types().fields(type), row.arguments[s]);
        variant = spec::kNone;
        break;
      case spec::ProjectionKind::ConstIndex:
        if (!types().is(type, TypeKind::Array)) return false;
        type = types().row(type).a;
        break;
      default: return false;
    }
  }
  return true;
}

// The value of a place to an offset; the last operation is the one that writes there.
void Translator::fetch(uint32_t to, uint32_t place) {
  if (!load_element(to, place)) load(to, resolve(place));
}

// Likewise for any operand.
void Translator::fetch_operand(uint32_t to, uint32_t word) {
  const spec::Operand o = spec::decode_operand(word);
  if (o.mode == OperandMode::Constant) return put(to, read(word));
  if (o.mode == OperandMode::Move && is_register(o.index)) set_flag(o.index, false);
  fetch(to, o.index);
}

uint32_t Translator::in_frame(const Source& s) {
  if (!s.is_constant) return s.offset;
  const uint32_t slot = scratch(spec::row_of(s.kind).size);
  put(slot, s);
  return slot;
}

FrameValue Translator::frame_value(uint32_t word) {
  const Source s = read(word);
  return {in_frame(s), s.type, s.kind, s.is_moved};
}

uint32_t Translator::begin_write(uint32_t place) {
  return is_static(place) ? resolve(place).offset : scratch(types().size(type_of(place)));
}

void Translator::end_write(uint32_t place, uint32_t offset) {
  if (!is_static(place)) {
    Source value;
    value.offset = offset;
    value.type = type_of(place);
    if (!store_element(place, value)) store(resolve(place), value);
  }
  if (is_register(place)) set_flag(place, true);
}

// Parts of packed structs may lie anywhere.
void Translator::copy(uint32_t to, uint32_t from, uint32_t size) {
  if (size == 0 || to == from) return;
  const bool aligned = !is_word_size(size) || (to % size == 0 && from % size == 0);
  emit(aligned ? sized(Exec::Mov1, size) : Exec::MovN, to, from, 0, size);
}

void Translator::put(uint32_t to, const Source& value) {
  if (!value.is_constant) return copy(to, value.offset, types().size(value.type));
  const uint32_t size = spec::row_of(value.kind).size;
  if (size == 0) return;
  const bool aligned = to % size == 0 || !is_word_size(size);
  const uint32_t at = aligned ? to : scratch(size);
  emit(sized(Exec::Const1, size), at, 0, 0, value.bits);
  copy(to, at, size);
}

void Translator::set_flag(uint32_t reg, bool on) {
  if (layout_.flags[reg] != 0) emit(Exec::Const1, layout_.flags[reg], 0, 0, on ? 1 : 0);
}

void Translator::set(uint32_t place, uint32_t operand) {
  if (is_static(place)) {
    fetch_operand(resolve(place).offset, operand);
  } else {
    const Source value = read(operand);
    if (!store_element(place, value)) store(resolve(place), value);
  }
  if (is_register(place)) set_flag(place, true);
}

// Parts are put where they belong; by way of scratch where a part is read out of the target itself.
void Translator::make(const Instruction& i, bool is_variant) {
  const uint32_t place = i.words[0];
  const uint32_t type = type_of(place), size = types().size(type);
  const uint32_t variant = is_variant ? i.words[1] : 0;
  const auto operands = i.words.subspan(is_variant ? 3 : 2);
  std::vector<Source> parts;
  for (uint32_t word : operands) parts.push_back(read(word));
  uint32_t to = begin_write(place);
  const uint32_t wanted = to;
  bool aside = !is_static(place);
  for (const Source& s : parts) {
    if (s.is_constant || s.offset + types().size(s.type) <= wanted || s.offset >= wanted + size) continue;
    if (!aside) to = scratch(size);
    aside = true;
  }
  // Words of other variants must not hold what scratch had in it.
  if (aside && is_variant && size > 0) emit(Exec::Zero, to, 0, 0, size);
  if (is_variant) emit(sized(Exec::Const1, types().facts(type).tag_bytes), to, 0, 0, variant);
  for (uint32_t p = 0; p < parts.size(); ++p) {
    const uint32_t offset = is_variant                        ? types().variant_offset(type, variant, p)
                            : types().is(type, TypeKind::Array) ? p * types().size(types().row(type).a)
                                                                : types().facts(type).field_offsets[p];
    put(to + offset, parts[p]);
  }
  if (is_static(place)) copy(wanted, to, size);
  end_write(place, to);
}

void Translator::repeat(const Instruction& i) {
  const uint32_t type = type_of(i.words[0]);
  const uint32_t element = types().size(types().row(type).a);
  const Source value = read(i.words[1]);
  const uint32_t to = begin_write(i.words[0]);
  const uint32_t from = in_frame(value);
  if (element > 0 && types().size(type) > 0) emit(Exec::Repeat, to, from, element, types().array_length(type));
  end_write(i.words[0], to);
}

void Translator::tag(const Instruction& i) {
  const Where at = resolve(i.words[1]);
  const uint32_t to = begin_write(i.words[0]);
  const uint32_t bytes = std::min(types().facts(at.type).tag_bytes, 4u);  // no tag has so many values that it needs more
  uint32_t from = at.kind == Where::Kind::Frame ? at.offset : bytes == 4 ? to : scratch(bytes);
  if (at.kind != Where::Kind::Frame) emit(sized(Exec::Ld1, bytes), from, at.offset, at.disp);
  if (bytes == 4) copy(to, from, 4);
  else emit(typed(Exec::CastToU32_i8, bytes == 1 ? Number::U8 : Number::U16), to, from);
  end_write(i.words[0], to);
}

void Translator::len(const Instruction& i) {
  const Where at = resolve(i.words[1]);
  const uint32_t to = begin_write(i.words[0]);
  if (at.kind == Where::Kind::Fat) {
    copy(to, at.offset + 8, 8);
  } else if (types().is(at.type, TypeKind::Array)) {
    emit(Exec::Const8, to, 0, 0, types().array_length(at.type));
  } else if (types().is(at.type, TypeKind::Str)) {  // the count in the object's header
    uint32_t handle = at.offset;
    if (at.kind == Where::Kind::Memory) load(handle = scratch(8), at);
    emit(Exec::Ld8, to, handle, 8);
  } else if (at.kind == Where::Kind::Frame) {
    copy(to, at.offset + 8, 8);
  } else {
    emit(Exec::Ld8, to, at.offset, at.disp + 8);
  }
  end_write(i.words[0], to);
}

void Translator::borrow(const Instruction& i) {
  const spec::LoanRow& loan = m().loans[row_.loans.first + i.words[1]];
  const Where at = resolve(loan.place());
  const uint32_t to = begin_write(i.words[0]);
  if (!types().is_fat(type_of(i.words[0]))) {
    if (at.kind == Where::Kind::Frame) {
      emit(Exec::Lea, to, at.offset);
    } else {
      emit(Exec::LeaP, to, at.offset, at.disp);
    }
  } else if (at.kind == Where::Kind::Fat) {
    copy(to, at.offset, 16);
  } else if (types().is(at.type, TypeKind::Array)) {
    emit(at.kind == Where::Kind::Frame ? Exec::Lea : Exec::LeaP, to, at.offset, at.disp);
    emit(Exec::Const8, to + 8, 0, 0, types().array_length(at.type));
  } else {
    uint32_t owner = at.offset;
    if (at.kind == Where::Kind::Memory) load(owner = scratch(16), at);
    emit(types().is(at.type, TypeKind::Str) ? Exec::FatText : Exec::FatVec, to, owner);
  }
  end_write(i.words[0], to);
}

// It comes first: an initialiser may run, and others move meanwhile.
void Translator::reach_static(const Instruction& i) {
  const uint32_t place = i.words[0], number = i.words[1];
  const uint32_t to = begin_write(place);
  const bool is_local = (m().statics[number].flags & spec::kStaticLocal) != 0;
  e_.outgoing = std::max(e_.outgoing, (types().size(m().statics[number].type) + 15) / 16 * 16);
  emit(is_local ? Exec::StaticLocal : Exec::Static, to, 0, types().size(type_of(place)), number);
  end_write(place, to);
}

void Translator::drop(uint32_t place) {
  const uint32_t type = type_of(place);
  if (is_register(place)) set_flag(place, false);
  if (!types().facts(type).needs_drop) return;
  const Where at = resolve(place);
  if (at.kind == Where::Kind::Frame) {
    emit(Exec::Drop, at.offset, 0, 0, type);
  } else {
    emit(Exec::DropP, at.offset, 0, at.disp, type);
  }
}

void Translator::drop_flag(uint32_t reg) {
  const uint32_t type = register_type(reg);
  if (!types().facts(type).needs_drop) return set_flag(reg, false);
  emit(Exec::DropFlag, offset_of(reg), layout_.flags[reg], 0, type);
}

void Translator::format(const Instruction& i) {
  const uint64_t bits = m().constants[i.words[1]].bits;
  const std::string_view text = m().text_of({static_cast<uint32_t>(bits >> 32), static_cast<uint32_t>(bits)});
  FormatSite site;
  for (uint32_t word : i.words.subspan(3)) site.operands.push_back(frame_value(word));
  // A specification that means nothing leaves the template as it is written.
  auto pieces = parse_template(text);
  const bool fits = pieces && std::ranges::all_of(*pieces, [&](const Piece& p) { return p.operand.value_or(0) < site.operands.size() || !p.operand; });
  site.pieces = fits ? std::move(*pieces) : std::vector<Piece>{{std::string(text), {}, {}}};
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  emit(Exec::Format, to).site = p_.keep(std::move(site));
  end_write(place, to);
}

}  // namespace stark::vm

// vm/load/numbers.cpp — arithmetic, casts and comparisons as typed operations, fused with the branch or `set` that follows.
// Room: vm/load. In: operands of one number type. Out: one operation where possible.
#include "vm/load/translate.h"

#include "bytecode-spec/operand.h"

namespace stark::vm {

using spec::Opcode;

namespace {

Exec family(Exec first, size_t members, uint32_t which) { return plus(first, members * which); }
uint32_t distance(Opcode op, Opcode first) { return static_cast<uint32_t>(op) - static_cast<uint32_t>(first); }

}  // namespace

Number number_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::I8: return Number::I8;
    case TypeKind::I16: return Number::I16;
    case TypeKind::I32: return Number::I32;
    case TypeKind::I64:
    case TypeKind::Isize: return Number::I64;
    case TypeKind::Bool:
    case TypeKind::U8: return Number::U8;
    case TypeKind::U16: return Number::U16;
    case TypeKind::Char:
    case TypeKind::U32: return Number::U32;
    case TypeKind::F32: return Number::F32;
    case TypeKind::F64: return Number::F64;
    default: return Number::U64;
  }
}

// `op t …; set d, t` with no other use of t: the result goes to d at once.
uint32_t Translator::result_place(uint32_t place) {
  const auto next = peek();
  if (!next || next->op != Opcode::Set || !is_register(place) || uses_[place] != 2 || layout_.flags[place] != 0) return place;
  const spec::Operand o = spec::decode_operand(next->words[1]);
  if (o.mode == spec::OperandMode::Constant || o.index != place || next->words[0] == place) return place;
  at_ += 1 + next->words.size();
  return next->words[0];
}

void Translator::arithmetic(const Instruction& i) {
  Source left = read(i.words[1]), right = read(i.words[2]);
  const Number n = number_of(left.kind);
  if (left.is_constant && (i.op == Opcode::Add || i.op == Opcode::Mul)) std::swap(left, right);
  const uint32_t a = in_frame(left);
  const uint32_t place = result_place(i.words[0]);
  if (i.op == Opcode::Pow) {
    const uint32_t b = in_frame(right);
    const uint32_t to = begin_write(place);
    emit(typed(Exec::Pow_i8, n), to, a, b);
    return end_write(place, to);
  }
  const Exec first = family(Exec::Add_i8, 2 * kNumbers, distance(i.op, Opcode::Add));
  const uint32_t to = begin_write(place);
  if (right.is_constant) {
    emit(typed(family(first, kNumbers, 1), n), to, a, 0, right.bits);
  } else {
    emit(typed(first, n), to, a, right.offset);
  }
  end_write(place, to);
}

void Translator::bits(const Instruction& i) {
  const Source left = read(i.words[1]);
  const uint32_t a = in_frame(left), b = in_frame(read(i.words[2]));
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  emit(sized(family(Exec::And1, 4, distance(i.op, Opcode::And)), spec::row_of(left.kind).size), to, a, b);
  end_write(place, to);
}

void Translator::shift(const Instruction& i) {
  const Source left = read(i.words[1]), amount = read(i.words[2]);
  const bool fits = amount.is_constant && amount.bits < 8 * spec::row_of(left.kind).size;
  const uint32_t a = in_frame(left), b = fits ? 0 : in_frame(amount);
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  if (fits) {
    emit(typed(i.op == Opcode::Shl ? Exec::ShlK_i8 : Exec::ShrK_i8, number_of(left.kind)), to, a, 0, amount.bits);
    return end_write(place, to);
  }
  const Exec first = i.op == Opcode::Shl ? Exec::Shl_i8 : Exec::Shr_i8;
  emit(typed(first, number_of(left.kind)), to, a, b, static_cast<uint64_t>(number_of(amount.kind)));
  end_write(place, to);
}

void Translator::unary(const Instruction& i) {
  const Source value = read(i.words[1]);
  const uint32_t a = in_frame(value);
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  if (i.op == Opcode::Neg) {
    emit(typed(Exec::Neg_i8, number_of(value.kind)), to, a);
  } else if (value.kind == TypeKind::Bool) {
    emit(Exec::NotBool, to, a);
  } else {
    emit(sized(Exec::Not1, spec::row_of(value.kind).size), to, a);
  }
  end_write(place, to);
}

void Translator::cast(const Instruction& i) {
  const Source value = read(i.words[1]);
  const uint32_t a = in_frame(value);
  const uint32_t place = result_place(i.words[0]);
  const Number from = number_of(value.kind), target = number_of(types().kind(type_of(place)));
  const uint32_t to = begin_write(place);
  emit(typed(family(Exec::CastToI8_i8, kNumbers, static_cast<uint32_t>(target)), from), to, a);
  end_write(place, to);
}

void Translator::compare(const Instruction& i) {
  Source left = read(i.words[1]);
  const Source right = read(i.words[2]);
  const uint32_t which = distance(i.op, Opcode::Eq);
  if (left.kind == TypeKind::Str) {
    const uint32_t a = in_frame(left), b = in_frame(right);
    const uint32_t to = begin_write(i.words[0]);
    emit(Exec::TextCompare, to, a, b, which);
    return end_write(i.words[0], to);
  }
  left.offset = in_frame(left);
  if (compare_and_branch(i, left, right)) return;
  const Number n = number_of(left.kind);
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  if (right.is_constant) {
    emit(typed(family(Exec::EqK_i8, kNumbers, which), n), to, left.offset, 0, right.bits);
  } else {
    emit(typed(family(Exec::Eq_i8, kNumbers, which), n), to, left.offset, right.offset);
  }
  end_write(place, to);
}

// The result is looked at by the branch behind it and nowhere else.
bool Translator::compare_and_branch(const Instruction& i, Source left, Source right) {
  const auto next = peek();
  const uint32_t result = i.words[0];
  if (!next || next->op != Opcode::Branch || !is_register(result) || uses_[result] != 2) return false;
  const spec::Operand o = spec::decode_operand(next->words[0]);
  if (o.mode == spec::OperandMode::Constant || o.index != result) return false;
  at_ += 1 + next->words.size();
  uint32_t yes = next->words[1], no = next->words[2];
  uint32_t which = distance(i.op, Opcode::Eq);
  const Number n = number_of(left.kind);
  if (yes == block_ + 1 && n < Number::F32) {  // only integers have an opposite
    constexpr uint32_t kOpposite[] = {1, 0, 5, 4, 3, 2};
    which = kOpposite[which];
    std::swap(yes, no);
  }
  if (right.is_constant) {
    emit_jump(typed(family(Exec::BrEqK_i8, kNumbers, which), n), left.offset, 0, yes, right.bits);
  } else {
    emit_jump(typed(family(Exec::BrEq_i8, kNumbers, which), n), left.offset, right.offset, yes);
  }
  jump(no);
  return true;
}

}  // namespace stark::vm

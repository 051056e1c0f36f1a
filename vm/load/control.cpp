// vm/load/control.cpp — jumps, branches, switches and returns as operations.
// Room: vm/load. In: the last instruction of a block. Out: operations whose targets bind() fills in.
#include "vm/load/translate.h"

namespace stark::vm {

void Translator::jump(uint32_t block) {
  if (block != block_ + 1) emit_jump(Exec::Jump, 0, 0, block);
}

void Translator::branch(const Instruction& i) {
  const Source condition = read(i.words[0]);
  const uint32_t yes = i.words[1], no = i.words[2];
  if (condition.is_constant) return jump((condition.bits & 1) != 0 ? yes : no);
  if (yes == block_ + 1) {
    emit_jump(Exec::BrFalse, condition.offset, 0, no);
    return;
  }
  emit_jump(Exec::BrTrue, condition.offset, 0, yes);
  jump(no);
}

void Translator::switch_on(const Instruction& i) {
  const Source value = read(i.words[0]);
  std::vector<int32_t> targets;
  for (uint32_t t = 0; t < i.words[1]; ++t) targets.push_back(static_cast<int32_t>(label_of(i.words[2 + t])));
  const auto last = static_cast<uint32_t>(targets.size() - 1);
  if (value.is_constant) return jump(i.words[2 + std::min<uint32_t>(static_cast<uint32_t>(value.bits), last)]);
  if (targets.size() == 1) return jump(i.words[2]);
  if (targets.size() == 2) {
    emit_jump(typed(Exec::BrEqK_i8, Number::U32), value.offset, 0, i.words[2], 0);
    return jump(i.words[3]);
  }
  emit(Exec::Switch, value.offset, 0, last).site = p_.keep(std::move(targets));
}

// A body that stands where it was called goes on behind itself.
void Translator::give_back(const Instruction& i) {
  if (body_ != 0) {
    fetch_operand(result_, i.words[0]);
    return jump(row_.blocks.count);
  }
  const Source value = read(i.words[0]);
  const uint32_t size = value.is_constant ? spec::row_of(value.kind).size : types().size(value.type);
  if (size == 0) {
    emit(Exec::RetUnit);
    return;
  }
  emit(sized(Exec::Ret1, size), 0, in_frame(value), 0, size);
}

}  // namespace stark::vm

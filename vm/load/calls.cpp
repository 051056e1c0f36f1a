// vm/load/calls.cpp — calls of functions, of natives, and of tensor instructions as operations.
// Room: vm/load. In: operands. Out: arguments in place, and one operation with its site.
#include "vm/load/translate.h"

namespace stark::vm {

using spec::Native;
using spec::Opcode;

// Arguments go straight to where the callee's registers will be.
void Translator::call(const Instruction& i) {
  Function& callee = p_.function(i.words[1]);
  const Layout* here = inlined(callee.index);
  if (here == nullptr) p_.lay_out(callee);
  const auto arguments = i.words.subspan(3);
  for (uint32_t a = 0; a < arguments.size(); ++a) {
    fetch_operand(here != nullptr ? here->registers[a] : callee.layout.registers[a] | kOutgoing, arguments[a]);
  }
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  if (here != nullptr) {
    call_inlined(callee.index, *here, to);
    return end_write(place, to);
  }
  e_.outgoing = std::max(e_.outgoing, callee.parameters_end);
  emit(Exec::Call, to, kOutgoing, types().size(type_of(place))).site = &callee;
  end_write(place, to);
}

void Translator::call_native(const Instruction& i) {
  const auto native = static_cast<Native>(i.words[1]);
  if (call_intrinsic(native, i)) return;
  NativeSite site;
  site.native = native;
  for (uint32_t word : i.words.subspan(3)) site.arguments.push_back(frame_value(word));
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  site.result = {to, type_of(place), types().kind(type_of(place))};
  emit(native == Native::ThreadYield ? Exec::GiveWay : Exec::CallNative).site = p_.keep(std::move(site));
  end_write(place, to);
  // Destructors run when the instruction is done and every value is where roots are.
  if (native == Native::GcNew || native == Native::GcCollect || native == Native::GcCollectYoung) emit(Exec::DropDead);
}

void Translator::call_foreign(const Instruction& i) {
  ForeignSite site;
  site.foreign = i.words[1];
  for (uint32_t word : i.words.subspan(3)) site.arguments.push_back(frame_value(word));
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  site.result = {to, type_of(place), types().kind(type_of(place))};
  e_.outgoing = std::max(e_.outgoing, spec::kMaxForeignBytes);  // what a function that C calls gives back
  emit(Exec::CallForeign).site = p_.keep(std::move(site));
  end_write(place, to);
}

// Natives short enough to be an operation or a few.
bool Translator::call_intrinsic(Native native, const Instruction& i) {
  const auto words = i.words.subspan(3);
  switch (native) {
    case Native::F64Sqrt: return intrinsic(Exec::F64Sqrt, i);
    case Native::F64Abs: return intrinsic(Exec::F64Abs, i);
    case Native::F64Floor: return intrinsic(Exec::F64Floor, i);
    case Native::F32Sqrt: return intrinsic(Exec::F32Sqrt, i);
    case Native::F32Abs: return intrinsic(Exec::F32Abs, i);
    case Native::StrShow: return intrinsic(Exec::FatText, i);
    case Native::U64Mix: return intrinsic(Exec::U64Mix, i);
    case Native::U64WrappingAdd: return intrinsic(Exec::U64WrappingAdd, i);
    case Native::U64WrappingSub: return intrinsic(Exec::U64WrappingSub, i);
    case Native::U64WrappingMul: return intrinsic(Exec::U64WrappingMul, i);
    case Native::VecLen:
    case Native::StringLen: return write_result(i, [&, v = read(words[0])](uint32_t to) { emit(Exec::Ld8, to, v.offset, 8); });
    case Native::VecIsEmpty:
      return write_result(i, [&, v = read(words[0])](uint32_t to) {
        const uint32_t length = scratch(8);
        emit(Exec::Ld8, length, v.offset, 8);
        emit(typed(Exec::EqK_i8, Number::U64), to, length);
      });
    case Native::StrLen: return write_result(i, [&, text = read(words[0])](uint32_t to) { copy(to, text.offset + 8, 8); });
    case Native::StrIsEmpty: return write_result(i, [&, text = read(words[0])](uint32_t to) { emit(typed(Exec::EqK_i8, Number::U64), to, text.offset + 8); });
    case Native::StrByteAt:
      return write_result(i, [&, text = read(words[0]), at = in_frame(read(words[1]))](uint32_t to) { emit(Exec::SliceLd1, to, text.offset, at); });
    case Native::SliceEmptyMut:
      return write_result(i, [&](uint32_t to) {
        emit(Exec::Const8, to);
        emit(Exec::Const8, to + 8);
      });
    case Native::SliceSplitAtMut: return split(i);
    case Native::MemReplace: return replace(i);
    case Native::MemSizeOf: return constant(i, types().size(pointee(read(words[0]))));
    case Native::MemAlignOf: return constant(i, types().facts(pointee(read(words[0]))).align);
    case Native::PtrAt:
    case Native::PtrAtMut:
      return write_result(i, [&, from = read(words[0]), at = in_frame(read(words[1]))](uint32_t to) {
        emit(Exec::LeaIndex, to, from.offset, at, types().size(pointee(from)));
      });
    case Native::StrCharAt: return letter_at(i);
    case Native::VecPush: return push(Exec::VecPush, native, i);
    case Native::StringPush: return push(Exec::StringPush, native, i);
    case Native::StringPushStr: return push(Exec::StringPushStr, native, i);
    default: return false;
  }
}

bool Translator::intrinsic(Exec code, const Instruction& i) {
  const uint32_t from = in_frame(read(i.words[3])), other = i.words.size() > 4 ? in_frame(read(i.words[4])) : 0;
  return write_result(i, [&](uint32_t to) { emit(code, to, from, other); });
}

// What the types alone tell.
bool Translator::constant(const Instruction& i, uint64_t value) {
  return write_result(i, [&](uint32_t to) { emit(Exec::Const8, to, 0, 0, value); });
}

bool Translator::push(Exec code, Native native, const Instruction& i) {
  NativeSite site;
  site.native = native;
  for (uint32_t word : i.words.subspan(3)) site.arguments.push_back(frame_value(word));
  const FrameValue &whole = site.arguments[0], &value = site.arguments[1];
  const uint32_t size = value.type == spec::kNone ? spec::row_of(value.kind).size : types().size(value.type);
  const uint32_t to = whole.offset, from = value.offset;
  emit(code, to, from, size).site = p_.keep(std::move(site));
  return true;
}

// (run[..at], run[at..]), whose four words are put one after the other.
bool Translator::split(const Instruction& i) {
  const Source run = read(i.words[3]);
  const uint32_t at = in_frame(read(i.words[4]));
  const uint64_t size = types().size(types().row(types().row(run.type).a).a);
  emit(Exec::ChkSplit, 0, at, run.offset + 8);
  const uint32_t address = scratch(8), length = scratch(8);
  emit(Exec::LeaIndex, address, run.offset, at, size);
  emit(typed(Exec::Sub_i8, Number::U64), length, run.offset + 8, at);
  return write_result(i, [&](uint32_t to) {
    const auto& offsets = types().facts(type_of(i.words[0])).field_offsets;
    copy(to + offsets[0], run.offset, 8);
    copy(to + offsets[0] + 8, at, 8);
    copy(to + offsets[1], address, 8);
    copy(to + offsets[1] + 8, length, 8);
  });
}

// What is behind the reference goes to the result, the value there.
bool Translator::replace(const Instruction& i) {
  const Source reference = read(i.words[3]), value = read(i.words[4]);
  const uint32_t type = types().row(reference.type).a, size = types().size(type);
  return write_result(i, [&](uint32_t to) {
    const bool is_apart = value.is_constant || to + size <= value.offset || value.offset + size <= to;
    const uint32_t old = is_apart ? to : scratch(size);
    const Where behind{Where::Kind::Memory, reference.offset, 0, type};
    load(old, behind);
    store(behind, value);
    copy(to, old, size);
  });
}

// A letter of one byte is that byte.
bool Translator::letter_at(const Instruction& i) {
  NativeSite site;
  site.native = Native::StrCharAt;
  for (uint32_t word : i.words.subspan(3)) site.arguments.push_back(frame_value(word));
  return write_result(i, [&](uint32_t to) {
    const uint32_t byte = scratch(1);
    const uint32_t other = new_label(), done = new_label();
    emit(Exec::SliceLd1, byte, site.arguments[0].offset, site.arguments[1].offset);
    emit(typed(Exec::BrGeK_i8, Number::U8), byte, 0, other, 128);
    emit(Exec::CastToU32_u8, to, byte);
    emit(Exec::Jump, 0, 0, done);
    set_label(other);
    site.result = {to, type_of(i.words[0]), TypeKind::Char};
    emit(Exec::CallNative).site = p_.keep(site);
    set_label(done);
  });
}

void Translator::tensor(const Instruction& i) {
  TensorSite site;
  std::vector<uint32_t> places;
  size_t w = 0;
  for (char letter : spec::row_of(i.op).operands) {
    switch (letter) {
      case 'g':
      case 's': site.index = i.words[w++]; break;
      case 'd': places.push_back(i.words[w++]); break;
      case 'u': site.operands.push_back(frame_value(i.words[w++])); break;
      case 'D':
        for (uint32_t n = i.words[w++]; n > 0; --n) places.push_back(i.words[w++]);
        break;
      case 'U':
        for (uint32_t n = i.words[w++]; n > 0; --n) site.operands.push_back(frame_value(i.words[w++]));
        break;
      default: break;
    }
  }
  for (uint32_t& place : places) {
    const uint32_t type = type_of(place);  // of the instruction; where its result goes may know less of the shape
    if (places.size() == 1) place = result_place(place);
    site.targets.push_back({begin_write(place), type, types().kind(type)});
  }
  const std::vector<FrameValue> targets = site.targets;
  const auto distance = static_cast<uint32_t>(i.op) - static_cast<uint32_t>(Opcode::Tensor);
  emit(static_cast<Exec>(static_cast<uint32_t>(Exec::Tensor) + distance)).site = p_.keep(std::move(site));
  for (size_t t = 0; t < places.size(); ++t) end_write(places[t], targets[t].offset);
}

}  // namespace stark::vm

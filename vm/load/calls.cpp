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
  emit(Exec::CallNative).site = p_.keep(std::move(site));
  end_write(place, to);
  // Destructors run when the instruction is done and every value is where roots are.
  if (native == Native::GcNew || native == Native::GcCollect || native == Native::GcCollectYoung) emit(Exec::DropDead);
}

// Natives short enough to be one operation.
bool Translator::call_intrinsic(Native native, const Instruction& i) {
  const auto unary = [&](Exec code) {
    const uint32_t from = in_frame(read(i.words[3]));
    const uint32_t place = result_place(i.words[0]);
    const uint32_t to = begin_write(place);
    emit(code, to, from);
    end_write(place, to);
    return true;
  };
  switch (native) {
    case Native::F64Sqrt: return unary(Exec::F64Sqrt);
    case Native::F64Abs: return unary(Exec::F64Abs);
    case Native::F64Floor: return unary(Exec::F64Floor);
    case Native::F32Sqrt: return unary(Exec::F32Sqrt);
    case Native::F32Abs: return unary(Exec::F32Abs);
    case Native::VecLen:
    case Native::StringLen: {
      const Source v = read(i.words[3]);
      const uint32_t place = result_place(i.words[0]);
      const uint32_t to = begin_write(place);
      emit(Exec::Ld8, to, v.offset, 8);
      end_write(place, to);
      return true;
    }
    case Native::VecPush: {
      NativeSite site;
      site.native = native;
      for (uint32_t word : i.words.subspan(3)) site.arguments.push_back(frame_value(word));
      const uint32_t vec = site.arguments[0].offset, value = site.arguments[1].offset;
      const uint32_t element = types().row(types().row(site.arguments[0].type).a).a;
      emit(Exec::VecPush, vec, value, types().size(element)).site = p_.keep(std::move(site));
      return true;
    }
    default: return false;
  }
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

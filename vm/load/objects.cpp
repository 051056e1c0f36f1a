// vm/load/objects.cpp — boxes, trait objects and function values as operations.
// Room: vm/load. In: box, dyn, fn and call.dyn. Out: operations. Layouts: vm/objects/values.h.
#include "vm/load/translate.h"

namespace stark::vm {

// The object comes first, since allocating moves others; then the value goes where it will stay.
void Translator::box(const Instruction& i) {
  const uint32_t place = i.words[0];
  const bool is_fn = i.op == spec::Opcode::Fn;
  const uint32_t type = is_fn ? m().vtables[i.words[2]].type : types().row(type_of(place)).a;
  const uint32_t made = scratch(16);
  emit(Exec::NewBox, made).site = &p_.box_info(type);
  store({Where::Kind::Memory, made, kBoxed, type}, read(i.words[1]));
  if (is_fn) emit(Exec::Const8, made + 8, 0, 0, reinterpret_cast<uint64_t>(p_.vtable(i.words[2])));
  const uint32_t to = begin_write(place);
  copy(to, made, types().size(type_of(place)));
  end_write(place, to);
}

// A reference or box gets its vtable as a second word.
void Translator::dyn(const Instruction& i) {
  const Source thin = read(i.words[1]);
  const uint32_t to = begin_write(i.words[0]);
  copy(to, thin.offset, 8);
  emit(Exec::Const8, to + 8, 0, 0, reinterpret_cast<uint64_t>(p_.vtable(i.words[2])));
  end_write(i.words[0], to);
}

// The receiver is passed as the thin reference or box that every function behind the method takes first.
void Translator::call_dyn(const Instruction& i) {
  const auto arguments = i.words.subspan(3);
  const Source receiver = read(arguments[0]);
  const uint32_t method = types().row(types().row(receiver.type).a).a + i.words[1];
  const auto offsets = p_.method_offsets(m().signatures[m().dyn_methods[method].signature]);
  if (types().is(receiver.type, TypeKind::Fn)) {
    emit(Exec::LeaP, offsets[0] | kOutgoing, receiver.offset, kBoxed);
  } else {
    emit(Exec::Mov8, offsets[0] | kOutgoing, receiver.offset);
  }
  for (uint32_t a = 1; a < arguments.size(); ++a) fetch_operand(offsets[a] | kOutgoing, arguments[a]);
  e_.outgoing = std::max(e_.outgoing, offsets.back());
  const uint32_t place = result_place(i.words[0]);
  const uint32_t to = begin_write(place);
  emit(Exec::CallDyn, to, kOutgoing, receiver.offset + 8, uint64_t{types().size(type_of(place))} << 32 | i.words[1]);
  end_write(place, to);
}

}  // namespace stark::vm

// vm/natives/any.cpp — std::any: what a trait object hides, for those who name its type.
// Room: vm/natives. In: trait objects, pointers whose types are asked for. Out: references and boxes of that type.
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

// The second word of a reference or box to an object is its vtable.
uint32_t hidden_type(const NativeCall& call) { return call.get<FatBox>(0).vtable->type; }

void give_reference(NativeCall& call) {
  const auto* address = call.get<std::byte*>(0);
  give_option(call, hidden_type(call) == call.pointee(1) ? &address : nullptr, sizeof address);
}

}  // namespace

void AnyIs(NativeCall& call) { call.give_bool(hidden_type(call) == call.pointee(1)); }
void AnyRef(NativeCall& call) { give_reference(call); }
void AnyMut(NativeCall& call) { give_reference(call); }
void AnyUnbox(NativeCall& call) {
  if (hidden_type(call) != call.pointee(1)) return call.host.fail(Exit::Panic, "the box holds a value of another type");
  call.give(call.get<FatBox>(0).object);
}
void AnyTypeNumber(NativeCall& call) { call.give<uint64_t>(call.pointee(0)); }

}  // namespace stark::vm::natives

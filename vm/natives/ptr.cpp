// vm/natives/ptr.cpp — raw pointers: arithmetic, reading, writing, and slices made of them.
// Room: vm/natives. In: addresses that unsafe code answers for. Out: values and references.
#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

// Size of what the pointer or slice that is an argument is made of.
uint32_t element_size(const NativeCall& call, size_t argument = 0) { return call.types().size(call.types().row(call.site.arguments[argument].type).a); }
uint32_t slice_element_size(const NativeCall& call) {
  const auto& types = call.types();
  return types.size(types.row(types.row(call.site.arguments[0].type).a).a);
}

void give_moved(NativeCall& call) {
  call.give(call.get<uint64_t>(0) + call.get<uint64_t>(1) * element_size(call));
}

}  // namespace

void PtrAt(NativeCall& call) { give_moved(call); }
void PtrAtMut(NativeCall& call) { give_moved(call); }

void PtrRead(NativeCall& call) {
  if (const uint32_t size = element_size(call); size > 0) std::memcpy(call.result(), call.get<std::byte*>(0), size);
}

void PtrWrite(NativeCall& call) {
  const uint32_t size = element_size(call);
  auto* to = call.get<std::byte*>(0);
  gc::store_barrier(to, size);
  if (size > 0) std::memcpy(to, call.address(1), size);
}

void PtrCopy(NativeCall& call) {
  const uint64_t bytes = call.get<uint64_t>(2) * element_size(call);
  auto* to = call.get<std::byte*>(1);
  gc::store_barrier(to, bytes);
  if (bytes > 0) std::memmove(to, call.get<std::byte*>(0), bytes);
}

void PtrWriteBytes(NativeCall& call) {
  const uint64_t bytes = call.get<uint64_t>(2) * element_size(call);
  auto* to = call.get<std::byte*>(0);
  gc::store_barrier(to, bytes);
  if (bytes > 0) std::memset(to, call.get<uint8_t>(1), bytes);
}

void SliceAsPtr(NativeCall& call) { call.give(call.get<FatRef>(0).address); }
void SliceAsMutPtr(NativeCall& call) { call.give(call.get<FatRef>(0).address); }
void SliceOfPtr(NativeCall& call) { call.give(FatRef{call.get<std::byte*>(0), call.get<uint64_t>(1)}); }
void SliceOfMutPtr(NativeCall& call) { call.give(FatRef{call.get<std::byte*>(0), call.get<uint64_t>(1)}); }
void SliceElement(NativeCall& call) { call.give(call.get<FatRef>(0).address + call.get<uint64_t>(1) * slice_element_size(call)); }
void SliceElementMut(NativeCall& call) { SliceElement(call); }
void StrAsPtr(NativeCall& call) { call.give(call.get<FatRef>(0).address); }
void StrOfUtf8(NativeCall& call) { call.give(call.get<FatRef>(0)); }

}  // namespace stark::vm::natives

// vm/natives/ptr.cpp — raw pointers: arithmetic, reading, writing, and slices made of them.
// Room: vm/natives. In: addresses that unsafe code answers for. Out: values and references.
#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

// Of what the first pointer points to.
uint32_t element_size(const NativeCall& call) { return call.types().size(call.pointee(0)); }

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
void SliceElement(NativeCall& call) { call.give(call.get<FatRef>(0).address + call.get<uint64_t>(1) * call.types().size(call.element_behind(0))); }
void SliceElementMut(NativeCall& call) { SliceElement(call); }
void StrAsPtr(NativeCall& call) { call.give(call.get<FatRef>(0).address); }
void StrOfUtf8(NativeCall& call) { call.give(call.get<FatRef>(0)); }

}  // namespace stark::vm::natives

// vm/natives/arc.cpp — Arc: shared objects whose handles are counted, so that the last one drops what they share, at once.
// Room: vm/natives. In: values, handles. Out: handles. The count is the first word of the object; the collector takes its memory.
#include <atomic>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

std::atomic_ref<uint64_t> count_of(gc::Object* object) { return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(object->payload())); }
gc::Object* object_behind(const NativeCall& call, size_t argument) { return *call.get<gc::Object**>(argument); }

}  // namespace

void ArcNew(NativeCall& call) {
  const uint32_t type = call.types().row(call.site.result.type).a, size = call.types().size(type);
  gc::Object* object = call.allocate(call.host.program.arc_info(type), 0);
  if (object == nullptr) return;
  store<uint64_t>(object->payload(), 1);
  if (size > 0) std::memcpy(object->payload() + kCounted, call.address(0), size);
  call.give(object);
}

void ArcFromVec(NativeCall& call) {
  const uint32_t element = call.pointee(0);
  const uint64_t length = call.get<VecValue>(0).length;
  gc::Object* object = call.allocate(call.host.program.arc_run_info(element), length);
  if (object == nullptr) return;
  const auto v = call.get<VecValue>(0);
  store<uint64_t>(object->payload(), 1);
  if (length > 0) std::memcpy(object->payload() + kCounted, v.data(), length * call.types().size(element));
  FatBox arc;
  arc.object = object;
  arc.length = length;
  call.give(arc);
}

void ArcClone(NativeCall& call) {
  count_of(object_behind(call, 0)).fetch_add(1, std::memory_order_relaxed);
  std::memmove(call.result(), call.get<std::byte*>(0), call.types().size(call.site.result.type));
}

void ArcPtrEq(NativeCall& call) { call.give_bool(object_behind(call, 0) == object_behind(call, 1)); }
void ArcCount(NativeCall& call) { call.give<uint64_t>(count_of(object_behind(call, 0)).load(std::memory_order_acquire)); }

// The handle is taken; the value is given where it was the last one.
void ArcIntoInner(NativeCall& call) {
  gc::Object* object = call.handle(0);
  const uint32_t size = call.types().size(call.pointee(0));
  const bool is_last = count_of(object).fetch_sub(1, std::memory_order_acq_rel) == 1;
  give_option(call, is_last ? object->payload() + kCounted : nullptr, size);
}

void ArcGetMut(NativeCall& call) {
  gc::Object* object = object_behind(call, 0);
  std::byte* inside = object->payload() + kCounted;
  const bool is_only = count_of(object).load(std::memory_order_acquire) == 1;
  const uint32_t held = call.element_behind(0);
  give_option(call, is_only && call.types().facts(held).is_sized ? &inside : nullptr, sizeof inside);
}

}  // namespace stark::vm::natives

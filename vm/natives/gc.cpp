// vm/natives/gc.cpp — Gc and Weak: shared objects of the managed heap, and words that follow them without keeping them.
// Room: vm/natives. In: values and handles. Out: handles. What must be dropped when nothing reaches it is watched by the heap.
#include <atomic>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

// There is, or will be, a second way to the object.
void give_another(NativeCall& call) {
  gc::Object* object = *call.get<gc::Object**>(0);
  std::atomic_ref<uint64_t>(object->count).store(static_cast<uint64_t>(SharedState::Many), std::memory_order_relaxed);
  call.give(object);
}

bool is_only(gc::Object* object) {
  return std::atomic_ref<uint64_t>(object->count).load(std::memory_order_relaxed) == static_cast<uint64_t>(SharedState::Only);
}
// Several threads may look at a Weak while one sets it.
std::atomic_ref<gc::Object*> word_behind(const NativeCall& call, size_t argument) { return std::atomic_ref<gc::Object*>(*call.get<gc::Object**>(argument)); }

}  // namespace

void GcNew(NativeCall& call) {
  const uint32_t type = call.types().row(call.site.result.type).a, size = call.types().size(type);
  gc::Object* object = call.allocate(call.host.program.box_info(type), 0);
  if (object == nullptr) return;
  if (size > 0) std::memcpy(object->payload(), call.address(0), size);
  if (call.types().facts(type).needs_drop) call.host.heap.watch(object, !call.types().facts(type).is_send);
  call.give(object);
}

void GcClone(NativeCall& call) { give_another(call); }
void GcPtrEq(NativeCall& call) { call.give_bool(*call.get<gc::Object**>(0) == *call.get<gc::Object**>(1)); }
void GcDowngrade(NativeCall& call) { give_another(call); }
void GcIsUnique(NativeCall& call) { call.give_bool(is_only(*call.get<gc::Object**>(0))); }

void GcIntoInner(NativeCall& call) {
  gc::Object* object = call.handle(0);
  if (!is_only(object)) return call.host.fail(Exit::Panic, "the value of this Gc is shared");
  object->count = static_cast<uint64_t>(SharedState::Empty);
  const uint32_t size = call.types().size(call.pointee(0));
  if (size > 0) std::memmove(call.result(), object->payload(), size);
}

void WeakNew(NativeCall& call) { call.give<gc::Object*>(nullptr); }
void WeakClone(NativeCall& call) { call.give(word_behind(call, 0).load(std::memory_order_acquire)); }

void WeakSet(NativeCall& call) {
  auto** word = call.get<gc::Object**>(0);
  gc::store_barrier(word, sizeof *word);
  word_behind(call, 0).store(word_behind(call, 1).load(std::memory_order_acquire), std::memory_order_release);
}

void WeakUpgrade(NativeCall& call) {
  gc::Object* object = word_behind(call, 0).load(std::memory_order_acquire);
  std::memset(call.result(), 0, call.types().size(call.site.result.type));
  if (object == nullptr) return;
  call.give<uint32_t>(1);
  store(call.result() + call.types().variant_offset(call.site.result.type, 1, 0), object);
}

void GcCollect(NativeCall& call) { call.host.heap.collect(true); }
void GcCollectYoung(NativeCall& call) { call.host.heap.collect(); }
void GcSetLimit(NativeCall& call) { call.host.heap.heap().set_limit(call.get<uint64_t>(0)); }
void GcSetBudget(NativeCall& call) { call.host.heap.heap().set_budget(call.get<uint64_t>(0)); }
void GcSetAutomatic(NativeCall& call) { call.host.heap.heap().set_automatic(call.get<uint8_t>(0) != 0); }

void GcFigures(NativeCall& call) {
  const gc::Stats s = call.host.heap.stats();
  const uint64_t figures[] = {s.collections, s.asked, s.pause_ns_total, s.pause_ns_longest, s.allocated_bytes, s.freed_bytes,
                              call.host.heap.heap().used_bytes(), call.host.heap.heap().options().limit};
  VecValue v{call.allocate(call.host.program.buffer_info(call.result_element()), std::size(figures)), std::size(figures)};
  if (v.buffer == nullptr) return;
  std::memcpy(v.data(), figures, sizeof figures);
  call.give(v);
}

// One callback for each thread; it is shown to the collector as a root.
void GcKeepCallback(NativeCall& call) {
  if (call.host.callback.object != nullptr) return call.host.fail(Exit::Panic, "there is a callback for pauses already");
  call.host.callback = call.get<FatBox>(0);
  call.host.callback_type = call.site.arguments[0].type;
}
void GcTakeCallback(NativeCall& call) {
  const uint32_t wanted = call.types().field_type(call.types().variant(call.site.result.type, 1).fields, 0);
  const bool is_there = call.host.callback.object != nullptr && call.host.callback_type == wanted;
  const FatBox kept = call.host.callback;
  give_option(call, is_there ? &kept : nullptr, sizeof kept);
  if (is_there) call.host.callback = {};
}

}  // namespace stark::vm::natives

// vm/natives/vec.cpp — Vec.
// Room: vm/natives. In: references to vectors, elements by their type's size. Out: vectors, options, what is to be dropped.
#include <fmt/format.h>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

// None, or Some with the bytes at `payload`; all words of the enum are written.
void give_option(NativeCall& call, const std::byte* payload, uint32_t size) {
  const uint32_t type = call.site.result.type;
  std::memset(call.result(), 0, call.types().size(type));
  if (payload == nullptr) return;
  call.give<uint32_t>(1);
  std::memcpy(call.result() + call.types().variant_offset(type, 1, 0), payload, size);
}

// Elements from `from` on leave the vector; their drops wait until the native has returned.
void shorten(NativeCall& call, uint64_t from) {
  VecValue& v = call.vec(0);
  if (from >= v.length) return;
  const uint32_t element = call.element_behind(0);
  if (call.types().facts(element).needs_drop) {
    call.host.drops.push_back({DropEntry::Kind::Elements, element, v.data(), from, v.length, nullptr});
  }
  v.length = from;
}

}  // namespace

bool push_element(NativeCall& call) {
  const uint32_t element = call.element_behind(0);
  const uint32_t size = call.types().size(element);
  VecValue v = call.vec(0);
  if (v.length == v.capacity()) {
    const uint64_t capacity = v.length == 0 ? 4 : v.length * 2;
    gc::Object* buffer = call.allocate(call.host.program.buffer_info(element), capacity);
    if (buffer == nullptr) return false;
    v = call.vec(0);
    if (v.length > 0) std::memcpy(buffer->payload(), v.data(), v.length * size);
    v.buffer = buffer;
  }
  std::byte* to = v.data() + v.length * size;
  gc::store_barrier(to, size);
  if (size > 0) std::memcpy(to, call.address(1), size);
  ++v.length;
  gc::store_barrier(&call.vec(0), sizeof v);
  call.vec(0) = v;
  return true;
}

namespace natives {

void VecNew(NativeCall& call) { call.give(VecValue{}); }

void VecWithCapacity(NativeCall& call) {
  const uint64_t capacity = call.get<uint64_t>(0);
  VecValue v;
  if (capacity > 0) v.buffer = call.allocate(call.host.program.buffer_info(call.result_element()), capacity);
  if (!call.host.failure) call.give(v);
}

void VecPush(NativeCall& call) { push_element(call); }

void VecPop(NativeCall& call) {
  VecValue& v = call.vec(0);
  const uint32_t size = call.types().size(call.element_behind(0));
  if (v.length == 0) return give_option(call, nullptr, 0);
  --v.length;
  give_option(call, v.data() + v.length * size, size);
}

void VecLen(NativeCall& call) { call.give(call.vec(0).length); }
void VecIsEmpty(NativeCall& call) { call.give_bool(call.vec(0).length == 0); }
void VecClear(NativeCall& call) { shorten(call, 0); }
void VecTruncate(NativeCall& call) { shorten(call, call.get<uint64_t>(1)); }

void VecSwap(NativeCall& call) {
  const VecValue v = call.vec(0);
  const uint32_t size = call.types().size(call.element_behind(0));
  const uint64_t a = call.get<uint64_t>(1), b = call.get<uint64_t>(2);
  const uint64_t wrong = a >= v.length ? a : b;
  if (wrong >= v.length) return call.host.fail(Exit::Panic, fmt::format("index {} is out of range for length {}", wrong, v.length));
  if (a == b) return;
  std::byte* x = v.data() + a * size;
  std::byte* y = v.data() + b * size;
  gc::store_barrier(x, size);
  gc::store_barrier(y, size);
  std::swap_ranges(x, x + size, y);
}

}  // namespace natives
}  // namespace stark::vm

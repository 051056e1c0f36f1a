// vm/natives/vec.cpp — Vec.
// Room: vm/natives. In: references to vectors, elements by their type's size. Out: vectors, options, what is to be dropped.
#include <fmt/format.h>

#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

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

// Room for `needed` elements in all; it doubles, so that pushing costs little. False when the heap is full.
bool make_room(NativeCall& call, uint64_t needed) {
  const uint32_t element = call.element_behind(0);
  const uint64_t capacity = call.vec(0).capacity();
  if (needed <= capacity) return true;
  const uint64_t wanted = std::max<uint64_t>({needed, capacity * 2, 4});
  gc::Object* buffer = call.allocate(call.host.program.buffer_info(element), wanted);
  if (buffer == nullptr) return false;
  VecValue& v = call.vec(0);
  if (v.length > 0) std::memcpy(buffer->payload(), v.data(), v.length * call.types().size(element));
  gc::store_barrier(&v, sizeof v);
  v.buffer = buffer;
  return true;
}

// The value of an argument becomes the element at `index`, for which there is room.
void put_element(NativeCall& call, uint64_t index, size_t argument) {
  const uint32_t size = call.types().size(call.element_behind(0));
  if (size == 0) return;
  std::byte* to = call.vec(0).data() + index * size;
  gc::store_barrier(to, size);
  std::memcpy(to, call.address(argument), size);
}

// Elements `from` … `from + count` as if they stood at `to`; they may overlap.
void shift(NativeCall& call, uint64_t from, uint64_t to, uint64_t count) {
  const uint32_t size = call.types().size(call.element_behind(0));
  if (size == 0 || count == 0) return;
  std::byte* data = call.vec(0).data();
  gc::store_barrier(data + to * size, count * size);
  std::memmove(data + to * size, data + from * size, count * size);
}

// The element at `index` is the result. False after a panic, when there is none.
bool give_element(NativeCall& call, uint64_t index) {
  const VecValue v = call.vec(0);
  if (index >= v.length) {
    call.host.fail(Exit::Panic, fmt::format("index {} is out of range for length {}", index, v.length));
    return false;
  }
  const uint32_t size = call.types().size(call.element_behind(0));
  if (size > 0) std::memcpy(call.result(), v.data() + index * size, size);
  return true;
}

}  // namespace

void give_option(NativeCall& call, const void* payload, uint32_t size) {
  const uint32_t type = call.site.result.type;
  std::memset(call.result(), 0, call.types().size(type));
  if (payload == nullptr) return;
  call.give<uint32_t>(1);
  std::memcpy(call.result() + call.types().variant_offset(type, 1, 0), payload, size);
}

bool push_element(NativeCall& call) {
  const uint64_t length = call.vec(0).length;
  if (!make_room(call, length + 1)) return false;
  put_element(call, length, 1);
  ++call.vec(0).length;
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

void VecCapacity(NativeCall& call) { call.give(call.vec(0).capacity()); }

void VecReserve(NativeCall& call) {
  const uint64_t length = call.vec(0).length, additional = call.get<uint64_t>(1);
  if (additional > UINT64_MAX - length) return call.host.fail_memory();
  make_room(call, length + additional);
}

void VecInsert(NativeCall& call) {
  const uint64_t index = call.get<uint64_t>(1), length = call.vec(0).length;
  if (index > length) return call.host.fail(Exit::Panic, fmt::format("cannot insert at {} into a vector of length {}", index, length));
  if (!make_room(call, length + 1)) return;
  shift(call, index, index + 1, length - index);
  put_element(call, index, 2);
  ++call.vec(0).length;
}

void VecRemove(NativeCall& call) {
  const uint64_t index = call.get<uint64_t>(1);
  if (!give_element(call, index)) return;
  shift(call, index + 1, index, --call.vec(0).length - index);
}

void VecSwapRemove(NativeCall& call) {
  const uint64_t index = call.get<uint64_t>(1);
  if (!give_element(call, index)) return;
  const uint64_t last = --call.vec(0).length;
  if (index != last) shift(call, last, index, 1);
}

void VecAppend(NativeCall& call) {
  const uint32_t size = call.types().size(call.element_behind(0));
  const uint64_t length = call.vec(0).length, more = call.vec(1).length;
  if (!make_room(call, length + more)) return;
  VecValue& v = call.vec(0);
  VecValue& other = call.vec(1);
  if (more > 0 && size > 0) {
    gc::store_barrier(v.data() + length * size, more * size);
    std::memcpy(v.data() + length * size, other.data(), more * size);
  }
  v.length += more;
  other.length = 0;
}

void VecSplitOff(NativeCall& call) {
  const uint64_t at = call.get<uint64_t>(1), length = call.vec(0).length;
  if (at > length) return call.host.fail(Exit::Panic, fmt::format("cannot split a vector of length {} at {}", length, at));
  const uint32_t element = call.element_behind(0), size = call.types().size(element);
  VecValue rest{nullptr, length - at};
  if (rest.length > 0) {
    rest.buffer = call.allocate(call.host.program.buffer_info(element), rest.length);
    if (rest.buffer == nullptr) return;
    if (size > 0) std::memcpy(rest.data(), call.vec(0).data() + at * size, rest.length * size);
  }
  call.vec(0).length = at;
  call.give(rest);
}

// The buffer itself is the object: elements lie where a boxed value would.
void VecIntoBoxed(NativeCall& call) { call.give(call.get<VecValue>(0)); }
void BoxIntoVec(NativeCall& call) { call.give(call.get<VecValue>(0)); }

void VecSwap(NativeCall& call) {
  const VecValue v = call.vec(0);
  swap_elements(call, {v.data(), v.length});
}

}  // namespace natives
}  // namespace stark::vm

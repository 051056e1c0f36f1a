// vm/natives/slice.cpp — slices and parts of text: fat references into what they are parts of.
// Room: vm/natives. In: fat references, bounds. Out: fat references inside them, or a panic that names range and length.
#include <fmt/format.h>

#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/letters.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

// False after a panic, when there is no such range of the length.
bool check_range(NativeCall& call, uint64_t from, uint64_t to, uint64_t length) {
  if (from <= to && to <= length) return true;
  call.host.fail(Exit::Panic, from > to ? fmt::format("range {}..{} ends before it begins", from, to)
                                        : fmt::format("range {}..{} is out of range for length {}", from, to, length));
  return false;
}

void give_range(NativeCall& call, uint64_t from, uint64_t to) {
  const auto whole = call.get<FatRef>(0);
  if (!check_range(call, from, to, whole.length)) return;
  call.give(FatRef{whole.address + from * call.types().size(call.element_behind(0)), to - from});
}
void give_tail(NativeCall& call) { give_range(call, call.get<uint64_t>(1), call.get<FatRef>(0).length); }

void give_text(NativeCall& call, uint64_t from, uint64_t to) {
  const auto whole = call.get<FatRef>(0);
  if (!check_range(call, from, to, whole.length)) return;
  for (const uint64_t end : {from, to}) {
    if (!is_boundary(whole.text(), end)) return call.host.fail(Exit::Panic, fmt::format("byte {} is inside a letter", end));
  }
  call.give(FatRef{whole.address + from, to - from});
}

}  // namespace

void swap_elements(NativeCall& call, FatRef elements) {
  const uint32_t size = call.types().size(call.element_behind(0));
  const uint64_t a = call.get<uint64_t>(1), b = call.get<uint64_t>(2);
  const uint64_t wrong = a >= elements.length ? a : b;
  if (wrong >= elements.length) {
    return call.host.fail(Exit::Panic, fmt::format("index {} is out of range for length {}", wrong, elements.length));
  }
  if (a == b) return;
  std::byte* x = elements.address + a * size;
  std::byte* y = elements.address + b * size;
  gc::store_barrier(x, size);
  gc::store_barrier(y, size);
  std::swap_ranges(x, x + size, y);
}

namespace natives {

void SliceRange(NativeCall& call) { give_range(call, call.get<uint64_t>(1), call.get<uint64_t>(2)); }
void SliceRangeMut(NativeCall& call) { SliceRange(call); }
void SliceTail(NativeCall& call) { give_tail(call); }
void SliceTailMut(NativeCall& call) { give_tail(call); }
void SliceSwap(NativeCall& call) { swap_elements(call, call.get<FatRef>(0)); }

// What was one run is two that have nothing in common; the caller has given the whole away.
void SliceSplitAtMut(NativeCall& call) {
  const auto whole = call.get<FatRef>(0);
  const uint64_t at = call.get<uint64_t>(1), size = call.types().size(call.element_behind(0));
  if (at > whole.length) return call.host.fail(Exit::Panic, fmt::format("cannot split {} elements at {}", whole.length, at));
  const auto& offsets = call.types().facts(call.site.result.type).field_offsets;
  store(call.result() + offsets[0], FatRef{whole.address, at});
  store(call.result() + offsets[1], FatRef{whole.address + at * size, whole.length - at});
}
void SliceEmptyMut(NativeCall& call) { call.give(FatRef{}); }

// `t[from..]` asks for the greatest number there is: a text has no length that the compiler could name.
void StrRange(NativeCall& call) { give_text(call, call.get<uint64_t>(1), call.get<uint64_t>(2)); }
void StrTail(NativeCall& call) { give_text(call, call.get<uint64_t>(1), call.get<FatRef>(0).length); }

}  // namespace natives
}  // namespace stark::vm

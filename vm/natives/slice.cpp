// vm/natives/slice.cpp — slices and parts of text: fat references into what they are parts of.
// Room: vm/natives. In: fat references, bounds. Out: fat references inside them, or a panic that names range and length.
#include <fmt/format.h>

#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

// False after a panic, when arguments 1 and 2 are no range of the length.
bool check_range(NativeCall& call, uint64_t length) {
  const uint64_t from = call.get<uint64_t>(1), to = call.get<uint64_t>(2);
  if (from <= to && to <= length) return true;
  call.host.fail(Exit::Panic, from > to ? fmt::format("range {}..{} ends before it begins", from, to)
                                        : fmt::format("range {}..{} is out of range for length {}", from, to, length));
  return false;
}

void give_range(NativeCall& call) {
  const auto whole = call.get<FatRef>(0);
  if (!check_range(call, whole.length)) return;
  const uint64_t from = call.get<uint64_t>(1), size = call.types().size(call.element_behind(0));
  call.give(FatRef{whole.address + from * size, call.get<uint64_t>(2) - from});
}

bool is_letter_begin(std::string_view text, uint64_t at) {
  return at == text.size() || (static_cast<uint8_t>(text[at]) & 0xC0) != 0x80;
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

void SliceRange(NativeCall& call) { give_range(call); }
void SliceRangeMut(NativeCall& call) { give_range(call); }
void SliceSwap(NativeCall& call) { swap_elements(call, call.get<FatRef>(0)); }

void StrRange(NativeCall& call) {
  const auto whole = call.get<FatRef>(0);
  if (!check_range(call, whole.length)) return;
  const uint64_t from = call.get<uint64_t>(1), to = call.get<uint64_t>(2);
  for (const uint64_t end : {from, to}) {
    if (!is_letter_begin(whole.text(), end)) return call.host.fail(Exit::Panic, fmt::format("byte {} is inside a letter", end));
  }
  call.give(FatRef{whole.address + from, to - from});
}

}  // namespace natives
}  // namespace stark::vm

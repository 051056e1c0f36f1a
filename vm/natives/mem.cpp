// vm/natives/mem.cpp — std::mem: values change places behind mutable references.
// Room: vm/natives. In: references to values of one type, which the proof knows to be apart. Out: the values exchanged.
#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace natives {
namespace {

uint32_t size_behind(const NativeCall& call) { return call.types().size(call.types().row(call.site.arguments[0].type).a); }

}  // namespace

void MemSwap(NativeCall& call) {
  const uint32_t size = size_behind(call);
  auto* a = call.get<std::byte*>(0);
  auto* b = call.get<std::byte*>(1);
  gc::store_barrier(a, size);
  gc::store_barrier(b, size);
  std::swap_ranges(a, a + size, b);
}

void MemReplace(NativeCall& call) { replace_behind(call, call.get<std::byte*>(0), size_behind(call)); }

}  // namespace natives

// The result may be wanted where the new value is; a value that was copied stays as it is.
void replace_behind(NativeCall& call, std::byte* place, uint32_t size) {
  gc::store_barrier(place, size);
  if (call.result() == call.address(1)) {
    std::swap_ranges(place, place + size, call.result());
  } else {
    std::memcpy(call.result(), place, size);
    std::memcpy(place, call.address(1), size);
  }
}

}  // namespace stark::vm

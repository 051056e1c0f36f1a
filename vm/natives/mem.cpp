// vm/natives/mem.cpp — std::mem: values change places behind mutable references; sizes; values looked at as something else.
// Room: vm/natives. In: references to values of one type, which the proof knows to be apart. Out: the values exchanged.
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace natives {
namespace {

uint32_t size_behind(const NativeCall& call) { return call.types().size(call.pointee(0)); }

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

void MemSizeOf(NativeCall& call) { call.give<uint64_t>(size_behind(call)); }
void MemAlignOf(NativeCall& call) { call.give<uint64_t>(call.types().facts(call.pointee(0)).align); }
void MemNeedsDrop(NativeCall& call) { call.give_bool(call.types().facts(call.pointee(0)).needs_drop); }
void MemForget(NativeCall&) {}
// It stays on the heap for as long as anybody refers to it.
void MemLeak(NativeCall& call) {
  const uint32_t type = call.types().row(call.site.result.type).a, size = call.types().size(type);
  gc::Object* object = call.allocate(call.host.program.box_info(type), 0);
  if (object == nullptr) return;
  if (size > 0) std::memcpy(object->payload(), call.address(0), size);
  call.give(object->payload());
}
void MemZeroed(NativeCall& call) { std::memset(call.result(), 0, call.types().size(call.site.result.type)); }
void MemTransmute(NativeCall& call) { std::memmove(call.result(), call.address(0), call.types().size(call.site.result.type)); }

// A byte of every page is read by the system, which says so where it may not be.
void MemIsReadable(NativeCall& call) {
  const auto from = call.get<uint64_t>(0), length = call.get<uint64_t>(1);
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (from == 0 || length > UINT64_MAX - from) return call.give_bool(false);
  const auto is_readable = [](uint64_t address) {
    char byte;
    iovec here{&byte, 1}, there{reinterpret_cast<void*>(address), 1};
    return ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) == 1;
  };
  bool good = length == 0 || is_readable(from + length - 1);
  for (uint64_t at = from; good && at < from + length; at = (at / page + 1) * page) good = is_readable(at);
  call.give_bool(good);
}

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

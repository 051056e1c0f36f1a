// vm/natives/alloc.cpp — std::alloc: memory outside of the managed heap.
// Room: vm/natives. In: sizes, addresses. Out: addresses; what is no block's is left alone.
#include "vm/natives/table.h"

namespace stark::vm::natives {

void AllocAcquire(NativeCall& call) {
  const auto source = std::min(call.get<uint32_t>(2), static_cast<uint32_t>(RawSource::Pinned));
  call.give(call.host.raw.acquire(call.get<uint64_t>(0), call.get<uint64_t>(1), static_cast<RawSource>(source)));
}
void AllocRelease(NativeCall& call) { call.give_bool(call.host.raw.release(call.get<std::byte*>(0))); }
void AllocSizeAt(NativeCall& call) { call.give<uint64_t>(call.host.raw.size_at(call.get<std::byte*>(0))); }
void AllocCopy(NativeCall& call) { call.give_bool(call.host.raw.copy(call.get<std::byte*>(0), call.get<std::byte*>(1), call.get<uint64_t>(2))); }

}  // namespace stark::vm::natives

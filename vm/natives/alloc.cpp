// vm/natives/alloc.cpp — std::alloc: memory outside of the managed heap.
// Room: vm/natives. In: sizes, addresses. Out: addresses; what is no block's is left alone.
#include "vm/natives/table.h"

namespace stark::vm::natives {

void AllocAcquire(NativeCall& call) { call.give(call.host.raw.acquire(call.get<uint64_t>(0), call.get<uint64_t>(1), call.get<uint8_t>(2) != 0)); }
void AllocRelease(NativeCall& call) { call.give_bool(call.host.raw.release(call.get<std::byte*>(0))); }
void AllocSizeAt(NativeCall& call) { call.give<uint64_t>(call.host.raw.size_at(call.get<std::byte*>(0))); }

}  // namespace stark::vm::natives

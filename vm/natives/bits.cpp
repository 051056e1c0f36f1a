// vm/natives/bits.cpp — words of 64 bits: arithmetic that wraps, counts, a hash.
// Room: vm/natives. In: words. Out: words. The library builds the same for shorter integers by casting.
#include <bit>

#include "vm/natives/table.h"

namespace stark::vm::natives {

void U64Mix(NativeCall& call) { call.give(mix(call.get<uint64_t>(0), call.get<uint64_t>(1))); }
void U64WrappingAdd(NativeCall& call) { call.give(call.get<uint64_t>(0) + call.get<uint64_t>(1)); }
void U64WrappingSub(NativeCall& call) { call.give(call.get<uint64_t>(0) - call.get<uint64_t>(1)); }
void U64WrappingMul(NativeCall& call) { call.give(call.get<uint64_t>(0) * call.get<uint64_t>(1)); }
void U64MulHigh(NativeCall& call) {
  __extension__ using Wide = unsigned __int128;
  call.give(static_cast<uint64_t>((Wide{call.get<uint64_t>(0)} * call.get<uint64_t>(1)) >> 64));
}
void U64CountOnes(NativeCall& call) { call.give(static_cast<uint32_t>(std::popcount(call.get<uint64_t>(0)))); }
void U64LeadingZeros(NativeCall& call) { call.give(static_cast<uint32_t>(std::countl_zero(call.get<uint64_t>(0)))); }
void U64TrailingZeros(NativeCall& call) { call.give(static_cast<uint32_t>(std::countr_zero(call.get<uint64_t>(0)))); }

}  // namespace stark::vm::natives

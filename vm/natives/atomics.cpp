// vm/natives/atomics.cpp — words that several threads change at once.
// Room: vm/natives. In: references to atomics, values, what order is asked for. Out: what was there before.
// An order that is asked for is a least one: Relaxed is kept apart, everything else is done in one order for all.
#include <atomic>

#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

enum class Change : int32_t { Swap, Add, Sub, And, Or, Xor, Nand, Max, Min };

std::memory_order order_of(int32_t order) { return order == 0 ? std::memory_order_relaxed : std::memory_order_seq_cst; }

// The element's type as C++ sees it. A bool stays one: its words are 0 and 1.
template <class Do>
void by_type(TypeKind kind, Do work) {
  switch (kind) {
    case TypeKind::I8: return work(int8_t{}, false);
    case TypeKind::I16: return work(int16_t{}, false);
    case TypeKind::I32: return work(int32_t{}, false);
    case TypeKind::I64:
    case TypeKind::Isize: return work(int64_t{}, false);
    case TypeKind::Bool: return work(uint8_t{}, true);
    case TypeKind::U8: return work(uint8_t{}, false);
    case TypeKind::U16: return work(uint16_t{}, false);
    case TypeKind::U32: return work(uint32_t{}, false);
    default: return work(uint64_t{}, false);
  }
}

TypeKind element_of(const NativeCall& call) {
  return call.types().kind(call.element_behind(0));
}

template <class T>
T changed(Change change, T old, T value, bool is_bool) {
  using Bits = std::make_unsigned_t<T>;
  const auto a = static_cast<Bits>(old), b = static_cast<Bits>(value);
  Bits out = b;
  switch (change) {
    case Change::Add: out = static_cast<Bits>(a + b); break;
    case Change::Sub: out = static_cast<Bits>(a - b); break;
    case Change::And: out = a & b; break;
    case Change::Or: out = a | b; break;
    case Change::Xor: out = a ^ b; break;
    case Change::Nand: out = static_cast<Bits>(~(a & b)); break;
    case Change::Max: out = static_cast<Bits>(old < value ? value : old); break;
    case Change::Min: out = static_cast<Bits>(value < old ? value : old); break;
    default: break;
  }
  return static_cast<T>(is_bool ? out & 1 : out);
}

}  // namespace

void AtomicNew(NativeCall& call) { std::memmove(call.result(), call.address(0), call.types().size(call.site.result.type)); }
void AtomicGetMut(NativeCall& call) { call.give(call.get<std::byte*>(0)); }
void AtomicIntoInner(NativeCall& call) { std::memmove(call.result(), call.address(0), call.types().size(call.site.result.type)); }

void AtomicLoad(NativeCall& call) {
  by_type(element_of(call), [&]<class T>(T, bool) { call.give(std::atomic_ref<T>(*call.get<T*>(0)).load(order_of(call.get<int32_t>(1)))); });
}

void AtomicStore(NativeCall& call) {
  by_type(element_of(call), [&]<class T>(T, bool) { std::atomic_ref<T>(*call.get<T*>(0)).store(call.get<T>(1), order_of(call.get<int32_t>(2))); });
}

void AtomicChange(NativeCall& call) {
  const auto change = static_cast<Change>(call.get<int32_t>(1));
  by_type(element_of(call), [&]<class T>(T, bool is_bool) {
    std::atomic_ref<T> word(*call.get<T*>(0));
    const T value = call.get<T>(2);
    const std::memory_order order = order_of(call.get<int32_t>(3));
    if (change == Change::Add && !is_bool) return call.give(word.fetch_add(value, order));
    T old = word.load(std::memory_order_relaxed);
    while (!word.compare_exchange_weak(old, changed(change, old, value, is_bool), order, std::memory_order_relaxed)) {}
    call.give(old);
  });
}

// What was there: `current` exactly where it was exchanged.
void AtomicExchange(NativeCall& call) {
  by_type(element_of(call), [&]<class T>(T, bool) {
    T expected = call.get<T>(1);
    std::atomic_ref<T>(*call.get<T*>(0)).compare_exchange_strong(expected, call.get<T>(2), order_of(call.get<int32_t>(3)));
    call.give(expected);
  });
}

void AtomicFence(NativeCall& call) {
  if (call.get<int32_t>(0) != 0) std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace stark::vm::natives

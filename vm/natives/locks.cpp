// vm/natives/locks.cpp — Mutex, RwLock, waiting for a condition, values that are set once.
// Room: vm/natives. In: references to locks, which move whenever this fiber waits. Out: guards, which release when they are dropped.
#include "gc/barrier.h"
#include "vm/natives/locks.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

uint32_t value_size(const NativeCall& call, uint32_t lock) { return call.types().size(call.types().row(lock).a); }
LockWord* word_behind(const NativeCall& call) { return call.get<LockWord*>(0); }
ParkingLot& lot(const NativeCall& call) { return call.host.runtime.threads.lot; }

// How the writer found this thread stands beside the lock while it is taken.
void note_writer(const NativeCall& call, LockWord* word) {
  if (call.host.is_unwinding) {
    word->facts().fetch_or(LockWord::kWasUnwinding, std::memory_order_relaxed);
  } else {
    word->facts().fetch_and(~LockWord::kWasUnwinding, std::memory_order_relaxed);
  }
}

void make_lock(NativeCall& call) {
  const uint32_t size = value_size(call, call.site.result.type);
  if (size > 0) std::memmove(call.result() + kCounted, call.address(0), size);
  call.give(LockWord{0, lot(call).next_identity() << 2});
}

void take(NativeCall& call, bool exclusive) {
  if (!take_lock(call, exclusive, [&] { return word_behind(call); })) return;
  if (exclusive) note_writer(call, word_behind(call));
  call.give(word_behind(call));
}

void try_take(NativeCall& call, bool exclusive) {
  LockWord* word = word_behind(call);
  if (!word->try_take(exclusive)) return give_option(call, nullptr, 0);
  if (exclusive) note_writer(call, word);
  give_option(call, &word, sizeof word);
}

void into_inner(NativeCall& call) {
  const uint32_t size = value_size(call, call.site.arguments[0].type);
  if (size > 0) std::memmove(call.result(), call.address(0) + kCounted, size);
}

}  // namespace

void MutexNew(NativeCall& call) { make_lock(call); }
void MutexTake(NativeCall& call) { take(call, true); }
void MutexTryTake(NativeCall& call) { try_take(call, true); }
void MutexIsPoisoned(NativeCall& call) { call.give_bool(word_behind(call)->is_poisoned()); }
void MutexClearPoison(NativeCall& call) { word_behind(call)->facts().fetch_and(~LockWord::kPoisoned, std::memory_order_release); }
void MutexGetMut(NativeCall& call) { call.give(call.get<std::byte*>(0) + kCounted); }
void MutexIntoInner(NativeCall& call) { into_inner(call); }

void RwLockNew(NativeCall& call) { make_lock(call); }
void RwLockTakeRead(NativeCall& call) { take(call, false); }
void RwLockTakeWrite(NativeCall& call) { take(call, true); }
void RwLockTryRead(NativeCall& call) { try_take(call, false); }
void RwLockTryWrite(NativeCall& call) { try_take(call, true); }
void RwLockIsPoisoned(NativeCall& call) { MutexIsPoisoned(call); }
void RwLockClearPoison(NativeCall& call) { MutexClearPoison(call); }
void RwLockGetMut(NativeCall& call) { MutexGetMut(call); }
void RwLockIntoInner(NativeCall& call) { into_inner(call); }

// Argument 0: the guard. 1: the word that a notification changes, whose upper bits are its queue. 2: nanoseconds, or all ones.
// The guard is its fiber's again when this is done; the second part of the result says whether it was woken in time. Whoever is
// to be left meanwhile takes the lock again first, because the guard is still its owner's.
void GuardWait(NativeCall& call) {
  const auto guarded = [&] { return call.get<LockWord*>(0); };
  const auto word = [&] { return std::atomic_ref<uint64_t>(*call.get<uint64_t*>(1)); };
  Waiting& waiting = call.waiting();
  if (waiting.phase == 0) {
    const uint64_t nanoseconds = call.get<uint64_t>(2);
    waiting.seen = word().load(std::memory_order_acquire);
    if (nanoseconds < (uint64_t{1} << 62)) waiting.deadline = Clock::now() + std::chrono::nanoseconds(nanoseconds);
    release_lock(guarded(), lot(call), true, false);
    waiting.phase = 1, waiting.holds = true;
  }
  if (waiting.phase == 1) {
    const bool is_over = waiting.deadline && Clock::now() >= *waiting.deadline;
    const auto changed = [&] { return word().load(std::memory_order_acquire) != waiting.seen; };
    if (is_over || call.is_to_be_left()) {
      waiting.in_time = changed();
    } else {
      waiting.in_time = call.wait(waiting.seen >> 48, changed);
      if (waiting.deadline && !waiting.in_time) call.wait_until(*waiting.deadline);
      if (!waiting.in_time) return;
    }
    waiting.phase = 2;
  }
  if (!take_lock(call, true, guarded)) return;
  note_writer(call, guarded());
  waiting.holds = false;
  if (call.is_to_be_left()) return call.leave();
  const auto& offsets = call.types().facts(call.site.result.type).field_offsets;
  LockWord* guard = guarded();
  store(call.result() + offsets[0], guard);
  store<uint8_t>(call.result() + offsets[1], waiting.in_time ? 1 : 0);
}

void WordWake(NativeCall& call) {
  std::atomic_ref<uint64_t> word(*call.get<uint64_t*>(0));
  const uint64_t before = word.fetch_add(1, std::memory_order_acq_rel);
  lot(call).wake(before >> 48);
}

// --- what is set once. A word in front of the value: nothing there yet, being written, there
void OnceSlotNew(NativeCall& call) { std::memset(call.result(), 0, call.types().size(call.site.result.type)); }

void OnceSlotGet(NativeCall& call) {
  auto* slot = call.get<std::byte*>(0);
  const std::atomic_ref<uint32_t> state(*reinterpret_cast<uint32_t*>(slot));
  std::byte* inside = slot + kCounted;
  const bool is_full = state.load(std::memory_order_acquire) == kOnceFull;
  if (is_full && call.types().is(call.element_behind(0), TypeKind::Str)) {
    auto* text = load<gc::Object*>(inside);
    const FatRef shown{text->payload(), text->count};
    return give_option(call, &shown, sizeof shown);
  }
  give_option(call, is_full ? &inside : nullptr, sizeof inside);
}

void OnceSlotPut(NativeCall& call) {
  auto* slot = call.get<std::byte*>(0);
  const std::atomic_ref<uint32_t> state(*reinterpret_cast<uint32_t*>(slot));
  const uint32_t size = value_size(call, call.pointee(0));
  uint32_t empty = kOnceEmpty;
  if (!state.compare_exchange_strong(empty, kOnceFilling, std::memory_order_acq_rel)) {
    while (state.load(std::memory_order_acquire) != kOnceFull) {}  // the other is copying, which takes no time
    return give_option(call, call.address(1), size);
  }
  gc::store_barrier(slot + kCounted, size);
  if (size > 0) std::memcpy(slot + kCounted, call.address(1), size);
  state.store(kOnceFull, std::memory_order_release);
  give_option(call, nullptr, 0);
}

void OnceSlotGetMut(NativeCall& call) { OnceSlotGet(call); }

void OnceSlotIntoInner(NativeCall& call) {
  const std::byte* slot = call.address(0);
  const bool full = load<uint32_t>(slot) == kOnceFull;
  std::vector<std::byte> value(slot + kCounted, slot + kCounted + (full ? value_size(call, call.site.arguments[0].type) : 0));
  const std::byte nothing{};  // a value without a size has an address too
  give_option(call, !full ? nullptr : value.empty() ? &nothing : value.data(), static_cast<uint32_t>(value.size()));
}

}  // namespace stark::vm::natives

// vm/natives/locks.h — LockWord: the word in front of what a Mutex or RwLock holds: who has it, whether somebody waits, which queue.
// Room: vm/natives. In: the address of a Mutex or RwLock, which may move whenever its fiber waits. Out: taken or not.
// Law: readers count in the low bits; kWriter excludes them and each other; kWaiting is set by who will wait, under the queue's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "vm/natives/native_call.h"

namespace stark::vm {

struct LockWord {
  static constexpr uint32_t kWriter = 1u << 31, kWaiting = 1u << 30, kReaders = kWaiting - 1;
  static constexpr uint32_t kPoisoned = 1, kWasUnwinding = 2;  // of `info`, below the number of the queue

  uint32_t state = 0, info = 0;

  std::atomic_ref<uint32_t> lock() { return std::atomic_ref<uint32_t>(state); }
  std::atomic_ref<uint32_t> facts() { return std::atomic_ref<uint32_t>(info); }
  uint64_t queue() { return facts().load(std::memory_order_relaxed) >> 2; }
  bool is_poisoned() { return (facts().load(std::memory_order_acquire) & kPoisoned) != 0; }

  bool try_take(bool exclusive) {
    uint32_t now = lock().load(std::memory_order_relaxed);
    for (;;) {
      if ((now & kWriter) != 0 || (exclusive && (now & kReaders) != 0) || (now & kReaders) == kReaders) return false;
      if (lock().compare_exchange_weak(now, exclusive ? now | kWriter : now + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
  }
  // Gives whether somebody may wait.
  bool release(bool exclusive) {
    uint32_t now = lock().load(std::memory_order_relaxed);
    for (;;) {
      const uint32_t left = exclusive ? 0 : now - 1;
      const bool wakes = (now & kWaiting) != 0 && (left & kReaders) == 0;
      if (lock().compare_exchange_weak(now, wakes ? 0 : left, std::memory_order_release, std::memory_order_relaxed)) return wakes;
    }
  }
};
static_assert(sizeof(LockWord) == kCounted);

// `word` gives the lock where it is now. False: the fiber waits.
template <class Word>
bool take_lock(NativeCall& call, bool exclusive, Word word) {
  if (word()->try_take(exclusive)) return true;
  return call.wait(word()->queue(), [&] {
    LockWord* at = word();
    for (;;) {
      if (at->try_take(exclusive)) return true;
      uint32_t now = at->lock().load(std::memory_order_relaxed);
      const bool is_free = exclusive ? (now & (LockWord::kWriter | LockWord::kReaders)) == 0 : (now & LockWord::kWriter) == 0;
      if (is_free) continue;
      if (at->lock().compare_exchange_weak(now, now | LockWord::kWaiting, std::memory_order_relaxed)) return false;
    }
  });
}

// A writer that began to unwind while it had the lock leaves it poisoned.
inline void release_lock(LockWord* word, ParkingLot& lot, bool exclusive, bool is_unwinding) {
  if (exclusive && is_unwinding && (word->facts().load(std::memory_order_relaxed) & LockWord::kWasUnwinding) == 0) {
    word->facts().fetch_or(LockWord::kPoisoned, std::memory_order_release);
  }
  const uint64_t queue = word->queue();
  if (word->release(exclusive)) lot.wake(queue);
}

}  // namespace stark::vm

// vm/natives/threads.h — what the threads of one program share of each other: ends, panics, places to wait at.
// Room: vm/natives. In: starts, ends, waits. Out: records of threads; wake-ups.
// Law: nobody holds a lock of this file while waiting for a collection; so a thread that is stopped never keeps another from stopping.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gc/mutator.h"
#include "vm/objects/values.h"

namespace stark::vm {

// One started thread, as whoever waits for it sees it.
class ThreadRecord {
 public:
  explicit ThreadRecord(uint64_t number) : id(number) {}
  const uint64_t id;

  void finish(std::optional<std::string> panic);
  bool is_finished() const;
  // The message of its panic, or nothing; the mutator rests meanwhile.
  std::optional<std::string> wait(gc::Mutator& mutator);

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool finished_ = false;
  std::optional<std::string> panic_;
};

struct ThreadHandle final : OpaqueObject {
  explicit ThreadHandle(std::shared_ptr<ThreadRecord> r) : record(std::move(r)) {}
  std::shared_ptr<ThreadRecord> record;
};

// The threads that borrow from one scope: whoever ends it waits for them all, those that they started too.
class ScopeObject final : public OpaqueObject {
 public:
  void add(std::shared_ptr<ThreadRecord> record);
  // Whether one of them panicked that nobody else asked.
  bool wait_all(gc::Mutator& mutator);
  void asked(const ThreadRecord& record);

 private:
  struct Entry {
    std::shared_ptr<ThreadRecord> record;
    bool is_asked = false;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

// Where threads wait until a word changes. The word may move with its object, so it is asked again after every wake-up, and says itself
// by some of its bits which queue it belongs to.
class ParkingLot {
 public:
  static constexpr size_t kQueues = 64;
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
  };
  Queue& queue(uint64_t identity) { return queues_[identity % kQueues]; }
  void wake(uint64_t identity) {
    Queue& q = queue(identity);
    { const std::scoped_lock lock(q.mutex); }
    q.changed.notify_all();
  }
  uint32_t next_identity() { return identities_.fetch_add(1, std::memory_order_relaxed); }

  // Until `ready()`, which looks at memory of the heap, or until the deadline: then false.
  template <class Ready>
  bool wait(gc::Mutator& mutator, uint64_t identity, std::optional<std::chrono::steady_clock::time_point> deadline, Ready ready) {
    Queue& q = queue(identity);
    for (;;) {
      std::unique_lock lock(q.mutex);
      if (ready()) return true;
      mutator.rest();
      bool in_time = true;
      if (deadline) {
        in_time = q.changed.wait_until(lock, *deadline) == std::cv_status::no_timeout;
      } else {
        q.changed.wait(lock);
      }
      lock.unlock();
      mutator.wake();
      if (!in_time) return ready();
    }
  }

 private:
  std::array<Queue, kQueues> queues_;
  std::atomic<uint32_t> identities_{1};
};

struct Host;
struct Threads {
  std::atomic<uint64_t> next_id{2};  // 1 is the program's first
  std::atomic<uint64_t> running{0};  // beside the first
  ParkingLot lot;
  // Starts a thread that calls the body, a Box of a dyn with one method. Null, and the host fails, when there may not be one more.
  // Set by vm/run.
  std::shared_ptr<ThreadRecord> (*start)(Host& parent, FatBox body) = nullptr;
};

}  // namespace stark::vm

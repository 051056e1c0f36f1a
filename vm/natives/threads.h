// vm/natives/threads.h — what the threads of one program share of each other: ends, panics, places to wait at, tasks to take.
// Room: vm/natives. In: starts, ends, waits. Out: records of threads and tasks; wake-ups.
// Law: nobody holds a lock of this file while waiting for a collection; so a thread that is stopped never keeps another from stopping.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gc/visitor.h"
#include "vm/natives/fibers.h"

namespace stark::vm {

// Where fibers wait until a word changes. The word may move with its object, so it is asked again after every wake-up, and says itself
// by some of its bits which queue it belongs to.
class ParkingLot {
 public:
  // True: `ready()`, which looks at memory of the heap. False: the fiber stands in the queue, and is woken when it should look again.
  template <class Ready>
  bool wait(Fiber& fiber, uint64_t identity, Ready ready) {
    Queue& q = queues_[identity % kQueues];
    const std::scoped_lock lock(q.mutex);
    if (ready()) return true;
    q.waiting.emplace(identity, &fiber);
    fiber.stands_for = identity;
    fiber.queue = &q;
    return false;
  }
  void wake(uint64_t identity);
  static void leave(Fiber& fiber);
  uint32_t next_identity() { return identities_.fetch_add(1, std::memory_order_relaxed); }

 private:
  static constexpr size_t kQueues = 64;
  struct Queue {
    std::mutex mutex;
    std::unordered_multimap<uint64_t, Fiber*> waiting;
  };
  std::array<Queue, kQueues> queues_;
  std::atomic<uint32_t> identities_{1};
};

// One started thread or task, as whoever waits for it sees it.
struct TaskRecord {
  TaskRecord(uint64_t number, ParkingLot& l) : id(number), lot(l), queue(l.next_identity()) {}
  const uint64_t id;
  ParkingLot& lot;
  const uint64_t queue;

  void finish(std::optional<std::string> panic);
  // Of a task: it goes no further than to where it waits next.
  void abort();
  bool is_aborted() const { return aborted_.load(std::memory_order_relaxed); }
  bool is_finished() const;
  // The message of its panic, or nothing; once it is finished.
  std::optional<std::string> panic() const;
  void begin(Fiber& fiber);

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> aborted_{false};
  bool finished_ = false;
  Fiber* fiber_ = nullptr;  // of a task that has begun and not ended
  std::optional<std::string> panic_;
};

inline bool Fiber::is_to_be_left() const { return is_cancelled || (record != nullptr && record->is_aborted()); }

struct ThreadHandle final : OpaqueObject {
  explicit ThreadHandle(std::shared_ptr<TaskRecord> r) : record(std::move(r)) {}
  std::shared_ptr<TaskRecord> record;
};

// The threads that borrow from one scope: whoever ends it waits for them all, those that they started too.
class ScopeObject final : public OpaqueObject {
 public:
  void add(std::shared_ptr<TaskRecord> record);
  void asked(const TaskRecord& record);
  // The first that still runs, or none.
  std::shared_ptr<TaskRecord> running() const;
  // Whether one of them panicked that nobody else asked.
  bool has_failed() const;

 private:
  struct Entry {
    std::shared_ptr<TaskRecord> record;
    bool is_asked = false;
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

// Tasks that have not begun; whichever thread takes one keeps it.
class Executor final : public gc::RootProvider {
 public:
  Executor() = default;
  ~Executor();
  // False when no thread is free to take it.
  bool start(Fiber& task);
  // The one that was started first, if its ticket is not behind this.
  Fiber* take(uint64_t ticket) { return has_one(ticket) ? take_first(ticket) : nullptr; }
  bool has_one(uint64_t ticket) const { return oldest_.load(std::memory_order_relaxed) <= ticket; }
  const std::atomic<uint64_t>& started() const { return started_; }
  void join(Scheduler& taker);  // the first one is the program's own thread
  void leave(Scheduler& taker);
  void visit_roots(gc::Visitor& visitor) override;

  // Whether all takers are idle and nothing is left to take. Then the first one is woken, to say so.
  bool is_stuck();
  std::atomic<size_t> idle{0};     // takers that wait for mail
  std::atomic<size_t> outside{0};  // fibers that something outside of the program will wake

 private:
  Fiber* take_first(uint64_t ticket);
  std::atomic<uint64_t> started_{0}, oldest_{UINT64_MAX};  // tickets: of the last one, of the first in `fresh_`
  std::mutex mutex_;  // of what follows
  std::deque<Fiber*> fresh_;
  std::vector<Scheduler*> takers_;
};

struct Host;
struct Threads {
  std::atomic<uint64_t> next_id{2};  // 1 is the program's first
  std::atomic<uint64_t> fibers{0};   // made so far: tasks, futures in flight, generators
  std::atomic<uint64_t> running{0};  // beside the first
  std::atomic<uint64_t> leaving{0};  // of those, about to tell that they have ended
  ParkingLot lot;
  Executor executor;
  // Starts a thread that calls the body, a Box of a dyn with one method. Null, and the host fails, when there may not be one more.
  // Set by vm/run.
  std::shared_ptr<TaskRecord> (*start)(Host& parent, FatBox body) = nullptr;
  // Starts one more thread that takes tasks, if there may be one. Set by vm/run.
  void (*start_worker)(Host& parent) = nullptr;
  std::atomic<uint64_t> workers{0};
  std::atomic<bool> is_stuck{false};  // nothing can go on any more, which the program's own thread tells
};

}  // namespace stark::vm

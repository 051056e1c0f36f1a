// vm/natives/fibers.h — Fiber: a run of frames that goes on by turns with others; Scheduler: those of one thread, and whose turn it is.
// Room: vm/natives. Essay: vm/run/README.md, "Fibers". In: bodies, wake-ups from any thread, deadlines. Out: the fiber that goes on next.
// Law: a fiber stays on the thread where it began. Only that thread touches it, but for what says otherwise; others wake it through its scheduler.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gc/mutator.h"
#include "vm/load/exec_op.h"
#include "vm/objects/values.h"

namespace stark::vm {

using Clock = std::chrono::steady_clock;

// Work that dropping left to do; the last entry is next.
struct DropEntry {
  enum class Kind : uint8_t { Resume, Value, Fields, Elements, Fiber } kind = Kind::Value;
  uint32_t type = 0;
  void* address = nullptr;  // of the value, or of the first element
  uint64_t next = 0, end = 0;
  const Op* resume = nullptr;
};

// What a native that waits remembers until it is called again.
struct Waiting {
  uint32_t phase = 0;
  bool holds = false;    // it gave up what its caller still owns, and gets it back before anything else
  bool in_time = false;
  uint64_t seen = 0;
  std::shared_ptr<void> work;  // what somebody outside does for it
  std::optional<Clock::time_point> deadline;
};

// A part of a fiber's stack: frames that call each other lie in it one after the other. What does not fit begins the next one.
struct Chunk {
  Chunk* below = nullptr;
  std::byte* frame = nullptr;            // the first
  const Op* return_to = nullptr;         // where that frame's caller goes on
  std::byte* stack_end_below = nullptr;  // of the chunk below
  size_t bytes = 0;
  Op done[2];  // where the first frame returns to: the first operation says where the value goes, as the caller's own does

  static constexpr size_t kHead = 96;  // in front of the frames
  std::byte* room() { return reinterpret_cast<std::byte*>(this) + kHead; }
};
static_assert(sizeof(Chunk) <= Chunk::kHead && Chunk::kHead % 16 == 0);

struct StaticCell;
struct TaskRecord;
class Scheduler;
class ParkingLot;

struct Fiber {
  enum class State : uint8_t { Fresh, Waits, Drives, Runs, Ended };
  // What only a fiber has that was put aside in the middle of dropping, unwinding, or making a static.
  struct Amidst {
    std::vector<DropEntry> drops;
    std::vector<StaticCell*> making;
    std::byte* completing = nullptr;
    bool is_unwinding = false, is_leaving = false;
    std::string told, message;
  };

  explicit Fiber(uint64_t number) : id(number) {}

  const uint64_t id;
  State state = State::Fresh;
  bool is_woken = true;       // something happened since it last went on
  bool is_told = false;       // something happened to a fiber that it drives, since it last waited for that
  bool is_queued = false;     // among those whose turn comes
  bool is_cancelled = false;  // it is to be left as soon as it goes on
  bool gave_way = false;      // it goes on behind the operation, and waits for nothing else
  bool gives = false;         // a generator has a value for whoever advances it
  bool is_outside = false;    // what it waits for comes from outside of the program
  bool is_in_mail = false;    // with the scheduler's lock
  uint32_t handles = 1;
  uint32_t inside_c = 0;      // functions of C that stand among its frames
  uint64_t ticket = 0;        // how many tasks had been started when its turn was due
  Fiber* driver = nullptr;    // who advanced it last, and has the turn when it waits. None: a task, or a thread's own
  Scheduler* home = nullptr;
  std::shared_ptr<TaskRecord> record;  // of a task
  bool is_to_be_left() const;

  // Where it goes on.
  const Op* pc = nullptr;
  std::byte* fp = nullptr;
  std::byte* stack_end = nullptr;
  Chunk* chunk = nullptr;
  size_t stack_left = 0;             // bytes of chunks that it may still take
  const NativeSite* site = nullptr;  // of the native that is to be called again: its arguments are roots
  std::unique_ptr<Amidst> amidst;

  FatBox body;  // until it begins
  uint32_t body_type = spec::kNone;
  Waiting waiting;
  std::atomic<void*> queue{nullptr};  // of a ParkingLot, where it stands; with the queue's lock
  uint64_t stands_for = 0;            // the identity that it waits for there
  std::optional<std::pair<Clock::time_point, uint64_t>> alarm;
  // When it ended by a panic, for whoever drives it.
  bool has_panicked = false;
  std::string told, message;

  Fiber *before = nullptr, *behind = nullptr;  // among those of its thread
  Fiber* next_ready = nullptr;
};

// The fibers of one thread.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  ~Scheduler();

  // The one that runs on this thread, so that waking its fibers needs no lock.
  void run_here(class Executor& executor);
  void adopt(Fiber& fiber);
  void release(Fiber& fiber);  // one handle less
  Fiber* first() const { return all_; }

  // Something happened that the fiber, and whoever drives it, wants to look at. From any thread.
  void wake(Fiber& fiber);
  void wake_here(Fiber& fiber);
  // There is something new to take. From any thread.
  void poke();

  void wait_outside(Fiber& fiber);
  void set_alarm(Fiber& fiber, Clock::time_point when);
  // It goes on, for whatever reason, and waits for nothing any more.
  void leave_waits(Fiber& fiber) {
    if (fiber.alarm || fiber.is_outside || fiber.queue.load(std::memory_order_acquire) != nullptr) leave_places(fiber);
  }
  void enqueue(Fiber& fiber) {
    if (fiber.is_queued) return;
    fiber.is_queued = true;
    fiber.ticket = started_->load(std::memory_order_relaxed);
    fiber.next_ready = nullptr;
    (ready_ != nullptr ? last_ready_->next_ready : ready_) = &fiber;
    last_ready_ = &fiber;
  }
  bool has_ready() const { return ready_ != nullptr; }
  // Up to which of the tasks that were started somebody here comes before the next.
  uint64_t next_ticket() const { return ready_ != nullptr ? ready_->ticket : UINT64_MAX; }
  void look();
  // It goes on out of turn.
  void withdraw(Fiber& fiber);
  // Who is next, unless it is time to look at mail and alarms.
  Fiber* peek_ready() { return ++turns_ % kTurnsBetweenLooks == 0 ? nullptr : ready_; }
  // `self` has had its turn, and `next` is the first.
  void rotate(Fiber& self, Fiber& next) {
    last_ready_->next_ready = &self;
    last_ready_ = &self;
    self.next_ready = nullptr;
    self.is_queued = true;
    self.ticket = started_->load(std::memory_order_relaxed);
    ready_ = next.next_ready;
    next.is_queued = false;
    running = &next;
  }
  // Whose turn it is, after mail and alarms were looked at; null when nobody's.
  Fiber* take_ready() {
    if (ready_ == nullptr || ++turns_ % kTurnsBetweenLooks == 0) look();
    Fiber* first = ready_;
    if (first == nullptr) return nullptr;
    ready_ = first->next_ready;
    first->is_queued = false;
    return first;
  }
  // Until mail comes or the next alarm rings. Meanwhile it counts among `idle`, if no alarm is set: `told` is asked once it does.
  // At `latest` it looks up, whether anything came or not.
  template <class Told>
  void rest(gc::Mutator& mutator, std::atomic<size_t>& idle, Clock::time_point latest, Told told);
  bool is_idle() const { return is_idle_.load(); }

  Fiber* running = nullptr;

 private:
  static constexpr uint32_t kTurnsBetweenLooks = 16;
  void leave_places(Fiber& fiber);
  void unlink(Fiber& fiber);

  const std::atomic<uint64_t>* started_ = nullptr;  // tasks
  std::atomic<size_t>* outside_ = nullptr;
  Fiber* all_ = nullptr;
  Fiber *ready_ = nullptr, *last_ready_ = nullptr;
  std::map<std::pair<Clock::time_point, uint64_t>, Fiber*> alarms_;
  uint64_t next_alarm_ = 0;
  uint32_t turns_ = 0;
  void post();
  std::atomic<size_t>* idle_ = nullptr;  // among whom it counts while it rests
  std::atomic<bool> has_mail_{false}, is_idle_{false};
  std::mutex mutex_;  // of what follows, and of changes of those
  std::condition_variable changed_;
  std::vector<Fiber*> mail_;
};

// Whoever sends mail says that it is idle no more, so that nobody takes it for one who needs to be woken.
template <class Told>
void Scheduler::rest(gc::Mutator& mutator, std::atomic<size_t>& idle, Clock::time_point latest, Told told) {
  mutator.rest();
  {
    std::unique_lock lock(mutex_);
    const auto has_mail = [&] { return has_mail_.load(); };
    if (!alarms_.empty()) {
      changed_.wait_until(lock, std::min(latest, alarms_.begin()->first.first), has_mail);
    } else if (!has_mail()) {
      idle_ = &idle;
      is_idle_ = true;
      ++idle;
      lock.unlock();
      told();
      lock.lock();
      if (!changed_.wait_until(lock, latest, has_mail) && is_idle_.exchange(false)) --*idle_;
    }
  }
  mutator.wake();
}

}  // namespace stark::vm

// vm/natives/records.cpp — what is known of threads and tasks that were started; the queues where fibers wait; tasks that nobody has taken.
// Room: vm/natives. In: see threads.h.
#include <algorithm>

#include "vm/natives/threads.h"

namespace stark::vm {

// The lock is held until the fibers know: whoever leaves the queue may end right after.
void ParkingLot::wake(uint64_t identity) {
  Queue& q = queues_[identity % kQueues];
  const std::scoped_lock lock(q.mutex);
  const auto [first, last] = q.waiting.equal_range(identity);
  for (auto at = first; at != last; ++at) {
    at->second->home->wake(*at->second);
    at->second->queue = nullptr;
  }
  q.waiting.erase(first, last);
}

void ParkingLot::leave(Fiber& fiber) {
  auto* q = static_cast<Queue*>(fiber.queue.load());
  if (q == nullptr) return;
  const std::scoped_lock lock(q->mutex);
  const auto [first, last] = q->waiting.equal_range(fiber.stands_for);
  for (auto at = first; at != last; ++at) {
    if (at->second != &fiber) continue;
    q->waiting.erase(at);
    break;
  }
  fiber.queue = nullptr;
}

void TaskRecord::finish(std::optional<std::string> panic) {
  {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    fiber_ = nullptr;
    panic_ = std::move(panic);
  }
  lot.wake(queue);
}

bool TaskRecord::is_finished() const {
  const std::scoped_lock lock(mutex_);
  return finished_;
}

std::optional<std::string> TaskRecord::panic() const {
  const std::scoped_lock lock(mutex_);
  return panic_;
}

void TaskRecord::begin(Fiber& fiber) {
  const std::scoped_lock lock(mutex_);
  fiber_ = &fiber;
}

void TaskRecord::abort() {
  const std::scoped_lock lock(mutex_);
  if (finished_) return;
  aborted_ = true;
  if (fiber_ != nullptr) fiber_->home->wake(*fiber_);
}

void ScopeObject::add(std::shared_ptr<TaskRecord> record) {
  const std::scoped_lock lock(mutex_);
  entries_.push_back({std::move(record), false});
}

void ScopeObject::asked(const TaskRecord& record) {
  const std::scoped_lock lock(mutex_);
  for (Entry& e : entries_) e.is_asked |= e.record.get() == &record;
}

std::shared_ptr<TaskRecord> ScopeObject::running() const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(entries_, [](const Entry& e) { return !e.record->is_finished(); });
  return found == entries_.end() ? nullptr : found->record;
}

bool ScopeObject::has_failed() const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(entries_, [](const Entry& e) { return !e.is_asked && e.record->panic().has_value(); });
}

Executor::~Executor() {
  for (Fiber* task : fresh_) delete task;
}

bool Executor::start(Fiber& task) {
  const std::scoped_lock lock(mutex_);
  task.ticket = ++started_;
  fresh_.push_back(&task);
  oldest_ = fresh_.front()->ticket;
  const auto free = std::ranges::find_if(takers_, [](const Scheduler* taker) { return taker->is_idle(); });
  if (free == takers_.end()) return false;
  (*free)->poke();
  return true;
}

bool Executor::is_stuck() {
  const std::scoped_lock lock(mutex_);
  if (!fresh_.empty() || outside != 0 || idle != takers_.size()) return false;
  takers_[0]->poke();
  return true;
}

Fiber* Executor::take_first(uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  if (fresh_.empty() || fresh_.front()->ticket > ticket) return nullptr;
  Fiber* first = fresh_.front();
  fresh_.pop_front();
  oldest_ = fresh_.empty() ? UINT64_MAX : fresh_.front()->ticket;
  return first;
}

void Executor::join(Scheduler& taker) {
  const std::scoped_lock lock(mutex_);
  takers_.push_back(&taker);
}

void Executor::leave(Scheduler& taker) {
  const std::scoped_lock lock(mutex_);
  std::erase(takers_, &taker);
}

void Executor::visit_roots(gc::Visitor& visitor) {
  for (Fiber* task : fresh_) visitor.visit_base(reinterpret_cast<void**>(&task->body.object));
}

}  // namespace stark::vm

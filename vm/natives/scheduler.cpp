// vm/natives/scheduler.cpp — whose turn it is on a thread: who was woken, whose alarm rang, who came by mail.
// Room: vm/natives. In: see fibers.h.
#include "vm/natives/threads.h"

namespace stark::vm {
namespace {

thread_local Scheduler* t_here = nullptr;

}  // namespace

void Scheduler::run_here(Executor& executor) {
  t_here = this;
  started_ = &executor.started();
  outside_ = &executor.outside;
}

void Scheduler::wait_outside(Fiber& fiber) {
  if (!std::exchange(fiber.is_outside, true)) ++*outside_;
}

Scheduler::~Scheduler() {
  while (all_ != nullptr) {
    Fiber* fiber = all_;
    unlink(*fiber);
    delete fiber;
  }
  if (t_here == this) t_here = nullptr;
}

void Scheduler::adopt(Fiber& fiber) {
  fiber.home = this;
  fiber.behind = all_;
  if (all_ != nullptr) all_->before = &fiber;
  all_ = &fiber;
}

void Scheduler::unlink(Fiber& fiber) {
  (fiber.before != nullptr ? fiber.before->behind : all_) = fiber.behind;
  if (fiber.behind != nullptr) fiber.behind->before = fiber.before;
}

void Scheduler::release(Fiber& fiber) {
  if (--fiber.handles > 0) return;
  leave_waits(fiber);
  {
    const std::scoped_lock lock(mutex_);
    if (fiber.is_in_mail) std::erase(mail_, &fiber);
  }
  if (Fiber* driver = fiber.driver) release(*driver);
  unlink(fiber);
  delete &fiber;
}

void Scheduler::wake(Fiber& fiber) {
  if (t_here == this) return wake_here(fiber);
  {
    const std::scoped_lock lock(mutex_);
    if (fiber.is_in_mail) return;
    fiber.is_in_mail = true;
    mail_.push_back(&fiber);
    post();
  }
  changed_.notify_one();
}

void Scheduler::post() {
  has_mail_ = true;
  if (is_idle_.exchange(false)) --*idle_;
}

// A fiber goes on when whoever drives it advances it, so they are told too; but not twice.
void Scheduler::wake_here(Fiber& fiber) {
  for (Fiber* at = &fiber; at != nullptr && !at->is_woken; at = at->driver) {
    at->is_woken = true;
    if (at->driver != nullptr) at->driver->is_told = true;
    if (at->driver == nullptr && at->state == Fiber::State::Waits) enqueue(*at);
  }
}

void Scheduler::poke() {
  {
    const std::scoped_lock lock(mutex_);
    post();
  }
  changed_.notify_one();
}

void Scheduler::withdraw(Fiber& fiber) {
  if (!std::exchange(fiber.is_queued, false)) return;
  Fiber* before = nullptr;
  for (Fiber* at = ready_; at != &fiber; at = at->next_ready) before = at;
  (before != nullptr ? before->next_ready : ready_) = fiber.next_ready;
  if (last_ready_ == &fiber) last_ready_ = before;
}

void Scheduler::look() {
  if (has_mail_.load(std::memory_order_relaxed)) {
    std::vector<Fiber*> mail;
    {
      const std::scoped_lock lock(mutex_);
      mail.swap(mail_);
      has_mail_ = false;
      for (Fiber* fiber : mail) fiber->is_in_mail = false;
    }
    for (Fiber* fiber : mail) wake_here(*fiber);
  }
  if (alarms_.empty()) return;
  for (const auto now = Clock::now(); !alarms_.empty() && alarms_.begin()->first.first <= now;) {
    Fiber& fiber = *alarms_.begin()->second;
    alarms_.erase(alarms_.begin());
    fiber.alarm.reset();
    wake_here(fiber);
  }
}

void Scheduler::set_alarm(Fiber& fiber, Clock::time_point when) {
  if (fiber.alarm) alarms_.erase(*fiber.alarm);
  fiber.alarm.emplace(when, next_alarm_++);
  alarms_.emplace(*fiber.alarm, &fiber);
}

void Scheduler::leave_places(Fiber& fiber) {
  if (fiber.alarm) alarms_.erase(*fiber.alarm), fiber.alarm.reset();
  ParkingLot::leave(fiber);
  if (std::exchange(fiber.is_outside, false)) --*outside_;
}

}  // namespace stark::vm

// vm/run/fibers.cpp — who has the turn on a thread: fibers are put aside where they wait, and taken up where they were.
// Room: vm/run. Essay: vm/run/README.md, "Fibers". In: what a native wants done next. Out: the machine in the frames of who goes on.
#include <sched.h>

#include <cstdlib>

#include "vm/run/machine.h"

namespace stark::vm {

// `pc`: what it does next, which is what waits, once more.
void Machine::put_aside(const Op* pc, std::byte* fp, Fiber::State state) {
  Fiber& f = *host_.fibers.running;
  f.state = state;
  f.pc = pc, f.fp = fp, f.stack_end = stack_end_;
  if (is_plain()) [[likely]] return;
  auto amidst = std::make_unique<Fiber::Amidst>();
  amidst->drops.swap(host_.drops);
  amidst->making.swap(making_);
  amidst->completing = std::exchange(completing_, nullptr);
  amidst->is_unwinding = std::exchange(host_.is_unwinding, false);
  amidst->is_leaving = std::exchange(is_leaving_, false);
  amidst->told.swap(told_);
  amidst->message.swap(message_);
  f.amidst = std::move(amidst);
}

// One that is to be left begins with that: where it waits, what its frames owe is known. What it gave up meanwhile it gets back first.
void Machine::take_up(Fiber& f) {
  host_.fibers.running = &f;
  if (f.state == Fiber::State::Fresh) return begin_fiber(f);
  if (f.state == Fiber::State::Waits) host_.fibers.leave_waits(f);
  f.state = Fiber::State::Runs;
  pc_ = f.pc, fp_ = f.fp, stack_end_ = f.stack_end;
  others_ran_ = true;
  if (f.amidst != nullptr) [[unlikely]] {
    host_.drops.swap(f.amidst->drops);
    making_.swap(f.amidst->making);
    completing_ = f.amidst->completing;
    host_.is_unwinding = f.amidst->is_unwinding;
    is_leaving_ = f.amidst->is_leaving;
    told_.swap(f.amidst->told);
    message_.swap(f.amidst->message);
    f.amidst.reset();
  }
  const bool gave_way = std::exchange(f.gave_way, false);
  const bool can_leave = (f.site != nullptr || gave_way) && !f.waiting.holds && f.inside_c == 0 && !is_leaving_ && !host_.is_unwinding;
  f.site = nullptr;
  if (!can_leave || !f.is_to_be_left()) [[likely]] {
    if (gave_way) ++pc_;
    return;
  }
  f.waiting = {};
  host_.failure = Failure{Exit::Panic, {}, {}, {}, true};
}

// Under its first frame lies one for the host, as under an entry's.
void Machine::begin_fiber(Fiber& f) {
  stack_end_ = nullptr;
  f.stack_left = host_.options.thread_stack_bytes;
  Function& entry = *f.body.vtable->functions[0];
  if (entry.entry.load(std::memory_order_acquire) == nullptr) host_.program.translate(entry);
  if (f.record != nullptr) f.record->begin(f);
  f.state = Fiber::State::Runs;
  if (!add_chunk(kHostFrame + entry.reach)) return host_.fail(Exit::Memory, "the system has no room for another fiber's stack", "start fewer tasks at once");
  std::byte* bottom = running().chunk->room();
  header(bottom) = {};
  if (f.is_to_be_left()) {
    pc_ = &drop_continue_[1], fp_ = bottom;
    return drop_body(f);
  }
  std::byte* frame = bottom + kHostFrame;
  header(frame) = {&fiber_exit_[1], bottom, &entry};
  std::memset(frame + entry.zero_from, 0, entry.zero_bytes);
  store(frame + entry.layout.registers[0], f.body.object);
  f.body = {};
  pc_ = entry.entry, fp_ = frame;
}

// A body that never began is dropped like any other value.
void Machine::drop_body(Fiber& f) {
  host_.drops.push_back({DropEntry::Kind::Resume, 0, nullptr, 0, 0, &fiber_exit_[1]});
  host_.drops.push_back({DropEntry::Kind::Value, f.body_type, &f.body, 0, 0, nullptr});
}

// The running fiber was put aside; the other has its turn until it waits.
void Machine::drive(Fiber& fiber) {
  Fiber& self = *host_.fibers.running;
  if (fiber.driver != &self) {
    ++self.handles;
    if (Fiber* before = std::exchange(fiber.driver, &self)) host_.fibers.release(*before);
  }
  fiber.is_woken = false;
  take_up(fiber);
}

// The running fiber was put aside: whoever drives it goes on, or whose turn it is.
void Machine::hand_on() {
  Fiber& self = *host_.fibers.running;
  if (self.inside_c == 0 && self.driver != nullptr && self.driver->state == Fiber::State::Drives) return take_up(*self.driver);
  if (!inside_.empty()) return wait_alone(self);
  if (self.is_woken) host_.fibers.enqueue(self);
  run_next();
}

// Functions of C stand on the thread's own stack, which has one end: while they do, the turn stays with whoever called them.
void Machine::wait_alone(Fiber& self) {
  Scheduler& fibers = host_.fibers;
  fibers.running = nullptr;
  pc_ = nullptr, fp_ = nullptr;
  for (;;) {
    fibers.look();
    if (self.is_woken || is_stuck() || is_ended()) {
      fibers.withdraw(self);
      self.is_woken = false;
      return take_up(self);
    }
    rest();
  }
}

// Where others end the program, or time does, while this thread waits. Of a process it is the end too, so nobody needs to look.
bool Machine::is_ended() {
  if (!host_.options.is_embedded) return false;
  if (host_.runtime.is_over.load(std::memory_order_relaxed)) host_.fail(Exit::Limit, "another thread has ended the program");
  if (host_.runtime.budget.is_late()) fail_late();
  return host_.failure.has_value();
}

Clock::time_point Machine::look_up_at() const {
  constexpr std::chrono::milliseconds kBetweenLooks{5};
  return Clock::now() + (host_.options.is_embedded ? std::chrono::nanoseconds(kBetweenLooks) : std::chrono::hours(24));
}

// Until somebody is to be woken, or it is time to look up.
void Machine::rest() {
  if (profile_ != nullptr) profile_->begin_rest();
  host_.fibers.rest(host_.heap, host_.runtime.threads.executor.idle, look_up_at(), [&] { look_for_others(); });
  if (profile_ != nullptr) profile_->end_rest();
}

// Told where the program's own fiber stands.
bool Machine::is_stuck() {
  if (!takes_tasks_ || !host_.runtime.threads.is_stuck.exchange(false)) return false;
  host_.fail(Exit::ProgramError, "everything waits, and nothing is left that could go on", "is a lock taken twice, or a channel's other end kept for ever?");
  return true;
}

void Machine::run_next() {
  Scheduler& fibers = host_.fibers;
  fibers.running = nullptr;
  pc_ = nullptr, fp_ = nullptr;
  for (;;) {
    Fiber* next = takes_tasks_ ? host_.runtime.threads.executor.take(fibers.next_ticket()) : nullptr;
    if (next != nullptr) fibers.adopt(*next);
    if (next == nullptr) next = fibers.take_ready();
    if (next != nullptr) {
      next->is_woken = false;
      return take_up(*next);
    }
    if (is_stuck() || is_ended()) return take_up(*root_);
    rest();
  }
}

// This thread is idle. When all are, nobody is left who could wake any of them.
void Machine::look_for_others() {
  Threads& threads = host_.runtime.threads;
  const uint64_t made = threads.next_id;
  if (threads.running != 0) return;
  while (threads.leaving != 0) sched_yield();
  // A thread that another one started meanwhile, before it went idle itself, was not counted above.
  if (threads.executor.is_stuck() && threads.next_id == made) threads.is_stuck = true;
}

// A thread that does nothing but take tasks: its own fiber waits for ever. It comes back where the program is embedded, and has ended.
void Machine::work() {
  if (profile_ != nullptr) profile_->begin();
  host_.fibers.run_here(host_.runtime.threads.executor);
  root_->state = Fiber::State::Waits;
  run_next();
  if (!host_.failure) loop(this, pc_, fp_);
  if (!host_.options.is_embedded) std::quick_exit(report_failure());
  if (!host_.runtime.is_over.exchange(true)) report_failure();
}

// A native, a drop or a static could not go on.
void Machine::take_turn(const NativeSite* site, const Op* pc, std::byte* fp) {
  const Turn turn = std::exchange(host_.turn, Turn::Stays);
  host_.fibers.running->site = site;
  if (turn == Turn::Enters) {
    put_aside(pc, fp, Fiber::State::Drives);
    return drive(*host_.turn_to);
  }
  put_aside(pc, fp, Fiber::State::Waits);
  hand_on();
}

// Its last frame is clean, or was left by a panic, which whoever drives it goes on with, and whoever waits for a task is told of.
void Machine::end_fiber() {
  Fiber& f = *host_.fibers.running;
  while (running().chunk != nullptr) drop_chunk();
  f.state = Fiber::State::Ended;
  const bool has_panicked = std::exchange(host_.is_unwinding, false);
  is_leaving_ = false;
  if (has_panicked && f.record != nullptr) host_.out.tell(told_);
  if (has_panicked && f.record == nullptr) f.has_panicked = true, f.told = told_, f.message = message_;
  std::optional<std::string> panic;
  if (has_panicked) panic = message_;
  told_.clear(), message_.clear();
  if (f.driver != nullptr) {
    f.is_woken = false;
    return take_up(*f.driver);
  }
  if (f.record != nullptr) f.record->finish(std::move(panic));
  host_.fibers.release(f);
  run_next();
}

// --- roots

void Machine::visit_frames(gc::Visitor& visitor, std::byte* fp) {
  for (; fp != nullptr; fp = header(fp).caller) {
    const Function* function = header(fp).function;
    if (function == nullptr) break;
    for (const RootSlot& slot : function->roots) visitor.visit(slot.kind, fp + slot.offset);
  }
}

void Machine::visit_arguments(gc::Visitor& visitor, const NativeSite* site, std::byte* fp) const {
  if (site == nullptr) return;
  for (const FrameValue& v : site->arguments) {
    if (v.type == spec::kNone) continue;  // constants do not move
    for (const PointerSlot& slot : types().facts(v.type).pointers) visitor.visit(slot_kind(slot.kind), fp + v.offset + slot.offset);
  }
}

void Machine::visit_fiber(gc::Visitor& visitor, Fiber& f) const {
  visitor.visit_base(reinterpret_cast<void**>(&f.body.object));
  if (&f == host_.fibers.running || (f.state != Fiber::State::Waits && f.state != Fiber::State::Drives)) return;
  visit_frames(visitor, f.fp);
  visit_arguments(visitor, f.site, f.fp);
  if (f.amidst == nullptr) return;
  for (DropEntry& e : f.amidst->drops) visitor.visit_interior(&e.address);
}

}  // namespace stark::vm

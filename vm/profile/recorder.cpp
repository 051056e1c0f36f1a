// vm/profile/recorder.cpp — the clock whose ticks make threads look where they are, and what they found.
// Room: vm/profile. Essay: vm/profile/README.md, "Looks". In: see recorder.h. Out: trees of stacks with samples.
#include "vm/profile/recorder.h"

#include <utility>

#include "bytecode-spec/base/check.h"

namespace stark::vm::profile {

Thread::Thread(Recorder& recorder, uint64_t number, StackSource& source) : recorder_(recorder), number_(number), source_(&source), nodes_(1) {}

void Thread::begin() {
  last_ = Clock::now();
  seen_ = recorder_.options_.rate == 0 ? Recorder::kAlways : recorder_.ticks_.load(std::memory_order_relaxed);
  recorder_.began(*this);
}

uint32_t Thread::child(uint32_t parent, FrameId frame) {
  const auto [at, is_new] = children_.try_emplace(uint64_t{parent} << 32 | frame, static_cast<uint32_t>(nodes_.size()));
  if (is_new) nodes_.push_back({parent, frame, 0});
  return at->second;
}

// All ticks since the last look fell on what is found now: whoever goes on to something else looks first.
void Thread::look() {
  const uint64_t ticks = recorder_.ticks_.load(std::memory_order_relaxed);
  const uint64_t samples = seen_ == Recorder::kAlways ? 1 : ticks - seen_;
  if (seen_ != Recorder::kAlways) seen_ = ticks;
  stack_.clear();
  if (source_ != nullptr) source_->stack(stack_);
  stack_.insert(stack_.end(), leaves_.begin(), leaves_.end());
  if (stack_.empty()) return;
  const Clock::time_point now = Clock::now(), since = std::exchange(last_, now);
  const std::scoped_lock lock(mutex_);
  uint32_t node = 0;
  for (const FrameId frame : stack_) node = child(node, frame);
  nodes_[node].samples += samples;
  if (!recorder_.options_.keeps_times) return;
  if (!spans_.empty() && spans_.back().node == node && spans_.back().end == since) {
    spans_.back().end = now;
  } else if (recorder_.has_room()) {
    spans_.push_back({node, since, now});
  }
}

void Thread::enter(FrameId leaf) {
  if (is_due()) look();
  leaves_.push_back(leaf);
}

FrameId Thread::leave() {
  if (is_due()) look();
  CHECK(!leaves_.empty());
  const FrameId leaf = leaves_.back();
  leaves_.pop_back();
  return leaf;
}

void Thread::begin_rest() { last_ = Clock::now(); }

void Thread::end_rest() {
  constexpr std::chrono::microseconds kShown{100};
  const Clock::time_point begin = std::exchange(last_, Clock::now());
  if (seen_ != Recorder::kAlways) seen_ = recorder_.ticks_.load(std::memory_order_relaxed);
  if (last_ - begin >= kShown) recorder_.add_event(Track::Rest, recorder_.frame(FrameKind::Omitted, "waits"), number_, begin, last_);
}

Recorder::Recorder(Options options) : options_(options), ticks_(0) {
  if (options_.rate > 0) clock_ = std::jthread([this](const std::stop_token& stop) { keep_time(stop); });
}
Recorder::~Recorder() = default;

void Recorder::keep_time(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const auto period = std::chrono::nanoseconds(std::chrono::seconds(1)) / options_.rate;
  // A clock that was kept from running makes up for it: time that went by is time that went by.
  for (uint64_t tick = 1;; ++tick) {
    never.wait_until(lock, stop, begin_ + tick * period, [] { return false; });
    if (stop.stop_requested()) return;
    ticks_.store(tick, std::memory_order_relaxed);
  }
}

Thread& Recorder::add_thread(uint64_t number, StackSource& source) {
  const std::scoped_lock lock(mutex_);
  threads_.push_back(std::make_unique<Thread>(*this, number, source));
  return *threads_.back();
}

void Recorder::began(Thread& thread) {
  const std::scoped_lock lock(mutex_);
  running_[std::this_thread::get_id()] = &thread;
}

Thread* Recorder::here() {
  const std::scoped_lock lock(mutex_);
  const auto found = running_.find(std::this_thread::get_id());
  return found == running_.end() ? nullptr : found->second;
}

FrameId Recorder::frame(FrameKind kind, std::string_view name) {
  const std::scoped_lock lock(mutex_);
  const auto [at, is_new] = ids_.try_emplace(Frame{kind, std::string(name)}, static_cast<FrameId>(frames_.size()));
  if (is_new) frames_.push_back(at->first);
  return at->second;
}

bool Recorder::has_room() {
  if (times_.fetch_add(1, std::memory_order_relaxed) < kMostTimes) return true;
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void Recorder::add_event(Track track, FrameId frame, uint64_t thread, Clock::time_point begin, Clock::time_point end) {
  if (!options_.keeps_times || !has_room()) return;
  const std::scoped_lock lock(mutex_);
  events_.push_back({track, frame, thread, begin, end});
}

void Recorder::pause_began() {
  const FrameId collector = frame(FrameKind::Collector, "collector");
  if (Thread* thread = here()) thread->enter(collector);
}

void Recorder::pause_ended(const gc::Pause& pause) {
  Thread* thread = here();
  if (thread != nullptr) thread->leave();
  const uint64_t number = thread != nullptr ? thread->number() : 0;
  const auto phase = [&](const char* name, Clock::time_point begin, Clock::time_point end) {
    add_event(Track::Collector, frame(FrameKind::Collector, name), number, begin, end);
  };
  phase("stop the threads", pause.asked, pause.stopped);
  phase("copy what is reached", pause.stopped, pause.copied);
  phase("weak words and last errands", pause.copied, pause.settled);
  phase("sweep", pause.settled, pause.ended);
}

Picture Recorder::picture() {
  Picture p;
  const std::scoped_lock lock(mutex_);
  for (const auto& thread : threads_) {
    const std::scoped_lock one(thread->mutex_);
    p.threads.push_back({thread->number_, thread->nodes_, thread->spans_});
  }
  p.begin = begin_;
  p.frames = frames_;
  p.events = events_;
  p.left_out = left_out_.load();
  return p;
}

}  // namespace stark::vm::profile

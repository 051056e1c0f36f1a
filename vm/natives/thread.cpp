// vm/natives/thread.cpp — threads: starting them, waiting for them, sleeping; scopes that outlive what they started.
// Room: vm/natives. In: bodies as boxed trait objects. Out: handles; what a panic said.
#include <sched.h>

#include <algorithm>
#include <thread>

#include "vm/natives/table.h"
#include "vm/natives/threads.h"

namespace stark::vm {

void ThreadRecord::finish(std::optional<std::string> panic) {
  {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    panic_ = std::move(panic);
  }
  ended_.notify_all();
}

bool ThreadRecord::is_finished() const {
  const std::scoped_lock lock(mutex_);
  return finished_;
}

std::optional<std::string> ThreadRecord::wait(gc::Mutator& mutator) {
  mutator.rest();
  std::optional<std::string> panic;
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return finished_; });
    panic = panic_;
  }
  mutator.wake();
  return panic;
}

void ScopeObject::add(std::shared_ptr<ThreadRecord> record) {
  const std::scoped_lock lock(mutex_);
  entries_.push_back({std::move(record), false});
}

void ScopeObject::asked(const ThreadRecord& record) {
  const std::scoped_lock lock(mutex_);
  for (Entry& e : entries_) e.is_asked |= e.record.get() == &record;
}

bool ScopeObject::wait_all(gc::Mutator& mutator) {
  bool failed = false;
  for (size_t i = 0;; ++i) {
    Entry entry;
    {
      const std::scoped_lock lock(mutex_);
      if (i == entries_.size()) return failed;
      entry = entries_[i];
    }
    const bool panicked = entry.record->wait(mutator).has_value();
    const std::scoped_lock lock(mutex_);
    failed |= panicked && !entries_[i].is_asked;
  }
}

namespace natives {
namespace {

const std::shared_ptr<ThreadRecord>& record_behind(const NativeCall& call, size_t argument) {
  return (*call.get<ThreadHandle**>(argument))->record;
}

void give_thread(NativeCall& call, std::shared_ptr<ThreadRecord> record) {
  if (record != nullptr) call.give_opaque(std::make_unique<ThreadHandle>(std::move(record)));
}

void give_message(NativeCall& call, const std::optional<std::string>& panic) {
  if (!panic) return give_option(call, nullptr, 0);
  gc::Object* text = make_text(call.host.heap, *panic);
  if (text == nullptr) return call.host.fail_memory();
  give_option(call, &text, sizeof text);
}

}  // namespace

void ThreadStart(NativeCall& call) { give_thread(call, call.host.runtime.threads.start(call.host, call.get<FatBox>(0))); }

void ThreadWait(NativeCall& call) {
  const std::shared_ptr<ThreadRecord> record = record_behind(call, 0);
  give_message(call, record->wait(call.host.heap));
}

void ThreadIsFinished(NativeCall& call) { call.give_bool(record_behind(call, 0)->is_finished()); }
void ThreadNumber(NativeCall& call) { call.give<uint64_t>(record_behind(call, 0)->id); }
void ThreadCurrent(NativeCall& call) { call.give<uint64_t>(call.host.thread_id); }
void ThreadPanicking(NativeCall& call) { call.give_bool(call.host.is_unwinding); }

void ThreadPause(NativeCall& call) {
  const auto span = std::chrono::nanoseconds(std::min<uint64_t>(call.get<uint64_t>(0), INT64_MAX / 4));
  call.host.heap.rest();
  std::this_thread::sleep_for(span);
  call.host.heap.wake();
}

void ThreadYield(NativeCall& call) {
  call.host.heap.rest();
  sched_yield();
  call.host.heap.wake();
}

void ThreadParallelism(NativeCall& call) {
  cpu_set_t set;
  const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
  call.give<uint64_t>(known ? static_cast<uint64_t>(CPU_COUNT(&set)) : std::max(1u, std::thread::hardware_concurrency()));
}

void ThreadIdentity(NativeCall& call) { call.give<uint64_t>(call.host.runtime.threads.lot.next_identity()); }

void ScopeNew(NativeCall& call) { call.give_opaque(std::make_unique<ScopeObject>()); }

void ScopeStart(NativeCall& call) {
  ScopeObject* scope = *call.get<ScopeObject**>(0);
  const auto record = call.host.runtime.threads.start(call.host, call.get<FatBox>(1));
  if (record == nullptr) return;
  scope->add(record);
  give_thread(call, record);
}

void ScopeWait(NativeCall& call) {
  const std::shared_ptr<ThreadRecord> record = record_behind(call, 1);
  (*call.get<ScopeObject**>(0))->asked(*record);
  give_message(call, record->wait(call.host.heap));
}

void ScopeFinish(NativeCall& call) { call.give_bool((*call.get<ScopeObject**>(0))->wait_all(call.host.heap)); }

}  // namespace natives
}  // namespace stark::vm

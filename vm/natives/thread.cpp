// vm/natives/thread.cpp — threads and tasks: starting them, waiting for them, sleeping; scopes that outlive what they started.
// Room: vm/natives. In: bodies as boxed trait objects. Out: handles; what a panic said.
#include <sched.h>

#include <algorithm>
#include <thread>

#include "vm/natives/table.h"
#include "vm/natives/threads.h"

namespace stark::vm {

namespace natives {
namespace {

const std::shared_ptr<TaskRecord>& record_behind(const NativeCall& call, size_t argument) {
  return (*call.get<ThreadHandle**>(argument))->record;
}

void give_handle(NativeCall& call, std::shared_ptr<TaskRecord> record) {
  if (record != nullptr) call.give_opaque(std::make_unique<ThreadHandle>(std::move(record)));
}

// The message of the panic that ended it, once it has ended.
void give_panic(NativeCall& call, TaskRecord& record) {
  if (!call.wait(record.queue, [&] { return record.is_finished(); })) return;
  const std::optional<std::string> panic = record.panic();
  if (!panic) return give_option(call, nullptr, 0);
  gc::Object* text = make_text(call.host.heap, *panic);
  if (text == nullptr) return call.host.fail_memory();
  give_option(call, &text, sizeof text);
}

}  // namespace

void ThreadStart(NativeCall& call) { give_handle(call, call.host.runtime.threads.start(call.host, call.get<FatBox>(0))); }
void ThreadWait(NativeCall& call) { give_panic(call, *record_behind(call, 0)); }
void ThreadIsFinished(NativeCall& call) { call.give_bool(record_behind(call, 0)->is_finished()); }
void ThreadNumber(NativeCall& call) { call.give<uint64_t>(record_behind(call, 0)->id); }
void ThreadCurrent(NativeCall& call) { call.give<uint64_t>(call.host.thread_id); }
void ThreadPanicking(NativeCall& call) { call.give_bool(call.host.is_unwinding); }

void ThreadPause(NativeCall& call) {
  Waiting& waiting = call.waiting();
  if (waiting.phase++ == 0) waiting.deadline = Clock::now() + std::chrono::nanoseconds(std::min<uint64_t>(call.get<uint64_t>(0), INT64_MAX / 4));
  if (Clock::now() < *waiting.deadline) call.wait_until(*waiting.deadline);
}

// Others have their turn; a thread without others gives way to other threads.
void ThreadYield(NativeCall& call) {
  if (call.waiting().phase++ == 0) return call.give_way();
  if (call.host.fibers.has_ready()) return;
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
  give_handle(call, record);
}

void ScopeWait(NativeCall& call) {
  TaskRecord& record = *record_behind(call, 1);
  (*call.get<ScopeObject**>(0))->asked(record);
  give_panic(call, record);
}

void ScopeFinish(NativeCall& call) {
  const ScopeObject& scope = **call.get<ScopeObject**>(0);
  while (const auto record = scope.running()) {
    if (!call.wait(record->queue, [&] { return record->is_finished(); })) return;
  }
  call.give_bool(scope.has_failed());
}

void TaskStart(NativeCall& call) { give_handle(call, call.start_task(false)); }
void TaskStartHere(NativeCall& call) { give_handle(call, call.start_task(true)); }
void TaskWait(NativeCall& call) { ThreadWait(call); }
void TaskAbort(NativeCall& call) { record_behind(call, 0)->abort(); }
void TaskIsAborted(NativeCall& call) { call.give_bool(record_behind(call, 0)->is_aborted()); }
void TaskIsFinished(NativeCall& call) { ThreadIsFinished(call); }
void TaskNumber(NativeCall& call) { ThreadNumber(call); }
void TaskCurrent(NativeCall& call) { call.give<uint64_t>(call.host.fibers.running->id); }

}  // namespace natives
}  // namespace stark::vm

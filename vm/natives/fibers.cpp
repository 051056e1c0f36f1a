// vm/natives/fibers.cpp — fibers that somebody drives, and tasks that run by themselves: their bodies begin here.
// Room: vm/natives. Essay: vm/run/README.md, "Fibers". In: bodies as boxed trait objects. Out: fibers; whose turn it is.
#include "vm/natives/table.h"

namespace stark::vm {

Fiber* Host::new_fiber(FatBox body, uint32_t type) {
  runtime.threads.fibers.fetch_add(1, std::memory_order_relaxed);
  auto* fiber = new Fiber(runtime.threads.next_id.fetch_add(1));
  fiber->body = body;
  fiber->body_type = type;
  return fiber;
}

std::shared_ptr<TaskRecord> NativeCall::start_task(bool stays) {
  Fiber* fiber = host.new_fiber(get<FatBox>(0), site.arguments[0].type);
  fiber->record = std::make_shared<TaskRecord>(fiber->id, host.runtime.threads.lot);
  const std::shared_ptr<TaskRecord> record = fiber->record;
  if (stays) {
    host.fibers.adopt(*fiber);
    record->begin(*fiber);
    host.fibers.enqueue(*fiber);
  } else {
    Threads& threads = host.runtime.threads;
    if (!threads.executor.start(*fiber)) threads.start_worker(host);
  }
  return record;
}

namespace natives {

void FiberBegin(NativeCall& call) {
  Fiber* fiber = call.host.new_fiber(call.get<FatBox>(0), call.site.arguments[0].type);
  call.host.fibers.adopt(*fiber);
  call.give(fiber);
}

// It has its turn until it waits, gives or ends; then this is called again, and tells which.
void FiberAdvance(NativeCall& call) {
  enum : uint32_t { Waits, Gives, Ended };
  Fiber& fiber = **call.get<Fiber**>(0);
  if (fiber.state != Fiber::State::Ended) {
    if (call.waiting().phase == 0 && fiber.is_woken) {
      call.waiting().phase = 1;
      return call.enter(fiber);
    }
    call.give<uint32_t>(std::exchange(fiber.gives, false) ? Gives : Waits);
    return;
  }
  if (!fiber.has_panicked) return call.give<uint32_t>(Ended);
  fiber.has_panicked = false;
  call.host.failure = Failure{Exit::Panic, std::move(fiber.message), {}, std::move(fiber.told)};
}

// A generator has a value, and goes on when it is advanced again.
void FiberGive(NativeCall& call) {
  Fiber& self = *call.host.fibers.running;
  if (call.waiting().phase++ > 0) return;
  if (self.driver == nullptr) return call.give_way();
  self.gives = self.is_woken = true;
  call.wait();
}

// Until something happened to a fiber that this one drives, since it last asked.
void FiberWait(NativeCall& call) {
  Fiber& self = *call.host.fibers.running;
  if (!std::exchange(self.is_told, false) && call.waiting().phase++ == 0) call.wait();
}

}  // namespace natives
}  // namespace stark::vm

// vm/run/threads.cpp — a thread's way through the VM: a machine of its own, the body's frame, its end or the program's.
// Room: vm/run. Essay: vm/run/README.md, "Threads". In: a boxed body. Out: a TaskRecord that is finished when the thread is.
#include <pthread.h>

#include <fmt/format.h>

#include <cstdlib>

#include "vm/run/machine.h"

namespace stark::vm {
namespace {

// For natives and the libraries behind tensors: frames have a stack of their own.
constexpr size_t kNativeStack = size_t{2} << 20;

struct Worker {
  explicit Worker(Runtime& r) : host(r, gc::Mutator::State::Resting, r.threads.next_id.fetch_add(1)), machine(host, r.options.thread_stack_bytes, true) {}
  Host host;
  Machine machine;
};

struct Start {
  Start(Runtime& r, std::shared_ptr<TaskRecord> made)
      : runtime(r), record(std::move(made)), host(std::make_unique<Host>(r, gc::Mutator::State::Resting, record->id)) {}
  Runtime& runtime;
  std::shared_ptr<TaskRecord> record;
  std::unique_ptr<Host> host;
  std::unique_ptr<Machine> machine;
};

bool launch(void* (*run)(void*), void* start) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kNativeStack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool done = pthread_create(&thread, &attributes, run, start) == 0;
  pthread_attr_destroy(&attributes);
  return done;
}

}  // namespace

// The body's frame is there before the thread is, so that a collection finds what the body owns.
void Machine::prepare(FatBox body) {
  Function& entry = *body.vtable->functions[0];
  host_.program.translate(entry);
  fp_ = open_frame(entry, 0);
  CHECK(fp_ != nullptr);  // a frame is smaller than the stack of a thread
  pc_ = entry.entry;
  store(fp_ + entry.layout.registers[0], body.object);
}

// The message of the panic that ended it. What is no panic ends the program, here and now; one that is embedded when each thread
// has come to an end.
std::optional<std::string> Machine::run_body() {
  if (profile_ != nullptr) profile_->begin();
  host_.fibers.run_here(host_.runtime.threads.executor);
  loop(this, pc_, fp_);
  drop_locals();
  if (!host_.failure && !host_.is_unwinding) return std::nullopt;
  const int status = report_failure();
  if (!host_.failure) return message_;
  if (!host_.options.is_embedded) std::quick_exit(status);
  host_.runtime.is_over.store(true);
  return host_.failure->message;
}

std::shared_ptr<TaskRecord> Machine::start_thread(Host& parent, FatBox body) {
  Runtime& runtime = parent.runtime;
  const auto refuse = [&](std::string what, std::string help) {
    runtime.threads.running.fetch_sub(1);
    parent.fail(Exit::Limit, std::move(what), std::move(help));
    return std::shared_ptr<TaskRecord>();
  };
  if (const uint64_t running = runtime.threads.running.fetch_add(1); running >= runtime.options.thread_limit) {
    return refuse(fmt::format("{} threads are running, and no more may be", running), "join threads before starting more, or raise the limit with `--thread-limit`");
  }
  auto start = std::make_unique<Start>(runtime, std::make_shared<TaskRecord>(runtime.threads.next_id.fetch_add(1), runtime.threads.lot));
  start->machine = std::make_unique<Machine>(*start->host, runtime.options.thread_stack_bytes, false);
  if (!start->machine->is_usable()) return refuse("the system has no room for another thread's stack", "start fewer threads at once");
  start->machine->prepare(body);
  const std::shared_ptr<TaskRecord> record = start->record;
  const auto run = [](void* given) -> void* {
    const std::unique_ptr<Start> mine(static_cast<Start*>(given));
    mine->host->heap.wake();
    std::optional<std::string> panic = mine->machine->run_body();
    mine->machine.reset();
    mine->host.reset();
    Threads& threads = mine->runtime.threads;
    threads.leaving.fetch_add(1);
    threads.running.fetch_sub(1);
    mine->record->finish(std::move(panic));
    threads.leaving.fetch_sub(1);  // the last look at the runtime
    return nullptr;
  };
  if (!launch(run, start.get())) return refuse("the system gives no more threads", "start fewer threads at once");
  static_cast<void>(start.release());
  return record;
}

// Where the system gives no more threads, tasks wait for those there are.
void Machine::start_worker(Host& parent) {
  Threads& threads = parent.runtime.threads;
  if (threads.workers.fetch_add(1) + 1 >= parent.options.task_threads) {
    threads.workers.fetch_sub(1);
    return;
  }
  auto worker = std::make_unique<Worker>(parent.runtime);
  const auto run = [](void* given) -> void* {
    auto* mine = static_cast<Worker*>(given);
    mine->host.heap.wake();
    Threads& all = mine->host.runtime.threads;
    mine->machine.work();
    delete mine;
    all.workers.fetch_sub(1);  // the last look at the runtime
    return nullptr;
  };
  if (worker->machine.is_usable() && launch(run, worker.get())) return static_cast<void>(worker.release());
  threads.workers.fetch_sub(1);
}

}  // namespace stark::vm

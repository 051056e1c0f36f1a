// vm/run/machine.cpp — a machine's stack, its roots, and the way in and out of the loop.
// Room: vm/run. Essay: vm/run/README.md, "Frames" and "Roots". In: a Host. Out: an exit status.
#include "vm/run/machine.h"

#include <sys/mman.h>

#include "bytecode-spec/limits.h"

namespace stark::vm {
namespace {

constexpr size_t kPage = 4096;

}  // namespace

Machine::Machine(Host& host, size_t stack_bytes, bool takes_tasks) : host_(host), takes_tasks_(takes_tasks), statics_(host.runtime.statics.cells()) {
  const size_t bytes = (stack_bytes + kPage - 1) / kPage * kPage;
  mapped_ = bytes + kUnwindReserve + kPage;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_ = static_cast<std::byte*>(memory);
  stack_end_ = stack_ + bytes;
  mprotect(stack_end_ + kUnwindReserve, kPage, PROT_NONE);  // a guard behind the last frame
  const auto handler = [&](Exec code) { return host.program.handlers()[static_cast<size_t>(code)]; };
  exit_[1].handler = handler(Exec::Exit);
  fiber_exit_[1].handler = handler(Exec::FiberExit);
  drop_continue_[1].handler = handler(Exec::DropContinue);
  unwind_frame_.handler = handler(Exec::UnwindFrame);
  root_ = new Fiber(host.thread_id);
  root_->state = Fiber::State::Runs;
  root_->is_woken = false;
  host.fibers.adopt(*root_);
  host.fibers.running = root_;
  if (host.program.translation().watches) watcher_ = std::make_unique<paranoid::Watcher>(host, stack_, mapped_);
  if (host.options.profile != nullptr) {
    CHECK(host.program.translation().looks);
    profile_ = &host.options.profile->add_thread(host.thread_id, *this);
  }
  host.runtime.heap.add_roots(this);
  if (takes_tasks) host.runtime.threads.executor.join(host.fibers);
  host.runtime.threads.start = &Machine::start_thread;
  host.runtime.threads.start_worker = &Machine::start_worker;
}

Machine::~Machine() {
  if (stack_ == nullptr) return;
  if (profile_ != nullptr) profile_->end();
  if (takes_tasks_) host_.runtime.threads.executor.leave(host_.fibers);
  return_fuel();
  host_.runtime.heap.remove_roots(this);
  for (Fiber* f = host_.fibers.first(); f != nullptr; f = f->behind) {
    for (host_.fibers.running = f; f->chunk != nullptr;) drop_chunk();
  }
  std::free(spare_);
  munmap(stack_, mapped_);
}

void Machine::return_fuel() {
  if (fuel_ > 0) host_.runtime.budget.give_back(static_cast<uint64_t>(fuel_));
  fuel_ = 0;
}

// Under the entry's frame lies one for the host: a header and room for the result. Null when the stack is smaller than that.
std::byte* Machine::open_frame(const Function& entry, size_t room) {
  header(stack_) = {};
  exit_[0].a = sizeof(FrameHeader);
  std::byte* frame = stack_ + kHostFrame + (room + 15) / 16 * 16;
  if (frame + entry.reach > stack_end_) return nullptr;
  header(frame) = {&exit_[1], stack_, &entry};
  std::memset(frame + entry.zero_from, 0, entry.zero_bytes);
  return frame;
}

int Machine::run(uint32_t function) {
  CHECK(is_usable());
  if (profile_ != nullptr) profile_->begin();
  host_.fibers.run_here(host_.runtime.threads.executor);
  Function& entry = host_.program.function(function);
  host_.program.translate(entry);
  const spec::SignatureRow& signature = host_.program.module().signatures[host_.program.module().functions[function].signature];
  CHECK(signature.parameters.count == 0);
  const uint32_t result_type = signature.result.type;
  std::byte* frame = open_frame(entry, types().size(result_type));
  if (frame == nullptr) {
    host_.fail(Exit::Panic, "stack overflow");
    return report_failure();
  }
  loop(this, entry.entry, frame);
  if (!host_.failure && !host_.is_unwinding) {
    const int status = finish(result_type, stack_ + sizeof(FrameHeader));
    if (host_.failure) return status;
    drop_locals();
    host_.out.flush();
    if (!host_.failure && !host_.is_unwinding) return status;
  } else {
    drop_locals();
  }
  return report_failure();
}

void Machine::visit_roots(gc::Visitor& visitor) {
  visit_frames(visitor, fp_);
  for (DropEntry& e : host_.drops) visitor.visit_interior(&e.address);
  visit_arguments(visitor, host_.active, host_.active_frame);
  for (Fiber* f = host_.fibers.first(); f != nullptr; f = f->behind) visit_fiber(visitor, *f);
  if (locals_ != nullptr) locals_->visit_roots(visitor, types());
  visitor.visit_base(reinterpret_cast<void**>(&host_.callback.object));
}

}  // namespace stark::vm

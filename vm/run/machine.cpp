// vm/run/machine.cpp — a machine's stack, its roots, and the way in and out of the loop.
// Room: vm/run. Essay: vm/run/README.md, "Frames" and "Roots". In: a Host. Out: an exit status.
#include "vm/run/machine.h"

#include <sys/mman.h>

#include "bytecode-spec/limits.h"

namespace stark::vm {
namespace {

constexpr size_t kPage = 4096;
// Arguments are written behind the caller's frame before the call checks that the callee's fits.
constexpr size_t kArguments = spec::kMaxFrameBytes + kPage;

}  // namespace

Machine::Machine(Host& host, size_t stack_bytes) : host_(host), statics_(host.runtime.statics.cells()) {
  const size_t bytes = (stack_bytes + kPage - 1) / kPage * kPage;
  mapped_ = bytes + kUnwindReserve + kArguments + kPage;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_ = static_cast<std::byte*>(memory);
  stack_end_ = stack_ + bytes;
  mprotect(stack_end_ + kUnwindReserve + kArguments, kPage, PROT_NONE);  // a guard behind the last frame
  const auto handler = [&](Exec code) { return host.program.handlers()[static_cast<size_t>(code)]; };
  exit_[1].handler = handler(Exec::Exit);
  drop_continue_[1].handler = handler(Exec::DropContinue);
  unwind_frame_.handler = handler(Exec::UnwindFrame);
  if (host.program.translation().watches) watcher_ = std::make_unique<paranoid::Watcher>(host, stack_, mapped_);
  host.runtime.heap.add_roots(this);
  host.runtime.threads.start = &Machine::start_thread;
}

Machine::~Machine() {
  if (stack_ == nullptr) return;
  if (fuel_ > 0) host_.runtime.budget.give_back(static_cast<uint64_t>(fuel_));
  host_.runtime.heap.remove_roots(this);
  munmap(stack_, mapped_);
}

// Under the entry's frame lies one for the host: a header and room for the result. Null when the stack is smaller than that.
std::byte* Machine::open_frame(const Function& entry, size_t room) {
  header(stack_) = {};
  exit_[0].a = sizeof(FrameHeader);
  std::byte* frame = stack_ + kHostFrame + (room + 15) / 16 * 16;
  if (frame + entry.frame_size > stack_end_) return nullptr;
  header(frame) = {&exit_[1], stack_, &entry};
  std::memset(frame + entry.zero_from, 0, entry.zero_bytes);
  return frame;
}

int Machine::run(uint32_t function) {
  CHECK(is_usable());
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
  for (std::byte* fp = fp_; fp != nullptr; fp = header(fp).caller) {
    const Function* function = header(fp).function;
    if (function == nullptr) break;
    for (const RootSlot& slot : function->roots) visitor.visit(slot.kind, fp + slot.offset);
  }
  for (DropEntry& e : host_.drops) visitor.visit_interior(&e.address);
  if (locals_ != nullptr) locals_->visit_roots(visitor, types());
  visitor.visit_base(reinterpret_cast<void**>(&host_.callback.object));
  if (host_.active == nullptr) return;
  for (const FrameValue& v : host_.active->arguments) {
    if (v.type == spec::kNone) continue;  // constants do not move
    for (const PointerSlot& slot : types().facts(v.type).pointers) {
      visitor.visit(slot_kind(slot.kind), host_.active_frame + v.offset + slot.offset);
    }
  }
}

}  // namespace stark::vm

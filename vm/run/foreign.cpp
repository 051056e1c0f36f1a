// vm/run/foreign.cpp — a call of a function of C: arguments out of the frame, the thread at rest meanwhile, the result into the frame.
// Room: vm/run. Essay: vm/run/README.md, "Foreign functions". In: a site. Out: a value in the frame, or a failure.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "bytecode-spec/limits.h"
#include "vm/run/machine.h"

namespace stark::vm {
namespace {

// Each call from C takes some of the thread's own stack.
constexpr size_t kMostInside = 200;

// Whose foreign call this thread is in the middle of.
thread_local Machine* t_calling = nullptr;

}  // namespace

bool Machine::call_foreign(const ForeignSite& site, std::byte* fp) {
  const BoundForeign* bound = std::atomic_ref<const BoundForeign*>(site.bound).load(std::memory_order_acquire);
  if (bound == nullptr) {
    if (!host_.options.grants.has(spec::Capability::Ffi)) {
      host_.fail(Exit::Permission, fmt::format("calling {} needs `ffi`, which is not allowed here", foreign_text(host_.program.module(), host_.program.module().foreigns[site.foreign])), "run with `--allow=ffi`");
      return false;
    }
    const auto found = host_.runtime.foreigns.bind(site);
    if (!found) {
      host_.fail(Exit::ProgramError, fmt::format("[{}] {}", found.error().code, found.error().message), found.error().help);
      return false;
    }
    bound = *found;
  }
  std::array<void*, spec::kMaxParameters> arguments;
  for (size_t i = 0; i < site.arguments.size(); ++i) arguments[i] = fp + site.arguments[i].offset;
  alignas(16) std::array<std::byte, spec::kMaxForeignBytes> result;  // libffi writes a whole word where C gives less
  host_.out.flush();
  Machine* const outer = std::exchange(t_calling, this);
  const auto holds = bound->interface.takes_addresses() ? gc::Mutator::Rest::Holding : gc::Mutator::Rest::Free;
  host_.heap.rest(holds);
  if (profile_ != nullptr) {
    run_profiled(*bound, site, result.data(), arguments.data());
  } else {
    ffi_call(&bound->interface.cif(), FFI_FN(bound->symbol), result.data(), arguments.data());
  }
  host_.heap.wake(holds);
  t_calling = outer;
  if (site.result.kind == TypeKind::Bool) result[0] = std::byte{result[0] != std::byte{0}};
  const uint32_t size = types().size(site.result.type);
  if (size > 0) std::memcpy(fp + site.result.offset, result.data(), size);
  return !host_.failure;
}

bool Machine::foreign_function(uint32_t function, std::byte* to) {
  if (!host_.options.grants.has(spec::Capability::Ffi)) {
    host_.fail(Exit::Permission, "letting C call a function needs `ffi`, which is not allowed here", "run with `--allow=ffi`");
    return false;
  }
  void* code = host_.runtime.foreigns.callback(function, &Machine::called_back);
  if (code == nullptr) host_.fail(Exit::ProgramError, "the system lets no code be made by which C could call a function");
  store(to, code);
  return !host_.failure;
}

// C has no way to hear of a failure: whatever goes wrong here ends the program.
void Machine::called_back(ffi_cif*, void* result, void** arguments, void* given) {
  const auto& callback = *static_cast<const ForeignCallback*>(given);
  if (t_calling == nullptr) {
    write_all(2, "error: C called a function of the program on a thread that the program does not know\n");
    std::quick_exit(static_cast<int>(Exit::ProgramError));
  }
  t_calling->run_callback(callback, result, arguments);
}

// The frame lies behind that of whoever called C, with room for the result between the two.
void Machine::run_callback(const ForeignCallback& callback, void* result, void** arguments) {
  host_.heap.wake();
  std::optional<profile::FrameId> from;  // C's function, which is not above what it called
  if (profile_ != nullptr) from = profile_->leave();
  Function& entry = host_.program.function(callback.function);
  host_.program.translate(entry);
  const spec::Module& module = host_.program.module();
  const spec::SignatureRow& signature = module.signatures[module.functions[callback.function].signature];
  Callback here;
  here.waits_at = pc_;
  here.exit[0].a = frame_size(fp_);
  here.exit[1].handler = exit_[1].handler;
  const size_t begin = here.exit[0].a + (types().size(signature.result.type) + 15) / 16 * 16;
  std::byte* const outer = fp_;
  std::byte* frame = outer + begin;
  if (inside_.size() >= kMostInside) {
    trap(Trap::StackOverflow);
    frame = nullptr;
  } else if (stack_end_ - outer < static_cast<ptrdiff_t>(begin + entry.reach)) {
    frame = grow(nullptr, entry, &here.exit[1], outer);
  } else {
    header(frame) = {&here.exit[1], outer, &entry};
  }
  if (frame == nullptr) std::quick_exit(report_failure());
  std::memset(frame + entry.zero_from, 0, entry.zero_bytes);
  for (uint32_t i = 0; i < signature.parameters.count; ++i) {
    const uint32_t type = module.type_uses[signature.parameters.first + i].type;
    std::memcpy(frame + entry.layout.registers[i], arguments[i], types().size(type));
  }
  inside_.push_back(&here);
  ++running().inside_c;
  loop(this, entry.entry, frame);
  if (host_.failure || host_.is_unwinding) {
    told_ += "  help: this happened in a function that C had called, through which nothing unwinds\n";
    std::quick_exit(report_failure());
  }
  inside_.pop_back();
  --running().inside_c;
  pc_ = here.waits_at;
  fp_ = outer;
  callback.interface.widen(outer + here.exit[0].a, result);
  host_.out.flush();
  if (from) profile_->enter(*from);
  host_.heap.rest();
}

}  // namespace stark::vm

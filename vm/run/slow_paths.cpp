// vm/run/slow_paths.cpp — what the loop leaves to others: natives, text, traps, the last words of a program.
// Room: vm/run. In: sites and frames. Out: values in frames, or a failure.
#include <fmt/format.h>

#include "vm/natives/native_call.h"
#include "vm/run/machine.h"

namespace stark::vm {

bool Machine::call_native(const NativeSite& site, std::byte* fp) {
  const auto capability = spec::row_of(site.native).capability;
  if (capability && !host_.options.grants.has(*capability)) [[unlikely]] {
    const std::string_view name = spec::capabilities()[static_cast<size_t>(*capability)];
    host_.fail(Exit::Permission, fmt::format("`{}` needs `{}`, which is not allowed here", spec::row_of(site.native).text, name),
               fmt::format("run with `--allow={}`", name));
    return false;
  }
  host_.active = &site;
  host_.active_frame = fp;
  NativeCall call(host_, site, fp);
  if (profile_ != nullptr) [[unlikely]] {
    run_profiled(call);
  } else {
    native_body(site.native)(call);
  }
  host_.active = nullptr;
  Waiting& waiting = host_.fibers.running->waiting;
  if (waiting.phase != 0 && host_.turn == Turn::Stays) waiting = {};
  return !host_.failure;
}

bool Machine::format(const FormatSite& site, std::byte* fp, uint32_t to) {
  std::string& text = host_.text;
  text.clear();
  const Printer printer = host_.printer();
  for (const Piece& piece : site.pieces) {
    text += piece.literal;
    if (!piece.operand) continue;
    const FrameValue& v = site.operands[*piece.operand];
    if (v.type != spec::kNone) {
      printer.print(text, v.type, fp + v.offset, piece.spec);
    } else {
      printer.print_scalar(text, v.kind, fp + v.offset, piece.spec);
    }
  }
  gc::Object* object = make_text(host_.heap, text);
  if (object == nullptr) {
    host_.fail_memory();
    return false;
  }
  store(fp + to, object);
  return true;
}

void Machine::trap(Trap which, uint64_t x, uint64_t y) {
  constexpr std::string_view kTexts[] = {
      "", "", "attempt to add with overflow", "attempt to subtract with overflow", "attempt to multiply with overflow",
      "attempt to divide with overflow", "attempt to calculate the remainder with overflow", "attempt to negate with overflow",
      "attempt to raise to a power with overflow", "attempt to shift left with overflow", "attempt to shift right with overflow",
      "attempt to divide by zero", "attempt to calculate the remainder with a divisor of zero", "stack overflow"};
  if (which == Trap::Index) return host_.fail(Exit::Panic, fmt::format("index {} is out of range for length {}", x, y));
  if (which == Trap::Split) return host_.fail(Exit::Panic, fmt::format("cannot split {} elements at {}", x, y));
  if (which == Trap::Tag) return host_.fail(Exit::Panic, fmt::format("variant {} is looked at as variant {}", x, y));
  host_.fail(Exit::Panic, std::string(kTexts[static_cast<size_t>(which)]),
             which == Trap::StackOverflow ? "is there a recursion without an end?" : "");
}

// The second look goes along with the thread's own fiber; what others did meanwhile it has not seen.
bool Machine::watch(const Op* pc, std::byte* fp) {
  if (!is_root()) return true;
  if (std::exchange(others_ran_, false)) watcher_->forget_tags();
  const Function& function = *header(fp).function;
  switch (static_cast<WatchAt>(pc->a)) {
    case WatchAt::Enter: return watcher_->enter(function, fp);
    case WatchAt::Before: return watcher_->before(function, pc->b, fp);
    case WatchAt::After: return watcher_->after(function, pc->b, fp);
  }
  return true;
}

void Machine::fail_late() {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(host_.runtime.budget.deadline()).count();
  host_.fail(Exit::Limit, fmt::format("out of time: the program may run for {} ms", ms), "raise it with `--deadline`");
}

bool Machine::refuel() {
  Budget& budget = host_.runtime.budget;
  if (host_.runtime.is_over.load(std::memory_order_relaxed)) return host_.fail(Exit::Limit, "another thread has ended the program"), false;
  const bool is_late = budget.is_late();
  const uint64_t given = is_late ? 0 : budget.take(static_cast<uint64_t>(-fuel_));
  fuel_ += static_cast<int64_t>(given);
  if (is_late) {
    fail_late();
  } else if (given == 0) {
    host_.fail(Exit::Limit, fmt::format("out of fuel: the program wants to run more than {} instructions", budget.fuel()), "raise it with `--fuel`");
  }
  return given != 0;
}

void Machine::panic(const gc::Object* text) { host_.fail(Exit::Panic, std::string(text_of(text))); }

// Of a panic that was unwound, or of whatever ended the program, or of both.
std::string Machine::told() const {
  std::string text = told_;
  if (!host_.failure) return text;
  text += last_words();
  if (host_.is_unwinding) text += "  help: this happened in a destructor while a panic was unwinding, which ends the program\n";
  return text;
}

int Machine::report_failure() {
  host_.out.flush();
  if (host_.failure && host_.failure->status) return *host_.failure->status;
  host_.out.tell(told());
  return static_cast<int>(host_.failure ? host_.failure->exit : Exit::Panic);
}

// The entry's value as an exit status: an i32 is it, an Err is told on stderr.
int Machine::finish(uint32_t type, const std::byte* result) {
  fp_ = nullptr;
  host_.out.flush();
  if (types().is(type, TypeKind::I32)) {
    const auto status = load<int32_t>(result);
    if (status >= 0 && status <= 255) return status;
    host_.fail(Exit::Panic, fmt::format("`main` returned {}: an exit status is between 0 and 255", status));
    return report_failure();
  }
  const auto error = error_in(type, result);
  if (!error) return 0;
  host_.out.tell(*error + '\n');
  return static_cast<int>(Exit::ProgramError);
}

// What an Err holds, as it is shown.
std::optional<std::string> Machine::error_in(uint32_t type, const std::byte* result) const {
  if (!types().is(type, TypeKind::Enum)) return std::nullopt;
  const uint32_t v = types().tag(type, result);
  const spec::VariantRow& variant = types().variant(type, v);
  if (host_.program.module().text_of(variant.name) != "Err" || variant.fields.count == 0) return std::nullopt;
  std::string text;
  host_.printer().print(text, types().field_type(variant.fields, 0), result + types().variant_offset(type, v, 0), {});
  return text;
}

void Machine::trace(const Op* pc, std::byte* fp, Exec code) {
  static constexpr std::string_view kNames[] = {
#define EXEC(name, size, abc) #name,
#include "vm/load/exec_ops.def"
  };
  const Function* function = header(fp).function;
  const std::string_view name = kNames[static_cast<size_t>(code)];
  if (host_.options.trace_ops) {
    host_.out.tell(fmt::format("op {:<14} a={} b={} c={} imm={:#x}\n", name, pc->a, pc->b, static_cast<int32_t>(pc->c), pc->imm));
  }
  if (!host_.options.trace_calls) return;
  if (code == Exec::Call || code == Exec::CallDyn) {
    const bool is_dyn = code == Exec::CallDyn;
    const auto* callee = is_dyn ? load<const VTable*>(fp + pc->c)->functions[static_cast<uint32_t>(pc->imm)] : static_cast<const Function*>(pc->site);
    host_.out.tell(fmt::format("{:>{}}call {}\n", "", 2 * depth_++, host_.program.function_name(callee->index)));
  } else if (name.starts_with("Ret") && depth_ > 0 && function != nullptr) {
    host_.out.tell(fmt::format("{:>{}}return from {}\n", "", 2 * --depth_, host_.program.function_name(function->index)));
  }
}

}  // namespace stark::vm

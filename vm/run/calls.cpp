// vm/run/calls.cpp — calls that come from whoever embeds the program, and what they came to.
// Room: vm/run. Essay: vm/run/README.md, "Calls from outside". In: a function, values for its parameters. Out: its result in place, or an Outcome.
#include "vm/run/machine.h"

namespace stark::vm {

// The thread rests between calls, so that others may collect meanwhile.
Outcome Machine::call(uint32_t function, std::span<const CallArgument> arguments, const Taker& take) {
  CHECK(is_usable());
  host_.heap.wake();
  host_.fibers.run_here(host_.runtime.threads.executor);
  Function& entry = host_.program.function(function);
  host_.program.translate(entry);
  const spec::Module& module = host_.program.module();
  const spec::SignatureRow& signature = module.signatures[module.functions[function].signature];
  CHECK(signature.parameters.count == arguments.size());
  std::byte* frame = open_frame(entry, types().size(signature.result.type));
  if (frame == nullptr) {
    host_.fail(Exit::Panic, "stack overflow");
  } else if (place(entry, frame, arguments)) {
    loop(this, entry.entry, frame);
    if (!host_.failure && !host_.is_unwinding) take(stack_ + sizeof(FrameHeader));
  }
  host_.out.flush();
  Outcome outcome = settle();
  host_.heap.rest();
  return outcome;
}

// The frame is the innermost one from the beginning: what was made for one parameter is a root while the next is made.
bool Machine::place(const Function& entry, std::byte* frame, std::span<const CallArgument> arguments) {
  const auto at = [&](size_t i) { return frame + entry.layout.registers[i]; };
  for (size_t i = 0; i < arguments.size(); ++i) std::memset(at(i), 0, arguments[i].size);
  fp_ = frame;
  pc_ = entry.entry;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].is_new_text) {
      std::memcpy(at(i), &arguments[i].value, arguments[i].size);
      continue;
    }
    gc::Object* text = make_text(host_.heap, arguments[i].value.text());
    if (text == nullptr) return host_.fail_memory(), false;
    store(at(i), text);
  }
  return true;
}

// After a panic that has left every frame the program is as whole as after a return. After anything else its frames lie where
// they were left, and nothing of it may run again.
Outcome Machine::settle() {
  Outcome outcome;
  if (host_.failure || host_.is_unwinding) {
    outcome.is_over = host_.failure.has_value();
    outcome.failure = host_.failure ? *host_.failure : Failure{Exit::Panic, message_, {}};
    outcome.told = told();
    if (outcome.is_over) return outcome;
    stack_end_ -= kUnwindReserve;
    host_.is_unwinding = false;
    told_.clear();
    message_.clear();
  }
  pc_ = nullptr;
  fp_ = nullptr;
  host_.drops.clear();
  return outcome;
}

// What the thread's own statics hold is dropped as at the end of a program.
Outcome Machine::close() {
  host_.heap.wake();
  host_.fibers.run_here(host_.runtime.threads.executor);
  drop_locals();
  host_.out.flush();
  Outcome outcome = settle();
  host_.heap.rest();
  return outcome;
}

}  // namespace stark::vm

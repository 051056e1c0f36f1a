// vm/natives/env.cpp — the program's arguments, time, and the end that it asks for.
// Room: vm/natives. In: host options. Out: vectors of text, nanoseconds.
#include <unistd.h>

#include <chrono>

#include "gc/handle.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {

void EnvArgs(NativeCall& call) {
  const auto& arguments = call.host.options.arguments;
  gc::Handle buffer(call.host.heap, call.allocate(call.host.program.buffer_info(call.result_element()), arguments.size()));
  for (size_t i = 0; i < arguments.size() && buffer.get() != nullptr; ++i) {
    gc::Object* text = make_text(call.host.heap, arguments[i]);
    if (text == nullptr) return call.host.fail(Exit::Memory, "out of memory: the managed heap has reached its limit");
    store(buffer->payload() + i * sizeof text, text);
  }
  if (buffer.get() != nullptr) call.give(VecValue{buffer.get(), arguments.size()});
}

// Nanoseconds since some fixed point; only differences mean something.
void InstantNow(NativeCall& call) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  call.give<int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

// The low eight bits, as systems have it. Nothing is dropped, and no thread is waited for.
void ProcessEnd(NativeCall& call) {
  call.host.fail(Exit::Ok, "");
  call.host.failure->status = call.get<int32_t>(0) & 0xFF;
}
void ProcessAbort(NativeCall& call) { call.host.fail(Exit::ProgramError, "the program has aborted"); }
void ProcessId(NativeCall& call) { call.give<uint32_t>(static_cast<uint32_t>(::getpid())); }

}  // namespace stark::vm::natives

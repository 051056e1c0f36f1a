// vm/natives/host.h — Runtime: heap, tensors, output, grants of a running program; Host: one of its threads, with what waits to be dropped.
// Room: vm/natives. In: a Program and options. Out: shared by the loop and the natives.
// Law: a Failure, once set, ends the thread or the program before its next operation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vm/load/program.h"
#include "vm/natives/budget.h"
#include "vm/natives/foreigns.h"
#include "vm/natives/grants.h"
#include "vm/natives/opaques.h"
#include "vm/natives/outside.h"
#include "vm/natives/output.h"
#include "vm/natives/threads.h"
#include "vm/natives/raw_memory.h"
#include "vm/natives/statics.h"
#include "vm/objects/print.h"
#include "vm/profile/recorder.h"
#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {

enum class Exit : int {
  Ok = 0, ProgramError = 1, Malformed = 2, Refused = 3, Permission = 4, Limit = 5, Memory = 6, Device = 7, Internal = 8,
  Usage = 64, Panic = 101
};

struct Failure {
  Exit exit = Exit::Panic;
  std::string message;
  std::string help;
  std::string told = {};      // of a panic that came from another fiber: where it was is told already
  bool is_cancelled = false;  // nothing went wrong: the fiber is left because nobody wants it any more
  std::optional<int> status{};  // what the program asked to end with; then nothing is told
};

// Who goes on behind a native: the fiber that called it; others, and this one calls it again when it is woken; or one that it drives.
enum class Turn : uint8_t { Stays, Waits, Enters };

struct HostOptions {
  gc::Options heap;
  TensorOptions tensors;
  Grants grants = Grants::of_user();
  std::vector<std::string> arguments;  // of the program, its name first
  size_t stack_bytes = size_t{64} << 20;
  size_t thread_stack_bytes = size_t{8} << 20;  // of every thread but the first
  uint64_t task_threads = 1;                    // that take tasks, the first one among them
  uint64_t thread_limit = 4096;                 // threads at once beside the first
  // Of the whole run; the program must be translated with Translation::meters for them.
  std::optional<uint64_t> fuel;                     // instructions of the bundle
  std::optional<std::chrono::nanoseconds> deadline;  // from the start
  void set_stack(size_t bytes) {
    stack_bytes = bytes;
    thread_stack_bytes = std::max(std::min(thread_stack_bytes, stack_bytes), size_t{4} << 20);
  }
  bool is_metered() const { return fuel || deadline; }
  Sink output = 1, errors = 2;
  uint64_t output_limit = UINT64_MAX;  // bytes of both
  uint64_t handle_limit = UINT64_MAX;  // files, threads, scopes at once
  bool is_embedded = false;            // a failure of one of its threads ends the program, and never the process
  bool trace_ops = false, trace_calls = false, trace_device = false;
  profile::Recorder* profile = nullptr;  // outlives the runtime; the program must be translated with Translation::looks for it
};

// What all threads of a running program share.
struct Runtime {
  Runtime(Program& p, HostOptions o) : program(p), options(std::move(o)), heap(options.heap), raw(options.heap.limit), tensors(p.verified().bundle(), options.tensors), out(options.output, options.errors, options.output_limit), opaques(options.handle_limit), budget(options.fuel, options.deadline), statics(p), foreigns(p, options.grants) {
    heap.add_roots(&statics);
    heap.add_roots(&threads.executor);
    if (options.profile != nullptr) heap.add_listener(options.profile);
  }
  ~Runtime() {
    heap.remove_roots(&threads.executor);
    heap.remove_roots(&statics);
  }
  Runtime(const Runtime&) = delete;

  Program& program;
  const HostOptions options;
  gc::Heap heap;
  RawMemory raw;
  TensorRuntime tensors;
  Output out;
  Threads threads;
  Opaques opaques;
  Outside outside{threads.lot};
  Budget budget;
  std::atomic<bool> is_over{false};  // some thread of an embedded program failed: the others end when they look at their fuel
  Statics statics;
  Foreigns foreigns;
};

// One thread of it, and the way to the rest.
struct Host {
  explicit Host(Runtime& r, gc::Mutator::State state = gc::Mutator::State::Running, uint64_t number = 1)
      : runtime(r), program(r.program), options(r.options), heap(r.heap, state), raw(r.raw), tensors(r.tensors), out(r.out), thread_id(number) {}

  Runtime& runtime;
  Program& program;
  const HostOptions& options;
  gc::Mutator heap;
  RawMemory& raw;
  TensorRuntime& tensors;
  Output& out;
  const uint64_t thread_id;
  bool is_unwinding = false;           // a panic is leaving the frames
  std::vector<DropEntry> drops;
  Scheduler fibers;
  Turn turn = Turn::Stays;             // what a native wants done next
  Fiber* turn_to = nullptr;            // Enters
  std::optional<Failure> failure;
  FatBox callback;                     // what is told of pauses: a root, empty while it runs
  uint32_t callback_type = spec::kNone;
  const NativeSite* active = nullptr;  // while a native runs: its arguments are roots
  std::byte* active_frame = nullptr;
  std::string text;                    // reused by whatever builds text

  void fail(Exit exit, std::string message, std::string help = {}) {
    if (!failure) failure = Failure{exit, std::move(message), std::move(help)};
  }
  void fail(const Error& error);
  // One that has the box of its body, and runs on this thread or, if it is a task that may go anywhere, on none yet.
  Fiber* new_fiber(FatBox body, uint32_t type);
  void fail_memory() { fail(Exit::Memory, "out of memory: the managed heap has reached its limit", "raise it with `--heap-limit`"); }
  Printer printer();
};

}  // namespace stark::vm

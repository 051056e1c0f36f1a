// vm/api/handles.h — what the opaque handles of stark.h point to.
// Room: vm/api, private. In: rooms of the VM. Out: structs that the files of this room share.
// Law: nothing leaves an extern "C" function but through a status; `guarded` is around each of them that can fail.
#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "vm/api/errors.h"
#include "vm/api/stark.h"
#include "vm/run/machine.h"

struct stark_status {
  stark_kind kind = STARK_INTERNAL;
  std::string code, message, help, trace;
  bool is_over = false;
};

// What modules share: the way of loading them, which has no choices so far.
struct stark_runtime {};

struct stark_module {
  std::vector<std::byte> bytes;  // of a bundle that came from memory
  std::optional<stark::vm::VerifiedModule> verified;
  std::vector<std::string> exports;
};

namespace stark::api {

// Where a program's output goes, when it goes to the embedder.
struct Writer {
  void (*write)(void*, int, const char*, size_t) = nullptr;
  void* user = nullptr;
};

// One running program. Tensor handles keep it after its instance is freed.
struct Core {
  Core(std::shared_ptr<const stark_module> of, std::unique_ptr<const Writer> to, vm::Translation translation, vm::HostOptions options)
      : module(std::move(of)),
        writer(std::move(to)),
        program(*module->verified, vm::Machine::handlers(), translation),
        runtime(program, std::move(options)),
        host(runtime, gc::Mutator::State::Resting),
        machine(host) {}
  // Nothing of it runs any more, once its threads have come to an end.
  void end();

  std::shared_ptr<const stark_module> module;
  std::unique_ptr<const Writer> writer;
  vm::Program program;
  vm::Runtime runtime;
  vm::Host host;
  vm::Machine machine;
  std::optional<uint64_t> fuel;
  std::optional<std::chrono::nanoseconds> deadline;
  std::atomic<bool> is_busy{false};
  bool is_over = false;
};

// status.cpp
stark_status* status_of(const Error& error);
stark_status* status_of(const vm::Outcome& outcome);
// For when there is no memory to say so in.
stark_status* no_memory();

template <class Body>
stark_status* guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

// signature.cpp: what C passes for a parameter, and gets for a result.
enum class Form : uint8_t { None, Unit, Scalar, TextRef, Text, String, Slice, SliceMut, Tensor, TensorRef, TensorMut };
struct Callable {
  uint32_t function = 0;
  std::vector<Form> parameters;
  std::vector<uint32_t> types;  // of the parameters
  Form result = Form::None;
  uint32_t result_type = 0;
};
Result<Callable> find_callable(const vm::VerifiedModule& module, std::string_view name);
// module.cpp: a share of a module that C has a handle of.
std::shared_ptr<const stark_module> share(const stark_module* module);
// The number of a kind in stark.h; isize and usize are 64 bits.
std::optional<stark_type> type_of_kind(spec::TypeKind kind);

// arrays.cpp
Result<devices::Layout> layout_of(const stark_array& array);
std::vector<std::byte> gather(const stark_array& array, const devices::Layout& layout);
void scatter(const std::vector<std::byte>& bytes, const stark_array& array, const devices::Layout& layout);

}  // namespace stark::api

struct stark_instance {
  std::shared_ptr<stark::api::Core> core;
};

struct stark_tensor {
  std::shared_ptr<stark::api::Core> core;
  stark::vm::TensorObject* object = nullptr;
};

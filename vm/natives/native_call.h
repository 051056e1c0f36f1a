// vm/natives/native_call.h — NativeCall: one call of a native, as its body sees it.
// Room: vm/natives. In: argument offsets and types of the site, the caller's frame. Out: the result, written last.
// Law: arguments are roots while the body runs, and nothing else is: after an allocation ask for them again. The result is
// written after the last allocation. A body that panics has taken and changed nothing: its caller still drops what it passed.
#pragma once

#include <bit>

#include "vm/natives/host.h"

namespace stark::vm {

class NativeCall {
 public:
  NativeCall(Host& h, const NativeSite& s, std::byte* frame) : host(h), site(s), frame_(frame) {}

  template <class T>
  T get(size_t argument) const {
    return load<T>(address(argument));
  }
  std::byte* address(size_t argument) const { return frame_ + site.arguments[argument].offset; }
  std::string_view text(size_t argument) const { return get<FatRef>(argument).text(); }  // of `&str`
  gc::Object* handle(size_t argument) const { return get<gc::Object*>(argument); }      // of `str`
  VecValue& vec(size_t argument) const { return *get<VecValue*>(argument); }            // of `&Vec`, `&String`
  TensorObject& tensor(size_t argument) const { return *get<TensorObject*>(argument); }  // of Tensor; for `&Tensor` see below
  TensorObject& tensor_behind(size_t argument) const { return **get<TensorObject**>(argument); }
  // What an argument refers to, points to or holds.
  uint32_t pointee(size_t argument) const { return types().row(site.arguments[argument].type).a; }
  // Element type of the Vec behind a reference, or of the Vec that is the result.
  uint32_t element_behind(size_t argument) const { return types().row(pointee(argument)).a; }
  uint32_t result_element() const { return types().row(site.result.type).a; }

  std::byte* result() const { return frame_ + site.result.offset; }
  template <class T>
  void give(const T& value) {
    store(result(), value);
  }
  void give_bool(bool value) { give<uint8_t>(value ? 1 : 0); }
  void give_text(std::string_view text);  // a new str
  void give_opaque(std::unique_ptr<OpaqueObject> object) {
    OpaqueObject* handle = host.runtime.opaques.adopt(std::move(object));
    if (handle != nullptr) return give(handle);
    host.fail(Exit::Limit, "too many files, threads and scopes are open", "drop handles earlier, or raise the limit with `--handle-limit`");
  }
  template <class T>
  void give_tensor(const Result<T>& made) {
    if (made) {
      give(*made);
    } else {
      host.fail(made.error());
    }
  }

  // --- for natives that wait: each is called again when its fiber is woken, as if for the first time but for `waiting()`
  Waiting& waiting() { return host.fibers.running->waiting; }
  void wait() { host.turn = Turn::Waits; }
  void wait_until(Clock::time_point when) {
    host.fibers.set_alarm(*host.fibers.running, when);
    wait();
  }
  // True once `ready()` holds; else the native is done for now.
  template <class Ready>
  bool wait(uint64_t queue, Ready ready) {
    if (host.runtime.threads.lot.wait(*host.fibers.running, queue, ready)) return true;
    wait();
    return false;
  }
  // … where something outside of the program makes it hold.
  template <class Ready>
  bool wait_outside(uint64_t queue, Ready ready) {
    if (wait(queue, ready)) return true;
    host.fibers.wait_outside(*host.fibers.running);
    return false;
  }
  void give_way() {
    host.fibers.wake_here(*host.fibers.running);
    wait();
  }
  void enter(Fiber& fiber) {
    host.turn = Turn::Enters;
    host.turn_to = &fiber;
  }
  std::shared_ptr<TaskRecord> start_task(bool stays);
  // Nobody wants to know any more what becomes of the fiber.
  bool is_to_be_left() const { return host.fibers.running->is_to_be_left(); }
  void leave() { host.failure = Failure{Exit::Panic, {}, {}, {}, true}; }

  // Null, and the program ends, when the heap is full.
  gc::Object* allocate(const gc::TypeInfo& type, uint64_t count);
  const TypeTables& types() const { return host.program.types(); }

  Host& host;
  const NativeSite& site;

 private:
  std::byte* frame_;
};

using NativeBody = void (*)(NativeCall&);
// The body of a native; one per row of natives.def.
NativeBody native_body(spec::Native native);

// One step of FxHash: rotate, mix in, multiply by an odd constant of good spread.
inline uint64_t mix(uint64_t state, uint64_t word) { return (std::rotl(state, 5) ^ word) * 0x517C'C1B7'2722'0A95ull; }

// vec.cpp: None, or Some with the bytes at `payload`; all words of the enum are written.
void give_option(NativeCall& call, const void* payload, uint32_t size);

// vec.cpp: makes room for one more element; false when the heap is full. For the loop's own push.
bool push_element(NativeCall& call);

// mem.cpp: argument 1 is put at `place`, and what was there is the result.
void replace_behind(NativeCall& call, std::byte* place, uint32_t size);
// slice.cpp: the elements that arguments 1 and 2 name change places, or the program panics.
void swap_elements(NativeCall& call, FatRef elements);

}  // namespace stark::vm

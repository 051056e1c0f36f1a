// vm/run/machine.h — Machine: runs a program's entry to its end, in frames of its own stack.
// Room: vm/run, public face. In: a Host. Out: an exit status, and on stderr what went wrong.
// Law: no call of a STARK function recurses on the C stack; every end flushes what was printed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>

#include "vm/natives/host.h"
#include "vm/paranoid/watcher.h"
#include "vm/verify/unwind.h"

namespace stark::vm {

enum class Trap : uint8_t {
  Index, Tag, AddOverflow, SubOverflow, MulOverflow, DivOverflow, RemOverflow, NegOverflow, PowOverflow, ShlOverflow, ShrOverflow,
  DivZero, RemZero, StackOverflow, Split
};

// A value for a parameter, as it lies in a register; a `str` is made of the text that is given.
struct CallArgument {
  FatRef value;
  uint32_t size = 0;
  bool is_new_text = false;
};
// What a call from outside came to. Over: nothing of the program may run any more.
struct Outcome {
  std::optional<Failure> failure;
  std::string told;  // all that is to be said of it, with the trace
  bool is_over = false;
};

class Machine final : public gc::RootProvider, public profile::StackSource {
 public:
  // In `stack_bytes` of stack, if there is that much room: else is_usable() is false.
  Machine(Host& host, size_t stack_bytes, bool takes_tasks);
  explicit Machine(Host& host) : Machine(host, host.options.stack_bytes, true) {}
  ~Machine();
  Machine(const Machine&) = delete;

  // What the loop wants in Op::handler, by Exec. `trace`: every operation tells about itself first.
  static std::vector<uint32_t> handlers(bool trace = false);

  // Runs a function without parameters and gives the process's exit status.
  int run(uint32_t function);
  bool is_usable() const { return stack_ != nullptr; }

  // calls.cpp: for whoever embeds the program, and gave the host a mutator that rests. What the function returns is shown to
  // `take`, which allocates nothing; close() is the last call.
  using Taker = std::function<void(const std::byte* result)>;
  Outcome call(uint32_t function, std::span<const CallArgument> arguments, const Taker& take);
  Outcome close();
  std::optional<std::string> error_in(uint32_t type, const std::byte* result) const;  // of what `main` gave
  void return_fuel();     // what it does not need goes back to the budget
  void renew_fuel() { fuel_ = 0; }  // what the budget gave for the last call is gone

  // threads.cpp: a thread of its own calls the body, whose box is the machine's from now on.
  static std::shared_ptr<TaskRecord> start_thread(Host& parent, FatBox body);
  // … and one that takes tasks, if the host's options allow one more.
  static void start_worker(Host& parent);

  void visit_roots(gc::Visitor& visitor) override;
  void stack(std::vector<profile::FrameId>& frames) override;

 private:
  static void loop(Machine* m, const Op* pc, std::byte* fp);
  // Where a destructor is to be called, or where to go on.
  struct NextDrop {
    Function* destructor = nullptr;
    void* address = nullptr;
    const Op* resume = nullptr;
    bool waits = false;      // the fiber does, or one that it drives has its turn
    bool has_failed = false;
  };
  NextDrop next_drop();
  std::optional<NextDrop> drop_fiber(DropEntry entry);
  bool has_ended(const ScopeObject& scope);
  void drop_fields(uint32_t type, std::byte* address);
  void drop_box(uint32_t type, FatBox box);
  void drop_arc(uint32_t type, FatBox arc);
  void release_guard(spec::GuardKind kind, void* cell);
  void later_value(uint32_t type, std::byte* address);
  void drop_dead();

  bool place(const Function& entry, std::byte* frame, std::span<const CallArgument> arguments);
  Outcome settle();

  // stacks.cpp: frames that do not fit behind their callers.
  std::byte* grow(std::byte* frame, const Function& callee, const Op* return_to, std::byte* caller);
  bool add_chunk(size_t bytes);
  void drop_chunk();
  const Op* leave_chunk();
  bool is_first_of_chunk(const std::byte* fp) const { return running().chunk != nullptr && fp == running().chunk->frame; }
  // Where the innermost frame's caller goes on.
  const Op* return_of(std::byte* fp) const { return is_first_of_chunk(fp) ? running().chunk->return_to : header(fp).return_to; }

  // fibers.cpp: who has the turn.
  void put_aside(const Op* pc, std::byte* fp, Fiber::State state);
  void take_up(Fiber& fiber);
  void begin_fiber(Fiber& fiber);
  void drop_body(Fiber& fiber);
  void drive(Fiber& fiber);
  void hand_on();
  void run_next();
  void wait_alone(Fiber& self);
  void rest();
  bool is_stuck();
  bool is_ended();
  Clock::time_point look_up_at() const;
  void take_turn(const NativeSite* site, const Op* pc, std::byte* fp);
  // Whether what is put aside is no more than where it goes on.
  bool is_plain() const { return host_.drops.empty() && making_.empty() && !host_.is_unwinding && !is_leaving_; }
  void end_fiber();
  Fiber& running() const { return *host_.fibers.running; }
  bool is_root() const { return host_.fibers.running == root_; }
  void look_for_others();
  static void visit_frames(gc::Visitor& visitor, std::byte* fp);
  void visit_arguments(gc::Visitor& visitor, const NativeSite* site, std::byte* fp) const;
  void visit_fiber(gc::Visitor& visitor, Fiber& fiber) const;
  // machine.cpp, threads.cpp: the first frame, and what comes of it.
  std::byte* open_frame(const Function& entry, size_t room);
  void prepare(FatBox body);
  void work();
  std::optional<std::string> run_body();

  // statics.cpp
  StaticCell& local_static(uint32_t number);
  bool is_local(const StaticCell& cell) const;
  bool claim_static(StaticCell& cell);
  std::byte* begin_static(StaticCell& cell, const Op* wanted_by, std::byte* fp);
  void settle_static(StaticCell& cell, bool is_made);
  const Op* finish_static(std::byte* fp);
  bool is_made_below(std::byte* fp) const { return !making_.empty() && return_of(fp) == &making_.back()->done[1]; }
  void drop_locals();

  // unwind.cpp
  bool begin_unwinding();
  bool unwind_to_caller(std::byte* fp);
  void leave_while_dropping(std::byte* fp);
  void owe(std::byte* fp, const Op* op, Moment moment, size_t under);
  size_t resume_index() const;
  const Op* failing_op() const { return is_in_drop_work_ ? host_.drops[resume_index()].resume - 1 : pc_; }

  // slow_paths.cpp
  void trap(Trap which, uint64_t x = 0, uint64_t y = 0);
  void panic(const gc::Object* text);
  bool watch(const Op* pc, std::byte* fp);  // false when it found something
  void fail_late();
  bool refuel();  // false when the budget is used up
  bool call_native(const NativeSite& site, std::byte* fp);  // false when the program has failed
  // foreign.cpp; likewise. `called_back`: by C, in the middle of a foreign call.
  bool call_foreign(const ForeignSite& site, std::byte* fp);
  bool foreign_function(uint32_t function, std::byte* to);
  static void called_back(ffi_cif* cif, void* result, void** arguments, void* callback);
  void run_callback(const ForeignCallback& callback, void* result, void** arguments);
  bool is_called_back(std::byte* fp) const { return !inside_.empty() && return_of(fp) == &inside_.back()->exit[1]; }
  bool format(const FormatSite& site, std::byte* fp, uint32_t to);
  bool tensor_op(Exec code, const TensorSite& site, std::byte* fp);
  bool run_tensor_op(Exec code, const TensorSite& site, std::byte* fp);
  int report_failure();
  int finish(uint32_t result_type, const std::byte* result);
  std::string told() const;
  std::string last_words() const;
  // backtrace.cpp: every frame of the running fiber, the innermost first, and where it is; until `visit` says false.
  void for_each_frame(const std::function<bool(const Function&, const Op*)>& visit) const;
  std::string backtrace() const;
  // profile.cpp: where this thread is, and what else it does while somebody wants to know
  const std::vector<profile::FrameId>& frames_at(const Function& function, const Op* op);
  profile::FrameId leaf_of(const void* site, profile::FrameKind kind, const std::function<std::string()>& name);
  void run_profiled(class NativeCall& call);
  void run_profiled(const BoundForeign& bound, const ForeignSite& site, void* result, void** arguments);
  bool run_profiled(Exec code, const TensorSite& site, std::byte* fp);
  std::string tensor_text(Exec code, const TensorSite& site) const;
  void stop_here();  // while another thread collects
  void trace(const Op* pc, std::byte* fp, Exec code);

  // tensors.cpp
  void tell_graph(const TensorSite& site, std::span<TensorObject* const> outputs, Clock::duration took) const;
  Result<void> run_graph(const TensorSite& site, std::byte* fp);
  Result<void> make_tensor(Exec code, const TensorSite& site, std::byte* fp);
  Result<void> tensor_element(Exec code, const TensorSite& site, std::byte* fp);
  Result<void> narrow(const TensorSite& site, std::byte* fp);
  uint64_t scalar_bits(const FrameValue& value, const std::byte* fp) const;
  int64_t integer(const FrameValue& value, const std::byte* fp) const;

  // Under the entry's frame, whoever runs it has one: a header alone, when nothing is wanted back.
  static constexpr uint32_t kHostFrame = 32;
  static uint32_t frame_size(std::byte* fp) { return header(fp).function != nullptr ? header(fp).function->frame_size : kHostFrame; }
  static FrameHeader& header(std::byte* fp) { return *reinterpret_cast<FrameHeader*>(fp); }
  const TypeTables& types() const { return host_.program.types(); }

  // Room above the stack's end, for the destructors that a stack overflow leads to.
  static constexpr size_t kUnwindReserve = size_t{256} << 10;

  Host& host_;
  std::byte* stack_ = nullptr;
  std::byte* stack_end_ = nullptr;
  size_t mapped_ = 0;
  // Of the innermost frame, whenever control is not in the loop.
  const Op* pc_ = nullptr;
  std::byte* fp_ = nullptr;
  Chunk* spare_ = nullptr;              // one that was left, for the next call
  Fiber* root_ = nullptr;               // the thread's own
  const bool takes_tasks_;
  StaticCell* const statics_;           // by number
  std::unique_ptr<paranoid::Watcher> watcher_;
  profile::Thread* profile_ = nullptr;  // the recorder's; null where nobody looks
  // What it told of an operation before: its functions, the outermost first, and the line.
  std::unordered_map<const void*, std::vector<profile::FrameId>> looked_at_;
  std::unordered_map<const void*, profile::FrameId> leaves_;  // by site
  bool others_ran_ = false;             // since it last looked
  std::unique_ptr<LocalStatics> locals_;
  std::vector<StaticCell*> making_;     // those that this machine makes, the innermost last
  // A call from C in the middle of one to it: behind it the loop is left, and the caller's frame waits at an operation.
  struct Callback {
    Op exit[2];
    const Op* waits_at = nullptr;
  };
  std::vector<Callback*> inside_;       // the innermost last
  Op exit_[2];
  Op fiber_exit_[2];
  Op drop_continue_[2];
  Op unwind_frame_;
  int64_t fuel_ = 0;    // instructions that the budget has given and that are not used yet
  uint64_t depth_ = 0;  // for traces
  bool is_leaving_ = false;           // a fiber that nobody wants leaves its frames
  bool is_in_drop_work_ = false;      // the failure happened where a destructor was to be called
  std::byte* completing_ = nullptr;   // the frame that finishes a Replace before it is left
  std::map<std::tuple<uint32_t, uint32_t, Moment>, std::vector<Owed>> owed_;  // by function, word: a recursion asks often
  std::string told_;                  // of the panic that is being unwound: all of it, and its message
  std::string message_;
};

}  // namespace stark::vm

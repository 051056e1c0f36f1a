// vm/load/program.h — Program: a verified module made ready to run; functions are translated when they are first called.
// Room: vm/load. In: VerifiedModule. Out: functions, constants and object descriptors for run, natives and tensor.
// Law: whatever is read here has been proven; nothing is checked again but what depends on values. Several threads may call any of it.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "gc/type_info.h"
#include "vm/load/exec_op.h"
#include "vm/objects/text.h"
#include "vm/objects/type_tables.h"
#include "vm/verify/verify.h"

namespace stark::vm {

// Lies at the start of every frame; registers follow.
struct FrameHeader {
  const Op* return_to = nullptr;  // the operation behind the call
  std::byte* caller = nullptr;    // its frame
  const struct Function* function = nullptr;
};

inline gc::SlotKind slot_kind(PointerSlot::Kind kind) {
  return kind == PointerSlot::Kind::Base ? gc::SlotKind::Base : kind == PointerSlot::Kind::Weak ? gc::SlotKind::Weak : gc::SlotKind::Interior;
}
// Descriptor of an object that holds one value, which says of which type.
struct BoxInfo : gc::TypeInfo {
  uint32_t type = 0;
};

struct RootSlot {
  uint32_t offset;
  gc::SlotKind kind;
};

// Where a body's registers lie in a frame.
struct Layout {
  std::vector<uint32_t> registers;  // offsets
  std::vector<uint32_t> flags;      // offset of each register's drop flag, or 0
};

// A body among the operations of a function: its own, which is the first, or one that stands where it would be called.
struct Body {
  uint32_t function = 0;
  uint32_t caller = spec::kNone;  // the body with the call
  uint32_t word = 0;              // of the call
  const Layout* layout = nullptr;
};
// Which instruction an operation came from.
struct Origin {
  uint32_t word = 0;
  uint32_t body = 0;
  bool operator==(const Origin&) const = default;
};
// Where a body is at some time.
struct Point {
  uint32_t function = 0;
  uint32_t word = 0;
  const Layout* layout = nullptr;
};

struct Function {
  std::atomic<const Op*> entry{nullptr};  // null until translated; whoever sees it sees the rest
  uint32_t frame_size = 0;
  uint32_t parameters_end = 0;
  uint32_t reach = 0;  // the frame, and what is written behind it before others' frames are there
  uint32_t zero_from = 0, zero_bytes = 0;  // cleared at entry: pointer words and drop flags
  uint32_t index = 0;
  bool is_laid_out = false;
  Layout layout;
  std::map<uint32_t, Layout> inlined;  // of functions that may stand where they are called
  std::vector<RootSlot> roots;         // of all of them
  std::vector<Op> ops;
  std::vector<Exec> codes;      // of each operation, for traces
  std::vector<Origin> origins;  // of each operation
  std::vector<Body> bodies;
};

// What became of that so far.
struct Translated {
  uint64_t functions = 0;
  std::chrono::nanoseconds time{0};
};
// How functions become operations.
struct Translation {
  bool inlines = true;   // small ones stand where they are called
  bool improves = true;  // what need not be done is left out
  bool meters = false;   // every block says how long it is
  bool looks = false;    // a profiler may look at heads of loops, before calls and before returns
  bool watches = false;  // every instruction says when it begins and ends; then each stands for itself, and nothing is made fewer
};

struct Position {
  std::string_view file;
  uint32_t line = 0, column = 0;
};

class Program {
 public:
  // `handlers`: what the loop wants in Op::handler, by Exec.
  Program(VerifiedModule verified, std::span<const uint32_t> handlers, Translation translation = {});
  Program(const Program&) = delete;

  const spec::Module& module() const { return verified_.module(); }
  const VerifiedModule& verified() const { return verified_; }
  const TypeTables& types() const { return types_; }
  std::span<const uint32_t> handlers() const { return handlers_; }
  const Translation& translation() const { return translation_; }

  Function& function(uint32_t index) { return functions_[index]; }
  void lay_out(Function& function);   // frame offsets; once
  void translate(Function& function);  // operations; once
  Translated translated() {
    const std::scoped_lock lock(translating_);
    return translated_;
  }

  // The handle of a text constant, at one place for the life of the program.
  gc::Object* text_constant(uint32_t constant);
  // Descriptor of a buffer with elements of this type.
  const gc::TypeInfo& buffer_info(uint32_t element_type);
  std::string_view function_name(uint32_t index) const { return module().text_of(module().functions[index].name); }
  // Descriptor of an object that an Arc shares: a count, then one value of this type, or a run of elements.
  const BoxInfo& arc_info(uint32_t type);
  const gc::TypeInfo& arc_run_info(uint32_t element_type);
  // Whether the program can start threads or tasks: then its functions poll.
  bool has_threads() const { return has_threads_; }
  // Descriptor of an object that holds one value of this type.
  const BoxInfo& box_info(uint32_t type);
  const VTable* vtable(uint32_t index) const { return &vtables_[index]; }
  // Where every function behind a method of a dyn takes its arguments, the thin receiver first; and where they end.
  std::vector<uint32_t> method_offsets(const spec::SignatureRow& method) const;
  // The bodies that an operation is in the middle of, the innermost first.
  std::vector<Point> points_of(const Function& function, const Op* op) const;
  // In the source; line 0 when there is no debug information.
  Position position_of(const Point& point) const;

  template <class Site>
  const Site* keep(Site site) {
    auto& all = std::get<std::deque<Site>>(sites_);
    all.push_back(std::move(site));
    return &all.back();
  }

 private:
  VerifiedModule verified_;
  TypeTables types_;
  std::vector<uint32_t> handlers_;
  const Translation translation_;
  std::vector<Function> functions_;  // never moves
  std::vector<gc::Object*> texts_;
  // By type, made when they are first asked for.
  template <class Info>
  class Infos {
   public:
    explicit Infos(size_t count) : slots_(count) {}
    ~Infos() {
      for (auto& slot : slots_) delete slot.load();
    }
    // `make` may run twice; one of what it gives is kept.
    template <class Make>
    const Info& get(uint32_t type, Make make) {
      const Info* known = slots_[type].load(std::memory_order_acquire);
      if (known != nullptr) return *known;
      auto made = std::make_unique<Info>(make());
      if (slots_[type].compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) return *made.release();
      return *known;
    }

   private:
    std::vector<std::atomic<const Info*>> slots_;
  };
  BoxInfo value_info(const char* name, uint32_t type, uint32_t before) const;

  // inline.cpp
  void find_shared();
  bool is_shared_in(uint32_t type) const;
  void choose_inlined(Function& root, uint32_t body, std::vector<uint32_t>& chain, uint32_t& words) const;

  std::mutex translating_;
  Translated translated_;
  bool has_threads_ = false;
  std::vector<bool> shares_;  // by type: a value of it may lead to a Gc or Weak
  Infos<gc::TypeInfo> buffers_, arc_runs_;
  Infos<BoxInfo> boxes_, arcs_;
  std::vector<VTable> vtables_;
  std::vector<Function*> vtable_functions_;
  TextPool pool_;
  std::tuple<std::deque<FormatSite>, std::deque<NativeSite>, std::deque<ForeignSite>, std::deque<TensorSite>, std::deque<std::vector<int32_t>>> sites_;
};

}  // namespace stark::vm

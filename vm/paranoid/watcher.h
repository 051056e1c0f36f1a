// vm/paranoid/watcher.h — Watcher: goes along with one machine, instruction by instruction, and finds fault with what the proof should have refused.
// Room: vm/paranoid, public face. In: functions, words, frames, as they are about to run and have run. Out: a failure of the host (status 8).
// Law: of a program that was proven it never says a word. It reads the bundle's instructions, never the operations that were made of them.
#pragma once

#include <string>
#include <vector>

#include "gc/listener.h"
#include "vm/natives/host.h"
#include "vm/paranoid/shadow.h"

namespace stark::vm::paranoid {

// What an instruction does with a place.
enum class Touch : uint8_t { Read, Replace, Move, Drop, Share, Lend };

// Where a place is just now.
struct Spot {
  std::byte* address = nullptr;
  uint32_t type = spec::kNone;
  bool is_unsized = false;           // behind a fat reference or box: `memory` is all of it
  uint64_t length = 0;               // of a slice
  Stretch memory;
  bool is_shared = false;            // on the way lies what others share
  Held least = Held::Here;           // what is named must be there; behind a reference it may have been named for the last time
  User user;                         // who goes this way
  bool is_known = true;              // every reference on the way stands for a known loan
  bool is_checked_by_loop = false;   // an index or a variant does not fit: the instruction is about to say so
  std::byte* hollow = nullptr;       // the outermost box on the way that the frame owns
};

class Watcher final : public gc::MoveListener {
 public:
  Watcher(Host& host, const std::byte* stack, size_t bytes);
  ~Watcher();
  Watcher(const Watcher&) = delete;

  // False when something is wrong, of which the host has been told.
  bool enter(const Function& function, std::byte* fp);
  bool before(const Function& function, uint32_t word, std::byte* fp);
  bool after(const Function& function, uint32_t word, std::byte* fp);

  // Somebody else may have put other references anywhere.
  void forget_tags() { shadow_.forget_tags(); }

  void begin_moving() override;
  void moved(const void* from, const void* to, size_t bytes) override;
  void end_moving() override;

 private:
  using Words = std::span<const uint32_t>;
  // An operand on its way: where it came from is gone, what its words stood for is not.
  struct Taken {
    std::byte* address = nullptr;
    uint32_t type = spec::kNone;
    std::vector<TagAt> tags;
  };
  struct Pending {
    std::byte* fp = nullptr;
    std::vector<Taken> operands;
    std::vector<Tag> tags;  // of all operands
    User user;              // of a borrow
    bool is_known = false;
  };
  // One instruction of one frame.
  struct At {
    const Function& function;
    const spec::FunctionRow& row;
    uint32_t word;
    std::byte* fp;
    spec::Opcode op;
    Words words;
  };

  At at(const Function& function, uint32_t word, std::byte* fp) const;
  Pending& pending(std::byte* fp);

  // watcher.cpp
  bool operand(const At& i, uint32_t word);
  bool operands(const At& i, Words words);
  bool reference(const At& i, const Taken& value);
  void forget_behind(const Taken& reference);
  bool all_hold(const At& i, const std::byte* value, std::span<const TagAt> tags);
  bool drop_place(const At& i, uint32_t place);
  bool destructors_may_look(const At& i, uint32_t type, const std::byte* address);
  bool drop_flag(const At& i, uint32_t reg);
  bool leave(const At& i);
  void collect_unnamed(const std::byte* top);

  // arrivals.cpp: what an instruction puts into its place
  bool arrive(const At& i, uint32_t place);
  std::vector<TagAt> arriving(const At& i, const Spot& to);
  std::vector<TagAt> parts(const At& i, const Spot& to, bool is_variant);
  std::vector<TagAt> result_of_native(const At& i, const Spot& to);

  // walk.cpp
  bool find(const At& i, uint32_t place, Spot& spot);
  bool step(const At& i, Spot& spot, spec::ProjectionKind kind, uint32_t argument, uint32_t& variant);
  bool element(const At& i, Spot& spot, uint64_t index);
  bool dereference(const At& i, Spot& spot);
  bool touch(const At& i, uint32_t place, Touch how, Spot& spot);
  Stretch behind(uint32_t pointer_type, const std::byte* word, std::byte* first) const;

  // owned.cpp. A list of a million nodes is not walked at each move: what is further away counts as not known.
  static constexpr int kMostStretches = 64;
  template <class Visit>
  void for_each_owned(uint32_t type, const std::byte* address, bool is_exclusive, int& left, Visit& visit) const;
  std::vector<Stretch> owned(uint32_t type, const std::byte* address, bool is_exclusive) const;
  bool owes(uint32_t type, const std::byte* address) const;
  bool is_plain(uint32_t type) const;

  bool complain(const At& i, std::string what, Tag tag = 0);
  std::string where(Site site) const;
  Site site(const At& i) const { return {i.function.index, i.word}; }
  const spec::Module& m() const { return host_.program.module(); }
  const TypeTables& types() const { return host_.program.types(); }
  uint32_t register_type(const At& i, uint32_t r) const { return m().registers[i.row.registers.first + r].type.type; }
  std::byte* register_at(const At& i, uint32_t r) const { return i.fp + i.function.layout.registers[r]; }

  Host& host_;
  Shadow shadow_;
  Loans loans_;
  std::vector<Pending> pending_;     // by frame, the innermost last
  std::vector<Taken> arguments_;     // of the call that is about to enter
  std::vector<TagAt> returned_;      // of the call that returned last
  mutable std::vector<int8_t> plain_;  // by type: what is_plain said
};

}  // namespace stark::vm::paranoid

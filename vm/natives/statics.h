// vm/natives/statics.h — where the statics of a running program lie, and which fiber makes each of them.
// Room: vm/natives. Essay: vm/run/README.md, "Statics". In: a Program. Out: addresses that stay, shown to the collector as roots.
// Law: an address is there once its value is whole; nobody holds a lock of this file while waiting for a collection.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "gc/visitor.h"
#include "vm/load/program.h"
#include "vm/natives/threads.h"

namespace stark::vm {

struct StaticCell {
  enum class State : uint8_t { Unmade, Making, Made, Failed, Dropped };

  std::atomic<std::byte*> address{nullptr};  // of the value, once it is made
  std::atomic<State> state{State::Unmade};
  std::byte* memory = nullptr;
  uint32_t number = 0, type = 0;
  Function* initialiser = nullptr;
  // While it is being made: by which fiber, and where its initialiser returns to. The first operation says where the value goes, the
  // second takes it from there; then the one that wanted it is run again.
  uint64_t maker = 0;
  Op done[2];
  const Op* resume = nullptr;
};

// Those that all threads share.
class Statics final : public gc::RootProvider {
 public:
  enum class Claim : uint8_t { Mine, Made, Failed, Circular, Waits };

  explicit Statics(Program& program);
  Statics(const Statics&) = delete;
  StaticCell* cells() { return cells_.get(); }

  // Who is told Mine makes it; others are told to ask again when they are woken, or that it never will be made.
  Claim claim(StaticCell& cell, Fiber& fiber, ParkingLot& lot);
  // By its maker: the value is in its memory, or will not be.
  void settle(StaticCell& cell, bool is_made, ParkingLot& lot);

  void visit_roots(gc::Visitor& visitor) override;

 private:
  bool waits_for(const StaticCell& cell, uint64_t fiber) const;

  struct Root {
    std::byte* address;
    gc::SlotKind kind;
  };
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::unique_ptr<StaticCell[]> cells_;
  std::vector<Root> roots_;
  std::mutex mutex_;  // of what follows, and of every `maker`
  std::map<uint64_t, const StaticCell*> waiting_;  // by fiber
};

// One thread's own: handles that are counted, the thread's being one of them.
class LocalStatics {
 public:
  explicit LocalStatics(Program& program);
  StaticCell& cell(uint32_t number) { return cells_[number]; }
  Statics::Claim claim(StaticCell& cell, Fiber& fiber, ParkingLot& lot);
  void settle(StaticCell& cell, bool is_made, ParkingLot& lot);
  // The one that was made last and still is there, which nobody gets any more; null when there is none.
  StaticCell* take_last();
  void visit_roots(gc::Visitor& visitor, const TypeTables& types);

 private:
  std::unique_ptr<StaticCell[]> cells_;
  std::unique_ptr<FatBox[]> handles_;
  std::vector<uint32_t> made_;
};

// `cells` of one kind of static get their types, initialisers and what their initialisers return to.
std::unique_ptr<StaticCell[]> static_cells(Program& program);

}  // namespace stark::vm

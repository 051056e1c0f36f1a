// vm/natives/statics.cpp — memory of statics, and the one thread that makes each.
// Room: vm/natives. Essay: vm/run/README.md, "Statics". In: see statics.h.
#include "vm/natives/statics.h"

#include <algorithm>
#include <cstdlib>

namespace stark::vm {

using State = StaticCell::State;

namespace {

constexpr size_t kApart = 16;  // one begins at a multiple of this, and has an address of its own even where it has no size

size_t room_of(size_t size) { return std::max(kApart, (size + kApart - 1) / kApart * kApart); }

}  // namespace

std::unique_ptr<StaticCell[]> static_cells(Program& program) {
  const auto& rows = program.module().statics;
  auto cells = std::make_unique<StaticCell[]>(rows.size());
  for (uint32_t x = 0; x < rows.size(); ++x) {
    StaticCell& cell = cells[x];
    cell.number = x;
    cell.type = rows[x].type;
    cell.initialiser = &program.function(rows[x].initialiser);
    cell.done[1].handler = program.handlers()[static_cast<size_t>(Exec::StaticDone)];
  }
  return cells;
}

void Statics::Free::operator()(std::byte* memory) const { std::free(memory); }

Statics::Statics(Program& program) : cells_(static_cells(program)) {
  const auto& rows = program.module().statics;
  const auto is_shared = [&](size_t x) { return (rows[x].flags & spec::kStaticLocal) == 0; };
  size_t bytes = 0;
  for (size_t x = 0; x < rows.size(); ++x) bytes += is_shared(x) ? room_of(program.types().size(rows[x].type)) : 0;
  memory_.reset(static_cast<std::byte*>(std::calloc(std::max<size_t>(bytes, 1), 1)));
  CHECK(memory_ != nullptr);
  std::byte* next = memory_.get();
  for (size_t x = 0; x < rows.size(); ++x) {
    if (!is_shared(x)) continue;
    cells_[x].memory = next;
    for (const PointerSlot& slot : program.types().facts(rows[x].type).pointers) roots_.push_back({next + slot.offset, slot_kind(slot.kind)});
    next += room_of(program.types().size(rows[x].type));
  }
}

void Statics::visit_roots(gc::Visitor& visitor) {
  for (const Root& root : roots_) visitor.visit(root.kind, root.address);
}

// Whether who makes the static waits for one that `fiber` makes, directly or by way of others.
bool Statics::waits_for(const StaticCell& cell, uint64_t fiber) const {
  const StaticCell* at = &cell;
  for (;;) {
    if (at->state != State::Making) return false;
    if (at->maker == fiber) return true;
    const auto next = waiting_.find(at->maker);
    if (next == waiting_.end()) return false;
    at = next->second;
  }
}

Statics::Claim Statics::claim(StaticCell& cell, Fiber& fiber, ParkingLot& lot) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.erase(fiber.id);
    switch (cell.state) {
      case State::Made: return Claim::Made;
      case State::Unmade:
        cell.maker = fiber.id;
        cell.state = State::Making;
        return Claim::Mine;
      case State::Making:
        if (waits_for(cell, fiber.id)) return Claim::Circular;
        waiting_[fiber.id] = &cell;
        break;
      default: return Claim::Failed;
    }
  }
  return lot.wait(fiber, cell.number, [&] { return cell.state != State::Making; }) ? claim(cell, fiber, lot) : Claim::Waits;
}

void Statics::settle(StaticCell& cell, bool is_made, ParkingLot& lot) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_made) cell.address.store(cell.memory, std::memory_order_release);
    cell.state = is_made ? State::Made : State::Failed;
  }
  lot.wake(cell.number);
}

LocalStatics::LocalStatics(Program& program) : cells_(static_cells(program)), handles_(std::make_unique<FatBox[]>(program.module().statics.size())) {
  for (size_t x = 0; x < program.module().statics.size(); ++x) cells_[x].memory = reinterpret_cast<std::byte*>(&handles_[x]);
}

// Another fiber of the thread may be about to make it.
Statics::Claim LocalStatics::claim(StaticCell& cell, Fiber& fiber, ParkingLot& lot) {
  if (cell.state == State::Making && cell.maker == fiber.id) return Statics::Claim::Circular;
  if (cell.state == State::Making) return lot.wait(fiber, cell.number, [] { return false; }), Statics::Claim::Waits;
  if (cell.state != State::Unmade) return Statics::Claim::Failed;
  cell.maker = fiber.id;
  cell.state = State::Making;
  return Statics::Claim::Mine;
}

// A panic leaves it unmade: the next use tries again.
void LocalStatics::settle(StaticCell& cell, bool is_made, ParkingLot& lot) {
  cell.state = is_made ? State::Made : State::Unmade;
  lot.wake(cell.number);
  if (!is_made) return;
  cell.address = cell.memory;
  made_.push_back(cell.number);
}

StaticCell* LocalStatics::take_last() {
  if (made_.empty()) return nullptr;
  StaticCell& cell = cells_[made_.back()];
  made_.pop_back();
  cell.address = nullptr;
  cell.state = State::Dropped;
  return &cell;
}

void LocalStatics::visit_roots(gc::Visitor& visitor, const TypeTables& types) {
  const auto show = [&](const StaticCell& cell) {
    for (const PointerSlot& slot : types.facts(cell.type).pointers) visitor.visit(slot_kind(slot.kind), cell.memory + slot.offset);
  };
  for (uint32_t x : made_) show(cells_[x]);
}

}  // namespace stark::vm

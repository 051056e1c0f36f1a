// vm/run/statics.cpp — a static is made when it is first used, in a frame behind that of whoever wanted it; a thread's own end with it.
// Room: vm/run. Essay: vm/run/README.md, "Statics". In: the operation that found none. Out: the initialiser's frame; values in their places.
#include <fmt/format.h>

#include "gc/barrier.h"
#include "vm/run/machine.h"

namespace stark::vm {

StaticCell& Machine::local_static(uint32_t number) {
  if (locals_ == nullptr) locals_ = std::make_unique<LocalStatics>(host_.program);
  return locals_->cell(number);
}

bool Machine::is_local(const StaticCell& cell) const {
  return (host_.program.module().statics[cell.number].flags & spec::kStaticLocal) != 0;
}

// Whether the static is this machine's to make; else it is there, or the host fails.
bool Machine::claim_static(StaticCell& cell) {
  Fiber& fiber = *host_.fibers.running;
  ParkingLot& lot = host_.runtime.threads.lot;
  const auto claim = is_local(cell) ? locals_->claim(cell, fiber, lot) : host_.runtime.statics.claim(cell, fiber, lot);
  if (claim == Statics::Claim::Waits) host_.turn = Turn::Waits;
  const std::string_view name = host_.program.module().text_of(host_.program.module().statics[cell.number].name);
  if (claim == Statics::Claim::Circular) {
    host_.fail(Exit::Panic, fmt::format("`{}` is used while it is being made", name), "let one of the statics be made without the other");
  } else if (claim == Statics::Claim::Failed) {
    const bool is_gone = cell.state == StaticCell::State::Dropped;
    host_.fail(Exit::Panic, is_gone ? fmt::format("`{}` is used after its thread dropped it", name) : fmt::format("`{}` was never made: its initialiser panicked", name));
  }
  return claim == Statics::Claim::Mine;
}

// Under the frame at `fp` lies room for the value, and under that the initialiser's frame. Null where there is nothing to enter.
std::byte* Machine::begin_static(StaticCell& cell, const Op* wanted_by, std::byte* fp) {
  Function& initialiser = *cell.initialiser;
  if (initialiser.entry.load(std::memory_order_acquire) == nullptr) host_.program.translate(initialiser);
  const size_t value_at = header(fp).function->frame_size;
  const size_t begin = value_at + (types().size(cell.type) + 15) / 16 * 16;
  const bool fits = stack_end_ - fp >= static_cast<ptrdiff_t>(begin + initialiser.reach);
  if (!fits && is_root()) return trap(Trap::StackOverflow), nullptr;
  if (!claim_static(cell)) return nullptr;
  cell.done[0].a = static_cast<uint32_t>(value_at);
  cell.resume = wanted_by;
  making_.push_back(&cell);
  if (!fits) {
    std::byte* frame = grow(fp + begin, initialiser, &cell.done[1], fp);
    if (frame == nullptr) making_.pop_back(), settle_static(cell, false);
    return frame;
  }
  header(fp + begin) = {&cell.done[1], fp, &initialiser};
  return fp + begin;
}

void Machine::settle_static(StaticCell& cell, bool is_made) {
  if (is_local(cell)) return locals_->settle(cell, is_made, host_.runtime.threads.lot);
  host_.runtime.statics.settle(cell, is_made, host_.runtime.threads.lot);
}

// The initialiser has returned: its value goes where it stays, and whoever wanted it looks again.
const Op* Machine::finish_static(std::byte* fp) {
  StaticCell& cell = *making_.back();
  making_.pop_back();
  const size_t size = types().size(cell.type);
  gc::store_barrier(cell.memory, size);
  std::memcpy(cell.memory, fp + cell.done[0].a, size);
  settle_static(cell, true);
  return cell.resume;
}

// After the thread's last frame. The youngest goes first; a destructor may use older ones, and make others.
void Machine::drop_locals() {
  if (locals_ == nullptr) return;
  while (!host_.failure) {
    StaticCell* cell = locals_->take_last();
    if (cell == nullptr) return;
    host_.drops.push_back({DropEntry::Kind::Resume, 0, nullptr, 0, 0, &exit_[1]});
    host_.drops.push_back({DropEntry::Kind::Value, cell->type, cell->memory, 0, 0, nullptr});
    loop(this, &drop_continue_[1], stack_);
  }
}

}  // namespace stark::vm

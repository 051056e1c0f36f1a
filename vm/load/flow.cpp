// vm/load/flow.cpp — finds slots, blocks and what is live.
// Room: vm/load. In: Improvable. Out: Flow.
#include "vm/load/flow.h"

#include <algorithm>

namespace stark::vm {
namespace {

// Beyond this, improving takes longer than it is worth: slots times blocks.
constexpr size_t kMostWork = size_t{1} << 24;
constexpr size_t kMostBlocks = 4096;

constexpr uint32_t kBad = kNoSlot - 1;  // a byte that belongs to no slot

}  // namespace

Flow::Flow(Improvable& it) : it_(it) {
  find_slots();
  find_blocks();
  is_usable_ = blocks_.size() <= kMostBlocks && slots_.size() * blocks_.size() <= kMostWork;
  if (is_usable_) find_live();
}

// One access: a slot where it is whole and alone, bytes of no slot where it is not. `owner`: by byte.
void Flow::note(const Access& a, std::vector<uint32_t>& owner) {
  const auto spoil = [&](uint32_t from, uint32_t size) {
    for (uint32_t b = from; b < from + size; ++b) {
      if (owner[b] < kBad) slots_[owner[b]].size = 0;
      owner[b] = kBad;
    }
  };
  if (a.kind == Access::Kind::Escape) {
    const Area* area = it_.area_of(a.offset);
    if (area != nullptr) spoil(area->offset, area->size);
    return;
  }
  if (!is_word_size(a.size)) {  // of several slots, whole ones
    for (uint32_t b = a.offset; b < a.offset + a.size; ++b) {
      if (owner[b] >= kBad) continue;
      Slot& slot = slots_[owner[b]];
      if (slot.offset < a.offset || slot.offset + slot.size > a.offset + a.size) spoil(slot.offset, slot.size);
      slot.is_tied = true;
    }
    return;
  }
  const uint32_t known = owner[a.offset];
  if (known < kBad && slots_[known].offset == a.offset && slots_[known].size == a.size) {
    slots_[known].is_tied |= a.field == nullptr;
    return;
  }
  for (uint32_t b = a.offset; b < a.offset + a.size; ++b) {
    if (owner[b] != kNoSlot) return spoil(a.offset, a.size);
  }
  for (uint32_t b = a.offset; b < a.offset + a.size; ++b) owner[b] = static_cast<uint32_t>(slots_.size());
  slots_.push_back({a.offset, a.size, 0, false, a.field == nullptr, a.offset < it_.parameters_end});
}

void Flow::find_slots() {
  std::vector<uint32_t> owner(it_.frame_end, kNoSlot);
  for (const Area& r : it_.areas) {
    if (r.is_fixed) std::fill_n(owner.begin() + r.offset, r.size, kBad);
  }
  std::vector<Access> accesses;
  Code& code = it_.code;
  for (const bool is_wide : {false, true}) {
    for (size_t at = 0; at < code.ops.size(); ++at) {
      accesses_of(it_.program, code.ops[at], code.codes[at], accesses);
      for (const Access& a : accesses) {
        if (is_word_size(a.size) != is_wide) note(a, owner);
      }
    }
  }
  std::vector<uint8_t> root(it_.frame_end, 0);
  std::vector<bool> scratch(it_.frame_end, false);
  for (const RootSlot& r : it_.roots) root[r.offset] = static_cast<uint8_t>(r.kind) + 1;
  for (const Area& r : it_.areas) std::fill_n(scratch.begin() + r.offset, r.size, r.is_scratch);
  slot_at_.assign(it_.frame_end, kNoSlot);
  for (uint32_t s = 0; s < slots_.size(); ++s) {
    Slot& slot = slots_[s];
    const bool is_whole = slot.size != 0 && std::ranges::all_of(std::span(owner).subspan(slot.offset, slot.size), [&](uint32_t o) { return o == s; });
    if (!is_whole) continue;
    slot.root = root[slot.offset];
    slot.is_scratch = scratch[slot.offset];
    slot_at_[slot.offset] = s;
  }
  for (size_t at = 0; at < code.ops.size(); ++at) {
    first_use_.push_back(uses_.size());
    accesses_of(it_.program, code.ops[at], code.codes[at], accesses);
    for (const Access& a : accesses) {
      if (a.kind == Access::Kind::Escape) continue;
      for (uint32_t b = a.offset; b < a.offset + a.size; ++b) {
        if (slot_at_[b] != kNoSlot) uses_.push_back({slot_at_[b], a.kind == Access::Kind::Write, is_word_size(a.size) ? a.field : nullptr});
      }
    }
  }
  first_use_.push_back(uses_.size());
}

void Flow::find_blocks() {
  const Code& code = it_.code;
  const size_t count = code.ops.size();
  std::vector<bool> leads(count + 1, false);
  leads[0] = true;
  for (size_t at = 0; at < count; ++at) {
    if (is_jump(code.codes[at])) leads[code.labels[code.ops[at].c]] = leads[at + 1] = true;
    if (code.codes[at] == Exec::Switch) {
      for (const int32_t target : targets_of(code.ops[at])) leads[code.labels[static_cast<size_t>(target)]] = true;
    }
    if (is_end(code.codes[at])) leads[at + 1] = true;
  }
  block_of_.assign(count + 1, kNoSlot);
  for (uint32_t at = 0; at < count; ++at) {
    if (leads[at]) {
      block_of_[at] = static_cast<uint32_t>(blocks_.size());
      blocks_.push_back({at, at, {}});
    }
    blocks_.back().end = at + 1;
  }
  for (Block& block : blocks_) {
    const size_t last = block.end - 1;
    const auto to = [&](size_t at) {
      if (at < count) block.next.push_back(block_of_[at]);
    };
    if (is_jump(code.codes[last])) to(code.labels[code.ops[last].c]);
    if (code.codes[last] == Exec::Switch) {
      for (const int32_t target : targets_of(code.ops[last])) to(code.labels[static_cast<size_t>(target)]);
    }
    if (!is_end(code.codes[last])) to(block.end);
  }
}

Bits Flow::live_behind(const Block& block) const {
  Bits live(slots_.size());
  for (const uint32_t n : block.next) {
    Bits other = live_in_[n];
    for (size_t w = 0; w < live.words().size(); ++w) live.words()[w] |= other.words()[w];
  }
  return live;
}

void Flow::step_back(size_t op, Bits& live) {
  for (const SlotUse& u : uses(op)) {
    if (u.is_write) live.remove(u.slot);
  }
  for (const SlotUse& u : uses(op)) {
    if (!u.is_write) live.add(u.slot);
  }
}

// Backwards until nothing changes.
void Flow::find_live() {
  live_in_.assign(blocks_.size(), Bits(slots_.size()));
  std::vector<std::vector<uint32_t>> before(blocks_.size());
  for (uint32_t b = 0; b < blocks_.size(); ++b) {
    for (const uint32_t n : blocks_[b].next) before[n].push_back(b);
  }
  std::vector<uint32_t> waiting;
  std::vector<bool> waits(blocks_.size(), true);
  for (uint32_t b = 0; b < blocks_.size(); ++b) waiting.push_back(b);
  while (!waiting.empty()) {
    const uint32_t b = waiting.back();
    waiting.pop_back();
    waits[b] = false;
    Bits live = live_behind(blocks_[b]);
    for (size_t at = blocks_[b].end; at-- > blocks_[b].first;) step_back(at, live);
    if (live == live_in_[b]) continue;
    live_in_[b] = std::move(live);
    for (const uint32_t p : before[b]) {
      if (!waits[p]) waiting.push_back(p);
      waits[p] = true;
    }
  }
}

}  // namespace stark::vm

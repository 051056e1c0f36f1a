// vm/load/order.cpp — blocks in an order in which control mostly goes on to the next one, so that few jumps are left.
// Room: vm/load. In: Code. Out: the same blocks, in another order.
#include <algorithm>

#include "vm/load/flow.h"

namespace stark::vm {
namespace {

class Orderer {
 public:
  Orderer(Code& code, const std::vector<Block>& blocks) : code_(code), blocks_(blocks), begins_(code.ops.size() + 1, kNoSlot), is_placed_(blocks.size(), false) {
    for (uint32_t b = 0; b < blocks.size(); ++b) begins_[blocks[b].first] = b;
  }

  void run() {
    std::vector<uint32_t> order;
    for (uint32_t start = 0; start < blocks_.size(); ++start) {
      for (uint32_t b = start; b != kNoSlot && !is_placed_[b]; b = next_of(b)) {
        is_placed_[b] = true;
        order.push_back(b);
      }
    }
    emit(order);
  }

 private:
  Exec end_of(uint32_t b) const { return code_.codes[blocks_[b].end - 1]; }
  // Where control goes if nothing else is said, by falling or by a Jump.
  uint32_t next_of(uint32_t b) const {
    const size_t last = blocks_[b].end - 1;
    if (end_of(b) == Exec::Jump) return begins_[code_.labels[code_.ops[last].c]];
    return is_end(end_of(b)) ? kNoSlot : begins_[blocks_[b].end];
  }

  void emit(const std::vector<uint32_t>& order) {
    Code made{code_.handlers, {}, {}, {}, code_.labels};
    std::vector<uint32_t> moved(blocks_.size());
    std::vector<std::pair<uint32_t, uint32_t>> jumps;  // label, block
    for (size_t o = 0; o < order.size(); ++o) {
      const Block& block = blocks_[order[o]];
      const uint32_t next = next_of(order[o]), behind = o + 1 < order.size() ? order[o + 1] : kNoSlot;
      moved[order[o]] = static_cast<uint32_t>(made.ops.size());
      const bool ends_in_jump = end_of(order[o]) == Exec::Jump;
      for (size_t at = block.first; at + (ends_in_jump ? 1 : 0) < block.end; ++at) made.add(code_.ops[at], code_.codes[at], code_.origins[at]);
      if (next == kNoSlot || next == behind) continue;
      const size_t there = blocks_[next].first;
      if (is_within(code_.codes[there], Exec::Ret1, Exec::RetUnit)) {  // it returns as well as what it would jump to
        made.add(code_.ops[there], code_.codes[there], code_.origins[there]);
        continue;
      }
      Op jump;
      jump.c = static_cast<uint32_t>(made.labels.size());
      made.labels.push_back(blocks_[next].first);
      made.add(jump, Exec::Jump, code_.origins[block.end - 1]);
    }
    for (uint32_t& label : made.labels) label = begins_[label] != kNoSlot ? moved[begins_[label]] : 0;
    code_ = std::move(made);
  }

  Code& code_;
  const std::vector<Block>& blocks_;
  std::vector<uint32_t> begins_;  // block by first operation
  std::vector<bool> is_placed_;
};

}  // namespace

void order_blocks(Improvable& it) {
  const Flow flow(it);
  Orderer(it.code, flow.blocks()).run();
}

}  // namespace stark::vm

// vm/load/improve.h — makes the operations of one function fewer: loops turned, copies left out, what nobody reads not computed.
// Room: vm/load, private. In: Code, where its values lie. Out: Code that does the same.
// Law: what unwinding, the collector or a reference may look at stays where it was; every check and trap stays, in its order.
#pragma once

#include <optional>

#include "vm/load/code.h"

namespace stark::vm {

// A stretch of the frame with one register or one slot of scratch.
struct Area {
  uint32_t offset, size;
  bool is_fixed = false;    // others may look at it between operations
  bool is_scratch = false;  // no collection looks here
};

struct Improvable {
  const Program& program;
  Code& code;
  std::vector<Area> areas;         // disjoint
  std::vector<RootSlot> roots;
  uint32_t parameters_end;         // what lies before it is written by the caller
  uint32_t frame_end;
  std::vector<uint32_t> area_at;   // by byte: one more than the area's number, or 0

  const Area* area_of(uint32_t offset) const { return area_at[offset] != 0 ? &areas[area_at[offset] - 1] : nullptr; }
};
void improve(Improvable& it);

// loops.cpp: a condition at the head of a loop is asked at its end instead.
void turn_loops(Code& code);
// known.cpp: operands become what they are known to hold: other slots, constants, places of the frame; what cannot be reached goes.
// True if anything changed.
bool use_what_is_known(Improvable& it);
// split.cpp: copies of what is used in parts become copies of the parts.
void split_copies(Improvable& it);
// order.cpp: blocks stand in an order that needs few jumps.
void order_blocks(Improvable& it);
// fuse.cpp: pairs of operations become one. Nothing may look at accesses afterwards.
void fuse(Improvable& it);
// loops.cpp: the jump that is taken when this one is not. Floats have none for what is less or greater.
std::optional<Exec> opposite(Exec code);
// improve.cpp: takes out operations; labels follow.
void take_out(Code& code, const std::vector<bool>& gone);

}  // namespace stark::vm

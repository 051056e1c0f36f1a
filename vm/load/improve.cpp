// vm/load/improve.cpp — copies are left out, and what nobody reads is not computed.
// Room: vm/load. In: Improvable. Out: its Code, shorter.
#include "vm/load/improve.h"

#include <algorithm>
#include <optional>

#include "vm/load/flow.h"

namespace stark::vm {
namespace {

constexpr int kMostRounds = 4;

// Nothing but the one write comes of it: no trap, no allocation, no control.
bool is_pure(Exec code) {
  if (is_within(code, Exec::Mov1, Exec::LdN) || is_within(code, Exec::Lea, Exec::LeaP) || code == Exec::LeaIndex) return true;
  if (is_within(code, Exec::ShlK_i8, Exec::U64WrappingMul)) return true;
  if (is_within(code, Exec::And1, Exec::NotBool) || is_within(code, Exec::CastToI8_i8, Exec::GeK_f64)) return true;
  if (is_within(code, Exec::F64Sqrt, Exec::F32Abs)) return true;
  if (!is_within(code, Exec::Add_i8, Exec::RemK_f64)) return false;
  return distance(code, Exec::Add_i8) % kNumbers >= static_cast<size_t>(Number::F32);
}

class Improver {
 public:
  explicit Improver(Improvable& it) : code_(it.code), flow_(it), gone_(it.code.ops.size(), false) {}

  // True if anything changed.
  bool run() {
    if (!flow_.is_usable()) return false;
    drop_dead();
    write_at_once();
    join_copies();
    take_out(code_, gone_);
    return changed_;
  }

 private:
  struct Copy {
    uint32_t to, from;
  };

  bool is_copy(size_t at) const { return is_within(code_.codes[at], Exec::Mov1, Exec::Mov8); }
  // The slots of a copy between two slots of one size, if it is one.
  std::optional<Copy> copy_of(size_t at) {
    if (gone_[at] || !is_copy(at)) return std::nullopt;
    const Copy c{flow_.slot_at(code_.ops[at].a), flow_.slot_at(code_.ops[at].b)};
    if ((code_.ops[at].a & kOutgoing) != 0 || c.to == kNoSlot || c.from == kNoSlot) return std::nullopt;
    return c;
  }

  void drop_dead() {
    for (const Block& block : flow_.blocks()) {
      Bits live = flow_.live_behind(block);
      for (size_t at = block.end; at-- > block.first;) {
        if (is_dead(at, live)) {
          gone_[at] = changed_ = true;
        } else {
          flow_.step_back(at, live);
        }
      }
    }
  }

  bool is_dead(size_t at, const Bits& live) {
    const Op& op = code_.ops[at];
    if (!is_pure(code_.codes[at]) || (op.a & kOutgoing) != 0) return false;
    if (is_copy(at) && op.a == op.b) return true;
    const uint32_t written = flow_.slot_at(op.a);
    const auto uses = flow_.uses(at);
    const bool is_slot = std::ranges::any_of(uses, [&](const SlotUse& u) { return u.is_write && u.slot == written && u.field == &op.a; });
    return is_slot && !live.has(written);
  }

  // What is computed into one slot only to be moved to another goes there.
  void write_at_once() {
    for (const Block& block : flow_.blocks()) {
      Bits live = flow_.live_behind(block);
      for (size_t at = block.end; at-- > block.first;) {
        if (at > block.first && !gone_[at] && !gone_[at - 1] && moves_result(at, live)) {
          retarget(at - 1, code_.ops[at].a);
          gone_[at] = changed_ = true;
        }
        if (!gone_[at]) flow_.step_back(at, live);
      }
    }
  }

  // An operation's result goes elsewhere; of where it went only a name is left, as if it were read.
  void retarget(size_t at, uint32_t to) {
    Op& op = code_.ops[at];
    for (SlotUse& u : flow_.uses(at)) {
      if (!u.is_write || u.field != &op.a) continue;
      const uint32_t slot = (to & kOutgoing) != 0 ? kNoSlot : flow_.slot_at(to);
      u = slot != kNoSlot ? SlotUse{slot, true, &op.a} : SlotUse{u.slot, false, nullptr};
    }
    op.a = to;
  }

  // The operation before writes what this one copies, which nobody reads behind it.
  bool moves_result(size_t at, const Bits& live) {
    const Op& move = code_.ops[at];
    const bool is_move = is_copy(at) || (code_.codes[at] == Exec::LeaP && move.c == 0);
    const uint32_t from = is_move ? flow_.slot_at(move.b) : kNoSlot;
    if (from == kNoSlot || live.has(from) || move.a == move.b) return false;
    const Op& before = code_.ops[at - 1];
    if (before.a != move.b) return false;
    const auto uses = flow_.uses(at - 1);
    return std::ranges::any_of(uses, [&](const SlotUse& u) { return u.is_write && u.slot == from && u.field == &before.a; });
  }

  // Two slots of which one is copied to the other become one, where they never hold different things at a time.
  void join_copies() {
    std::vector<Copy> pairs;
    std::vector<std::vector<uint32_t>> partners(flow_.slots().size());
    for (size_t at = 0; at < code_.ops.size(); ++at) {
      const auto c = copy_of(at);
      if (!c || c->to == c->from || !may_be_one(flow_.slots()[c->to], flow_.slots()[c->from])) continue;
      for (const uint32_t s : {c->to, c->from}) partners[s].push_back(static_cast<uint32_t>(pairs.size()));
      pairs.push_back(*c);
    }
    if (pairs.empty()) return;
    std::vector<bool> clash(pairs.size(), false);
    for (const Block& block : flow_.blocks()) find_clashes(block, pairs, partners, clash);
    join(pairs, clash);
  }

  static bool may_be_one(const Slot& a, const Slot& b) {
    if (a.size != b.size || (a.is_tied || a.is_parameter) + (b.is_tied || b.is_parameter) == 2) return false;
    return a.root == b.root && (a.root == 0 || (!a.is_scratch && !b.is_scratch));
  }

  void find_clashes(const Block& block, const std::vector<Copy>& pairs, const std::vector<std::vector<uint32_t>>& partners, std::vector<bool>& clash) {
    Bits live = flow_.live_behind(block);
    for (size_t at = block.end; at-- > block.first;) {
      if (gone_[at]) continue;
      const auto c = copy_of(at);
      for (const SlotUse& u : flow_.uses(at)) {
        if (!u.is_write) continue;
        for (const uint32_t p : partners[u.slot]) {
          const uint32_t other = pairs[p].to == u.slot ? pairs[p].from : pairs[p].to;
          if (live.has(other) && !(c && c->from == other)) clash[p] = true;
        }
      }
      flow_.step_back(at, live);
    }
  }

  void join(const std::vector<Copy>& pairs, const std::vector<bool>& clash) {
    std::vector<uint32_t> becomes(flow_.slots().size(), kNoSlot);
    std::vector<bool> is_taken(flow_.slots().size(), false);
    for (size_t p = 0; p < pairs.size(); ++p) {
      auto [to, from] = pairs[p];
      if (clash[p] || is_taken[to] || is_taken[from]) continue;
      const Slot &a = flow_.slots()[to], &b = flow_.slots()[from];
      // The one that stays: tied or written by a caller, or else no scratch.
      const bool keeps_to = a.is_tied || a.is_parameter || (!(b.is_tied || b.is_parameter) && b.is_scratch);
      becomes[keeps_to ? from : to] = keeps_to ? to : from;
      is_taken[to] = is_taken[from] = changed_ = true;
    }
    for (size_t at = 0; at < code_.ops.size(); ++at) {
      for (const SlotUse& u : flow_.uses(at)) {
        if (becomes[u.slot] != kNoSlot && u.field != nullptr) *u.field = flow_.slots()[becomes[u.slot]].offset;
      }
      if (is_copy(at) && code_.ops[at].a == code_.ops[at].b) gone_[at] = true;
    }
  }

  Code& code_;
  Flow flow_;
  std::vector<bool> gone_;
  bool changed_ = false;
};

}  // namespace

void take_out(Code& code, const std::vector<bool>& gone) {
  std::vector<uint32_t> moved(code.ops.size() + 1);
  size_t to = 0;
  for (size_t at = 0; at < code.ops.size(); ++at) {
    moved[at] = static_cast<uint32_t>(to);
    if (gone[at]) continue;
    code.ops[to] = code.ops[at];
    code.codes[to] = code.codes[at];
    code.origins[to++] = code.origins[at];
  }
  moved[code.ops.size()] = static_cast<uint32_t>(to);
  code.ops.resize(to);
  code.codes.resize(to);
  code.origins.resize(to);
  for (uint32_t& label : code.labels) label = moved[label];
}

// The collector looks at words that some operation touches; others never hold anything.
static void keep_used_roots(Improvable& it) {
  std::vector<bool> is_used(it.frame_end, false);
  std::vector<Access> accesses;
  for (size_t at = 0; at < it.code.ops.size(); ++at) {
    accesses_of(it.program, it.code.ops[at], it.code.codes[at], accesses);
    for (const Access& a : accesses) {
      const Area* area = a.kind == Access::Kind::Escape ? it.area_of(a.offset) : nullptr;
      const uint32_t from = area != nullptr ? area->offset : a.offset, size = area != nullptr ? area->size : a.size;
      std::fill_n(is_used.begin() + from, size, true);
    }
  }
  std::erase_if(it.roots, [&](const RootSlot& r) { return r.offset >= it.parameters_end && !is_used[r.offset]; });
}

void improve(Improvable& it) {
  turn_loops(it.code);
  for (int round = 0; round < kMostRounds; ++round) {
    split_copies(it);
    const bool is_new = use_what_is_known(it);
    if (!Improver(it).run() && !is_new) break;
  }
  order_blocks(it);
  keep_used_roots(it);
  fuse(it);
}

}  // namespace stark::vm

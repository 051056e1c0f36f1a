// vm/load/known.cpp — what slots are known to hold at each operation, over all ways that lead there, and operands that use it.
// Room: vm/load. In: Flow. Out: operands that name the original, a constant, or the frame instead of an address in it.
#include <algorithm>
#include <optional>

#include "vm/load/flow.h"

namespace stark::vm {
namespace {

constexpr size_t kMostFacts = 32;   // at one operation
constexpr int kMostPasses = 12;     // until nothing new is found, or nothing is used

// Slot `to` holds what slot `from` does, plus `value`; or the frame's address at `from`; or `value`.
struct Fact {
  enum class Kind : uint8_t { Sum, Address, Constant } kind;
  uint32_t to, from;
  uint64_t value;
  bool operator==(const Fact&) const = default;
};
using Facts = std::vector<Fact>;

// Operations that go through an address in a slot, and what they are where the frame itself is meant.
struct Through {
  Exec first, last, direct;
  char where;         // which operand is the address
  char displacement;  // c: the operand c; i: imm; h, m: in imm behind 32 or 21 bits
};
constexpr Through kThrough[] = {
    {Exec::Ld1, Exec::LdN, Exec::Mov1, 'b', 'c'},          {Exec::St1, Exec::StN, Exec::Mov1, 'a', 'c'},
    {Exec::StK1, Exec::StK8, Exec::Const1, 'a', 'c'},      {Exec::LeaP, Exec::LeaP, Exec::Lea, 'b', 'c'},
    {Exec::ChkTagP, Exec::ChkTagP, Exec::ChkTag, 'a', 'c'}, {Exec::DropP, Exec::DropP, Exec::Drop, 'a', 'c'},
    {Exec::VecPLd1, Exec::VecPLd8, Exec::VecLd1, 'b', 'i'}, {Exec::VecPSt1, Exec::VecPSt8, Exec::VecSt1, 'b', 'i'},
    {Exec::ArrPLd1, Exec::ArrPLd8, Exec::ArrLd1, 'b', 'h'}, {Exec::ArrPSt1, Exec::ArrPSt8, Exec::ArrSt1, 'b', 'h'},
    {Exec::ElVecP, Exec::ElVecP, Exec::ElVec, 'b', 'h'},
};

class Knower {
 public:
  explicit Knower(Improvable& it) : code_(it.code), flow_(it), gone_(it.code.ops.size(), false) {}

  bool run() {
    if (!flow_.is_usable() || !find()) return false;
    for (uint32_t b = 0; b < flow_.blocks().size(); ++b) {
      if (!is_reached_[b]) {
        const Block& block = flow_.blocks()[b];
        std::fill(gone_.begin() + block.first, gone_.begin() + block.end, true);
        continue;
      }
      Facts facts = known_[b];
      for (size_t at = flow_.blocks()[b].first; at < flow_.blocks()[b].end; ++at) {
        use(at, facts);
        step(at, facts);
      }
    }
    take_out(code_, gone_);
    return changed_;
  }

 private:
  // What is known where each block begins. False when it takes too long.
  bool find() {
    known_.assign(flow_.blocks().size(), {});
    is_reached_.assign(flow_.blocks().size(), false);
    is_reached_[0] = true;
    for (int pass = 0; pass < kMostPasses; ++pass) {
      bool is_new = false;
      for (uint32_t b = 0; b < flow_.blocks().size(); ++b) {
        if (!is_reached_[b]) continue;
        Facts facts = known_[b];
        for (size_t at = flow_.blocks()[b].first; at < flow_.blocks()[b].end; ++at) step(at, facts);
        for (const uint32_t next : flow_.blocks()[b].next) is_new |= meet(next, along(b, next, facts));
      }
      if (!is_new) return true;
    }
    return false;
  }

  // What is known on the way from a block to the next: a comparison with a number that was equal says it.
  Facts along(uint32_t b, uint32_t next, Facts facts) const {
    const Block& block = flow_.blocks()[b];
    const Op& op = code_.ops[block.end - 1];
    const bool is_equal = is_within(code_.codes[block.end - 1], Exec::BrEqK_i8, Exec::BrEqK_u64);
    if (!is_equal && !is_within(code_.codes[block.end - 1], Exec::BrNeK_i8, Exec::BrNeK_u64)) return facts;
    const bool jumps_there = flow_.blocks()[next].first == code_.labels[op.c], falls_there = flow_.blocks()[next].first == block.end;
    const uint32_t slot = flow_.slot_at(op.a);
    if (jumps_there == falls_there || jumps_there != is_equal || slot == kNoSlot || facts.size() >= kMostFacts) return facts;
    // A copy of something tells about that too.
    const auto copied = std::ranges::find_if(facts, [&](const Fact& f) { return f.to == slot && f.kind == Fact::Kind::Sum && f.value == 0; });
    const uint32_t original = copied != facts.end() ? copied->from : kNoSlot;
    for (const uint32_t s : {slot, original}) {
      if (s == kNoSlot) continue;
      std::erase_if(facts, [&](const Fact& f) { return f.to == s; });
      facts.push_back({Fact::Kind::Constant, s, 0, op.imm});
    }
    return facts;
  }

  bool meet(uint32_t block, Facts facts) {
    if (!is_reached_[block]) {
      is_reached_[block] = true;
      known_[block] = facts;
      return true;
    }
    return std::erase_if(known_[block], [&](const Fact& f) { return std::ranges::find(facts, f) == facts.end(); }) > 0;
  }

  // What the operation leaves known.
  void step(size_t at, Facts& facts) {
    const auto fact = fact_of(at);
    for (const SlotUse& u : flow_.uses(at)) {
      if (!u.is_write) continue;
      std::erase_if(facts, [&](const Fact& f) { return f.to == u.slot || (f.kind == Fact::Kind::Sum && f.from == u.slot); });
    }
    if (fact && facts.size() < kMostFacts) facts.push_back(*fact);
  }

  // Scratch is nothing to the collector, so nobody reads it later than he would.
  std::optional<Fact> fact_of(size_t at) const {
    const Op& op = code_.ops[at];
    const Exec code = code_.codes[at];
    if (gone_[at] || (op.a & kOutgoing) != 0) return std::nullopt;
    const uint32_t to = flow_.slot_at(op.a);
    if (to == kNoSlot) return std::nullopt;  // what these write and read is of a slot's size
    if (is_within(code, Exec::Const1, Exec::Const8)) return Fact{Fact::Kind::Constant, to, 0, op.imm};
    if (code == Exec::Lea) return Fact{Fact::Kind::Address, to, op.b, 0};
    if (code != Exec::LeaP && !is_within(code, Exec::Mov1, Exec::Mov8)) return std::nullopt;
    const uint32_t from = flow_.slot_at(op.b);
    if (from == kNoSlot || from == to || (flow_.slots()[from].is_scratch && !flow_.slots()[to].is_scratch)) return std::nullopt;
    return Fact{Fact::Kind::Sum, to, from, code == Exec::LeaP ? op.c : 0};
  }

  void use(size_t at, const Facts& facts) {
    if (gone_[at]) return;
    for (SlotUse& u : flow_.uses(at)) {
      if (u.is_write || u.field == nullptr) continue;
      const auto found = std::ranges::find(facts, u.slot, &Fact::to);
      if (found == facts.end()) continue;
      if (found->kind == Fact::Kind::Constant ? use_constant(at, u, found->value) : use_address(at, u, *found)) {
        changed_ = true;
        return;  // operands have changed; the rest is for the next round
      }
    }
  }

  bool use_address(size_t at, SlotUse& u, const Fact& fact) {
    Op& op = code_.ops[at];
    if (fact.kind == Fact::Kind::Sum && fact.value == 0) {
      u.slot = fact.from;
      *u.field = flow_.slots()[u.slot].offset;
      return true;
    }
    const auto row = std::ranges::find_if(kThrough, [&](const Through& t) { return is_within(code_.codes[at], t.first, t.last); });
    if (row == std::end(kThrough)) return false;
    uint32_t& address = row->where == 'a' ? op.a : op.b;
    if (u.field != &address) return false;
    if (fact.kind == Fact::Kind::Address) return go_direct(at, *row, address, fact.from);
    add_displacement(op, row->displacement, fact.value);
    u.slot = fact.from;
    address = flow_.slots()[u.slot].offset;
    return true;
  }

  static uint64_t displacement(const Op& op, char kind) { return kind == 'c' ? op.c : kind == 'i' ? op.imm : op.imm >> 32; }
  static void add_displacement(Op& op, char kind, uint64_t more) {
    if (kind == 'c') {
      op.c += static_cast<uint32_t>(more);
    } else {
      op.imm += kind == 'i' ? more : more << 32;
    }
  }

  // The address is that of a place in this frame.
  bool go_direct(size_t at, const Through& row, uint32_t& address, uint32_t place) {
    Op& op = code_.ops[at];
    const Exec direct = plus(row.direct, distance(code_.codes[at], row.first));
    const uint32_t offset = place + static_cast<uint32_t>(displacement(op, row.displacement));
    const uint32_t size = row_of(direct).size;
    if (is_word_size(size) && row.displacement == 'c' && offset % size != 0) return false;  // a part of a packed struct
    address = offset;
    if (row.displacement == 'c') op.c = 0;
    if (row.displacement == 'i') op.imm = 0;
    if (row.displacement == 'h') op.imm = static_cast<uint32_t>(op.imm);
    code_.become(at, direct);
    return true;
  }

  bool use_constant(size_t at, const SlotUse& u, uint64_t value) {
    Op& op = code_.ops[at];
    const Exec code = code_.codes[at];
    const auto as = [&](Exec other) {
      op.imm = value;
      code_.become(at, other);
      return true;
    };
    if (is_within(code, Exec::Mov1, Exec::Mov8)) return as(plus(Exec::Const1, distance(code, Exec::Mov1)));
    if (is_within(code, Exec::St1, Exec::St8) && u.field == &op.b && op.a != op.b) return as(plus(Exec::StK1, distance(code, Exec::St1)));
    if (is_within(code, Exec::Add_i8, Exec::RemK_f64)) {
      const size_t family = distance(code, Exec::Add_i8) / kNumbers;
      if (family % 2 != 0) return false;
      if (u.field == &op.b && (code < Exec::Sub_i8 || is_within(code, Exec::Mul_i8, Exec::Mul_f64))) {
        std::swap(op.b, op.c);
      } else if (u.field != &op.c) {
        return false;
      }
      return as(plus(code, kNumbers));
    }
    if (code == Exec::LeaIndex && u.field == &op.c && value * op.imm < (1u << 30)) {
      op.c = static_cast<uint32_t>(value * op.imm);
      code_.become(at, Exec::LeaP);
      return true;
    }
    if (is_within(code, Exec::Eq_i8, Exec::Ge_f64) && u.field == &op.c) return as(plus(code, 6 * kNumbers));
    if (is_within(code, Exec::BrEq_i8, Exec::BrGe_f64) && u.field == &op.b) return as(plus(code, 6 * kNumbers));
    return decide(at, value);
  }

  // A condition on a constant is none.
  bool decide(size_t at, uint64_t value) {
    Op& op = code_.ops[at];
    const Exec code = code_.codes[at];
    const auto jump_if = [&](bool taken) {
      if (taken) {
        code_.become(at, Exec::Jump);
      } else {
        gone_[at] = true;
      }
      return true;
    };
    if (code == Exec::BrTrue || code == Exec::BrFalse) return jump_if(((value & 1) != 0) == (code == Exec::BrTrue));
    if (code == Exec::NotBool) {
      op.imm = (value & 1) ^ 1;
      code_.become(at, Exec::Const1);
      return true;
    }
    if (code == Exec::Switch) {
      op.c = static_cast<uint32_t>(targets_of(op)[std::min(static_cast<uint32_t>(value), op.c)]);
      code_.become(at, Exec::Jump);
      return true;
    }
    if (code == Exec::ChkTag && static_cast<uint32_t>(value) == op.imm) return gone_[at] = true;
    // Of comparisons those that tags are asked.
    const Number n = static_cast<Number>(distance(code, Exec::EqK_i8) % kNumbers);
    const bool equal = static_cast<uint32_t>(value) == static_cast<uint32_t>(op.imm);
    if (n != Number::U32 && n != Number::U8) return false;
    if (is_within(code, Exec::EqK_i8, Exec::NeK_f64)) {
      op.imm = equal == (code <= Exec::EqK_f64);
      code_.become(at, Exec::Const1);
      return true;
    }
    if (is_within(code, Exec::BrEqK_i8, Exec::BrNeK_f64)) return jump_if(equal == (code <= Exec::BrEqK_f64));
    return false;
  }

  Code& code_;
  Flow flow_;
  std::vector<bool> gone_;
  std::vector<Facts> known_;  // by block
  std::vector<bool> is_reached_;
  bool changed_ = false;
};

}  // namespace

bool use_what_is_known(Improvable& it) { return Knower(it).run(); }

}  // namespace stark::vm

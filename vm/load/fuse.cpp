// vm/load/fuse.cpp — two operations of which one feeds the other alone become one. The last thing that is done to code.
// Room: vm/load. In: Code, what is live. Out: fewer operations, of which some keep operands where accesses_of does not look.
#include <algorithm>
#include <optional>

#include "vm/load/flow.h"

namespace stark::vm {
namespace {

constexpr size_t kFamily = 6 * kNumbers;  // from a comparison to the next form of it

class Fuser {
 public:
  explicit Fuser(Improvable& it) : code_(it.code), flow_(it), gone_(it.code.ops.size(), false) {}

  void run() {
    if (!flow_.is_usable()) return;
    for (const Block& block : flow_.blocks()) {
      Bits live = flow_.live_behind(block);
      for (size_t at = block.end; at-- > block.first;) {
        if (at > block.first && !gone_[at]) fuse(at - 1, at, live);
        flow_.step_back(at, live);
      }
    }
    take_out(code_, gone_);
  }

 private:
  bool is(size_t at, Exec first, Exec last) const { return is_within(code_.codes[at], first, last); }
  // What the first operation writes is read by the second at `operand` and never again.
  bool feeds(size_t first, size_t second, uint32_t operand, const Bits& live) {
    const uint32_t slot = flow_.slot_at(code_.ops[first].a);
    if (slot == kNoSlot || code_.ops[first].a != operand || (operand & kOutgoing) != 0) return false;
    bool is_written = false;
    for (const SlotUse& u : flow_.uses(second)) is_written |= u.is_write && u.slot == slot;
    return is_written || !live.has(slot);
  }

  void fuse(size_t first, size_t second, const Bits& live) {
    if (gone_[first]) return;
    if (condition(first, second, live) || count(first, second) || tag(first, second, live) || rows(first, second, live) || product(first, second, live)) gone_[first] = true;
  }

  // A comparison and a jump if it holds, or does not.
  bool condition(size_t first, size_t second, const Bits& live) {
    const bool is_true = code_.codes[second] == Exec::BrTrue;
    if ((!is_true && code_.codes[second] != Exec::BrFalse) || !feeds(first, second, code_.ops[second].a, live)) return false;
    const Op& test = code_.ops[first];
    Op& jump = code_.ops[second];
    if (code_.codes[first] == Exec::NotBool) {
      jump.a = test.b;
      code_.become(second, is_true ? Exec::BrFalse : Exec::BrTrue);
      return true;
    }
    if (!is(first, Exec::Eq_i8, Exec::GeK_f64)) return false;
    const bool is_constant = code_.codes[first] >= Exec::EqK_i8;
    const Exec taken = plus(is_constant ? Exec::BrEqK_i8 : Exec::BrEq_i8, distance(code_.codes[first], Exec::Eq_i8) % kFamily);
    const auto other = is_true ? taken : opposite(taken);
    if (!other) return false;
    jump.a = test.b;
    jump.b = test.c;
    jump.imm = test.imm;
    code_.become(second, *other);
    return true;
  }

  // One more, and once again while it is below.
  bool count(size_t first, size_t second) {
    const bool is_constant = is(second, Exec::BrLtK_i8, Exec::BrLtK_u64);
    if ((!is_constant && !is(second, Exec::BrLt_i8, Exec::BrLt_u64)) || !is(first, Exec::AddK_i8, Exec::AddK_u64)) return false;
    const Op& add = code_.ops[first];
    const size_t n = distance(code_.codes[first], Exec::AddK_i8);
    if (add.a != add.b || add.imm != 1 || code_.ops[second].a != add.a || flow_.slot_at(add.a) == kNoSlot) return false;
    if (n != distance(code_.codes[second], is_constant ? Exec::BrLtK_i8 : Exec::BrLt_i8)) return false;
    code_.origins[second] = code_.origins[first];  // what may fail is the sum
    code_.become(second, plus(is_constant ? Exec::CountBrK_i8 : Exec::CountBr_i8, n));
    return true;
  }

  // What is behind an address, looked at by a jump: a truth value or a tag.
  bool tag(size_t first, size_t second, const Bits& live) {
    Op& jump = code_.ops[second];
    const Op& load = code_.ops[first];
    const auto as = [&](Exec code) {
      jump.a = load.b;
      jump.b = load.c;
      code_.become(second, code);
      return true;
    };
    if (!is(first, Exec::Ld1, Exec::Ld4) || !feeds(first, second, jump.a, live)) return false;
    if (code_.codes[first] == Exec::Ld1 && is(second, Exec::BrTrue, Exec::BrFalse)) return as(code_.codes[second] == Exec::BrTrue ? Exec::BrTrueP : Exec::BrFalseP);
    if (code_.codes[first] != Exec::Ld4) return false;
    if (code_.codes[second] == typed(Exec::BrEqK_i8, Number::U32)) return as(Exec::BrTagP);
    if (code_.codes[second] == typed(Exec::BrNeK_i8, Number::U32)) return as(Exec::BrNoTagP);
    return false;
  }

  // An element of a vector in a vector. Both may fail, so both must be of one instruction: where it stands says what unwinding owes.
  bool rows(size_t first, size_t second, const Bits& live) {
    if (code_.codes[first] != Exec::ElVecP || code_.origins[first] != code_.origins[second]) return false;
    const bool is_load = is(second, Exec::VecPLd1, Exec::VecPLd8);
    Op& element = code_.ops[second];
    const Op& row = code_.ops[first];
    if ((!is_load && !is(second, Exec::VecPSt1, Exec::VecPSt8)) || element.imm != 0 || static_cast<uint32_t>(row.imm) != 16) return false;
    if (element.c == row.a || element.a == row.a || !feeds(first, second, element.b, live)) return false;
    element.imm = row.imm >> 32 << 32 | element.c;
    element.b = row.b;
    element.c = row.c;
    code_.become(second, plus(is_load ? Exec::RowLd1 : Exec::RowSt1, distance(code_.codes[second], is_load ? Exec::VecPLd1 : Exec::VecPSt1)));
    return true;
  }

  // A product that goes into a sum or difference; it is rounded on its way.
  bool product(size_t first, size_t second, const Bits& live) {
    for (const Number n : {Number::F32, Number::F64}) {
      const bool is_sum = code_.codes[second] == typed(Exec::Add_i8, n), is_difference = code_.codes[second] == typed(Exec::Sub_i8, n);
      if (code_.codes[first] != typed(Exec::Mul_i8, n) || (!is_sum && !is_difference)) continue;
      Op& sum = code_.ops[second];
      if (is_sum && sum.c != code_.ops[first].a) std::swap(sum.b, sum.c);
      if (sum.b == sum.c || !feeds(first, second, sum.c, live)) return false;
      sum.imm = sum.b;
      sum.b = code_.ops[first].b;
      sum.c = code_.ops[first].c;
      const Exec code = is_sum ? Exec::MulAdd_f32 : Exec::MulSub_f32;
      code_.become(second, n == Number::F32 ? code : plus(code, 1));
      return true;
    }
    return false;
  }

  Code& code_;
  Flow flow_;
  std::vector<bool> gone_;
};

}  // namespace

void fuse(Improvable& it) { Fuser(it).run(); }

}  // namespace stark::vm

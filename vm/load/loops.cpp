// vm/load/loops.cpp — jumps to jumps go where those lead, and a loop asks its condition at its end, so that a round has one jump.
// Room: vm/load. In: Code with labels. Out: the same, longer by a few operations for each loop.
#include <optional>

#include "vm/load/improve.h"

namespace stark::vm {
namespace {

constexpr size_t kLongestHead = 6;

// A label that stands at a Jump is where that one goes; a ring of them stays as it is.
void follow_jumps(Code& code) {
  const size_t count = code.labels.size();
  for (uint32_t& place : code.labels) {
    for (size_t steps = 0; steps < count && place < code.ops.size() && code.codes[place] == Exec::Jump; ++steps) {
      const uint32_t next = code.labels[code.ops[place].c];
      if (next == place) break;
      place = next;
    }
  }
}

class Turner {
 public:
  explicit Turner(Code& code) : old_(code) {}

  void run() {
    std::vector<uint32_t> moved(old_.ops.size() + 1);
    for (size_t at = 0; at < old_.ops.size(); ++at) {
      moved[at] = static_cast<uint32_t>(made_.ops.size());
      if (!turn(at)) copy(at);
    }
    moved[old_.ops.size()] = static_cast<uint32_t>(made_.ops.size());
    made_.labels = old_.labels;
    for (uint32_t& place : made_.labels) place = moved[place];
    old_ = std::move(made_);
  }

 private:
  Op& copy(size_t at) {
    made_.add(old_.ops[at], old_.codes[at], old_.origins[at]);
    return made_.ops.back();
  }

  uint32_t label_at(size_t place) {
    old_.labels.push_back(static_cast<uint32_t>(place));
    return static_cast<uint32_t>(old_.labels.size() - 1);
  }

  // The first operation from `head` on that jumps on a condition, if it comes soon and nothing before it ends.
  std::optional<size_t> condition_of(size_t head) const {
    for (size_t at = head; at < old_.ops.size() && at < head + kLongestHead; ++at) {
      if (is_end(old_.codes[at])) return std::nullopt;
      if (is_jump(old_.codes[at])) return at;
    }
    return std::nullopt;
  }

  // A Jump back becomes what its loop's head does, up to the condition and with it.
  bool turn(size_t at) {
    if (old_.codes[at] != Exec::Jump || old_.labels[old_.ops[at].c] > at) return false;
    const size_t head = old_.labels[old_.ops[at].c];
    const auto condition = condition_of(head);
    if (!condition) return false;
    const uint32_t target = old_.ops[*condition].c;
    const bool stays = old_.labels[target] > *condition && old_.labels[target] <= at;
    const auto other = opposite(old_.codes[*condition]);
    if (!stays && !other) return false;
    for (size_t k = head; k <= *condition; ++k) copy(k);
    const uint32_t behind = label_at(*condition + 1);
    uint32_t leave = behind;
    if (!stays) {
      made_.become(made_.ops.size() - 1, *other);
      made_.ops.back().c = behind;
      leave = target;
    }
    if (old_.labels[leave] != at + 1) copy(at).c = leave;
    return true;
  }

  Code& old_;
  Code made_{old_.handlers, {}, {}, {}, {}};
};

}  // namespace

std::optional<Exec> opposite(Exec code) {
  if (code == Exec::BrTrue) return Exec::BrFalse;
  if (code == Exec::BrFalse) return Exec::BrTrue;
  constexpr uint32_t kOpposite[] = {1, 0, 5, 4, 3, 2};
  for (const Exec first : {Exec::BrEq_i8, Exec::BrEqK_i8}) {
    const size_t at = distance(code, first);
    if (at >= 6 * kNumbers) continue;
    if (at >= 2 * kNumbers && at % kNumbers >= static_cast<size_t>(Number::F32)) return std::nullopt;
    return plus(first, kOpposite[at / kNumbers] * kNumbers + at % kNumbers);
  }
  return std::nullopt;
}

void turn_loops(Code& code) {
  follow_jumps(code);
  Turner(code).run();
  follow_jumps(code);
}

}  // namespace stark::vm

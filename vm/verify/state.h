// vm/verify/state.h — what is known at one point of a function: who is there, what was moved away, which loans are live.
// Room: vm/verify, private. Essay: vm/verify/README.md, "The state". Registers are bits, so that states are compared a word at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "bytecode-spec/state.h"
#include "vm/verify/loan_set.h"

namespace stark::vm {

// Availability of a register.
enum class Held : uint8_t { Unset, Gone, Maybe, Partly, Whole };

// A set of registers: the form that states have in a bundle, except that it always has a word for each of them.
using Registers = std::vector<uint32_t>;
inline size_t register_words(size_t registers) { return (registers + 31) / 32; }
inline void clear_bit(Registers& set, uint32_t r) { set[r / 32] &= ~(1u << r % 32); }

// `visit(register)` for each that is in the word, which begins at register 32 * word.
template <class Visit>
void for_each_bit(uint32_t bits, size_t word, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<uint32_t>(word * 32) + static_cast<uint32_t>(std::countr_zero(bits)));
}

// A place that was moved out of a register.
struct Moved {
  uint32_t reg = 0, place = 0;
  auto operator<=>(const Moved&) const = default;
};
// Those of one register, of sorted ones.
std::span<const Moved> moved_of(std::span<const Moved> all, uint32_t reg);

// What a block may rely on when it begins: as the bundle declares it, or as the one jump there left it.
struct Expected {
  struct Region {
    uint32_t region = 0;
    Loans loans;
  };
  std::span<const uint32_t> whole;  // a word may be missing where nothing follows
  std::span<const uint32_t> unset;
  std::span<const uint32_t> maybe;  // ascending
  std::span<const Moved> moved;     // ascending
  std::span<const Region> regions;  // each once, none empty

  static uint32_t word(std::span<const uint32_t> set, size_t i) { return i < set.size() ? set[i] : 0; }
  bool is_maybe(uint32_t r) const { return std::ranges::binary_search(maybe, r); }
  bool is_partly(uint32_t r) const { return !moved_of(moved, r).empty(); }
  // Whether its regions matter.
  bool is_available(uint32_t r) const { return spec::has_bit(whole, r) || is_maybe(r) || is_partly(r); }
};

// The live loans of places that begin at one register, shared and mutable ones apart: lists through tables of all loans.
class LiveLoans {
 public:
  void open(size_t registers, size_t loans);
  void add(uint32_t loan, uint32_t base, bool is_mut);
  void remove(uint32_t loan, uint32_t base, bool is_mut);
  bool has(uint32_t base) const { return first_[2 * base] != kEnd || first_[2 * base + 1] != kEnd; }

  // `visit(loan)` in the order in which they came; ends where it says true.
  template <class Visit>
  bool any(uint32_t base, bool is_mut, Visit visit) const {
    for (uint32_t l = first_[2 * base + (is_mut ? 1 : 0)]; l != kEnd; l = links_[l].next) {
      if (visit(l)) return true;
    }
    return false;
  }

 private:
  static constexpr uint32_t kEnd = 0xFFFF'FFFF;
  struct Link {
    uint32_t previous = kEnd, next = kEnd;
  };
  std::vector<uint32_t> first_, last_;  // by register, shared and mutable
  std::vector<Link> links_;             // by loan
};

struct State {
  Registers available;            // whole, partly or maybe
  Registers whole;
  Registers unset;                // never given a value on the way here
  std::vector<uint32_t> maybe;    // ascending
  std::vector<Moved> moved;       // ascending; of those that are available and not whole
  std::vector<LoanSet> regions;   // by region: loans that a reference with it may stand for
  std::vector<uint32_t> full;     // regions that have some, in no order
  std::vector<uint32_t> full_at;  // by region: where it is among them
  std::vector<uint32_t> region_holders;  // by region: slots of available registers that name it
  std::vector<uint32_t> loan_holders;    // by loan: regions that hold it
  LiveLoans live;
  std::vector<uint32_t> in_flight;       // loans of values that were taken and have not arrived yet

  void open(size_t registers, size_t region_count, size_t loans);
  Held held(uint32_t r) const;
};

}  // namespace stark::vm

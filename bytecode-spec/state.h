// bytecode-spec/state.h — the words in which a block declares what it expects, as Module::states holds them.
// Room: bytecode-spec. In: —. Out: the first word of a state, heads of its lists, sets of registers as bits, the table of states.
// Law: a state has one form. Head; a bit for each register that is whole, as many words as the head says, the last not zero; then,
// each only if the head says so and then not empty: count, maybe registers; count, then lists of places, each of a register that is partly
// moved; count, then lists of loans, each of a region. All ascending. Those without regions stand in the table once.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace stark::spec {

struct StateHead {
  static constexpr uint32_t kMaybe = 1u << 29, kPartly = 1u << 30, kRegions = 1u << 31;
  static constexpr uint32_t kMaskWords = kMaybe - 1;

  uint32_t word = 0;
  uint32_t mask_words() const { return word & kMaskWords; }
  bool has(uint32_t section) const { return (word & section) != 0; }
};

// What a list is of, a register or a region, and how many it has, in one word; a long list's number follows in a word of its own.
struct ListHead {
  static constexpr uint32_t kOwnerBits = 24, kMostInHead = (1u << (32 - kOwnerBits)) - 1;

  uint32_t word = 0;
  uint32_t owner() const { return word & ((1u << kOwnerBits) - 1); }
  uint32_t count() const { return word >> kOwnerBits; }
  bool is_long() const { return count() == 0; }
  static void write(std::vector<uint32_t>& words, uint32_t owner, uint32_t count) {
    const bool is_long = count == 0 || count > kMostInHead;
    words.push_back((owner & ((1u << kOwnerBits) - 1)) | (is_long ? 0 : count << kOwnerBits));
    if (is_long) words.push_back(count);
  }
};

// States on their way into Module::states. One without regions is shared with its equals; what others declare is much, and paid for by each block.
class StateTable {
 public:
  explicit StateTable(std::vector<uint32_t>& words) : words_(words) {}

  // Where the state stands.
  uint32_t add(std::vector<uint32_t> state) {
    const auto end = static_cast<uint32_t>(words_.size());
    if (!StateHead{state[0]}.has(StateHead::kRegions)) {
      const auto [at, is_new] = shared_.try_emplace(state, end);
      if (!is_new) return at->second;
    }
    words_.insert(words_.end(), state.begin(), state.end());
    return end;
  }

 private:
  std::vector<uint32_t>& words_;
  std::map<std::vector<uint32_t>, uint32_t> shared_;
};

inline void set_bit(std::vector<uint32_t>& mask, uint32_t bit) {
  if (mask.size() <= bit / 32) mask.resize(bit / 32 + 1);
  mask[bit / 32] |= 1u << bit % 32;
}
inline bool has_bit(std::span<const uint32_t> mask, uint32_t bit) { return bit / 32 < mask.size() && (mask[bit / 32] >> bit % 32 & 1) != 0; }

}  // namespace stark::spec

// bytecode-spec/state.h — the words in which a block declares what it expects, as Module::states holds them.
// Room: bytecode-spec. In: —. Out: the first word of a state, and sets of registers as bits.
// Law: a state has one form. Head; a bit for each register that is whole, as many words as the head says, the last not zero; then,
// each only if the head says so and then not empty: count, maybe registers; count, then (register, count, places) of those
// that are partly moved; count, then (region, count, loans). All ascending.
#pragma once

#include <cstdint>
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

inline void set_bit(std::vector<uint32_t>& mask, uint32_t bit) {
  if (mask.size() <= bit / 32) mask.resize(bit / 32 + 1);
  mask[bit / 32] |= 1u << bit % 32;
}
inline bool has_bit(std::span<const uint32_t> mask, uint32_t bit) { return bit / 32 < mask.size() && (mask[bit / 32] >> bit % 32 & 1) != 0; }

}  // namespace stark::spec

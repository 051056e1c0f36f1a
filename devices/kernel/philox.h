// devices/kernel/philox.h — Philox 4x32-10, the counter-based generator that every device computes alike.
// Room: devices/kernel. In: a seed and a position. Out: 32 random bits, or a float in [0, 1).
// Law: number i of a stream is word i mod 4 of the block whose counter is i div 4; an f64 takes words 2j and 2j+1 of
// block i div 2. Backends that write text compute the same.
#pragma once

#include <array>
#include <cstdint>

namespace stark::devices::kernel {

static inline constexpr std::array<uint32_t, 4> philox_block(uint64_t seed, uint64_t counter) {
  auto c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32);
  uint32_t c2 = 0, c3 = 0;
  auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t left = uint64_t{0xD251'1F53u} * c0, right = uint64_t{0xCD9E'8D57u} * c2;
    const auto next0 = static_cast<uint32_t>(right >> 32) ^ c1 ^ k0;
    const auto next2 = static_cast<uint32_t>(left >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(right);
    c3 = static_cast<uint32_t>(left);
    c0 = next0;
    c2 = next2;
    k0 += 0x9E37'79B9u;
    k1 += 0xBB67'AE85u;
  }
  return {c0, c1, c2, c3};
}

static inline constexpr uint32_t philox_word(uint64_t seed, uint64_t position) {
  return philox_block(seed, position / 4)[position % 4];
}

// As many bits as the type's significand holds, so that no value rounds up to 1.
static inline constexpr float uniform_f32(uint64_t seed, uint64_t position) {
  return static_cast<float>(philox_word(seed, position) >> 8) * 0x1p-24f;
}
static inline constexpr float uniform_f16(uint64_t seed, uint64_t position) {
  return static_cast<float>(philox_word(seed, position) >> 21) * 0x1p-11f;
}
static inline constexpr float uniform_bf16(uint64_t seed, uint64_t position) {
  return static_cast<float>(philox_word(seed, position) >> 24) * 0x1p-8f;
}
static inline constexpr double uniform_f64(uint64_t seed, uint64_t position) {
  const auto block = philox_block(seed, position / 2);
  const size_t word = position % 2 * 2;
  const uint64_t bits = uint64_t{block[word + 1]} << 32 | block[word];
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace stark::devices::kernel

// devices/kernel/half.h — f16 and bf16 as bits, to and from f32, rounding to nearest even.
// Room: devices/kernel. In: bits. Out: floats; used by host code of every backend and by the reference.
// Law: internal linkage, since files compiled for one instruction set must share no function with the others.
#pragma once

#include <bit>
#include <cstdint>

namespace stark::devices::kernel {

static inline constexpr float float_of_bf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

static inline constexpr uint16_t bf16_of_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFF'FFFFu) > 0x7F80'0000u) return static_cast<uint16_t>(bits >> 16 | 0x40);  // NaN stays NaN
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline constexpr float float_of_f16(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t rest = bits & 0x7FFFu;
  if (rest >= 0x7C00u) return std::bit_cast<float>(sign | 0x7F80'0000u | (rest & 0x3FFu) << 13);
  // 2^-24 units below the normal range; elsewhere the exponent moves from bias 15 to 127.
  if (rest < 0x0400u) {
    const float small = static_cast<float>(rest) * 0x1p-24f;
    return sign != 0 ? -small : small;
  }
  return std::bit_cast<float>(sign | ((rest << 13) + 0x3800'0000u));
}

static inline constexpr uint16_t f16_of_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t rest = bits & 0x7FFF'FFFFu;
  if (rest > 0x7F80'0000u) return static_cast<uint16_t>(sign | 0x7E00u);
  if (rest >= 0x477F'F000u) return static_cast<uint16_t>(sign | 0x7C00u);  // 65520 and beyond round to infinity
  if (rest < 0x3880'0000u) {
    // Adding 0.5 aligns the last bit kept with 2^-24; the addition itself rounds to nearest even.
    const float aligned = std::bit_cast<float>(rest) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3F00'0000u));
  }
  const uint32_t rounded = rest + 0x0FFFu + (rest >> 13 & 1);
  return static_cast<uint16_t>(sign | ((rounded - 0x3800'0000u) >> 13));
}

}  // namespace stark::devices::kernel

// bytecode-spec/operand.h — the 32-bit word of an operand that is read: two bits say how, the rest says what.
// Room: bytecode-spec. Law: encode and decode are inverse for every index below 2^30.
#pragma once

#include <cstdint>

namespace stark::spec {

enum class OperandMode : uint32_t {
  Copy,      // the place stays as it is
  Move,      // the place is unavailable afterwards
  Last,      // a copy, and the register (the place is one) is not used again
  Constant,  // an index into Module::constants
};

struct Operand {
  OperandMode mode = OperandMode::Copy;
  uint32_t index = 0;  // place number, or constant
};

inline constexpr uint32_t encode_operand(Operand o) { return o.index << 2 | static_cast<uint32_t>(o.mode); }
inline constexpr Operand decode_operand(uint32_t word) { return {static_cast<OperandMode>(word & 3), word >> 2}; }

// The word of an instruction: opcode in the low half, number of words that follow it in the high half.
inline constexpr uint32_t encode_head(uint16_t opcode, uint32_t length) { return length << 16 | opcode; }

}  // namespace stark::spec

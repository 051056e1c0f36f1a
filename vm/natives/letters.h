// vm/natives/letters.h — where letters of a text begin and end, and which they are.
// Room: vm/natives. In: valid UTF-8, as every text is. Out: positions in bytes, code points.
#pragma once

#include <cstdint>
#include <string_view>

namespace stark::vm {

// True at the end of the text too.
inline bool is_boundary(std::string_view text, uint64_t at) {
  return at == text.size() || (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) != 0x80);
}

// Where the letter begins that ends at `end`, which is not 0.
inline size_t letter_before(std::string_view text, size_t end) {
  size_t at = end - 1;
  while (!is_boundary(text, at)) --at;
  return at;
}

// The letter that begins at `at`.
inline uint32_t decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[at + i])); };
  const uint32_t first = byte(0);
  if (first < 0x80) return first;
  if (first < 0xE0) return (first & 31) << 6 | (byte(1) & 63);
  if (first < 0xF0) return (first & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63);
  return (first & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63);
}

// What Unicode calls white space.
inline bool is_white(uint32_t letter) {
  return (letter >= 9 && letter <= 13) || letter == ' ' || letter == 0x85 || letter == 0xA0 || letter == 0x1680 || (letter >= 0x2000 && letter <= 0x200A) || letter == 0x2028 ||
         letter == 0x2029 || letter == 0x202F || letter == 0x205F || letter == 0x3000;
}

}  // namespace stark::vm

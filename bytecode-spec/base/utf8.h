// bytecode-spec/base/utf8.h — whether bytes are well-formed UTF-8.
// Room: base. Source: the table of well-formed byte sequences in chapter 3 of the Unicode standard.
#pragma once

#include <cstdint>
#include <string_view>

namespace stark {

inline bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto byte = [&](size_t k) { return k < text.size() ? static_cast<uint8_t>(text[k]) : 0u; };
    const uint32_t b = byte(i);
    if (b < 0x80) {
      ++i;
      continue;
    }
    const uint32_t low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;   // no overlong forms
    const uint32_t high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;  // no surrogates, nothing past U+10FFFF
    const size_t length = b >= 0xC2 && b <= 0xDF ? 2 : b >= 0xE0 && b <= 0xEF ? 3 : b >= 0xF0 && b <= 0xF4 ? 4 : 0;
    if (length == 0 || byte(i + 1) < low || byte(i + 1) > high) return false;
    for (size_t k = 2; k < length; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace stark

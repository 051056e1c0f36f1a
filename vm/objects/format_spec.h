// vm/objects/format_spec.h — Template: the text of an f-string, cut into pieces once.
// Room: vm/objects. In: `a {0} b {1:>8.3}`. Out: pieces of literal text and holes with Rust's format specification.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stark::vm {

struct FormatSpec {
  char32_t fill = U' ';
  char align = 0;  // '<', '^', '>', or 0: text to the left, numbers to the right
  bool plus = false, alternate = false, zero = false;
  uint32_t width = 0;
  std::optional<uint32_t> precision;
  char type = 0;  // 0, '?', 'x', 'X', 'b', 'o', 'e', 'E'

  bool is_plain() const { return width == 0 && !precision && type == 0 && !plus && !alternate; }
};

// A piece is literal text, or the value of one operand.
struct Piece {
  std::string literal;
  std::optional<uint32_t> operand;
  FormatSpec spec;
};

// Nothing where the text is not a template.
std::optional<std::vector<Piece>> parse_template(std::string_view text);

}  // namespace stark::vm

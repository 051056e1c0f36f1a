// vm/objects/format_spec.cpp — reads templates: `{N}`, `{N:spec}`, `{{`, `}}`.
// Room: vm/objects. In: see format_spec.h. Source: the grammar of Rust's std::fmt.
#include "vm/objects/format_spec.h"

#include <utility>

namespace stark::vm {
namespace {

struct Reader {
  std::string_view rest;

  bool at(char c) const { return !rest.empty() && rest[0] == c; }
  bool skip(char c) {
    if (!at(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool is_digit() const { return !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; }
  uint32_t number() {
    uint32_t n = 0;
    for (; is_digit(); rest.remove_prefix(1)) n = n < 100'000'000 ? n * 10 + static_cast<uint32_t>(rest[0] - '0') : n;
    return n;
  }
};

bool is_align(char c) { return c == '<' || c == '^' || c == '>'; }

size_t letter_length(char lead) {
  const auto b = static_cast<uint8_t>(lead);
  return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

char32_t decode_letter(std::string_view s) {
  const size_t n = letter_length(s[0]);
  if (n == 1) return static_cast<uint8_t>(s[0]);
  char32_t c = static_cast<uint8_t>(s[0]) & (0x7Fu >> n);
  for (size_t i = 1; i < n && i < s.size(); ++i) c = c << 6 | (static_cast<uint8_t>(s[i]) & 0x3F);
  return c;
}

bool read_spec(Reader& r, FormatSpec& spec) {
  if (r.rest.empty()) return false;
  const size_t first = letter_length(r.rest[0]);
  if (r.rest.size() > first && is_align(r.rest[first])) {
    spec.fill = decode_letter(r.rest);
    spec.align = r.rest[first];
    r.rest.remove_prefix(first + 1);
  } else if (is_align(r.rest[0])) {
    spec.align = r.rest[0];
    r.rest.remove_prefix(1);
  }
  spec.plus = r.skip('+');
  if (!spec.plus) r.skip('-');
  spec.alternate = r.skip('#');
  spec.zero = r.skip('0');
  spec.width = r.number();
  if (r.skip('.')) {
    if (!r.is_digit()) return false;
    spec.precision = r.number();
  }
  if (spec.width > 65'535 || spec.precision.value_or(0) > 65'535) return false;
  if (!r.rest.empty() && std::string_view("?xXboeE").find(r.rest[0]) != std::string_view::npos) {
    spec.type = r.rest[0];
    r.rest.remove_prefix(1);
    if (spec.type == 'x' || spec.type == 'X') {
      if (r.skip('?')) spec.type = '?';
    }
  }
  return true;
}

}  // namespace

std::optional<std::vector<Piece>> parse_template(std::string_view text) {
  std::vector<Piece> pieces;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) pieces.push_back({std::exchange(literal, {}), {}, {}});
  };
  Reader r{text};
  while (!r.rest.empty()) {
    const char c = r.rest[0];
    r.rest.remove_prefix(1);
    if ((c == '{' || c == '}') && r.skip(c)) {
      literal += c;
    } else if (c == '}') {
      return std::nullopt;
    } else if (c == '{') {
      flush();
      if (!r.is_digit()) return std::nullopt;
      Piece piece;
      piece.operand = r.number();
      if (r.skip(':') && !r.at('}') && !read_spec(r, piece.spec)) return std::nullopt;
      if (!r.skip('}')) return std::nullopt;
      pieces.push_back(std::move(piece));
    } else {
      literal += c;
    }
  }
  flush();
  return pieces;
}

}  // namespace stark::vm

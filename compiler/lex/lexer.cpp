// compiler/lex/lexer.cpp — from letters to tokens: words, numbers, signs and comments, one function per family.
// Room: lex. In: a file of the SourceMap. Out: TokenBuffer.
#include "compiler/lex/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace stark::lex {
namespace {

enum class Family : uint8_t { Special, Keyword, Sign };
struct Row {
  std::string_view text;
  Family family;
};
constexpr Row kRows[] = {
#define TOKEN(name, text, family) {text, Family::family},
#include "compiler/lex/tokens.def"
};
constexpr uint8_t kNone = 0xFF;
static_assert(std::size(kRows) < kNone);

// Rows of a family by their first letter, in the order of the table: whoever reads a word or a sign tries only those.
constexpr auto by_letter(Family family) {
  std::array<std::array<uint8_t, 12>, 128> found{};
  for (auto& rows : found) rows.fill(kNone);
  for (size_t row = 0; row < std::size(kRows); ++row) {
    if (kRows[row].family != family) continue;
    auto& rows = found[static_cast<size_t>(kRows[row].text[0])];
    *std::ranges::find(rows, kNone) = static_cast<uint8_t>(row);
  }
  return found;
}
constexpr auto kKeywords = by_letter(Family::Keyword), kSigns = by_letter(Family::Sign);

}  // namespace

TokenBuffer Lexer::run() {
  check_utf8();
  buffer_.tokens.reserve(text_.size() / 5);
  if (text_.starts_with("#!") && !text_.starts_with("#![")) skip_line();
  while (at_ < text_.size()) step();
  if (!holes_.empty()) sink_.report<diag::UnclosedHole>(span(holes_.back().begin, holes_.back().begin + 1));
  at_ = size();
  push(TokenKind::End, at_);
  return std::move(buffer_);
}

void Lexer::skip_line() {
  const void* found = std::memchr(text_.data() + at_, '\n', text_.size() - at_);
  at_ = found == nullptr ? size() : static_cast<uint32_t>(static_cast<const char*>(found) - text_.data());
}

void Lexer::check_utf8() {
  for (uint32_t i = 0; i < text_.size();) {
    const auto c = static_cast<unsigned char>(text_[i]);
    const uint32_t length = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    bool good = length != 0 && i + length <= text_.size();
    for (uint32_t k = 1; good && k < length; ++k) good = (text_[i + k] & 0xC0) == 0x80;
    if (!good) {
      sink_.report<diag::NotUtf8>(span(i, i + 1));
      text_ = text_.substr(0, i);
      return;
    }
    i += length;
  }
}

void Lexer::step() {
  const char c = peek();
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return void(++at_);
  if (c == '/' && peek(1) == '/') return line_comment();
  if (c == '/' && peek(1) == '*') return block_comment();
  if ((c == 'f' || c == 'r' || c == 'b') && prefixed_text()) return;
  if (starts_word(c)) return word();
  if (is_digit(c)) return number();
  if (c == '"' && !holes_.empty() && ends_f_string()) return unclosed_hole();
  if (c == '"') return text_literal(at_, TokenKind::Text);
  if (c == '\'') return quote(at_, TokenKind::Char);
  if (!holes_.empty() && in_hole(c)) return;
  sign();
}

// A doc comment is no token, so that it may stand anywhere; it is kept with the number of the token that it precedes.
void Lexer::doc(uint32_t begin) {
  buffer_.docs.push_back({static_cast<uint32_t>(buffer_.tokens.size()), {TokenKind::DocComment, begin, at_}});
}

void Lexer::line_comment() {
  const uint32_t begin = at_;
  const bool is_doc = (peek(2) == '/' && peek(3) != '/') || peek(2) == '!';
  skip_line();
  if (is_doc) doc(begin);
}

void Lexer::block_comment() {
  const uint32_t begin = at_;
  const bool is_doc = (peek(2) == '*' && peek(3) != '*' && peek(3) != '/') || peek(2) == '!';
  int depth = 0;
  do {
    if (peek() == '/' && peek(1) == '*') ++depth, at_ += 2;
    else if (peek() == '*' && peek(1) == '/') --depth, at_ += 2;
    else ++at_;
  } while (depth > 0 && at_ < text_.size());
  at_ = std::min(at_, size());
  if (depth > 0) sink_.report<diag::UnclosedComment>(span(begin, begin + 2));
  else if (is_doc) doc(begin);
}

void Lexer::word() {
  const uint32_t begin = at_;
  while (in_word(peek())) ++at_;
  const std::string_view word = text_.substr(begin, at_ - begin);
  if (static_cast<unsigned char>(word[0]) < 128)
    for (uint8_t row : kKeywords[static_cast<size_t>(word[0])]) {
      if (row == kNone) break;
      if (kRows[row].text == word) return push(static_cast<TokenKind>(row), begin);
    }
  push(TokenKind::Identifier, begin);
}

// After a dot digits are a tuple's field: `pair.0.1` has no float in it.
void Lexer::number() {
  const uint32_t begin = at_;
  TokenKind kind = TokenKind::Integer;
  std::string_view wrong;
  const int base = peek() != '0' ? 10 : peek(1) == 'x' ? 16 : peek(1) == 'b' ? 2 : peek(1) == 'o' ? 8 : 10;
  if (base != 10) {
    at_ += 2;
    if (!digits(base)) wrong = "it has no digits";
  } else {
    digits(10);
    if (!after_dot()) kind = fraction(wrong);
  }
  const uint32_t suffix = at_;
  while (in_word(peek())) ++at_;
  const std::string_view type = text_.substr(suffix, at_ - suffix);
  constexpr std::string_view floats[] = {"f16", "bf16", "f32", "f64"};
  constexpr std::string_view integers[] = {"i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"};
  const bool is_float = std::ranges::find(floats, type) != std::end(floats), is_integer = std::ranges::find(integers, type) != std::end(integers);
  if (is_float && base == 10) kind = TokenKind::Float;
  const bool known = type.empty() || (is_float && base == 10) || (is_integer && kind == TokenKind::Integer);
  if (!known && wrong.empty()) wrong = "what follows the digits is no number type";
  if (!wrong.empty()) sink_.report<diag::BadNumber>(span(begin, at_), text_.substr(begin, at_ - begin), wrong);
  push(kind, begin);
}

bool Lexer::digits(int base) {
  bool any = false;
  for (;; ++at_) {
    const char c = peek();
    const bool hex = base == 16 && std::isxdigit(static_cast<unsigned char>(c)) != 0;
    if (!(c == '_' || hex || (is_digit(c) && c < '0' + base))) return any;
    any |= c != '_';
  }
}

TokenKind Lexer::fraction(std::string_view& wrong) {
  TokenKind kind = TokenKind::Integer;
  if (peek() == '.' && peek(1) != '.' && !starts_word(peek(1))) {
    kind = TokenKind::Float;
    ++at_;
    digits(10);
  }
  if (peek() == 'e' || peek() == 'E') {
    const uint32_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    kind = TokenKind::Float;
    at_ += 1 + sign;
    if (!digits(10)) wrong = "its exponent has no digits";
  }
  return kind;
}

uint32_t Lexer::letter_length() const {
  const auto c = static_cast<unsigned char>(peek());
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

void Lexer::sign() {
  const uint32_t begin = at_;
  if (static_cast<unsigned char>(peek()) < 128)
    for (uint8_t row : kSigns[static_cast<size_t>(peek())]) {
      if (row == kNone) break;
      if (!text_.substr(at_).starts_with(kRows[row].text)) continue;
      at_ += static_cast<uint32_t>(kRows[row].text.size());
      return push(static_cast<TokenKind>(row), begin);
    }
  at_ += letter_length();
  sink_.report<diag::UnknownCharacter>(span(begin, at_), text_.substr(begin, at_ - begin));
}

TokenBuffer lex(const SourceMap& sources, FileId file, diagnostics::Sink& sink) { return Lexer(sources, file, sink).run(); }

std::string_view text(TokenKind kind) { return kRows[static_cast<size_t>(kind)].text; }

}  // namespace stark::lex

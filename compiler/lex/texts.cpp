// compiler/lex/texts.cpp — texts, raw texts, bytes, characters, lifetimes and f-strings with their holes.
// Room: lex. In: the position of their first letter. Out: tokens whose text is as written; values.cpp says what they mean.
#include <algorithm>
#include <cstring>

#include "compiler/lex/lexer.h"

namespace stark::lex {

// f"…", r"…", r#"…"#, b"…", br"…", b'x'. What begins otherwise is a word.
bool Lexer::prefixed_text() {
  const uint32_t begin = at_;
  const char c = peek(), next = peek(1);
  if (c == 'f' && next == '"') return f_string_begin(), true;
  if (c == 'b' && next == '"') return ++at_, text_literal(begin, TokenKind::ByteText), true;
  if (c == 'b' && next == '\'') return ++at_, quote(begin, TokenKind::Byte), true;
  uint32_t raw = c == 'r' ? 1 : c == 'b' && next == 'r' ? 2 : 0;
  if (raw == 0) return false;
  const uint32_t after = raw;
  while (peek(raw) == '#') ++raw;
  if (peek(raw) != '"') return false;
  at_ += after;
  raw_text(begin, c == 'b' ? TokenKind::ByteText : TokenKind::Text);
  return true;
}

// Stands at the first `#` or at the quote.
void Lexer::raw_text(uint32_t begin, TokenKind kind) {
  uint32_t hashes = 0;
  while (peek() == '#') ++hashes, ++at_;
  const std::string closing = "\"" + std::string(hashes, '#');
  const size_t found = text_.find(closing, at_ + 1);
  if (found == text_.npos) sink_.report<diag::UnclosedText>(span(begin, at_ + 1));
  at_ = found == text_.npos ? size() : static_cast<uint32_t>(found + closing.size());
  push(kind, begin);
}

void Lexer::escape(bool bytes) {
  const uint32_t begin = at_;
  const char c = peek(1);
  at_ += 2;
  bool good = c != '\0' && std::strchr("nrt0\\\"'\n", c) != nullptr;
  if (c == 'x') {
    good = std::isxdigit(static_cast<unsigned char>(peek())) && std::isxdigit(static_cast<unsigned char>(peek(1)));
    good &= bytes || peek() < '8';  // a byte above 7F is no letter by itself
    for (int i = 0; i < 2 && std::isalnum(static_cast<unsigned char>(peek())); ++i) ++at_;
  } else if (c == 'u') {
    good = unicode_escape(begin) && !bytes;
  } else if (c == '\r' && peek() == '\n') {
    ++at_, good = true;
  }
  at_ = std::min(at_, size());
  if (!good) sink_.report<diag::UnknownEscape>(span(begin, at_), text_.substr(begin, at_ - begin));
}

// One to six hex digits that name a character.
bool Lexer::unicode_escape(uint32_t begin) {
  if (peek() != '{') return false;
  ++at_;
  uint32_t value = 0, count = 0;
  for (; std::isxdigit(static_cast<unsigned char>(peek())) || peek() == '_'; ++at_) {
    if (peek() == '_') continue;
    if (++count > 6) continue;
    value = value * 16 + static_cast<uint32_t>(is_digit(peek()) ? peek() - '0' : (peek() | 32) - 'a' + 10);
  }
  if (peek() != '}') return at_ = std::max(at_, begin + 2), false;
  ++at_;
  return count >= 1 && count <= 6 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

// Stands at the opening quote, which a prefix may precede.
void Lexer::text_literal(uint32_t begin, TokenKind kind) {
  ++at_;
  while (at_ < text_.size() && peek() != '"') {
    if (peek() == '\\') escape(kind == TokenKind::ByteText);
    else ++at_;
  }
  if (at_ >= text_.size()) sink_.report<diag::UnclosedText>(span(begin, begin + 1));
  else ++at_;
  push(kind, begin);
}

// `f"{map[\"key\"]}"`: in a hole the quotes of a text may be escaped, so that the f-string seems not to end.
void Lexer::escaped_text() {
  const uint32_t begin = at_;
  at_ += 2;
  while (at_ < text_.size() && peek() != '\n' && !(peek() == '\\' && peek(1) == '"')) ++at_;
  if (peek() != '\\') sink_.report<diag::UnclosedText>(span(begin, begin + 2));
  else at_ += 2;
  push(TokenKind::Text, begin);
}

// 'x', b'x' or 'lifetime
void Lexer::quote(uint32_t begin, TokenKind kind) {
  const uint32_t opened = at_++;
  if (peek() == '\\') {
    escape(kind == TokenKind::Byte);
  } else {
    const uint32_t length = letter_length();
    if (peek(length) != '\'' && starts_word(peek())) {
      while (in_word(peek())) ++at_;
      if (peek() != '\'' && kind == TokenKind::Char) return push(TokenKind::Lifetime, begin);
    } else if (peek() != '\'' && peek() != '\n') {
      at_ += length;
    }
  }
  at_ = std::min(at_, size());
  const bool one = peek() == '\'' && at_ > opened + 1;
  const uint32_t inside = at_;
  while (!one && at_ < text_.size() && peek() != '\'' && peek() != '\n') ++at_;
  if (peek() == '\'') ++at_;
  const std::string_view whole = text_.substr(opened + 1, inside - opened - 1);
  const bool ascii = !whole.empty() && (whole[0] & 0x80) == 0;
  const bool word = ascii && starts_word(whole[0]) && whole.size() > 1;
  if (!one || word || (kind == TokenKind::Byte && !ascii)) sink_.report<diag::BadCharacter>(span(begin, at_), text_.substr(begin, at_ - begin));
  push(kind, begin);
}

void Lexer::f_string_begin() {
  const uint32_t begin = at_;
  at_ += 2;
  push(TokenKind::FBegin, begin);
  f_string_text(begin);
}

// From just after `"` or `}` up to the closing quote or the next hole.
void Lexer::f_string_text(uint32_t opened) {
  const uint32_t begin = at_;
  while (at_ < text_.size()) {
    const char c = peek();
    if ((c == '{' && peek(1) == '{') || (c == '}' && peek(1) == '}')) at_ += 2;
    else if (c == '\\') escape(false);
    else if (c == '"' || c == '{') break;
    else ++at_;
  }
  if (at_ > begin) push(TokenKind::FText, begin);
  const uint32_t sign_begin = at_;
  if (at_ >= text_.size()) {
    sink_.report<diag::UnclosedText>(span(opened, opened + 2));
    return push(TokenKind::FEnd, sign_begin);
  }
  ++at_;
  if (text_[sign_begin] == '"') return push(TokenKind::FEnd, sign_begin);
  push(TokenKind::FOpen, sign_begin);
  holes_.push_back({sign_begin, 0});
}

// A quote in a hole begins a text; where none closes it on this line, the f-string ends here and its hole was forgotten.
bool Lexer::ends_f_string() const {
  const std::string_view line = text_.substr(at_ + 1, text_.find('\n', at_) - at_ - 1);
  return line.find('"') == line.npos;
}

// Signs that mean something else in a hole: a bare `:` begins the format, a bare `}` ends the hole.
bool Lexer::in_hole(char c) {
  Hole& hole = holes_.back();
  if (c == '\\' && peek(1) == '"') return escaped_text(), true;
  if (c == '(' || c == '[' || c == '{') ++hole.depth;
  if (hole.depth > 0 && (c == ')' || c == ']' || c == '}')) return --hole.depth, false;
  if (hole.depth > 0) return false;
  if (c == ':' && peek(1) != ':') {
    const uint32_t begin = ++at_;
    while (at_ < text_.size() && peek() != '}' && peek() != '"' && peek() != '\n') ++at_;
    push(TokenKind::FSpec, begin);
    if (peek() != '}') return unclosed_hole(), true;
  }
  if (peek() != '}') return false;
  const uint32_t begin = at_++, opened = hole.begin;
  holes_.pop_back();
  push(TokenKind::FClose, begin);
  f_string_text(opened);
  return true;
}

void Lexer::unclosed_hole() {
  sink_.report<diag::UnclosedHole>(span(holes_.back().begin, holes_.back().begin + 1));
  holes_.pop_back();
  push(TokenKind::FClose, at_);
  if (peek() == '"') ++at_;
  push(TokenKind::FEnd, at_);
}

}  // namespace stark::lex

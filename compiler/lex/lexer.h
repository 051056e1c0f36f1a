// compiler/lex/lexer.h — the state that the families of tokens share while one file is read.
// Room: lex, private. In: a file of the SourceMap. Out: TokenBuffer.
// Law: step() moves on by at least one byte; positions only grow, so that reading is linear.
#pragma once

#include "compiler/lex/diagnostics.h"
#include "compiler/lex/token_buffer.h"

namespace stark::lex {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Letters of other scripts are letters; the lead bytes C2, E2 and F0 stand before signs, currencies and pictures.
inline bool starts_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool foreign = byte >= 0xC3 && byte != 0xE2 && byte < 0xF0;
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || foreign;
}
inline bool in_word(char c) { return starts_word(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

class Lexer {
 public:
  Lexer(const SourceMap& sources, FileId file, diagnostics::Sink& sink)
      : text_(sources.text(file)), sink_(sink), buffer_{file, {}, {}} {}
  TokenBuffer run();

 private:
  // What is open while the holes of f-strings are read: one entry per f-string that the position is inside of.
  struct Hole {
    uint32_t begin = 0;
    int depth = 0;  // of brackets inside the hole
  };

  char peek(uint32_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Span span(uint32_t begin, uint32_t end) const { return {buffer_.file, begin, end}; }
  uint32_t size() const { return static_cast<uint32_t>(text_.size()); }
  void push(TokenKind kind, uint32_t begin) { buffer_.tokens.push_back({kind, begin, at_}); }
  // words, numbers, signs, comments (lexer.cpp)
  void check_utf8();
  void step();
  void line_comment();
  void block_comment();
  void skip_line();
  void doc(uint32_t begin);
  void word();
  void number();
  bool digits(int base);
  TokenKind fraction(std::string_view& wrong);
  bool after_dot() const { return !buffer_.tokens.empty() && buffer_.tokens.back().kind == TokenKind::Dot; }
  void sign();
  uint32_t letter_length() const;
  // texts, characters, f-strings (texts.cpp)
  bool prefixed_text();
  void escape(bool bytes);
  bool unicode_escape(uint32_t begin);
  void text_literal(uint32_t begin, TokenKind kind);
  void raw_text(uint32_t begin, TokenKind kind);
  void escaped_text();
  void quote(uint32_t begin, TokenKind kind);
  void f_string_begin();
  void f_string_text(uint32_t opened);
  bool in_hole(char c);
  bool ends_f_string() const;
  void unclosed_hole();

  std::string_view text_;
  diagnostics::Sink& sink_;
  TokenBuffer buffer_;
  uint32_t at_ = 0;
  std::vector<Hole> holes_;
};

}  // namespace stark::lex

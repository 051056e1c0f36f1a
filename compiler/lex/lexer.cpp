// compiler/lex/lexer.cpp — from letters to tokens, one function per family.
// Room: lex. In: a file of the SourceMap. Out: TokenBuffer.
#include <array>
#include <cstring>

#include "compiler/lex/diagnostics.h"
#include "compiler/lex/token_buffer.h"

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

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Letters of other scripts are letters; the lead bytes C2, E2 and F0 stand before signs, currencies and pictures.
bool starts_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool foreign = byte >= 0xC3 && byte != 0xE2 && byte < 0xF0;
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || foreign;
}
bool in_word(char c) { return starts_word(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// What is open while the holes of f-strings are read: one entry per f-string that the position is inside of.
struct Hole {
  uint32_t begin = 0;
  int depth = 0;  // of brackets inside the hole
};

class Lexer {
 public:
  Lexer(const SourceMap& sources, FileId file, diagnostics::Sink& sink)
      : text_(sources.text(file)), sink_(sink), buffer_{file, {}} {}

  TokenBuffer run() {
    check_utf8();
    if (text_.starts_with("#!") && !text_.starts_with("#![")) skip_line();
    while (at_ < text_.size()) step();
    if (!holes_.empty()) sink_.report<diag::UnclosedHole>(span(holes_.back().begin, holes_.back().begin + 1));
    at_ = static_cast<uint32_t>(text_.size());
    push(TokenKind::End, at_);
    return std::move(buffer_);
  }

 private:
  char peek(uint32_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Span span(uint32_t begin, uint32_t end) const { return {buffer_.file, begin, end}; }
  void push(TokenKind kind, uint32_t begin) { buffer_.tokens.push_back({kind, begin, at_}); }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  void check_utf8() {
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

  void step() {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return void(++at_);
    if (c == '/' && peek(1) == '/') return line_comment();
    if (c == '/' && peek(1) == '*') return block_comment();
    if (c == 'f' && peek(1) == '"') return f_string_begin();
    if (starts_word(c)) return word();
    if (is_digit(c)) return number();
    if (c == '"') return string_literal();
    if (c == '\'') return quote();
    if (!holes_.empty() && in_hole(c)) return;
    sign();
  }

  void line_comment() {
    const uint32_t begin = at_;
    const bool doc = peek(2) == '/' && peek(3) != '/';
    skip_line();
    if (doc) push(TokenKind::DocComment, begin);
  }

  void block_comment() {
    const uint32_t begin = at_;
    int depth = 0;
    do {
      if (peek() == '/' && peek(1) == '*') ++depth, at_ += 2;
      else if (peek() == '*' && peek(1) == '/') --depth, at_ += 2;
      else ++at_;
    } while (depth > 0 && at_ < text_.size());
    at_ = std::min(at_, static_cast<uint32_t>(text_.size()));
    if (depth > 0) sink_.report<diag::UnclosedComment>(span(begin, begin + 2));
  }

  void word() {
    const uint32_t begin = at_;
    while (in_word(peek())) ++at_;
    const std::string_view text = text_.substr(begin, at_ - begin);
    for (size_t i = 0; i < std::size(kRows); ++i)
      if (kRows[i].family == Family::Keyword && kRows[i].text == text) return push(static_cast<TokenKind>(i), begin);
    push(TokenKind::Identifier, begin);
  }

  // After a dot digits are a tuple's field: `pair.0.1` has no float in it.
  bool after_dot() const { return !buffer_.tokens.empty() && buffer_.tokens.back().kind == TokenKind::Dot; }

  void number() {
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
    if (!type.empty() && wrong.empty() && !known_suffix(type, kind)) wrong = "what follows the digits is no number type";
    if (!wrong.empty()) sink_.report<diag::BadNumber>(span(begin, at_), text_.substr(begin, at_ - begin), wrong);
    push(kind, begin);
  }

  bool digits(int base) {
    bool any = false;
    for (;; ++at_) {
      const char c = peek();
      const bool hex = base == 16 && std::strchr("abcdefABCDEF", c) != nullptr && c != '\0';
      if (!(c == '_' || hex || (is_digit(c) && c < '0' + base))) return any;
      any |= c != '_';
    }
  }

  TokenKind fraction(std::string_view& wrong) {
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

  static bool known_suffix(std::string_view type, TokenKind& kind) {
    constexpr std::string_view floats[] = {"f16", "bf16", "f32", "f64"};
    constexpr std::string_view integers[] = {"i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"};
    for (std::string_view name : floats)
      if (name == type) return kind = TokenKind::Float, true;
    for (std::string_view name : integers)
      if (name == type) return kind == TokenKind::Integer;
    return false;
  }

  void escape() {
    const uint32_t begin = at_;
    const char c = peek(1);
    at_ += 2;
    bool good = c != '\0' && std::strchr("nrt0\\\"'\n", c) != nullptr;
    if (c == 'x') {
      good = std::isxdigit(static_cast<unsigned char>(peek())) && std::isxdigit(static_cast<unsigned char>(peek(1)));
      if (good) at_ += 2;
    } else if (c == 'u' && peek() == '{') {
      while (at_ < text_.size() && peek() != '}' && peek() != '"' && peek() != '\n') ++at_;
      good = peek() == '}' && at_ - begin > 3 && at_ - begin < 10;
      if (peek() == '}') ++at_;
    }
    at_ = std::min(at_, static_cast<uint32_t>(text_.size()));
    if (!good) sink_.report<diag::UnknownEscape>(span(begin, at_), text_.substr(begin, at_ - begin));
  }

  void string_literal() {
    const uint32_t begin = at_++;
    while (at_ < text_.size() && peek() != '"') {
      if (peek() == '\\') escape();
      else ++at_;
    }
    if (at_ >= text_.size()) sink_.report<diag::UnclosedText>(span(begin, begin + 1));
    else ++at_;
    push(TokenKind::Text, begin);
  }

  uint32_t letter_length() const {
    const auto c = static_cast<unsigned char>(peek());
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  }

  // 'x' or 'lifetime
  void quote() {
    const uint32_t begin = at_++;
    if (peek() == '\\') {
      escape();
    } else {
      const uint32_t length = letter_length();
      if (peek(length) != '\'' && starts_word(peek())) {
        while (in_word(peek())) ++at_;
        if (peek() != '\'') return push(TokenKind::Lifetime, begin);
      } else if (peek() != '\'') {
        at_ += length;
      }
    }
    const bool one = peek() == '\'' && at_ > begin + 1;
    const uint32_t inside = at_;
    while (!one && at_ < text_.size() && peek() != '\'' && peek() != '\n') ++at_;
    if (peek() == '\'') ++at_;
    at_ = std::min(at_, static_cast<uint32_t>(text_.size()));
    const std::string_view whole = text_.substr(begin + 1, inside - begin - 1);
    const bool word = starts_word(whole.empty() ? ' ' : whole[0]) && unescape(whole).size() > 1 && !(whole[0] & 0x80);
    if (!one || word) sink_.report<diag::BadCharacter>(span(begin, at_), text_.substr(begin, at_ - begin));
    push(TokenKind::Char, begin);
  }

  void f_string_begin() {
    const uint32_t begin = at_;
    at_ += 2;
    push(TokenKind::FBegin, begin);
    f_string_text(begin);
  }

  // From just after `"` or `}` up to the closing quote or the next hole.
  void f_string_text(uint32_t opened) {
    const uint32_t begin = at_;
    while (at_ < text_.size()) {
      const char c = peek();
      if ((c == '{' && peek(1) == '{') || (c == '}' && peek(1) == '}')) at_ += 2;
      else if (c == '\\') escape();
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

  // Signs that mean something else in a hole: a bare `:` begins the format, a bare `}` ends the hole.
  bool in_hole(char c) {
    Hole& hole = holes_.back();
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

  void unclosed_hole() {
    sink_.report<diag::UnclosedHole>(span(holes_.back().begin, holes_.back().begin + 1));
    holes_.pop_back();
    push(TokenKind::FClose, at_);
    if (peek() == '"') ++at_;
    push(TokenKind::FEnd, at_);
  }

  void sign() {
    const uint32_t begin = at_;
    for (size_t i = 0; i < std::size(kRows); ++i) {
      if (kRows[i].family != Family::Sign || !text_.substr(at_).starts_with(kRows[i].text)) continue;
      at_ += static_cast<uint32_t>(kRows[i].text.size());
      return push(static_cast<TokenKind>(i), begin);
    }
    at_ += letter_length();
    sink_.report<diag::UnknownCharacter>(span(begin, at_), text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  diagnostics::Sink& sink_;
  TokenBuffer buffer_;
  uint32_t at_ = 0;
  std::vector<Hole> holes_;
};

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) out += static_cast<char>(c);
  else if (c < 0x800) out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  else if (c < 0x10000)
    out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  else
    out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
            static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
}

// The escape whose backslash stands at `i`; leaves `i` on its last byte.
void unescape_one(std::string& out, std::string_view inside, size_t& i) {
  const char c = ++i < inside.size() ? inside[i] : '\\';
  switch (c) {
    case 'n': out += '\n'; break;
    case 'r': out += '\r'; break;
    case 't': out += '\t'; break;
    case '0': out += '\0'; break;
    case 'x':
      append_utf8(out, static_cast<uint32_t>(std::strtoul(std::string(inside.substr(i + 1, 2)).c_str(), nullptr, 16)));
      i += 2;
      break;
    case 'u': {
      const size_t close = std::min(inside.find('}', i), inside.size() - 1);
      append_utf8(out, static_cast<uint32_t>(std::strtoul(std::string(inside.substr(i + 2, close - i - 2)).c_str(), nullptr, 16)));
      i = close;
      break;
    }
    case '\n':  // a line goes on without the break and without the indent of the next
      while (i + 1 < inside.size() && (inside[i + 1] == ' ' || inside[i + 1] == '\t' || inside[i + 1] == '\n')) ++i;
      break;
    default: out += c;
  }
}

}  // namespace

TokenBuffer lex(const SourceMap& sources, FileId file, diagnostics::Sink& sink) { return Lexer(sources, file, sink).run(); }

std::string_view text(TokenKind kind) { return kRows[static_cast<size_t>(kind)].text; }

std::string unescape(std::string_view inside, bool f_string) {
  std::string out;
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\') {
      unescape_one(out, inside, i);
      continue;
    }
    out += inside[i];
    if (f_string && (inside[i] == '{' || inside[i] == '}')) ++i;
  }
  return out;
}

std::string dump(const SourceMap& sources, const TokenBuffer& buffer) {
  std::string out;
  constexpr std::string_view names[] = {
#define TOKEN(name, text, family) #name,
#include "compiler/lex/tokens.def"
  };
  for (const Token& token : buffer.tokens) {
    const Position at = sources.position(buffer.file, token.begin);
    out += fmt::format("{}:{} {} `{}`\n", at.line, at.column, names[static_cast<size_t>(token.kind)],
                       sources.text(Span{buffer.file, token.begin, token.end}));
  }
  return out;
}

}  // namespace stark::lex

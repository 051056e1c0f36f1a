// compiler/lex/values.cpp — what literals mean: escapes resolved, raw texts as they stand; and tokens as text.
// Room: lex. In: literals as written. Out: their values.
#include <algorithm>

#include "compiler/lex/token_buffer.h"

namespace stark::lex {
namespace {

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) out += static_cast<char>(c);
  else if (c < 0x800) out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  else if (c < 0x10000)
    out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  else
    out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
            static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
}

uint32_t hex_value(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits)
    if (c != '_') value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
  return value;
}

void skip_indent(std::string_view inside, size_t& i) {
  while (i + 1 < inside.size() && (inside[i + 1] == ' ' || inside[i + 1] == '\t' || inside[i + 1] == '\n' || inside[i + 1] == '\r')) ++i;
}

// The escape whose backslash stands at `i`; leaves `i` on its last byte.
void unescape_one(std::string& out, std::string_view inside, size_t& i, bool bytes) {
  const char c = ++i < inside.size() ? inside[i] : '\\';
  switch (c) {
    case 'n': out += '\n'; break;
    case 'r': out += '\r'; break;
    case 't': out += '\t'; break;
    case '0': out += '\0'; break;
    case 'x': {
      const uint32_t value = hex_value(inside.substr(std::min(i + 1, inside.size()), 2));
      bytes ? void(out += static_cast<char>(value)) : append_utf8(out, value);
      i += 2;
      break;
    }
    case 'u': {
      const size_t close = std::min(inside.find('}', i), inside.size());
      if (close > i + 2) append_utf8(out, std::min(hex_value(inside.substr(i + 2, close - i - 2)), 0x10FFFFu));
      i = close;
      break;
    }
    // A line goes on without the break and without the indent of the next.
    case '\r': case '\n': skip_indent(inside, i); break;
    default: out += c;
  }
}

}  // namespace

std::string unescape(std::string_view inside, bool f_string) {
  std::string out;
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\') {
      unescape_one(out, inside, i, false);
      continue;
    }
    out += inside[i];
    if (f_string && (inside[i] == '{' || inside[i] == '}')) ++i;
  }
  return out;
}

std::string literal_value(std::string_view written) {
  const bool bytes = written.starts_with('b');
  if (bytes) written.remove_prefix(1);
  if (written.starts_with('r')) {
    const size_t quote = written.find('"'), hashes = quote - 1;
    const bool closed = written.size() > quote + 1 + hashes && written[written.size() - 1 - hashes] == '"';
    return std::string(written.substr(quote + 1, closed ? written.size() - quote - 2 - hashes : written.npos));
  }
  const size_t quote = written.starts_with('\\') ? 2 : 1;
  if (written.size() < quote) return {};
  const std::string_view mark = written.substr(0, quote);
  std::string_view inside = written.substr(quote);
  if (inside.ends_with(mark)) inside.remove_suffix(quote);
  if (!bytes) return unescape(inside);
  std::string out;
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\') unescape_one(out, inside, i, true);
    else out += inside[i];
  }
  return out;
}

std::string dump(const SourceMap& sources, const TokenBuffer& buffer) {
  std::string out;
  constexpr std::string_view names[] = {
#define TOKEN(name, text, family) #name,
#include "compiler/lex/tokens.def"
  };
  const auto line = [&](const Token& token) {
    const Position at = sources.position(buffer.file, token.begin);
    out += fmt::format("{}:{} {} `{}`\n", at.line, at.column, names[static_cast<size_t>(token.kind)],
                       sources.text(Span{buffer.file, token.begin, token.end}));
  };
  auto doc = buffer.docs.begin();
  for (size_t i = 0; i < buffer.tokens.size(); ++i) {
    for (; doc != buffer.docs.end() && doc->before == i; ++doc) line(doc->comment);
    line(buffer.tokens[i]);
  }
  return out;
}

}  // namespace stark::lex

// compiler/lex/token_buffer.h — the tokens of one file in order, and the function that makes them.
// Room: lex, public face. In: a file of the SourceMap. Out: TokenBuffer.
// Law: the last token is End; tokens do not overlap and stand in order; whatever the text, lex() returns.
#pragma once

#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/source/source_map.h"

namespace stark::lex {

enum class TokenKind : uint8_t {
#define TOKEN(name, text, family) name,
#include "compiler/lex/tokens.def"
};

struct Token {
  TokenKind kind = TokenKind::End;
  uint32_t begin = 0, end = 0;
};

// Comments that say what the next item is for. They are no tokens, so the grammar need not know where they may stand.
struct Doc {
  uint32_t before = 0;  // the number of the token that follows
  Token comment;
};

struct TokenBuffer {
  FileId file;
  std::vector<Token> tokens;
  std::vector<Doc> docs;
};

TokenBuffer lex(const SourceMap& sources, FileId file, diagnostics::Sink& sink);

// The text of tokens.def: what messages call this kind.
std::string_view text(TokenKind kind);
std::string dump(const SourceMap& sources, const TokenBuffer& buffer);

// What a literal's inside means: escapes resolved; for f-string texts `{{` and `}}` as well. Bad escapes were reported.
std::string unescape(std::string_view inside, bool f_string = false);
// The value of a whole Text, ByteText, Char or Byte token as written, quotes and prefixes included.
std::string literal_value(std::string_view written);

}  // namespace stark::lex

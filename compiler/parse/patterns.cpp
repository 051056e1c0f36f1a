// compiler/parse/patterns.cpp — the patterns of `let`, `match`, `if let`, `for` and parameters.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

NodeId Parser::pattern() {
  const uint32_t start = begin();
  take_if(TokenKind::Or);
  std::vector<NodeId> parts{pattern_single()};
  while (take_if(TokenKind::Or)) parts.push_back(pattern_single());
  if (parts.size() == 1) return parts[0];
  const NodeId all = list(start, parts);
  return node(NodeKind::OrPattern, start, {all});
}

NodeId Parser::pattern_single() {
  const Depth depth(*this);
  if (!depth) return error_node();
  return pattern_unlimited();
}

NodeId Parser::pattern_unlimited() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Underscore: take(); return node(NodeKind::WildPattern, start);
    case TokenKind::DotDot:
    case TokenKind::DotDotEq:
      if (at(TokenKind::DotDot) && (take(), !range_end_starts())) return node(NodeKind::RestPattern, start);
      return range_pattern(start, NodeId());
    case TokenKind::AndAnd:
    case TokenKind::And: {
      const bool two = take().kind == TokenKind::AndAnd;
      const uint32_t flags = take_if(TokenKind::Mut) ? kMut : 0;
      const NodeId one = node(NodeKind::RefPattern, start, {pattern_single()}, {.flags = flags});
      return two ? node(NodeKind::RefPattern, start, {one}) : one;
    }
    case TokenKind::OpenParen: {
      const Token opened = take();
      bool comma = false;
      std::vector<NodeId> parts;
      while (!at(TokenKind::CloseParen) && !at(TokenKind::End)) {
        parts.push_back(pattern());
        comma = take_if(TokenKind::Comma);
        if (!comma) break;
      }
      close(TokenKind::CloseParen, opened);
      if (parts.size() == 1 && !comma && get(parts[0]).kind != NodeKind::RestPattern) return parts[0];
      const NodeId all = list(start, parts);
      return node(NodeKind::TuplePattern, start, {all});
    }
    case TokenKind::OpenSquare: {
      const Token opened = take();
      const NodeId all = separated(TokenKind::CloseSquare, [&] { return pattern(); });
      close(TokenKind::CloseSquare, opened);
      return node(NodeKind::SlicePattern, start, {all});
    }
    case TokenKind::Integer: case TokenKind::Float: case TokenKind::Text: case TokenKind::Char: case TokenKind::True:
    case TokenKind::False: case TokenKind::ByteText: case TokenKind::Byte: case TokenKind::Minus:
      return literal_or_range();
    case TokenKind::Ref: case TokenKind::Mut: case TokenKind::Identifier: case TokenKind::SelfType: case TokenKind::Super:
    case TokenKind::Crate: case TokenKind::ColonColon: case TokenKind::Less: case TokenKind::Shl:
      return path_pattern();
    default: expected("a pattern"); return error_node();
  }
}

NodeId Parser::pattern_literal() {
  const uint32_t start = begin();
  if (take_if(TokenKind::Minus)) return node(NodeKind::Unary, start, {pattern_literal()}, {.token = TokenKind::Minus});
  if (at(TokenKind::Identifier) || at(TokenKind::SelfType) || at(TokenKind::Crate) || at(TokenKind::ColonColon) || at(TokenKind::Less)) {
    const NodeId named = path(true);
    return node(NodeKind::PathExpr, start, {named});
  }
  const Token token = take();
  return node(NodeKind::Literal, start, {}, {.token = token.kind, .name = token});
}

NodeId Parser::literal_or_range() {
  const uint32_t start = begin();
  const NodeId first = pattern_literal();
  if (!at(TokenKind::DotDot) && !at(TokenKind::DotDotEq)) return node(NodeKind::LiteralPattern, start, {first});
  return range_pattern(start, first);
}

bool Parser::range_end_starts() const {
  switch (peek().kind) {
    case TokenKind::Integer: case TokenKind::Float: case TokenKind::Char: case TokenKind::Byte: case TokenKind::Minus:
    case TokenKind::Identifier: case TokenKind::SelfType: case TokenKind::Crate:
      return true;
    default: return false;
  }
}

// `1..5`, `'a'..='z'`, `0..`, `..=9`, `i32::MIN..=0`. Stands at the sign, or behind a `..` that began the pattern.
NodeId Parser::range_pattern(uint32_t start, NodeId first) {
  const uint32_t flags = at(TokenKind::DotDotEq) ? kInclusive : 0;
  if (!take_if(TokenKind::DotDotEq)) take_if(TokenKind::DotDot);
  if (!range_end_starts() && (flags != 0 || !first.valid())) expected("the end of the range");
  const NodeId last = range_end_starts() ? pattern_literal() : NodeId();
  return node(NodeKind::RangePattern, start, {first, last}, {.flags = flags});
}

// `name`, `ref mut name`, `name @ pattern`, or a constant that begins a range.
NodeId Parser::name_pattern() {
  const uint32_t start = begin();
  uint32_t flags = take_if(TokenKind::Ref) ? kReference : 0;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = expect_name("a name");
  if (flags == 0 && (at(TokenKind::DotDotEq) || at(TokenKind::DotDot))) return range_pattern(start, path_of(name));
  const NodeId inner = take_if(TokenKind::At) ? pattern_single() : NodeId();
  return node(NodeKind::BindPattern, start, {inner}, {.flags = flags, .name = name});
}

NodeId Parser::path_pattern() {
  const uint32_t start = begin();
  const TokenKind next = peek(1).kind;
  const bool path_like = next == TokenKind::ColonColon || next == TokenKind::OpenParen || next == TokenKind::OpenBrace;
  if (at(TokenKind::Ref) || at(TokenKind::Mut) || (at(TokenKind::Identifier) && !path_like)) return name_pattern();
  const NodeId named = path(true);
  if (at(TokenKind::DotDotEq) || at(TokenKind::DotDot)) return range_pattern(start, node(NodeKind::PathExpr, start, {named}));
  const Token opened = peek();
  if (take_if(TokenKind::OpenParen)) {
    const NodeId parts = separated(TokenKind::CloseParen, [&] { return pattern(); });
    close(TokenKind::CloseParen, opened);
    return node(NodeKind::TupleStructPattern, start, {named, parts});
  }
  if (take_if(TokenKind::OpenBrace)) {
    uint32_t rest = 0;
    const NodeId parts = separated(TokenKind::CloseBrace, [&] {
      attributes();
      if (at(TokenKind::DotDot)) rest = kRest;
      return field_pattern();
    });
    close(TokenKind::CloseBrace, opened);
    return node(NodeKind::StructPattern, start, {named, parts}, {.flags = rest});
  }
  return node(NodeKind::PathPattern, start, {named});
}

NodeId Parser::field_pattern() {
  const uint32_t start = begin();
  if (take_if(TokenKind::DotDot)) return node(NodeKind::RestPattern, start);
  uint32_t flags = take_if(TokenKind::Ref) ? kReference : 0;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's name");
  NodeId inner;
  if (flags == 0 && take_if(TokenKind::Colon)) inner = pattern();
  else inner = node(NodeKind::BindPattern, start, {NodeId()}, {.flags = flags, .name = name});
  return node(NodeKind::FieldPattern, start, {inner}, {.name = name});
}

}  // namespace stark::parse

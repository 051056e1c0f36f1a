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
    case TokenKind::DotDot: take(); return node(NodeKind::RestPattern, start);
    case TokenKind::AndAnd:
    case TokenKind::And: {
      const bool two = take().kind == TokenKind::AndAnd;
      const uint16_t flags = take_if(TokenKind::Mut) ? kMut : 0;
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
    case TokenKind::False: case TokenKind::Minus:
      return literal_or_range();
    case TokenKind::Ref: case TokenKind::Mut: case TokenKind::Identifier: case TokenKind::SelfType: case TokenKind::Super:
    case TokenKind::Crate: case TokenKind::ColonColon:
      return path_pattern();
    default: expected("a pattern"); return error_node();
  }
}

NodeId Parser::pattern_literal() {
  const uint32_t start = begin();
  if (take_if(TokenKind::Minus)) return node(NodeKind::Unary, start, {pattern_literal()}, {.token = TokenKind::Minus});
  if (at(TokenKind::Identifier) || at(TokenKind::SelfType)) {
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
  const uint16_t flags = take().kind == TokenKind::DotDotEq ? kInclusive : 0;
  const TokenKind next = peek().kind;
  const bool more = next == TokenKind::Integer || next == TokenKind::Float || next == TokenKind::Char || next == TokenKind::Minus ||
                    next == TokenKind::Identifier;
  const NodeId last = more ? pattern_literal() : NodeId();
  return node(NodeKind::RangePattern, start, {first, last}, {.flags = flags});
}

NodeId Parser::path_pattern() {
  const uint32_t start = begin();
  uint16_t flags = take_if(TokenKind::Ref) ? kReference : 0;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const TokenKind next = peek(1).kind;
  const bool path_like = next == TokenKind::ColonColon || next == TokenKind::OpenParen || next == TokenKind::OpenBrace;
  if (flags != 0 || (at(TokenKind::Identifier) && !path_like)) {
    const Token name = expect_name("a name");
    if (next == TokenKind::DotDotEq || (next == TokenKind::DotDot && flags == 0)) {
      const NodeId segment_node = node(NodeKind::Segment, start, {NodeId()}, {.name = name});
      const NodeId named = node(NodeKind::Path, start, {list(start, {segment_node})});
      const NodeId first = node(NodeKind::PathExpr, start, {named});
      const uint16_t inclusive = take().kind == TokenKind::DotDotEq ? kInclusive : 0;
      const NodeId last = pattern_literal();
      return node(NodeKind::RangePattern, start, {first, last}, {.flags = inclusive});
    }
    const NodeId inner = take_if(TokenKind::At) ? pattern_single() : NodeId();
    return node(NodeKind::BindPattern, start, {inner}, {.flags = flags, .name = name});
  }
  const NodeId named = path(true);
  const Token opened = peek();
  if (take_if(TokenKind::OpenParen)) {
    const NodeId parts = separated(TokenKind::CloseParen, [&] { return pattern(); });
    close(TokenKind::CloseParen, opened);
    return node(NodeKind::TupleStructPattern, start, {named, parts});
  }
  if (take_if(TokenKind::OpenBrace)) {
    uint16_t rest = 0;
    const NodeId parts = separated(TokenKind::CloseBrace, [&] {
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
  uint16_t flags = take_if(TokenKind::Ref) ? kReference : 0;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's name");
  NodeId inner;
  if (flags == 0 && take_if(TokenKind::Colon)) inner = pattern();
  else inner = node(NodeKind::BindPattern, start, {NodeId()}, {.flags = flags, .name = name});
  return node(NodeKind::FieldPattern, start, {inner}, {.name = name});
}

}  // namespace stark::parse

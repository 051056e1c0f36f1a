// compiler/parse/types.cpp — types, paths and generic arguments.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

NodeId Parser::type() {
  const Depth depth(*this);
  if (!depth) return error_node();
  return type_unlimited();
}

NodeId Parser::type_unlimited() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::AndAnd:
    case TokenKind::And: {
      const bool two = take().kind == TokenKind::AndAnd;
      NodeId lifetime;
      if (at(TokenKind::Lifetime)) {
        const Token name = take();
        lifetime = node(NodeKind::Lifetime, name.begin, {}, {.name = name});
      }
      const uint16_t flags = take_if(TokenKind::Mut) ? kMut : 0;
      const NodeId inner = type();
      const NodeId one = node(NodeKind::RefType, two ? start + 1 : start, {lifetime, inner}, {.flags = flags});
      return two ? node(NodeKind::RefType, start, {NodeId(), one}) : one;
    }
    case TokenKind::Star: {
      take();
      const uint16_t flags = at(TokenKind::Mut) ? kMut : 0;
      if (!take_if(TokenKind::Mut)) expect(TokenKind::Const, "`mut` or `const`");
      return node(NodeKind::PointerType, start, {type()}, {.flags = flags});
    }
    case TokenKind::OpenParen: {
      const Token opened = take();
      bool comma = false;
      std::vector<NodeId> parts;
      while (!at(TokenKind::CloseParen) && !at(TokenKind::End)) {
        parts.push_back(type());
        comma = take_if(TokenKind::Comma);
        if (!comma) break;
      }
      close(TokenKind::CloseParen, opened);
      if (parts.size() == 1 && !comma) return parts[0];
      const NodeId all = list(start, parts);
      return node(NodeKind::TupleType, start, {all});
    }
    case TokenKind::OpenSquare: return bracket_type();
    case TokenKind::Not: take(); return node(NodeKind::NeverType, start);
    case TokenKind::Underscore: take(); return node(NodeKind::InferType, start);
    case TokenKind::Question: take(); return node(NodeKind::OptionType, start, {type()});
    case TokenKind::Dyn: take(); return node(NodeKind::DynType, start, {bounds()});
    case TokenKind::Impl: take(); return node(NodeKind::ImplType, start, {bounds()});
    case TokenKind::Fn: return fn_type();
    case TokenKind::Identifier: case TokenKind::SelfType: case TokenKind::SelfValue: case TokenKind::Super:
    case TokenKind::Crate: case TokenKind::ColonColon: {
      const NodeId named = path(false);
      return node(NodeKind::PathType, start, {named});
    }
    default: expected("a type"); return error_node();
  }
}

// `[?`, `[]`, `[..]`, `[3…` and `[a, …` begin a shape; `[T]` and `[T; n]` are types.
bool Parser::shape_starts() const {
  switch (peek(1).kind) {
    case TokenKind::CloseSquare: case TokenKind::DotDot: case TokenKind::Integer: return true;
    case TokenKind::Question: return peek(2).kind == TokenKind::Comma || peek(2).kind == TokenKind::CloseSquare;
    case TokenKind::Identifier: return peek(2).kind == TokenKind::Comma;
    default: return false;
  }
}

NodeId Parser::bracket_type() {
  const uint32_t start = begin();
  const bool shape = shape_starts();
  const Token opened = take();
  if (shape) {
    const NodeId dims = separated(TokenKind::CloseSquare, [&] { return shape_dim(); });
    close(TokenKind::CloseSquare, opened);
    return node(NodeKind::ShapeType, start, {dims});
  }
  const NodeId element = type();
  if (take_if(TokenKind::Semicolon)) {
    const NodeId length = expression();
    close(TokenKind::CloseSquare, opened);
    return node(NodeKind::ArrayType, start, {element, length});
  }
  close(TokenKind::CloseSquare, opened);
  return node(NodeKind::SliceType, start, {element});
}

NodeId Parser::shape_dim() {
  const uint32_t start = begin();
  if (take_if(TokenKind::Question)) return node(NodeKind::UnknownDim, start);
  if (take_if(TokenKind::DotDot)) return node(NodeKind::RestPattern, start);
  return expression();
}

NodeId Parser::fn_type() {
  const uint32_t start = begin();
  take();
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenParen)) {
    all = separated(TokenKind::CloseParen, [&] { return type(); });
    close(TokenKind::CloseParen, opened);
  }
  const NodeId result = take_if(TokenKind::Arrow) ? type() : NodeId();
  return node(NodeKind::FnType, start, {all, result});
}

// In an expression generic arguments need `::<`, in a type `<` is enough.
NodeId Parser::path(bool expression) {
  const uint32_t start = begin();
  const uint16_t flags = take_if(TokenKind::ColonColon) ? kGlobal : 0;
  std::vector<NodeId> segments;
  do segments.push_back(segment(expression));
  while (at(TokenKind::ColonColon) && (take(), true));
  const NodeId all = list(start, segments);
  return node(NodeKind::Path, start, {all}, {.flags = flags});
}

NodeId Parser::segment(bool expression) {
  const uint32_t start = begin();
  const TokenKind kind = peek().kind;
  const bool word = kind == TokenKind::SelfType || kind == TokenKind::SelfValue || kind == TokenKind::Super || kind == TokenKind::Crate;
  const Token name = word ? take() : expect_name("a name");
  NodeId arguments_list;
  if (!expression && at(TokenKind::Less)) arguments_list = generic_arguments();
  else if (at(TokenKind::ColonColon) && peek(1).kind == TokenKind::Less) take(), arguments_list = generic_arguments();
  else if (!expression && at(TokenKind::OpenParen) && text_of(name).starts_with("Fn")) {
    const uint32_t here = begin();
    const Token opened = take();
    const NodeId all = separated(TokenKind::CloseParen, [&] { return type(); });
    close(TokenKind::CloseParen, opened);
    const NodeId result = take_if(TokenKind::Arrow) ? type() : NodeId();
    const NodeId signature = node(NodeKind::FnType, here, {all, result});
    arguments_list = list(here, {signature});
  }
  return node(NodeKind::Segment, start, {arguments_list}, {.name = name});
}

NodeId Parser::generic_arguments() {
  take();
  const NodeId all = separated(TokenKind::Greater, [&] { return generic_argument(); });
  take_greater();
  return all;
}

NodeId Parser::generic_argument() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Lifetime: {
      const Token name = take();
      return node(NodeKind::Lifetime, start, {}, {.name = name});
    }
    case TokenKind::Integer: case TokenKind::Minus: case TokenKind::True: case TokenKind::False: case TokenKind::Char:
      return pattern_literal();
    case TokenKind::OpenBrace: return block();
    case TokenKind::Identifier:
      if (peek(1).kind == TokenKind::Eq) {
        const Token name = take();
        take();
        return node(NodeKind::AssocArgument, start, {type()}, {.name = name});
      }
      return type();
    default: return type();
  }
}

}  // namespace stark::parse

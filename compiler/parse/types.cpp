// compiler/parse/types.cpp — types, paths and generic arguments.
// Room: parse. In: tokens. Out: nodes.
#include <algorithm>

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
    case TokenKind::And: return reference_type();
    case TokenKind::Star: return pointer_type();
    case TokenKind::OpenParen: return tuple_type();
    case TokenKind::OpenSquare: return bracket_type();
    case TokenKind::Not: take(); return node(NodeKind::NeverType, start);
    case TokenKind::Underscore: take(); return node(NodeKind::InferType, start);
    case TokenKind::Question: take(); return node(NodeKind::OptionType, start, {type()});
    case TokenKind::Dyn: take(); return node(NodeKind::DynType, start, {bounds()});
    case TokenKind::Impl: take(); return node(NodeKind::ImplType, start, {bounds()});
    case TokenKind::Fn: case TokenKind::Unsafe: case TokenKind::Extern: return fn_type();
    case TokenKind::For: {
      const NodeId declared = binder();
      return node(NodeKind::ForType, start, {declared, type()});
    }
    case TokenKind::Less: case TokenKind::Shl: case TokenKind::Identifier: case TokenKind::SelfType: case TokenKind::SelfValue: case TokenKind::Super:
    case TokenKind::Crate: case TokenKind::ColonColon: {
      const NodeId named = path(false);
      return node(NodeKind::PathType, start, {named});
    }
    default: expected("a type"); return error_node();
  }
}

NodeId Parser::reference_type() {
  const uint32_t start = begin();
  const bool two = take().kind == TokenKind::AndAnd;
  const NodeId borrowed_for = at(TokenKind::Lifetime) ? lifetime() : NodeId();
  const uint32_t flags = take_if(TokenKind::Mut) ? kMut : 0;
  const NodeId inner = type();
  const NodeId one = node(NodeKind::RefType, two ? start + 1 : start, {borrowed_for, inner}, {.flags = flags});
  return two ? node(NodeKind::RefType, start, {NodeId(), one}) : one;
}

NodeId Parser::pointer_type() {
  const uint32_t start = begin();
  take();
  const uint32_t flags = at(TokenKind::Mut) ? kMut : 0;
  if (!take_if(TokenKind::Mut)) expect(TokenKind::Const, "`mut` or `const`");
  return node(NodeKind::PointerType, start, {type()}, {.flags = flags});
}

NodeId Parser::tuple_type() {
  const uint32_t start = begin();
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

// `[?`, `[]`, `[..]`, `[3…` and `[a, …` begin a shape; `[T]` and `[T; n]` are types.
bool Parser::shape_starts() const {
  switch (peek(1).kind) {
    case TokenKind::CloseSquare: case TokenKind::DotDot: case TokenKind::Integer: return true;
    case TokenKind::Question: return peek(2).kind == TokenKind::Comma || peek(2).kind == TokenKind::CloseSquare;
    case TokenKind::Identifier:
      switch (peek(2).kind) {
        case TokenKind::Comma: case TokenKind::Plus: case TokenKind::Minus: case TokenKind::Star: case TokenKind::Slash:
        case TokenKind::Percent:
          return true;
        default: return false;
      }
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
  const uint32_t flags = qualifiers();
  expect(TokenKind::Fn);
  return fn_signature(start, {.flags = flags});
}

// `(A, name: B, ...) -> R`, of `fn` and of `Fn`.
NodeId Parser::fn_signature(uint32_t start, Extra extra) {
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenParen)) {
    std::vector<NodeId> parts;
    while (!at(TokenKind::CloseParen) && !at(TokenKind::End)) {
      if (take_if(TokenKind::DotDotDot)) {
        extra.flags |= kRest;
        break;
      }
      const bool named = at(TokenKind::Identifier) || at(TokenKind::Underscore);
      if (named && peek(1).kind == TokenKind::Colon) take(), take();
      parts.push_back(type());
      if (!take_if(TokenKind::Comma)) break;
    }
    close(TokenKind::CloseParen, opened);
    all = list(opened.begin, parts);
  }
  const NodeId result = take_if(TokenKind::Arrow) ? type() : NodeId();
  return node(NodeKind::FnType, start, {all, result}, extra);
}

namespace {
// Numbers have no arguments, so in `x as u32 < y` and `x as u32 << 3` an operator follows.
bool takes_no_arguments(std::string_view name) {
  constexpr std::string_view scalars[] = {"i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f16", "bf16", "f32", "f64", "bool", "char"};
  return std::ranges::find(scalars, name) != std::end(scalars);
}
}  // namespace

// In an expression generic arguments need `::<`, in a type `<` is enough.
NodeId Parser::path(bool expression) {
  const uint32_t start = begin();
  const uint32_t flags = take_if(TokenKind::ColonColon) ? kGlobal : 0;
  NodeId self_type, trait_type;
  if (take_less()) {
    self_type = type();
    if (take_if(TokenKind::As)) trait_type = type();
    take_greater();
    expect(TokenKind::ColonColon);
  }
  std::vector<NodeId> segments;
  do segments.push_back(segment(expression));
  while (at(TokenKind::ColonColon) && (take(), true));
  const NodeId all = list(start, segments);
  return node(NodeKind::Path, start, {all, self_type, trait_type}, {.flags = flags});
}

NodeId Parser::segment(bool expression) {
  const uint32_t start = begin();
  const TokenKind kind = peek().kind;
  const bool word = kind == TokenKind::SelfType || kind == TokenKind::SelfValue || kind == TokenKind::Super || kind == TokenKind::Crate;
  const Token name = word ? take() : expect_name("a name");
  NodeId arguments_list;
  const bool angle = !expression && (at(TokenKind::Less) || at(TokenKind::Shl)) && !takes_no_arguments(text_of(name));
  const bool turbofish = at(TokenKind::ColonColon) && (peek(1).kind == TokenKind::Less || peek(1).kind == TokenKind::Shl);
  if (turbofish) take();
  if (angle || turbofish) arguments_list = generic_arguments();
  else if (!expression && at(TokenKind::OpenParen) && text_of(name).starts_with("Fn")) {
    const uint32_t here = begin();
    const NodeId signature = fn_signature(here, {});
    arguments_list = list(here, {signature});
  }
  return node(NodeKind::Segment, start, {arguments_list}, {.name = name});
}

NodeId Parser::generic_arguments() {
  take_less();
  const NodeId all = separated(TokenKind::Greater, [&] { return generic_argument(); });
  take_greater();
  return all;
}

NodeId Parser::generic_argument() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Lifetime: return lifetime();
    case TokenKind::Integer: case TokenKind::Minus: case TokenKind::True: case TokenKind::False: case TokenKind::Char:
      return pattern_literal();
    case TokenKind::OpenBrace: return block();
    case TokenKind::Identifier:
      if (peek(1).kind == TokenKind::Eq) {
        const Token name = take();
        take();
        return node(NodeKind::AssocArgument, start, {type(), NodeId()}, {.name = name});
      }
      if (peek(1).kind == TokenKind::Colon) {
        const Token name = take();
        take();
        return node(NodeKind::AssocArgument, start, {NodeId(), bounds()}, {.name = name});
      }
      break;
    default: break;
  }
  const NodeId first = type();
  if (!at(TokenKind::Plus)) return first;
  std::vector<NodeId> all{first};  // `Box<Display + Send>`: a trait object without its `dyn`
  while (take_if(TokenKind::Plus)) all.push_back(bound());
  const NodeId bound_list = list(start, all);
  return node(NodeKind::DynType, start, {bound_list});
}

}  // namespace stark::parse

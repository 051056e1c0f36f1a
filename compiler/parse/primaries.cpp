// compiler/parse/primaries.cpp — what operators stand between: literals, names, struct literals, macros, f-strings, arrays.
// Room: parse. In: tokens. Out: nodes.
#include <utility>

#include "compiler/parse/parser.h"

namespace stark::parse {

NodeId Parser::primary() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Integer: case TokenKind::Float: case TokenKind::Text: case TokenKind::Char: case TokenKind::True:
    case TokenKind::False: case TokenKind::ByteText: case TokenKind::Byte: {
      const Token token = take();
      return node(NodeKind::Literal, start, {}, {.token = token.kind, .name = token});
    }
    case TokenKind::FBegin: return f_string();
    case TokenKind::OpenParen: return parenthesised();
    case TokenKind::OpenSquare: return array();
    case TokenKind::OpenBrace: return block();
    case TokenKind::If: return if_expression();
    case TokenKind::Match: return match_expression();
    case TokenKind::Loop: case TokenKind::While: case TokenKind::For: case TokenKind::Lifetime: return labelled();
    case TokenKind::Unsafe: take(); return block({.flags = kUnsafe});
    case TokenKind::Or: case TokenKind::OrOr: case TokenKind::Move: return closure();
    case TokenKind::Return: case TokenKind::Break: case TokenKind::Continue: return jump();
    case TokenKind::Let: return let_condition();
    case TokenKind::Identifier:
      if (at_word("async") && (peek(1).kind == TokenKind::OpenBrace || (peek(1).kind == TokenKind::Move && peek(2).kind == TokenKind::OpenBrace))) {
        take();
        return block({.flags = kAsync | (take_if(TokenKind::Move) ? kMove : 0u)});
      }
      if (peek(1).kind == TokenKind::Not && (peek(2).kind == TokenKind::OpenParen || peek(2).kind == TokenKind::OpenSquare ||
                                             (peek(2).kind == TokenKind::OpenBrace && adjacent(1))))
        return macro_call(start);
      return name_expression();
    case TokenKind::SelfValue: case TokenKind::SelfType: case TokenKind::Super: case TokenKind::Crate: case TokenKind::ColonColon:
    case TokenKind::Less: case TokenKind::Shl:
      return name_expression();
    default: expected("an expression"); return error_node();
  }
}

// `let pattern = value` as a condition; `&&` joins further ones.
NodeId Parser::let_condition() {
  const uint32_t start = begin();
  take();
  const NodeId bound_pattern = pattern();
  expect(TokenKind::Eq);
  const bool before = std::exchange(struct_allowed_, false);
  const NodeId value = condition_value();
  struct_allowed_ = before;
  return node(NodeKind::LetCondition, start, {bound_pattern, value});
}

NodeId Parser::name_expression() {
  const uint32_t start = begin();
  const NodeId named = path(true);
  if (!at(TokenKind::OpenBrace)) return node(NodeKind::PathExpr, start, {named});
  const bool looks_like_fields =
      (peek(1).kind == TokenKind::Identifier && (peek(2).kind == TokenKind::Colon || peek(2).kind == TokenKind::Comma)) ||
      (peek(1).kind == TokenKind::Integer && peek(2).kind == TokenKind::Colon) ||
      (struct_allowed_ && (peek(1).kind == TokenKind::CloseBrace || peek(1).kind == TokenKind::Hash)) || peek(1).kind == TokenKind::DotDot ||
      (peek(1).kind == TokenKind::Identifier && peek(2).kind == TokenKind::CloseBrace && struct_allowed_);
  if (!looks_like_fields) return node(NodeKind::PathExpr, start, {named});
  if (!struct_allowed_) {
    sink_.report<diag::StructInCondition>({tree_.file, start, peek().end}).help("put the struct literal into parentheses");
    last_error_ = at_;
  }
  return struct_literal(named, start);
}

NodeId Parser::struct_literal(NodeId named, uint32_t start) {
  const Token opened = take();
  const bool before = std::exchange(struct_allowed_, true);
  NodeId base;
  uint32_t flags = 0;
  std::vector<NodeId> inits;
  const uint32_t fields_start = begin();
  while (!at(TokenKind::CloseBrace) && !at(TokenKind::End)) {
    attributes();
    const uint32_t here = begin();
    if (take_if(TokenKind::DotDot)) {
      if (at(TokenKind::CloseBrace)) flags = kRest;
      else base = expression();
      break;
    }
    const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's name");
    const NodeId value = take_if(TokenKind::Colon) ? expression() : path_of(name);
    inits.push_back(node(NodeKind::FieldInit, here, {value}, {.name = name}));
    if (take_if(TokenKind::Comma)) continue;
    if (!at(TokenKind::CloseBrace)) expected("`,` or `}`"), recover({TokenKind::CloseBrace, TokenKind::Semicolon});
    break;
  }
  const NodeId all = list(fields_start, inits);
  struct_allowed_ = before;
  close(TokenKind::CloseBrace, opened);
  return node(NodeKind::StructLiteral, start, {named, all, base}, {.flags = flags});
}

NodeId Parser::macro_call(uint32_t start) {
  constexpr std::string_view known[] = {"vec", "format", "panic", "assert", "assert_eq", "assert_ne", "todo", "unimplemented",
                                        "unreachable", "println", "print", "eprintln", "eprint", "weights", "matches", "write", "writeln", "debug_assert",
                                        "debug_assert_eq", "debug_assert_ne", "offset_of"};
  const Token name = take();
  take();
  if (text_of(name) == "matches") return matches_macro(start);
  bool exists = false;
  for (std::string_view word : known) exists |= word == text_of(name);
  if (!exists) {
    const std::string_view close_word = diagnostics::nearest(text_of(name), {std::begin(known), std::end(known)});
    auto report = sink_.report<diag::UnknownMacro>(span_of(name), text_of(name));
    if (!close_word.empty()) report.help(fmt::format("there is `{}!`", close_word));
  }
  const Token opened = take();
  const TokenKind stop = opened.kind == TokenKind::OpenParen    ? TokenKind::CloseParen
                         : opened.kind == TokenKind::OpenSquare ? TokenKind::CloseSquare
                                                                : TokenKind::CloseBrace;
  const bool before = std::exchange(struct_allowed_, true);
  const NodeId all = macro_arguments(stop);
  struct_allowed_ = before;
  close(stop, opened);
  return node(NodeKind::MacroCall, start, {all}, {.name = name});
}

// `a, b, c` or `element; count`.
NodeId Parser::macro_arguments(TokenKind stop) {
  const uint32_t here = begin();
  if (at(stop)) return list(here, {});
  const NodeId first = expression();
  if (take_if(TokenKind::Semicolon)) {
    const NodeId length = expression();
    return list(here, {node(NodeKind::Repeat, here, {first, length})});
  }
  if (!take_if(TokenKind::Comma)) return list(here, {first});
  const NodeId rest = arguments(stop);
  std::vector<NodeId> parts{first};
  for (NodeId part : tree_.children_of(rest)) parts.push_back(part);
  return list(here, parts);
}

// `matches!(value, pattern if guard)` is a `match` with the answers true and false.
NodeId Parser::matches_macro(uint32_t start) {
  const Token opened = take();
  const bool before = std::exchange(struct_allowed_, true);
  const NodeId value = expression();
  expect(TokenKind::Comma);
  const uint32_t here = begin();
  const NodeId wanted = pattern();
  const NodeId guard = take_if(TokenKind::If) ? expression() : NodeId();
  take_if(TokenKind::Comma);
  struct_allowed_ = before;
  close(TokenKind::CloseParen, opened);
  const NodeId yes = node(NodeKind::Arm, here, {wanted, guard, node(NodeKind::Literal, here, {}, {.token = TokenKind::True})});
  const NodeId any = node(NodeKind::WildPattern, here);
  const NodeId no = node(NodeKind::Arm, here, {any, NodeId(), node(NodeKind::Literal, here, {}, {.token = TokenKind::False})});
  return node(NodeKind::Match, start, {value, list(here, {yes, no})});
}

NodeId Parser::parenthesised() {
  const uint32_t start = begin();
  const Token opened = take();
  const bool before = std::exchange(struct_allowed_, true);
  bool comma = false;
  std::vector<NodeId> parts;
  while (!at(TokenKind::CloseParen) && !at(TokenKind::End)) {
    parts.push_back(expression());
    comma = take_if(TokenKind::Comma);
    if (!comma) break;
  }
  struct_allowed_ = before;
  if (!at(TokenKind::CloseParen) && !at(TokenKind::End)) expected("`)`"), recover({TokenKind::CloseParen, TokenKind::Semicolon});
  close(TokenKind::CloseParen, opened);
  if (parts.size() == 1 && !comma) {
    tree_.nodes[parts[0].index()].flags |= kParens;
    return parts[0];
  }
  const NodeId all = list(start, parts);
  return node(NodeKind::Tuple, start, {all});
}

NodeId Parser::array() {
  const uint32_t start = begin();
  const Token opened = take();
  const bool before = std::exchange(struct_allowed_, true);
  NodeId result;
  if (at(TokenKind::CloseSquare)) {
    result = node(NodeKind::Array, start, {list(start, {})});
  } else {
    const NodeId first = expression();
    if (take_if(TokenKind::Semicolon)) {
      const NodeId length = expression();
      result = node(NodeKind::Repeat, start, {first, length});
    } else {
      std::vector<NodeId> parts{first};
      if (take_if(TokenKind::Comma))
        for (const NodeId rest = separated(TokenKind::CloseSquare, [&] { return expression(); }); NodeId part : tree_.children_of(rest))
          parts.push_back(part);
      result = node(NodeKind::Array, start, {list(start, parts)});
    }
  }
  struct_allowed_ = before;
  close(TokenKind::CloseSquare, opened);
  tree_.nodes[result.index()].span.end = last_end_;
  return result;
}

NodeId Parser::f_string() {
  const uint32_t start = begin();
  take();
  const bool before = std::exchange(struct_allowed_, true);
  std::vector<NodeId> parts;
  while (!at(TokenKind::FEnd) && !at(TokenKind::End)) {
    const uint32_t here = begin();
    if (at(TokenKind::FText)) {
      const Token token = take();
      parts.push_back(node(NodeKind::FText, here, {}, {.name = token}));
      continue;
    }
    if (!expect(TokenKind::FOpen)) break;
    const NodeId value = expression();
    const Token spec = at(TokenKind::FSpec) ? take() : Token{};
    if (!at(TokenKind::FClose)) {
      expected("`:` or `}`");
      while (!at(TokenKind::FClose) && !at(TokenKind::FEnd) && !at(TokenKind::End)) take();
    }
    take_if(TokenKind::FClose);
    parts.push_back(node(NodeKind::FHole, here, {value}, {.name = spec}));
  }
  struct_allowed_ = before;
  take_if(TokenKind::FEnd);
  const NodeId all = list(start, parts);
  return node(NodeKind::FString, start, {all});
}

}  // namespace stark::parse

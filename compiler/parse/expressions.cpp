// compiler/parse/expressions.cpp — operators by binding power, calls, literals, macros.
// Room: parse. In: tokens. Out: nodes.
#include <utility>

#include "compiler/parse/parser.h"

namespace stark::parse {
namespace {

enum Power { kAssign = 1, kRange, kOrOr, kAndAnd, kCompare, kBitOr, kBitXor, kBitAnd, kShift, kSum, kProduct, kAs };

struct Operator {
  int power = 0;
  TokenKind token = TokenKind::End;  // of the node
  size_t length = 1;                 // tokens it is made of
  bool compound = false;
};

Operator compound(TokenKind token, size_t length = 1) { return {kAssign, token, length, true}; }

Operator plain(TokenKind kind) {
  switch (kind) {
    case TokenKind::Eq: return {kAssign, kind, 1, false};
    case TokenKind::PlusEq: return compound(TokenKind::Plus);
    case TokenKind::MinusEq: return compound(TokenKind::Minus);
    case TokenKind::StarEq: return compound(TokenKind::Star);
    case TokenKind::SlashEq: return compound(TokenKind::Slash);
    case TokenKind::PercentEq: return compound(TokenKind::Percent);
    case TokenKind::AndEq: return compound(TokenKind::And);
    case TokenKind::OrEq: return compound(TokenKind::Or);
    case TokenKind::CaretEq: return compound(TokenKind::Caret);
    case TokenKind::AtEq: return compound(TokenKind::At);
    case TokenKind::StarStarEq: return compound(TokenKind::StarStar);
    case TokenKind::ShlEq: return compound(TokenKind::Shl);
    case TokenKind::DotDot: case TokenKind::DotDotEq: return {kRange, kind, 1, false};
    case TokenKind::OrOr: return {kOrOr, kind, 1, false};
    case TokenKind::AndAnd: return {kAndAnd, kind, 1, false};
    case TokenKind::EqEq: case TokenKind::NotEq: case TokenKind::Less: case TokenKind::LessEq:
    case TokenKind::Greater:
      return {kCompare, kind, 1, false};
    case TokenKind::Or: return {kBitOr, kind, 1, false};
    case TokenKind::Caret: return {kBitXor, kind, 1, false};
    case TokenKind::And: return {kBitAnd, kind, 1, false};
    case TokenKind::Shl: return {kShift, kind, 1, false};
    case TokenKind::Plus: case TokenKind::Minus: return {kSum, kind, 1, false};
    case TokenKind::Star: case TokenKind::Slash: case TokenKind::Percent: case TokenKind::At: return {kProduct, kind, 1, false};
    case TokenKind::As: return {kAs, kind, 1, false};
    default: return {};
  }
}

}  // namespace

NodeId Parser::expression_no_struct() {
  const bool before = std::exchange(struct_allowed_, false);
  const NodeId result = expression();
  struct_allowed_ = before;
  return result;
}

// The lexer leaves `>` single, so `>=` becomes Greater with kInclusive and `>>` becomes Shl with kRest (to the right).
NodeId Parser::binary(int least) {
  const uint32_t start = begin();
  NodeId left;
  if (at(TokenKind::DotDot) || at(TokenKind::DotDotEq)) {
    const uint16_t flags = take().kind == TokenKind::DotDotEq ? kInclusive : 0;
    const NodeId last = expression_starts() ? binary(kRange + 1) : NodeId();
    left = node(NodeKind::Range, start, {NodeId(), last}, {.flags = flags});
  } else {
    left = unary();
  }
  for (;;) {
    Operator op = plain(peek().kind);
    uint16_t flags = 0;
    if (op.token == TokenKind::Greater && adjacent(1)) {
      const TokenKind second = peek(1).kind;
      const bool third = adjacent(2) && peek(2).kind == TokenKind::Eq;
      if (second == TokenKind::Greater) op = third ? compound(TokenKind::Shl, 3) : Operator{kShift, TokenKind::Shl, 2, false};
      if (second == TokenKind::Greater) flags = kRest;
      if (second == TokenKind::Eq || second == TokenKind::EqEq) op.length = 2, flags = kInclusive;
    }
    if (op.power == 0 || op.power < least) return left;
    for (size_t i = 0; i < op.length; ++i) take();
    if (op.token == TokenKind::As) {
      left = node(NodeKind::Cast, start, {left, type()});
    } else if (op.power == kAssign) {
      const NodeId right = binary(kAssign);
      left = op.compound ? node(NodeKind::CompoundAssign, start, {left, right}, {.flags = flags, .token = op.token})
                         : node(NodeKind::Assign, start, {left, right});
    } else if (op.power == kRange) {
      const NodeId last = expression_starts() ? binary(kRange + 1) : NodeId();
      left = node(NodeKind::Range, start, {left, last}, {.flags = static_cast<uint16_t>(op.token == TokenKind::DotDotEq ? kInclusive : 0)});
    } else {
      const NodeId right = binary(op.power + 1);
      if (op.power == kCompare && plain(peek().kind).power == kCompare && last_error_ != at_) {
        last_error_ = at_;
        sink_.report<diag::ComparisonChain>(span_of(peek())).help("join two comparisons with `&&`");
      }
      left = node(NodeKind::Binary, start, {left, right}, {.flags = flags, .token = op.token});
    }
  }
}

NodeId Parser::unary() {
  const Depth depth(*this);
  if (!depth) return error_node();
  return unary_unlimited();
}

NodeId Parser::unary_unlimited() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Minus: case TokenKind::Not: case TokenKind::Star: case TokenKind::Tilde: {
      const TokenKind sign = take().kind;
      return node(NodeKind::Unary, start, {unary()}, {.token = sign});
    }
    case TokenKind::StarStar: {  // two dereferences
      take();
      const NodeId inner = node(NodeKind::Unary, start + 1, {unary()}, {.token = TokenKind::Star});
      return node(NodeKind::Unary, start, {inner}, {.token = TokenKind::Star});
    }
    case TokenKind::And:
    case TokenKind::AndAnd: {
      const bool two = take().kind == TokenKind::AndAnd;
      const uint16_t flags = take_if(TokenKind::Mut) ? kMut : 0;
      const NodeId one = node(NodeKind::RefExpr, start, {unary()}, {.flags = flags});
      return two ? node(NodeKind::RefExpr, start, {one}) : one;
    }
    default: break;
  }
  const NodeId base = postfix(primary(), start);
  if (!take_if(TokenKind::StarStar)) return base;
  return node(NodeKind::Binary, start, {base, unary()}, {.token = TokenKind::StarStar});
}

NodeId Parser::postfix(NodeId operand, uint32_t start) {
  for (;;) {
    const Token opened = peek();
    if (at(TokenKind::Question)) {
      take();
      operand = node(NodeKind::Try, start, {operand});
    } else if (take_if(TokenKind::OpenParen)) {
      const NodeId all = arguments(TokenKind::CloseParen);
      close(TokenKind::CloseParen, opened);
      operand = node(NodeKind::Call, start, {operand, all});
    } else if (take_if(TokenKind::OpenSquare)) {
      const NodeId all = arguments(TokenKind::CloseSquare);
      close(TokenKind::CloseSquare, opened);
      operand = node(NodeKind::Index, start, {operand, all});
    } else if (at(TokenKind::Dot)) {
      take();
      operand = member(operand, start);
    } else {
      return operand;
    }
  }
}

NodeId Parser::member(NodeId operand, uint32_t start) {
  const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's or method's name");
  NodeId generic;
  if (at(TokenKind::ColonColon) && peek(1).kind == TokenKind::Less) take(), generic = generic_arguments();
  const Token opened = peek();
  if (name.kind == TokenKind::Identifier && take_if(TokenKind::OpenParen)) {
    const NodeId all = arguments(TokenKind::CloseParen);
    close(TokenKind::CloseParen, opened);
    return node(NodeKind::MethodCall, start, {operand, generic, all}, {.name = name});
  }
  return node(NodeKind::FieldExpr, start, {operand}, {.name = name});
}

NodeId Parser::arguments(TokenKind stop) {
  const bool before = std::exchange(struct_allowed_, true);
  bool named = false;
  const NodeId all = separated(stop, [&] {
    const uint32_t start = begin();
    if (at(TokenKind::Identifier) && peek(1).kind == TokenKind::Colon) {
      const Token name = take();
      take();
      named = true;
      return node(NodeKind::NamedArgument, start, {expression()}, {.name = name});
    }
    const NodeId value = expression();
    if (named) sink_.report<diag::NameAfterNamed>(get(value).span);
    return value;
  });
  struct_allowed_ = before;
  return all;
}

bool Parser::expression_starts() const {
  switch (peek().kind) {
    case TokenKind::OpenBrace: return struct_allowed_;
    case TokenKind::CloseBrace: case TokenKind::CloseParen: case TokenKind::CloseSquare: case TokenKind::Comma:
    case TokenKind::Semicolon: case TokenKind::End: case TokenKind::FatArrow: case TokenKind::FClose: case TokenKind::FSpec:
    case TokenKind::Else: case TokenKind::Eq:
      return false;
    default: return true;
  }
}

NodeId Parser::primary() {
  const uint32_t start = begin();
  switch (peek().kind) {
    case TokenKind::Integer: case TokenKind::Float: case TokenKind::Text: case TokenKind::Char: case TokenKind::True:
    case TokenKind::False: {
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
    case TokenKind::Let: {
      take();
      const NodeId bound = pattern();
      expect(TokenKind::Eq);
      const bool before = std::exchange(struct_allowed_, false);
      const NodeId value = binary(kAndAnd + 1);
      struct_allowed_ = before;
      return node(NodeKind::LetCondition, start, {bound, value});
    }
    case TokenKind::Identifier:
      if (peek(1).kind == TokenKind::Not && (peek(2).kind == TokenKind::OpenParen || peek(2).kind == TokenKind::OpenSquare ||
                                             (peek(2).kind == TokenKind::OpenBrace && adjacent(1))))
        return macro_call(start);
      return name_expression();
    case TokenKind::SelfValue: case TokenKind::SelfType: case TokenKind::Super: case TokenKind::Crate: case TokenKind::ColonColon:
      return name_expression();
    default: expected("an expression"); return error_node();
  }
}

NodeId Parser::name_expression() {
  const uint32_t start = begin();
  const NodeId named = path(true);
  if (!at(TokenKind::OpenBrace)) return node(NodeKind::PathExpr, start, {named});
  const bool looks_like_fields =
      (peek(1).kind == TokenKind::Identifier && (peek(2).kind == TokenKind::Colon || peek(2).kind == TokenKind::Comma)) ||
      (peek(1).kind == TokenKind::CloseBrace && struct_allowed_) || peek(1).kind == TokenKind::DotDot ||
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
  std::vector<NodeId> inits;
  const uint32_t fields_start = begin();
  while (!at(TokenKind::CloseBrace) && !at(TokenKind::End)) {
    const uint32_t here = begin();
    if (take_if(TokenKind::DotDot)) {
      base = expression();
      break;
    }
    const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's name");
    NodeId value;
    if (take_if(TokenKind::Colon)) {
      value = expression();
    } else {
      const NodeId segment_node = node(NodeKind::Segment, here, {NodeId()}, {.name = name});
      const NodeId short_path = node(NodeKind::Path, here, {list(here, {segment_node})});
      value = node(NodeKind::PathExpr, here, {short_path});
    }
    inits.push_back(node(NodeKind::FieldInit, here, {value}, {.name = name}));
    if (take_if(TokenKind::Comma)) continue;
    if (!at(TokenKind::CloseBrace)) expected("`,` or `}`"), recover({TokenKind::CloseBrace, TokenKind::Semicolon});
    break;
  }
  const NodeId all = list(fields_start, inits);
  struct_allowed_ = before;
  close(TokenKind::CloseBrace, opened);
  return node(NodeKind::StructLiteral, start, {named, all, base});
}

NodeId Parser::macro_call(uint32_t start) {
  constexpr std::string_view known[] = {"vec", "format", "panic", "assert", "assert_eq", "assert_ne", "todo", "unimplemented",
                                        "unreachable", "println", "print", "eprintln", "eprint", "weights"};
  const Token name = take();
  take();
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
  const uint32_t here = begin();
  const bool before = std::exchange(struct_allowed_, true);
  NodeId all;
  if (at(stop)) {
    all = list(here, {});
  } else {
    const NodeId first = expression();
    if (take_if(TokenKind::Semicolon)) {
      const NodeId length = expression();
      all = list(here, {node(NodeKind::Repeat, here, {first, length})});
    } else if (take_if(TokenKind::Comma)) {
      const NodeId rest = arguments(stop);
      std::vector<NodeId> parts{first};
      for (NodeId part : tree_.children_of(rest)) parts.push_back(part);
      all = list(here, parts);
    } else {
      all = list(here, {first});
    }
  }
  struct_allowed_ = before;
  close(stop, opened);
  return node(NodeKind::MacroCall, start, {all}, {.name = name});
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

// compiler/parse/expressions.cpp — operators by binding power, signs before, calls, fields and indices behind.
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

// What a `let` in a condition takes: all that binds tighter than `&&`.
NodeId Parser::condition_value() { return binary(kAndAnd + 1); }

// The lexer leaves `>` single, so `>=` becomes Greater with kInclusive and `>>` becomes Shl with kRest (to the right).
NodeId Parser::binary(int least) {
  const Depth depth(*this);
  if (!depth) return error_node();
  const uint32_t start = begin();
  NodeId left;
  if (at(TokenKind::DotDot) || at(TokenKind::DotDotEq)) {
    const uint32_t flags = take().kind == TokenKind::DotDotEq ? kInclusive : 0;
    const NodeId last = expression_starts() ? binary(kRange + 1) : NodeId();
    left = node(NodeKind::Range, start, {NodeId(), last}, {.flags = flags});
  } else {
    left = unary();
  }
  for (;;) {
    Operator op = plain(peek().kind);
    uint32_t flags = 0;
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
      left = node(NodeKind::Range, start, {left, last}, {.flags = static_cast<uint32_t>(op.token == TokenKind::DotDotEq ? kInclusive : 0)});
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
      const uint32_t flags = take_if(TokenKind::Mut) ? kMut : 0;
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
  if (at_word("await") && peek(1).kind != TokenKind::OpenParen) return take(), node(NodeKind::Await, start, {operand});
  const Token name = at(TokenKind::Integer) ? take() : expect_name("a field's or method's name");
  NodeId generic;
  if (at(TokenKind::ColonColon) && (peek(1).kind == TokenKind::Less || peek(1).kind == TokenKind::Shl)) take(), generic = generic_arguments();
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
    attributes();
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

}  // namespace stark::parse

// compiler/parse/control.cpp — blocks, statements, branches, loops, closures, jumps.
// Room: parse. In: tokens. Out: nodes.
#include <utility>

#include "compiler/parse/parser.h"

namespace stark::parse {

NodeId Parser::block(Extra extra) {
  const uint32_t start = begin();
  const Token opened = peek();
  const Depth depth(*this);
  if (!depth || !expect(TokenKind::OpenBrace)) {
    const NodeId none;
    return node(NodeKind::Block, start, {list(start, {}), none}, extra);
  }
  const bool before = std::exchange(struct_allowed_, true);
  const NodeId result = block_body(start, extra, opened);
  struct_allowed_ = before;
  return result;
}

NodeId Parser::block_body(uint32_t start, Extra extra, Token opened) {
  std::vector<NodeId> statements;
  NodeId value;
  while (!at(TokenKind::CloseBrace) && !at(TokenKind::End)) {
    const size_t before = at_;
    if (value.valid()) {  // a block-like expression that turned out not to be the last
      statements.push_back(node(NodeKind::Statement, get(value).span.begin, {value}));
      value = NodeId();
    }
    const NodeId item_attributes = attributes();
    if (thread_locals(item_attributes, statements)) continue;
    if (item_starts()) statements.push_back(item(item_attributes));
    else if (at(TokenKind::CloseBrace)) break;
    else statement(statements, value, TokenKind::CloseBrace);
    if (at_ == before) take();
  }
  close(TokenKind::CloseBrace, opened);
  const NodeId all = list(start, statements);
  return node(NodeKind::Block, start, {all, value}, extra);
}

bool Parser::block_like(NodeId id) const {
  const Node& made = get(id);
  if ((made.flags & kParens) != 0) return false;
  switch (made.kind) {
    case NodeKind::Block: case NodeKind::If: case NodeKind::Match: case NodeKind::Loop: case NodeKind::While: case NodeKind::For:
      return true;
    default: return false;
  }
}

// One statement; an expression without `;` at the end of its block becomes `value`.
bool Parser::statement(std::vector<NodeId>& statements, NodeId& value, TokenKind stop) {
  const uint32_t start = begin();
  if (take_if(TokenKind::Semicolon)) return true;
  if (at(TokenKind::Let)) {
    statements.push_back(let_statement());
    return true;
  }
  const TokenKind first = peek().kind;
  const bool blockish = first == TokenKind::If || first == TokenKind::Match || first == TokenKind::Loop || first == TokenKind::While ||
                        first == TokenKind::For || first == TokenKind::OpenBrace || first == TokenKind::Unsafe ||
                        (first == TokenKind::Lifetime && peek(1).kind == TokenKind::Colon);
  NodeId made = blockish ? primary() : expression();
  if (blockish && (at(TokenKind::Dot) || at(TokenKind::Question))) {
    made = postfix(made, start);
    if (take_if(TokenKind::Semicolon)) {
      statements.push_back(node(NodeKind::Statement, start, {made}, {.flags = kSemicolon}));
      return true;
    }
  }
  if (take_if(TokenKind::Semicolon)) {
    statements.push_back(node(NodeKind::Statement, start, {made}, {.flags = kSemicolon}));
  } else if (at(stop) || (block_like(made) && blockish)) {
    value = made;
  } else {
    statements.push_back(node(NodeKind::Statement, start, {made}, {.flags = kSemicolon}));
    if (last_error_ != at_ && !too_deep_) {
      last_error_ = at_;
      sink_.report<diag::MissingSemicolon>({tree_.file, last_end_ > 0 ? last_end_ - 1 : 0, last_end_}, found());
      const bool new_line = sources_.position(tree_.file, peek().begin).line != sources_.position(tree_.file, last_end_).line;
      if (new_line) return true;
    }
    recover({TokenKind::Semicolon, TokenKind::CloseBrace, TokenKind::Let});
    take_if(TokenKind::Semicolon);
  }
  return true;
}

NodeId Parser::let_statement() {
  const uint32_t start = begin();
  take();
  const NodeId bound_pattern = pattern();
  const NodeId declared = take_if(TokenKind::Colon) ? type() : NodeId();
  NodeId value, otherwise;
  if (take_if(TokenKind::Eq)) value = expression();
  if (take_if(TokenKind::Else)) otherwise = block();
  if (!take_if(TokenKind::Semicolon)) {
    if (last_error_ != at_ && !too_deep_) {
      last_error_ = at_;
      sink_.report<diag::MissingSemicolon>({tree_.file, last_end_ > 0 ? last_end_ - 1 : 0, last_end_}, found());
    }
    const bool new_line = sources_.position(tree_.file, peek().begin).line != sources_.position(tree_.file, last_end_).line;
    if (!new_line) recover({TokenKind::Semicolon, TokenKind::CloseBrace, TokenKind::Let}), take_if(TokenKind::Semicolon);
  }
  return node(NodeKind::Let, start, {bound_pattern, declared, value, otherwise});
}

NodeId Parser::if_expression() {
  const uint32_t start = begin();
  take();
  const NodeId condition = expression_no_struct();
  const NodeId then_block = block();
  NodeId otherwise;
  if (take_if(TokenKind::Else)) {
    const Depth depth(*this);
    otherwise = !depth ? error_node() : at(TokenKind::If) ? if_expression() : block();
  }
  return node(NodeKind::If, start, {condition, then_block, otherwise});
}

NodeId Parser::match_expression() {
  const uint32_t start = begin();
  take();
  const NodeId scrutinee = expression_no_struct();
  const Token opened = peek();
  std::vector<NodeId> arms;
  const uint32_t here = begin();
  const bool before = std::exchange(struct_allowed_, true);
  if (expect(TokenKind::OpenBrace)) {
    while (!at(TokenKind::CloseBrace) && !at(TokenKind::End)) {
      const size_t was = at_;
      arms.push_back(arm());
      if (at_ == was) take();
    }
    close(TokenKind::CloseBrace, opened);
  }
  struct_allowed_ = before;
  const NodeId all = list(here, arms);
  return node(NodeKind::Match, start, {scrutinee, all});
}

NodeId Parser::arm() {
  const uint32_t start = begin();
  attributes();
  const NodeId bound_pattern = pattern();
  const NodeId guard = take_if(TokenKind::If) ? expression() : NodeId();
  NodeId body;
  if (expect(TokenKind::FatArrow)) {
    body = at(TokenKind::OpenBrace) ? block() : expression();
  } else {
    recover({TokenKind::Comma, TokenKind::CloseBrace});
    body = error_node();
  }
  const NodeId made = node(NodeKind::Arm, start, {bound_pattern, guard, body});
  if (!take_if(TokenKind::Comma) && !at(TokenKind::CloseBrace) && !block_like(body)) {
    expected("`,` or `}`");
    recover({TokenKind::Comma, TokenKind::CloseBrace});
    take_if(TokenKind::Comma);
  }
  return made;
}

NodeId Parser::labelled() {
  const uint32_t start = begin();
  Extra label;
  if (at(TokenKind::Lifetime)) {
    label.name = take();
    expect(TokenKind::Colon);
    if (at(TokenKind::OpenBrace)) return block(label);
  }
  return loop_expression(start, label);
}

NodeId Parser::loop_expression(uint32_t start, Extra label) {
  switch (peek().kind) {
    case TokenKind::Loop: take(); return node(NodeKind::Loop, start, {block()}, label);
    case TokenKind::While: {
      take();
      const NodeId condition = expression_no_struct();
      return node(NodeKind::While, start, {condition, block()}, label);
    }
    case TokenKind::For: {
      take();
      const NodeId bound_pattern = pattern();
      expect(TokenKind::In);
      const NodeId iterable = expression_no_struct();
      return node(NodeKind::For, start, {bound_pattern, iterable, block()}, label);
    }
    default: expected("a loop or a block after the label"); return error_node();
  }
}

NodeId Parser::closure() {
  const uint32_t start = begin();
  const uint32_t flags = take_if(TokenKind::Move) ? kMove : 0;
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (!take_if(TokenKind::OrOr) && expect(TokenKind::Or)) {
    all = separated(TokenKind::Or, [&] {
      const uint32_t here = begin();
      attributes();
      const NodeId bound_pattern = pattern_single();
      const NodeId declared = take_if(TokenKind::Colon) ? type() : NodeId();
      return node(NodeKind::Parameter, here, {bound_pattern, declared, NodeId()});
    });
    close(TokenKind::Or, opened);
  }
  const NodeId result = take_if(TokenKind::Arrow) ? type() : NodeId();
  const NodeId body = result.valid() ? block() : expression();
  return node(NodeKind::Closure, start, {all, result, body}, {.flags = flags});
}

NodeId Parser::jump() {
  const uint32_t start = begin();
  const TokenKind kind = take().kind;
  Extra extra;
  if (kind != TokenKind::Return && at(TokenKind::Lifetime)) extra.name = take();
  if (kind == TokenKind::Continue) return node(NodeKind::Continue, start, {}, extra);
  const NodeId value = expression_starts() ? expression() : NodeId();
  return node(kind == TokenKind::Return ? NodeKind::Return : NodeKind::Break, start, {value}, extra);
}

}  // namespace stark::parse

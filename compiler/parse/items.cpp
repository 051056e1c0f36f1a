// compiler/parse/items.cpp — files, attributes, items by their first words, functions and their parameters.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

SyntaxTree Parser::file() {
  const uint32_t start = begin();
  std::vector<NodeId> file_attributes, items, statements;
  NodeId value;
  docs(file_attributes, true);
  while (at(TokenKind::Hash) && peek(1).kind == TokenKind::Not) file_attributes.push_back(attribute()), docs(file_attributes, true);
  while (!at(TokenKind::End)) {
    const size_t before = at_;
    const NodeId item_attributes = attributes();
    if (thread_locals(item_attributes, items)) continue;
    if (item_starts()) items.push_back(item(item_attributes));
    else if (at(TokenKind::CloseBrace)) expected("an item or a statement"), take();
    else if (!at(TokenKind::End)) {
      if (value.valid()) statements.push_back(node(NodeKind::Statement, get(value).span.begin, {value}, {.flags = kSemicolon}));
      value = NodeId();
      statement(statements, value, TokenKind::End);
    }
    if (at_ == before) take();
  }
  if (!statements.empty() || value.valid()) items.push_back(script(start, statements, value));
  const NodeId attribute_list = list(start, file_attributes), item_list = list(start, items);
  tree_.root = node(NodeKind::File, start, {attribute_list, item_list});
  return std::move(tree_);
}

// Top-level statements are the body of `main`.
NodeId Parser::script(uint32_t start, const std::vector<NodeId>& statements, NodeId value) {
  const NodeId none;
  const NodeId empty = list(start, {});
  std::vector<NodeId> all = statements;
  if (value.valid()) all.push_back(node(NodeKind::Statement, get(value).span.begin, {value}, {.flags = kSemicolon}));
  const NodeId body = node(NodeKind::Block, start, {list(start, all), none});
  return node(NodeKind::Fn, start, {empty, none, empty, none, none, body}, {.flags = kScript});
}

NodeId Parser::attributes() {
  const uint32_t start = begin();
  std::vector<NodeId> all;
  docs(all, false);
  while (at(TokenKind::Hash)) all.push_back(attribute()), docs(all, false);
  return list(start, all);
}

// The doc comments that stand before the next token; those in places where nothing can have any are passed over.
void Parser::docs(std::vector<NodeId>& out, bool inner) {
  for (; next_doc_ < docs_.size() && docs_[next_doc_].before <= at_; ++next_doc_) {
    const Token& comment = docs_[next_doc_].comment;
    const bool is_inner = text_of(comment)[2] == '!';
    if (docs_[next_doc_].before < at_ || is_inner != inner) {
      if (docs_[next_doc_].before == at_ && inner) return;  // what follows is for the first item
      continue;
    }
    const NodeId made = node(NodeKind::Doc, comment.begin, {}, {.flags = inner ? kInner : 0u, .name = comment});
    tree_.nodes[made.index()].span = span_of(comment);
    out.push_back(made);
  }
}

// What `//!` and `#![…]` say at the head of a module is said of the module.
NodeId Parser::with_inner(NodeId outer) {
  const auto before = tree_.children_of(outer);
  std::vector<NodeId> all(before.begin(), before.end());
  const size_t count = all.size();
  docs(all, true);
  while (at(TokenKind::Hash) && peek(1).kind == TokenKind::Not) all.push_back(attribute()), docs(all, true);
  return all.size() == count ? outer : list(get(outer).span.begin, all);
}

NodeId Parser::attribute() {
  const uint32_t start = begin();
  take();
  const uint32_t flags = take_if(TokenKind::Not) ? kInner : 0u;
  const Token opened = peek();
  if (!take_if(TokenKind::OpenSquare)) {
    if (last_error_ != at_) sink_.report<diag::BadAttribute>(span_of(peek()), found());
    if (at(TokenKind::Identifier)) take();  // what was meant to stand in brackets
    if (at(TokenKind::OpenParen)) take(), recover({TokenKind::CloseParen}), take_if(TokenKind::CloseParen);
    last_error_ = at_;
    return error_node();
  }
  Token name = expect_name("the attribute's name");
  while (at(TokenKind::ColonColon) && peek(1).kind == TokenKind::Identifier) take(), name.end = take().end;
  std::vector<NodeId> words;
  int depth = 0;
  while (!at(TokenKind::End) && (depth > 0 || !at(TokenKind::CloseSquare))) {
    if (at(TokenKind::OpenParen) || at(TokenKind::OpenSquare)) ++depth;
    if (at(TokenKind::CloseParen) || at(TokenKind::CloseSquare)) --depth;
    const Token token = take();
    if (token.kind == TokenKind::Identifier || token.kind == TokenKind::Text || token.kind == TokenKind::Integer)
      words.push_back(node(NodeKind::Word, token.begin, {}, {.name = token}));
  }
  close(TokenKind::CloseSquare, opened);
  return node(NodeKind::Attribute, start, {list(start, words)}, {.flags = flags, .name = name});
}

bool Parser::item_starts() const {
  switch (peek().kind) {
    case TokenKind::Fn: case TokenKind::Struct: case TokenKind::Enum: case TokenKind::Impl: case TokenKind::Trait:
    case TokenKind::Type: case TokenKind::Static: case TokenKind::Mod: case TokenKind::Use: case TokenKind::Pub:
    case TokenKind::Extern:
      return true;
    case TokenKind::Const: return peek(1).kind != TokenKind::OpenBrace;
    case TokenKind::Unsafe:
      return peek(1).kind == TokenKind::Fn || peek(1).kind == TokenKind::Impl || peek(1).kind == TokenKind::Trait ||
             peek(1).kind == TokenKind::Extern;
    case TokenKind::Identifier:
      if (at_word("async")) return peek(1).kind == TokenKind::Fn || (peek(1).kind == TokenKind::Unsafe && peek(2).kind == TokenKind::Fn);
      return at_word("module") && peek(1).kind == TokenKind::Identifier;
    default: return false;
  }
}

// `pub`, and of `pub(…)` how far.
uint32_t Parser::visibility() {
  if (!take_if(TokenKind::Pub)) return 0;
  if (!at(TokenKind::OpenParen)) return kPub;
  const TokenKind scope = peek(1).kind;
  const bool known = scope == TokenKind::Crate || scope == TokenKind::Super || scope == TokenKind::SelfValue;
  if (!known && scope != TokenKind::In) return kPub;  // a tuple struct's field: `pub (A, B)`
  const Token opened = take();
  if (!known) expected("`crate`, `super` or `self`"), recover({TokenKind::CloseParen});
  else take();
  close(TokenKind::CloseParen, opened);
  return scope == TokenKind::SelfValue ? 0 : scope == TokenKind::Super ? kPub | kPubSuper : kPub | kPubCrate;
}

uint32_t Parser::qualifiers() {
  for (uint32_t flags = 0;;) {
    const TokenKind next = peek(1).kind;
    if (take_if(TokenKind::Unsafe)) flags |= kUnsafe;
    else if (at(TokenKind::Const) && (next == TokenKind::Fn || next == TokenKind::Unsafe || next == TokenKind::Extern)) take(), flags |= kConst;
    else if (at_word("async") && (next == TokenKind::Fn || next == TokenKind::Unsafe)) take(), flags |= kAsync;
    else if (at(TokenKind::Extern) && (next == TokenKind::Fn || (next == TokenKind::Text && peek(2).kind == TokenKind::Fn)))
      take(), take_if(TokenKind::Text), flags |= kExtern;
    else return flags;
  }
}

NodeId Parser::item(NodeId attribute_list) {
  const Depth depth(*this);
  if (!depth) return error_node();
  return item_unlimited(attribute_list);
}

NodeId Parser::item_unlimited(NodeId attribute_list) {
  const uint32_t start = begin();
  uint32_t flags = visibility();
  flags |= qualifiers();
  switch (peek().kind) {
    case TokenKind::Fn: return function(start, attribute_list, flags);
    case TokenKind::Struct: return struct_item(start, attribute_list, flags);
    case TokenKind::Enum: return enum_item(start, attribute_list, flags);
    case TokenKind::Impl: return impl_item(start, attribute_list, flags);
    case TokenKind::Trait: return trait_item(start, attribute_list, flags);
    case TokenKind::Type: return alias_item(start, attribute_list, flags);
    case TokenKind::Const:
    case TokenKind::Static: return const_item(start, attribute_list, flags);
    case TokenKind::Mod:
    case TokenKind::Identifier: return mod_item(start, attribute_list, flags);
    case TokenKind::Use: return use_item(start, attribute_list, flags);
    case TokenKind::Extern: return extern_item(start, attribute_list, flags);
    default: expected("an item"); return error_node();
  }
}

NodeId Parser::items_until(TokenKind stop) {
  const uint32_t start = begin();
  std::vector<NodeId> all;
  while (!at(stop) && !at(TokenKind::End)) {
    const size_t before = at_;
    const NodeId item_attributes = attributes();
    if (thread_locals(item_attributes, all)) continue;
    if (item_starts()) all.push_back(item(item_attributes));
    else if (!at(stop) && !take_if(TokenKind::Semicolon)) expected("an item"), recover({stop, TokenKind::Semicolon});
    if (at_ == before) take();
  }
  return list(start, all);
}

NodeId Parser::function(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token name = expect_name("the function's name");
  const NodeId generic = generics();
  const NodeId parameter_list = parameters();
  const NodeId result = take_if(TokenKind::Arrow) ? type() : NodeId();
  const NodeId where = where_clause();
  NodeId body;
  if (at(TokenKind::OpenBrace)) body = block();
  else if (!take_if(TokenKind::Semicolon)) expected("the function's body"), recover({TokenKind::Fn, TokenKind::CloseBrace});
  return node(NodeKind::Fn, start, {attribute_list, generic, parameter_list, result, where, body}, {.flags = flags, .name = name});
}

NodeId Parser::parameters() {
  const Token opened = peek();
  if (!expect(TokenKind::OpenParen)) return list(begin(), {});
  const NodeId all = separated(TokenKind::CloseParen, [&] {
    attributes();
    return self_starts() ? self_parameter() : parameter();
  });
  close(TokenKind::CloseParen, opened);
  return all;
}

bool Parser::self_starts() const {
  size_t i = 0;
  if (peek(i).kind == TokenKind::And) ++i;
  if (peek(i).kind == TokenKind::Lifetime) ++i;
  if (peek(i).kind == TokenKind::Mut) ++i;
  return peek(i).kind == TokenKind::SelfValue;
}

NodeId Parser::self_parameter() {
  const uint32_t start = begin();
  uint32_t flags = 0;
  NodeId borrowed_for;
  if (take_if(TokenKind::And)) flags |= kReference;
  if (at(TokenKind::Lifetime)) borrowed_for = lifetime();
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = take();
  const NodeId self_type = take_if(TokenKind::Colon) ? type() : NodeId();
  return node(NodeKind::SelfParameter, start, {self_type, borrowed_for}, {.flags = flags, .name = name});
}

NodeId Parser::parameter() {
  const uint32_t start = begin();
  const NodeId none;
  if (take_if(TokenKind::DotDotDot)) return node(NodeKind::Parameter, start, {none, none, none}, {.flags = kRest});
  const NodeId bound_pattern = pattern_single();
  NodeId declared, value;
  if (expect(TokenKind::Colon)) declared = type();
  if (take_if(TokenKind::Eq)) value = expression();
  return node(NodeKind::Parameter, start, {bound_pattern, declared, value});
}

}  // namespace stark::parse

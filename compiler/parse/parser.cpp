// compiler/parse/parser.cpp — tokens in, nodes out: what every part of the parser leans on, and recovery.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

#include <algorithm>

namespace stark::parse {

Parser::Parser(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink)
    : sources_(sources), tokens_(tokens.tokens), docs_(tokens.docs), sink_(sink) {
  tree_.file = tokens.file;
  tree_.nodes.reserve(tokens_.size());
  tree_.children.reserve(tokens_.size());
  heights_.reserve(tokens_.size());
}

const lex::Token& Parser::peek(size_t ahead) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
std::string_view Parser::text_of(const Token& token) const { return sources_.text(span_of(token)); }
bool Parser::at_word(std::string_view word) const { return at(TokenKind::Identifier) && text_of(peek()) == word; }

std::string Parser::found() const {
  const TokenKind kind = peek().kind;
  if (kind == TokenKind::End) return "the end of the file";
  if (kind == TokenKind::FEnd) return "the end of the f-string";
  return fmt::format("`{}`", text_of(peek()));
}

lex::Token Parser::take() {
  const Token token = peek();
  if (token.kind != TokenKind::End) ++at_;
  last_end_ = token.end;
  return token;
}

bool Parser::take_if(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

void Parser::expected(std::string_view what) {
  if (last_error_ == at_ || too_deep_) return;
  last_error_ = at_;
  sink_.report<diag::Expected>(span_of(peek()), what, found());
}

bool Parser::expect(TokenKind kind, std::string_view what) {
  if (take_if(kind)) return true;
  expected(what.empty() ? fmt::format("`{}`", lex::text(kind)) : std::string(what));
  return false;
}

bool Parser::close(TokenKind kind, Token opened) {
  if (take_if(kind)) return true;
  if (!at(TokenKind::End)) return expect(kind);
  if (!too_deep_ && last_error_ != at_) {
    last_error_ = at_;
    sink_.report<diag::Unclosed>(span_of(opened), text_of(opened)).help(fmt::format("write the missing `{}`", lex::text(kind)));
  }
  return false;
}

lex::Token Parser::expect_name(std::string_view what) {
  if (at(TokenKind::Identifier)) return take();
  expected(what);
  return {TokenKind::Identifier, peek().begin, peek().begin};
}

bool Parser::adjacent(size_t ahead) const { return peek(ahead - 1).end == peek(ahead).begin; }

bool Parser::take_greater() { return expect(TokenKind::Greater); }

// `Vec<<T as Trait>::Name>` begins with `<<`: the first half is taken, the second stays.
bool Parser::take_less() {
  if (!at(TokenKind::Shl)) return take_if(TokenKind::Less);
  Token& both = tokens_[at_];
  last_end_ = ++both.begin;
  both.kind = TokenKind::Less;
  return true;
}

// Skips to one of `stops` at this level of brackets; an item's keyword or the end of the file stops it as well.
void Parser::recover(std::initializer_list<TokenKind> stops) {
  int depth = 0;
  while (!at(TokenKind::End)) {
    const TokenKind kind = peek().kind;
    if (depth == 0 && std::ranges::find(stops, kind) != stops.end()) return;
    if (depth == 0 && (kind == TokenKind::Fn || kind == TokenKind::Struct || kind == TokenKind::Enum || kind == TokenKind::Impl ||
                       kind == TokenKind::Trait || kind == TokenKind::Pub || kind == TokenKind::Use))
      return;
    if (kind == TokenKind::OpenBrace || kind == TokenKind::OpenParen || kind == TokenKind::OpenSquare) ++depth;
    if (kind == TokenKind::CloseBrace || kind == TokenKind::CloseParen || kind == TokenKind::CloseSquare) {
      if (depth == 0) return;
      --depth;
    }
    take();
  }
}

NodeId Parser::node(NodeKind kind, uint32_t start, std::span<const NodeId> children, Extra extra) {
  Node made;
  made.kind = kind;
  made.token = extra.token;
  made.flags = extra.flags;
  made.span = {tree_.file, start, std::max(start, last_end_)};
  made.name = extra.name.end > extra.name.begin ? span_of(extra.name) : made.span;
  if (extra.name.end > extra.name.begin) made.text = text_of(extra.name);
  made.first_child = static_cast<uint32_t>(tree_.children.size());
  made.child_count = static_cast<uint32_t>(children.size());
  tree_.children.insert(tree_.children.end(), children.begin(), children.end());
  uint32_t height = 1;
  for (NodeId child : children)
    if (child.valid()) height = std::max(height, heights_[child.index()] + 1u);
  if (height > kMaxHeight) too_deep(made.span, kMaxHeight);
  heights_.push_back(static_cast<uint16_t>(std::min(height, kMaxHeight)));
  tree_.nodes.push_back(made);
  return NodeId(tree_.nodes.size() - 1);
}

NodeId Parser::lifetime() {
  const Token name = take();
  return node(NodeKind::Lifetime, name.begin, {}, {.name = name});
}

// The path of one name, as a field's short form or a range's end have it.
NodeId Parser::path_of(const Token& name) {
  const NodeId segment_node = node(NodeKind::Segment, name.begin, {NodeId()}, {.name = name});
  const NodeId named = node(NodeKind::Path, name.begin, {list(name.begin, {segment_node}), NodeId(), NodeId()});
  return node(NodeKind::PathExpr, name.begin, {named});
}

NodeId Parser::node(NodeKind kind, uint32_t start, std::initializer_list<NodeId> children, Extra extra) {
  return node(kind, start, std::span<const NodeId>(children.begin(), children.size()), extra);
}

Parser::Depth::Depth(Parser& parser) : parser_(parser) {
  if (++parser_.depth_ > kMaxDepth) parser_.too_deep(parser_.span_of(parser_.peek()), kMaxDepth);
}

void Parser::too_deep(Span where, uint32_t limit) {
  if (too_deep_) return;
  where.end = std::min(where.end, where.begin + 1);
  sink_.report<diag::TooDeep>(where, limit).help("give the inner parts names with `let`");
  too_deep_ = true;
  at_ = tokens_.size() - 1;
}

SyntaxTree parse(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink) {
  return Parser(sources, tokens, sink).file();
}

}  // namespace stark::parse

// compiler/parse/parser.cpp — tokens in, nodes out: what every part of the parser leans on, and recovery.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

#include <algorithm>

namespace stark::parse {

Parser::Parser(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink)
    : sources_(sources), tokens_(tokens.tokens), sink_(sink) {
  tree_.file = tokens.file;
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

// Skips to one of `stops` at this level of brackets; an item's keyword or the end of the file stops it as well.
void Parser::recover(std::initializer_list<TokenKind> stops) {
  int depth = 0;
  while (!at(TokenKind::End)) {
    const TokenKind kind = peek().kind;
    if (depth == 0 && std::ranges::find(stops, kind) != stops.end()) return;
    if (depth == 0 && (kind == TokenKind::Fn || kind == TokenKind::Struct || kind == TokenKind::Impl)) return;
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
  tree_.nodes.push_back(made);
  return NodeId(tree_.nodes.size() - 1);
}

NodeId Parser::node(NodeKind kind, uint32_t start, std::initializer_list<NodeId> children, Extra extra) {
  return node(kind, start, std::span<const NodeId>(children.begin(), children.size()), extra);
}

Parser::Depth::Depth(Parser& parser) : parser_(parser) {
  if (++parser_.depth_ <= kMaxDepth || parser_.too_deep_) return;
  parser_.sink_.report<diag::TooDeep>(parser_.span_of(parser_.peek()), kMaxDepth)
      .help("give the inner parts names with `let`");
  parser_.too_deep_ = true;
  parser_.at_ = parser_.tokens_.size() - 1;
}

SyntaxTree parse(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink) {
  return Parser(sources, tokens, sink).file();
}

namespace {
struct Row {
  std::string_view text, slots;
};
constexpr Row kRows[] = {
#define NODE(name, text, ...) {text, #__VA_ARGS__},
#include "compiler/parse/nodes.def"
};

std::string_view slot_name(NodeKind kind, size_t index) {
  std::string_view rest = kRows[static_cast<size_t>(kind)].slots;
  for (; index > 0; --index) rest = rest.find(',') == rest.npos ? "" : rest.substr(rest.find(',') + 2);
  return rest.substr(0, rest.find(','));
}

void dump_node(const SyntaxTree& tree, NodeId id, std::string_view slot, int depth, std::string& out) {
  const Node& node = tree.get(id);
  out += std::string(static_cast<size_t>(depth) * 2, ' ');
  if (!slot.empty()) out += fmt::format("{}: ", slot);
  out += text(node.kind);
  if (!node.text.empty()) out += fmt::format(" `{}`", node.text);
  if (node.token != TokenKind::End) out += fmt::format(" {}", lex::text(node.token));
  if (node.flags != 0) out += fmt::format(" #{:x}", node.flags);
  out += "\n";
  const auto children = tree.children_of(id);
  for (size_t i = 0; i < children.size(); ++i) {
    if (!children[i].valid()) continue;
    if (tree.kind(children[i]) == NodeKind::List && tree.children_of(children[i]).empty()) continue;
    dump_node(tree, children[i], slot_name(node.kind, i), depth + 1, out);
  }
}
}  // namespace

std::string_view text(NodeKind kind) { return kRows[static_cast<size_t>(kind)].text; }

std::string dump(const SyntaxTree& tree) {
  std::string out;
  dump_node(tree, tree.root, "", 0, out);
  return out;
}

}  // namespace stark::parse

// compiler/parse/parser.h — the state that the parts of the parser share.
// Room: parse, private. In: tokens. Out: nodes.
// Law: every function consumes at least one token or reports nothing new, so that parsing always ends.
#pragma once

#include <initializer_list>

#include "compiler/parse/diagnostics.h"
#include "compiler/parse/syntax_tree.h"

namespace stark::parse {

// How deep what is written may be nested, and how high a tree may grow: later stages walk it by recursion.
inline constexpr int kMaxDepth = 200;
inline constexpr uint32_t kMaxHeight = 2000;

// What a node is made of beyond its kind and children.
struct Extra {
  uint32_t flags = 0;
  TokenKind token = TokenKind::End;
  lex::Token name{};
};

class Parser {
 public:
  Parser(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink);
  SyntaxTree file();

 private:
  using Token = lex::Token;
  // tokens (parser.cpp)
  const Token& peek(size_t ahead = 0) const;
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool at_word(std::string_view word) const;
  std::string_view text_of(const Token& token) const;
  Span span_of(const Token& token) const { return {tree_.file, token.begin, token.end}; }
  std::string found() const;
  Token take();
  bool take_if(TokenKind kind);
  bool expect(TokenKind kind, std::string_view what = {});
  bool close(TokenKind kind, Token opened);
  Token expect_name(std::string_view what);
  void expected(std::string_view what);
  bool adjacent(size_t ahead) const;  // token `ahead` begins where the one before it ends
  bool take_greater();
  void recover(std::initializer_list<TokenKind> stops);
  void too_deep(Span where, uint32_t limit);
  bool take_less();
  // nodes (parser.cpp)
  uint32_t begin() const { return peek().begin; }
  NodeId node(NodeKind kind, uint32_t begin, std::span<const NodeId> children, Extra extra = {});
  NodeId node(NodeKind kind, uint32_t begin, std::initializer_list<NodeId> children = {}, Extra extra = {});
  NodeId list(uint32_t begin, const std::vector<NodeId>& parts) { return node(NodeKind::List, begin, parts); }
  NodeId lifetime();
  NodeId path_of(const Token& name);
  NodeId error_node() { return node(NodeKind::Error, begin()); }
  const Node& get(NodeId id) const { return tree_.get(id); }
  template <class Read>
  NodeId separated(TokenKind stop, Read read);

  // Counts nesting; past the limit it reports once and puts the parser at the end of the file.
  class Depth {
   public:
    explicit Depth(Parser& parser);
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    explicit operator bool() const { return parser_.depth_ <= kMaxDepth; }

   private:
    Parser& parser_;
  };

  // items (items.cpp)
  NodeId attributes();
  void docs(std::vector<NodeId>& out, bool inner);
  NodeId with_inner(NodeId attributes);
  NodeId attribute();
  bool item_starts() const;
  bool thread_locals(NodeId attribute_list, std::vector<NodeId>& out);
  uint32_t visibility();
  NodeId item(NodeId attributes);
  NodeId item_unlimited(NodeId attributes);
  uint32_t qualifiers();
  NodeId items_until(TokenKind stop);
  NodeId function(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId parameters();
  NodeId parameter();
  NodeId self_parameter();
  bool self_starts() const;
  NodeId struct_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId fields(TokenKind stop, bool tuple);
  NodeId enum_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId variant();
  NodeId impl_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId trait_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId alias_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId const_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId mod_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId use_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId extern_item(uint32_t begin, NodeId attributes, uint32_t flags);
  NodeId use_tree();
  NodeId generics();
  NodeId generic_parameter();
  NodeId where_clause();
  NodeId bounds();
  NodeId bound();
  NodeId binder();
  NodeId script(uint32_t begin, const std::vector<NodeId>& statements, NodeId value);
  // types (types.cpp)
  NodeId type();
  NodeId type_unlimited();
  NodeId reference_type();
  NodeId pointer_type();
  NodeId tuple_type();
  NodeId bracket_type();
  NodeId shape_dim();
  NodeId fn_type();
  NodeId fn_signature(uint32_t begin, Extra extra);
  NodeId path(bool expression);
  NodeId segment(bool expression);
  NodeId generic_arguments();
  NodeId generic_argument();
  bool shape_starts() const;
  // patterns (patterns.cpp)
  NodeId pattern();
  NodeId pattern_single();
  NodeId pattern_unlimited();
  NodeId path_pattern();
  NodeId field_pattern();
  NodeId literal_or_range();
  NodeId range_pattern(uint32_t begin, NodeId first);
  NodeId name_pattern();
  bool range_end_starts() const;
  NodeId pattern_literal();
  // expressions (expressions.cpp, control.cpp)
  NodeId expression() { return binary(0); }
  NodeId expression_no_struct();
  NodeId condition_value();
  NodeId binary(int least);
  NodeId unary();
  NodeId unary_unlimited();
  NodeId postfix(NodeId operand, uint32_t begin);
  NodeId member(NodeId operand, uint32_t begin);
  NodeId arguments(TokenKind stop);
  NodeId primary();
  NodeId name_expression();
  NodeId struct_literal(NodeId path, uint32_t begin);
  NodeId macro_call(uint32_t begin);
  NodeId macro_arguments(TokenKind stop);
  NodeId matches_macro(uint32_t begin);
  NodeId let_condition();
  NodeId parenthesised();
  NodeId array();
  NodeId f_string();
  NodeId closure();
  NodeId jump();
  bool expression_starts() const;
  NodeId block(Extra extra = {});
  NodeId block_body(uint32_t begin, Extra extra, Token opened);
  bool statement(std::vector<NodeId>& statements, NodeId& value, TokenKind stop);
  NodeId let_statement();
  NodeId if_expression();
  NodeId match_expression();
  NodeId arm();
  NodeId labelled();
  NodeId loop_expression(uint32_t begin, Extra label);
  bool block_like(NodeId id) const;

  const SourceMap& sources_;
  std::vector<Token> tokens_;  // our own: `<<` is halved where generic arguments begin
  const std::vector<lex::Doc>& docs_;
  diagnostics::Sink& sink_;
  SyntaxTree tree_;
  std::vector<uint16_t> heights_;  // of each node
  size_t next_doc_ = 0;
  size_t at_ = 0;
  uint32_t last_end_ = 0;
  size_t last_error_ = ~size_t{0};
  int depth_ = 0;
  bool too_deep_ = false;
  bool struct_allowed_ = true;
};

template <class Read>
NodeId Parser::separated(TokenKind stop, Read read) {
  const uint32_t start = begin();
  std::vector<NodeId> parts;
  while (!at(stop) && !at(TokenKind::End)) {
    const size_t before = at_;
    parts.push_back(read());
    if (at(stop)) break;
    if (at(TokenKind::Semicolon) && stop == TokenKind::CloseBrace) {  // fields are parted by `,`: told once, then read on
      expect(TokenKind::Comma);
      take();
      continue;
    }
    if (!expect(TokenKind::Comma)) recover({stop, TokenKind::Comma, TokenKind::Semicolon, TokenKind::CloseBrace});
    if (at_ == before || (!at(stop) && (at(TokenKind::Semicolon) || at(TokenKind::CloseBrace)))) break;
    if (at(TokenKind::Comma)) take();
  }
  return list(start, parts);
}

}  // namespace stark::parse

// compiler/parse/declarations.cpp — structs, enums, impls, traits, aliases, constants, modules, uses and extern blocks.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

NodeId Parser::struct_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token name = expect_name("the struct's name");
  const NodeId generic = generics();
  NodeId where = where_clause();
  const Token opened = peek();
  NodeId all;
  if (take_if(TokenKind::OpenParen)) {
    flags |= kTupleForm;
    all = fields(TokenKind::CloseParen, true);
    close(TokenKind::CloseParen, opened);
    if (!where.valid()) where = where_clause();
    expect(TokenKind::Semicolon);
  } else if (take_if(TokenKind::OpenBrace)) {
    all = fields(TokenKind::CloseBrace, false);
    close(TokenKind::CloseBrace, opened);
  } else {
    all = list(begin(), {});
    expect(TokenKind::Semicolon, "`{`, `(` or `;`");
  }
  return node(NodeKind::Struct, start, {attribute_list, generic, where, all}, {.flags = flags, .name = name});
}

NodeId Parser::fields(TokenKind stop, bool tuple) {
  return separated(stop, [&] {
    const uint32_t start = begin();
    const NodeId attribute_list = attributes();
    const uint32_t flags = visibility();
    Token name{};
    if (!tuple) {
      name = expect_name("a field's name");
      expect(TokenKind::Colon);
    }
    const NodeId declared = type();
    const NodeId value = take_if(TokenKind::Eq) ? expression() : NodeId();
    return node(NodeKind::Field, start, {attribute_list, declared, value}, {.flags = flags, .name = name});
  });
}

NodeId Parser::enum_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token name = expect_name("the enum's name");
  const NodeId generic = generics();
  const NodeId where = where_clause();
  const Token opened = peek();
  NodeId variants = list(begin(), {});
  if (expect(TokenKind::OpenBrace)) {
    variants = separated(TokenKind::CloseBrace, [&] { return variant(); });
    close(TokenKind::CloseBrace, opened);
  }
  return node(NodeKind::Enum, start, {attribute_list, generic, where, variants}, {.flags = flags, .name = name});
}

NodeId Parser::variant() {
  const uint32_t start = begin();
  const NodeId attribute_list = attributes();
  const Token name = expect_name("a variant's name");
  const Token opened = peek();
  uint32_t flags = 0;
  NodeId all = list(begin(), {}), value;
  if (take_if(TokenKind::OpenParen)) {
    flags = kTupleForm;
    all = fields(TokenKind::CloseParen, true);
    close(TokenKind::CloseParen, opened);
  } else if (take_if(TokenKind::OpenBrace)) {
    flags = kBraces;
    all = fields(TokenKind::CloseBrace, false);
    close(TokenKind::CloseBrace, opened);
  }
  if (take_if(TokenKind::Eq)) value = expression();
  return node(NodeKind::Variant, start, {attribute_list, all, value}, {.flags = flags, .name = name});
}

NodeId Parser::impl_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const NodeId generic = generics();
  if (take_if(TokenKind::Not)) flags |= kNegative;
  NodeId self_type = type(), trait_path;
  if (take_if(TokenKind::For)) {
    trait_path = self_type;
    self_type = type();
  }
  const NodeId where = where_clause();
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenBrace)) {
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
  }
  return node(NodeKind::Impl, start, {attribute_list, generic, trait_path, self_type, where, all}, {.flags = flags});
}

NodeId Parser::trait_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token name = expect_name("the trait's name");
  const NodeId generic = generics();
  const NodeId supers = take_if(TokenKind::Colon) ? bounds() : NodeId();
  const NodeId where = where_clause();
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenBrace)) {
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
  }
  return node(NodeKind::Trait, start, {attribute_list, generic, supers, where, all}, {.flags = flags, .name = name});
}

NodeId Parser::alias_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token name = expect_name("the type's name");
  const NodeId generic = generics();
  const NodeId bound_list = take_if(TokenKind::Colon) ? bounds() : NodeId();
  NodeId where = where_clause();
  const NodeId target = take_if(TokenKind::Eq) ? type() : NodeId();
  if (!where.valid()) where = where_clause();
  expect(TokenKind::Semicolon);
  return node(NodeKind::TypeAlias, start, {attribute_list, generic, bound_list, target, where}, {.flags = flags, .name = name});
}

NodeId Parser::const_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  const NodeKind kind = take().kind == TokenKind::Const ? NodeKind::Const : NodeKind::Static;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = take_if(TokenKind::Underscore) ? Token{} : expect_name("the constant's name");
  NodeId declared, value;
  if (expect(TokenKind::Colon)) declared = type();
  if (take_if(TokenKind::Eq)) {
    if (at(TokenKind::Const) && peek(1).kind == TokenKind::OpenBrace) take();  // `const { … }`: every initialiser is
    value = expression();
  }
  const bool is_last = (flags & kLocal) != 0 && (at(TokenKind::CloseBrace) || at(TokenKind::CloseParen) || at(TokenKind::CloseSquare));
  if (!is_last) expect(TokenKind::Semicolon);
  return node(kind, start, {attribute_list, declared, value}, {.flags = flags, .name = name});
}

// `thread_local! { static A: T = a; static B: U = const { b } }`: statics of which each thread has its own.
bool Parser::thread_locals(NodeId attribute_list, std::vector<NodeId>& out) {
  if (!at_word("thread_local") || peek(1).kind != TokenKind::Not) return false;
  take(), take();
  const Token opened = take();
  const TokenKind stop = opened.kind == TokenKind::OpenParen ? TokenKind::CloseParen : opened.kind == TokenKind::OpenSquare ? TokenKind::CloseSquare : TokenKind::CloseBrace;
  for (size_t before = at_; !at(stop) && !at(TokenKind::End); before = at_) {
    const NodeId own = attributes();
    const uint32_t start = begin(), flags = visibility() | kLocal;
    if (at(TokenKind::Static)) out.push_back(const_item(start, tree_.children_of(own).empty() ? attribute_list : own, flags));
    else expected("a `static`"), recover({stop, TokenKind::Static});
    if (at_ == before) take();
  }
  close(stop, opened);
  take_if(TokenKind::Semicolon);
  return true;
}

NodeId Parser::mod_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  Token name = expect_name("the module's name");
  while (at(TokenKind::ColonColon) && peek(1).kind == TokenKind::Identifier) take(), name.end = take().end;
  const Token opened = peek();
  NodeId all;
  if (take_if(TokenKind::OpenBrace)) {
    attribute_list = with_inner(attribute_list);
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
  } else {
    expect(TokenKind::Semicolon, "`;` or `{`");
  }
  return node(NodeKind::Mod, start, {attribute_list, all}, {.flags = flags, .name = name});
}

NodeId Parser::use_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  take_if(TokenKind::ColonColon);
  const NodeId tree = use_tree();
  if (!expect(TokenKind::Semicolon)) recover({TokenKind::Semicolon}), take_if(TokenKind::Semicolon);
  return node(NodeKind::Use, start, {attribute_list, tree}, {.flags = flags});
}

NodeId Parser::use_tree() {
  const Depth depth(*this);
  const uint32_t start = begin();
  if (take_if(TokenKind::Star)) return node(NodeKind::UseGlob, start);
  if (at(TokenKind::OpenBrace)) {
    const Token opened = take();
    const NodeId trees = separated(TokenKind::CloseBrace, [&] { return use_tree(); });
    close(TokenKind::CloseBrace, opened);
    return node(NodeKind::UseGroup, start, {trees});
  }
  const bool word = at(TokenKind::SelfValue) || at(TokenKind::Super) || at(TokenKind::Crate);
  const Token name = word ? take() : expect_name("a name");
  if (take_if(TokenKind::ColonColon)) return node(NodeKind::UsePath, start, {use_tree()}, {.name = name});
  NodeId alias;
  if (take_if(TokenKind::As)) {
    const Token other = at(TokenKind::Underscore) ? take() : expect_name("the other name");
    alias = node(NodeKind::Word, other.begin, {}, {.name = other});
  }
  return node(NodeKind::UseName, start, {alias}, {.name = name});
}

NodeId Parser::extern_item(uint32_t start, NodeId attribute_list, uint32_t flags) {
  take();
  const Token abi = at(TokenKind::Text) ? take() : Token{};
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenBrace)) {
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
    for (NodeId one : tree_.children_of(all)) tree_.nodes[one.index()].flags |= kForeign;
  }
  return node(NodeKind::ExternBlock, start, {attribute_list, all}, {.flags = flags, .name = abi});
}

}  // namespace stark::parse

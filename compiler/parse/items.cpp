// compiler/parse/items.cpp — functions, structs, enums, impls, traits, modules, uses, generics.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

SyntaxTree Parser::file() {
  const uint32_t start = begin();
  std::vector<NodeId> file_attributes, items, statements;
  NodeId value;
  while (at(TokenKind::Hash) && peek(1).kind == TokenKind::Not) file_attributes.push_back(attribute());
  while (!at(TokenKind::End)) {
    const size_t before = at_;
    const NodeId item_attributes = attributes();
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
  while (at(TokenKind::Hash) || at(TokenKind::DocComment)) {
    if (at(TokenKind::DocComment)) take();
    else all.push_back(attribute());
  }
  return list(start, all);
}

NodeId Parser::attribute() {
  const uint32_t start = begin();
  take();
  take_if(TokenKind::Not);
  const Token opened = peek();
  if (!take_if(TokenKind::OpenSquare)) {
    if (last_error_ != at_) sink_.report<diag::BadAttribute>(span_of(peek()), found());
    last_error_ = at_;
    return error_node();
  }
  const Token name = expect_name("the attribute's name");
  std::vector<NodeId> words;
  int depth = 0;
  while (!at(TokenKind::End) && (depth > 0 || !at(TokenKind::CloseSquare))) {
    if (at(TokenKind::OpenParen) || at(TokenKind::OpenSquare)) ++depth;
    if (at(TokenKind::CloseParen) || at(TokenKind::CloseSquare)) --depth;
    const Token token = take();
    if (token.kind == TokenKind::Identifier || token.kind == TokenKind::Text)
      words.push_back(node(NodeKind::Word, token.begin, {}, {.name = token}));
  }
  close(TokenKind::CloseSquare, opened);
  return node(NodeKind::Attribute, start, {list(start, words)}, {.name = name});
}

bool Parser::item_starts() const {
  switch (peek().kind) {
    case TokenKind::Fn: case TokenKind::Struct: case TokenKind::Enum: case TokenKind::Impl: case TokenKind::Trait:
    case TokenKind::Type: case TokenKind::Static: case TokenKind::Mod: case TokenKind::Use: case TokenKind::Pub:
    case TokenKind::Extern:
      return true;
    case TokenKind::Const: return peek(1).kind != TokenKind::OpenBrace;
    case TokenKind::Unsafe:
      return peek(1).kind == TokenKind::Fn || peek(1).kind == TokenKind::Impl || peek(1).kind == TokenKind::Trait;
    case TokenKind::Identifier: return at_word("module") && peek(1).kind == TokenKind::Identifier;
    default: return false;
  }
}

NodeId Parser::item(NodeId attribute_list) {
  const uint32_t start = begin();
  uint16_t flags = 0;
  if (take_if(TokenKind::Pub)) {
    flags |= kPub;
    if (at(TokenKind::OpenParen) && peek(2).kind == TokenKind::CloseParen) take(), take(), take();
  }
  for (;;) {
    if (at(TokenKind::Unsafe)) take(), flags |= kUnsafe;
    else if (at(TokenKind::Const) && peek(1).kind == TokenKind::Fn) take();
    else if (at(TokenKind::Extern) && (peek(1).kind == TokenKind::Fn || peek(2).kind == TokenKind::Fn)) {
      take(), take_if(TokenKind::Text), flags |= kExtern;
    } else break;
  }
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
    if (item_starts()) all.push_back(item(item_attributes));
    else if (!at(stop)) expected("an item"), recover({stop, TokenKind::Fn, TokenKind::Semicolon});
    if (at_ == before) take();
  }
  return list(start, all);
}

NodeId Parser::function(uint32_t start, NodeId attribute_list, uint16_t flags) {
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
  const NodeId all = separated(TokenKind::CloseParen, [&] { return self_starts() ? self_parameter() : parameter(); });
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
  uint16_t flags = 0;
  NodeId lifetime;
  if (take_if(TokenKind::And)) flags |= kReference;
  if (at(TokenKind::Lifetime)) {
    const Token name = take();
    lifetime = node(NodeKind::Lifetime, name.begin, {}, {.name = name});
  }
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = take();
  const NodeId self_type = take_if(TokenKind::Colon) ? type() : NodeId();
  return node(NodeKind::SelfParameter, start, {self_type, lifetime}, {.flags = flags, .name = name});
}

NodeId Parser::parameter() {
  const uint32_t start = begin();
  attributes();
  const NodeId bound = pattern_single();
  NodeId declared, value;
  if (expect(TokenKind::Colon)) declared = type();
  if (take_if(TokenKind::Eq)) value = expression();
  return node(NodeKind::Parameter, start, {bound, declared, value});
}

NodeId Parser::struct_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
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
    const uint16_t flags = take_if(TokenKind::Pub) ? kPub : 0;
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

NodeId Parser::enum_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
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
  uint16_t flags = 0;
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

NodeId Parser::impl_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
  take();
  const NodeId generic = generics();
  take_if(TokenKind::Not);
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

NodeId Parser::trait_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
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

NodeId Parser::alias_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
  take();
  const Token name = expect_name("the type's name");
  const NodeId generic = generics();
  const NodeId bound = take_if(TokenKind::Colon) ? bounds() : NodeId();
  const NodeId target = take_if(TokenKind::Eq) ? type() : NodeId();
  expect(TokenKind::Semicolon);
  return node(NodeKind::TypeAlias, start, {attribute_list, generic, bound, target}, {.flags = flags, .name = name});
}

NodeId Parser::const_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
  const NodeKind kind = take().kind == TokenKind::Const ? NodeKind::Const : NodeKind::Static;
  if (take_if(TokenKind::Mut)) flags |= kMut;
  const Token name = take_if(TokenKind::Underscore) ? Token{} : expect_name("the constant's name");
  NodeId declared, value;
  if (expect(TokenKind::Colon)) declared = type();
  if (take_if(TokenKind::Eq)) value = expression();
  expect(TokenKind::Semicolon);
  return node(kind, start, {attribute_list, declared, value}, {.flags = flags, .name = name});
}

NodeId Parser::mod_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
  take();
  Token name = expect_name("the module's name");
  while (at(TokenKind::ColonColon) && peek(1).kind == TokenKind::Identifier) take(), name.end = take().end;
  const Token opened = peek();
  NodeId all;
  if (take_if(TokenKind::OpenBrace)) {
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
  } else {
    expect(TokenKind::Semicolon, "`;` or `{`");
  }
  return node(NodeKind::Mod, start, {attribute_list, all}, {.flags = flags, .name = name});
}

NodeId Parser::use_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
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
    const Token other = expect_name("the other name");
    alias = node(NodeKind::Word, other.begin, {}, {.name = other});
  }
  return node(NodeKind::UseName, start, {alias}, {.name = name});
}

NodeId Parser::extern_item(uint32_t start, NodeId attribute_list, uint16_t flags) {
  take();
  const Token abi = at(TokenKind::Text) ? take() : Token{};
  const Token opened = peek();
  NodeId all = list(begin(), {});
  if (expect(TokenKind::OpenBrace)) {
    all = items_until(TokenKind::CloseBrace);
    close(TokenKind::CloseBrace, opened);
  }
  return node(NodeKind::ExternBlock, start, {attribute_list, all}, {.flags = flags, .name = abi});
}

NodeId Parser::generics() {
  const uint32_t start = begin();
  if (!take_if(TokenKind::Less)) return {};
  const NodeId all = separated(TokenKind::Greater, [&] { return generic_parameter(); });
  take_greater();
  return node(NodeKind::Generics, start, {all});
}

NodeId Parser::generic_parameter() {
  const uint32_t start = begin();
  if (at(TokenKind::Lifetime)) {
    const Token name = take();
    const NodeId bound = take_if(TokenKind::Colon) ? bounds() : NodeId();
    return node(NodeKind::GenericLifetime, start, {bound}, {.name = name});
  }
  if (take_if(TokenKind::Const)) {
    const Token name = expect_name("the parameter's name");
    const NodeId declared = expect(TokenKind::Colon) ? type() : NodeId();
    const NodeId value = take_if(TokenKind::Eq) ? primary() : NodeId();
    return node(NodeKind::GenericConst, start, {declared, value}, {.name = name});
  }
  const Token name = expect_name("a parameter's name");
  const NodeId bound = take_if(TokenKind::Colon) ? bounds() : NodeId();
  const NodeId other = take_if(TokenKind::Eq) ? type() : NodeId();
  return node(NodeKind::GenericType, start, {bound, other}, {.name = name});
}

NodeId Parser::bounds() {
  const uint32_t start = begin();
  std::vector<NodeId> all;
  do {
    if (at(TokenKind::OpenBrace) || at(TokenKind::Comma) || at(TokenKind::Greater) || at(TokenKind::Eq)) break;
    take_if(TokenKind::Question);
    if (at(TokenKind::Lifetime)) {
      const Token name = take();
      all.push_back(node(NodeKind::Lifetime, name.begin, {}, {.name = name}));
    } else {
      all.push_back(type());
    }
  } while (take_if(TokenKind::Plus));
  return list(start, all);
}

NodeId Parser::where_clause() {
  const uint32_t start = begin();
  if (!take_if(TokenKind::Where)) return {};
  std::vector<NodeId> all;
  while (!at(TokenKind::OpenBrace) && !at(TokenKind::Semicolon) && !at(TokenKind::End)) {
    const uint32_t here = begin();
    NodeId subject;
    if (at(TokenKind::Lifetime)) {
      const Token name = take();
      subject = node(NodeKind::Lifetime, name.begin, {}, {.name = name});
    } else {
      subject = type();
    }
    if (!expect(TokenKind::Colon)) break;
    const NodeId bound = bounds();
    all.push_back(node(NodeKind::WherePredicate, here, {subject, bound}));
    if (!take_if(TokenKind::Comma)) break;
  }
  const NodeId predicates = list(start, all);
  return node(NodeKind::Where, start, {predicates});
}

}  // namespace stark::parse

// compiler/parse/generics.cpp — generic parameters, bounds, where clauses and the lifetimes that `for<…>` declares.
// Room: parse. In: tokens. Out: nodes.
#include "compiler/parse/parser.h"

namespace stark::parse {

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
    const NodeId bound_list = take_if(TokenKind::Colon) ? bounds() : NodeId();
    return node(NodeKind::GenericLifetime, start, {bound_list}, {.name = name});
  }
  if (take_if(TokenKind::Const)) {
    const Token name = expect_name("the parameter's name");
    const NodeId declared = expect(TokenKind::Colon) ? type() : NodeId();
    const NodeId value = take_if(TokenKind::Eq) ? unary() : NodeId();
    return node(NodeKind::GenericConst, start, {declared, value}, {.name = name});
  }
  const Token name = expect_name("a parameter's name");
  const NodeId bound_list = take_if(TokenKind::Colon) ? bounds() : NodeId();
  const NodeId other = take_if(TokenKind::Eq) ? type() : NodeId();
  return node(NodeKind::GenericType, start, {bound_list, other}, {.name = name});
}

NodeId Parser::bounds() {
  const uint32_t start = begin();
  std::vector<NodeId> all;
  do {
    if (at(TokenKind::OpenBrace) || at(TokenKind::Comma) || at(TokenKind::Greater) || at(TokenKind::Eq)) break;
    all.push_back(bound());
  } while (take_if(TokenKind::Plus));
  return list(start, all);
}

// `'a`, `Trait`, `?Sized`, `for<'a> Fn(&'a T)`.
NodeId Parser::bound() {
  if (at(TokenKind::Lifetime)) return lifetime();
  const bool relaxed = take_if(TokenKind::Question);
  const NodeId made = type();
  if (relaxed) tree_.nodes[made.index()].flags |= kRelaxed;
  return made;
}

// The lifetimes of `for<'a, 'b>`, which stand before what they are for.
NodeId Parser::binder() {
  take();
  if (at(TokenKind::Less)) return generics();
  expected("`<`");
  return {};
}

NodeId Parser::where_clause() {
  const uint32_t start = begin();
  if (!take_if(TokenKind::Where)) return {};
  std::vector<NodeId> all;
  while (!at(TokenKind::OpenBrace) && !at(TokenKind::Semicolon) && !at(TokenKind::Eq) && !at(TokenKind::End)) {
    const uint32_t here = begin();
    const NodeId declared = at(TokenKind::For) ? binder() : NodeId();
    const NodeId subject = at(TokenKind::Lifetime) ? lifetime() : type();
    if (!expect(TokenKind::Colon)) break;
    const NodeId bound_list = bounds();
    all.push_back(node(NodeKind::WherePredicate, here, {subject, bound_list, declared}));
    if (!take_if(TokenKind::Comma)) break;
  }
  const NodeId predicates = list(start, all);
  return node(NodeKind::Where, start, {predicates});
}

}  // namespace stark::parse

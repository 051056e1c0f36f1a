// tests/fuzz/targets.cpp — what reads text, over hostile text, and the laws that hold whatever it is.
// Room: tests. In: bytes. Out: an abort where a law is broken.
#include "tests/fuzz/targets.h"

#include <string>

#include "bytecode-spec/base/check.h"
#include "compiler/resolve/names.h"
#include "tests/fuzz/support.h"

namespace stark::tests {
namespace {

std::string as_text(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

void check_tokens(const SourceMap& sources, const lex::TokenBuffer& buffer) {
  const size_t size = sources.text(buffer.file).size();
  CHECK(!buffer.tokens.empty() && buffer.tokens.back().kind == lex::TokenKind::End);
  uint32_t end = 0;
  for (const lex::Token& token : buffer.tokens) {
    CHECK(token.begin >= end && token.begin <= token.end && token.end <= size);
    end = token.end;
    using enum lex::TokenKind;
    if (token.kind == Text || token.kind == Char || token.kind == Byte || token.kind == ByteText)
      lex::literal_value(sources.text(Span{buffer.file, token.begin, token.end}));
    if (token.kind == FText) lex::unescape(sources.text(Span{buffer.file, token.begin, token.end}), true);
  }
}

void check_tree(const SourceMap& sources, const parse::SyntaxTree& tree) {
  const size_t size = sources.text(tree.file).size();
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    const parse::Node& node = tree.nodes[i];
    CHECK(node.span.begin <= node.span.end && node.span.end <= size);
    for (parse::NodeId child : tree.children_of(parse::NodeId(i))) CHECK(!child.valid() || child.index() < i);
  }
}

void up_to_names(const std::string& text) {
  SourceMap sources;
  diagnostics::Sink sink;
  const resolve::PackageInput package{sources.add("fuzz.stark", text), {}};
  const resolve::Names names = resolve::resolve(sources, {&package, 1}, {}, {Edition::CoreV1, true}, sink);
  for (size_t i = 0; i < names.definitions.size(); ++i) {
    const resolve::Definition& made = names.definitions[i];
    CHECK(made.module.valid() && made.module.index() < names.modules.size());
    names.visible(resolve::DefinitionId(i), names.root);
    names.find(made.module, made.name, true);
  }
  CHECK(resolve::dump(names).size() < (1u << 30));
  render_all(sources, sink);
}

void lex_and_parse(const std::string& text) {
  SourceMap sources;
  diagnostics::Sink sink;
  const lex::TokenBuffer tokens = lex::lex(sources, sources.add("fuzz.stark", text), sink);
  const parse::SyntaxTree tree = parse::parse(sources, tokens, sink);
  check_tree(sources, tree);
  CHECK(!parse::dump(tree).empty());
  render_all(sources, sink);
}

}  // namespace

void fuzz_lexer(const uint8_t* bytes, size_t size) {
  SourceMap sources;
  diagnostics::Sink sink;
  const lex::TokenBuffer tokens = lex::lex(sources, sources.add("fuzz.stark", as_text(bytes, size)), sink);
  check_tokens(sources, tokens);
  CHECK(!lex::dump(sources, tokens).empty());
  render_all(sources, sink);
}

void fuzz_parser(const uint8_t* bytes, size_t size) { with_room(lex_and_parse, as_text(bytes, size)); }
void fuzz_resolver(const uint8_t* bytes, size_t size) { with_room(up_to_names, as_text(bytes, size)); }

}  // namespace stark::tests

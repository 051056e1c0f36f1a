// compiler/parse/syntax_tree.h — the tree of one file: nodes in one vector, children by slot, text as written.
// Room: parse, public face. In: made by parse(). Out: resolve, types.
// Law: immutable once made; every child stands before its parent; what could not be read is an Error node.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/lex/token_buffer.h"

namespace stark::parse {

using lex::TokenKind;
using NodeId = Id<struct NodeTag>;

enum class NodeKind : uint8_t {
#define NODE(name, text, ...) name,
#include "compiler/parse/nodes.def"
};

// Slots by name: tree.child(node, slot::If::condition).
namespace slot {
#define NODE(name, text, ...) \
  struct name { \
    enum Slot : uint32_t { __VA_ARGS__ __VA_OPT__(, ) kSlots }; \
  };
#include "compiler/parse/nodes.def"
}  // namespace slot

// What a node says beyond its kind: flags.def tells what each means.
#define FLAG(name, bit, text) inline constexpr uint32_t name = 1u << bit;
#include "compiler/parse/flags.def"

struct Node {
  NodeKind kind = NodeKind::Error;
  TokenKind token = TokenKind::End;  // the operator, or what a literal is
  uint32_t flags = 0;
  Span span;
  Span name;              // where `text` stands
  std::string_view text;  // of the SourceMap
  uint32_t first_child = 0, child_count = 0;
};

struct SyntaxTree {
  FileId file;
  std::vector<Node> nodes;
  std::vector<NodeId> children;
  NodeId root;

  const Node& get(NodeId id) const { return nodes[id.index()]; }
  NodeKind kind(NodeId id) const { return id.valid() ? get(id).kind : NodeKind::Error; }
  std::span<const NodeId> children_of(NodeId id) const {
    return std::span(children).subspan(get(id).first_child, get(id).child_count);
  }
  NodeId child(NodeId id, uint32_t slot) const { return children_of(id)[slot]; }
  bool has(NodeId id, uint32_t flag) const { return (get(id).flags & flag) != 0; }
};

// Reads the whole file; reports every mistake it can tell apart.
SyntaxTree parse(const SourceMap& sources, const lex::TokenBuffer& tokens, diagnostics::Sink& sink);

std::string_view text(NodeKind kind);
// All of it, or the functions of one name.
std::string dump(const SyntaxTree& tree, std::string_view only = {});

}  // namespace stark::parse

// compiler/parse/dump.cpp — the tree as indented text: each node with its slot, text, operator and flags.
// Room: parse. In: SyntaxTree. Out: text for --dump=tree and the goldens.
#include <fmt/format.h>

#include "compiler/parse/syntax_tree.h"

namespace stark::parse {

namespace {
struct Row {
  std::string_view text, slots;
};
struct Flag {
  uint32_t bit;
  std::string_view text;
};
constexpr Row kRows[] = {
#define NODE(name, text, ...) {text, #__VA_ARGS__},
#include "compiler/parse/nodes.def"
};

constexpr Flag kFlags[] = {
#define FLAG(name, bit, text) {1u << bit, text},
#include "compiler/parse/flags.def"
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
  for (const Flag& flag : kFlags)
    if ((node.flags & flag.bit) != 0) out += fmt::format(" {}", flag.text);
  out += "\n";
  const auto children = tree.children_of(id);
  for (size_t i = 0; i < children.size(); ++i) {
    if (!children[i].valid()) continue;
    const std::string_view name = slot_name(node.kind, i);
    if (tree.kind(children[i]) != NodeKind::List) dump_node(tree, children[i], name, depth + 1, out);
    else
      for (NodeId part : tree.children_of(children[i])) dump_node(tree, part, name, depth + 1, out);
  }
}
}  // namespace

std::string_view text(NodeKind kind) { return kRows[static_cast<size_t>(kind)].text; }

std::string dump(const SyntaxTree& tree, std::string_view only) {
  std::string out;
  if (only.empty()) dump_node(tree, tree.root, "", 0, out);
  for (size_t i = 0; !only.empty() && i < tree.nodes.size(); ++i)
    if (tree.nodes[i].kind == NodeKind::Fn && tree.nodes[i].text == only) dump_node(tree, NodeId(i), "", 0, out);
  return out;
}

}  // namespace stark::parse

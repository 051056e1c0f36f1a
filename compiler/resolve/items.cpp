// compiler/resolve/items.cpp — what each item declares, and what its attributes say of it.
// Room: resolve. In: items of a file. Out: definitions, impls, tests.
#include <algorithm>

#include "compiler/resolve/derive.h"
#include "compiler/resolve/resolver.h"

namespace stark::resolve {
namespace {

namespace slot = parse::slot;

constexpr std::string_view kAttributes[] = {
#define ATTRIBUTE(name) name,
#include "compiler/resolve/attributes.def"
#undef ATTRIBUTE
};

// Advice to people and tools, which changes nothing.
bool is_advice(std::string_view word) { return word == "allow" || word == "warn" || word == "deny" || word == "doc"; }

bool declares(NodeKind kind, DefinitionKind& out) {
  switch (kind) {
    case NodeKind::Fn: return out = DefinitionKind::Function, true;
    case NodeKind::Struct: return out = DefinitionKind::Struct, true;
    case NodeKind::Enum: return out = DefinitionKind::Enum, true;
    case NodeKind::Trait: return out = DefinitionKind::Trait, true;
    case NodeKind::TypeAlias: return out = DefinitionKind::Alias, true;
    case NodeKind::Const: return out = DefinitionKind::Const, true;
    case NodeKind::Static: return out = DefinitionKind::Static, true;
    default: return false;
  }
}

}  // namespace

// What is wrong wherever it stands.
void Resolver::check_anywhere(const parse::Node& node) {
  if (node.kind == NodeKind::Attribute && (node.flags & parse::kInner) == 0 && !node.text.empty() &&
      std::ranges::find(kAttributes, node.text) == std::end(kAttributes)) {
    auto report = sink_.report<diag::UnknownAttribute>(node.name, node.text);
    const std::string_view near = diagnostics::nearest(node.text, {std::begin(kAttributes), std::end(kAttributes)});
    if (!near.empty()) report.help(fmt::format("there is `{}`", near));
  }
}

void Resolver::inner_attribute(const SyntaxTree& tree, NodeId id) {
  if (tree.kind(id) != NodeKind::Attribute || is_advice(tree.get(id).text)) return;
  const auto words = tree.children_of(tree.child(id, slot::Attribute::arguments));
  const std::string_view word = words.empty() ? "" : tree.get(words[0]).text;
  if (tree.get(id).text == "borrows" && (word == "nll" || word == "lexical")) {
    if (tree.file == names_.get(names_.root).file) names_.borrows_nll = word == "nll";
  } else {
    sink_.report<diag::UnknownInner>(tree.get(id).span, tree.get(id).text).help("known is `#![borrows(nll)]`");
  }
}

bool Resolver::has_attribute(const SyntaxTree& tree, NodeId item, std::string_view name, std::string_view word) const {
  for (NodeId attribute : tree.children_of(tree.child(item, 0))) {
    if (tree.kind(attribute) != NodeKind::Attribute || tree.get(attribute).text != name) continue;
    if (word.empty()) return true;
    for (NodeId one : tree.children_of(tree.child(attribute, slot::Attribute::arguments)))
      if (tree.get(one).text == word) return true;
  }
  return false;
}

bool Resolver::is_test(const SyntaxTree& tree, NodeId item) const {
  const std::string_view name = tree.get(item).text;
  if (options_.edition == Edition::CoreV1) return name.starts_with("test_") && !name.starts_with("test_ignored_");
  return has_attribute(tree, item, "test") && !has_attribute(tree, item, "ignore");
}

void Resolver::collect(ModuleId module, const SyntaxTree& tree, NodeId items) {
  for (NodeId id : tree.children_of(items)) item(module, tree, id);
}

void Resolver::item(ModuleId module, const SyntaxTree& tree, NodeId id) {
  const parse::Node& node = tree.get(id);
  if (node.kind == NodeKind::Error) return;
  if (!options_.testing && has_attribute(tree, id, "cfg", "test")) return;
  const bool is_pub = (node.flags & parse::kPub) != 0;
  const bool may_repeat = node.kind == NodeKind::Impl || node.kind == NodeKind::Struct || node.kind == NodeKind::Enum || node.kind == NodeKind::Trait ||
                          (node.kind == NodeKind::Fn && !tree.has(id, parse::kForeign) && !tree.child(id, slot::Fn::body).valid());
  if (may_repeat && !names_.get(module).shipped && redeclares(tree, id, "")) return;
  Definition made;
  switch (node.kind) {
    case NodeKind::Impl:
      names_.impls.push_back({module, &tree, id, false, has_attribute(tree, id, "exact"), false});
      if (options_.edition == Edition::CoreV1 && !names_.get(module).shipped && resolve::trait_word(tree, id) == "Ord") add_impls(module, tree, tree.get(id).name, compared_by_order(sources_, tree, id), true);
      return;
    case NodeKind::ExternBlock:
      for (NodeId one : tree.children_of(tree.child(id, slot::ExternBlock::items))) names_.foreign_blocks[{&tree, one.value}] = id;
      return collect(module, tree, tree.child(id, slot::ExternBlock::items));
    case NodeKind::Mod: return module_item(module, tree, id);
    case NodeKind::Use: {
      std::vector<std::string> path;
      std::vector<Span> spans;
      return use(module, tree, tree.child(id, slot::Use::tree), path, spans, is_pub);
    }
    default: break;
  }
  if (!declares(node.kind, made.kind)) return;
  made.name = std::string(node.text);
  made.module = module;
  made.tree = &tree;
  made.node = id;
  made.is_pub = is_pub;
  if ((node.flags & parse::kPubCrate) != 0) made.scope = names_.package_root(module);
  if ((node.flags & parse::kPubSuper) != 0) made.scope = names_.super_of(module);
  made.span = node.name;
  const bool script = (node.flags & parse::kScript) != 0, testing = made.kind == DefinitionKind::Function && options_.testing && is_test(tree, id);
  if (script) made.name = "main", made.span = {tree.file, node.span.begin, node.span.begin};
  if (testing) made.is_pub = true, made.scope = {};
  if (made.name.empty()) return;
  const DefinitionKind kind = made.kind;
  const DefinitionId declared = declare(std::move(made));
  if (kind == DefinitionKind::Enum) variants(module, tree, id, declared);
  if (kind == DefinitionKind::Enum || kind == DefinitionKind::Struct) derive_all(module, tree, id);
  if (testing && !names_.get(module).open) names_.tests.push_back(declared);
}

// What is derived is read like the user's own text; mistakes in it are told at the attribute.
void Resolver::derive_all(ModuleId module, const SyntaxTree& tree, NodeId id) {
  std::string text;
  for (NodeId attribute : tree.children_of(tree.child(id, 0))) {
    if (tree.kind(attribute) != NodeKind::Attribute || tree.get(attribute).text != "derive") continue;
    for (NodeId word : tree.children_of(tree.child(attribute, slot::Attribute::arguments))) {
      const std::string_view trait = tree.get(word).text;
      if (is_derivable(trait)) {
        text += derive(sources_, tree, id, trait);
        continue;
      }
      auto report = sink_.report<diag::UnknownDerive>(tree.get(word).span, trait);
      if (const std::string_view near = diagnostics::nearest(trait, derivable()); !near.empty()) report.help(fmt::format("there is `{}`", near));
    }
  }
  if (!text.empty()) add_impls(module, tree, tree.get(id).name, std::move(text), false);
}

// Impls that the compiler writes; mistakes in them are told at `where`.
void Resolver::add_impls(ModuleId module, const SyntaxTree& tree, Span where, std::string text, bool otherwise) {
  const FileId file = sources_.add(fmt::format("<derived for {}>", sources_.text(where)), std::move(text), true);
  names_.trees.push_back(std::make_unique<SyntaxTree>(parse::parse(sources_, lex::lex(sources_, file, sink_), sink_)));
  SyntaxTree& made = *names_.trees.back();
  for (parse::Node& node : made.nodes) node.span = node.name = where;
  made.file = tree.file;
  for (NodeId one : made.children_of(made.child(made.root, slot::File::items)))
    if (made.kind(one) == NodeKind::Impl) names_.impls.push_back({module, &made, one, true, false, otherwise});
}

// Variants are definitions that stand in no module's map; they are reached through their enum, behind which they stand.
void Resolver::variants(ModuleId module, const SyntaxTree& tree, NodeId id, DefinitionId parent) {
  if (parent.index() + 1 != names_.definitions.size()) return;  // declared twice
  uint32_t number = 0;
  std::unordered_map<std::string_view, Span> seen;
  for (NodeId variant : tree.children_of(tree.child(id, slot::Enum::variants))) {
    const parse::Node& node = tree.get(variant);
    if (node.kind != NodeKind::Variant) continue;
    const auto [place, fresh] = seen.emplace(node.text, node.name);
    if (!fresh) sink_.report<diag::DuplicateVariant>(node.name, node.text).label(place->second, "first declared here");
    Definition made;
    made.kind = DefinitionKind::Variant;
    made.name = std::string(node.text);
    made.module = module;
    made.tree = &tree;
    made.node = variant;
    made.is_pub = true;
    made.span = node.name;
    made.parent = parent;
    made.number = number++;
    names_.definitions.push_back(std::move(made));
  }
  names_.definitions[parent.index()].variant_count = number;
}

}  // namespace stark::resolve

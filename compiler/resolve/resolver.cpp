// compiler/resolve/resolver.cpp — reads modules, collects what they declare, then settles imports until nothing changes.
// Room: resolve. In: the root file and the shipped library. Out: Names.
#include <algorithm>
#include <filesystem>

#include "compiler/resolve/derive.h"
#include "compiler/resolve/diagnostics.h"
#include "compiler/resolve/names.h"

namespace stark::resolve {
namespace {

namespace slot = parse::slot;

constexpr std::string_view kAttributes[] = {
#define ATTRIBUTE(name) name,
#include "compiler/resolve/attributes.def"
#undef ATTRIBUTE
};

// Advice to people and tools, which changes nothing.
bool word_is_advice(std::string_view word) { return word == "allow" || word == "warn" || word == "deny" || word == "doc"; }

class Resolver {
 public:
  Resolver(SourceMap& sources, diagnostics::Sink& sink) : sources_(sources), sink_(sink) {}

  Names run(FileId root, std::span<const ShippedFile> library) {
    names_.root = add_module("", ModuleId(), root, false);
    names_.library = add_module("std", ModuleId(), FileId(), true);
    for (const ShippedFile& shipped : library) {
      const FileId file = sources_.add(fmt::format("<std>/{}.stark", shipped.name), std::string(shipped.text), true);
      const ModuleId id = add_module(fmt::format("std::{}", shipped.name), names_.library, file, true);
      declare_module(names_.library, std::string(shipped.name), id, nullptr, NodeId(), true, {});
      read_file(id, file);
    }
    fill_prelude();
    read_file(names_.root, root);
    settle();
    fill_prelude();
    return std::move(names_);
  }

 private:
  ModuleId add_module(std::string path, ModuleId parent, FileId file, bool shipped) {
    Module made;
    made.path = std::move(path);
    made.parent = parent;
    made.file = file;
    made.shipped = shipped;
    names_.modules.push_back(std::move(made));
    return ModuleId(names_.modules.size() - 1);
  }

  void declare_module(ModuleId in, std::string name, ModuleId inside, const SyntaxTree* tree, NodeId node, bool is_pub, Span span) {
    Definition made;
    made.kind = DefinitionKind::Module;
    made.name = std::move(name);
    made.module = in;
    made.tree = tree;
    made.node = node;
    made.is_pub = is_pub;
    made.span = span;
    made.inside = inside;
    declare(std::move(made));
  }

  DefinitionId declare(Definition made) {
    Module& module = names_.modules[made.module.index()];
    const bool value = made.kind == DefinitionKind::Function || made.kind == DefinitionKind::Const || made.kind == DefinitionKind::Static;
    auto& map = value ? module.values : module.types;
    const auto [place, fresh] = map.emplace(made.name, DefinitionId(names_.definitions.size()));
    if (!fresh) {
      const Definition& first = names_.get(place->second);
      auto report = sink_.report<diag::DuplicateName>(made.span, made.name);
      if (first.span.file.valid()) report.label(first.span, "first declared here");
      return place->second;
    }
    names_.definitions.push_back(std::move(made));
    return DefinitionId(names_.definitions.size() - 1);
  }

  // What the library's modules declare or import for all to see.
  void fill_prelude() {
    for (size_t m = 0; m < names_.modules.size(); ++m) {
      const Module& module = names_.modules[m];
      if (!module.shipped) continue;
      for (const bool values : {false, true})
        for (const auto& [name, id] : values ? module.values : module.types) {
          const Definition& made = names_.get(id);
          const bool own = made.module.index() == m && made.kind != DefinitionKind::Variant;
          const bool passed_on = std::ranges::any_of(module.imports, [&](const Import& import) { return import.is_pub && import.name == name; });
          if (made.is_pub && made.kind != DefinitionKind::Module && (own || passed_on)) (values ? names_.prelude_values : names_.prelude_types).emplace(name, id);
        }
    }
  }

  // What is derived is read like the user's own text; mistakes in it are told at the attribute.
  void derive_all(ModuleId module, const SyntaxTree& tree, NodeId id) {
    std::string text;
    for (NodeId attribute : tree.children_of(tree.child(id, 0))) {
      if (tree.kind(attribute) != NodeKind::Attribute || tree.get(attribute).text != "derive") continue;
      for (NodeId word : tree.children_of(tree.child(attribute, slot::Attribute::arguments))) {
        const std::string_view trait = tree.get(word).text;
        const auto known = derivable();
        if (std::ranges::find(known, trait) != known.end()) {
          text += derive(sources_, tree, id, trait);
          continue;
        }
        auto report = sink_.report<diag::UnknownDerive>(tree.get(word).span, trait);
        const std::string_view near = diagnostics::nearest(trait, known);
        if (!near.empty()) report.help(fmt::format("there is `{}`", near));
      }
    }
    if (text.empty()) return;
    const FileId file = sources_.add(fmt::format("<derived for {}>", tree.get(id).text), std::move(text), true);
    names_.trees.push_back(std::make_unique<SyntaxTree>(parse::parse(sources_, lex::lex(sources_, file, sink_), sink_)));
    SyntaxTree& made = *names_.trees.back();
    for (parse::Node& node : made.nodes) node.span = node.name = tree.get(id).name;
    made.file = tree.file;
    for (NodeId item : made.children_of(made.child(made.root, slot::File::items)))
      if (made.kind(item) == NodeKind::Impl) names_.impls.push_back({module, &made, item, true});
  }

  void read_file(ModuleId module, FileId file) {
    names_.trees.push_back(std::make_unique<SyntaxTree>(parse::parse(sources_, lex::lex(sources_, file, sink_), sink_)));
    const SyntaxTree& tree = *names_.trees.back();
    for (NodeId attribute : tree.children_of(tree.child(tree.root, slot::File::attributes))) inner_attribute(tree, attribute);
    for (const parse::Node& node : tree.nodes) check_anywhere(node);
    collect(module, tree, tree.child(tree.root, slot::File::items));
  }

  // What is wrong wherever it stands.
  void check_anywhere(const parse::Node& node) {
    if (node.kind == NodeKind::Attribute && (node.flags & parse::kInner) == 0 && !node.text.empty() &&
        std::ranges::find(kAttributes, node.text) == std::end(kAttributes)) {
      auto report = sink_.report<diag::UnknownAttribute>(node.name, node.text);
      const std::string_view near = diagnostics::nearest(node.text, {std::begin(kAttributes), std::end(kAttributes)});
      if (!near.empty()) report.help(fmt::format("there is `{}`", near));
    }
    const bool runs_later = (node.kind == NodeKind::Fn || node.kind == NodeKind::Block) && (node.flags & parse::kAsync) != 0;
    if (node.kind != NodeKind::Await && !runs_later) return;
    const uint32_t begin = node.kind == NodeKind::Await ? node.span.end - 5 : node.span.begin;
    const Span where{node.span.file, begin, std::min(node.span.end, begin + 5)};
    sink_.report<diag::NoAsync>(where, node.kind == NodeKind::Await ? ".await" : "async").help("`thread::spawn` runs a closure beside the rest, and `join` waits for its value");
  }

  void inner_attribute(const SyntaxTree& tree, NodeId id) {
    if (tree.kind(id) != NodeKind::Attribute || word_is_advice(tree.get(id).text)) return;
    const auto words = tree.children_of(tree.child(id, slot::Attribute::arguments));
    const std::string_view word = words.empty() ? "" : tree.get(words[0]).text;
    if (tree.get(id).text == "borrows" && (word == "nll" || word == "lexical")) {
      if (tree.file == names_.get(names_.root).file) names_.borrows_nll = word == "nll";
    } else {
      sink_.report<diag::UnknownInner>(tree.get(id).span, tree.get(id).text).help("known is `#![borrows(nll)]`");
    }
  }

  void collect(ModuleId module, const SyntaxTree& tree, NodeId items) {
    for (NodeId id : tree.children_of(items)) item(module, tree, id);
  }

  void item(ModuleId module, const SyntaxTree& tree, NodeId id) {
    const parse::Node& node = tree.get(id);
    Definition made;
    made.module = module;
    made.tree = &tree;
    made.node = id;
    made.is_pub = (node.flags & parse::kPub) != 0;
    made.span = node.name;
    made.name = std::string(node.text);
    switch (node.kind) {
      case NodeKind::Fn:
        made.kind = DefinitionKind::Function;
        if ((node.flags & parse::kScript) != 0) made.name = "main", made.span = {tree.file, node.span.begin, node.span.begin};
        break;
      case NodeKind::Struct: made.kind = DefinitionKind::Struct; break;
      case NodeKind::Enum: made.kind = DefinitionKind::Enum; break;
      case NodeKind::Trait: made.kind = DefinitionKind::Trait; break;
      case NodeKind::TypeAlias: made.kind = DefinitionKind::Alias; break;
      case NodeKind::Const: made.kind = DefinitionKind::Const; break;
      case NodeKind::Static: made.kind = DefinitionKind::Static; break;
      case NodeKind::Impl: names_.impls.push_back({module, &tree, id, false}); return;
      case NodeKind::Mod: return module_item(module, tree, id);
      case NodeKind::Use: {
        std::vector<std::string> path;
        std::vector<Span> spans;
        return use(module, tree, tree.child(id, slot::Use::tree), path, spans, made.is_pub);
      }
      default: return;
    }
    if (made.name.empty()) return;
    const DefinitionKind kind = made.kind;
    const DefinitionId declared = declare(std::move(made));
    if (kind == DefinitionKind::Enum) variants(module, tree, id, declared);
    if (kind == DefinitionKind::Enum || kind == DefinitionKind::Struct) derive_all(module, tree, id);
  }

  // Variants are definitions that stand in no module's map; they are reached through their enum.
  void variants(ModuleId module, const SyntaxTree& tree, NodeId id, DefinitionId parent) {
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
      names_.variant_index.emplace(fmt::format("{}:{}", parent.value, made.name), DefinitionId(names_.definitions.size()));
      names_.definitions.push_back(std::move(made));
    }
  }

  void module_item(ModuleId parent, const SyntaxTree& tree, NodeId id) {
    const parse::Node& node = tree.get(id);
    const std::string name(node.text);
    if (name.empty()) return;
    const std::string path = names_.get(parent).path.empty() ? name : fmt::format("{}::{}", names_.get(parent).path, name);
    const NodeId items = tree.child(id, slot::Mod::items);
    const bool is_pub = (node.flags & parse::kPub) != 0;
    if (items.valid()) {
      const ModuleId inside = add_module(path, parent, tree.file, names_.get(parent).shipped);
      declare_module(parent, name, inside, &tree, id, is_pub, node.name);
      return collect(inside, tree, items);
    }
    const auto file = module_file(parent, tree, name);
    if (!file) {
      const std::string stem = std::filesystem::path(sources_.path(tree.file)).parent_path() / name;
      sink_.report<diag::NoModuleFile>(node.name, name).help(fmt::format("create `{}.stark` or `{}/mod.stark`", stem, stem));
      return;
    }
    const ModuleId inside = add_module(path, parent, *file, false);
    declare_module(parent, name, inside, &tree, id, is_pub, node.name);
    read_file(inside, *file);
  }

  // Beside the root file or a `mod.stark`; otherwise in the folder named like the file.
  Result<FileId> module_file(ModuleId parent, const SyntaxTree& tree, const std::string& name) {
    const std::filesystem::path here = sources_.path(tree.file);
    std::filesystem::path folder = here.parent_path();
    const bool nested = tree.file != names_.get(names_.root).file && here.filename() != "mod.stark";
    if (nested) folder /= here.stem();
    if (names_.get(parent).file != tree.file) return fail("S0001", "no file");
    for (const std::filesystem::path& path : {folder / (name + ".stark"), folder / name / "mod.stark"}) {
      std::error_code error;
      if (std::filesystem::is_regular_file(path, error)) return sources_.load(path);
    }
    return fail("S0001", "no file");
  }

  void use(ModuleId module, const SyntaxTree& tree, NodeId id, std::vector<std::string>& path, std::vector<Span>& spans, bool is_pub) {
    const parse::Node& node = tree.get(id);
    Import import{path, spans, "", is_pub, false};
    switch (node.kind) {
      case NodeKind::UsePath:
        path.emplace_back(node.text), spans.push_back(node.name);
        use(module, tree, tree.child(id, slot::UsePath::rest), path, spans, is_pub);
        path.pop_back(), spans.pop_back();
        return;
      case NodeKind::UseGroup:
        for (NodeId inner : tree.children_of(tree.child(id, slot::UseGroup::trees))) use(module, tree, inner, path, spans, is_pub);
        return;
      case NodeKind::UseGlob: break;
      case NodeKind::UseName: {
        const NodeId alias = tree.child(id, slot::UseName::alias);
        if (node.text != "self") import.path.emplace_back(node.text), import.spans.push_back(node.name);
        if (import.path.empty()) return;
        import.name = alias.valid() ? std::string(tree.get(alias).text) : import.path.back();
        break;
      }
      default: return;
    }
    names_.modules[module.index()].imports.push_back(std::move(import));
  }

  // The module that the first `count` names lead to.
  ModuleId walk(ModuleId from, const Import& import, size_t count, size_t& stopped) {
    ModuleId at = from;
    for (stopped = 0; stopped < count; ++stopped) {
      const std::string& name = import.path[stopped];
      if (name == "crate") at = names_.root;
      else if (name == "self") continue;
      else if (name == "super") at = names_.get(at).parent;
      else if (name == "std" && stopped == 0) at = names_.library;
      else {
        const DefinitionId found = stopped == 0 ? names_.find(at, name, false) : names_.find_in(at, name, false);
        if (!found.valid() || names_.get(found).kind != DefinitionKind::Module) return {};
        at = names_.get(found).inside;
      }
      if (!at.valid()) return {};
    }
    return at;
  }

  bool settle_one(ModuleId module, size_t index) {
    const Import import = names_.get(module).imports[index];
    size_t stopped = 0;
    const size_t count = import.name.empty() ? import.path.size() : import.path.size() - 1;
    const ModuleId from = walk(module, import, count, stopped);
    Module& target = names_.modules[module.index()];
    if (!from.valid()) return settle_variant(module, import, stopped);
    if (import.name.empty()) return target.globs.push_back(from), true;
    const std::string& last = import.path.back();
    bool any = false;
    for (const bool values : {false, true}) {
      const auto& map = values ? names_.get(from).values : names_.get(from).types;
      const auto found = import.path.size() == 1 && from == module ? map.end() : map.find(last);
      if (found == map.end()) continue;
      any = true;
      if (!names_.visible(found->second, module)) {
        sink_.report<diag::PrivateImport>(import.spans.back(), last)
            .label(names_.get(found->second).span, "declared here without `pub`").help("write `pub` before the declaration");
      }
      (values ? target.values : target.types).emplace(import.name, found->second);
    }
    if (!any && import.path.size() == 1 && last == "std") return true;
    return any;
  }

  // `use Color::*;` and `use shapes::Color::Red;`
  bool settle_variant(ModuleId module, const Import& import, size_t stopped) {
    if (stopped >= import.path.size()) return false;
    size_t before = 0;
    const ModuleId from = walk(module, import, stopped, before);
    if (!from.valid()) return false;
    const DefinitionId found = stopped == 0 ? names_.find(from, import.path[stopped], false)
                                            : names_.find_in(from, import.path[stopped], false);
    if (!found.valid() || names_.get(found).kind != DefinitionKind::Enum) return false;
    auto& values = names_.modules[module.index()].values;
    if (!import.name.empty()) {
      const DefinitionId variant = names_.variant(found, import.path.back());
      return variant.valid() && (values.emplace(import.name, variant), true);
    }
    const Definition owner = names_.get(found);
    for (NodeId variant : owner.tree->children_of(owner.tree->child(owner.node, slot::Enum::variants)))
      if (const std::string name(owner.tree->get(variant).text); names_.variant(found, name).valid()) values.emplace(name, names_.variant(found, name));
    return true;
  }

  void settle() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t m = 0; m < names_.modules.size(); ++m)
        for (size_t i = 0; i < names_.modules[m].imports.size(); ++i) {
          if (names_.modules[m].imports[i].done) continue;
          if (!settle_one(ModuleId(m), i)) continue;
          names_.modules[m].imports[i].done = changed = true;
        }
    }
    for (size_t m = 0; m < names_.modules.size(); ++m)
      for (const Import& import : names_.modules[m].imports)
        if (!import.done) unknown(ModuleId(m), import);
  }

  void unknown(ModuleId module, const Import& import) {
    size_t stopped = 0;
    const size_t count = import.name.empty() ? import.path.size() : import.path.size() - 1;
    ModuleId at = walk(module, import, count, stopped);
    if (!at.valid()) {
      size_t again = 0;
      at = walk(module, import, stopped, again);
    }
    const size_t wrong = std::min(stopped, import.path.size() - 1);
    const std::string place = !at.valid() || names_.get(at).path.empty() ? "this program" : fmt::format("`{}`", names_.get(at).path);
    auto report = sink_.report<diag::UnknownImport>(import.spans[wrong], import.path[wrong], place);
    if (!at.valid()) return;
    std::vector<std::string_view> words;
    for (const auto& [name, id] : names_.get(at).types) words.push_back(name);
    for (const auto& [name, id] : names_.get(at).values) words.push_back(name);
    const std::string_view near = diagnostics::nearest(import.path[wrong], words);
    if (!near.empty()) report.help(fmt::format("there is `{}`", near));
  }

  SourceMap& sources_;
  diagnostics::Sink& sink_;
  Names names_;
};

DefinitionId lookup(const Module& module, const std::string& name, bool values) {
  for (const auto* map : {values ? &module.values : &module.types, values ? &module.types : &module.values}) {
    const auto found = map->find(name);
    if (found != map->end()) return found->second;
  }
  return {};
}

DefinitionId in_prelude(const Names& names, const std::string& name, bool values) {
  for (const auto* map : {values ? &names.prelude_values : &names.prelude_types, values ? &names.prelude_types : &names.prelude_values}) {
    const auto found = map->find(name);
    if (found != map->end()) return found->second;
  }
  return {};
}

}  // namespace

DefinitionId Names::find_in(ModuleId module, std::string_view name, bool values) const {
  const std::string key(name);
  if (const DefinitionId own = lookup(get(module), key, values); own.valid()) return own;
  for (ModuleId glob : get(module).globs)
    if (const DefinitionId found = lookup(get(glob), key, values); found.valid() && visible(found, module)) return found;
  if (module == library) return in_prelude(*this, key, values);
  return {};
}

DefinitionId Names::variant(DefinitionId parent, std::string_view name) const {
  const auto found = variant_index.find(fmt::format("{}:{}", parent.value, name));
  return found == variant_index.end() ? DefinitionId() : found->second;
}

DefinitionId Names::find(ModuleId from, std::string_view name, bool values) const {
  if (const DefinitionId own = find_in(from, name, values); own.valid()) return own;
  const std::string key(name);
  if (const DefinitionId top = lookup(get(library), key, values); top.valid()) return top;
  return in_prelude(*this, key, values);
}

bool Names::visible(DefinitionId definition, ModuleId from) const {
  const Definition& made = get(definition);
  if (made.is_pub) return true;
  for (ModuleId at = from; at.valid(); at = get(at).parent)
    if (at == made.module) return true;
  return false;
}

std::vector<std::string_view> Names::known(ModuleId from) const {
  std::vector<std::string_view> words;
  const auto add = [&](const Module& module, bool only_pub) {
    for (const auto* map : {&module.types, &module.values})
      for (const auto& [name, id] : *map)
        if (!only_pub || get(id).is_pub) words.push_back(name);
  };
  add(get(from), false);
  for (const Module& module : modules)
    if (module.shipped) add(module, true);
  return words;
}

Names resolve(SourceMap& sources, FileId root, std::span<const ShippedFile> library, diagnostics::Sink& sink) {
  return Resolver(sources, sink).run(root, library);
}

std::string dump(const Names& names) {
  constexpr std::string_view kinds[] = {"module", "fn", "struct", "enum", "variant", "trait", "type", "const", "static"};
  std::string out;
  for (const Definition& made : names.definitions) {
    if (names.get(made.module).shipped) continue;
    const std::string& path = names.get(made.module).path;
    const std::string parent = made.parent.valid() ? names.get(made.parent).name + "::" : "";
    out += fmt::format("{}{} {}{}{}{}\n", made.is_pub ? "pub " : "", kinds[static_cast<size_t>(made.kind)], path,
                       path.empty() ? "" : "::", parent, made.name);
  }
  return out;
}

}  // namespace stark::resolve

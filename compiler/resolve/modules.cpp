// compiler/resolve/modules.cpp — packages, the library, files of modules, modules inside of modules and of blocks.
// Room: resolve. In: root files. Out: modules of Names, their items declared.
#include <algorithm>
#include <filesystem>

#include "compiler/resolve/resolver.h"

namespace stark::resolve {

namespace slot = parse::slot;

namespace {

// Modules that programs import from and that the library keeps in one: `std::rc::Weak` is the library's `Weak`.
constexpr std::string_view kLibraryModules[] = {"any", "borrow", "boxed", "cell", "clone", "convert", "default", "error", "hash", "marker", "option", "primitive", "rc", "result", "str", "string"};

// Modules whose names mean something else, or nothing, where the module is not named.
constexpr std::string_view kApart[] = {"std::fs", "std::io", "std::net", "std::task"};

}  // namespace

Names Resolver::run(std::span<const PackageInput> packages, std::span<const ShippedFile> library) {
  std::vector<ModuleId> roots;
  for (size_t i = 0; i < packages.size(); ++i) roots.push_back(add_module("", ModuleId(), packages[i].root, false));
  names_.root = roots[0];
  names_.library = add_module("std", ModuleId(), FileId(), true);
  names_.shipped.push_back(names_.library);
  for (const ShippedFile& shipped : library) {
    if (shipped.name == "declared") {
      declared_text_ = shipped.text;
      continue;
    }
    if (!shipped.name.starts_with("edition_") || (shipped.name == "edition_core_v1" && options_.edition == Edition::CoreV1)) ship(shipped);
  }
  for (std::string_view word : kLibraryModules)
    if (!names_.get(names_.library).types.contains(std::string(word))) declare_module(names_.library, std::string(word), names_.library, nullptr, NodeId(), true, {});
  fill_prelude();
  for (size_t i = 0; i < packages.size(); ++i)
    for (const auto& [alias, index] : packages[i].dependencies) {
      if (names_.modules[roots[index].index()].path.empty()) names_.modules[roots[index].index()].path = alias;
      Definition made;
      made.kind = DefinitionKind::Module;
      made.name = alias;
      made.module = roots[i];
      made.is_pub = true;
      made.inside = roots[index];
      names_.dependencies[roots[i].value].emplace(alias, DefinitionId(names_.definitions.size()));
      names_.definitions.push_back(std::move(made));
    }
  for (size_t i = packages.size(); i-- > 0;) read_file(roots[i], packages[i].root);
  settle();
  return std::move(names_);
}

// What the library's modules declare or import for all to see.
void Resolver::fill_prelude() {
  for (ModuleId id : names_.shipped) {  // its own imports are few, and must be settled before programs look for them
    for (size_t i = 0; i < names_.get(id).imports.size(); ++i)
      if (settle_one(id, i)) names_.modules[id.index()].imports[i].done = true;
  }
  for (ModuleId id : names_.shipped) {
    const Module& module = names_.get(id);
    if (std::ranges::find(kApart, module.path) != std::end(kApart)) continue;
    for (const bool values : {false, true})
      for (const auto& [name, found] : values ? module.values : module.types) {
        const Definition& made = names_.get(found);
        const bool own = made.module == id && made.kind != DefinitionKind::Variant;
        const bool passed_on = std::ranges::any_of(module.imports, [&](const Import& import) { return import.is_pub && import.name == name; });
        if (made.is_pub && made.kind != DefinitionKind::Module && (own || passed_on)) (values ? names_.prelude_values : names_.prelude_types).emplace(name, found);
      }
  }
}

ModuleId Resolver::add_module(std::string path, ModuleId parent, FileId file, bool shipped) {
  Module made;
  made.path = std::move(path);
  made.parent = parent;
  made.file = file;
  made.shipped = shipped;
  names_.modules.push_back(std::move(made));
  return ModuleId(names_.modules.size() - 1);
}

void Resolver::ship(const ShippedFile& shipped) {
  const FileId file = sources_.add(fmt::format("<std>/{}.stark", shipped.name), std::string(shipped.text), true);
  const ModuleId id = add_module(fmt::format("std::{}", shipped.name), names_.library, file, true);
  declare_module(names_.library, std::string(shipped.name), id, nullptr, NodeId(), true, {});
  names_.shipped.push_back(id);
  read_file(id, file);
}

DefinitionId Resolver::declare_module(ModuleId in, std::string name, ModuleId inside, const SyntaxTree* tree, NodeId node, bool is_pub, Span span) {
  Definition made;
  made.kind = DefinitionKind::Module;
  made.name = std::move(name);
  made.module = in;
  made.tree = tree;
  made.node = node;
  made.is_pub = is_pub || options_.testing;
  made.span = span;
  made.inside = inside;
  return declare(std::move(made));
}

DefinitionId Resolver::declare(Definition made) {
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

void Resolver::read_file(ModuleId module, FileId file) {
  names_.trees.push_back(std::make_unique<SyntaxTree>(parse::parse(sources_, lex::lex(sources_, file, sink_), sink_)));
  const SyntaxTree& tree = *names_.trees.back();
  for (NodeId attribute : tree.children_of(tree.child(tree.root, slot::File::attributes))) inner_attribute(tree, attribute);
  for (const parse::Node& node : tree.nodes) check_anywhere(node);
  collect(module, tree, tree.child(tree.root, slot::File::items));
  block_items(module, tree);
}

// Blocks may declare items. Parents stand behind their children, so that one walk from the end knows the module around each node.
void Resolver::block_items(ModuleId module, const SyntaxTree& tree) {
  const bool any = std::ranges::any_of(tree.nodes, [](const parse::Node& node) { return node.kind == NodeKind::Block; });
  if (!any) return;
  std::vector<ModuleId> around(tree.nodes.size(), module);
  for (size_t i = tree.nodes.size(); i-- > 0;) {
    const NodeId id(i);
    ModuleId here = around[i];
    if (tree.kind(id) == NodeKind::Mod) {
      if (const auto known = inside_.find({&tree, id.value}); known != inside_.end()) here = known->second;
    } else if (tree.kind(id) == NodeKind::Block) {
      const NodeId statements = tree.child(id, slot::Block::statements);
      const auto declares = [&](NodeId one) {
        const NodeKind kind = tree.kind(one);
        return kind != NodeKind::Let && kind != NodeKind::Statement && kind != NodeKind::Error;
      };
      if (std::ranges::any_of(tree.children_of(statements), declares)) {
        here = add_module(names_.get(here).path, here, tree.file, names_.get(here).shipped);
        names_.modules[here.index()].open = true;
        names_.blocks.emplace(std::pair(&tree, id.value), here);
        for (NodeId one : tree.children_of(statements))
          if (declares(one)) item(here, tree, one);
      }
    }
    for (NodeId child : tree.children_of(id))
      if (child.valid()) around[child.index()] = here;
  }
}

void Resolver::module_item(ModuleId parent, const SyntaxTree& tree, NodeId id) {
  const parse::Node& node = tree.get(id);
  if (node.text.empty()) return;
  const NodeId items = tree.child(id, slot::Mod::items);
  if (node.text.starts_with("std::") && items.valid() && !names_.get(parent).shipped) return library_module(tree, id);
  if (items.valid()) {
    const ModuleId inside = nested_module(parent, tree, id, node.text);
    inside_.emplace(std::pair(&tree, id.value), inside);
    return collect(inside, tree, items);
  }
  const std::string name(node.text);
  const auto file = module_file(parent, tree, name);
  if (!file) {
    const std::string stem = std::filesystem::path(sources_.path(tree.file)).parent_path() / name;
    sink_.report<diag::NoModuleFile>(node.name, name).help(fmt::format("create `{}.stark` or `{}/mod.stark`", stem, stem));
    return;
  }
  const std::string path = names_.get(parent).path.empty() ? name : fmt::format("{}::{}", names_.get(parent).path, name);
  const ModuleId inside = add_module(path, parent, *file, false);
  declare_module(parent, name, inside, &tree, id, (node.flags & parse::kPub) != 0, node.name);
  read_file(inside, *file);
}

// `mod a { … }`, and `module a::b { … }`, which makes `a` where it is not there.
ModuleId Resolver::nested_module(ModuleId parent, const SyntaxTree& tree, NodeId id, std::string_view name) {
  const parse::Node& node = tree.get(id);
  bool is_pub = (node.flags & parse::kPub) != 0;
  for (size_t cut = name.find("::");; cut = name.find("::")) {
    const std::string first(name.substr(0, cut));
    const auto known = names_.get(parent).types.find(first);
    const bool last = cut == name.npos;
    if (!last && known != names_.get(parent).types.end() && names_.get(known->second).kind == DefinitionKind::Module) {
      parent = names_.get(known->second).inside;
    } else {
      const std::string path = names_.get(parent).path.empty() ? first : fmt::format("{}::{}", names_.get(parent).path, first);
      const ModuleId inside = add_module(path, parent, tree.file, names_.get(parent).shipped);
      declare_module(parent, first, inside, &tree, id, is_pub, node.name);
      parent = inside;
    }
    if (last) return parent;
    is_pub = true;  // one declaration: who sees its beginning sees its end
    name.remove_prefix(cut + 2);
  }
}

// Beside the root file or a `mod.stark`; otherwise in the folder named like the file.
Result<FileId> Resolver::module_file(ModuleId parent, const SyntaxTree& tree, const std::string& name) {
  const std::filesystem::path here = sources_.path(tree.file);
  std::filesystem::path folder = here.parent_path();
  const bool nested = tree.file != names_.get(names_.package_root(parent)).file && here.filename() != "mod.stark";
  if (nested) folder /= here.stem();
  if (names_.get(parent).file != tree.file || names_.get(names_.self_of(parent)).parent != names_.get(parent).parent) return fail("S0001", "no file");
  for (const std::filesystem::path& path : {folder / (name + ".stark"), folder / name / "mod.stark"}) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) return sources_.load(path);
  }
  return fail("S0001", "no file");
}

Names resolve(SourceMap& sources, std::span<const PackageInput> packages, std::span<const ShippedFile> library, Options options, diagnostics::Sink& sink) {
  return Resolver(sources, options, sink).run(packages, library);
}

}  // namespace stark::resolve

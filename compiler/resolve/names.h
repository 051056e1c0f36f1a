// compiler/resolve/names.h — which modules there are, what each declares and imports, and what a path of names means.
// Room: resolve, public face. In: the packages of a program and the shipped library. Out: Names, which keeps the trees it speaks of.
// Law: immutable once made; a definition is found by path alone; local variables are none of this stage's business.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/parse/syntax_tree.h"
#include "compiler/source/edition.h"

namespace stark::resolve {

using parse::NodeId;
using parse::NodeKind;
using parse::SyntaxTree;
using ModuleId = Id<struct ModuleTag>;
using DefinitionId = Id<struct DefinitionTag>;

enum class DefinitionKind : uint8_t { Module, Function, Struct, Enum, Variant, Trait, Alias, Const, Static };

struct Definition {
  DefinitionKind kind{};
  std::string name;
  ModuleId module;              // where it is declared
  const SyntaxTree* tree = nullptr;
  NodeId node;
  bool is_pub = false;
  ModuleId scope;               // of a `pub(…)`: the module inside of which it is visible
  Span span;                    // its name
  ModuleId inside;              // Module: what it is
  DefinitionId parent;          // Variant: its enum
  uint32_t number = 0;          // Variant: which
  uint32_t variant_count = 0;   // Enum: its variants are the definitions behind it
};

struct Import {
  std::vector<std::string> path;
  std::vector<Span> spans;
  std::string name;  // as it is called here; empty for a glob
  bool is_pub = false, done = false;
};

struct ImplBlock {
  ModuleId module;
  const SyntaxTree* tree = nullptr;
  NodeId node;
  bool derived = false;  // by `#[derive(…)]`
  bool exact = false;    // `#[exact]`
  bool otherwise = false;  // counts only where the program has none of its own
};

// The last word of the trait that an `impl` names; empty for one without a trait.
inline std::string_view trait_word(const SyntaxTree& tree, NodeId impl) {
  const NodeId path = tree.child(impl, parse::slot::Impl::trait_path);
  if (!path.valid() || tree.kind(path) != parse::NodeKind::PathType) return {};
  const auto segments = tree.children_of(tree.child(tree.child(path, parse::slot::PathType::path), parse::slot::Path::segments));
  return segments.empty() ? std::string_view() : std::string_view(tree.get(segments.back()).text);
}

// Names are looked up by views, without a copy.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
using NameMap = std::unordered_map<std::string, DefinitionId, NameHash, std::equal_to<>>;

struct Module {
  std::string path;  // "", "network", "std::time"
  ModuleId parent;
  FileId file;
  bool shipped = false;
  bool open = false;  // the items of a block: what is not found here is looked for in the parent
  NameMap types, values;
  std::vector<Import> imports;
  std::vector<ModuleId> globs;
};

// What a path leads to; `rest` segments were left over because a type or an enum was reached before the end.
struct Found {
  DefinitionId definition;
  size_t rest = 0;
};

struct Names {
  std::vector<std::unique_ptr<SyntaxTree>> trees;
  std::vector<Module> modules;  // the root first
  std::vector<Definition> definitions;
  std::vector<ImplBlock> impls;
  std::vector<ModuleId> shipped;  // the library's modules
  std::vector<DefinitionId> tests;
  std::map<uint32_t, NameMap> dependencies;  // by the root module of a package: its dependencies by alias
  std::map<std::pair<const SyntaxTree*, uint32_t>, ModuleId> blocks;  // blocks that have items
  std::map<std::pair<const SyntaxTree*, uint32_t>, NodeId> foreign_blocks;  // by an item of an extern block: the block
  ModuleId root, library;
  Edition edition = Edition::Stark;
  bool borrows_nll = false;
  NameMap prelude_types, prelude_values;  // the library's public items

  const Module& get(ModuleId id) const { return modules[id.index()]; }
  const Definition& get(DefinitionId id) const { return definitions[id.index()]; }
  // One name as seen from a module: its own, imported, then the library's. `values` looks for values before types.
  DefinitionId find(ModuleId from, std::string_view name, bool values) const;
  // The variant `name` of an enum.
  DefinitionId variant(DefinitionId parent, std::string_view name) const;
  // The same inside one module alone, as `path::name` asks; inside of `std`, every public item of the library.
  DefinitionId find_in(ModuleId module, std::string_view name, bool values) const;
  bool visible(DefinitionId definition, ModuleId from) const;
  // `crate`, `super` and `self` as seen from a module; blocks are passed over.
  ModuleId package_root(ModuleId from) const;
  ModuleId super_of(ModuleId from) const;
  ModuleId self_of(ModuleId from) const;
  // The module of the items that a block declares, or none.
  ModuleId block_module(const SyntaxTree& tree, NodeId block) const;
  NodeId foreign_block(const SyntaxTree& tree, NodeId item) const { return foreign_blocks.at({&tree, item.value}); }
  // Where an item of this name is that could be imported: `crate::network::Socket`; empty if there is none.
  std::string elsewhere(ModuleId from, std::string_view name) const;
  // Every name that could have been meant, for "did you mean".
  std::vector<std::string_view> known(ModuleId from) const;
};

// Names that the language has without a declaration; programs may import them from `std` as if they were declared there.
bool is_built_in(std::string_view name);

struct ShippedFile {
  std::string_view name, text;  // "time", its text
};

// A package that is already loaded: its root file, and which packages it calls by which alias.
struct PackageInput {
  FileId root;
  std::vector<std::pair<std::string, size_t>> dependencies;  // alias, index into the packages
};

struct Options {
  Edition edition = Edition::Stark;
  bool testing = false;  // `#[cfg(test)]` holds, and tests are seen from everywhere
};

// The first package is the program.
Names resolve(SourceMap& sources, std::span<const PackageInput> packages, std::span<const ShippedFile> library, Options options, diagnostics::Sink& sink);
std::string dump(const Names& names);

}  // namespace stark::resolve

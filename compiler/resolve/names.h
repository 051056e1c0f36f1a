// compiler/resolve/names.h — which modules there are, what each declares and imports, and what a path of names means.
// Room: resolve, public face. In: the root file and the shipped library. Out: Names, which keeps the trees it speaks of.
// Law: immutable once made; a definition is found by path alone; local variables are none of this stage's business.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/parse/syntax_tree.h"

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
  Span span;                    // its name
  ModuleId inside;              // Module: what it is
  DefinitionId parent;          // Variant: its enum
  uint32_t number = 0;          // Variant: which
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
};

struct Module {
  std::string path;  // "", "network", "std::time"
  ModuleId parent;
  FileId file;
  bool shipped = false;
  std::unordered_map<std::string, DefinitionId> types, values;
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
  ModuleId root, library;
  bool borrows_nll = false;
  std::unordered_map<std::string, DefinitionId> prelude_types, prelude_values;  // the library's public items, by name
  std::unordered_map<std::string, DefinitionId> variant_index;                  // "12:Some", by enum and name

  const Module& get(ModuleId id) const { return modules[id.index()]; }
  const Definition& get(DefinitionId id) const { return definitions[id.index()]; }
  // One name as seen from a module: its own, imported, then the library's. `values` looks for values before types.
  DefinitionId find(ModuleId from, std::string_view name, bool values) const;
  // The variant `name` of an enum.
  DefinitionId variant(DefinitionId parent, std::string_view name) const;
  // The same inside one module alone, as `path::name` asks; inside of `std`, every public item of the library.
  DefinitionId find_in(ModuleId module, std::string_view name, bool values) const;
  bool visible(DefinitionId definition, ModuleId from) const;
  // Every name that could have been meant, for "did you mean".
  std::vector<std::string_view> known(ModuleId from) const;
};

struct ShippedFile {
  std::string_view name, text;  // "time", its text
};

Names resolve(SourceMap& sources, FileId root, std::span<const ShippedFile> library, diagnostics::Sink& sink);
std::string dump(const Names& names);

}  // namespace stark::resolve

// compiler/resolve/resolver.h — what reading modules and settling imports share.
// Room: resolve, private. In: files. Out: Names.
// Law: a module's items are declared before any import is settled; imports are settled until nothing changes.
#pragma once

#include <set>

#include "compiler/resolve/diagnostics.h"
#include "compiler/resolve/names.h"

namespace stark::resolve {

class Resolver {
 public:
  Resolver(SourceMap& sources, Options options, diagnostics::Sink& sink) : sources_(sources), options_(options), sink_(sink) { names_.edition = options.edition; }
  Names run(std::span<const PackageInput> packages, std::span<const ShippedFile> library);

 private:
  // modules and files (modules.cpp)
  ModuleId add_module(std::string path, ModuleId parent, FileId file, bool shipped);
  void ship(const ShippedFile& shipped);
  void fill_prelude();
  DefinitionId declare_module(ModuleId in, std::string name, ModuleId inside, const SyntaxTree* tree, NodeId node, bool is_pub, Span span);
  DefinitionId declare(Definition made);
  void read_file(ModuleId module, FileId file);
  void module_item(ModuleId parent, const SyntaxTree& tree, NodeId id);
  ModuleId nested_module(ModuleId parent, const SyntaxTree& tree, NodeId id, std::string_view name);
  Result<FileId> module_file(ModuleId parent, const SyntaxTree& tree, const std::string& name);
  void block_items(ModuleId module, const SyntaxTree& tree);
  // items (items.cpp)
  void collect(ModuleId module, const SyntaxTree& tree, NodeId items);
  void item(ModuleId module, const SyntaxTree& tree, NodeId id);
  void variants(ModuleId module, const SyntaxTree& tree, NodeId id, DefinitionId parent);
  void derive_all(ModuleId module, const SyntaxTree& tree, NodeId id);
  void add_impls(ModuleId module, const SyntaxTree& tree, Span where, std::string text, bool otherwise);
  void inner_attribute(const SyntaxTree& tree, NodeId id);
  void check_anywhere(const parse::Node& node);
  bool has_attribute(const SyntaxTree& tree, NodeId item, std::string_view name, std::string_view word = {}) const;
  bool is_test(const SyntaxTree& tree, NodeId item) const;
  // what is built in, said again (redeclared.cpp)
  std::string declaration(const SyntaxTree& tree, NodeId id, bool header) const;
  void read_declared();
  bool redeclares(const SyntaxTree& tree, NodeId id, const std::string& around);
  void library_module(const SyntaxTree& tree, NodeId id);
  // imports (imports.cpp)
  void use(ModuleId module, const SyntaxTree& tree, NodeId id, std::vector<std::string>& path, std::vector<Span>& spans, bool is_pub);
  ModuleId walk(ModuleId from, const Import& import, size_t count, size_t& stopped);
  bool settle_one(ModuleId module, size_t index);
  bool settle_variant(ModuleId module, const Import& import, size_t stopped);
  void settle();
  void unknown(ModuleId module, const Import& import);

  SourceMap& sources_;
  Options options_;
  diagnostics::Sink& sink_;
  Names names_;
  std::map<std::pair<const SyntaxTree*, uint32_t>, ModuleId> inside_;  // what each `mod` with a body is
  std::string_view declared_text_;                       // of stdlib/declared.stark
  std::map<std::string, std::set<std::string>> declared_;  // by an item's text without members: what it, or each member, declares
  std::map<std::string, Span> declared_words_;             // where each name of it stands
  bool declared_read_ = false;
};

}  // namespace stark::resolve

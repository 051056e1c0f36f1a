// compiler/resolve/imports.cpp — `use`: what each import names, settled until nothing changes.
// Room: resolve. In: modules with their items declared. Out: imported names beside the declared ones.
#include <algorithm>

#include "compiler/resolve/resolver.h"

namespace stark::resolve {

namespace slot = parse::slot;

void Resolver::use(ModuleId module, const SyntaxTree& tree, NodeId id, std::vector<std::string>& path, std::vector<Span>& spans, bool is_pub) {
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
ModuleId Resolver::walk(ModuleId from, const Import& import, size_t count, size_t& stopped) {
  ModuleId at = from;
  for (stopped = 0; stopped < count; ++stopped) {
    const std::string& name = import.path[stopped];
    if (name == "crate") at = names_.package_root(at);
    else if (name == "self") at = names_.self_of(at);
    else if (name == "super") at = names_.super_of(at);
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

bool Resolver::settle_one(ModuleId module, size_t index) {
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
    const auto& everywhere = values ? names_.prelude_values : names_.prelude_types;  // `std::num::ParseIntError`, whichever module has it
    auto found = import.path.size() == 1 && from == module ? map.end() : map.find(last);
    if (found == map.end() && names_.get(from).shipped) {
      found = everywhere.find(last);
      if (found == everywhere.end()) continue;
    } else if (found == map.end()) {
      continue;
    }
    any = true;
    if (!names_.visible(found->second, module)) {
      sink_.report<diag::PrivateImport>(import.spans.back(), last)
          .label(names_.get(found->second).span, "declared here without `pub`").help("write `pub` before the declaration");
    }
    (values ? target.values : target.types).emplace(import.name, found->second);
  }
  if (!any && import.path.size() == 1 && last == "std") return true;
  if (!any && names_.get(from).shipped && import.name == last && is_built_in(last)) return true;
  return any;
}

// `use Color::*;` and `use shapes::Color::Red;`
bool Resolver::settle_variant(ModuleId module, const Import& import, size_t stopped) {
  if (stopped >= import.path.size()) return false;
  size_t before = 0;
  const ModuleId from = walk(module, import, stopped, before);
  if (!from.valid()) return false;
  const DefinitionId found = stopped == 0 ? names_.find(from, import.path[stopped], false)
                                          : names_.find_in(from, import.path[stopped], false);
  if (!found.valid() || names_.get(found).kind != DefinitionKind::Enum) return false;
  bool any = false;
  for (size_t i = found.index() + 1; i <= found.index() + names_.get(found).variant_count; ++i) {
    const Definition& variant = names_.definitions[i];
    if (!import.name.empty() && variant.name != import.path.back()) continue;
    names_.modules[module.index()].values.emplace(import.name.empty() ? variant.name : import.name, DefinitionId(i));
    any = true;
  }
  return any;
}

void Resolver::settle() {
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

void Resolver::unknown(ModuleId module, const Import& import) {
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
  if (import.path[0] == "std" && import.path[wrong] == "Rc") {
    report.help("a shared handle is a `Gc<T>` here, cycles and all; between threads it is an `Arc<T>`");
    return;
  }
  if (!at.valid()) return;
  std::vector<std::string_view> words;
  for (const auto& [name, id] : names_.get(at).types) words.push_back(name);
  for (const auto& [name, id] : names_.get(at).values) words.push_back(name);
  const std::string_view near = diagnostics::nearest(import.path[wrong], words);
  if (!near.empty()) report.help(fmt::format("there is `{}`", near));
}

}  // namespace stark::resolve

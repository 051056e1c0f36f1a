// compiler/resolve/names.cpp — what a name means as seen from a module, and who may see it.
// Room: resolve. In: Names. Out: definitions; Names as text for --dump=names.
#include "compiler/resolve/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace stark::resolve {
namespace {

DefinitionId lookup(const Module& module, std::string_view name, bool values) {
  for (const auto* map : {values ? &module.values : &module.types, values ? &module.types : &module.values}) {
    const auto found = map->find(name);
    if (found != map->end()) return found->second;
  }
  return {};
}

DefinitionId in_prelude(const Names& names, std::string_view name, bool values) {
  for (const auto* map : {values ? &names.prelude_values : &names.prelude_types, values ? &names.prelude_types : &names.prelude_values}) {
    const auto found = map->find(name);
    if (found != map->end()) return found->second;
  }
  return {};
}

}  // namespace

DefinitionId Names::find_in(ModuleId module, std::string_view name, bool values) const {
  if (const DefinitionId own = lookup(get(module), name, values); own.valid()) return own;
  for (ModuleId glob : get(module).globs)
    if (const DefinitionId found = lookup(get(glob), name, values); found.valid() && visible(found, module)) return found;
  if (module == library) return in_prelude(*this, name, values);
  return {};
}

DefinitionId Names::variant(DefinitionId parent, std::string_view name) const {
  for (size_t i = parent.index() + 1; i <= parent.index() + get(parent).variant_count; ++i)
    if (definitions[i].name == name) return DefinitionId(i);
  return {};
}

DefinitionId Names::find(ModuleId from, std::string_view name, bool values) const {
  for (ModuleId at = from; at.valid(); at = get(at).open ? get(at).parent : ModuleId())
    if (const DefinitionId own = find_in(at, name, values); own.valid()) return own;
  if (const auto package = dependencies.find(package_root(from).value); package != dependencies.end())
    if (const auto found = package->second.find(name); found != package->second.end()) return found->second;
  if (const DefinitionId top = lookup(get(library), name, values); top.valid()) return top;
  return in_prelude(*this, name, values);
}

bool Names::visible(DefinitionId definition, ModuleId from) const {
  const Definition& made = get(definition);
  if (made.is_pub && !made.scope.valid()) return true;
  const ModuleId limit = made.is_pub ? made.scope : self_of(made.module);
  for (ModuleId at = from; at.valid(); at = get(at).parent)
    if (at == limit || at == made.module) return true;
  return false;
}

ModuleId Names::self_of(ModuleId from) const {
  while (get(from).open) from = get(from).parent;
  return from;
}

ModuleId Names::super_of(ModuleId from) const {
  const ModuleId parent = get(self_of(from)).parent;
  return parent.valid() ? self_of(parent) : parent;
}

ModuleId Names::package_root(ModuleId from) const {
  while (get(from).parent.valid()) from = get(from).parent;
  return from;
}

ModuleId Names::block_module(const SyntaxTree& tree, NodeId block) const {
  const auto found = blocks.find({&tree, block.value});
  return found == blocks.end() ? ModuleId() : found->second;
}

bool is_built_in(std::string_view name) {
  constexpr std::string_view names[] = {"Vec", "offset_of", "Box", "Cell", "RefCell", "Ref", "RefMut", "Gc", "Weak", "Arc", "Mutex", "MutexGuard", "RwLock", "RwLockReadGuard", "RwLockWriteGuard", "Scope", "Fiber", "String", "Tensor", "Device", "Fn", "FnMut", "FnOnce", "str", "char", "bool",
                                        "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64"};
  return std::ranges::find(names, name) != std::end(names);
}

std::string Names::elsewhere(ModuleId from, std::string_view name) const {
  for (const Definition& made : definitions) {
    if (made.name != name || !made.is_pub || get(made.module).shipped || made.kind == DefinitionKind::Module) continue;
    const DefinitionId id(static_cast<size_t>(&made - definitions.data()));
    if (!visible(id, from) || made.module == from) continue;
    std::string path = package_root(made.module) == package_root(from) ? "crate" : "";
    if (!get(made.module).path.empty()) path += (path.empty() ? "" : "::") + get(made.module).path;
    if (made.parent.valid()) path += "::" + get(made.parent).name;
    return fmt::format("{}::{}", path, name);
  }
  return {};
}

std::vector<std::string_view> Names::known(ModuleId from) const {
  std::vector<std::string_view> words;
  const auto add = [&](const Module& module, bool only_pub) {
    for (const auto* map : {&module.types, &module.values})
      for (const auto& [name, id] : *map)
        if (!only_pub || get(id).is_pub) words.push_back(name);
  };
  for (ModuleId at = from; at.valid(); at = get(at).open ? get(at).parent : ModuleId()) add(get(at), false);
  for (ModuleId module : shipped) add(get(module), true);
  return words;
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

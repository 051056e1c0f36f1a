// compiler/codegen/tables.h — the module under construction: types, texts, constants and signatures, each stored once.
// Room: codegen. In: compiler types and values. Out: row numbers of spec::Module.
// Law: numbers depend on the order of the requests alone, so that the same program gives the same module.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "bytecode-spec/module.h"
#include "bytecode-spec/state.h"
#include "compiler/mir/mir.h"

namespace stark::codegen {

class Tables {
 public:
  Tables(const mir::Program& program, spec::Module& module) : p_(program), m_(module), states_(module.states) {}

  spec::Text text(const std::string& text);
  uint32_t type(types::TypeId id);
  // A list of regions, shared with equal lists.
  uint32_t regions(const std::vector<uint32_t>& list);
  spec::TypeUse use(types::TypeId id, const std::vector<uint32_t>& list);
  uint32_t state(std::vector<uint32_t> words) { return states_.add(std::move(words)); }
  uint32_t constant(const mir::Constant& constant);
  uint32_t text_constant(const std::string& text);
  uint32_t signature(const mir::Signature& signature);
  void vtable(const mir::VTable& vtable);
  void static_row(const mir::Static& one);
  void foreign(const mir::Foreign& one);
  void graph(const spec::Graph& graph);
  uint32_t file(const std::string& name);
  // Structs, enums and dyns may speak of themselves behind a Vec, Box or reference, so their members are written when all else is.
  void finish_types();

 private:
  uint32_t structural(types::TypeId id, const types::TypeData& data);
  spec::Range members(const types::TypeData& data);
  uint32_t add_row(spec::TypeKind kind, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0, uint32_t d = 0, spec::Text name = {});
  spec::Range fields(const std::vector<types::Field>& list);
  uint32_t add_constant(spec::TypeKind kind, uint64_t bits);
  spec::Range dims(std::span<const int64_t> list);

  const mir::Program& p_;
  spec::Module& m_;
  spec::StateTable states_;
  std::unordered_map<std::string, spec::Text> texts_;
  std::unordered_map<types::TypeId, uint32_t> types_;
  std::map<std::vector<uint32_t>, uint32_t> region_lists_;
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> constants_;
  std::map<std::vector<uint32_t>, uint32_t> signatures_;
  std::map<std::string, uint32_t> files_;
  std::deque<types::TypeId> unfinished_;
};

}  // namespace stark::codegen

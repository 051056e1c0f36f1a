// compiler/codegen/codegen.cpp — the whole module, table by table.
// Room: codegen. In: mir::Program, Annotations. Out: spec::Module.
#include "compiler/codegen/codegen.h"

#include <algorithm>
#include <set>

#include "bytecode-spec/native_signature.h"
#include "compiler/codegen/functions.h"
#include "compiler/codegen/tables.h"

namespace stark::codegen {
namespace {

// What the program needs granted, in the order of the table.
std::vector<uint32_t> capabilities(const mir::Program& program) {
  std::set<uint32_t> needed;
  for (spec::Capability c : program.capabilities) needed.insert(static_cast<uint32_t>(c));
  return {needed.begin(), needed.end()};
}

std::vector<spec::ExportRow> exports(const mir::Program& program, Tables& tables) {
  std::vector<std::pair<std::string, uint32_t>> names;
  for (mir::FunctionId f : program.exports) names.emplace_back(program.functions[f.index()].name, f.value);
  std::ranges::sort(names);
  std::vector<spec::ExportRow> rows;
  for (const auto& [name, function] : names) rows.push_back({tables.text(name), function});
  return rows;
}

}  // namespace

spec::Module generate(const mir::Program& program, const borrow::Annotations& annotations, const SourceMap& sources,
                      diagnostics::Sink& sink) {
  spec::Module module;
  Tables tables(program, module);
  for (size_t f = 0; f < program.functions.size(); ++f) {
    write_function(program, program.functions[f], annotations[f], sources, tables, module, sink);
  }
  for (const mir::VTable& vtable : program.vtables) tables.vtable(vtable);
  for (const mir::Static& one : program.statics) tables.static_row(one);
  for (const mir::Foreign& one : program.foreigns) tables.foreign(one);
  for (const spec::Graph& graph : program.graphs) tables.graph(graph);
  for (const mir::Segment& segment : program.segments) module.segments.push_back({0, segment.bytes.size(), 0, tables.text(segment.name)});
  tables.finish_types();
  module.entry = program.entry.valid() ? program.entry.value : spec::kNone;
  module.exports = exports(program, tables);
  module.capabilities = capabilities(program);
  return module;
}

}  // namespace stark::codegen

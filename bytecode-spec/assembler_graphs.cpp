// bytecode-spec/assembler_graphs.cpp — reads the lines of tensor graphs.
// Room: bytecode-spec. In: words. Out: rows of the graphs, their values, nodes and outputs.
#include "bytecode-spec/assembler_parts.h"
#include "bytecode-spec/tables.h"

namespace stark::spec::skasm {

GraphRow* Assembler::graph() {
  if (m().graphs.empty()) fail_with("a graph line outside a graph");
  return m().graphs.empty() ? nullptr : &m().graphs.back();
}
void Assembler::take_graph() {
  if (id("g") != m().graphs.size()) return fail_with("graphs are not numbered in order");
  const auto here = [](const auto& table) { return Range{static_cast<uint32_t>(table.size()), 0}; };
  m().graphs.push_back({here(m().tensor_types), here(m().input_modes), here(m().nodes), here(m().operands), here(m().attributes), here(m().outputs)});
}
void Assembler::take_graph_value() {
  GraphRow* g = graph();
  if (g == nullptr) return;
  static constexpr std::string_view kModes[] = {"borrowed", "donated", "scalar"};
  for (uint32_t mode = 0; mode < 3; ++mode) {
    if (words_[0] != kModes[mode]) continue;
    m().input_modes.push_back(mode);
    ++g->inputs.count;
  }
  const auto [dtype, dims] = take_tensor();
  m().tensor_types.push_back({dtype, dims});
  ++g->values.count;
}
void Assembler::take_node() {
  GraphRow* g = graph();
  if (g == nullptr) return;
  std::vector<std::string_view> ops;
  for (const auto& row : kTensorOpRows) ops.push_back(row.name);
  NodeRow row{code_of(ops, next(), "tensor operation"), {g->operands.count, 0}, {g->attributes.count, 0}};
  while (more()) {
    const std::string word = next();
    if (word.starts_with('%')) {
      m().operands.push_back(id("%", word));
      ++row.operands.count;
      ++g->operands.count;
    } else {
      m().attributes.push_back(number<int64_t>(word));
      ++row.attributes.count;
      ++g->attributes.count;
    }
  }
  m().nodes.push_back(row);
  ++g->nodes.count;
}
void Assembler::take_output() {
  GraphRow* g = graph();
  if (g == nullptr) return;
  m().outputs.push_back(id("%"));
  ++g->outputs.count;
}

}  // namespace stark::spec::skasm

// vm/verify/graphs.cpp — proof 4: every tensor graph is well formed by the rules of bytecode-spec/tensor.
// Room: vm/verify. In: the graph tables with proven ranges. Out: nothing, or V42.
#include <fmt/format.h>

#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {

using spec::Module;

namespace {

spec::TensorType tensor_type(const Module& m, uint32_t dtype, spec::Range dims) {
  return {static_cast<spec::DType>(dtype), *spec::Shape::make(std::span(m.dims).subspan(dims.first, dims.count))};
}

template <class T>
std::vector<T> copy(const std::vector<T>& from, spec::Range range) {
  return {from.begin() + range.first, from.begin() + range.first + range.count};
}

Result<void> check_graph(const Module& m, uint32_t index) {
  const spec::GraphRow& row = m.graphs[index];
  for (uint32_t mode : copy(m.input_modes, row.inputs)) {
    if (mode > static_cast<uint32_t>(spec::InputMode::Scalar)) return refuse(Refusal::Structure, "an input mode that is not known");
  }
  for (const spec::NodeRow& node : copy(m.nodes, row.nodes)) {
    if (node.op >= spec::kTensorOpCount) return refuse(Refusal::Structure, "a tensor operation that is not known");
  }
  if (auto ok = spec::check(graph_of(m, index)); !ok) {
    return refuse(Refusal::TensorGraph, fmt::format("graph {}: {}", index, ok.error().message));
  }
  return {};
}

}  // namespace

spec::TensorType tensor_type_of(const Module& m, uint32_t type) {
  return tensor_type(m, m.types[type].c, {m.types[type].a, m.types[type].b});
}

spec::Graph graph_of(const Module& m, uint32_t index) {
  const spec::GraphRow& row = m.graphs[index];
  spec::Graph graph;
  for (const auto& value : copy(m.tensor_types, row.values)) graph.values.push_back(tensor_type(m, value.dtype, value.dims));
  for (uint32_t mode : copy(m.input_modes, row.inputs)) graph.inputs.push_back(static_cast<spec::InputMode>(mode));
  for (const auto& node : copy(m.nodes, row.nodes)) {
    graph.nodes.push_back({static_cast<spec::TensorOp>(node.op), node.operands.first, node.operands.count, node.attributes.first,
                           node.attributes.count});
  }
  graph.operands = copy(m.operands, row.operands);
  graph.attributes = copy(m.attributes, row.attributes);
  graph.outputs = copy(m.outputs, row.outputs);
  return graph;
}

Result<void> prove_graphs(const Module& module) {
  // Graphs that share rows would be checked once for each: their total is bounded by the file instead.
  uint64_t total = 0;
  for (const auto& g : module.graphs) total += uint64_t{g.values.count} + g.nodes.count + g.operands.count + g.attributes.count;
  const uint64_t rows = module.tensor_types.size() + module.nodes.size() + module.operands.size() + module.attributes.size();
  if (total > rows) return refuse(Refusal::TensorGraph, "graphs share rows");
  for (uint32_t i = 0; i < module.graphs.size(); ++i) STARK_TRY(check_graph(module, i));
  return {};
}

}  // namespace stark::vm

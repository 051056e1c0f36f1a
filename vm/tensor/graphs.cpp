// vm/tensor/graphs.cpp — runs a bundle's tensor graphs: a program per graph, a plan per layout, results in new tensors.
// Room: vm/tensor. In: graph rows, tensors, scalars. Out: results; donated inputs are gone afterwards.
#include <fmt/format.h>

#include <algorithm>

#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {

spec::Graph copy_graph(const spec::Module& m, uint32_t index) {
  const spec::GraphRow& row = m.graphs[index];
  spec::Graph graph;
  const auto part = [](const auto& table, spec::Range range) { return std::span(table).subspan(range.first, range.count); };
  for (const spec::TensorTypeRow& t : part(m.tensor_types, row.values)) {
    graph.values.push_back({static_cast<spec::DType>(t.dtype), *spec::Shape::make(part(m.dims, t.dims))});
  }
  for (uint32_t mode : part(m.input_modes, row.inputs)) graph.inputs.push_back(static_cast<spec::InputMode>(mode));
  for (const spec::NodeRow& n : part(m.nodes, row.nodes)) {
    graph.nodes.push_back({static_cast<spec::TensorOp>(n.op), n.operands.first, n.operands.count, n.attributes.first, n.attributes.count});
  }
  std::ranges::copy(part(m.operands, row.operands), std::back_inserter(graph.operands));
  std::ranges::copy(part(m.attributes, row.attributes), std::back_inserter(graph.attributes));
  std::ranges::copy(part(m.outputs, row.outputs), std::back_inserter(graph.outputs));
  return graph;
}

Result<const devices::Program*> TensorRuntime::program(uint32_t graph) {
  if (programs_[graph] == nullptr) {
    auto made = devices::Program::make(copy_graph(bundle_.module, graph));
    if (!made) return std::unexpected(made.error());
    programs_[graph] = std::move(*made);
  }
  return programs_[graph].get();
}

namespace {

// The device that all tensors are on, or nothing where two differ.
std::optional<DeviceValue> common_device(std::span<const GraphInput> inputs, DeviceValue otherwise, const TensorObject** other) {
  const TensorObject* first = nullptr;
  for (const GraphInput& in : inputs) {
    if (in.tensor == nullptr) continue;
    if (first == nullptr) first = in.tensor;
    if (in.tensor->device == first->device) continue;
    *other = in.tensor;
    return std::nullopt;
  }
  return first != nullptr ? first->where : otherwise;
}

}  // namespace

Result<void> TensorRuntime::run(uint32_t index, std::span<const GraphInput> inputs, std::span<TensorObject*> outputs) {
  const auto inside = enter();
  ++stats_.graphs;
  auto made = program(index);
  if (!made) return std::unexpected(made.error());
  const spec::Graph& graph = (*made)->graph();
  auto otherwise = default_device();
  if (!otherwise) return std::unexpected(otherwise.error());
  const TensorObject* other = nullptr;
  const auto where = common_device(inputs, *otherwise, &other);
  if (!where) {
    return fail("", fmt::format("the tensors of one operation are on different devices; one is on `{}`", device_name(other->where)),
                "move them together with `to_device`");
  }
  auto device = open(*where);
  if (!device) return std::unexpected(device.error());
  TensorStats::OnDevice& used = used_[*device];
  ++used.graphs;
  used.operations += graph.nodes.size();

  std::vector<devices::Layout> layouts;
  std::vector<devices::TensorView> views;
  std::vector<devices::Scalar> scalars;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].tensor != nullptr) {
      layouts.push_back(inputs[i].tensor->layout);
      views.push_back(inputs[i].tensor->view());
    } else {
      layouts.push_back(devices::Layout::dense(graph.values[i]));
      views.push_back({nullptr, 0, layouts.back()});
      scalars.push_back({graph.values[i].dtype, inputs[i].bits});
    }
  }
  auto plan = (*device)->prepare(**made, layouts);
  if (!plan) return std::unexpected(plan.error());

  const auto types = devices::plan_outputs(**plan);
  std::vector<std::unique_ptr<TensorObject>> results;
  std::vector<std::optional<size_t>> reused;
  std::vector<devices::TensorView> out;
  for (size_t o = 0; o < types.size(); ++o) {
    auto from = devices::plan_reuses(**plan, o);
    if (from && inputs[*from].tensor->shared != nullptr) from.reset();
    reused.push_back(from);
    if (from) {
      auto result = std::make_unique<TensorObject>();
      result->layout = devices::Layout::dense(types[o]);
      result->device = *device;
      result->where = *where;
      results.push_back(std::move(result));
      out.push_back({&inputs[*from].tensor->buffer(), 0, results[o]->layout});
    } else {
      auto result = allocate(*where, types[o]);
      if (!result) return std::unexpected(result.error());
      results.push_back(std::move(*result));
      out.push_back(results[o]->view());
    }
  }
  if (auto done = (*device)->run(**plan, views, scalars, out); !done) return done;
  for (size_t o = 0; o < results.size(); ++o) {
    if (reused[o]) results[o]->own = std::move(inputs[*reused[o]].tensor->own);
    outputs[o] = release(std::move(results[o]));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (graph.inputs[i] == spec::InputMode::Donated) drop(inputs[i].tensor);
  }
  return {};
}

}  // namespace stark::vm

// bytecode-spec/tensor/graph.cpp — the proof of a graph, its concrete types, its text, its builder.
// Room: spec/tensor. In: Graph. Out: a verdict; types.
#include "bytecode-spec/tensor/graph.h"

#include "bytecode-spec/tensor/errors.h"
#include "bytecode-spec/tensor/shape_rules.h"

namespace stark::spec {
namespace {

// The runs of consecutive nodes must tile the table: that keeps the whole proof linear.
Result<void> check_run(std::string_view what, size_t node, uint32_t first, uint32_t count, size_t& cursor,
                       size_t size) {
  if (first != cursor || count > size - cursor)
    return tensor_fail(TensorError::BadIndex, "node {} takes {} {}..{}, and {} to {} are left", node, what, first,
                       uint64_t{first} + count, cursor, size);
  cursor += count;
  return {};
}

Result<void> check_inputs(const Graph& graph) {
  if (graph.values.size() != graph.inputs.size() + graph.nodes.size())
    return tensor_fail(TensorError::BadIndex, "{} values are declared for {} inputs and {} nodes", graph.values.size(),
                       graph.inputs.size(), graph.nodes.size());
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const TensorType& type = graph.values[i];
    if (graph.inputs[i] > InputMode::Scalar)
      return tensor_fail(TensorError::BadDeclaration, "input {} has an unknown mode", i);
    if (graph.inputs[i] == InputMode::Scalar && type.shape.rank() != 0)
      return tensor_fail(TensorError::BadRank, "input {} is passed by value and declared as `{}`", i, type.text());
  }
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const TensorType& type = graph.values[i];
    if (!dtype_from_number(static_cast<int64_t>(type.dtype)))
      return tensor_fail(TensorError::BadDeclaration, "value {} has an unknown element type", i);
    if (type.shape.too_large(dtype_bytes(type.dtype)))
      return tensor_fail(TensorError::TooLarge, "value {} is declared as `{}`, which is too large", i, type.text());
  }
  return {};
}

// The types of a node's operands, gathered into `scratch`.
void gather(const Graph& graph, const GraphNode& node, std::span<const TensorType> values,
            std::vector<TensorType>& scratch) {
  scratch.clear();
  for (uint32_t operand : graph.operands_of(node)) scratch.push_back(values[operand]);
}

Result<void> check_node(const Graph& graph, size_t index, std::vector<TensorType>& scratch) {
  const GraphNode& node = graph.nodes[index];
  const size_t self = graph.inputs.size() + index;
  if (!tensor_op_from_number(static_cast<int64_t>(node.op)))
    return tensor_fail(TensorError::BadIndex, "node {} has an unknown operation", index);
  for (uint32_t operand : graph.operands_of(node))
    if (operand >= self)
      return tensor_fail(TensorError::BadOrder, "node {} uses value {} before it is made", index, operand);
  gather(graph, node, graph.values, scratch);
  const auto type = infer(node.op, scratch, graph.attributes_of(node));
  if (!type) return std::unexpected(type.error());
  const TensorType& declared = graph.values[self];
  if (type->dtype != declared.dtype || !refines(type->shape, declared.shape))
    return tensor_fail(TensorError::BadDeclaration, "value {} is declared as `{}`, and its operation gives `{}`", self,
                       declared.text(), type->text());
  return {};
}

}  // namespace

Result<void> check(const Graph& graph) {
  if (auto inputs = check_inputs(graph); !inputs) return inputs;
  size_t operands = 0, attributes = 0;
  std::vector<TensorType> scratch;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    if (auto run = check_run("operands", i, node.first_operand, node.operand_count, operands, graph.operands.size());
        !run)
      return run;
    if (auto run =
            check_run("attributes", i, node.first_attribute, node.attribute_count, attributes, graph.attributes.size());
        !run)
      return run;
    if (auto sound = check_node(graph, i, scratch); !sound) return sound;
  }
  if (operands != graph.operands.size() || attributes != graph.attributes.size())
    return tensor_fail(TensorError::BadIndex, "operands or attributes are left over that no node takes");
  for (uint32_t output : graph.outputs)
    if (output >= graph.values.size())
      return tensor_fail(TensorError::BadIndex, "value {} is an output, and there are {}", output, graph.values.size());
  return {};
}

Result<std::vector<TensorType>> infer_concrete(const Graph& graph, std::span<const TensorType> actual_inputs) {
  if (actual_inputs.size() != graph.inputs.size())
    return tensor_fail(TensorError::BadInput, "the graph takes {} inputs, found {}", graph.inputs.size(),
                       actual_inputs.size());
  std::vector<TensorType> values(actual_inputs.begin(), actual_inputs.end());
  for (size_t i = 0; i < values.size(); ++i) {
    const TensorType& declared = graph.values[i];
    const bool fits = values[i].dtype == declared.dtype && refines(values[i].shape, declared.shape);
    if (!fits || !values[i].shape.fully_known() || values[i].shape.too_large(dtype_bytes(values[i].dtype)))
      return tensor_fail(TensorError::BadInput, "input {} is `{}`, and the graph takes `{}`", i, values[i].text(),
                         declared.text());
  }
  values.reserve(graph.values.size());
  std::vector<TensorType> scratch;
  for (const GraphNode& node : graph.nodes) {
    gather(graph, node, values, scratch);
    auto type = infer(node.op, scratch, graph.attributes_of(node));
    if (!type) return std::unexpected(type.error());
    const TensorType& declared = graph.values[values.size()];
    if (type->dtype != declared.dtype || !refines(type->shape, declared.shape))
      return tensor_fail(TensorError::BadDeclaration, "value {} is declared as `{}`, and came out as `{}`",
                         values.size(), declared.text(), type->text());
    values.push_back(*type);
  }
  return values;
}

std::string dump(const Graph& graph) {
  static constexpr std::string_view kModes[] = {"borrowed", "donated", "scalar"};
  std::string text;
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    text +=
        fmt::format("%{} = input {} : {}\n", i, kModes[static_cast<size_t>(graph.inputs[i])], graph.values[i].text());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    text += fmt::format("%{} = {}", graph.inputs.size() + i, tensor_op_name(node.op));
    for (uint32_t operand : graph.operands_of(node)) text += fmt::format(" %{}", operand);
    for (int64_t attribute : graph.attributes_of(node)) text += fmt::format(" #{}", attribute);
    text += fmt::format(" : {}\n", graph.values[graph.inputs.size() + i].text());
  }
  for (uint32_t output : graph.outputs) text += fmt::format("return %{}\n", output);
  return text;
}

uint32_t GraphBuilder::input(TensorType type, InputMode mode) {
  CHECK(graph_.nodes.empty());
  graph_.values.push_back(type);
  graph_.inputs.push_back(mode);
  return static_cast<uint32_t>(graph_.values.size() - 1);
}

Result<uint32_t> GraphBuilder::add(TensorOp op, std::span<const uint32_t> operands,
                                   std::span<const int64_t> attributes) {
  std::vector<TensorType> types;
  for (uint32_t operand : operands) {
    CHECK(operand < graph_.values.size());
    types.push_back(graph_.values[operand]);
  }
  auto type = infer(op, types, attributes);
  if (!type) return std::unexpected(type.error());
  graph_.nodes.push_back({op, static_cast<uint32_t>(graph_.operands.size()), static_cast<uint32_t>(operands.size()),
                          static_cast<uint32_t>(graph_.attributes.size()), static_cast<uint32_t>(attributes.size())});
  graph_.operands.insert(graph_.operands.end(), operands.begin(), operands.end());
  graph_.attributes.insert(graph_.attributes.end(), attributes.begin(), attributes.end());
  graph_.values.push_back(*type);
  return static_cast<uint32_t>(graph_.values.size() - 1);
}

}  // namespace stark::spec

// bytecode-spec/tensor/graph.h — Graph, a small SSA of tensor operations as a bundle stores it, and its proof.
// Room: spec/tensor. In: flat tables, possibly hostile. Out: a verdict, and concrete types for concrete inputs.
// Law: whoever runs a Graph has had check() agree to it first; nothing else needs to look twice at its indices.
#pragma once

#include <span>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/tensor/shape.h"
#include "bytecode-spec/tensor/tensor_op.h"

namespace stark::spec {

// Borrowed is only read; Donated may be overwritten, since its owner is done with it; Scalar is a rank-0 value that is
// passed by value at launch.
enum class InputMode : uint8_t { Borrowed, Donated, Scalar };

struct GraphNode {
  TensorOp op = TensorOp::Copy;
  uint32_t first_operand = 0, operand_count = 0;      // a run of Graph::operands
  uint32_t first_attribute = 0, attribute_count = 0;  // a run of Graph::attributes
};

struct Graph {
  std::vector<TensorType> values;  // the inputs first, then node i's result is values[inputs.size() + i]
  std::vector<InputMode> inputs;
  std::vector<GraphNode> nodes;
  std::vector<uint32_t> operands;  // indices into values
  std::vector<int64_t> attributes;
  std::vector<uint32_t> outputs;  // indices into values

  std::span<const uint32_t> operands_of(const GraphNode& node) const {
    return std::span(operands).subspan(node.first_operand, node.operand_count);
  }
  std::span<const int64_t> attributes_of(const GraphNode& node) const {
    return std::span(attributes).subspan(node.first_attribute, node.attribute_count);
  }
};

// Every index in range, operands before their uses, arity and attributes right, declared types equal to inferred ones
// or less known. Linear in the size of the tables.
Result<void> check(const Graph& graph);

// The fully known type of every value, for a checked graph and fully known inputs.
Result<std::vector<TensorType>> infer_concrete(const Graph& graph, std::span<const TensorType> actual_inputs);

// Text for dumps: one line per value.
std::string dump(const Graph& graph);

// Builds the tables in order; add() infers and declares the result's type, and hands back the new value's index.
class GraphBuilder {
 public:
  uint32_t input(TensorType type, InputMode mode = InputMode::Borrowed);  // before the first add()
  Result<uint32_t> add(TensorOp op, std::span<const uint32_t> operands, std::span<const int64_t> attributes = {});
  void output(uint32_t value) { graph_.outputs.push_back(value); }
  const TensorType& type(uint32_t value) const { return graph_.values[value]; }
  Graph take() && { return std::move(graph_); }

 private:
  Graph graph_;
};

}  // namespace stark::spec

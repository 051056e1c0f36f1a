// devices/plan/expand.cpp — softmax, log_softmax and normalize in terms of reductions and elementwise operations.
// Room: devices/plan. In: a checked graph and its concrete types. Out: the same graph with every type known.
#include "devices/plan/expand.h"

#include <array>
#include <bit>

namespace stark::devices {
namespace {

using spec::DType;
using spec::TensorOp;

class Expander {
 public:
  Expander(const spec::Graph& graph, std::span<const spec::TensorType> inputs) : graph_(graph), inputs_(inputs) {}

  Result<spec::Graph> expand() {
    for (size_t i = 0; i < inputs_.size(); ++i) values_.push_back(builder_.input(inputs_[i], graph_.inputs[i]));
    for (const spec::GraphNode& node : graph_.nodes) {
      operands_.clear();
      for (uint32_t operand : graph_.operands_of(node)) operands_.push_back(values_[operand]);
      const uint32_t value = node_value(node, graph_.attributes_of(node));
      if (error_) return std::unexpected(std::move(*error_));
      values_.push_back(value);
    }
    for (uint32_t output : graph_.outputs) builder_.output(values_[output]);
    return std::move(builder_).take();
  }

 private:
  // Adds one operation; after the first failure the rest of the expansion is of no account.
  uint32_t add(TensorOp op, std::span<const uint32_t> operands, std::span<const int64_t> attributes = {}) {
    if (error_) return 0;
    auto value = builder_.add(op, operands, attributes);
    if (value) return *value;
    error_ = std::move(value.error());
    return 0;
  }
  uint32_t add(TensorOp op, std::initializer_list<uint32_t> operands, std::initializer_list<int64_t> attributes = {}) {
    return add(op, std::span(operands.begin(), operands.size()), std::span(attributes.begin(), attributes.size()));
  }
  uint32_t cast(uint32_t value, DType to) { return add(TensorOp::Cast, {value}, {static_cast<int64_t>(to)}); }

  uint32_t node_value(const spec::GraphNode& node, std::span<const int64_t> attributes) {
    if (spec::tensor_op_row(node.op).kernel != spec::KernelClass::Rows) return add(node.op, operands_, attributes);
    const spec::TensorType type = builder_.type(operands_[0]);
    if (type.shape.element_count() == 0) return add(TensorOp::Copy, {operands_[0]});
    // Short floats keep no sums: the whole row is worked in f32.
    const bool is_short = type.dtype == DType::F16 || type.dtype == DType::BF16;
    const uint32_t x = is_short ? cast(operands_[0], DType::F32) : operands_[0];
    const uint32_t result = node.op == TensorOp::Normalize ? normalize(x) : softmax(x, node.op, attributes[0]);
    return is_short ? cast(result, type.dtype) : result;
  }

  uint32_t softmax(uint32_t x, TensorOp op, int64_t dim) {
    const uint32_t shifted = add(TensorOp::Sub, {x, add(TensorOp::Max, {x}, {dim, 1})});
    const uint32_t power = add(TensorOp::Exp, {shifted});
    const uint32_t sum = add(TensorOp::Sum, {power}, {dim, 1});
    if (op == TensorOp::Softmax) return add(TensorOp::Div, {power, sum});
    return add(TensorOp::Sub, {shifted, add(TensorOp::Log, {sum})});
  }

  uint32_t normalize(uint32_t x) {
    const uint32_t centred = add(TensorOp::Sub, {x, add(TensorOp::Mean, {x}, {spec::kAllDims, 1})});
    const uint32_t square = add(TensorOp::Mul, {centred, centred});
    const uint32_t variance = add(TensorOp::Mean, {square}, {spec::kAllDims, 1});
    const auto dtype = static_cast<int64_t>(error_ ? DType::F32 : builder_.type(x).dtype);
    const uint32_t zero = add(TensorOp::Fill, {}, {dtype, 0});
    const uint32_t scaled = add(TensorOp::Div, {centred, add(TensorOp::Sqrt, {variance})});
    return add(TensorOp::Select, {add(TensorOp::Eq, {variance, zero}), zero, scaled});
  }

  const spec::Graph& graph_;
  std::span<const spec::TensorType> inputs_;
  spec::GraphBuilder builder_;
  std::vector<uint32_t> values_, operands_;
  std::optional<Error> error_;
};

}  // namespace

Result<spec::Graph> expand(const spec::Graph& graph, std::span<const spec::TensorType> inputs) {
  return Expander(graph, inputs).expand();
}

}  // namespace stark::devices

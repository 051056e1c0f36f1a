// devices/plan/planner.cpp — decides what is stored, what is a view and what is computed where it is used.
// Room: devices/plan. In: spec::Graph, Layouts. Out: Plan.
#include "devices/plan/planner.h"

#include "bytecode-spec/tensor/shape_rules.h"
#include "devices/plan/emitter.h"
#include "devices/plan/expand.h"

namespace stark::devices {
namespace {

using spec::KernelClass;
using spec::TensorOp;

// Beyond these a fused value is stored first: kernels stay small enough for every backend.
constexpr size_t kMaxFusedWeight = 48, kMaxFusedLoads = 8;
// A value used more than once is computed again where it is used if that is cheaper than a trip through memory.
constexpr size_t kMaxRepeatedWeight = 6;

class Planner {
 public:
  Planner(const spec::Graph& graph, Plan& plan)
      : graph_(graph),
        plan_(plan),
        values_{graph, {}, {}},
        uses_(graph.values.size()),
        needs_place_(graph.values.size()),
        weight_(graph.values.size(), 1),
        loads_(graph.values.size()) {}

  void run() {
    place_inputs();
    count_uses();
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const auto value = static_cast<uint32_t>(graph_.inputs.size() + i);
      if (uses_[value] > 0) node(value);
    }
    for (size_t i = 0; i < graph_.outputs.size(); ++i)
      if (!written_[i]) push(emit_copy(values_, graph_.outputs[i], output_place(i)));
    pack_temporaries(plan_, temporary_bytes_);
    find_reuse(plan_, graph_.inputs);
  }

 private:
  void place_inputs() {
    values_.places.resize(graph_.values.size());
    values_.scalar_number.resize(graph_.inputs.size());
    uint32_t scalars = 0;
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const bool by_value = graph_.inputs[i] == spec::InputMode::Scalar;
      plan_.by_value.push_back(by_value);
      if (by_value)
        values_.scalar_number[i] = scalars++;
      else
        values_.places[i] = Place{static_cast<uint32_t>(i), 0, plan_.inputs[i].strides};
      loads_[i] = by_value ? 0 : 1;
    }
    written_.assign(graph_.outputs.size(), false);
  }

  // Counts the uses of what is alive, and marks what a product or a real reshape must find in memory.
  void count_uses() {
    for (uint32_t output : graph_.outputs) ++uses_[output];
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      const size_t value = graph_.inputs.size() + i;
      if (uses_[value] == 0) continue;
      const spec::GraphNode& node = graph_.nodes[i];
      for (uint32_t operand : graph_.operands_of(node)) {
        ++uses_[operand];
        if (node.op == TensorOp::MatMul) needs_place_[operand] = true;
        if (node.op == TensorOp::Reshape && !follows(value, operand, node)) needs_place_[operand] = true;
      }
    }
  }

  bool follows(size_t value, uint32_t operand, const spec::GraphNode& node) const {
    const Shape &to = graph_.values[value].shape, &from = graph_.values[operand].shape;
    return moved_axes(identity_axes(to.rank()), node.op, graph_.attributes_of(node), to, from).has_value();
  }

  void node(uint32_t value) {
    const spec::GraphNode& node = values_.node(value);
    switch (spec::tensor_op_row(node.op).kernel) {
      case KernelClass::Product: return product(value);
      case KernelClass::Reduce: return reduce(value);
      case KernelClass::Move:
        if (node.op == TensorOp::Concat) return concat(value);
        return move(value);
      default: return compute(value);
    }
  }

  // Elementwise work waits for its user, unless it must be in memory or would be repeated at a loss.
  void compute(uint32_t value) {
    const spec::GraphNode& node = values_.node(value);
    for (uint32_t operand : graph_.operands_of(node)) {
      weight_[value] += values_.places[operand] ? 1 : weight_[operand];
      loads_[value] += values_.places[operand] ? 1 : loads_[operand];
    }
    const DType dtype = graph_.values[value].dtype;
    const bool rounds = node.op == TensorOp::Cast && (dtype == DType::F16 || dtype == DType::BF16);
    const bool repeated = uses_[value] > 1 && weight_[value] > kMaxRepeatedWeight;
    const bool too_big = weight_[value] > kMaxFusedWeight || loads_[value] > kMaxFusedLoads;
    if (is_output(value) || needs_place_[value] || rounds || repeated || too_big) materialise(value);
  }

  void materialise(uint32_t value) {
    const Place target = store(value, false);
    push(emit_map(values_, value, target));
    values_.places[value] = target;
  }

  void reduce(uint32_t value) {
    const Place target = store(value);
    push(emit_reduce(values_, value, target));
  }

  // A view when the operand lies in memory; otherwise it is followed when its user is emitted.
  void move(uint32_t value) {
    const spec::GraphNode& node = values_.node(value);
    const uint32_t operand = graph_.operands_of(node)[0];
    const Shape &to = graph_.values[value].shape, &from = graph_.values[operand].shape;
    if (values_.places[operand]) {
      values_.places[value] = moved_place(*values_.places[operand], node.op, graph_.attributes_of(node), to, from);
      if (values_.places[value]) return;
      // A reshape of something with gaps: close them first.
      const Place whole = temporary(graph_.values[operand]);
      push(emit_copy(values_, operand, whole));
      values_.places[value] = moved_place(whole, node.op, graph_.attributes_of(node), to, from);
      CHECK(values_.places[value]);
      return;
    }
    weight_[value] = weight_[operand];
    loads_[value] = loads_[operand];
    if (is_output(value) || needs_place_[value]) materialise(value);
  }

  void concat(uint32_t value) {
    const spec::GraphNode& node = values_.node(value);
    const size_t dim = *spec::resolve_dim(graph_.attributes_of(node)[0], graph_.values[value].shape.rank());
    const Place whole = store(value);
    Place part = whole;
    for (uint32_t operand : graph_.operands_of(node)) {
      push(emit_copy(values_, operand, part));
      part.offset += whole.strides[dim] * graph_.values[operand].shape[dim];
    }
  }

  Matrix matrix(uint32_t value, size_t batch_rank, bool left) {
    const Shape& shape = graph_.values[value].shape;
    const Place& place = *values_.places[value];
    const size_t rank = shape.rank();
    Matrix result{place.slot, place.offset, {}, 0, 0};
    if (rank == 1) {
      (left ? result.column : result.row) = place.strides[0];
      return result;
    }
    result.row = place.strides[rank - 2];
    result.column = place.strides[rank - 1];
    for (size_t i = 0; i + 2 < rank; ++i) {
      const size_t to = batch_rank - (rank - 2) + i;
      result.batch[to] = shape[i] == 1 ? 0 : place.strides[i];
    }
    return result;
  }

  void product(uint32_t value) {
    const auto operands = graph_.operands_of(values_.node(value));
    const Shape &a = graph_.values[operands[0]].shape, &b = graph_.values[operands[1]].shape;
    const TensorType& type = graph_.values[value];
    ProductStep step;
    step.dtype = type.dtype;
    step.m = a.rank() > 1 ? a[a.rank() - 2] : 1;
    step.k = a[a.rank() - 1];
    step.n = b.rank() > 1 ? b[b.rank() - 1] : 1;
    step.batch_rank = type.shape.rank() - (a.rank() > 1 ? 1 : 0) - (b.rank() > 1 ? 1 : 0);
    for (size_t i = 0; i < step.batch_rank; ++i) step.batch[i] = type.shape[i];
    step.a = matrix(operands[0], step.batch_rank, true);
    step.b = matrix(operands[1], step.batch_rank, false);
    const Place target = store(value);
    step.c = {target.slot, target.offset, {}, step.n, 1};
    for (size_t i = 0; i < step.batch_rank; ++i) step.c.batch[i] = target.strides[i];
    if (step.batch_count() * step.m * step.n > 0) plan_.steps.emplace_back(step);
  }

  bool is_output(uint32_t value) const { return std::ranges::find(graph_.outputs, value) != graph_.outputs.end(); }

  Place output_place(size_t index) const {
    return {plan_.output_slot(index), 0, dense_strides(plan_.outputs[index].shape)};
  }

  Place temporary(const TensorType& type) {
    const auto slot = static_cast<uint32_t>(kTemporary + temporary_bytes_.size());
    temporary_bytes_.push_back(*type.shape.element_count() * spec::dtype_bytes(type.dtype));
    return {slot, 0, dense_strides(type.shape)};
  }

  // Where a value is written: straight into the first output it is, or into a temporary.
  Place store(uint32_t value, bool known_at_once = true) {
    Place place;
    if (is_output(value)) {
      const auto index = static_cast<size_t>(std::ranges::find(graph_.outputs, value) - graph_.outputs.begin());
      written_[index] = true;
      place = output_place(index);
    } else {
      place = temporary(graph_.values[value]);
    }
    if (known_at_once) values_.places[value] = place;
    return place;
  }

  void push(kernel::Kernel kernel) {
    if (kernel.kept_count() > 0) plan_.steps.emplace_back(std::move(kernel));
  }

  const spec::Graph& graph_;
  Plan& plan_;
  Values values_;
  std::vector<uint32_t> uses_;
  std::vector<bool> needs_place_;
  std::vector<size_t> weight_, loads_;
  std::vector<bool> written_;
  std::vector<int64_t> temporary_bytes_;
};

}  // namespace

Result<std::unique_ptr<Plan>> make_plan(const spec::Graph& graph, std::span<const Layout> inputs) {
  std::vector<TensorType> types;
  for (const Layout& layout : inputs) types.push_back(layout.type);
  const auto concrete = spec::infer_concrete(graph, types);
  if (!concrete) return std::unexpected(concrete.error());
  const auto expanded = expand(graph, types);
  if (!expanded) return std::unexpected(expanded.error());
  auto plan = std::make_unique<Plan>();
  plan->inputs.assign(inputs.begin(), inputs.end());
  for (uint32_t output : graph.outputs) plan->outputs.push_back((*concrete)[output]);
  Planner(*expanded, *plan).run();
  return plan;
}

}  // namespace stark::devices

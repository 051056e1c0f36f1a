// devices/plan/emitter.h — Emitter: writes one kernel, following a value back through everything that is fused into it.
// Room: devices/plan. In: the expanded graph, the places of stored values. Out: a Kernel.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "bytecode-spec/tensor/graph.h"
#include "devices/kernel/kernel.h"
#include "devices/plan/axes.h"

namespace stark::devices {

// What the emitter needs to know of values: those without a place are computed where they are used.
struct Values {
  const spec::Graph& graph;
  std::vector<std::optional<Place>> places;
  std::vector<uint32_t> scalar_number;  // of inputs passed by value

  const spec::GraphNode& node(uint32_t value) const { return graph.nodes[value - graph.inputs.size()]; }
  bool is_input(uint32_t value) const { return value < graph.inputs.size(); }
};

// Stores `value`, computed from its operands, to `target`, whose strides follow the value's dims.
kernel::Kernel emit_map(const Values& values, uint32_t value, const Place& target);
// Stores the value of a Reduce node.
kernel::Kernel emit_reduce(const Values& values, uint32_t value, const Place& target);
// Stores an operand as it is, from its place or its computation.
kernel::Kernel emit_copy(const Values& values, uint32_t value, const Place& target);

}  // namespace stark::devices

// devices/plan/expand.h — the first step of planning: operations that need several passes become several operations.
// Room: devices/plan. In: a checked graph and its concrete types. Out: a graph of Map, Reduce, Product, Move, Generate.
#pragma once

#include <span>

#include "bytecode-spec/tensor/graph.h"

namespace stark::devices {

Result<spec::Graph> expand(const spec::Graph& graph, std::span<const spec::TensorType> inputs);

}  // namespace stark::devices

// tests/devices/conformance_cases.h — what the conformance suite runs: operations with shapes and attributes, graphs.
// Room: tests. In: —. Out: cases; build() makes one of a type, or nothing where the operation is not defined on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bytecode-spec/tensor/graph.h"

namespace stark::tests {

struct Case {
  spec::TensorOp op;
  std::vector<spec::Shape> shapes;
  std::vector<int64_t> attributes;
  bool special = false;  // NaN, infinities and large integers too
};

struct GraphCase {
  std::string name;
  spec::Graph graph;
};

std::vector<Case> single_cases();
std::vector<GraphCase> graph_cases();
std::optional<spec::Graph> build(const Case& one, spec::DType dtype);

}  // namespace stark::tests

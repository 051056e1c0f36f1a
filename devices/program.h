// devices/program.h — Program: a tensor graph that was checked once and has an identity that plan caches know it by.
// Room: devices. In: a spec::Graph. Out: the same, immutable, numbered.
// Law: a Program's graph has passed spec::check(); its id is never used again in this process.
#pragma once

#include <memory>
#include <span>

#include "bytecode-spec/tensor/graph.h"

namespace stark::devices {

class Program {
 public:
  static Result<std::unique_ptr<const Program>> make(spec::Graph graph);

  // A graph of one operation on operands of these types.
  static Result<std::unique_ptr<const Program>> single(spec::TensorOp op, std::span<const spec::TensorType> inputs,
                                                       std::span<const int64_t> attributes = {},
                                                       spec::InputMode mode = spec::InputMode::Borrowed);

  const spec::Graph& graph() const { return graph_; }
  uint64_t id() const { return id_; }

 private:
  Program(spec::Graph graph, uint64_t id) : graph_(std::move(graph)), id_(id) {}

  spec::Graph graph_;
  uint64_t id_;
};

}  // namespace stark::devices

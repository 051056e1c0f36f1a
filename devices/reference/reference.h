// devices/reference/reference.h — every tensor operation as plain loops with f64 accumulation: the oracle.
// Room: devices/reference. In: dense host tensors. Out: dense host tensors.
// Law: slow, obvious, and independent of planner, kernel form and backends, which are judged by it.
#pragma once

#include <span>
#include <vector>

#include "bytecode-spec/tensor/graph.h"
#include "devices/reference/element.h"

namespace stark::devices::reference {

struct HostTensor {
  spec::TensorType type;
  std::vector<std::byte> data;

  static HostTensor zeros(const spec::TensorType& type);
  int64_t count() const { return *type.shape.element_count(); }
  Number at(int64_t index) const { return load(type.dtype, data.data(), index); }
  void set(int64_t index, Number number) { store(type.dtype, data.data(), index, number); }
};

Result<HostTensor> compute(spec::TensorOp op, std::span<const HostTensor* const> inputs,
                           std::span<const int64_t> attributes);
// Operation by operation; scalar inputs are rank-0 tensors here.
Result<std::vector<HostTensor>> compute(const spec::Graph& graph, std::span<const HostTensor> inputs);

}  // namespace stark::devices::reference

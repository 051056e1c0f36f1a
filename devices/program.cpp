// devices/program.cpp — checking and numbering of graphs.
// Room: devices. In: spec::Graph. Out: Program.
#include "devices/program.h"

#include <atomic>

namespace stark::devices {

Result<std::unique_ptr<const Program>> Program::make(spec::Graph graph) {
  static std::atomic<uint64_t> next_id = 1;
  if (auto checked = spec::check(graph); !checked) return std::unexpected(checked.error());
  return std::unique_ptr<const Program>(new Program(std::move(graph), next_id.fetch_add(1)));
}

Result<std::unique_ptr<const Program>> Program::single(spec::TensorOp op, std::span<const spec::TensorType> inputs,
                                                       std::span<const int64_t> attributes, spec::InputMode mode) {
  spec::GraphBuilder builder;
  std::vector<uint32_t> operands;
  for (const spec::TensorType& type : inputs) operands.push_back(builder.input(type, mode));
  const auto value = builder.add(op, operands, attributes);
  if (!value) return std::unexpected(value.error());
  builder.output(*value);
  return make(std::move(builder).take());
}

}  // namespace stark::devices

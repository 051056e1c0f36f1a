// tests/devices/conformance.h — Runner: one operation or graph on a device and by the reference, compared.
// Room: tests. In: a Device, a graph, host tensors. Out: what differs, or nothing.
#pragma once

#include <optional>
#include <string>

#include "devices/reference/reference.h"
#include "devices/registry.h"

namespace stark::tests {

using devices::reference::HostTensor;

// How an operand is laid out on the device: the layouts a program can make by views.
enum class Lay { Dense, Transposed, Strided };

struct Outcome {
  bool unsupported = false;  // D05, with its reason in `text`
  std::string text;          // empty when all is well
  bool well() const { return text.empty(); }
};

class Runner {
 public:
  explicit Runner(devices::Device& device) : device_(device) {}
  Outcome run(const spec::Graph& graph, const std::vector<HostTensor>& inputs, Lay lay = Lay::Dense,
              bool reuse = false);

 private:
  devices::Device& device_;
};

// Deterministic elements that suit an operation: some negative, some zero, some special.
HostTensor sample(const spec::TensorType& type, uint64_t seed, bool special);

}  // namespace stark::tests

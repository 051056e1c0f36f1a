// tests/devices/conformance_main.cpp — the one conformance suite: every operation on every type and odd shape.
// Room: tests. In: the name of a backend. Out: 0 when all its answers are the reference's; 77 when it is not there.
#include <fmt/format.h>

#include <cstdio>

#include "bytecode-spec/tensor/shape_rules.h"
#include "tests/devices/conformance.h"
#include "tests/devices/conformance_cases.h"

using namespace stark;
using namespace stark::tests;

namespace {

struct Tally {
  int passed = 0, failed = 0;
  std::vector<std::string> unsupported;
};

void note(Tally& tally, const std::string& what, const Outcome& outcome) {
  if (outcome.well()) {
    ++tally.passed;
  } else if (outcome.unsupported) {
    if (std::ranges::find(tally.unsupported, outcome.text) == tally.unsupported.end())
      tally.unsupported.push_back(outcome.text);
  } else {
    ++tally.failed;
    if (tally.failed <= 40) std::printf("FAILED %s: %s\n", what.c_str(), outcome.text.c_str());
  }
}

// A driver compiles for a third of a second per kernel. Unless asked to be thorough, such devices run every case on f32
// and one other type in turn, laid out in one other way in turn.
bool is_chosen(size_t number, size_t dtype, Lay lay) {
  if (dtype == static_cast<size_t>(spec::DType::F32))
    return lay == Lay::Dense || number % 8 == static_cast<size_t>(lay);
  return lay == Lay::Dense && number % 3 == 0 && dtype == 1 + number / 3 % (spec::kDTypeCount - 1);
}

void run_singles(Runner& runner, Tally& tally, bool all) {
  uint64_t seed = 1;
  size_t number = 0;
  for (const Case& one : single_cases()) {
    ++number;
    for (size_t d = 0; d < spec::kDTypeCount; ++d) {
      const auto built = build(one, static_cast<spec::DType>(d));
      if (!built) continue;  // the operation is not defined on this type
      for (const Lay lay : {Lay::Dense, Lay::Transposed, Lay::Strided}) {
        ++seed;
        if (!all && !is_chosen(number, d, lay)) continue;
        const bool special = one.special && lay == Lay::Dense;
        std::vector<HostTensor> inputs;
        for (size_t i = 0; i < built->inputs.size(); ++i)
          inputs.push_back(sample(built->values[i], seed * 8 + i, special));
        const std::string what = fmt::format("{} layout {} seed {}", spec::dump(*built), static_cast<int>(lay), seed);
        note(tally, what, runner.run(*built, inputs, lay));
        if (inputs.empty()) break;
      }
    }
  }
}

void run_graphs(Runner& runner, Tally& tally) {
  uint64_t seed = 100'000;
  for (const GraphCase& one : graph_cases()) {
    std::vector<HostTensor> inputs;
    for (size_t i = 0; i < one.graph.inputs.size(); ++i) inputs.push_back(sample(one.graph.values[i], ++seed, false));
    for (const bool reuse : {false, true})
      note(tally, fmt::format("{} (reuse {})\n{}", one.name, reuse, spec::dump(one.graph)),
           runner.run(one.graph, inputs, Lay::Dense, reuse));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "cpu";
  devices::Registry registry;
  auto device = registry.open(name);
  if (!device) {
    std::printf("SKIPPED %s: %s; %s\n", std::string(name).c_str(), device.error().message.c_str(),
                device.error().help.c_str());
    return device.error().code == "D01" ? 1 : 77;
  }
  std::printf("%s: %s\n", (*device)->name().c_str(), (*device)->description().c_str());
  Runner runner(**device);
  Tally tally;
  const bool thorough = argc > 2 && std::string_view(argv[2]) == "--thorough";
  run_singles(runner, tally, thorough || (*device)->kind() == devices::DeviceKind::Cpu);
  run_graphs(runner, tally);
  for (const std::string& text : tally.unsupported) std::printf("unsupported: %s\n", text.c_str());
  if ((*device)->kind() != devices::DeviceKind::Other && tally.passed == 0) ++tally.failed;
  if ((*device)->memory().live > (*device)->memory().peak) ++tally.failed;
  std::printf("%d passed, %d failed, %zu kinds unsupported\n", tally.passed, tally.failed, tally.unsupported.size());
  return tally.failed == 0 ? 0 : 1;
}

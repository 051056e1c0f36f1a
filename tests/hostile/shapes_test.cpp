// tests/hostile/shapes_test.cpp — large functions of the shapes that make verifiers slow: each is answered in time that grows with its size.
// Room: tests. In: shapes.h. Out: one line for each that gets another answer, or takes longer than its size allows.
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "bytecode-spec/reader.h"
#include "bytecode-spec/writer.h"
#include "tests/hostile/shapes.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;

std::string answer(const std::vector<std::byte>& bytes, std::string& detail) {
  auto bundle = spec::decode_bundle(bytes);
  if (!bundle) return detail = bundle.error().message, bundle.error().code;
  const auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (!verified) return detail = verified.error().message, verified.error().code;
  return "accept";
}

}  // namespace

int main() {
  const std::vector<tests::Shape> shapes = tests::hostile_shapes();
  int failed = 0;
  for (const tests::Shape& shape : shapes) {
    const std::vector<std::byte> bytes = spec::encode_program(shape.module);
    const auto before = std::chrono::steady_clock::now();
    std::string detail;
    const std::string got = answer(bytes, detail);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    const double allowed = 0.3 + static_cast<double>(bytes.size()) * 2e-6;  // a hundred times what it should take
    if (got == shape.expected && seconds < allowed && detail.find(shape.told) != detail.npos) continue;
    ++failed;
    fmt::print("{}: {} after {:.2f} s ({})\n", shape.name, got, seconds, detail);
  }
  fmt::print("{} shapes, {} not as expected\n", shapes.size(), failed);
  return failed == 0 ? 0 : 1;
}

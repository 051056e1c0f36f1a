// tests/hostile/corpus_main.cpp — writes the hostile shapes as bundles, for `starkvm bench verify`.
// Room: tests. In: a folder. Out: a .skbc for each shape.
#include <fmt/format.h>

#include <filesystem>

#include "bytecode-spec/writer.h"
#include "tests/hostile/shapes.h"

int main(int argc, char** argv) {
  using namespace stark;
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::filesystem::create_directories(folder);
  for (tests::Shape& shape : tests::hostile_shapes()) {
    const auto written = spec::write_bundle(folder / (shape.name + ".skbc"), shape.module, {});
    if (written) continue;
    fmt::print(stderr, "{}: {}\n", shape.name, written.error().message);
    return 1;
  }
  return 0;
}

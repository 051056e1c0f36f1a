// tests/run/run_test.cpp — compiles every program beside it, runs it in one mode, and compares what it prints and how it ends.
// Room: tests. In: starkc, starkvm, folder, flags of the mode. Out: one line for each program that does not hold.
// Markers: `// expect: line` for each line of output, `// expect-status: n` (0 where it is missing), `// expect-stderr: text`
// for a part of what goes to stderr, `// flag: --allow=unsafe` for what starkvm is to be told.
#include <fmt/format.h>

#include <algorithm>

#include "tests/run/process.h"

using namespace stark::tests;

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: run_test STARKC STARKVM FOLDER [FLAG…]\n");
    return 64;
  }
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-run-{}", ::getpid());
  fs::create_directories(work);
  std::vector<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(argv[3])) {
    if (entry.path().extension() == ".stark") programs.push_back(entry.path());
  }
  std::ranges::sort(programs);
  int passed = 0, failed = 0;
  for (const fs::path& program : programs) {
    const fs::path bundle = work / "program.skbc", out = work / "out", err = work / "err";
    std::string problem;
    if (run({argv[1], "build", program.string(), "-o", bundle.string()}, out, err) != 0) {
      problem = "does not compile:\n" + read_file(err);
    } else {
      const Expected expected = expectations(program);
      const int status = run_bundle(argv[2], {argv + 4, argv + argc}, expected, bundle, out, err);
      const std::string got = read_file(out), told = read_file(err);
      if (status != expected.status) problem = fmt::format("ended with {}, not {}\n{}", status, expected.status, told);
      if (got != expected.output) problem += fmt::format("printed\n{}instead of\n{}", got, expected.output);
      if (told.find(expected.error) == std::string::npos) problem += fmt::format("told\n{}without `{}`\n", told, expected.error);
    }
    problem.empty() ? ++passed : ++failed;
    if (!problem.empty()) fmt::print("{}: {}\n", program.string(), problem);
  }
  fs::remove_all(work);
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

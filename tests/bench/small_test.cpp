// tests/bench/small_test.cpp — runs each benchmark program at the size in small.tsv, plainly and under stress, and compares what it prints.
// Room: tests. In: starkc, starkvm, folder. Out: one line for each program that does not do as its row says, or has none.
#include <fmt/format.h>

#include "tests/run/process.h"
#include "tests/spec/tables.h"

using namespace stark::tests;

namespace {

// `row`: the size, a tab, what is printed. Empty where nothing is wrong.
std::string problem(const std::string& starkc, const std::string& starkvm, const fs::path& program, const std::string& row, const fs::path& work) {
  const fs::path bundle = work / "program.skbc", out = work / "out", err = work / "err";
  const size_t tab = row.find('\t');
  if (tab == std::string::npos) return "has no row in small.tsv";
  if (run({starkc, "build", program.string(), "-o", bundle.string()}, out, err) != 0) return "does not compile: " + read_file(err);
  for (const std::vector<std::string>& flags : {std::vector<std::string>{}, {"--gc-stress"}}) {
    std::vector<std::string> words{starkvm, "run"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {bundle.string(), row.substr(0, tab)});
    if (run(words, out, err) != 0) return "fails: " + read_file(err);
    if (read_file(out) != row.substr(tab + 1) + "\n") return fmt::format("prints {}instead of {}", read_file(out), row.substr(tab + 1));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_small_test STARKC STARKVM FOLDER\n");
    return 64;
  }
  const fs::path folder = argv[3], work = fs::temp_directory_path() / fmt::format("stark-bench-{}", ::getpid());
  fs::create_directories(work);
  auto rows = table(folder / "small.tsv");
  int failed = 0;
  for (const fs::path& program : programs_of(folder)) {
    const std::string name = program.stem().string(), wrong = problem(argv[1], argv[2], program, rows[name], work);
    if (!wrong.empty()) ++failed, fmt::print("{}: {}\n", name, wrong);
  }
  fs::remove_all(work);
  fmt::print("{} programs, {} not as expected\n", rows.size(), failed);
  return failed == 0 ? 0 : 1;
}

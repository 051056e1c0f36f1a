// tests/programs/programs_test.cpp — longer programs: each must compile and print what stands beside it, or be known to wait.
// Room: tests. In: starkc, starkvm, folder, flags of starkc. Out: one line for each program that does not do as expected.
// waiting.tsv names the programs that the compiler cannot take yet, with its first diagnostic; one that begins to pass must leave it.
// With --update that table is rewritten. A program's markers are those of tests/run.
#include <fmt/format.h>

#include <algorithm>

#include "tests/run/process.h"
#include "tests/spec/tables.h"

namespace {

using namespace stark::tests;

// What is wrong with one program, first line first; empty where nothing is.
std::string problem(const std::vector<std::string>& build, const std::string& starkvm, const fs::path& program, const fs::path& work) {
  const fs::path bundle = work / "program.skbc", out = work / "out", err = work / "err";
  std::vector<std::string> words = build;
  for (const std::string& word : {program.string(), std::string("-o"), bundle.string()}) words.push_back(word);
  if (run(words, out, err) != 0) {
    const std::string told = read_file(err);
    return told.substr(0, told.find('\n'));
  }
  const Expected expected = expectations(program);
  const int status = run_bundle(starkvm, {}, expected, bundle, out, err);
  const std::string got = read_file(out), wanted = read_file(fs::path(program).replace_extension(".out")), told = read_file(err);
  if (status != expected.status) return fmt::format("ended with {}, not {}: {}", status, expected.status, told.substr(0, told.find('\n')));
  if (told.find(expected.error) == std::string::npos) return fmt::format("told `{}` without `{}`", told, expected.error);
  if (got == wanted) return {};
  const auto at = static_cast<size_t>(std::ranges::mismatch(got, wanted).in1 - got.begin());
  return fmt::format("prints something else from line {}", std::count(got.begin(), got.begin() + static_cast<long>(at), '\n') + 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: programs_test STARKC STARKVM FOLDER [--edition=…] [--update]\n");
    return 64;
  }
  const fs::path folder = argv[3], waiting = folder / "waiting.tsv";
  std::vector<std::string> build{argv[1], "build"};
  bool update = false;
  for (int i = 4; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--update") update = true;
    else build.emplace_back(argv[i]);
  }
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-programs-{}", ::getpid());
  fs::create_directories(work);
  const auto known = table(waiting);
  const std::vector<fs::path> programs = programs_of(folder);
  int failed = 0;
  std::string rows = fmt::format("# tests/{}/waiting.tsv — programs the compiler cannot take yet, and what it says first; rewritten by `tools/dev update`.\n", folder.filename().string());
  for (const fs::path& program : programs) {
    const std::string name = program.stem().string(), wrong = problem(build, argv[2], program, work);
    if (!wrong.empty()) rows += fmt::format("{}\t{}\n", name, wrong);
    if (wrong.empty() && known.contains(name)) ++failed, fmt::print("{}: passes now, so its row in waiting.tsv must go\n", name);
    if (!wrong.empty() && !known.contains(name)) ++failed, fmt::print("{}: {}\n", name, wrong);
  }
  fs::remove_all(work);
  if (update) return std::ofstream(waiting) << rows, 0;
  fmt::print("{} programs, {} waiting, {} not as expected\n", programs.size(), known.size(), failed);
  return failed == 0 && !programs.empty() ? 0 : 1;
}

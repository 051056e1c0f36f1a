// tests/driver/driver_test.cpp — runs each command line of cases.tsv and looks at its status and its words.
// Room: tests. In: starkc, this folder. Out: one line for each case that differs.
#include <fmt/format.h>

#include "tests/run/process.h"

namespace {

using namespace stark::tests;

std::vector<std::string> split(const std::string& text, char sign) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, sign);) parts.push_back(part);
  return parts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-driver-{}", ::getpid());
  fs::create_directories(work);
  const std::string starkc = fs::absolute(argv[1]).string();
  fs::current_path(argv[2]);
  std::ifstream cases("cases.tsv");
  int count = 0, failed = 0;
  for (std::string line; std::getline(cases, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto fields = split(line, '\t');
    std::vector<std::string> words{starkc};
    for (const std::string& word : split(fields[0], ' ')) words.push_back(word == "OUT" ? (work / "out.skbc").string() : word);
    const int status = run(words, work / "stdout", work / "stderr");
    const std::string out = read_file(work / "stdout"), err = read_file(work / "stderr");
    std::string problem;
    if (status != std::stoi(fields[1])) problem = fmt::format("ended with {}", status);
    if (fields[2] != "-" && out.find(fields[2]) == std::string::npos) problem += fmt::format(" printed `{}`", out);
    if (fields[3] != "-" && err.find(fields[3]) == std::string::npos) problem += fmt::format(" told `{}`", err);
    ++count;
    if (!problem.empty()) ++failed, fmt::print("starkc {}: {}\n", fields[0], problem);
  }
  fs::remove_all(work);
  fmt::print("{} command lines, {} differ\n", count, failed);
  return failed == 0 && count > 0 ? 0 : 1;
}

// tests/spec/tables.h — the tables beside the blocks: claims S1…S503 with the test that holds each, ERROR lines, tests that wait.
// Room: tests. In: .tsv files, whose lines are a name, a tab and the rest; `#` begins a comment. Out: rows, and what is wrong with them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace stark::tests {

namespace fs = std::filesystem;

inline std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::map<std::string, std::string> table(const fs::path& path) {
  std::map<std::string, std::string> rows;
  for (const std::string& line : lines_of(path))
    if (!line.empty() && line[0] != '#') rows[line.substr(0, line.find('\t'))] = line.substr(std::min(line.find('\t'), line.size() - 1) + 1);
  return rows;
}

inline std::vector<fs::path> programs_of(const fs::path& folder) {
  std::vector<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".stark") programs.push_back(entry.path());
  std::ranges::sort(programs);
  return programs;
}

// Each of S1…S503 has one row: the tests that hold it, or `-` and the reason. Names with a dot are files under the root of the tree.
inline int check_claims(const fs::path& folder, const std::function<bool(const std::string&)>& is_test) {
  constexpr int kClaims = 503;
  int wrong = 0;
  const auto complain = [&](const std::string& text) { ++wrong, fmt::print("claims.tsv: {}\n", text); };
  std::map<std::string, int> seen;
  for (const std::string& line : lines_of(folder / "claims.tsv")) {
    if (line.empty() || line[0] == '#') continue;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const std::string id = line.substr(0, first), why = second == std::string::npos ? "" : line.substr(second + 1);
    const std::string names = first == std::string::npos ? "" : line.substr(first + 1, second - first - 1);
    ++seen[id];
    if (names == "-" && why.empty()) complain(id + " has neither a test nor a reason");
    for (size_t begin = 0; names != "-" && begin < names.size();) {
      const size_t end = std::min(names.find(' ', begin), names.size());
      const std::string name = names.substr(begin, end - begin);
      const bool file = name.find('.') != std::string::npos;
      if (file ? !fs::exists(folder / "../.." / name) : !is_test(name)) complain(fmt::format("{} names `{}`, which is not there", id, name));
      begin = end + 1;
    }
    if (names.empty()) complain(id + " has no test");
  }
  for (int number = 1; number <= kClaims; ++number)
    if (const int count = seen[fmt::format("S{}", number)]; count != 1) complain(fmt::format("S{} has {} rows", number, count));
  return wrong;
}

}  // namespace stark::tests

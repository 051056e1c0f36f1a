// tests/reject/reject.cpp — every program here is refused with the codes that stand on its lines, and every row has a program.
// Room: tests. In: starkc's path, this folder, the diagnostics.def files. Out: status 0, or what differs.
// A line `… // error[T0201] error[T0202]` expects both codes on it; nothing else may be reported. `// flag: --edition=core-v1` is for starkc.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using Expectation = std::set<std::pair<int, std::string>>;

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Expectation expected(const std::string& text) {
  Expectation out;
  int line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++line;
    if (text.compare(i, 6, "error[") == 0) out.emplace(line, text.substr(i + 6, text.find(']', i) - i - 6));
  }
  return out;
}

std::string field(const std::string& object, const std::string& key) {
  const size_t at = object.find("\"" + key + "\":");
  if (at == std::string::npos) return {};
  const size_t begin = at + key.size() + 3;
  return object[begin] == '"' ? object.substr(begin + 1, object.find('"', begin + 1) - begin - 1)
                              : object.substr(begin, object.find_first_of(",}", begin) - begin);
}

std::string flags(const std::string& text) {
  constexpr std::string_view kMark = "\n// flag: ";
  const size_t at = text.find(kMark);
  return at == std::string::npos ? "" : text.substr(at + kMark.size(), text.find('\n', at + 1) - at - kMark.size()) + " ";
}

// A missing `main` only shows in a build.
Expectation reported(const std::string& starkc, const std::filesystem::path& program) {
  const std::string verb = program.stem() == "no_main" ? "build -o /dev/null" : "check";
  FILE* pipe = popen(("'" + starkc + "' " + verb + " " + flags(read(program)) + "--json '" + program.string() + "'").c_str(), "r");
  std::string text;
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
  const int status = pclose(pipe);
  Expectation out;
  if (status == 0) out.emplace(0, "accepted");
  size_t begin = 0;
  for (size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string object = text.substr(begin, end - begin);
    out.emplace(std::atoi(field(object, "line").c_str()), field(object, "code"));
  }
  return out;
}

std::vector<std::string> codes(const std::filesystem::path& table) {
  std::vector<std::string> out;
  std::ifstream in(table);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("DIAG(")) continue;
    const size_t quote = line.find('"');
    out.push_back(line.substr(quote + 1, line.find('"', quote + 1) - quote - 1));
  }
  return out;
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 64;
  int failures = 0;
  std::set<std::string> seen;
  std::vector<std::filesystem::path> programs;
  for (const auto& entry : std::filesystem::directory_iterator(words[2]))
    if (entry.path().extension() == ".stark") programs.push_back(entry.path());
  std::ranges::sort(programs);
  for (const auto& program : programs) {
    const Expectation wanted = expected(read(program)), found = reported(words[1], program);
    for (const auto& [line, code] : wanted) seen.insert(code);
    for (const auto& one : wanted)
      if (!found.contains(one)) ++failures, std::cout << program.filename().string() << ":" << one.first << ": " << one.second << " is not reported\n";
    for (const auto& one : found)
      if (!wanted.contains(one)) ++failures, std::cout << program.filename().string() << ":" << one.first << ": " << one.second << " is reported\n";
  }
  for (int i = 3; i < count; ++i)
    for (const std::string& code : codes(words[i]))
      if (!seen.contains(code)) ++failures, std::cout << code << " has no program that shows it\n";
  std::cout << programs.size() << " programs, " << seen.size() << " codes, " << failures << " differences\n";
  return failures == 0 ? 0 : 1;
}

// tests/spec/spec_test.cpp — the specification's blocks, their ERROR lines switched on one by one, and programs for its claims.
// Room: tests. In: starkc, starkvm, this folder. Out: one line for each test that does not do as expected.
// Tests are parse/bNN, check/bNN, error/bNN:LINE and claims/NAME. Those in waiting.tsv are expected to fail, and say so when they no longer
// do; --update rewrites that table. A claim's program has the markers of tests/run, or `// error[CODE]` on lines that must be refused.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "tests/run/process.h"
#include "tests/spec/tables.h"

namespace {

using namespace stark::tests;

struct Setting {
  std::string starkc, starkvm;
  fs::path folder, work;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What stands in one diagnostic of --json after "key":
std::string field(const std::string& object, const std::string& key) {
  const size_t at = object.find("\"" + key + "\":");
  if (at == std::string::npos) return {};
  const size_t begin = at + key.size() + 3;
  return object[begin] == '"' ? object.substr(begin + 1, object.find('"', begin + 1) - begin - 1)
                              : object.substr(begin, object.find_first_of(",}", begin) - begin);
}

std::string accepted(const Setting& in, const fs::path& program, const char* stage) {
  const fs::path out = in.work / "out", err = in.work / "err";
  std::vector<std::string> words{in.starkc, "check", program.string()};
  if (*stage != '\0') words.emplace_back(fmt::format("--stop-after={}", stage));
  const int status = run(words, out, err);
  if (status == 0) return {};
  return status == 1 ? first_line(read_file(err)) : fmt::format("starkc ended with {}", status);
}

// Every wanted line is refused with its code, and nothing else is.
std::string refused(const Setting& in, const fs::path& program, const std::map<int, std::string>& wanted) {
  const fs::path out = in.work / "out", err = in.work / "err";
  run({in.starkc, "check", "--json", program.string()}, out, err);
  std::set<int> seen;
  std::ifstream lines(out);
  for (std::string object; std::getline(lines, object);) {
    const std::string code = field(object, "code");
    if (field(object, "severity") != "error") continue;
    const int line = std::atoi(field(object, "line").c_str());
    const auto row = wanted.find(line);
    if (row == wanted.end()) return fmt::format("line {}: {} {}", line, code, field(object, "message"));
    if (row->second != "*" && row->second.find(code) == std::string::npos) return fmt::format("line {} is refused with {}, not {}", line, code, row->second);
    seen.insert(line);
  }
  for (const auto& [line, code] : wanted)
    if (!seen.contains(line)) return fmt::format("line {} is not refused with {}", line, code);
  return {};
}

// A copy of the block in which the commented line is code.
std::string with_line_on(const Setting& in, const fs::path& block, int number, const std::string& code) {
  std::vector<std::string> lines = lines_of(block);
  std::string& line = lines[static_cast<size_t>(number) - 1];
  const size_t comment = line.find("// ");
  if (comment == std::string::npos || line.find("// ERROR:") == std::string::npos) return fmt::format("line {} is no ERROR line", number);
  line.erase(comment, 3);
  const fs::path program = in.work / "variant.stark";
  std::ofstream text(program);
  for (const std::string& one : lines) text << one << "\n";
  text.close();
  return refused(in, program, {{number, code}});
}

std::string claim(const Setting& in, const fs::path& program) {
  std::map<int, std::string> errors;
  int number = 0;
  for (const std::string& line : lines_of(program)) {
    ++number;
    if (const size_t at = line.find("// error["); at != std::string::npos) errors[number] = line.substr(at + 9, line.find(']', at) - at - 9);
  }
  if (!errors.empty()) return refused(in, program, errors);
  const fs::path bundle = in.work / "program.skbc", out = in.work / "out", err = in.work / "err";
  if (run({in.starkc, "build", program.string(), "-o", bundle.string()}, out, err) != 0) return first_line(read_file(err));
  const Expected expected = expectations(program);
  const int status = run_bundle(in.starkvm, {}, expected, bundle, out, err);
  const std::string got = read_file(out), told = read_file(err);
  if (status != expected.status) return fmt::format("ended with {}: {}", status, first_line(told));
  if (got != expected.output) return "prints something else";
  return told.find(expected.error) == std::string::npos ? fmt::format("tells `{}`", first_line(told)) : "";
}

std::map<std::string, std::function<std::string()>> all_tests(const Setting& in) {
  std::map<std::string, std::function<std::string()>> tests;
  for (const fs::path& block : programs_of(in.folder / "blocks")) {
    tests["parse/" + block.stem().string()] = [&in, block] { return accepted(in, block, "parse"); };
    tests["check/" + block.stem().string()] = [&in, block] { return accepted(in, block, ""); };
  }
  for (const auto& [place, code] : table(in.folder / "errors.tsv")) {
    const fs::path block = in.folder / "blocks" / (place.substr(0, place.find(':')) + ".stark");
    const int line = std::atoi(place.substr(place.find(':') + 1).c_str());
    tests["error/" + place] = [&in, block, line, wanted = code] { return with_line_on(in, block, line, wanted); };
  }
  for (const fs::path& program : programs_of(in.folder / "claims")) tests["claims/" + program.stem().string()] = [&in, program] { return claim(in, program); };
  return tests;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: spec_test STARKC STARKVM FOLDER [--update]\n");
    return 64;
  }
  const Setting in{argv[1], argv[2], argv[3], fs::temp_directory_path() / fmt::format("stark-spec-{}", ::getpid())};
  fs::create_directories(in.work);
  const auto tests = all_tests(in);
  const auto waiting = table(in.folder / "waiting.tsv");
  std::string rows = "# tests/spec/waiting.tsv — tests that do not hold yet, and what happens instead; rewritten by `tools/dev update spec`.\n";
  int failed = check_claims(in.folder, [&](const std::string& name) { return tests.contains(name); });
  for (const auto& [name, test] : tests) {
    const std::string wrong = test();
    if (!wrong.empty()) rows += fmt::format("{}\t{}\n", name, wrong);
    if (wrong.empty() && waiting.contains(name)) ++failed, fmt::print("{}: holds now, so its row in waiting.tsv must go\n", name);
    if (!wrong.empty() && !waiting.contains(name)) ++failed, fmt::print("{}: {}\n", name, wrong);
  }
  fs::remove_all(in.work);
  if (argc > 4) return std::ofstream(in.folder / "waiting.tsv") << rows, 0;
  fmt::print("{} tests, {} waiting, {} not as expected\n", tests.size(), waiting.size(), failed);
  return failed == 0 ? 0 : 1;
}

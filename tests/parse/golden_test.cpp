// tests/parse/golden_test.cpp — what a stage makes of each program of a folder, against the text kept beside the program.
// Room: tests. In: starkc, folder, the dump and the stage to stop after. Out: one line for each text that differs.
// With --update the texts are rewritten instead; a last word is a filter on the programs' names.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Both streams, so that a mistake in a form shows up as well.
std::string output(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
  const int status = pclose(pipe);
  if (!WIFEXITED(status)) text += fmt::format("ended by signal {}\n", WTERMSIG(status));
  return text;
}

// The first line in which two texts differ.
std::string difference(const std::string& wanted, const std::string& found) {
  const size_t at = static_cast<size_t>(std::ranges::mismatch(wanted, found).in1 - wanted.begin());
  const size_t line = static_cast<size_t>(std::count(wanted.begin(), wanted.begin() + static_cast<long>(at), '\n')) + 1;
  const auto line_of = [&](const std::string& text) {
    const size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  return fmt::format("line {}\n  kept:  {}\n  found: {}", line, line_of(wanted), line_of(found));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: golden_test STARKC FOLDER DUMP STAGE [--update] [FILTER]\n");
    return 64;
  }
  const bool update = argc > 5 && std::string(argv[5]) == "--update";
  const std::string filter = argc > 5 + update ? argv[5 + update] : "";
  const fs::path folder = argv[2];
  std::vector<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".stark" && entry.path().stem().string().find(filter) != std::string::npos) programs.push_back(entry.path());
  std::ranges::sort(programs);
  int failed = 0;
  for (const fs::path& program : programs) {
    const fs::path golden = fs::path(program).replace_extension(argv[3]);
    const std::string found = output(fmt::format("cd '{}' && '{}' check --dump={} --stop-after={} {}", folder.string(), argv[1], argv[3], argv[4], program.filename().string()));
    if (update) {
      std::ofstream(golden, std::ios::binary) << found;
    } else if (const std::string wanted = read(golden); wanted != found) {
      ++failed;
      fmt::print("{}: {}\n", golden.string(), wanted.empty() ? "is not there: run `tools/dev update`" : difference(wanted, found));
    }
  }
  fmt::print("{} {}, {} differ\n", programs.size(), update ? "written" : "compared", failed);
  return failed == 0 && (update || !programs.empty()) ? 0 : 1;
}

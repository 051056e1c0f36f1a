// tests/fuzz/smoke_main.cpp — a short run of every target without libFuzzer: random bytes, damaged programs, shaped ones.
// Room: tests. In: folders of programs; STARK_SEED, 1 by default. Out: how much was run, and status 1 where something crashed.
// Each run is a process of its own. With --stages first, every stage is run, and otherwise those up to the names.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/grammar.h"
#include "tests/fuzz/targets.h"

namespace {

using namespace stark::tests;

const uint8_t* bytes_of(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// Cuts, doubles, swaps and replaces pieces, as someone who types does.
std::string damage(std::string text, std::mt19937& random) {
  const auto below = [&](size_t limit) { return limit == 0 ? 0 : random() % limit; };
  constexpr std::string_view pieces[] = {"(", ")", "{", "}", "<", ">", "\"", "'", "f\"{", "/*", "..", "::", "|", "&mut ", "fn ", "let ", "if ", "match ", "=>", ";", "#[", "\\", "é", "0x"};
  for (size_t edits = 1 + below(4); edits > 0; --edits) {
    const size_t at = below(text.size() + 1), length = below(12);
    switch (below(4)) {
      case 0: text.erase(std::min(at, text.size()), length); break;
      case 1: text.insert(at, text.substr(below(text.size() + 1), length)); break;
      case 2: text.insert(at, pieces[below(std::size(pieces))]); break;
      default: if (at < text.size()) text[at] = static_cast<char>(random()); break;
    }
  }
  return text;
}

}  // namespace

using Target = void (*)(const uint8_t*, size_t);

// Whether a target comes back from these bytes within its time; what crashes is kept for whoever mends it.
bool comes_back(Target target, const std::string& text, const char* kind, int run) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    target(bytes_of(text), text.size());
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  const auto path = std::filesystem::temp_directory_path() / fmt::format("stark-crash-{}-{}", kind, run);
  std::ofstream(path, std::ios::binary) << text;
  fmt::print("run {} of {} ended with {}: {}\n", run, kind, status, path.string());
  return false;
}

int main(int argc, char** argv) {
  const bool stages = argc > 1 && std::string_view(argv[1]) == "--stages";
  const unsigned seed = std::getenv("STARK_SEED") != nullptr ? static_cast<unsigned>(std::atoi(std::getenv("STARK_SEED"))) : 1;
  std::vector<std::string> corpus;
  for (int i = 1 + stages; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.path().extension() != ".stark") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  if (corpus.empty()) return 64;
  std::ranges::sort(corpus);
  fmt::print("seed {}\n", seed);
  constexpr int kRuns = 300;
  int crashes = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::mt19937 random(seed * 1000003 + static_cast<unsigned>(run));  // so that a new program in a folder changes little
    std::string noise(random() % 400, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const std::string damaged = damage(corpus[random() % corpus.size()], random);
    const std::string shaped = shaped_program(bytes_of(noise), noise.size());
    if (stages) {
      crashes += !comes_back(fuzz_frontend, damaged, "damaged", run);
      crashes += !comes_back(fuzz_frontend, shaped, "shaped", run);
      continue;
    }
    crashes += !comes_back(fuzz_lexer, noise, "noise", run);
    crashes += !comes_back(fuzz_parser, damaged, "damaged", run);
    crashes += !comes_back(fuzz_resolver, damaged, "damaged", run);
    crashes += !comes_back(fuzz_resolver, shaped, "shaped", run);
  }
  fmt::print("{} runs, {} crashes\n", kRuns, crashes);
  return crashes == 0 ? 0 : 1;
}

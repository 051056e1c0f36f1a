// tests/borrow/ownership_fuzz.cpp — random ownership programs through compiler and verifier, and beside another compiler of the same text.
// Room: tests. In: how many, the first seed, and optionally rustc. Out: each program that breaks a law, with its seed.
// Laws, in both modes: what the compiler accepts, the verifier accepts; what the compiler refuses, the verifier refuses, but where only a
// reservation or an assignment to something immutable was wrong; what is accepted lexically is accepted under `#![borrows(nll)]`. Beside rustc with its
// Polonius analysis: the verdicts under `#![borrows(nll)]` are the same.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "tests/borrow/generate.h"
#include "tests/borrow/trial.h"
#include "tests/run/process.h"

namespace {

using namespace stark;
using namespace stark::tests;

struct Run {
  uint64_t count = 0, accepted = 0, failed = 0;
};

std::string first_error(const Trial& trial) {
  for (const diagnostics::Diagnostic& one : trial.sink.all())
    if (one.severity == diagnostics::Severity::Error) return fmt::format("{} at line {}", one.code, trial.sources.position(one.span.file, one.span.begin).line);
  return "nothing";
}

void complain(Run& run, uint64_t seed, const std::string& text, const std::string& what) {
  ++run.failed;
  fmt::print("seed {}: {}\n{}\n", seed, what, text);
}

// Whether it is accepted under `#![borrows(nll)]`.
bool judge(Run& run, uint64_t seed) {
  const std::string text = ownership_body(seed, "main");
  bool accepted[2] = {};
  for (const bool nll : {false, true}) {
    const Trial trial = compile("ownership.stark", text + ownership_prelude(), nll ? Borrows::Nll : Borrows::Lexical);
    const char* mode = nll ? "nll" : "lexical";
    accepted[nll] = trial.sink.errors() == 0;
    if (!trial.module) {
      complain(run, seed, text, fmt::format("{}: there is no module: {}", mode, first_error(trial)));
      continue;
    }
    std::string detail;
    const std::string said = verdict(*trial.module, detail);
    if (accepted[nll] && said != "accept") complain(run, seed, text, fmt::format("{}: the compiler accepts, and the verifier says {} ({})", mode, said, detail));
    if (!accepted[nll] && said == "accept") complain(run, seed, text, fmt::format("{}: the compiler says {}, and the verifier accepts", mode, first_error(trial)));
  }
  if (accepted[0] && !accepted[1]) complain(run, seed, text, "accepted lexically, and not under nll");
  ++run.count;
  run.accepted += accepted[1];
  return accepted[1];
}

// One file with all programs; the lines of errors tell which are refused.
void compare(Run& run, const std::string& rustc, uint64_t first, const std::vector<bool>& ours) {
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-ownership-{}", ::getpid());
  fs::create_directories(work);
  std::string text = "#![allow(warnings)]\n" + ownership_prelude();
  std::map<int, size_t> begins;
  int line = 1 + static_cast<int>(std::ranges::count(text, '\n'));
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string body = ownership_body(first + i, fmt::format("p{}", i));
    begins[line] = i;
    line += static_cast<int>(std::ranges::count(body, '\n'));
    text += body;
  }
  std::ofstream(work / "all.rs") << text + "fn main() {}\n";
  ::setenv("RUSTC_BOOTSTRAP", "1", 1);
  const fs::path err = work / "err";
  tests::run({rustc, "--edition=2021", "-Zpolonius", "--emit=metadata", "--error-format=short", "-o", (work / "all.rmeta").string(), (work / "all.rs").string()}, work / "out", err);
  std::set<size_t> refused;
  std::ifstream told(err);
  for (std::string one; std::getline(told, one);) {
    const size_t at = one.find("all.rs:");
    if (at == std::string::npos || one.find(": error") == std::string::npos) continue;
    auto owner = begins.upper_bound(std::atoi(one.c_str() + at + 7));
    if (owner != begins.begin()) refused.insert(std::prev(owner)->second);
  }
  if (refused.empty()) fmt::print("rustc refuses nothing:\n{}\n", read_file(err).substr(0, 2000)), ++run.failed;
  for (size_t i = 0; i < ours.size(); ++i)
    if (ours[i] == refused.contains(i)) complain(run, first + i, ownership_body(first + i, "main"), ours[i] ? "accepted here and refused by rustc" : "refused here and accepted by rustc");
  fs::remove_all(work);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: ownership_fuzz COUNT SEED [RUSTC]\n");
    return 64;
  }
  Run run;
  const uint64_t count = std::strtoull(argv[1], nullptr, 10), first = std::strtoull(argv[2], nullptr, 10);
  std::vector<bool> ours;
  for (uint64_t i = 0; i < count && run.failed < 20; ++i) ours.push_back(judge(run, first + i));
  if (argc > 3) compare(run, argv[3], first, ours);
  fmt::print("{} programs from seed {}, {} accepted, {} laws broken\n", run.count, first, run.accepted, run.failed);
  return run.failed == 0 ? 0 : 1;
}

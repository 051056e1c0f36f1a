// tests/paranoid/paranoid_test.cpp — what the proof refuses runs here all the same, and `--paranoid` finds it where it happens.
// Room: tests. In: the folder of all tests. Out: one line for each row that should be found and is not, or is said to be missed and is found.
#include <fmt/format.h>

#include <csignal>

#include "bytecode-spec/assembler.h"
#include "tests/borrow/cases.h"
#include "tests/borrow/trial.h"
#include "tests/hostile/apart.h"
#include "tests/paranoid/assume.h"
#include "tests/run/process.h"
#include "tests/spec/tables.h"

namespace {

using namespace stark;
using namespace stark::tests;

struct Count {
  int found = 0, missed = 0, clean = 0, wrong = 0;
};

std::shared_ptr<spec::Bundle> bundle_of(spec::Module module) {
  auto bundle = std::make_shared<spec::Bundle>();
  bundle->module = std::move(module);
  return bundle;
}

// `verifier`: what it said.
void try_module(Count& count, const std::string& name, spec::Module module, const std::string& verifier, bool may_miss) {
  if (module.entry == spec::kNone) return;
  const auto bundle = bundle_of(std::move(module));
  auto ready = verifier == "accept" ? vm::verify(bundle) : vm::assume_bodies(bundle);
  if (!ready) return;
  const Ended ended = run_apart(std::move(*ready));
  const bool is_found = ended.errors.find("paranoid: ") != std::string::npos;
  if (verifier == "accept") {
    ++count.clean;
    if (is_found || (ended.signal != 0 && ended.signal != SIGALRM)) ++count.wrong, fmt::print("{}: accepted, and it ended with {} {}: {}\n", name, ended.status, ended.signal, ended.errors);
    return;
  }
  ++(is_found ? count.found : count.missed);
  if (is_found == may_miss) ++count.wrong, fmt::print("{}\t{}: {}\n", name, verifier, is_found ? "is found, though missed.tsv says that it is not" : fmt::format("is not found; it ended with {} {}: {}", ended.status, ended.signal, ended.errors));
}

// Assembly that no compiler would emit.
void try_assembled(Count& count, const fs::path& folder, const std::map<std::string, std::string>& missed) {
  const std::string common = read_file(folder / "common.skasm");
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string text = entry.path().extension() == ".skasm" ? read_file(entry.path()) : "";
    const size_t at = text.find("; expect ");
    auto assembled = spec::assemble((text.find("; with common") != std::string::npos ? common : "") + text);
    if (at == std::string::npos || !assembled) continue;
    const std::string expected = text.substr(at + 9, text.find('\n', at) - at - 9);
    if (expected != "accept" && !is_about_ownership(expected)) continue;
    const std::string name = fs::relative(entry.path(), folder).replace_extension().string();
    begin_somewhere(assembled->module);
    try_module(count, name, std::move(assembled->module), expected, missed.contains(name));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: paranoid_test TESTS\n");
    return 64;
  }
  const fs::path tests = argv[1];
  const auto missed = table(tests / "paranoid/missed.tsv");
  Count count;
  for (const auto& entry : fs::directory_iterator(tests / "borrow")) {
    if (entry.path().extension() != ".cases") continue;
    for (const Case& one : read_cases(entry.path())) {
      const Trial trial = compile(one.file, one.text, Borrows::Nll);
      if (!trial.module) continue;
      std::string detail;
      try_module(count, one.id, *trial.module, verdict(*trial.module, detail), missed.contains(one.id));
    }
  }
  try_assembled(count, tests / "verify", missed);
  fmt::print("{} refused rows are found when they run, {} are not; {} accepted ones run clean; {} differ from missed.tsv\n", count.found, count.missed, count.clean, count.wrong);
  return count.wrong == 0 && count.found > 0 ? 0 : 1;
}

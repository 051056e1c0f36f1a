// tests/oracle/oracle_test.cpp — the verifier and the oracle before the same bundles: what the one accepts, the other has no complaint about.
// Room: tests. In: the folder of all tests, starkc. Out: one line for each bundle about which they disagree. README.md says which bundles.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/writer.h"
#include "tests/borrow/cases.h"
#include "tests/borrow/trial.h"
#include "tests/run/process.h"
#include "tests/spec/tables.h"
#include "tools/oracle/oracle.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;
using namespace stark::tests;

struct Run {
  uint64_t accepted = 0, refused = 0, skipped = 0, wrong = 0;
};

std::string judge(const spec::Module& module) {
  const auto complaints = oracle::examine(module);
  return complaints.empty() ? "" : oracle::text_of(complaints.front());
}

void complain(Run& run, const std::string& name, const std::string& what) {
  ++run.wrong;
  fmt::print("{}: {}\n", name, what);
}

// What the verifier accepts, the oracle has nothing against.
void hold(Run& run, const std::string& name, const spec::Module& module) {
  std::string detail;
  if (verdict(module, detail) != "accept") {
    ++run.skipped;
    return;
  }
  ++run.accepted;
  if (const std::string said = judge(module); !said.empty()) complain(run, name, fmt::format("accepted, and the oracle says: {}", said));
}

void try_program(Run& run, const fs::path& path, Borrows borrows) {
  const Trial trial = compile(path.filename().string(), read_file(path), borrows);
  if (trial.module && trial.sink.errors() == 0) hold(run, path.string(), *trial.module);
  else ++run.skipped;
}

void try_folder(Run& run, const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".stark") try_program(run, entry.path(), Borrows::AsWritten);
}

void try_assembled(Run& run, const fs::path& folder) {
  const std::string common = read_file(folder / "common.skasm");
  const auto exceptions = table(folder / "../oracle/exceptions.tsv");
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string text = entry.path().extension() == ".skasm" ? read_file(entry.path()) : "";
    const size_t at = text.find("; expect ");
    auto assembled = spec::assemble((text.find("; with common") != std::string::npos ? common : "") + text);
    if (at == std::string::npos || !assembled) continue;
    const std::string expected = text.substr(at + 9, text.find('\n', at) - at - 9), said = judge(assembled->module);
    if (expected != "accept") {
      ++run.refused;
      const std::string name = fs::relative(entry.path(), folder).replace_extension().string();
      if (said.empty() && is_about_ownership(expected) && !exceptions.contains(name)) complain(run, name, fmt::format("refused with {}, and the oracle says nothing", expected));
      continue;
    }
    ++run.accepted;
    if (!said.empty()) complain(run, entry.path().string(), fmt::format("accepted, and the oracle says: {}", said));
  }
}

// Rows about ownership in both modes. A row that is refused is refused by the oracle too, or stands among the exceptions.
void try_rows(Run& run, const fs::path& tests) {
  const auto exceptions = table(tests / "oracle/exceptions.tsv");
  for (const auto& entry : fs::directory_iterator(tests / "borrow")) {
    if (entry.path().extension() != ".cases") continue;
    for (const Case& one : read_cases(entry.path())) {
      for (const bool nll : {false, true}) {
        const Trial trial = compile(one.file, one.text, nll ? Borrows::Nll : Borrows::Lexical);
        if (!trial.module) continue;
        const std::string name = fmt::format("{} {}", one.id, nll ? "nll" : "lexical");
        std::string detail;
        const std::string verifier = verdict(*trial.module, detail), said = judge(*trial.module);
        ++(verifier == "accept" ? run.accepted : run.refused);
        if (verifier == "accept" && !said.empty()) complain(run, name, fmt::format("accepted, and the oracle says: {}", said));
        // To the end of a scope is the compiler's promise to its readers: what is not used later does no harm.
        const bool excepted = exceptions.contains(one.id) || (!nll && one.nll.empty());
        if (verifier != "accept" && said.empty() && !excepted) complain(run, name, fmt::format("refused with {} ({}), and the oracle says nothing", verifier, detail));
      }
    }
  }
}

// A package of several files, with segments.
void try_package(Run& run, const std::string& starkc, const fs::path& program) {
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-oracle-{}", ::getpid());
  fs::create_directories(work);
  const fs::path bundle = work / "package.skbc";
  const int status = tests::run({starkc, "build", program.string(), "-o", bundle.string()}, work / "out", work / "err");
  auto opened = spec::open_bundle(bundle);
  if (status != 0 || !opened) {
    complain(run, program.string(), "does not compile");
  } else {
    const std::string said = judge(opened->module);
    ++run.accepted;
    if (!said.empty()) complain(run, program.string(), said);
  }
  fs::remove_all(work);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: oracle_test TESTS STARKC\n");
    return 64;
  }
  const fs::path tests = argv[1];
  Run run;
  try_assembled(run, tests / "verify");
  try_rows(run, tests);
  for (const char* folder : {"run", "programs", "spec", "bench"}) try_folder(run, tests / folder);
  try_package(run, argv[2], tests / "../examples/digits/digits.stark");
  fmt::print("{} bundles accepted by the verifier, {} refused rows, {} programs without a bundle, {} disagreements\n", run.accepted, run.refused, run.skipped, run.wrong);
  return run.wrong == 0 && run.accepted > 300 ? 0 : 1;
}

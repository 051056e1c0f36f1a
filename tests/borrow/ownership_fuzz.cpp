// tests/borrow/ownership_fuzz.cpp — random ownership programs through compiler and verifier, and beside another compiler of the same text.
// Room: tests. In: how many, the first seed, and optionally rustc. Out: each program that breaks a law, with its seed.
// Laws, in both modes: what the compiler accepts, the verifier accepts; what the compiler refuses, the verifier refuses, but where only a
// reservation or an assignment to something immutable was wrong; what the verifier accepts, the oracle has nothing against, nor the other way round under
// `#![borrows(nll)]`; what is accepted lexically is accepted under `#![borrows(nll)]`. Beside rustc with its
// Polonius analysis: the verdicts under `#![borrows(nll)]` are the same.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "tests/borrow/generate.h"
#include "tests/borrow/trial.h"
#include "tests/run/process.h"
#include "tools/oracle/oracle.h"

namespace {

using namespace stark;
using namespace stark::tests;

constexpr uint64_t kTogether = 100;  // programs of one text: the library is compiled once for all

struct Run {
  uint64_t accepted = 0, failed = 0;
};

void complain(Run& run, uint64_t seed, const std::string& text, const std::string& what) {
  ++run.failed;
  fmt::print("seed {}: {}\n{}\n", seed, what, text);
}

// Many programs in one text: what it says about each, by the line of the function.
class Batch {
 public:
  Batch(uint64_t first, uint64_t count) : first_(first) {
    text_ = ownership_prelude() + "fn nothing() {}\nfn main() { nothing();\n";
    for (uint64_t i = 0; i < count; ++i) text_ += fmt::format("p{}();\n", i);
    text_ += "}\n";
    int line = 1 + static_cast<int>(std::ranges::count(text_, '\n'));
    for (uint64_t i = 0; i < count; ++i) {
      const std::string body = ownership_body(first + i, fmt::format("p{}", i));
      begins_[line] = i;
      line += static_cast<int>(std::ranges::count(body, '\n'));
      text_ += body;
    }
    accepted_.assign(count, true);
  }

  // False where one of them keeps the others from becoming a module.
  bool judge(Run& run, bool nll) {
    const Trial trial = compile("ownership.stark", text_, nll ? Borrows::Nll : Borrows::Lexical);
    if (!trial.module) return false;
    mode_ = nll ? "nll" : "lexical";
    std::vector<std::string> compiler(accepted_.size());
    for (const diagnostics::Diagnostic& one : trial.sink.all()) {
      if (one.severity != diagnostics::Severity::Error) continue;
      const auto owner = begins_.upper_bound(static_cast<int>(trial.sources.position(one.span.file, one.span.begin).line));
      if (owner == begins_.begin()) return false;
      compiler[std::prev(owner)->second] = one.code;
    }
    const std::vector<std::string> verifier = verified(run, *trial.module), second = examined(*trial.module);
    for (size_t i = 0; i < accepted_.size(); ++i) settle(run, i, nll, compiler[i], verifier[i], second[i]);
    return true;
  }
  const std::vector<bool>& accepted() const { return accepted_; }

 private:
  // What the verifier says about each. One that it refuses is taken out, and the rest shown again.
  std::vector<std::string> verified(Run& run, spec::Module module) const {
    std::vector<std::string> out(accepted_.size());
    const auto nothing = std::ranges::find_if(module.functions, [&](const auto& f) { return module.text_of(f.name) == "nothing"; });
    for (size_t round = 0; round <= accepted_.size(); ++round) {
      std::string detail;
      const std::string said = verdict(module, detail);
      if (said == "accept") return out;
      const auto function = std::ranges::find_if(module.functions, [&](const auto& f) { return detail.starts_with(fmt::format("in `{}`", module.text_of(f.name))); });
      const std::string name = function == module.functions.end() ? "" : std::string(module.text_of(function->name));
      const size_t digits = name.find_first_of("0123456789");
      const size_t i = digits == std::string::npos ? out.size() : std::strtoull(name.c_str() + digits, nullptr, 10);
      if (!name.starts_with("p") || i >= out.size() || function->signature != nothing->signature) {
        complain(run, first_, text_, fmt::format("the verifier says {} ({})", said, detail));
        return out;
      }
      out[i] = said;
      const spec::Text kept = function->name;
      *function = *nothing;
      function->name = kept;
    }
    return out;
  }
  std::vector<std::string> examined(const spec::Module& module) const {
    std::vector<std::string> out(accepted_.size());
    for (const oracle::Complaint& one : oracle::examine(module)) {
      const size_t i = one.where.starts_with("`p") ? std::strtoull(one.where.c_str() + 2, nullptr, 10) : out.size();
      if (i < out.size()) out[i] = one.what;
    }
    return out;
  }
  void settle(Run& run, size_t i, bool nll, const std::string& compiler, const std::string& verifier, const std::string& second) {
    const auto broken = [&](const std::string& what) { complain(run, first_ + i, ownership_body(first_ + i, "main"), fmt::format("{}: {}", mode_, what)); };
    if (compiler.empty() && !verifier.empty()) broken(fmt::format("the compiler accepts, and the verifier says {}", verifier));
    if (!compiler.empty() && verifier.empty()) broken(fmt::format("the compiler says {}, and the verifier accepts", compiler));
    if (verifier.empty() && !second.empty()) broken(fmt::format("the verifier accepts, and the oracle says: {}", second));
    if (nll && !verifier.empty() && second.empty()) broken(fmt::format("the verifier says {}, and the oracle nothing", verifier));
    if (nll && !lexically_.empty() && lexically_[i] && !compiler.empty()) broken("accepted lexically, and not under nll");
    if (!nll) lexically_.push_back(compiler.empty());
    accepted_[i] = compiler.empty();
  }

  uint64_t first_;
  std::string text_, mode_;
  std::map<int, size_t> begins_;
  std::vector<bool> accepted_, lexically_;
};

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
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < count && run.failed < 20;) {
    const uint64_t together = std::min<uint64_t>(count - i, kTogether);
    Batch batch(first + i, together);
    if (!batch.judge(run, false) || !batch.judge(run, true)) complain(run, first + i, "", "there is no module of the programs from here on");
    ours.insert(ours.end(), batch.accepted().begin(), batch.accepted().end());
    i += together;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  run.accepted = static_cast<uint64_t>(std::ranges::count(ours, true));
  if (argc > 3) compare(run, argv[3], first, ours);
  fmt::print("{} programs from seed {}, {} accepted, {} laws broken, {:.0f} a second\n", ours.size(), first, run.accepted, run.failed, static_cast<double>(ours.size()) / seconds);
  return run.failed == 0 ? 0 : 1;
}

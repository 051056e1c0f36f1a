// tests/borrow/ownership_fuzz.cpp — random ownership programs through compiler and verifier, and beside another compiler of the same text.
// Room: tests. In: how many, the first seed, and optionally rustc. Out: each program that breaks a law, with its seed.
// Laws, in both modes: what the compiler accepts, the verifier accepts; what the compiler refuses, the verifier refuses, but where only a
// reservation or an assignment to something immutable was wrong; what the verifier accepts, the oracle has nothing against, nor the other way round under
// `#![borrows(nll)]`; what is accepted lexically is accepted under `#![borrows(nll)]`. Beside rustc with its
// Polonius analysis: the verdicts under `#![borrows(nll)]` are the same.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "bytecode-spec/operand.h"
#include "compiler/diagnostics/render.h"
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
  Batch(uint64_t first, uint64_t count, Grammar grammar) : first_(first), grammar_(grammar) {
    text_ = ownership_prelude() + "fn main() {\n";
    for (uint64_t i = 0; i < count; ++i) text_ += fmt::format("p{}();\n", i);
    text_ += "}\n";
    int line = 1 + static_cast<int>(std::ranges::count(text_, '\n'));
    for (uint64_t i = 0; i < count; ++i) {
      const std::string body = ownership_body(first + i, fmt::format("p{}", i), grammar);
      begins_[line] = i;
      line += static_cast<int>(std::ranges::count(body, '\n'));
      text_ += body;
    }
    accepted_.assign(count, true);
  }

  // False where one of them keeps the others from becoming a module.
  bool judge(Run& run, bool nll) {
    const Trial trial = compile("ownership.stark", text_, nll ? Borrows::Nll : Borrows::Lexical);
    if (!trial.module) {
      for (const diagnostics::Diagnostic& one : trial.sink.all()) told_ += diagnostics::render(trial.sources, one, false);
      return false;
    }
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
  const std::string& told() const { return told_; }
  const std::vector<bool>& accepted() const { return accepted_; }

 private:
  // What the verifier says about each. One that it refuses is taken out, and the rest shown again.
  std::vector<std::string> verified(Run& run, spec::Module module) const {
    std::vector<std::string> out(accepted_.size());
    const size_t rounds = module.functions.size();
    for (size_t round = 0; round <= rounds; ++round) {
      std::string detail;
      const std::string said = verdict(module, detail);
      if (said == "accept") return out;
      const auto function = std::ranges::find_if(module.functions, [&](const auto& f) { return detail.starts_with(fmt::format("in `{}`", module.text_of(f.name))); });
      const std::string name = function == module.functions.end() ? "" : std::string(module.text_of(function->name));
      const size_t i = owner(name);
      if (i == out.size()) {
        complain(run, first_, "", fmt::format("the verifier says {} ({})", said, detail));
        return out;
      }
      out[i] = said;
      take_out(module, *function);
    }
    return out;
  }
  // The program that a function, or a closure in it, belongs to.
  size_t owner(const std::string& name) const {
    const bool ours = name.size() > 1 && name[0] == 'p' && std::isdigit(static_cast<unsigned char>(name[1])) != 0;
    return ours ? std::min<size_t>(accepted_.size(), std::strtoull(name.c_str() + 1, nullptr, 10)) : accepted_.size();
  }
  // Its body becomes a panic, which fits every signature.
  static void take_out(spec::Module& module, spec::FunctionRow& function) {
    module.constants.push_back({static_cast<uint32_t>(spec::TypeKind::Str), 0, 0});
    const spec::Operand text{spec::OperandMode::Constant, static_cast<uint32_t>(module.constants.size() - 1)};
    function.loans.count = function.places.count = function.lines.count = 0;
    function.blocks = {static_cast<uint32_t>(module.blocks.size()), 1};
    function.code = {static_cast<uint32_t>(module.code.size()), 2};
    module.blocks.push_back({});
    module.code.insert(module.code.end(), {spec::encode_head(static_cast<uint16_t>(spec::Opcode::Panic), 1), spec::encode_operand(text)});
  }
  std::vector<std::string> examined(const spec::Module& module) const {
    std::vector<std::string> out(accepted_.size());
    for (const oracle::Complaint& one : oracle::examine(module)) {
      const size_t i = one.where.starts_with("`") ? owner(one.where.substr(1)) : out.size();
      if (i < out.size()) out[i] = one.what;
    }
    return out;
  }
  void settle(Run& run, size_t i, bool nll, const std::string& compiler, const std::string& verifier, const std::string& second) {
    const auto broken = [&](const std::string& what) { complain(run, first_ + i, ownership_body(first_ + i, "main", grammar_), fmt::format("{}: {}", mode_, what)); };
    if (compiler.empty() && !verifier.empty()) broken(fmt::format("the compiler accepts, and the verifier says {}", verifier));
    if (!compiler.empty() && verifier.empty()) broken(fmt::format("the compiler says {}, and the verifier accepts", compiler));
    if (verifier.empty() && !second.empty()) broken(fmt::format("the verifier accepts, and the oracle says: {}", second));
    if (nll && !verifier.empty() && second.empty()) broken(fmt::format("the verifier says {}, and the oracle nothing", verifier));
    if (nll && !lexically_.empty() && lexically_[i] && !compiler.empty()) broken("accepted lexically, and not under nll");
    if (!nll) lexically_.push_back(compiler.empty());
    accepted_[i] = compiler.empty();
  }

  uint64_t first_;
  Grammar grammar_;
  std::string text_, mode_, told_;
  std::map<int, size_t> begins_;
  std::vector<bool> accepted_, lexically_;
};

// One file with all programs; the lines of errors tell which are refused.
void compare(Run& run, const std::string& rustc, uint64_t first, Grammar grammar, const std::vector<bool>& ours) {
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-ownership-{}", ::getpid());
  fs::create_directories(work);
  std::string text = "#![allow(warnings)]\nuse std::cell::RefCell;\n" + ownership_prelude();
  std::map<int, size_t> begins;
  int line = 1 + static_cast<int>(std::ranges::count(text, '\n'));
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string body = ownership_body(first + i, fmt::format("p{}", i), grammar);
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
    if (ours[i] == refused.contains(i)) complain(run, first + i, ownership_body(first + i, "main", grammar), ours[i] ? "accepted here and refused by rustc" : "refused here and accepted by rustc");
  fs::remove_all(work);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: ownership_fuzz COUNT SEED plain|rich [RUSTC]\n");
    return 64;
  }
  Run run;
  const uint64_t count = std::strtoull(argv[1], nullptr, 10), first = std::strtoull(argv[2], nullptr, 10);
  const Grammar grammar = std::string_view(argv[3]) == "rich" ? Grammar::Rich : Grammar::Plain;
  std::vector<bool> ours;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < count && run.failed < 20;) {
    const uint64_t together = std::min<uint64_t>(count - i, kTogether);
    Batch batch(first + i, together, grammar);
    if (!batch.judge(run, false) || !batch.judge(run, true)) complain(run, first + i, batch.told(), "there is no module of the programs from here on");

    ours.insert(ours.end(), batch.accepted().begin(), batch.accepted().end());
    i += together;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  run.accepted = static_cast<uint64_t>(std::ranges::count(ours, true));
  if (argc > 4) compare(run, argv[4], first, grammar, ours);
  fmt::print("{} programs from seed {}, {} accepted, {} laws broken, {:.0f} a second\n", ours.size(), first, run.accepted, run.failed, static_cast<double>(ours.size()) / seconds);
  return run.failed == 0 ? 0 : 1;
}

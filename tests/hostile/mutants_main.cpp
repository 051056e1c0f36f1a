// tests/hostile/mutants_main.cpp — damaged bundles before the verifier; those that it accepts, before the oracle and, with --run, run with every second look there is.
// Room: tests. In: the folder of all tests, how many, the first number; --fields: one field of any table each, in place of a few words that are
// about ownership; then the oracle is not asked. Out: figures, and each mutant that does what was not proven.
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <span>

#include "bytecode-spec/assembler.h"
#include "tests/borrow/cases.h"
#include "tests/borrow/trial.h"
#include "tests/hostile/apart.h"
#include "tests/hostile/mutants.h"
#include "tests/run/process.h"
#include "tools/oracle/oracle.h"
#include "vm/run/machine.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;
using namespace stark::tests;

struct Seed {
  std::string name;
  std::shared_ptr<spec::Bundle> bundle;
};

void add(std::vector<Seed>& seeds, const std::string& name, spec::Module module) {
  auto bundle = std::make_shared<spec::Bundle>();
  begin_somewhere(module);
  bundle->module = std::move(module);
  auto verified = vm::verify(bundle);
  // What sleeps would do so for each of its mutants.
  if (verified && bundle->module.segments.empty() && (bundle->module.entry == spec::kNone || run_apart(std::move(*verified)).signal == 0)) seeds.push_back({name, bundle});
}

// Accepted assembly, rows about ownership, and small programs.
std::vector<Seed> seeds_of(const fs::path& tests) {
  std::vector<Seed> seeds;
  const std::string common = read_file(tests / "verify/common.skasm");
  for (const auto& entry : fs::recursive_directory_iterator(tests / "verify")) {
    const std::string text = entry.path().extension() == ".skasm" ? read_file(entry.path()) : "";
    if (text.find("; expect accept") == std::string::npos) continue;
    if (auto assembled = spec::assemble((text.find("; with common") != std::string::npos ? common : "") + text)) add(seeds, entry.path().filename(), assembled->module);
  }
  for (const auto& entry : fs::directory_iterator(tests / "borrow")) {
    if (entry.path().extension() != ".cases") continue;
    for (const Case& one : read_cases(entry.path())) {
      Trial trial = compile(one.file, one.text, Borrows::Nll);
      if (trial.module) add(seeds, one.id, std::move(*trial.module));
    }
  }
  constexpr size_t kMostWords = 1500;  // of code
  for (const auto& entry : fs::directory_iterator(tests / "run")) {
    if (entry.path().extension() != ".stark") continue;
    Trial trial = compile(entry.path().filename().string(), read_file(entry.path()), Borrows::AsWritten);
    if (trial.module && trial.module->code.size() <= kMostWords) add(seeds, entry.path().filename().string(), std::move(*trial.module));
  }
  std::ranges::sort(seeds, {}, &Seed::name);
  return seeds;
}

struct Wish {
  uint64_t count = 0, first = 0;
  bool fields = false, runs = false;
};

// What the processes that try mutants add up, in memory that they share. `next`: the mutant that is being tried.
struct Tally {
  uint64_t next = 0, accepted = 0, ran = 0, over = 0, wrong = 0;
};

class Trials {
 public:
  Trials(std::vector<Seed> seeds, Wish wish) : seeds_(std::move(seeds)), wish_(wish) {
    for (const Seed& seed : seeds_) ends_.push_back((ends_.empty() ? 0 : ends_.back()) + Mutator::fields_of(seed.bundle->module));
    void* memory = ::mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    tally_ = new (memory) Tally;
  }

  uint64_t fields() const { return ends_.back(); }
  const Tally& tally() const { return *tally_; }

  // A process for some thousands of mutants; when one of them ends it, another process goes on behind that one.
  void run() {
    constexpr uint64_t kTogether = 20'000, kMostWrong = 20, kTold = 200'000;
    uint64_t told = 0;
    while (tally_->next < wish_.count && tally_->wrong < kMostWrong) {
      if (tally_->next / kTold > told) {
        told = tally_->next / kTold;
        fmt::print(stderr, "{} tried: {} accepted, {} run, {} over time, {} wrong\n", tally_->next, tally_->accepted, tally_->ran, tally_->over, tally_->wrong);
      }
      std::fflush(nullptr);
      const pid_t child = ::fork();
      if (child == 0) {
        for (const uint64_t end = std::min(wish_.count, tally_->next + kTogether); tally_->next < end && tally_->wrong < kMostWrong; ++tally_->next) attempt(tally_->next);
        std::fflush(nullptr);
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        ++tally_->over;  // it waits for something, and may
      } else {
        Mutator mutator(wish_.first + tally_->next);
        complain(mutator, damage(mutator, tally_->next), WIFSIGNALED(status) ? fmt::format("the process died of signal {}", WTERMSIG(status)) : fmt::format("the process ended with {}", WEXITSTATUS(status)));
      }
      ++tally_->next;
    }
  }

 private:
  // Fields in an order that soon has been everywhere.
  Seed& damage(Mutator& mutator, uint64_t number) {
    if (!wish_.fields) {
      Seed& seed = seeds_[mutator.below(seeds_.size())];
      mutator.damage(seed.bundle->module, 1 + mutator.below(3));
      return seed;
    }
    constexpr uint64_t kStride = 1'000'003;  // prime
    const uint64_t at = (wish_.first + number) * kStride % (fields() * Mutator::kVariants);
    const uint64_t word = at / Mutator::kVariants;
    const size_t s = static_cast<size_t>(std::ranges::upper_bound(ends_, word) - ends_.begin());
    mutator.damage_field(seeds_[s].bundle->module, word - (s == 0 ? 0 : ends_[s - 1]), at % Mutator::kVariants);
    return seeds_[s];
  }

  void complain(const Mutator& mutator, const Seed& seed, const std::string& what) {
    ++tally_->wrong;
    fmt::print("mutant {}, {}:{}\n  {}\n", wish_.first + tally_->next, seed.name, mutator.told(), what);
  }

  void attempt(uint64_t number) {
    Mutator mutator(wish_.first + number);
    const Seed& seed = damage(mutator, number);
    const spec::Module& module = seed.bundle->module;
    ::alarm(2);
    if (auto verified = vm::verify(seed.bundle)) {
      ++tally_->accepted;
      // Of one field in any table most do not touch what the oracle looks at.
      const auto complaints = wish_.fields ? std::vector<oracle::Complaint>() : oracle::examine(module);
      if (!complaints.empty()) complain(mutator, seed, "accepted, and the oracle says: " + oracle::text_of(complaints.front()));
      if (wish_.runs && module.entry != spec::kNone && !options_.grants.missing(module)) {
        ++tally_->ran;
        if (run_strictly(std::move(*verified), options_) == static_cast<int>(vm::Exit::Internal)) complain(mutator, seed, "accepted, and what it did is not what was proven: run it with `--paranoid`");
      }
    }
    mutator.mend();
  }

  std::vector<Seed> seeds_;
  std::vector<uint64_t> ends_;  // of each bundle's fields among all
  const Wish wish_;
  Tally* tally_;
  const vm::HostOptions options_ = [] {
    vm::HostOptions o = strict_options(2'000);
    o.thread_limit = 0;  // threads would outlive the mutant
    o.output = o.errors = ::open("/dev/null", O_WRONLY);
    return o;
  }();
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: mutants TESTS COUNT FIRST [--fields] [--run]\n");
    return 64;
  }
  Wish wish{std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10)};
  for (const std::string_view flag : std::span(argv + 4, argv + argc)) {
    wish.fields |= flag == "--fields";
    wish.runs |= flag == "--run";
  }
  std::vector<Seed> seeds = seeds_of(argv[1]);
  const size_t bundles = seeds.size();
  const auto begin = std::chrono::steady_clock::now();
  Trials trials(std::move(seeds), wish);
  trials.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const Tally& t = trials.tally();
  fmt::print("{} mutants of {} bundles from number {}", t.next, bundles, wish.first);
  if (wish.fields) fmt::print(", one field each of {} that take {} values", trials.fields(), Mutator::kVariants);
  fmt::print(": {} accepted, {} of them run, {} over time, {} wrong, {:.0f} a second\n", t.accepted, t.ran, t.over, t.wrong, static_cast<double>(t.next) / seconds);
  return t.wrong == 0 && t.accepted > 0 ? 0 : 1;
}

// tests/hostile/mutants_main.cpp — damaged bundles before the verifier; those that it accepts, before the oracle and, with --run, run.
// Room: tests. In: the folder of all tests, how many, the first seed. Out: figures, and each mutant about which the two disagree.
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "bytecode-spec/assembler.h"
#include "tests/borrow/cases.h"
#include "tests/borrow/trial.h"
#include "tests/hostile/mutants.h"
#include "tests/run/process.h"
#include "tools/oracle/oracle.h"
#include "vm/run/machine.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;
using namespace stark::tests;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

struct Seed {
  std::string name;
  std::shared_ptr<spec::Bundle> bundle;
};

void add(std::vector<Seed>& seeds, const std::string& name, spec::Module module) {
  auto bundle = std::make_shared<spec::Bundle>();
  bundle->module = std::move(module);
  if (bundle->module.segments.empty() && vm::verify(bundle)) seeds.push_back({name, bundle});
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
  std::ranges::sort(seeds, {}, &Seed::name);
  return seeds;
}

// Runs what was accepted in a process of its own, which collects at every allocation and ends after a while. True if nothing broke.
bool survives(const std::shared_ptr<spec::Bundle>& bundle, std::string& how) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(2);
    const rlimit memory{uint64_t{1} << 31, uint64_t{1} << 31}, file{1 << 20, 1 << 20};
    if (!kHasSanitizer) ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_FSIZE, &file);
    vm::HostOptions options;
    options.heap.stress = options.heap.poison = options.heap.verify = true;
    options.heap.limit = uint64_t{64} << 20;
    options.grants = vm::Grants::none();
    options.output = options.errors = ::open("/dev/null", O_WRONLY);
    auto verified = vm::verify(bundle);
    if (!verified || options.grants.missing(verified->module())) ::_exit(0);
    vm::Program program(std::move(*verified), vm::Machine::handlers());
    vm::Runtime runtime(program, options);
    vm::Host host(runtime);
    vm::Machine machine(host);
    ::_exit(machine.run(program.module().entry) == static_cast<int>(vm::Exit::Internal) ? 8 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool is_over = WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXFSZ);
  if (is_over || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return true;
  how = WIFSIGNALED(status) ? fmt::format("died of signal {}", WTERMSIG(status)) : fmt::format("ended with {}", WEXITSTATUS(status));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: mutants TESTS COUNT SEED [--run]\n");
    return 64;
  }
  const std::vector<Seed> seeds = seeds_of(argv[1]);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10), first = std::strtoull(argv[3], nullptr, 10);
  const bool runs = argc > 4 && std::string_view(argv[4]) == "--run";
  uint64_t accepted = 0, ran = 0, wrong = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < count && wrong < 20; ++i) {
    Mutator mutator(first + i);
    const Seed& seed = seeds[mutator.below(seeds.size())];
    spec::Module& module = seed.bundle->module;
    mutator.damage(module, 1 + mutator.below(3));
    if (vm::verify(seed.bundle)) {
      ++accepted;
      if (const auto complaints = oracle::examine(module); !complaints.empty()) {
        ++wrong;
        fmt::print("seed {}, {}:{}\n  accepted, and the oracle says: {}\n", first + i, seed.name, mutator.told(), oracle::text_of(complaints.front()));
      }
      std::string how;
      if (runs && module.entry != spec::kNone && ++ran > 0 && !survives(seed.bundle, how)) {
        ++wrong;
        fmt::print("seed {}, {}:{}\n  accepted, and it {}\n", first + i, seed.name, mutator.told(), how);
      }
    }
    mutator.mend();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{} mutants of {} bundles from seed {}: {} accepted, {} of them run, {} wrong, {:.0f} a second\n", count, seeds.size(), first, accepted, ran, wrong, static_cast<double>(count) / seconds);
  return wrong == 0 && accepted > 0 ? 0 : 1;
}

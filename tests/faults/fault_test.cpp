// tests/faults/fault_test.cpp — the n-th allocation fails, for n after n, in every program of tests/run: it ends with a status, and never otherwise.
// Room: tests. In: starkc, the folder of programs. Out: one line for each program that ended in another way.
// Law: what a run leaves is gone with its runtime; a sanitizer that looks for leaks finds none.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bytecode-spec/reader.h"
#include "tests/run/process.h"
#include "vm/run/machine.h"

namespace {

using namespace stark;
using namespace stark::tests;

// Counts allocations down to the one that fails, of objects and of tensors alike. Threads may ask at once.
struct Fault {
  std::atomic<int64_t> left{INT64_MAX};
  static bool may(void* user) { return static_cast<Fault*>(user)->left.fetch_sub(1) != 0; }
};

struct Ending {
  int status = 0;
  int64_t allocations = 0;
};

Ending run_failing(const std::shared_ptr<const spec::Bundle>& bundle, int64_t at, int nowhere) {
  Fault fault;
  fault.left = at;
  vm::HostOptions options;
  options.is_embedded = true;
  options.output = options.errors = nowhere;
  options.fuel = 200'000'000;
  options.heap.may_allocate = options.tensors.may_allocate = &Fault::may;
  options.heap.user = options.tensors.user = &fault;
  vm::Program program(*vm::verify(bundle), vm::Machine::handlers(), {.meters = true});
  vm::Runtime runtime(program, std::move(options));
  vm::Host host(runtime);
  Ending ending;
  {
    vm::Machine machine(host);
    ending.status = machine.run(program.module().entry);
  }
  ending.allocations = at - fault.left.load();
  return ending;
}

// All of few, else some at the beginning and some of the rest.
std::set<int64_t> chosen(int64_t count) {
  constexpr int64_t kFirst = 12, kSpread = 20;
  std::set<int64_t> all;
  for (int64_t n = 0; n < std::min(count, kFirst); ++n) all.insert(n);
  for (int64_t s = 0; s < kSpread; ++s) all.insert(count * s / kSpread);
  if (count > 0) all.insert(count - 1);
  if (count == 0) all.clear();
  return all;
}

bool is_in_process(const std::string& text) {
  // Threads that still run at the end go with their process, which here goes on.
  return text.find("thread") == std::string::npos && text.find("async") == std::string::npos && text.find("extern") == std::string::npos &&
         text.find("fn main") != std::string::npos && text.find("// flag:") == std::string::npos;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-faults-{}", ::getpid());
  fs::create_directories(work);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  int programs = 0, runs = 0, wrong = 0;
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(argv[2])) files.insert(entry.path());
  for (const fs::path& file : files) {
    if (file.extension() != ".stark" || !is_in_process(read_file(file))) continue;
    const fs::path out = work / "out.skbc";
    if (run({argv[1], "build", file.string(), "-o", out.string()}, work / "stdout", work / "stderr") != 0) continue;
    auto opened = spec::open_bundle(out);
    if (!opened) continue;
    const auto bundle = std::make_shared<const spec::Bundle>(std::move(*opened));
    const Ending whole = run_failing(bundle, INT64_MAX, nowhere);
    ++programs;
    for (const int64_t n : chosen(whole.allocations)) {
      const int status = run_failing(bundle, n, nowhere).status;
      ++runs;
      if (status == static_cast<int>(vm::Exit::Memory) || status == static_cast<int>(vm::Exit::Panic)) continue;
      ++wrong;
      fmt::print("{}: with allocation {} of {} failing it ended with {}\n", file.filename().string(), n, whole.allocations, status);
    }
  }
  fs::remove_all(work);
  fmt::print("{} programs, {} runs, {} ended otherwise\n", programs, runs, wrong);
  return wrong == 0 && programs >= 30 ? 0 : 1;
}

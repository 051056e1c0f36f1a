// tests/hostile/apart.cpp — a process for a module: limits, a run under the strictest options, and what became of it.
// Room: tests. In: see apart.h.
#include "tests/hostile/apart.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "vm/run/machine.h"

namespace stark::tests {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

}  // namespace

vm::HostOptions strict_options(uint64_t fuel) {
  vm::HostOptions options;
  options.heap.stress = options.heap.poison = options.heap.verify = true;
  options.heap.limit = uint64_t{64} << 20;
  options.stack_bytes = uint64_t{1} << 20;
  options.thread_stack_bytes = uint64_t{4} << 20;
  options.tensors.limit = int64_t{64} << 20;
  options.grants = vm::Grants::none();
  options.thread_limit = 8;
  options.fuel = fuel;
  return options;
}

int run_strictly(vm::VerifiedModule module, const vm::HostOptions& options, void (*at_end)(int)) {
  const uint32_t entry = module.module().entry;
  vm::Program program(std::move(module), vm::Machine::handlers(), kStrict);
  vm::Runtime runtime(program, options);
  vm::Host host(runtime);
  vm::Machine machine(host);
  const int status = machine.run(entry);
  if (at_end != nullptr) at_end(status);
  return status;
}

void begin_somewhere(spec::Module& m) {
  for (uint32_t f = 0; f < m.functions.size() && m.entry == spec::kNone; ++f) {
    const uint32_t last = static_cast<uint32_t>(m.functions.size()) - 1 - f, signature = m.functions[last].signature;
    if (signature < m.signatures.size() && m.signatures[signature].parameters.count == 0) m.entry = last;
  }
}

Ended run_apart(vm::VerifiedModule module) {
  std::fflush(nullptr);
  const int told = ::memfd_create("errors", 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(2);
    const rlimit memory{uint64_t{1} << 31, uint64_t{1} << 31}, file{1 << 20, 1 << 20};
    if (!kHasSanitizer) ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_FSIZE, &file);
    vm::HostOptions options = strict_options(100'000);
    options.output = ::open("/dev/null", O_WRONLY);
    options.errors = told;
    run_strictly(std::move(module), options, [](int end) { ::_exit(end); });
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Ended ended;
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ended.errors.resize(static_cast<size_t>(::lseek(told, 0, SEEK_END)));
  const ssize_t got = ::pread(told, ended.errors.data(), ended.errors.size(), 0);
  ended.errors.resize(got < 0 ? 0 : static_cast<size_t>(got));
  ::close(told);
  return ended;
}

}  // namespace stark::tests

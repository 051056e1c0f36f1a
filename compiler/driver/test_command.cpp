// compiler/driver/test_command.cpp — compiles the tests once, then runs starkvm for each, so that a panic ends one test alone.
// Room: driver. In: Request. Out: verdicts on stdout; status 0 where every test passed.
#include "compiler/driver/test_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace stark::driver {
namespace {

namespace fs = std::filesystem;

// The VM that stands beside this program; otherwise the one that the shell would find.
std::string virtual_machine() {
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "starkvm";
  return !error && fs::exists(beside, error) ? beside.string() : "starkvm";
}

// The status of one test, and in `output` what it printed.
int run_one(const std::string& vm, const fs::path& bundle, size_t number, const fs::path& output) {
  const std::string argument = std::to_string(number);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(out, STDERR_FILENO) < 0) ::_exit(126);
    ::execlp(vm.c_str(), "starkvm", "run", bundle.c_str(), argument.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0) return 126;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int test_command(Request request, const std::string& filter) {
  std::string folder = (fs::temp_directory_path() / "starkc-test-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return fmt::print(stderr, "error: cannot make a folder in `{}`\n", fs::temp_directory_path().string()), 1;
  const fs::path work = folder, bundle = work / "tests.skbc", output = work / "output";
  request.build = true;
  request.output = bundle.string();
  const TestBundle made = compile_tests(request, filter);
  const std::string vm = virtual_machine();
  constexpr int kPanicked = 101, kNoProgram = 127;
  size_t passed = 0, failed = 0;
  for (size_t i = 0; made.good && i < made.tests.size(); ++i) {
    const int status = run_one(vm, bundle, i, output);
    if (status == kNoProgram) {
      fmt::print(stderr, "error: cannot run `{}`\n", vm);
      failed = made.tests.size();
      break;
    }
    const bool good = status == (made.tests[i].should_panic ? kPanicked : 0);
    ++(good ? passed : failed);
    fmt::print("test {} ... {}\n", made.tests[i].path, good ? "ok" : "FAILED");
    if (!good) fmt::print("{}{}", read(output), status == 0 ? "it should have panicked\n" : status == kPanicked ? "" : fmt::format("ended with {}\n", status));
  }
  std::error_code ignored;
  fs::remove_all(work, ignored);
  if (!made.good) return 1;
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace stark::driver

// tests/faults/threads_test.cpp — ten thousand threads where the host allows them: they run, or the system's refusal is told as a limit.
// Room: tests. In: starkc, starkvm, many_threads.stark. Out: one line if it ends in another way.
#include <fmt/format.h>

#include "tests/run/process.h"

int main(int argc, char** argv) {
  using namespace stark::tests;
  if (argc < 4) return 64;
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-threads-{}", ::getpid());
  fs::create_directories(work);
  const fs::path bundle = work / "program.skbc", out = work / "out", err = work / "err";
  int status = run({argv[1], "build", argv[3], "-o", bundle.string()}, out, err);
  if (status == 0) status = run({argv[2], "run", "--thread-limit=20000", bundle.string()}, out, err);
  const std::string printed = read_file(out), told = read_file(err);
  const bool is_refused = told.find("the system gives no more threads") != std::string::npos || told.find("the system has no room for another thread's stack") != std::string::npos;
  const bool holds = (status == 0 && printed == "10000\n") || (status == 5 && is_refused);
  if (!holds) fmt::print("ended with {}\n{}{}", status, printed, told);
  fs::remove_all(work);
  return holds ? 0 : 1;
}

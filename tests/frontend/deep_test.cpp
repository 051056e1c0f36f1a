// tests/frontend/deep_test.cpp — nesting of every kind ends in a diagnostic or a bundle, never in a crash, and soon.
// Room: tests. In: starkc. Out: one line for each kind and depth that ends otherwise.
#include <fmt/format.h>

#include <chrono>

#include "tests/frontend/generate.h"
#include "tests/run/process.h"

int main(int argc, char** argv) {
  using namespace stark::tests;
  if (argc < 2) return 64;
  const fs::path work = fs::temp_directory_path() / fmt::format("stark-deep-{}", ::getpid());
  fs::create_directories(work);
  const fs::path program = work / "deep.stark", out = work / "out", err = work / "err";
  int count = 0, failed = 0;
  for (const std::string_view kind : deep_kinds())
    for (const int depth : {10, 150, 1000, 20000}) {
      if (kind == "shadows" && depth >= 30) continue;  // the type doubles with each level, and nothing limits it yet
      std::ofstream(program) << deep_program(kind, depth);
      const auto begin = std::chrono::steady_clock::now();
      const int status = run({argv[1], "check", program.string()}, out, err);
      const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      ++count;
      if (status != 0 && status != 1) ++failed, fmt::print("{} nested {} times: ended with {}\n", kind, depth, status);
      else if (took > 20) fmt::print("{} nested {} times took {:.1f} s\n", kind, depth, took);
    }
  fs::remove_all(work);
  fmt::print("{} programs, {} failed\n", count, failed);
  return failed == 0 ? 0 : 1;
}

// bytecode-spec/base/check.h — CHECK and DCHECK: a broken invariant of ours stops the program with a clear line.
// Room: base. In: a condition. Out: nothing, or the process ends with status 134 (abort) after one line on stderr.
// Law: CHECK is for bugs in this code base alone; whatever a user or a bundle can cause is an Error, never a CHECK.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace stark {

[[noreturn, gnu::cold]] inline void check_failed(const char* file, int line, const char* text) {
  std::fprintf(stderr, "stark: internal error: %s:%d: `%s` does not hold (this is a bug in STARK)\n", file, line, text);
  std::abort();
}

}  // namespace stark

#define CHECK(condition) \
  do { \
    if (!(condition)) [[unlikely]] ::stark::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do { \
    if (false) (void)(condition); \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif

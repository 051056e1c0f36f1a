// tests/unit/vm_limits_test.cpp — fuel is counted in instructions of the bundle, to the letter, however a function was translated.
// Room: tests/unit. In: assembly text. Out: doctest verdict over how runs with a limit end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include "tests/unit/run_module.h"

namespace {

using namespace stark;

// Ten rounds that call a small function each: 2 instructions at the beginning, 2 at the head eleven times, 3 in the body and 2 in the
// callee ten times, 1 at the end.
const char* const kLoop = R"(.skbc 1
.entry f0
.type t0 ()
.type t1 i32
.type t2 bool
.signature s0 ( ) t0 regions 0
.signature s1 ( t1 ) t1 regions 0
.constant c0 () 0x0
.constant c1 i32 0x0
.constant c2 i32 0xa
.constant c3 i32 0x1
.file "t.stark"
.function f0 "main" s0 regions 0 file 0
  .reg r0 t1 mut
  .reg r1 t2 mut
  .reg r2 t1 mut
  b0
    set r0 c1
    jump b1
  b1 : whole 0+1 maybe partly regions
    lt r1 r0 c2
    branch r1 b2 b3
  b2
    call r2 f1 ( r0 )
    set r0 r2
    jump b1
  b3
    return c0
.function f1 "next" s1 regions 0 file 0
  .reg r0 t1 param
  .reg r1 t1 mut
  b0
    add r1 r0 c3
    return r1
)";
constexpr uint64_t kInstructions = 2 + 11 * 2 + 10 * (3 + 2) + 1;

DOCTEST_TEST_CASE("a program runs with as many instructions as it has, and not with one fewer") {
  for (const bool inlines : {false, true}) {
    for (const bool improves : {false, true}) {
      DOCTEST_CAPTURE(inlines);
      DOCTEST_CAPTURE(improves);
      vm::HostOptions options;
      const vm::Translation translation{.inlines = inlines, .improves = improves, .meters = true};
      options.fuel = kInstructions;
      DOCTEST_CHECK(test::run_module(kLoop, options, translation).status == 0);
      options.fuel = kInstructions - 1;
      const test::Run r = test::run_module(kLoop, options, translation);
      DOCTEST_CHECK(r.status == static_cast<int>(vm::Exit::Limit));
      DOCTEST_CHECK(r.errors.find("out of fuel") != std::string::npos);
    }
  }
}

DOCTEST_TEST_CASE("no fuel, no instruction; no time, none either") {
  vm::HostOptions options;
  options.fuel = 0;
  DOCTEST_CHECK(test::run_module(kLoop, options, {.meters = true}).status == static_cast<int>(vm::Exit::Limit));
  options.fuel.reset();
  options.deadline = std::chrono::nanoseconds(0);
  const test::Run r = test::run_module(kLoop, options, {.meters = true});
  DOCTEST_CHECK(r.status == static_cast<int>(vm::Exit::Limit));
  DOCTEST_CHECK(r.errors.find("out of time") != std::string::npos);
}

}  // namespace

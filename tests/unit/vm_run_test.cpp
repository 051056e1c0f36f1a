// tests/unit/vm_run_test.cpp — small modules, assembled, proven and run, plainly and with a collection at every allocation.
// Room: tests/unit. In: assembly text. Out: doctest verdict over what they print and how they end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include "tests/unit/run_module.h"

namespace {

using namespace stark;
using test::Run;

const char* const kTypes = R"(.skbc 1
.entry f0
.file "t.stark"
.type t0 ()
.type t1 i32
.type t2 usize
.type t3 bool
.type t4 str
.type t5 Vec t4
.type t6 ref t5 mut
.type t7 ref t5
.type t8 struct "Noisy" drop f1 regions 0 { "name" t4 }
.type t9 ref t8 mut
.type t10 Vec t8
.type t11 ref t10 mut
.type t12 enum "Option" drop - regions 0 { "None" { } "Some" { "0" t4 } }
.type t13 array t1 3
.type t14 ref t12
.type t15 ref t4 mut
.type t16 ref t13
.type t17 Tensor f32 [ 2 2 ]
.type t18 ref t17
.type t19 f32
.type t20 struct "Two" drop - regions 0 { "first" t8 "second" t8 }
.type t21 ref t4
.type t22 u32
.signature s0 ( ) t0 regions 0
.signature s1 ( t9<1> ) t0 regions 1
.signature s2 ( t1 ) t1 regions 0
.signature s3 ( ) t1 regions 0
.constant c0 () 0x0
.constant c1 i32 0x1
.constant c2 str "one"
.constant c3 str "two"
.constant c4 usize 0x0
.constant c5 str "{0}-{0}"
.constant c6 str "drop {0}"
.constant c7 i32 0x7fffffff
.constant c8 usize 0xa
.constant c9 i32 0x0
.constant c10 usize 0x1
.constant c11 f32 0x40000000
.constant c12 str "{0}"
.constant c13 str "{0} {1:?} {2}"
.constant c14 bool 0x1
)";

Run run(const std::string& functions, bool stress) { return test::run_module(kTypes + functions, stress); }

// The function that every type table above names as a destructor.
const char* const kNoisyDrop = R"(.function f1 "Noisy::drop" s1 regions 1 file 0
  .reg r0 t9<1> param
  .reg r1 t4
  .reg r2 t0
  .reg r3 t4
  .place p4 r0 * .0
  b0
    set r3 p4
    format r1 c6 ( r3 )
    call.native r2 println ( r1 )
    return c0
)";

// `main` is f0, the destructor f1; `more` begins with f2.
void check(const std::string& main, const std::string& out, int status = 0, const std::string& errors = "", const std::string& more = "") {
  test::check_module(kTypes + main + kNoisyDrop + more, out, status, errors);
}

}  // namespace

DOCTEST_TEST_CASE("a vector of texts keeps them while everything moves") {
  check(R"(.function f0 "main" s0 regions 2 file 0
  .reg r0 t5 mut
  .reg r1 t6<1>
  .reg r2 t0 mut
  .reg r3 t4 mut
  .reg r4 t6<2>
  .reg r5 t7<1>
  .place p6 r0 [0]
  .loan l0 mut r0
  .loan l1 mut r0
  .loan l2 shared r0
  b0
    call.native r0 Vec::new ( )
    borrow r1 l0
    format r3 c5 ( c2 )
    call.native r2 Vec::push ( move:r1 r3 )
    borrow r4 l1
    format r3 c5 ( r3 )
    call.native r2 Vec::push ( move:r4 r3 )
    set r3 p6
    call.native r2 println ( r3 )
    borrow r5 l2
    format r3 c12 ( r5 )
    call.native r2 println ( r3 )
    return c0
)",
        "one-one\n[\"one-one\", \"one-one-one-one\"]\n");
}

DOCTEST_TEST_CASE("an index out of range panics with its place in the source") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t13
  .reg r1 t2
  .reg r2 t1
  .place p3 r0 [r1]
  b0
    make r0 ( c1 c1 c1 ) @11:5
    set r1 c8 @12:1
    set r2 p3 @12:9
    return c0
)",
        "", 101, "panicked at t.stark:12:9: index 10 is out of range for length 3\n  at main (t.stark:12:9)\n");
}

DOCTEST_TEST_CASE("arithmetic that overflows panics; what was printed is kept") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t0
  .reg r1 t1
  .reg r2 t1
  b0
    call.native r0 println ( c2 ) @1:1
    set r2 c7
    call r1 f2 ( r2 ) @2:3
    return c0
)",
        "one\n", 101, "panicked at t.stark:7:5: attempt to add with overflow\n  at next (t.stark:7:5)\n  at main (t.stark:2:3)\n",
        R"(.function f2 "next" s2 regions 0 file 0
  .reg r0 t1 param
  .reg r1 t1
  b0
    add r1 r0 c1 @7:5
    return r1
)");
}

DOCTEST_TEST_CASE("recursion without an end is a panic, not a crash") {
  const Run r = run(std::string(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t1
  b0
    call r0 f2 ( c1 )
    return c0
)") + kNoisyDrop + R"(.function f2 "down" s2 regions 0 file 0
  .reg r0 t1 param
  .reg r1 t1
  b0
    call r1 f2 ( r0 )
    return r1
)",
                    false);
  DOCTEST_CHECK(r.status == 101);
  DOCTEST_CHECK(r.errors.find("stack overflow") != std::string::npos);
  DOCTEST_CHECK(r.errors.find("more") != std::string::npos);
}

DOCTEST_TEST_CASE("destructors run in order: fields as declared, elements front to back") {
  check(R"(.function f0 "main" s0 regions 1 file 0
  .reg r0 t8
  .reg r1 t8
  .reg r2 t20
  .reg r3 t10 mut
  .reg r4 t11<1>
  .reg r5 t8
  .reg r6 t0
  .loan l0 mut r3
  b0
    make r0 ( c2 )
    make r1 ( c3 )
    make r2 ( move:r0 move:r1 )
    call.native r3 Vec::new ( )
    make r5 ( c5 )
    borrow r4 l0
    call.native r6 Vec::push ( move:r4 move:r5 )
    drop r3
    drop r2
    return c0
)",
        "drop {0}-{0}\ndrop one\ndrop two\n");
}

DOCTEST_TEST_CASE("a flag drops what is there and leaves what was moved") {
  const auto program = [](const char* condition) {
    return std::string(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t3
  .reg r1 t8 dropflag
  .reg r2 t8
  b0
    set r0 )") + condition + R"(
    make r1 ( c2 )
    branch r0 b1 b2
  b1
    set r2 move:r1
    drop r2
    jump b3
  b2
    jump b3
  b3 : whole 0+1 maybe 1 partly regions
    drop.flag r1
    return c0
)";
  };
  check(program("c14"), "drop one\n");
}

DOCTEST_TEST_CASE("options: popping gives Some, then None") {
  check(R"(.function f0 "main" s0 regions 4 file 0
  .reg r0 t5 mut
  .reg r1 t6<1>
  .reg r2 t0 mut
  .reg r3 t6<2>
  .reg r4 t12
  .reg r5 t6<3>
  .reg r6 t12
  .reg r7 t14<4>
  .reg r8 t4
  .reg r9 t4 mut
  .place p10 r4 #1 .0
  .loan l0 mut r0
  .loan l1 mut r0
  .loan l2 mut r0
  .loan l3 shared r6
  b0
    call.native r0 Vec::new ( )
    borrow r1 l0
    format r9 c5 ( c3 )
    call.native r2 Vec::push ( move:r1 r9 )
    borrow r3 l1
    call.native r4 Vec::pop ( move:r3 )
    borrow r5 l2
    call.native r6 Vec::pop ( move:r5 )
    borrow r7 l3
    set r8 p10
    format r9 c13 ( r7 r8 c1 )
    call.native r2 println ( r9 )
    return c0
)",
        "None \"two-two\" 1\n");
}

DOCTEST_TEST_CASE("looking at the wrong variant panics") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t12
  .reg r1 t4
  .place p2 r0 #1 .0
  b0
    make.variant r0 #0 ( )
    set r1 p2 @3:4
    return c0
)",
        "", 101, "panicked at t.stark:3:4: variant 0 is looked at as variant 1\n  at main (t.stark:3:4)\n");
}

DOCTEST_TEST_CASE("tensors are filled, added and printed") {
  check(R"(.graph g0
  borrowed f32 [ 2 2 ]
  borrowed f32 [ 2 2 ]
  value f32 [ 2 2 ]
  node add %0 %1
  output %2
.function f0 "main" s0 regions 2 file 0
  .reg r0 t17
  .reg r1 t18<1>
  .reg r2 t17
  .reg r3 t18<2>
  .reg r4 t4
  .reg r5 t0
  .loan l0 shared r0
  .loan l1 shared r2
  b0
    tensor.fill r0 c11 ( )
    borrow r1 l0
    tensor g0 ( r2 ) ( r1 r1 )
    borrow r3 l1
    format r4 c12 ( r3 )
    call.native r5 println ( r4 )
    end r3
    end r1
    drop r2
    drop r0
    return c0
)",
        "[[4. 4.]\n [4. 4.]]\n");
}

DOCTEST_TEST_CASE("main's number is the exit status, and must fit one") {
  check(R"(.function f0 "main" s3 regions 0 file 0
  b0
    return c1
)",
        "", 1);
  check(R"(.function f0 "main" s3 regions 0 file 0
  b0
    return c7
)",
        "", 101, "panicked: `main` returned 2147483647: an exit status is between 0 and 255\n");
}

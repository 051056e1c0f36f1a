// tests/unit/vm_objects_test.cpp — boxes, trait objects and function values, run plainly and with a collection at every allocation.
// Room: tests/unit. In: assembly text. Out: doctest verdict over what they print and how they end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include "tests/unit/run_module.h"

namespace {

using stark::test::check_module;

// A noisy value tells when it is dropped; a node is a link of a list; a Shape is drawn and consumed; a Job adds.
const std::string kTypes = R"(.skbc 1
.entry f0
.file "t.stark"
.type t0 ()
.type t1 i32
.type t2 bool
.type t3 str
.type t4 struct "Noisy" drop f1 regions 0 { "name" t3 }
.type t5 ref t4 mut
.type t6 ref t4
.type t7 Box t4
.type t8 struct "Node" drop - regions 0 { "value" t1 "noisy" t4 "next" t10 }
.type t9 Box t8
.type t10 enum "Option" drop - regions 0 { "None" { } "Some" { "0" t9 } }
.type t11 dyn "Shape" flags 0 { "draw" s4 "take" s5 }
.type t12 ref t11
.type t13 Box t11
.type t14 struct "Square" drop - regions 0 { "side" t1 }
.type t15 ref t14
.type t16 Box t14
.type t17 Vec t13
.type t18 ref t17 mut
.type t19 ref t17
.type t20 usize
.type t21 dyn "Job" flags 0 { "call" s6 }
.type t22 ref t21
.type t23 fn t21
.type t24 struct "Adds" drop - regions 0 { "text" t3 "by" t1 }
.type t25 ref t24
.type t26 ref t10
.type t27 ref t9
.type t28 u32
.type t29 struct "Link" drop - regions 0 { "next" t31 }
.type t30 Box t29
.type t31 enum "Option" drop - regions 0 { "None" { } "Some" { "0" t30 } }
.type t32 ref t29
.type t33 struct "Holds" drop - regions 0 { "a" t4 "b" t4 }
.type t34 Box t33
.type t35 ref t23
.signature s0 ( ) t0 regions 0
.signature s1 ( t5<1> ) t0 regions 1
.signature s2 ( t6<1> ) t1 regions 1
.signature s3 ( t7 ) t1 regions 0
.signature s4 ( t12<1 2> ) t1 regions 2
.signature s5 ( t13<1> ) t1 regions 1
.signature s6 ( t22<1 2> t1 ) t1 regions 2
.signature s7 ( t15<1> ) t1 regions 1
.signature s8 ( t16 ) t1 regions 0
.signature s9 ( t25<1> t1 ) t1 regions 1
.signature s10 ( t1 ) t23<0> regions 0
.constant c0 () 0x0
.constant c1 i32 0x1
.constant c2 i32 0x2
.constant c3 str "one"
.constant c4 str "two"
.constant c5 str "{0}"
.constant c6 str "drop {0}"
.constant c7 str "{0}-{0}"
.constant c8 i32 0xf4240
.constant c9 i32 0x0
.constant c10 str "call {0} {1}"
.constant c11 usize 0x0
.constant c12 str "draw {0}"
.constant c13 str "look at {0}"
)";

const std::string kFunctions = R"(.function f1 "Noisy::drop" s1 regions 1 file 0
  .reg r0 t5<1> param
  .reg r1 t3
  .reg r2 t0
  .reg r3 t3
  .place p4 r0 * .0
  b0
    set r3 p4
    format r1 c6 ( r3 )
    call.native r2 println ( r1 )
    return c0
.function f2 "Noisy::draw" s2 regions 0 file 0
  .reg r0 t6<1> param
  .reg r1 t3 mut
  .reg r2 t0
  .place p3 r0 * .0
  b0
    set r1 p3
    format r1 c12 ( r1 )
    call.native r2 println ( r1 )
    return c1
.function f3 "Noisy::take" s3 regions 0 file 0
  .reg r0 t7 param
  b0
    drop r0
    return c2
.function f4 "Square::draw" s7 regions 0 file 0
  .reg r0 t15<1> param
  .reg r1 t1
  .reg r2 t3
  .reg r3 t0
  .place p4 r0 * .0
  b0
    set r1 p4
    format r2 c12 ( r1 )
    call.native r3 println ( r2 )
    return r1
.function f5 "Square::take" s8 regions 0 file 0
  .reg r0 t16 param
  .reg r1 t1
  .place p2 r0 * .0
  b0
    set r1 p2
    return r1
.function f6 "Adds::call" s9 regions 0 file 0
  .reg r0 t25<1> param
  .reg r1 t1 param
  .reg r2 t1 mut
  .reg r3 t3 mut
  .reg r4 t0
  .place p5 r0 * .1
  .place p6 r0 * .0
  b0
    set r2 p5
    add r2 r2 r1
    set r3 p6
    format r3 c10 ( r3 r2 )
    call.native r4 println ( r3 )
    return r2
.vtable y0 t4 t11 ( f2 f3 )
.vtable y1 t14 t11 ( f4 f5 )
.vtable y2 t24 t21 ( f6 )
)";

void check(const std::string& main, const std::string& out, int status = 0, const std::string& errors = "", const std::string& more = "") {
  check_module(kTypes + main + kFunctions + more, out, status, errors);
}

}  // namespace

DOCTEST_TEST_CASE("a box holds its value while everything moves, and drops it") {
  check(R"(.function f0 "main" s0 regions 1 file 0
  .reg r0 t3 mut
  .reg r1 t4
  .reg r2 t7
  .reg r3 t0 mut
  .reg r4 t6<1>
  .place p5 r2 * .0
  .place p6 r2 *
  .loan l0 shared p6
  b0
    format r0 c7 ( c3 )
    make r1 ( r0 )
    box r2 move:r1
    format r0 c7 ( r0 )
    set r0 p5
    call.native r3 println ( r0 )
    borrow r4 l0
    format r0 c5 ( r4 )
    call.native r3 println ( r0 )
    end r4
    drop r2
    call.native r3 println ( c4 )
    return c0
)",
        "one-one\nNoisy { name: \"one-one\" }\ndrop one-one\ntwo\n");
}

DOCTEST_TEST_CASE("a value moves out of its box in parts; what is left is dropped") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t4
  .reg r1 t4
  .reg r2 t33
  .reg r3 t34
  .reg r4 t4
  .reg r5 t0 mut
  .place p6 r3 * .0
  .place p7 r3 * .1
  b0
    make r0 ( c3 )
    make r1 ( c4 )
    make r2 ( move:r0 move:r1 )
    box r3 move:r2
    set r4 move:p6
    call.native r5 println ( c3 )
    drop p7
    end r3
    drop r4
    return c0
)",
        "one\ndrop two\ndrop one\n");
}

DOCTEST_TEST_CASE("a panic drops what is left in a box that was moved out of in parts") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t4
  .reg r1 t4
  .reg r2 t33
  .reg r3 t34
  .reg r4 t4
  .place p5 r3 * .0
  b0
    make r0 ( c3 )
    make r1 ( c4 )
    make r2 ( move:r0 move:r1 )
    box r3 move:r2
    set r4 move:p5
    panic c5
)",
        "drop one\ndrop two\n", 101, "panicked: {0}\n  at main (?)\n");
}

DOCTEST_TEST_CASE("a list prints by its content and is dropped from its head on") {
  check(R"(.function f0 "main" s0 regions 1 file 0
  .reg r0 t4
  .reg r1 t10
  .reg r2 t8
  .reg r3 t9
  .reg r4 t4
  .reg r5 t10
  .reg r6 t8
  .reg r7 t9
  .reg r8 t27<1>
  .reg r9 t3
  .reg r10 t0
  .loan l0 shared r7
  b0
    make r0 ( c3 )
    make.variant r1 #0 ( )
    make r2 ( c2 move:r0 move:r1 )
    box r3 move:r2
    make r4 ( c4 )
    make.variant r5 #1 ( move:r3 )
    make r6 ( c1 move:r4 move:r5 )
    box r7 move:r6
    borrow r8 l0
    format r9 c5 ( r8 )
    call.native r10 println ( r9 )
    end r8
    drop r7
    return c0
)",
        "Node { value: 1, noisy: Noisy { name: \"two\" }, next: Some(Node { value: 2, noisy: Noisy { name: \"one\" }, next: None }) }\n"
        "drop two\ndrop one\n");
}

DOCTEST_TEST_CASE("trait objects are called by their vtables, by reference and by value, and dropped as what they are") {
  check(R"(.function f0 "main" s0 regions 6 file 0
  .reg r0 t4 mut
  .reg r1 t7 mut
  .reg r2 t13<1> mut
  .reg r3 t14
  .reg r4 t16
  .reg r5 t17<1> mut
  .reg r6 t18<2 1> mut
  .reg r7 t0 mut
  .reg r8 t12<3 4> mut
  .reg r9 t1 mut
  .reg r10 t3 mut
  .place p11 r5 [0] *
  .place p12 r5 [1] *
  .place p13 r2 *
  .loan l0 mut r5
  .loan l1 mut r5
  .loan l2 shared p11
  .loan l3 shared p12
  .loan l4 shared p13
  b0
    call.native r5 Vec::new ( )
    format r10 c7 ( c3 )
    make r0 ( r10 )
    box r1 move:r0
    dyn r2 move:r1 y0
    borrow r6 l0
    call.native r7 Vec::push ( move:r6 move:r2 )
    make r3 ( c2 )
    box r4 move:r3
    dyn r2 move:r4 y1
    borrow r6 l1
    call.native r7 Vec::push ( move:r6 move:r2 )
    borrow r8 l2
    call.dyn r9 0 ( last:r8 )
    borrow r8 l3
    call.dyn r9 0 ( last:r8 )
    make r0 ( c4 )
    box r1 move:r0
    dyn r2 move:r1 y0
    borrow r8 l4
    format r10 c5 ( last:r8 )
    call.native r7 println ( r10 )
    call.dyn r9 1 ( move:r2 )
    format r10 c5 ( r9 )
    call.native r7 println ( r10 )
    drop r5
    return c0
)",
        "draw one-one\ndraw 2\nNoisy { name: \"two\" }\ndrop two\n2\ndrop one-one\n");
}

DOCTEST_TEST_CASE("a reference becomes one to a trait object without a box") {
  check(R"(.function f0 "main" s0 regions 3 file 0
  .reg r0 t14
  .reg r1 t15<1>
  .reg r2 t12<2 3>
  .reg r3 t1
  .loan l0 shared r0
  b0
    make r0 ( c2 )
    borrow r1 l0
    dyn r2 last:r1 y1
    call.dyn r3 0 ( last:r2 )
    return c0
)",
        "draw 2\n");
}

DOCTEST_TEST_CASE("a function value outlives its maker, is copied, and keeps its environment") {
  check(R"(.function f0 "main" s0 regions 2 file 0
  .reg r0 t23<1> mut
  .reg r1 t23<2>
  .reg r2 t1 mut
  .reg r3 t3
  b0
    call r0 f7 ( c2 )
    set r1 r0
    format r3 c7 ( c3 )
    call.dyn r2 0 ( r0 c1 )
    call.dyn r2 0 ( r1 r2 )
    return c0
)",
        "call two-two 3\ncall two-two 5\n", 0, "", R"(.function f7 "make" s10 regions 1 file 0
  .reg r0 t1 param
  .reg r1 t3
  .reg r2 t24
  .reg r3 t23<1>
  b0
    format r1 c7 ( c4 )
    make r2 ( r1 r0 )
    fn r3 move:r2 y2
    return r3
)");
}

DOCTEST_TEST_CASE("a list of a million links is dropped without a deep stack, and printed as far as the stack allows") {
  const std::string build = R"(.function f0 "main" s0 regions 1 file 0
  .reg r0 t31 mut
  .reg r1 t29 mut
  .reg r2 t30 mut
  .reg r3 t1 mut
  .reg r4 t2
  .reg r5 t32<1>
  .reg r6 t3
  .place p7 r2 *
  .loan l0 shared p7
  b0
    make.variant r0 #0 ( )
    set r3 c9
    jump b1
  b1 : whole 0+1 3+1 maybe partly regions
    make r1 ( move:r0 )
    box r2 move:r1
    add r3 r3 c1
    lt r4 r3 c8
    branch r4 b2 b3
  b2
    make.variant r0 #1 ( move:r2 )
    jump b1
  b3
)";
  const std::string print = R"(    borrow r5 l0
    format r6 c5 ( last:r5 )
)";
  const auto with_print = stark::test::run_module(kTypes + build + print + "    end r2\n    return c0\n" + kFunctions, false);
  DOCTEST_CHECK(with_print.status == 0);
}

DOCTEST_TEST_CASE("a list of many noisy links is dropped link by link") {
  std::string expected;
  for (int i = 0; i < 300; ++i) expected += "drop one\n";
  const std::string main = R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t10 mut
  .reg r1 t8 mut
  .reg r2 t9 mut
  .reg r3 t1 mut
  .reg r4 t2
  .reg r5 t4 mut
  b0
    make.variant r0 #0 ( )
    set r3 c9
    jump b1
  b1 : whole 0+1 3+1 maybe partly regions
    make r5 ( c3 )
    make r1 ( r3 move:r5 move:r0 )
    box r2 move:r1
    add r3 r3 c1
    lt r4 r3 c14
    branch r4 b2 b3
  b2
    make.variant r0 #1 ( move:r2 )
    jump b1
  b3
    drop r2
    return c0
)";
  check_module(kTypes + ".constant c14 i32 0x12c\n" + main + kFunctions, expected);
}

DOCTEST_TEST_CASE("a panic drops a borrower before its owner, whichever register is older") {
  check_module(kTypes + R"(.type t36 struct "Looks" drop f7 regions 1 { "at" t6<1> }
.type t37 ref t36 mut
.signature s11 ( t37<1 2> ) t0 regions 2
.function f0 "main" s0 regions 3 file 0
  .reg r0 t36<1>
  .reg r1 t4
  .reg r2 t6<2>
  .loan l0 shared r1
  b0
    make r1 ( c3 )
    borrow r2 l0
    make r0 ( last:r2 )
    panic c4 @9:3
)" + kFunctions + R"(.function f7 "Looks::drop" s11 regions 0 file 0
  .reg r0 t37<1 2> param
  .reg r1 t3 mut
  .reg r2 t0
  .place p3 r0 * .0 * .0
  b0
    set r1 p3
    format r1 c13 ( r1 )
    call.native r2 println ( r1 )
    return c0
)",
               "look at one\ndrop one\n", 101, "panicked at t.stark:9:3: two\n  at main (t.stark:9:3)\n");
}

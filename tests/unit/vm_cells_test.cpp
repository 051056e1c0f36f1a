// tests/unit/vm_cells_test.cpp — Cell, RefCell, Gc and Weak, run plainly and with a collection at every allocation.
// Room: tests/unit. In: assembly text. Out: doctest verdict over what they print and how they end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include "tests/unit/run_module.h"

namespace {

// A noisy value tells when it is dropped. A ring is a node whose cell may hold the node itself.
const std::string kTypes = R"(.skbc 1
.entry f0
.file "t.stark"
.type t0 ()
.type t1 i32
.type t2 bool
.type t3 str
.type t4 struct "Noisy" drop f1 regions 0 { "name" t3 }
.type t5 ref t4 mut
.type t6 Cell t3
.type t7 ref t6
.type t8 RefCell t4
.type t9 ref t8
.type t10 guard t4
.type t11 guard t4 mut
.type t12 ref t10
.type t13 isize
.type t14 Gc t4
.type t15 ref t14
.type t16 Weak t4
.type t17 ref t16
.type t18 enum "Option" drop - regions 0 { "None" { } "Some" { "0" t14 } }
.type t19 ref t18
.type t20 struct "Ring" drop - regions 0 { "name" t3 "next" t23 }
.type t21 Gc t20
.type t22 enum "Option" drop - regions 0 { "None" { } "Some" { "0" t21 } }
.type t23 RefCell t22
.type t24 ref t23
.type t25 guard t22 mut
.type t26 ref t21
.type t27 Tensor f32 [ 2 ]
.type t28 Gc t27
.type t29 f32
.signature s0 ( ) t0 regions 0
.signature s1 ( t5<1> ) t0 regions 1
.signature s2 ( t3 ) t16 regions 0
.signature s3 ( ) t0 regions 0
.constant c0 () 0x0
.constant c1 str "one"
.constant c2 str "two"
.constant c3 str "{0}"
.constant c4 str "{0}{0}"
.constant c5 str "drop {0}"
.constant c6 f32 0x3f800000
)";

const std::string kDrop = R"(.function f1 "Noisy::drop" s1 regions 1 file 0
  .reg r0 t5<1> param
  .reg r1 t3
  .reg r2 t0
  .reg r3 t3
  .place p4 r0 * .0
  b0
    set r3 p4
    format r1 c5 ( r3 )
    call.native r2 println ( r1 )
    return c0
)";

void check(const std::string& main, const std::string& out, int status = 0, const std::string& errors = "", const std::string& more = "") {
  stark::test::check_module(kTypes + main + kDrop + more, out, status, errors);
}

}  // namespace

DOCTEST_TEST_CASE("a cell gives what was last put in, through any reference") {
  check(R"(.function f0 "main" s0 regions 2 file 0
  .reg r0 t6
  .reg r1 t7<1>
  .reg r2 t7<2>
  .reg r3 t3 mut
  .reg r4 t0 mut
  .loan l0 shared r0
  .loan l1 shared r0
  b0
    call.native r0 Cell::new ( c1 )
    borrow r1 l0
    borrow r2 l1
    format r3 c4 ( c2 )
    call.native r3 Cell::replace ( r1 r3 )
    call.native r4 println ( r3 )
    call.native r3 Cell::get ( r2 )
    call.native r4 println ( r3 )
    format r3 c3 ( r2 )
    call.native r4 println ( r3 )
    return c0
)",
        "one\ntwotwo\nCell { value: \"twotwo\" }\n");
}

const std::string kCounted = R"(.function f0 "main" s0 regions 6 file 0
  .reg r0 t4 mut
  .reg r1 t8
  .reg r2 t9<1>
  .reg r3 t10<2>
  .reg r4 t10<3>
  .reg r5 t11<4> mut
  .reg r6 t13 mut
  .reg r7 t3 mut
  .reg r8 t0 mut
  .reg r9 t12<5 2>
  .place p10 r5 *
  .place p11 r5 * .0
  .loan l0 shared r1
  .loan l1 shared r3
  b0
    format r7 c4 ( c1 )
    make r0 ( r7 )
    call.native r1 RefCell::new ( move:r0 )
    borrow r2 l0
    call.native r3 RefCell::borrow ( r2 )
    call.native r4 RefCell::borrow ( r2 )
    call.native r6 RefCell::borrows ( r2 )
    format r7 c3 ( r6 )
    call.native r8 println ( r7 )
    borrow r9 l1
    format r7 c3 ( last:r9 )
    call.native r8 println ( r7 )
)";

DOCTEST_TEST_CASE("a RefCell counts its readers, then lets one writer in; guards release it") {
  check(kCounted + R"(    drop r4
    drop r3
    call.native r5 RefCell::borrow_mut ( r2 )
    format r7 c3 ( r2 )
    call.native r8 println ( r7 )
    make r0 ( c2 )
    replace p10 move:r0
    format r7 c4 ( c2 )
    set p11 r7
    drop r5
    format r7 c3 ( r2 )
    call.native r8 println ( r7 )
    end r2
    drop r1
    return c0
)",
        "2\nNoisy { name: \"oneone\" }\nRefCell { value: <borrowed> }\ndrop oneone\n"
        "RefCell { value: Noisy { name: \"twotwo\" } }\ndrop twotwo\n");
}

DOCTEST_TEST_CASE("a writer is not let in while there are readers") {
  const auto run = stark::test::run_module(kTypes + kCounted + R"(    call.native r5 RefCell::borrow_mut ( r2 ) @4:7
    drop r5
    drop r4
    drop r3
    end r2
    drop r1
    return c0
)" + kDrop, false);
  DOCTEST_CHECK(run.status == 101);
  DOCTEST_CHECK(run.errors.find("panicked at t.stark:4:7: the RefCell is already borrowed") == 0);
}

// Makes a shared value and gives a weak word to it; the handle is gone when it returns.
const std::string kMake = R"(.function f2 "make" s2 regions 1 file 0
  .reg r0 t3 param
  .reg r1 t4
  .reg r2 t14
  .reg r3 t15<1>
  .reg r4 t16
  .loan l0 shared r2
  b0
    make r1 ( r0 )
    call.native r2 Gc::new ( move:r1 )
    borrow r3 l0
    call.native r4 Gc::downgrade ( last:r3 )
    return move:r4
)";

DOCTEST_TEST_CASE("what nothing reaches is dropped when the collector has found it, and weak words to it are empty") {
  check(R"(.function f0 "main" s0 regions 3 file 0
  .reg r0 t16
  .reg r1 t17<1>
  .reg r2 t18 mut
  .reg r3 t19<2>
  .reg r4 t3 mut
  .reg r5 t0 mut
  .loan l0 shared r0
  .loan l1 shared r2
  .loan l2 shared r2
  b0
    call r0 f2 ( c1 )
    call.native r5 println ( c2 )
    call r5 f3 ( )
    call.native r5 gc::collect ( )
    borrow r1 l0
    call.native r2 Weak::upgrade ( last:r1 )
    borrow r3 l1
    format r4 c3 ( last:r3 )
    call.native r5 println ( r4 )
    return c0
)",
        "two\ndrop one\nNone\n", 0, "", kMake + R"(.function f3 "clear" s3 regions 0 file 0
  .reg r0 t3
  .reg r1 t3
  .reg r2 t3
  .reg r3 t3
  .reg r4 t3
  .reg r5 t3
  .reg r6 t3
  .reg r7 t3
  b0
    return c0
)");
}

DOCTEST_TEST_CASE("a weak word gives its object as long as a handle lives") {
  check(R"(.function f0 "main" s0 regions 6 file 0
  .reg r0 t4
  .reg r1 t14
  .reg r2 t15<1>
  .reg r3 t16
  .reg r4 t16
  .reg r5 t17<2>
  .reg r6 t17<3>
  .reg r7 t18
  .reg r8 t19<4>
  .reg r9 t3 mut
  .reg r10 t0 mut
  .reg r11 t2
  .reg r12 t17<5>
  .loan l0 shared r1
  .loan l1 shared r3
  .loan l2 shared r4
  .loan l3 shared r7
  .loan l4 shared r4
  b0
    make r0 ( c1 )
    call.native r1 Gc::new ( move:r0 )
    borrow r2 l0
    call.native r3 Gc::downgrade ( r2 )
    call.native r4 Weak::new ( )
    borrow r5 l1
    borrow r6 l2
    call.native r10 Weak::set ( last:r6 last:r5 )
    call.native r10 gc::collect ( )
    borrow r12 l4
    call.native r7 Weak::upgrade ( last:r12 )
    borrow r8 l3
    format r9 c3 ( last:r8 )
    call.native r10 println ( r9 )
    call.native r11 Gc::ptr_eq ( r2 r2 )
    format r9 c3 ( r11 )
    call.native r10 println ( r9 )
    return c0
)",
        "Some(Noisy { name: \"one\" })\ntrue\n");
}

const std::string kUnique = R"(.function f0 "main" s0 regions 3 file 0
  .reg r0 t4
  .reg r1 t14
  .reg r2 t15<1>
  .reg r3 t14
  .reg r4 t2
  .reg r5 t3
  .reg r6 t0 mut
  .reg r7 t4
  .reg r8 t15<2>
  .loan l0 shared r1
  .loan l1 shared r1
  b0
    make r0 ( c1 )
    call.native r1 Gc::new ( move:r0 )
)";
const std::string kTaken = R"(    borrow r8 l1
    call.native r4 Gc::is_unique ( last:r8 )
    format r5 c3 ( r4 )
    call.native r6 println ( r5 )
    call.native r7 Gc::into_inner ( move:r1 )
    call.native r6 gc::collect ( )
    call.native r6 println ( c2 )
    drop r7
    return c0
)";

DOCTEST_TEST_CASE("the only handle gives its value back, which is dropped once") {
  check(kUnique + kTaken, "true\ntwo\ndrop one\n");
}

DOCTEST_TEST_CASE("a value that is shared is not given back") {
  check(kUnique + "    borrow r2 l0\n    call.native r3 Gc::clone ( last:r2 )\n" + kTaken, "false\n", 101,
        "panicked: the value of this Gc is shared\n  at main (?)\n");
}

DOCTEST_TEST_CASE("objects that hold each other in a ring are printed once, and go with their ring") {
  check(R"(.function f0 "main" s0 regions 5 file 0
  .reg r0 t22 mut
  .reg r1 t23
  .reg r2 t20
  .reg r3 t21
  .reg r4 t26<1>
  .reg r5 t24<2>
  .reg r6 t25<3> mut
  .reg r7 t21
  .reg r8 t3
  .reg r9 t0 mut
  .place p10 r3 * .1
  .place p11 r6 *
  .loan l0 shared r3
  .loan l1 shared p10
  b0
    make.variant r0 #0 ( )
    call.native r1 RefCell::new ( move:r0 )
    make r2 ( c1 move:r1 )
    call.native r3 Gc::new ( move:r2 )
    borrow r4 l0
    call.native r7 Gc::clone ( r4 )
    borrow r5 l1
    call.native r6 RefCell::borrow_mut ( last:r5 )
    make.variant r0 #1 ( move:r7 )
    set p11 move:r0
    drop r6
    format r8 c3 ( r4 )
    call.native r9 println ( r8 )
    call.native r9 gc::collect ( )
    return c0
)",
        "Ring { name: \"one\", next: RefCell { value: Some(…) } }\n");
}

DOCTEST_TEST_CASE("a shared tensor is given back when its last handle is gone") {
  check(R"(.function f0 "main" s0 regions 0 file 0
  .reg r0 t0 mut
  b0
    call r0 f2 ( )
    call r0 f3 ( )
    call.native r0 gc::collect ( )
    return c0
)",
        "", 0, "", R"(.function f2 "make" s3 regions 0 file 0
  .reg r0 t27
  .reg r1 t28
  b0
    tensor.fill r0 c6 ( )
    call.native r1 Gc::new ( move:r0 )
    return c0
.function f3 "nothing" s3 regions 0 file 0
  .reg r0 t3
  .reg r1 t3
  b0
    return c0
)");
}

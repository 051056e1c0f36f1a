// tests/unit/vm_natives_test.cpp — natives of mem, Vec and slices, run plainly and with a collection at every allocation.
// Room: tests/unit. In: assembly text. Out: doctest verdict over what they print and how they end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include <fmt/format.h>

#include "tests/unit/run_module.h"

namespace {

using stark::test::check_module;

const std::string kTypes = R"(.skbc 1
.entry f0
.file "t.stark"
.type t0 ()
.type t1 i32
.type t2 usize
.type t3 str
.type t4 Vec t3
.type t5 ref t4 mut
.type t6 ref t4
.type t7 slice t3
.type t8 ref t7
.type t9 ref t7 mut
.type t10 ref t3
.type t11 Tensor f32 [ 2 ]
.type t12 ref t11 mut
.type t13 f32
.type t14 Vec t11
.type t15 ref t14 mut
.type t16 ref t1 mut
.type t17 Box t7
.signature s0 ( ) t0 regions 0
.constant c0 () 0x0
.constant c1 str "a"
.constant c2 str "b"
.constant c3 str "c"
.constant c4 str "d"
.constant c5 str "{0}"
.constant c6 usize 0x0
.constant c7 usize 0x1
.constant c8 usize 0x2
.constant c9 usize 0x3
.constant c10 usize 0x9
.constant c11 str "{0}{0}"
.constant c12 f32 0x3f800000
.constant c13 f32 0x40000000
.constant c14 i32 0x5
.constant c15 i32 0x7
.constant c16 str "{0} {1}"
.constant c17 str "härte"
)";

// Steps over `v`, a Vec of "aa" "bb" "cc" whose texts are of the heap. Each borrow is mutable, or shared where it says so.
class Script {
 public:
  Script() {
    for (const char* text : {"c1", "c2", "c3"}) {
      line("format r1 c11 ( {} )", text);
      line("call.native r2 Vec::push ( move:{} r1 )", borrow("r0", "mut"));
    }
  }
  template <class... A>
  Script& line(fmt::format_string<A...> form, A&&... arguments) {
    code_ += "    " + fmt::format(form, std::forward<A>(arguments)...) + "\n";
    return *this;
  }
  // A register that borrows `place` from here on.
  std::string borrow(const std::string& place, const std::string& kind, const std::string& type = "") {
    const bool is_mut = kind == "mut";
    const std::string of = !type.empty() ? type : is_mut ? "t5" : "t6";
    loans_ += fmt::format("  .loan l{} {} {}\n", count_, kind, place);
    const std::string reg = add(fmt::format("{}<{}>", of, ++regions_));
    line("borrow {} l{}", reg, count_++);
    return reg;
  }
  std::string add(const std::string& type) {
    registers_ += fmt::format("  .reg r{} {} mut\n", next_, type);
    return fmt::format("r{}", next_++);
  }
  std::string region() { return std::to_string(++regions_); }
  Script& show(const std::string& operand) {
    line("format r1 c5 ( {} )", operand);
    return line("call.native r2 println ( r1 )");
  }
  Script& show_vec(const std::string& vec = "r0") { return show("last:" + borrow(vec, "shared")); }
  std::string text(const std::string& end) const {
    return kTypes + fmt::format(".function f0 \"main\" s0 regions {} file 0\n", regions_) +
           "  .reg r0 t4 mut\n  .reg r1 t3 mut\n  .reg r2 t0 mut\n  .reg r3 t2 mut\n" + registers_ + loans_ + "  b0\n    call.native r0 Vec::new ( )\n" + code_ + end + "    return c0\n";
  }
  void run(const std::string& out, int status = 0, const std::string& errors = "", const std::string& end = "") { check_module(text(end), out, status, errors); }

 private:
  std::string code_, registers_, loans_;
  int next_ = 4, count_ = 0, regions_ = 0;
};

}  // namespace

DOCTEST_TEST_CASE("insert, remove and swap_remove keep the order that they promise") {
  Script s;
  s.line("call.native r2 Vec::insert ( move:{} c7 c4 )", s.borrow("r0", "mut")).show_vec();
  s.line("call.native r1 Vec::remove ( move:{} c6 )", s.borrow("r0", "mut")).show("r1").show_vec();
  s.line("call.native r1 Vec::swap_remove ( move:{} c6 )", s.borrow("r0", "mut")).show("r1").show_vec();
  s.line("call.native r1 Vec::swap_remove ( move:{} c7 )", s.borrow("r0", "mut")).show("r1").show_vec();
  s.run("[\"aa\", \"d\", \"bb\", \"cc\"]\naa\n[\"d\", \"bb\", \"cc\"]\nd\n[\"cc\", \"bb\"]\nbb\n[\"cc\"]\n");
}

DOCTEST_TEST_CASE("split_off and append are inverse; reserve gives room") {
  Script s;
  const std::string rest = s.add("t4");
  s.line("call.native {} Vec::split_off ( move:{} c7 )", rest, s.borrow("r0", "mut")).show_vec().show_vec(rest);
  const std::string into = s.borrow("r0", "mut"), from = s.borrow(rest, "mut");
  s.line("call.native r2 Vec::append ( move:{} move:{} )", into, from).show_vec().show_vec(rest);
  s.line("call.native r2 Vec::reserve ( move:{} c10 )", s.borrow("r0", "mut"));
  s.line("call.native r3 Vec::capacity ( last:{} )", s.borrow("r0", "shared")).show("r3");
  s.run("[\"aa\"]\n[\"bb\", \"cc\"]\n[\"aa\", \"bb\", \"cc\"]\n[]\n12\n");
}

DOCTEST_TEST_CASE("what is not in the vector is a panic that names place and length") {
  const auto panics = [](const std::string& call, const std::string& message) {
    Script s;
    s.line(fmt::runtime(call), s.borrow("r0", "mut"));
    s.run("", 101, "panicked: " + message + "\n  at main (?)\n");
  };
  panics("call.native r1 Vec::remove ( move:{} c9 )", "index 3 is out of range for length 3");
  panics("call.native r1 Vec::swap_remove ( move:{} c9 )", "index 3 is out of range for length 3");
  panics("call.native r2 Vec::insert ( move:{} c10 c1 )", "cannot insert at 9 into a vector of length 3");
}

DOCTEST_TEST_CASE("parts of slices borrow from them, can be written, and are checked") {
  Script s;
  const std::string part = s.add("t8<" + s.region() + ">"), all = s.borrow("r0", "shared", "t8");
  s.line("call.native {} slice::range ( last:{} c7 c9 )", part, all).show("last:" + part);
  const std::string whole = s.borrow("r0", "mut", "t9"), tail = s.add("t9<" + s.region() + ">");
  s.line("call.native {} slice::range_mut ( move:{} c7 c9 )", tail, whole);
  s.line("call.native r2 slice::swap ( move:{} c6 c7 )", tail).show_vec();
  s.run("[\"bb\", \"cc\"]\n[\"aa\", \"cc\", \"bb\"]\n");

  Script beyond;
  const std::string piece = beyond.add("t8<" + beyond.region() + ">"), slice = beyond.borrow("r0", "shared", "t8");
  beyond.line("call.native {} slice::range ( last:{} c7 c10 )", piece, slice);
  beyond.run("", 101, "panicked: range 1..9 is out of range for length 3\n  at main (?)\n");
}

DOCTEST_TEST_CASE("parts of text end between letters") {
  Script s;
  const std::string part = s.add("t10<" + s.region() + ">"), text = s.add("t3");
  s.line("set {} c17", text);
  const std::string all = s.borrow(text, "shared", "t10");
  s.line("call.native {} str::range ( {} c6 c7 )", part, all).show(part);
  s.line("call.native {} str::range ( {} c9 c9 )", part, all).show(part);
  s.line("call.native {} str::range ( {} c6 c8 )", part, all);
  s.run("h\n\n", 101, "panicked: byte 2 is inside a letter\n  at main (?)\n");
}

DOCTEST_TEST_CASE("a vector becomes a boxed slice, is indexed and measured through it, and becomes a vector again") {
  check_module(kTypes + R"(.function f0 "main" s0 regions 2 file 0
  .reg r0 t4 mut
  .reg r1 t5<1>
  .reg r2 t0 mut
  .reg r3 t3 mut
  .reg r4 t17 mut
  .reg r5 t2
  .reg r6 t8<2> mut
  .place p7 r4 * [0]
  .place p8 r4 *
  .loan l0 mut r0
  .loan l1 shared p8
  .loan l2 shared p8
  b0
    call.native r0 Vec::new ( )
    call.native r4 Vec::into_boxed_slice ( move:r0 )
    borrow r6 l2
    format r3 c5 ( last:r6 )
    call.native r2 println ( r3 )
    call.native r0 Vec::new ( )
    borrow r1 l0
    format r3 c11 ( c1 )
    call.native r2 Vec::push ( move:r1 r3 )
    call.native r4 Vec::into_boxed_slice ( move:r0 )
    format r3 c11 ( c2 )
    set r3 p7
    len r5 p8
    format r3 c16 ( r3 r5 )
    call.native r2 println ( r3 )
    borrow r6 l1
    format r3 c5 ( last:r6 )
    call.native r2 println ( r3 )
    call.native r0 Box::into_vec ( move:r4 )
    return c0
)",
               "[]\naa 1\n[\"aa\"]\n");
}

DOCTEST_TEST_CASE("mem::swap and mem::replace exchange values behind references") {
  check_module(kTypes + R"(.function f0 "main" s0 regions 3 file 0
  .reg r0 t11 mut
  .reg r1 t11 mut
  .reg r2 t11
  .reg r3 t12<1> mut
  .reg r4 t12<2> mut
  .reg r5 t0 mut
  .reg r6 t1 mut
  .reg r7 t16<3> mut
  .reg r8 t1 mut
  .reg r9 t1 mut
  .reg r10 t3 mut
  .loan l0 mut r0
  .loan l1 mut r1
  .loan l2 mut r0
  .loan l3 mut r6
  b0
    tensor.fill r0 c12 ( )
    tensor.fill r1 c13 ( )
    borrow r3 l0
    borrow r4 l1
    call.native r5 mem::swap ( move:r3 move:r4 )
    tensor.fill r2 c12 ( )
    borrow r3 l2
    call.native r2 mem::replace ( move:r3 move:r2 )
    drop r2
    drop r1
    drop r0
    set r6 c14
    set r8 c15
    borrow r7 l3
    call.native r9 mem::replace ( move:r7 r8 )
    format r10 c16 ( r9 r6 )
    call.native r5 println ( r10 )
    format r10 c5 ( r8 )
    call.native r5 println ( r10 )
    return c0
)",
               "5 7\n7\n");
}

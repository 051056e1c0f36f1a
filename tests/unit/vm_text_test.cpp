// tests/unit/vm_text_test.cpp — values as text: templates, numbers, arrays.
// Room: tests/unit. In: vm/objects, vm/tensor. Out: doctest verdict.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include <doctest/doctest.h>

#include "vm/objects/print.h"
#include "vm/tensor/tensor_runtime.h"

namespace {

using namespace stark;
using namespace stark::vm;

FormatSpec spec_of(const char* text) {
  const auto pieces = parse_template(text);
  DOCTEST_REQUIRE(pieces);
  DOCTEST_REQUIRE(pieces->size() == 1);
  return (*pieces)[0].spec;
}
std::string f64(double v, const char* hole = "{0}") {
  std::string out;
  print_float(out, v, false, spec_of(hole));
  return out;
}
std::string i32(int v, const char* hole) {
  std::string out;
  print_integer(out, v < 0, v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v), 32, spec_of(hole));
  return out;
}
template <class T>
std::string array(spec::DType dtype, spec::Shape shape, std::vector<T> values) {
  return array_text({dtype, shape}, reinterpret_cast<const std::byte*>(values.data()), -1);
}

}  // namespace

DOCTEST_TEST_CASE("floats print the shortest text that reads back, as Rust's Debug does") {
  DOCTEST_CHECK(f64(4) == "4.0");
  DOCTEST_CHECK(f64(0.1) == "0.1");
  DOCTEST_CHECK(f64(-0.0) == "-0.0");
  DOCTEST_CHECK(f64(1e16) == "1e16");
  DOCTEST_CHECK(f64(1e15) == "1000000000000000.0");
  DOCTEST_CHECK(f64(1.5e-7) == "1.5e-7");
  DOCTEST_CHECK(f64(0.0001) == "0.0001");
  DOCTEST_CHECK(f64(1.0 / 0.0) == "inf");
  DOCTEST_CHECK(f64(0.0 / 0.0) == "NaN");
  DOCTEST_CHECK(float_text(0.1f, true) == "0.1");
  DOCTEST_CHECK(f64(3.14159, "{0:8.3}") == "   3.142");
  DOCTEST_CHECK(f64(2.5, "{0:+}") == "+2.5");
  DOCTEST_CHECK(f64(1234.5, "{0:e}") == "1.2345e3");
}

DOCTEST_TEST_CASE("integers follow width, sign, base and fill") {
  DOCTEST_CHECK(i32(-7, "{0:05}") == "-0007");
  DOCTEST_CHECK(i32(255, "{0:#x}") == "0xff");
  DOCTEST_CHECK(i32(255, "{0:#010X}") == "0x000000FF");
  DOCTEST_CHECK(i32(-1, "{0:x}") == "ffffffff");
  DOCTEST_CHECK(i32(5, "{0:b}") == "101");
  DOCTEST_CHECK(i32(42, "{0:*^8}") == "***42***");
  DOCTEST_CHECK(i32(42, "{0:<5}") == "42   ");
}

DOCTEST_TEST_CASE("templates keep doubled braces and refuse stray ones") {
  const auto pieces = parse_template("{{{0}}} {1:?}");
  DOCTEST_REQUIRE(pieces);
  DOCTEST_CHECK(pieces->size() == 4);
  DOCTEST_CHECK((*pieces)[0].literal == "{");
  DOCTEST_CHECK((*pieces)[2].literal == "} ");
  DOCTEST_CHECK(!parse_template("a } b"));
  DOCTEST_CHECK(!parse_template("{0:>8q}"));
}

DOCTEST_TEST_CASE("arrays print as NumPy prints them") {
  using spec::DType;
  DOCTEST_CHECK(array<float>(DType::F32, {2, 2}, {1, 2, 3, 4}) == "[[1. 2.]\n [3. 4.]]");
  DOCTEST_CHECK(array<float>(DType::F32, {3}, {1, 2.5f, -3.25f}) == "[ 1.    2.5  -3.25]");
  DOCTEST_CHECK(array<int64_t>(DType::I64, {3}, {1, 10, 100}) == "[  1  10 100]");
  DOCTEST_CHECK(array<double>(DType::F64, {}, {1.5}) == "1.5");
  DOCTEST_CHECK(array<float>(DType::F32, {2, 1, 2}, {1, 2, 3, 4}) == "[[[1. 2.]]\n\n [[3. 4.]]]");
  DOCTEST_CHECK(array<uint8_t>(DType::Bool, {2}, {1, 0}) == "[ True False]");
  std::vector<int32_t> many(2000);
  for (int i = 0; i < 2000; ++i) many[static_cast<size_t>(i)] = i;
  DOCTEST_CHECK(array<int32_t>(DType::I32, {2000}, many) == "[   0    1    2 ... 1997 1998 1999]");
}

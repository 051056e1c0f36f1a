// tests/frontend/generate.cpp — the texts of generate.h.
// Room: tests. In: sizes. Out: STARK text.
#include "tests/frontend/generate.h"

#include <fmt/format.h>

namespace stark::tests {
namespace {

// What stands in the middle, and before and behind it as often as the depth says.
struct Nest {
  std::string_view kind, head, before, middle, behind, tail;
};
constexpr Nest kNests[] = {
    {"parentheses", "fn main() { let x = ", "(", "1", ")", "; }"},
    {"calls", "fn f(x: i32) -> i32 { x } fn main() { let x = ", "f(", "1", ")", "; }"},
    {"signs", "fn main() { let x = ", "- ", "1", "", "; }"},
    {"sums", "fn main() { let x = 1", " + 1", "", "", "; }"},
    {"right", "fn main() { let mut x = 1; ", "x = ", "1", "", "; }"},
    {"chains", "struct S {} impl S { fn s(self) -> S { self } } fn main() { let x = S {}", ".s()", "", "", "; }"},
    {"powers", "fn main() { let x = 1", " ** 1", "", "", "; }"},
    {"blocks", "fn main() ", "{ ", "", "}", ""},
    {"ifs", "fn main() { ", "if true { ", "", "}", " }"},
    {"else ifs", "fn main() { if true {}", " else if true {}", "", "", " }"},
    {"matches", "fn main() { let x = ", "match 1 { _ => ", "1", "}", "; }"},
    {"loops", "fn main() { ", "while true { ", "", "}", " }"},
    {"closures", "fn main() { let x = ", "|| ", "1", "", "; }"},
    {"arrays", "fn main() { let x = ", "[", "1", "]", "; }"},
    {"tuples", "fn main() { let x = ", "(1, ", "1", ")", "; }"},
    {"references", "fn main() { let x = ", "& ", "1", "", "; }"},
    {"casts", "fn main() { let x = 1", " as i32", "", "", "; }"},
    {"types", "fn f(x: ", "Vec<", "i32", ">", ") {} fn main() {}"},
    {"reference types", "fn f(x: ", "& ", "i32", "", ") {} fn main() {}"},
    {"tuple types", "fn f(x: ", "(i32, ", "i32", ")", ") {} fn main() {}"},
    {"functions as types", "fn f(x: ", "fn(", "i32", ")", ") {} fn main() {}"},
    {"patterns", "fn main() { let ", "(", "x", ", _)", " = 1; }"},
    {"or patterns", "fn main() { match 1 { 1", " | 1", "", "", " => {} _ => {} } }"},
    {"reference patterns", "fn main() { let ", "& ", "x", "", " = 1; }"},
    {"comments", "", "/* ", "", "*/", " fn main() {}"},
    {"modules", "", "mod m { ", "", "}", " fn main() {}"},
    {"functions", "fn main() {", "fn f() { ", "", "}", "}"},
    {"uses", "use a", "::{b", "", "}", "; fn main() {}"},
    {"paths", "use a", "::a", "", "", "; fn main() {}"},
    {"generics", "fn f<", "T: A<", "i32", ">", ">() {} fn main() {}"},
    {"f-strings", "fn main() { let x = ", "f\"{", "1", "}\"", "; }"},
    {"attributes", "#[a", "(", "", ")", "] fn main() {}"},
    {"conditions", "fn main() { if true", " && true", "", "", " {} }"},
    {"indices", "fn main() { let v = vec![0usize]; let x = ", "v[", "0", "]", "; }"},
    {"structs", "struct S { x: i32 } fn main() { let x = ", "S { x: ", "1", " }", "; }"},
    {"statements", "fn main() { ", "let x = 1; ", "", "", "}"},
    {"shadows", "fn main() { let x = 1; ", "let x = (x, x); ", "", "", "}"},
};

std::string repeat(std::string_view text, int count) {
  std::string out;
  out.reserve(text.size() * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

std::string large_program(int functions) {
  std::string out = "// A program made by rule.\n#[derive(Clone, Debug)]\nenum Shape { Circle(f64), Box { w: f64, h: f64 }, None }\n\n";
  for (int i = 0; i < functions; ++i) {
    out += fmt::format("struct Item{0} {{ id: i32, size: f64, names: Vec<str> }}\n\nimpl Item{0} {{\n    fn area(&self, shape: &Shape) -> f64 {{\n"
                       "        match shape {{\n            Shape::Circle(r) => 3.14 * *r * *r + self.size,\n"
                       "            Shape::Box {{ w, h }} => *w * *h,\n            Shape::None => 0.0,\n        }}\n    }}\n}}\n\n", i);
    out += fmt::format("// Adds what is even, up to a limit.\nfn work{0}(limit: i32, start: i32) -> i32 {{\n    let mut sum = start;\n"
                       "    let item = Item{0} {{ id: {0}, size: 1.5, names: vec![\"a\", \"b\"] }};\n    for i in 0..limit {{\n"
                       "        if i % 2 == 0 && i != item.id {{ sum += i * 2 - 1; }} else if i > 100 {{ break; }}\n    }}\n", i);
    out += fmt::format("    let area = item.area(&Shape::Circle(2.0));\n    if area > 10.0 {{ println(f\"{{item.id}} has {{area:.2}} of {{item.names.len()}}\"); }}\n");
    out += i == 0 ? "    sum\n}\n\n" : fmt::format("    if sum > 1000 {{ return sum; }}\n    work{}(limit, sum + 1)\n}}\n\n", i - 1);
  }
  return out + fmt::format("fn main() {{\n    println(work{}(3, 0));\n}}\n", functions - 1);
}

std::vector<std::string_view> deep_kinds() {
  std::vector<std::string_view> kinds;
  for (const Nest& nest : kNests) kinds.push_back(nest.kind);
  return kinds;
}

std::string deep_program(std::string_view kind, int depth) {
  for (const Nest& nest : kNests)
    if (nest.kind == kind) return fmt::format("{}{}{}{}{}\n", nest.head, repeat(nest.before, depth), nest.middle, repeat(nest.behind, depth), nest.tail);
  return {};
}

}  // namespace stark::tests

// tests/fuzz/grammar.cpp — the grammar of shaped_program(): few names, so that they meet.
// Room: tests. In: bytes. Out: STARK text.
#include "tests/fuzz/grammar.h"

#include <iterator>
#include <string_view>

namespace stark::tests {
namespace {

class Maker {
 public:
  Maker(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  std::string program() {
    if (coin(8)) out_ += "#![borrows(nll)]\n";
    for (size_t count = 1 + pick(6); count > 0; --count) item();
    out_ += "fn main() ";
    block(0);
    return std::move(out_);
  }

 private:
  // Zero when the bytes are used up, which is always the plainest choice.
  size_t pick(size_t choices) { return at_ < size_ ? bytes_[at_++] % choices : 0; }
  bool coin(size_t one_in) { return pick(one_in) == one_in - 1; }
  bool full(int depth) const { return depth > kDeep || out_.size() > kLong; }
  template <size_t N>
  void one(const std::string_view (&words)[N]) { out_ += words[pick(N)]; }
  void list(size_t count, std::string_view between, auto&& make) {
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += between;
      make();
    }
  }

  void name() { one({"a", "b", "c", "x", "y", "f", "g"}); }
  void type_name() { one({"S", "T", "E", "Self", "Option"}); }
  void lifetime() { one({"'a", "'b", "'static"}); }

  void item() {
    if (coin(6)) one({"#[derive(Clone)] ", "#[derive(Copy, Clone, Debug, PartialEq)] ", "/// doc\n", "#[inline] ", "pub "});
    switch (pick(9)) {
      case 0: case 1: function(); break;
      case 2: out_ += "struct S", generics(), out_ += " { ", list(pick(4), ", ", [&] { name(), out_ += ": ", type(0); }), out_ += " }"; break;
      case 3: out_ += "struct T(", list(pick(3), ", ", [&] { type(0); }), out_ += ");"; break;
      case 4: out_ += "enum E { A, B(", list(1 + pick(2), ", ", [&] { type(0); }), out_ += "), C { x: ", type(0), out_ += " } }"; break;
      case 5: out_ += "impl", generics(), one({" S", " T", " E", " Clone for S", " Drop for T", " Display for E"}), out_ += " { ", functions(), out_ += " }"; break;
      case 6: out_ += "trait U { ", functions(), out_ += " }"; break;
      case 7: one({"const ", "static "}), name(), out_ += ": ", type(0), out_ += " = ", expression(2), out_ += ";"; break;
      default: out_ += "mod ", name(), out_ += " { ", function(), out_ += " } use ", name(), out_ += "::", name(), out_ += ";"; break;
    }
    out_ += "\n";
  }

  void functions() { list(1 + pick(2), " ", [&] { function(); }); }
  void generics() {
    if (coin(3)) one({"<T>", "<'a>", "<'a, T: Clone>", "<const N: usize>", "<T, E>"});
  }
  void function() {
    if (coin(9)) out_ += "unsafe ";
    out_ += "fn ", name(), generics(), out_ += "(";
    if (coin(3)) one({"self", "&self", "&mut self", "mut self"}), out_ += ", ";
    list(pick(4), ", ", [&] { if (coin(4)) out_ += "mut "; name(), out_ += ": ", type(0); });
    out_ += ")";
    if (coin(2)) out_ += " -> ", type(0);
    out_ += " ", block(0);
  }

  void type(int depth) {
    if (full(depth)) return one({"i32", "bool"});
    switch (pick(12)) {
      case 0: case 1: case 2: return one({"i32", "u8", "i64", "usize", "f32", "f64", "bool", "char", "str", "String", "()"});
      case 3: return type_name();
      case 4: out_ += "&", type(depth + 1); return;
      case 5: out_ += "&mut ", type(depth + 1); return;
      case 6: out_ += "&", lifetime(), out_ += " ", type(depth + 1); return;
      case 7: one({"Vec<", "Option<", "Box<"}), type(depth + 1), out_ += ">"; return;
      case 8: out_ += "(", type(depth + 1), out_ += ", ", type(depth + 1), out_ += ")"; return;
      case 9: out_ += "[", type(depth + 1), one({"; 3]", "; 0]", "; N]", "]"}); return;
      case 10: return one({"Tensor<f32, [2, 2]>", "Tensor<f32, [?, ?]>", "Tensor<i64, [3]>", "fn(i32) -> i32", "?i32", "dyn U", "*mut u8", "!"});
      default: out_ += "Result<", type(depth + 1), out_ += ", str>"; return;
    }
  }

  void block(int depth) {
    out_ += "{ ";
    if (!full(depth)) list(pick(5), " ", [&] { statement(depth + 1); });
    if (coin(2)) out_ += " ", expression(depth + 1);
    out_ += " }";
  }

  void statement(int depth) {
    switch (pick(8)) {
      case 0: case 1: case 2: out_ += "let ", pattern(depth + 2); if (coin(3)) out_ += ": ", type(depth + 1); out_ += " = ", expression(depth); break;
      case 3: out_ += "let mut ", name(), out_ += " = ", expression(depth); break;
      case 4: name(), one({" = ", " += ", " *= ", ".x = ", "[0] = ", ".0 = "}), expression(depth); break;
      case 5: one({"drop(", "println(", "print("}), expression(depth), out_ += ")"; break;
      case 6: if (coin(6)) return function(); [[fallthrough]];
      default: expression(depth);
    }
    out_ += ";";
  }

  void expression(int depth) {
    if (full(depth)) return literal();
    const auto deeper = [&] { expression(depth + 1); };
    switch (pick(26)) {
      case 0: case 1: case 2: return literal();
      case 3: case 4: case 5: case 6: return name();
      case 7: case 8: out_ += "(", deeper(), one({" + ", " - ", " * ", " / ", " % ", " == ", " < ", " && ", " || ", " | ", " << ", " ** ", " @ ", " >= "}), deeper(), out_ += ")"; return;
      case 9: one({"-", "!", "*", "&", "&mut ", "~"}), deeper(); return;
      case 10: name(), out_ += "(", list(pick(3), ", ", deeper), out_ += ")"; return;
      case 11: deeper(), one({".a(", ".f(", ".clone(", ".len(", ".push(", ".unwrap(", ".sum(", ".get("}), list(pick(2), ", ", deeper), out_ += ")"; return;
      case 12: deeper(), one({".x", ".0", ".y", "?", "[0]", "[1..]", " as i64", " as u8"}); return;
      case 13: out_ += "if ", condition(depth), out_ += " ", block(depth + 1), out_ += " else ", block(depth + 1); return;
      case 14: out_ += "match ", name(), out_ += " { ", list(1 + pick(3), " ", [&] { arm(depth); }), out_ += " }"; return;
      case 15: out_ += "while ", condition(depth), out_ += " ", block(depth + 1); return;
      case 16: out_ += "for ", pattern(depth + 2), out_ += " in ", one({"0..3", "&v", "x", "a", "vec![1]"}), out_ += " ", block(depth + 1); return;
      case 17: if (coin(2)) out_ += "'a: "; out_ += "loop ", block(depth + 1); return;
      case 18: one({"break", "continue", "return", "break 'a", "panic!(\"p\")", "return x", "break 1"}); return;
      case 19: one({"S { x: ", "E::C { x: ", "Some(", "E::B(", "Ok(", "Box::new(", "T("}), deeper(), one({" }", ")", ", ..a }", ")"}); return;
      case 20: one({"vec![", "["}), list(pick(3), ", ", deeper), out_ += "]"; return;
      case 21: out_ += "(", deeper(), out_ += ", ", deeper(), out_ += ")"; return;
      case 22: out_ += "f\"{", deeper(), one({":>4}", "}", ":?}", ":.2}", " {x}"}), out_ += "\""; return;
      case 23: one({"", "move "}), out_ += "|", list(pick(2), ", ", [&] { name(); }), out_ += "| ", deeper(); return;
      case 24: out_ += "unsafe ", block(depth + 1); return;
      default: return one({"Tensor::zeros([2, 2])", "Tensor::ones([2, 2])", "Vec::new()", "E::A", "None", "assert_eq!(a, b)", "format!(\"{}\", x)", "String::new()"});
    }
  }

  void condition(int depth) {
    if (coin(3)) out_ += "let ", pattern(depth + 1), out_ += " = ", name();
    else out_ += "(", expression(depth + 2), out_ += ")";
  }
  void arm(int depth) {
    pattern(depth + 1);
    if (coin(4)) out_ += " if ", name();
    out_ += " => ", expression(depth + 2), out_ += ",";
  }
  void literal() { one({"1", "0", "2.5", "true", "'c'", "\"text\"", "-1", "300", "1u8", "18446744073709551615", "1e9", "()"}); }

  void pattern(int depth) {
    if (full(depth)) return name();
    switch (pick(12)) {
      case 0: case 1: case 2: return name();
      case 3: out_ += "_"; return;
      case 4: return literal();
      case 5: out_ += "(", pattern(depth + 1), out_ += ", ", pattern(depth + 1), out_ += ")"; return;
      case 6: one({"Some(", "E::B(", "Ok(", "T("}), pattern(depth + 1), out_ += ")"; return;
      case 7: one({"S { x, .. }", "E::C { x }", "E::A", "None", "S { x: 1, .. }"}); return;
      case 8: one({"ref ", "ref mut ", "mut ", "&"}), name(); return;
      case 9: out_ += "[", pattern(depth + 1), one({", ..]", "]", ", x]", ", rest @ ..]"}); return;
      case 10: out_ += "(", pattern(depth + 1), out_ += " | ", pattern(depth + 1), out_ += ")"; return;
      default: return one({"1..=5", "..=3", "'a'..='z'", "x @ 1..3", "0.."});
    }
  }

  static constexpr int kDeep = 7;
  static constexpr size_t kLong = 4000;
  const uint8_t* bytes_;
  size_t size_, at_ = 0;
  std::string out_;
};

}  // namespace

std::string shaped_program(const uint8_t* bytes, size_t size) { return Maker(bytes, size).program(); }

}  // namespace stark::tests

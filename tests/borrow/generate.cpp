// tests/borrow/generate.cpp — the grammar of random ownership programs: few variables of few types, so that they meet.
// Room: tests. In: seed. Out: text.
#include "tests/borrow/generate.h"

#include <fmt/format.h>

#include <vector>

namespace stark::tests {
namespace {

enum class Type : uint8_t { Owner, Pair, Ref, RefMut, PairMut, Holder, Many, Number, Looks, Changes };

struct Variable {
  std::string name;
  Type type;
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed * 2654435769u + 88172645463325252u) {}

  std::string body() {
    let(Type::Owner);
    let(Type::Pair);
    for (size_t i = 0, n = 2 + below(5); i < n; ++i) statement(0);
    return std::move(out_);
  }

 private:
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  size_t below(size_t limit) { return static_cast<size_t>((next() >> 16) % limit); }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }
  void line(const std::string& text) { out_ += std::string(4 * static_cast<size_t>(depth_ + 1), ' ') + text + "\n"; }

  // A variable of the type, or nothing.
  const Variable* pick(Type type) {
    std::vector<const Variable*> all;
    for (const Variable& one : variables_)
      if (one.type == type) all.push_back(&one);
    return all.empty() ? nullptr : all[below(all.size())];
  }
  // A place that holds an owner: `v`, `p.a`, `*r` where it can be read.
  std::string owned_place() {
    if (const Variable* pair = pick(Type::Pair); pair != nullptr && chance(40)) return pair->name + (chance(50) ? ".a" : ".b");
    if (const Variable* pair = pick(Type::PairMut); pair != nullptr && chance(30)) return pair->name + (chance(50) ? ".a" : ".b");
    if (const Variable* one = pick(Type::Owner)) return one->name;
    return "made()";
  }
  std::string shared() {
    switch (below(7)) {
      case 0:
        if (const Variable* one = pick(Type::Ref)) return one->name;
        break;
      case 1:
        if (const Variable* one = pick(Type::RefMut)) return fmt::format("&*{}", one->name);
        break;
      case 2:
        if (const Variable* one = pick(Type::Holder)) return one->name + ".r";
        break;
      case 3: return fmt::format("same({})", chance(50) ? "&" + owned_place() : shared_variable());
      case 4: return fmt::format("either(&{}, {})", owned_place(), shared_variable());
      case 5:
        if (const Variable* one = pick(Type::PairMut)) return fmt::format("&{}.a", one->name);
        break;
      default: break;
    }
    return "&" + owned_place();
  }
  std::string shared_variable() {
    const Variable* one = pick(Type::Ref);
    return one != nullptr ? one->name : "&" + owned_place();
  }
  std::string mutable_reference() {
    switch (below(5)) {
      case 0:
        if (const Variable* one = pick(Type::RefMut)) return fmt::format("&mut *{}", one->name);
        break;
      case 1:
        if (const Variable* one = pick(Type::PairMut)) return fmt::format("part({})", one->name);
        break;
      case 2:
        if (const Variable* one = pick(Type::Pair)) return fmt::format("part(&mut {})", one->name);
        break;
      case 3:
        if (const Variable* one = pick(Type::RefMut)) return one->name;
        break;
      default: break;
    }
    return "&mut " + owned_place();
  }

  void let(Type type) {
    const std::string name = fmt::format("x{}", count_++);
    const std::string head = fmt::format("let mut {}", name);
    switch (type) {
      case Type::Owner: line(fmt::format("{} = {};", head, chance(70) ? "made()" : owned_place())); break;
      case Type::Pair: line(fmt::format("{} = Pair {{ a: made(), b: {} }};", head, chance(70) ? "made()" : owned_place())); break;
      case Type::Ref: line(fmt::format("{}: &N = {};", head, shared())); break;
      case Type::RefMut: line(fmt::format("{}: &mut N = {};", head, mutable_reference())); break;
      case Type::PairMut: {
        const Variable* pair = pick(Type::Pair);
        if (pair == nullptr) return;
        line(fmt::format("{}: &mut Pair = &mut {};", head, pair->name));
        break;
      }
      case Type::Holder: line(fmt::format("{} = Holder {{ r: {} }};", head, shared())); break;
      case Type::Many: line(fmt::format("{}: Vec<&N> = vec![{}];", head, shared())); break;
      case Type::Looks: line(fmt::format("{} = || look({});", head, shared())); break;
      case Type::Changes: line(fmt::format("{} = || change({});", head, mutable_reference())); break;
      case Type::Number: line(fmt::format("{} = count({});", head, shared())); break;
    }
    variables_.push_back({name, type});
  }

  void assign() {
    switch (below(4)) {
      case 0:
        if (const Variable* one = pick(Type::Ref)) return line(fmt::format("{} = {};", one->name, shared()));
        break;
      case 1:
        if (const Variable* one = pick(Type::RefMut)) return line(fmt::format("{} = {};", one->name, mutable_reference()));
        break;
      case 2:
        if (const Variable* one = pick(Type::RefMut)) return line(fmt::format("*{} = made();", one->name));
        break;
      default: break;
    }
    const std::string place = owned_place();
    if (place != "made()") line(fmt::format("{} = {};", place, chance(80) ? "made()" : owned_place()));
  }

  void use() {
    switch (below(7)) {
      case 0: return line(fmt::format("look({});", shared()));
      case 5:
        if (const Variable* one = pick(chance(50) ? Type::Looks : Type::Changes)) return line(fmt::format("{}();", one->name));
        break;
      case 1: return line(fmt::format("change({});", mutable_reference()));
      case 2: return line(fmt::format("take({});", owned_place()));
      case 3:
        if (const Variable* one = pick(Type::Many)) return line(chance(50) ? fmt::format("{}.push({});", one->name, shared()) : fmt::format("look(&{}[0]);", one->name));
        break;
      case 4:
        if (const Variable* one = pick(Type::Pair)) return line(fmt::format("take_pair({});", one->name));
        break;
      default: break;
    }
    line(fmt::format("look({});", shared_variable()));
  }

  void inside(const std::string& head, int depth) {
    line(head + " {");
    ++depth_;
    const size_t known = variables_.size();
    for (size_t i = 0, n = 1 + below(3); i < n; ++i) statement(depth + 1);
    variables_.resize(known);
    --depth_;
    line("}");
  }

  void statement(int depth) {
    const size_t what = below(depth < 2 ? 12 : 8);
    if (what < 3) return let(static_cast<Type>(below(10)));
    if (what < 5) return assign();
    if (what < 8) return use();
    if (what == 8) return inside("", depth);
    if (what == 9) return inside("if c()", depth);
    if (what == 10) return inside("while c()", depth);
    inside("if c()", depth);
    out_.pop_back();  // the else stands behind the brace
    out_ += " else {\n";
    ++depth_;
    const size_t known = variables_.size();
    statement(depth + 1);
    variables_.resize(known);
    --depth_;
    line("}");
  }

  uint64_t state_;
  int depth_ = 0, count_ = 0;
  std::vector<Variable> variables_;
  std::string out_;
};

}  // namespace

std::string ownership_prelude() {
  return "struct N { n: i32 }\n"
         "impl Drop for N { fn drop(&mut self) {} }\n"
         "struct Pair { a: N, b: N }\n"
         "struct Holder<'a> { r: &'a N }\n"
         "fn c() -> bool { false }\n"
         "fn made() -> N { N { n: 1 } }\n"
         "fn look(v: &N) {}\n"
         "fn count(v: &N) -> i32 { v.n }\n"
         "fn change(v: &mut N) { v.n += 1; }\n"
         "fn take(v: N) {}\n"
         "fn take_pair(p: Pair) {}\n"
         "fn same(v: &N) -> &N { v }\n"
         "fn either<'a>(x: &'a N, y: &'a N) -> &'a N { if x.n > y.n { x } else { y } }\n"
         "fn part(p: &mut Pair) -> &mut N { &mut p.a }\n";
}

std::string ownership_body(uint64_t seed, const std::string& name) { return fmt::format("fn {}() {{\n{}}}\n", name, Generator(seed).body()); }

}  // namespace stark::tests

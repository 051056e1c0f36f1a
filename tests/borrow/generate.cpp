// tests/borrow/generate.cpp — the grammar of random ownership programs: few variables of few types, so that they meet.
// Room: tests. In: seed. Out: text.
#include "tests/borrow/generate.h"

#include <fmt/format.h>

#include <vector>

namespace stark::tests {
namespace {

enum class Type : uint8_t { Owner, Pair, Ref, RefMut, PairMut, Holder, Many, Number, Looks, Changes, Maybe, MaybeRef, Boxed, BoxedPair, Cell, Guard, Keeper, Takes, Both, Array };
constexpr size_t kPlainTypes = 10, kTypes = 20;

struct Variable {
  std::string name;
  Type type;
};

class Generator {
 public:
  Generator(uint64_t seed, Grammar grammar) : state_(seed * 2654435769u + 88172645463325252u), is_rich_(grammar == Grammar::Rich) {}

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
    if (is_rich_ && chance(25))
      if (const std::string rich = rich_shared(); !rich.empty()) return rich;
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
    if (is_rich_ && chance(25))
      if (const std::string rich = rich_mutable(); !rich.empty()) return rich;
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

  // The richer grammar: options, boxes, cells and their guards, structs that keep `&mut`, closures that take.
  std::string rich_shared() {
    const Type type = static_cast<Type>(kPlainTypes + below(kTypes - kPlainTypes));
    const Variable* one = pick(type);
    if (one == nullptr) return {};
    switch (type) {
      case Type::Boxed: return fmt::format("&*{}", one->name);
      case Type::BoxedPair: return fmt::format("&{}.{}", one->name, chance(50) ? "a" : "b");
      case Type::Guard: return fmt::format("&*{}", one->name);
      case Type::Keeper: return fmt::format("&*{}.m", one->name);
      case Type::Both: return fmt::format("&{}.0", one->name);
      case Type::Array: return chance(50) ? fmt::format("&{}[{}]", one->name, below(2)) : fmt::format("chosen(&{})", one->name);
      case Type::MaybeRef: return fmt::format("first({}, {})", one->name, shared_variable());
      default: return {};
    }
  }
  std::string rich_mutable() {
    const Type type = static_cast<Type>(kPlainTypes + below(kTypes - kPlainTypes));
    const Variable* one = pick(type);
    if (one == nullptr) return {};
    switch (type) {
      case Type::Boxed: return fmt::format("&mut *{}", one->name);
      case Type::BoxedPair: return fmt::format("&mut {}.{}", one->name, chance(50) ? "a" : "b");
      case Type::Guard: return fmt::format("&mut *{}", one->name);
      case Type::Keeper: return chance(50) ? fmt::format("&mut *{}.m", one->name) : fmt::format("kept(&mut {})", one->name);
      case Type::Both: return fmt::format("&mut {}.0", one->name);
      case Type::Array: return fmt::format("&mut {}[{}]", one->name, below(2));
      default: return {};
    }
  }
  void rich_let(Type type, const std::string& head) {
    switch (type) {
      case Type::Maybe: return line(fmt::format("{}: Option<N> = {};", head, chance(50) ? "Some(" + owned_place() + ")" : "None"));
      case Type::MaybeRef: return line(fmt::format("{}: Option<&N> = {};", head, chance(60) ? "Some(" + shared() + ")" : "None"));
      case Type::Boxed: return line(fmt::format("{} = Box::new({});", head, owned_place()));
      case Type::BoxedPair: return line(fmt::format("{} = Box::new(Pair {{ a: {}, b: made() }});", head, owned_place()));
      case Type::Cell: return line(fmt::format("{} = RefCell::new({});", head, owned_place()));
      case Type::Guard: {
        const Variable* cell = pick(Type::Cell);
        return line(cell == nullptr ? "" : fmt::format("{} = {}.borrow_mut();", head, cell->name));
      }
      case Type::Keeper: return line(fmt::format("{} = Keeper {{ m: {} }};", head, mutable_reference()));
      case Type::Takes: return line(fmt::format("{} = move || take({});", head, owned_place()));
      case Type::Both: return line(fmt::format("{} = ({}, 1);", head, owned_place()));
      default: return line(fmt::format("{} = [{}, made()];", head, owned_place()));
    }
  }
  void rich_use() {
    const Type type = static_cast<Type>(kPlainTypes + below(kTypes - kPlainTypes));
    const Variable* found = pick(type);
    if (found == nullptr) return mixed_use();
    const std::string& x = found->name;
    switch (type) {
      case Type::Maybe:
        switch (below(4)) {
          case 0: return line(fmt::format("match {} {{ Some(v) => take(v), None => {{}} }}", x));
          case 1: return line(fmt::format("if let Some(v) = &{} {{ look(v); look({}); }}", x, shared()));
          case 2: return line(fmt::format("if let Some(v) = &mut {} {{ change(v); }}", x));
          default: return line(chance(50) ? fmt::format("{} = Some({});", x, owned_place()) : fmt::format("{}.take();", x));
        }
      case Type::MaybeRef:
        return line(chance(50) ? fmt::format("{} = Some({});", x, shared()) : fmt::format("match {} {{ Some(v) => look(v), None => look({}) }}", x, shared()));
      case Type::Boxed: return line(chance(50) ? fmt::format("take(*{});", x) : fmt::format("*{} = {};", x, owned_place()));
      case Type::BoxedPair: return line(chance(50) ? fmt::format("take({}.a);", x) : fmt::format("{}.a = {};", x, owned_place()));
      case Type::Cell: return line(chance(50) ? fmt::format("look(&*{}.borrow());", x) : fmt::format("change(&mut *{}.borrow_mut());", x));
      case Type::Guard: return line(fmt::format("change(&mut *{});", x));
      case Type::Keeper: return line(chance(50) ? fmt::format("change({}.m);", x) : fmt::format("{}.m = {};", x, mutable_reference()));
      case Type::Takes: return line(fmt::format("{}();", x));
      case Type::Both: return line(chance(50) ? fmt::format("take({}.0);", x) : fmt::format("{}.0 = {};", x, owned_place()));
      default: return line(chance(50) ? fmt::format("{}[{}] = {};", x, below(2), owned_place()) : fmt::format("let [y{0}, z{0}] = {1};", count_++, x));
    }
  }
  // Several things in one instruction.
  void mixed_use() {
    switch (below(6)) {
      case 0: return line(fmt::format("both({}, {});", mutable_reference(), owned_place()));
      case 1: return line(fmt::format("two({}, {});", mutable_reference(), shared()));
      case 2:
        if (const Variable* many = pick(Type::Many)) return line(fmt::format("keep(&mut {}, {});", many->name, shared()));
        break;
      case 3:
        if (const Variable* ref = pick(Type::Ref)) return line(fmt::format("{} = longer({}, {});", ref->name, shared(), shared()));
        break;
      case 4: return line(fmt::format("std::mem::swap({}, {});", mutable_reference(), mutable_reference()));
      default: break;
    }
    const std::string name = fmt::format("x{}", count_++);
    line(fmt::format("let mut {} = loop {{ if c() {{ break {}; }} if c() {{ break {}; }} }};", name, owned_place(), owned_place()));
    variables_.push_back({name, Type::Owner});
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
      case Type::Guard:
        if (pick(Type::Cell) == nullptr) return;
        rich_let(type, head);
        break;
      default: rich_let(type, head); break;
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
    if (what < 3) return let(static_cast<Type>(below(is_rich_ ? kTypes : kPlainTypes)));
    if (is_rich_ && what < 8 && chance(40)) return chance(70) ? rich_use() : mixed_use();
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
  bool is_rich_;
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
         "fn part(p: &mut Pair) -> &mut N { &mut p.a }\n"
         "struct Keeper<'a> { m: &'a mut N }\n"
         "fn kept<'a>(k: &'a mut Keeper) -> &'a mut N { &mut *k.m }\n"
         "fn chosen<'a>(all: &'a [N; 2]) -> &'a N { &all[1] }\n"
         "fn first<'a>(x: Option<&'a N>, y: &'a N) -> &'a N { match x { Some(v) => v, None => y } }\n"
         "fn longer<'a, 'b: 'a, T>(x: &'a T, y: &'b T) -> &'a T { if c() { x } else { y } }\n"
         "fn both(r: &mut N, v: N) {}\n"
         "fn two(r: &mut N, s: &N) {}\n"
         "fn keep<'a>(all: &mut Vec<&'a N>, one: &'a N) { all.push(one); }\n";
}

std::string ownership_body(uint64_t seed, const std::string& name, Grammar grammar) {
  return fmt::format("fn {}() {{\n{}}}\n", name, Generator(seed, grammar).body());
}

}  // namespace stark::tests

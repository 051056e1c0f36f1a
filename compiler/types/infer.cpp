// compiler/types/infer.cpp — what is not known yet: variables, making two types one, and settling everything at the end.
// Room: types. In: types with variables. Out: types without.
#include <bit>
#include <cmath>

#include "bytecode-spec/base/check.h"
#include "compiler/types/checker.h"

namespace stark::types {

TypeId Checker::fresh(int what) {
  variables_.emplace_back();
  return table_.intern({.special = Special::Infer, .length = (variables_.size() - 1) * 4 + static_cast<uint64_t>(what)});
}

TypeId Checker::shallow(TypeId type) const {
  while (type.valid() && table_.get(type).special == Special::Infer) {
    const uint64_t number = table_.get(type).length / 4;
    if (number >= variables_.size() || !variables_[number].valid()) return type;
    type = variables_[number];
  }
  return type;
}

bool Checker::is_kind(TypeId given, TypeKind wanted) const {
  const TypeData& data = table_.get(shallow(given));
  return data.special == Special::None && data.kind == wanted;
}
bool Checker::is_integer(TypeId given) const {
  const TypeData& data = table_.get(shallow(given));
  if (data.special == Special::Infer) return data.length % 4 == 1;
  return data.special == Special::None && data.kind >= TypeKind::I8 && data.kind <= TypeKind::Usize;
}
bool Checker::is_float(TypeId given) const {
  const TypeData& data = table_.get(shallow(given));
  if (data.special == Special::Infer) return data.length % 4 == 2;
  return data.special == Special::None && (data.kind == TypeKind::F32 || data.kind == TypeKind::F64);
}
bool Checker::is_numeric(TypeId given) const { return is_integer(given) || is_float(given); }

GenericArgument Checker::deep(GenericArgument argument) {
  if (argument.kind == GenericArgument::Kind::Type) argument.type = deep(argument.type);
  return argument;
}

TypeId Checker::deep(TypeId given) {
  const TypeId type = shallow(given);
  if (!type.valid()) return type;
  TypeData data = table_.get(type);
  if (data.special != Special::None) return type;
  if (const Nominal* used = nominal(type)) {
    if (used->arguments.empty()) return type;
    const Nominal copy = *used;
    return nominal_type(copy.definition, copy.arguments);
  }
  if (data.parts.empty()) return type;
  for (TypeId& part : data.parts) part = deep(part);
  return table_.intern(std::move(data));
}

bool Checker::contains_infer(TypeId given) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special == Special::Infer) return true;
  if (data.special != Special::None) return false;
  if (const Nominal* used = nominal(type)) {
    const Nominal copy = *used;
    for (const GenericArgument& argument : copy.arguments)
      if (argument.kind == GenericArgument::Kind::Type && contains_infer(argument.type)) return true;
  }
  for (TypeId part : data.parts)
    if (contains_infer(part)) return true;
  return false;
}

bool Checker::unify(TypeId left, TypeId right) {
  const TypeId a = shallow(left), b = shallow(right);
  if (a == b) return true;
  const TypeData x = table_.get(a), y = table_.get(b);
  if (x.special == Special::Error || y.special == Special::Error) return true;
  if (x.special == Special::Infer || y.special == Special::Infer) {
    const bool from_left = x.special == Special::Infer && !(y.special == Special::Infer && y.length % 4 == 0 && x.length % 4 != 0);
    const TypeData& variable = from_left ? x : y;
    const TypeId other = from_left ? b : a;
    const uint64_t what = variable.length % 4;
    if (what == 1 && !is_integer(other)) return false;
    if (what == 2 && !is_float(other)) return false;
    if (table_.get(other).special == Special::Never) return false;
    variables_[variable.length / 4] = other;
    return true;
  }
  const Nominal *m = nominal(a), *n = nominal(b);
  if (m != nullptr && n != nullptr) {
    if (m->definition != n->definition) return false;
    const auto p = m->arguments, q = n->arguments;
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i].kind != q[i].kind) return false;
      if (p[i].kind == GenericArgument::Kind::Type ? !unify(p[i].type, q[i].type) : !(p[i] == q[i])) return false;
    }
    return true;
  }
  if (x.kind != y.kind || x.special != y.special || x.parts.size() != y.parts.size() || x.parts.empty()) return false;
  if (x.is_mut != y.is_mut || x.length != y.length) return false;
  for (size_t i = 0; i < x.parts.size(); ++i)
    if (!unify(x.parts[i], y.parts[i])) return false;
  return true;
}

void Checker::finish_literal(Expr& expr) {
  const TypeId type = expr.type;
  const TypeKind what = table_.kind(type);
  const Literal& literal = expr.literal;
  if (what == TypeKind::F64 || what == TypeKind::F32) {
    double value = literal.is_float ? literal.value : static_cast<double>(literal.magnitude);
    if (literal.negative) value = -value;
    expr.literal.magnitude = what == TypeKind::F64 ? std::bit_cast<uint64_t>(value) : std::bit_cast<uint32_t>(static_cast<float>(value));
    return;
  }
  if (!is_integer(type)) return;
  const bool is_signed = what <= TypeKind::Isize;
  constexpr int bits[] = {8, 16, 32, 64, 64, 8, 16, 32, 64, 64};
  const int width = bits[static_cast<int>(what) - static_cast<int>(TypeKind::I8)];
  const uint64_t limit = is_signed ? (uint64_t{1} << (width - 1)) - (literal.negative ? 0 : 1) : width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  if (literal.magnitude > limit || (literal.negative && !is_signed && literal.magnitude != 0))
    sink_.report<diag::LiteralRange>(expr.span, fmt::format("{}{}", literal.negative ? "-" : "", literal.magnitude), name(type));
  if (literal.negative) expr.literal.magnitude = ~literal.magnitude + 1;
}

// The end of a body: literals take their defaults, every type is final, every call knows its function.
void Checker::finish_body() {
  bool told = sink_.errors() != errors_before_;  // one unknown type makes many others unknown, and so does any mistake
  const auto settle = [&](TypeId given, Span where, std::string_view what) {
    std::function<void(TypeId)> defaults = [&](TypeId one) {
      const TypeId type = shallow(one);
      const TypeData data = table_.get(type);
      if (data.special == Special::Infer && data.length % 4 != 0) variables_[data.length / 4] = data.length % 4 == 1 ? i32_ : f64_;
      if (data.special != Special::None) return;
      if (const Nominal* used = nominal(type)) {
        const Nominal copy = *used;
        for (const GenericArgument& argument : copy.arguments)
          if (argument.kind == GenericArgument::Kind::Type) defaults(argument.type);
      }
      for (TypeId part : data.parts) defaults(part);
    };
    if (!given.valid()) return given;
    defaults(given);
    if (contains_infer(given)) {
      if (std::exchange(told, true)) return table_.error();
      sink_.report<diag::UnknownYet>(where, what).help("write its type, for example `let x: Vec<i32> = …`");
      return table_.error();
    }
    return deep(given);
  };
  for (BodyLocal& one : body_->locals) one.type = settle(one.type, one.span, fmt::format("`{}` is used too little to tell", one.name));
  for (Pattern& one : body_->patterns) one.type = settle(one.type, one.span, "the pattern does not tell");
  for (size_t i = 0; i < body_->exprs.size(); ++i) {
    Expr& expr = body_->exprs[i];
    expr.type = settle(expr.type, expr.span, "nothing here tells");
    if (expr.kind == ExprKind::Constant && expr.text.empty()) finish_literal(expr);
    if (expr.kind != ExprKind::Call || pending_.size() <= expr.method) continue;
    Instance wanted = pending_[expr.method];
    if (wanted.self.valid()) wanted.self = settle(wanted.self, expr.span, "nothing here tells");
    if (wanted.callee.environment.self.valid()) wanted.callee.environment.self = settle(wanted.callee.environment.self, expr.span, "nothing here tells");
    for (GenericArgument& argument : wanted.arguments)
      if (argument.kind == GenericArgument::Kind::Type) argument.type = settle(argument.type, expr.span, "a generic argument cannot be told");
    for (auto& [generic, argument] : wanted.callee.environment.generics) argument = deep(argument);
    if (wanted.callee.environment.self.valid()) wanted.callee.name = method_name(wanted.callee);
    expr.index = instance(std::move(wanted));
  }
}

std::string Checker::method_name(const Callee& callee) {
  return fmt::format("{}::{}", name(callee.environment.self), callee.tree->get(callee.node).text);
}

}  // namespace stark::types

// compiler/types/infer.cpp — what is not known yet: variables, making two types one, and settling everything at the end.
// Room: types. In: types with variables. Out: types without.
#include <algorithm>
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
bool Checker::is_integer(TypeId given) {
  const TypeData& data = table_.get(shallow(given));
  if (data.special == Special::Infer) return data.length % 4 == 1;
  if (data.special == Special::Parameter || data.special == Special::Projection) return implements(given, "Integer");
  return data.special == Special::None && data.kind >= TypeKind::I8 && data.kind <= TypeKind::Usize;
}
bool Checker::is_float(TypeId given) {
  const TypeData& data = table_.get(shallow(given));
  if (data.special == Special::Infer) return data.length % 4 == 2;
  if (data.special == Special::Parameter || data.special == Special::Projection) return implements(given, "Float");
  return data.special == Special::None && (data.kind == TypeKind::F32 || data.kind == TypeKind::F64);
}
bool Checker::is_numeric(TypeId given) {
  const TypeData& data = table_.get(shallow(given));
  if (data.special == Special::Parameter || data.special == Special::Projection) return implements(given, "Number") || implements(given, "Integer") || implements(given, "Float");
  return is_integer(given) || is_float(given);
}

GenericArgument Checker::deep(GenericArgument argument) {
  if (argument.kind == GenericArgument::Kind::Type) argument.type = deep(argument.type);
  if (argument.kind == GenericArgument::Kind::Number) argument.number = known_number(argument.number);
  for (int64_t& dim : argument.dims) dim = known_number(dim);
  return argument;
}

// A length or dim that nothing has told yet: a symbol of its own, until two numbers are made one.
GenericArgument Checker::fresh_number() {
  const GenericParameter made = new_parameter("_", {}, true);
  number_variables_.insert(made.number);
  return made.argument;
}

int64_t Checker::known_number(int64_t number) const {
  while (is_number_symbol(number)) {
    const auto found = numbers_.find(static_cast<uint32_t>(number - kNumberSymbols));
    if (found == numbers_.end()) break;
    number = found->second.number;
  }
  return number;
}

bool Checker::unify_numbers(int64_t left, int64_t right) {
  const int64_t a = known_number(left), b = known_number(right);
  if (a == b) return true;
  for (const auto& [variable, other] : {std::pair(a, b), std::pair(b, a)}) {
    if (!is_number_symbol(variable) || !number_variables_.contains(static_cast<uint32_t>(variable - kNumberSymbols))) continue;
    numbers_[static_cast<uint32_t>(variable - kNumberSymbols)] = {GenericArgument::Kind::Number, {}, other, {}};
    deepened_.clear();
    return true;
  }
  return false;
}

bool Checker::unify_dims(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!unify_numbers(a[i], b[i])) return false;
  return true;
}

// A variable is found out. What was worked out of types with variables in them no longer stands.
void Checker::learn(uint64_t number, TypeId type) {
  variables_[number] = type;
  deepened_.clear();
}

// Types share their parts, so what is the same is done once.
TypeId Checker::deep(TypeId given) {
  const TypeId type = shallow(given);
  if (!type.valid() || !mentions_variables(type) || table_.get(type).special != Special::None) return type;
  if (const auto known = deepened_.find(type.value); known != deepened_.end()) return known->second;
  const TypeId out = deep_parts(type);
  deepened_[type.value] = out;
  return out;
}

TypeId Checker::deep_parts(TypeId type) {
  if (const Nominal* used = nominal(type)) return nominal_type(used->definition, used->arguments);
  TypeData data = table_.get(type);
  if (!numbers_.empty() && is_open(type) && object_use(type) == nullptr) {
    if (data.kind == TypeKind::Array) data.length = static_cast<uint64_t>(known_number(static_cast<int64_t>(data.length)));
    for (int64_t& dim : data.dims) dim = known_number(dim);
  }
  for (TypeId& part : data.parts) part = deep(part);
  return table_.intern(std::move(data));
}

// Does a variable, of a type or a number, stand in the type as it is written, found out or not? Of most types it does not, and that never changes.
bool Checker::mentions_variables(TypeId type) {
  if (type.index() < closed_.size() && closed_[type.index()] != 0) return closed_[type.index()] == 2;
  const TypeData& data = table_.get(type);
  bool found = data.special == Special::Infer;
  found |= data.kind == TypeKind::Array && is_symbol(static_cast<int64_t>(data.length));
  found |= std::ranges::any_of(data.dims, is_symbol);
  if (data.special == Special::None) {
    found = found || std::ranges::any_of(data.parts, [&](TypeId part) { return mentions_variables(part); });
    if (const Nominal* used = nominal_exact(type))
      found = found || std::ranges::any_of(used->arguments, [&](const GenericArgument& one) { return one.kind == GenericArgument::Kind::Type ? mentions_variables(one.type) : is_open(one); });
  }
  if (type.index() >= closed_.size()) closed_.resize(table_.size() + 64, 0);
  closed_[type.index()] = found ? 2 : 1;
  return found;
}

bool Checker::contains_infer(TypeId given) {
  if (!mentions_variables(shallow(given))) return false;
  return any_part(given, [&](TypeId part) { return is_infer(part); });
}

// Does it hold of the type or of one inside of it, as far as they are known? Each is asked once.
bool Checker::any_part(TypeId given, const std::function<bool(TypeId)>& holds) {
  std::vector<TypeId> open{given};
  std::set<TypeId> seen;
  while (!open.empty()) {
    const TypeId type = shallow(open.back());
    open.pop_back();
    if (!mentions_variables(type)) continue;
    if (holds(type)) return true;
    const TypeData& data = table_.get(type);
    if (data.special != Special::None || !seen.insert(type).second) continue;
    if (const Nominal* used = nominal(type))
      for (const GenericArgument& argument : used->arguments)
        if (argument.kind == GenericArgument::Kind::Type) open.push_back(argument.type);
    open.insert(open.end(), data.parts.begin(), data.parts.end());
  }
  return false;
}

bool Checker::unify(TypeId left, TypeId right) {
  size_t steps = 0;
  return unify(left, right, steps);
}

// `steps`: types with variables may share parts so often that comparing them would not end.
bool Checker::unify(TypeId left, TypeId right, size_t& steps) {
  const TypeId a = shallow(left), b = shallow(right);
  if (++steps > 10 * kMaxTypeWeight) return table_.refuse(), true;
  if (a == b) return true;
  const TypeData &x = table_.get(a), &y = table_.get(b);
  if (x.special == Special::Error || y.special == Special::Error) return true;
  if (x.special == Special::Infer || y.special == Special::Infer) {
    const bool from_left = x.special == Special::Infer && !(y.special == Special::Infer && y.length % 4 == 0 && x.length % 4 != 0);
    const TypeData& variable = from_left ? x : y;
    const TypeId other = from_left ? b : a;
    const uint64_t what = variable.length % 4;
    if (what == 3 || variable.length / 4 >= variables_.size()) return false;  // a closure's own type, or another body's
    if (what == 1 && !is_integer(other)) return false;
    if (what == 2 && !is_float(other)) return false;
    if (table_.get(other).special == Special::Never) return false;
    const TypeId self = from_left ? a : b;
    if (any_part(other, [&](TypeId part) { return part == self; })) return false;  // a type cannot be a part of itself
    learn(variable.length / 4, other);
    return true;
  }
  const Nominal *m = nominal(a), *n = nominal(b);
  if (m != nullptr && n != nullptr) {
    if (m->definition != n->definition) return false;
    const auto &p = m->arguments, &q = n->arguments;
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i].kind != q[i].kind) return false;
      const bool same = p[i].kind == GenericArgument::Kind::Type ? unify(p[i].type, q[i].type, steps) : p[i].kind == GenericArgument::Kind::Number ? unify_numbers(p[i].number, q[i].number) : unify_dims(p[i].dims, q[i].dims);
      if (!same) return false;
    }
    return true;
  }
  if (x.kind == TypeKind::Tensor && y.kind == TypeKind::Tensor && x.special == y.special && (x.parts.empty() != y.parts.empty())) return false;
  if (x.special == Special::None && y.special == Special::None && x.kind == TypeKind::Tensor && y.kind == TypeKind::Tensor && x.parts == y.parts)
    return x.dtype == y.dtype && unify_dims(x.dims, y.dims);
  if (x.kind != y.kind || x.special != y.special || x.parts.size() != y.parts.size() || x.parts.empty()) return false;
  if (x.is_mut != y.is_mut) return false;
  if (x.kind == TypeKind::Array ? !unify_numbers(static_cast<int64_t>(x.length), static_cast<int64_t>(y.length)) : x.length != y.length) return false;
  for (size_t i = 0; i < x.parts.size(); ++i)
    if (!unify(x.parts[i], y.parts[i], steps)) return false;
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

// A type at the end of a body: literals take their defaults, and nothing may be open.
TypeId Checker::settled(TypeId given, Span where, std::string_view what) {
  if (!given.valid()) return given;
  default_literals(given);
  if (!contains_infer(given)) {
    const TypeId type = deep(given);
    too_heavy(where);
    if (defining_ || !is_open(type)) return type;  // else a number in it was never told
  }
  if (sink_.errors() == errors_before_) sink_.report<diag::UnknownYet>(where, what).help("write its type, for example `let x: Vec<i32> = …`");
  return table_.error();  // one unknown type makes many others unknown, and so does any mistake
}

// The end of a body: every type is final, closures are functions, every call knows its function.
void Checker::finish_body() {
  finish_obligations(false);
  for (size_t i = 0; i < body_->exprs.size(); ++i) default_literals(body_->exprs[i].type);
  finish_closures();
  finish_opaques();
  finish_obligations(true);
  for (BodyLocal& one : body_->locals) one.type = settled(one.type, one.span, fmt::format("`{}` is used too little to tell", one.name));
  for (Pattern& one : body_->patterns) one.type = settled(one.type, one.span, "the pattern does not tell");
  for (size_t i = 0; i < body_->exprs.size(); ++i) {
    const TypeId type = settled(body_->exprs[i].type, body_->exprs[i].span, "nothing here tells");
    Expr& expr = body_->exprs[i];
    expr.type = type;
    if (expr.kind == ExprKind::Constant && expr.text.empty()) finish_literal(expr);
    if (expr.method == Id<int>::kNone || expr.kind == ExprKind::CallClosure) continue;
    finish_call(ExprId(i));
  }
  finish_further();
  finish_markers();
  use_types();
  finish_unsized();
  check_finalisers();
  outline_closures();
  too_heavy(body_->span);
}

void Checker::use_types() {
  if (defining_ || sink_.errors() != errors_before_) return;
  use_type(body_->signature.result);
  for (TypeId type : std::vector<TypeId>(body_->signature.parameters)) use_type(type);
  for (size_t i = 0; i < body_->locals.size(); ++i) use_type(body_->locals[i].type);
  for (size_t i = 0; i < body_->exprs.size(); ++i) use_type(body_->exprs[i].type);
}

// Which function a call calls. While a definition is checked nothing is called.
void Checker::finish_call(ExprId id) {
  if (defining_ || sink_.errors() != errors_before_) return;
  const Span where = get(id).span;
  Instance wanted = pending_[get(id).method];
  Callee& callee = wanted.callee;
  if (callee.self.valid()) callee.self = settled(callee.self, where, "nothing here tells");
  const FunctionInfo& info = function_info(callee);
  for (size_t i = 0; i < wanted.arguments.size(); ++i) {
    GenericArgument& argument = wanted.arguments[i];
    if (argument.kind == GenericArgument::Kind::Type) argument.type = settled(argument.type, where, "a generic argument cannot be told");
    callee.bound[info.parameters[i].number] = argument;
  }
  for (auto& [number, argument] : callee.bound)
    if (argument.kind == GenericArgument::Kind::Type) argument.type = deep(argument.type);
  if (sink_.errors() != errors_before_) return;
  if (callee.abstract) return finish_trait_call(id, callee, info);
  if (callee.self.valid()) callee.name = fmt::format("{}::{}", name(callee.self), callee.tree->get(callee.node).text);
  const uint32_t number = instance(std::move(wanted));
  get(id).index = number;
}

// A call that named the trait: the type is known now, so is its impl.
void Checker::finish_trait_call(ExprId id, const Callee& callee, const FunctionInfo& asked) {
  const std::string word(callee.tree->get(callee.node).text);
  const TraitInfo& trait = trait_info(callee.trait);
  TraitUse use{callee.trait, {}};
  for (size_t i = 1; i < trait.declared.parameters.size(); ++i) use.arguments.push_back(callee.bound.at(trait.declared.parameters[i].number));
  const Selection found = select(callee.self, use);
  if (object_use(callee.self) != nullptr && found.kind != Selection::Kind::Impl) return finish_object_call(id, callee);
  if (found.kind != Selection::Kind::Impl) {
    if (found && finish_builtin(id, callee)) return;
    if (sink_.errors() == errors_before_) missing_bound({callee.self, use, std::nullopt, get(id).span, {}, false}, callee.self);
    return;
  }
  Callee chosen = impl_callee(found.impl, found.bound, callee.self, word);
  const FunctionInfo& own = function_info(chosen);
  if (is_formatter(callee.trait) && own.types.size() == 2) return finish_formatter(id, std::move(chosen));
  if (is_formatter(callee.trait) && is_kind(own.result, TypeKind::String)) return finish_string(id, std::move(chosen));
  for (size_t i = asked.own, k = own.own; i < asked.parameters.size() && k < own.parameters.size(); ++i, ++k)
    chosen.bound[own.parameters[k].number] = callee.bound.at(asked.parameters[i].number);
  const uint32_t number = instance(make_instance(std::move(chosen)));
  get(id).index = number;
}

// What needs no impl: the clone of a number, the text of what the VM prints.
bool Checker::finish_builtin(ExprId id, const Callee& callee) {
  const std::string_view word = callee.tree->get(callee.node).text;
  const Span where = get(id).span;
  if (word != "clone" && word != "fmt") return false;
  const ExprId place = deref(get(id).parts[0]);
  const ExprId out = word == "clone" ? clone_of(place, where) : displayed(place, where, shipped_name(callee.trait) == "Debug" ? "?" : "");
  const Expr made = get(out);
  get(id) = made;
  return true;
}

// `fmt(&self) -> String` as a text.
void Checker::finish_string(ExprId id, Callee chosen) {
  const Span where = get(id).span;
  const ExprId made = add(ExprKind::Call, table_.scalar(TypeKind::String), where, get(id).parts);
  const uint32_t number = instance(make_instance(std::move(chosen)));
  get(made).index = number;
  const ExprId shown = borrow(made, false, where);
  Expr out;
  out.kind = ExprKind::Native, out.type = str_, out.span = where, out.native = spec::Native::StringToStr, out.parts = {shown};
  get(id) = std::move(out);
}

// `fmt(&self, f: &mut Formatter)` as a text: what it wrote into a formatter of its own.
void Checker::finish_formatter(ExprId id, Callee chosen) {
  const Span where = get(id).span;
  const ExprId shown = get(id).parts[0];
  const TypeId formatter = library_type("Formatter", {});
  const auto method = [&](std::string_view word, std::vector<ExprId> parts, TypeId result) {
    Callee callee;
    CHECK(find_method(formatter, word, callee, Receiver::Any));
    const ExprId out = add(ExprKind::Call, result, where, std::move(parts));
    const uint32_t number = instance(make_instance(std::move(callee)));
    get(out).index = number;
    return out;
  };
  const ExprId block_id = add(ExprKind::Block, str_, where, {ExprId()});
  const BodyLocalId holder = add_local("", formatter, true, where);
  push_let(block_id, holder, method("new", {}, formatter));
  const ExprId writer = borrow(local(holder, where), true, where);
  const TypeId result = function_info(chosen).result;
  const ExprId written = add(ExprKind::Call, result, where, {shown, writer});
  const uint32_t number = instance(make_instance(std::move(chosen)));
  get(written).index = number;
  get(block_id).statements.push_back({TypedStatement::Kind::Expression, written, {}, {}});
  const ExprId text = method("finish", {local(holder, where)}, str_);
  get(block_id).parts[0] = text;
  const Expr made = get(block_id);
  get(id) = made;
}

}  // namespace stark::types

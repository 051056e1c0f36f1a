// compiler/types/operators.cpp — unary and binary operators on numbers, texts and tensors; assignment.
// Room: types. In: expression nodes. Out: typed expressions.
#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;
using spec::TensorOp;

namespace {

struct OperatorRow {
  TokenKind token;
  Opcode op;
  std::optional<TensorOp> tensor;
  std::string_view verb;
  std::string_view trait, method;  // what overloads it
};
constexpr OperatorRow kOperators[] = {
    {TokenKind::Plus, Opcode::Add, TensorOp::Add, "add", "Add", "add"},
    {TokenKind::Minus, Opcode::Sub, TensorOp::Sub, "subtract", "Sub", "sub"},
    {TokenKind::Star, Opcode::Mul, TensorOp::Mul, "multiply", "Mul", "mul"},
    {TokenKind::Slash, Opcode::Div, TensorOp::Div, "divide", "Div", "div"},
    {TokenKind::Percent, Opcode::Rem, std::nullopt, "take the remainder of", "Rem", "rem"},
    {TokenKind::StarStar, Opcode::Pow, TensorOp::Pow, "take the power of", "Pow", "pow"},
    {TokenKind::And, Opcode::And, std::nullopt, "and", "BitAnd", "bitand"},
    {TokenKind::Or, Opcode::Or, std::nullopt, "or", "BitOr", "bitor"},
    {TokenKind::Caret, Opcode::Xor, std::nullopt, "xor", "BitXor", "bitxor"},
    {TokenKind::Shl, Opcode::Shl, std::nullopt, "shift", "Shl", "shl"},
    {TokenKind::EqEq, Opcode::Eq, std::nullopt, "compare", "", ""},
    {TokenKind::NotEq, Opcode::Ne, std::nullopt, "compare", "", ""},
    {TokenKind::Less, Opcode::Lt, std::nullopt, "compare", "", ""},
    {TokenKind::LessEq, Opcode::Le, std::nullopt, "compare", "", ""},
    {TokenKind::Greater, Opcode::Gt, std::nullopt, "compare", "", ""},
    {TokenKind::At, Opcode::Mul, TensorOp::MatMul, "matrix-multiply", "MatMul", "matmul"},
};
const OperatorRow& row_of(TokenKind token) {
  for (const OperatorRow& row : kOperators)
    if (row.token == token) return row;
  return kOperators[0];
}
bool compares(Opcode op) { return op >= Opcode::Eq && op <= Opcode::Ge; }

}  // namespace

ExprId Checker::auto_deref(ExprId value) {
  if (is_infer(get(value).type) && infer_what(get(value).type) == 0) settle_obligations();
  while (is_kind(get(value).type, TypeKind::Ref)) {
    const TypeId target = shallow(table_.get(type(value)).parts[0]);
    if (is_kind(target, TypeKind::Str)) {  // a &str is compared and added as the text it shows
      const ExprId text = add(ExprKind::Native, str_, get(value).span, {value});
      get(text).native = spec::Native::StrToStr;
      return text;
    }
    value = deref(value);
  }
  return value;
}

ExprId Checker::unary(NodeId id, TypeId expected) {
  const TokenKind sign = node(id).token;
  const NodeId operand = child(id, slot::Unary::operand);
  if (sign == TokenKind::Star) {
    const ExprId value = expression(operand);
    if (is_error(get(value).type)) return value;
    if (is_infer(get(value).type)) settle_obligations();
    if (is_kind(get(value).type, TypeKind::Ptr)) return follow_pointer(value, span(id));
    if (!points(get(value).type)) {
      const ExprId inside = step_inside(value);
      if (!inside.valid()) return sink_.report<diag::NotReference>(span(id), name(get(value).type)), error(span(id));
      get(inside).span = span(id);
      return inside;
    }
    const ExprId out = deref(value);
    get(out).span = span(id);
    return out;
  }
  const ExprId written = expression(operand, expected);
  if (sign == TokenKind::Minus || sign == TokenKind::Not)
    if (const ExprId out = overloaded_unary(sign == TokenKind::Minus ? "Neg" : "Not", sign == TokenKind::Minus ? "neg" : "not", written, span(id)); out.valid()) return out;
  if (sign == TokenKind::Minus && is_tensor(peel(get(written).type))) return tensor_operation(TensorOp::Neg, {tensor_operand(written, {})}, {}, span(id));
  ExprId value = auto_deref(written);
  const TypeId found = type(value);
  if (is_error(found)) return value;
  if (sign == TokenKind::Minus && kind(operand) == NodeKind::Literal && is_numeric(found) && get(value).kind == ExprKind::Constant) {
    get(value).literal.negative = !get(value).literal.negative;
    get(value).span = span(id);
    return value;
  }
  const bool good = sign == TokenKind::Minus ? is_numeric(found) : sign == TokenKind::Tilde ? is_integer(found) : is_integer(found) || is_kind(found, TypeKind::Bool);
  const std::string_view text = lex::text(sign);
  if (!good) return sink_.report<diag::BadOperand>(span(id), text, name(found)), error(span(id));
  const ExprId out = add(ExprKind::Unary, found, span(id), {value});
  get(out).op = sign == TokenKind::Minus ? Opcode::Neg : Opcode::Not;
  return out;
}

ExprId Checker::binary(NodeId id, TypeId expected) {
  const TokenKind token = node(id).token;
  const NodeId left_node = child(id, slot::Binary::left), right_node = child(id, slot::Binary::right);
  if (token == TokenKind::AndAnd || token == TokenKind::OrOr) {
    const ExprId left = kind(left_node) == NodeKind::LetCondition ? condition(left_node) : checked(left_node, bool_);
    const ExprId right = kind(right_node) == NodeKind::LetCondition ? condition(right_node) : checked(right_node, bool_);
    return add(token == TokenKind::AndAnd ? ExprKind::And : ExprKind::Or, bool_, span(id), {left, right});
  }
  Opcode op = row_of(token).op;
  if (token == TokenKind::Greater && tree().has(id, parse::kInclusive)) op = Opcode::Ge;
  if (token == TokenKind::Shl && tree().has(id, parse::kRest)) op = Opcode::Shr;
  const TypeId hint = compares(op) || (expected.valid() && is_tensor(expected)) ? TypeId() : expected;
  ExprId left = expression(left_node, hint);
  if (is_infer(get(left).type) && infer_what(get(left).type) == 0) settle_obligations();
  if (!compares(op) && can_overload(get(left).type)) {
    const OperatorRow& row = row_of(token);
    const bool right_shift = op == Opcode::Shr;
    if (!row.trait.empty()) return overloaded(right_shift ? "Shr" : row.trait, right_shift ? "shr" : row.method, left, {right_node, {}, {}, span(right_node), {}, {}}, row.verb, span(id));
  }
  if (get(left).kind != ExprKind::Error && !is_tensor(peel(get(left).type))) left = auto_deref(left);
  TypeId right_hint;
  if (is_numeric(get(left).type) && op != Opcode::Shl && op != Opcode::Shr && !(op == Opcode::Pow && is_integer(get(left).type))) right_hint = get(left).type;
  else if (is_tensor(peel(get(left).type)) && kind(right_node) == NodeKind::Literal) {
    const spec::DType dtype = tensor_type(peel(get(left).type)).dtype;
    if (scalar_named(spec::dtype_name(dtype)).valid()) right_hint = element_type(dtype);
  }
  ExprId right = expression(right_node, right_hint);
  if (is_infer(get(right).type) && infer_what(get(right).type) == 0) settle_obligations();
  if (!compares(op) && can_overload(get(right).type) && is_numeric(get(left).type) && !row_of(token).trait.empty())  // `2.0 * vector`
    return overloaded(row_of(token).trait, row_of(token).method, left, {{}, right, {}, span(right_node), {}, {}}, row_of(token).verb, span(id));
  if (!compares(op) && !is_tensor(peel(get(right).type))) right = auto_deref(right);
  return compares(op) ? comparison(op, left, right, span(id)) : arithmetic(op, token, left, right, span(id));
}

ExprId Checker::arithmetic(Opcode op, TokenKind token, ExprId left, ExprId right, Span where) {
  const TypeId a = type(left), b = type(right);
  const OperatorRow& row = row_of(token);
  if (is_error(a) || is_error(b)) return error(where);
  if (is_never(a) || is_never(b)) return add(ExprKind::Block, table_.never(), where, {is_never(a) ? left : right});
  const bool left_tensor = is_tensor(peel(a)), right_tensor = is_tensor(peel(b));
  if ((left_tensor || right_tensor) && row.tensor) {
    if (token == TokenKind::At && !(left_tensor && right_tensor)) return sink_.report<diag::BadOperands>(where, row.verb, name(a), name(b)), error(where);
    const spec::DType dtype = tensor_type(peel(left_tensor ? a : b)).dtype;
    const ExprId x = tensor_operand(left, dtype), y = tensor_operand(right, dtype);
    if (!x.valid() || !y.valid()) return sink_.report<diag::BadOperands>(where, row.verb, name(a), name(b)), error(where);
    return tensor_operation(*row.tensor, {x, y}, {}, where);
  }
  const auto wrong = [&] {
    auto report = sink_.report<diag::BadOperands>(where, row.verb, name(a), name(b));
    if (op == Opcode::Add && (is_kind(a, TypeKind::Str) || is_kind(a, TypeKind::String))) report.help("join texts with an f-string: `f\"{a}{b}\"`");
    else if (is_numeric(a) && is_numeric(b)) report.help(fmt::format("convert one of them: `… as {}`", name(a)));
    return error(where);
  };
  if ((is_infer(a) && infer_what(a) == 0) || (is_infer(b) && infer_what(b) == 0)) {
    if (!unify(a, b)) return wrong();
    if (is_infer(a) && infer_what(a) == 0) return sink_.report<diag::UnknownYet>(get(left).span, "it is calculated with"), error(where);
  }
  if (token == TokenKind::At) return wrong();
  const bool shift = op == Opcode::Shl || op == Opcode::Shr;
  if (shift) {
    if (!is_integer(a) || !is_integer(b)) return wrong();
  } else if (op == Opcode::Pow && is_integer(a)) {
    if (!unify(b, table_.scalar(TypeKind::U32))) return sink_.report<diag::BadOperands>(where, row.verb, name(a), name(b)).help("the exponent of an integer is a `u32`"), error(where);
  } else {
    const bool bits = op == Opcode::And || op == Opcode::Or || op == Opcode::Xor;
    const bool good = bits ? is_integer(a) || is_kind(a, TypeKind::Bool) : is_numeric(a);
    if (!good || !unify(a, b)) return wrong();
  }
  const ExprId out = add(ExprKind::Binary, type(left), where, {left, right});
  get(out).op = op;
  return out;
}

// Does an operator on this type mean a trait's function?
bool Checker::can_overload(TypeId given) {
  const TypeId inner = shallow(peel(given));
  const TypeData& data = table_.get(inner);
  if (data.special == Special::Parameter || data.special == Special::Projection) return !is_numeric(inner);
  return data.special == Special::None && nominal(inner) != nullptr;
}

// `left + right` as `Add::add(left, right)`. Operands are taken as they are, so references need an impl of their own; a reference to a
// value that is copied may stand for the value.
ExprId Checker::overloaded(std::string_view trait_name, std::string_view method, ExprId left, const Argument& right, std::string_view verb, Span where) {
  const DefinitionId trait = names_.find_in(names_.library, trait_name, false);
  TypeId self = type(left);
  const TypeId other = fresh();
  TraitUse use{trait, {{GenericArgument::Kind::Type, other, 0, {}}}};
  Selection found = select(self, use);
  while (!found && is_kind(self, TypeKind::Ref) && copies(table_.get(self).parts[0])) {
    left = deref(left), self = type(left);
    found = select(self, use);
  }
  ExprId value = argument_value(right, single_operand(self, trait));
  if (is_error(get(value).type) || is_error(self)) return error(where);
  if (is_infer(get(value).type)) settle_obligations();
  const bool fits = unify(other, get(value).type);
  found = fits ? select(self, use) : Selection();
  if (!found && is_kind(get(value).type, TypeKind::Ref) && copies(table_.get(type(value)).parts[0])) {
    const ExprId inner = deref(value);
    use.arguments[0].type = get(inner).type;
    if (select(self, use)) value = inner, found = select(self, use);
  }
  if (!found) {
    auto report = sink_.report<diag::BadOperands>(where, verb, name(self), name(get(value).type));
    const bool any = static_cast<bool>(select(self, {trait, {{GenericArgument::Kind::Type, fresh(), 0, {}}}}));
    if (table_.get(self).special == Special::Parameter) report.help(fmt::format("ask for it: `{}: {}<Output = {}>`", name(self), trait_name, name(self)));
    else if (is_kind(self, TypeKind::Ref)) report.help(fmt::format("the operator takes values: dereference with `*`, `.clone()` it, or write `impl {} for {}`", trait_name, name(self)));
    else if (any) report.help(fmt::format("`{}` implements `{}` for another type", name(self), trait_name));
    else report.help(fmt::format("write `impl {} for {} {{ type Output = …; fn {}(self, other: Self) -> … }}`", trait_name, name(self), method));
    return error(where);
  }
  const TypeId result = project(self, use, "Output");
  return pending_call(trait_callee(use, self, method), result, where, {left, value});
}

// The right operand's type where the left's leaves no choice.
TypeId Checker::single_operand(TypeId self, DefinitionId trait) {
  TypeId only;
  const auto candidates = impls_by_trait_.find(trait.value);
  if (candidates == impls_by_trait_.end()) return {};
  for (uint32_t i : candidates->second.of(head_of(self))) {
    Bindings bound;
    if ((impls_[i].head != 0 && impls_[i].head != head_of(self)) || fit(impls_[i].self, self, bound) == Fit::No || impls_[i].trait_arguments.empty() || !bounds_hold(impls_[i].declared.bounds, bound, 1)) continue;
    if (only.valid() || impls_[i].trait_arguments[0].kind != GenericArgument::Kind::Type) return {};
    only = instantiate(impls_[i].trait_arguments[0].type, bound);
  }
  return only;
}

ExprId Checker::overloaded_unary(std::string_view trait_name, std::string_view method, ExprId value, Span where) {
  if (!can_overload(get(value).type)) return {};
  const DefinitionId trait = names_.find_in(names_.library, trait_name, false);
  TypeId self = type(value);
  while (!select(self, {trait, {}}) && is_kind(self, TypeKind::Ref)) value = deref(value), self = type(value);
  if (!select(self, {trait, {}})) return {};
  return pending_call(trait_callee({trait, {}}, self, method), project(self, {trait, {}}, "Output"), where, {value});
}

ExprId Checker::comparison(Opcode op, ExprId left, ExprId right, Span where) {
  if (is_infer(get(left).type) || is_infer(get(right).type)) settle_obligations();
  left = auto_deref(left), right = auto_deref(right);
  const auto text = [&](ExprId value) {
    if (!is_kind(get(value).type, TypeKind::String)) return value;
    const ExprId out = add(ExprKind::Native, str_, get(value).span, {borrow(value, false, get(value).span)});
    get(out).native = spec::Native::StringToStr;
    return out;
  };
  left = text(left), right = text(right);
  const TypeId a = type(left), b = type(right);
  if (is_error(a) || is_error(b)) return add(ExprKind::Error, bool_, where);
  if (is_tensor(a) || is_tensor(b)) {
    sink_.report<diag::BadOperands>(where, "compare", name(a), name(b)).help("compare tensors element by element with `.eq(&other)`, `.lt(&other)` and so on");
    return add(ExprKind::Error, bool_, where);
  }
  const TypeData& data = table_.get(a);
  const bool rigid = (data.special == Special::Parameter || data.special == Special::Projection) && !is_numeric(a) && !implements(a, "Scalar");
  const bool compound = data.special == Special::None && (nominal(a) != nullptr || data.kind == TypeKind::Tuple || data.kind == TypeKind::Vec || data.kind == TypeKind::Array || data.kind == TypeKind::Slice || data.kind == TypeKind::Box);
  if (rigid || compound) return compared(op, left, right, where);
  if (!unify(a, b)) {
    auto report = sink_.report<diag::BadOperands>(where, "compare", name(a), name(b));
    if (is_numeric(a) && is_numeric(b)) report.help(fmt::format("convert one of them: `… as {}`", name(a)));
    return add(ExprKind::Error, bool_, where);
  }
  if (op != Opcode::Eq && op != Opcode::Ne && (is_kind(a, TypeKind::Device) || is_kind(a, TypeKind::Fn)))
    return sink_.report<diag::BadOperands>(where, "compare", name(a), name(b)), add(ExprKind::Error, bool_, where);
  if (is_kind(a, TypeKind::Device)) {
    const ExprId same = add(ExprKind::Native, bool_, where, {left, right});
    get(same).native = spec::Native::DeviceEq;
    return op == Opcode::Ne ? negated(same) : same;
  }
  const ExprId out = add(ExprKind::Binary, bool_, where, {left, right});
  get(out).op = op;
  return out;
}

ExprId Checker::negated(ExprId value) {
  const ExprId out = add(ExprKind::Unary, bool_, get(value).span, {value});
  get(out).op = Opcode::Not;
  return out;
}

// By `PartialEq` or `PartialOrd`, which look at both sides.
ExprId Checker::compared(Opcode op, ExprId left, ExprId right, Span where) {
  const bool equality = op == Opcode::Eq || op == Opcode::Ne;
  const std::string_view trait_name = equality ? "PartialEq" : "PartialOrd";
  const std::string_view method = equality ? "eq" : op == Opcode::Lt ? "lt" : op == Opcode::Le ? "le" : op == Opcode::Gt ? "gt" : "ge";
  const TypeId a = type(left);
  if (same_head(a, get(right).type)) unify(a, get(right).type);
  const TypeId b = type(right);
  const TraitUse use{names_.find_in(names_.library, trait_name, false), {{GenericArgument::Kind::Type, b, 0, {}}}};
  if (!select(a, use)) {
    auto report = sink_.report<diag::BadOperands>(where, "compare", name(a), name(b));
    if (table_.get(a).special == Special::Parameter) report.help(fmt::format("ask for it: `{}: {}`", name(a), trait_name));
    else if (nominal(a) != nullptr && shallow(a) == shallow(b)) report.help(fmt::format("derive it: `#[derive({})]`", equality ? "PartialEq" : "PartialEq, PartialOrd"));
    return add(ExprKind::Error, bool_, where);
  }
  const ExprId mine = borrow(left, false, where), other = borrow(right, false, where);
  const ExprId out = pending_call(trait_callee(use, a, method), bool_, where, {mine, other});
  return op == Opcode::Ne ? negated(out) : out;
}

ExprId Checker::assign(NodeId id) {
  const NodeId left = child(id, slot::Assign::left), right = child(id, slot::Assign::right);
  if (kind(left) == NodeKind::Index) {
    const ExprId base = index_base(expression(child(left, slot::Index::receiver)));
    if (is_tensor(get(base).type)) {
      const spec::DType dtype = tensor_type(get(base).type).dtype;
      const ExprId value = checked(right, element_type(dtype));
      return tensor_set(left, base, value, list(child(left, slot::Index::indices)), span(id));
    }
  }
  if (kind(left) == NodeKind::PathExpr && sources_.text(span(left)) == "_") return expression(right);
  const ExprId place = expression(left);
  mutable_place(place);
  const ExprId value = checked(right, get(place).type);
  if (get(place).kind == ExprKind::Error) return error(span(id));
  if (!is_place(place)) return sink_.report<diag::NotAPlace>(span(left)).here("this is a value without a place"), error(span(id));
  return add(ExprKind::Assign, unit_, span(id), {place, value});
}

// `place += value` by `AddAssign`, or by `Add` where there is no such impl.
ExprId Checker::overloaded_assign(ExprId place, std::string_view trait_name, std::string_view method, NodeId right, Span where) {
  if (trait_name.empty() || !can_overload(get(place).type)) return {};
  while (is_kind(get(place).type, TypeKind::Ref)) place = deref(place);
  const TypeId self = type(place);
  const DefinitionId trait = names_.find_in(names_.library, fmt::format("{}Assign", trait_name), false);
  const TypeId other = fresh();
  const TraitUse use{trait, {{GenericArgument::Kind::Type, other, 0, {}}}};
  if (trait.valid() && select(self, use)) {
    const ExprId value = expression(right, single_operand(self, trait));
    if (!unify(other, get(value).type) || !select(self, use)) return sink_.report<diag::BadOperands>(where, "add to", name(self), name(get(value).type)), error(where);
    return pending_call(trait_callee(use, self, fmt::format("{}_assign", method)), unit_, where, {borrow(place, true, get(place).span, true), value});
  }
  const ExprId sum = overloaded(trait_name, method, place, {right, {}, {}, span(right), {}, {}}, "combine", where);
  if (get(sum).kind == ExprKind::Error) return sum;
  mutable_place(place);
  return add(ExprKind::Assign, unit_, where, {place, coerce(sum, self)});
}

ExprId Checker::compound_assign(NodeId id) {
  const NodeId left = child(id, slot::CompoundAssign::left), right = child(id, slot::CompoundAssign::right);
  const OperatorRow& row = row_of(node(id).token);
  Opcode op = row.op;
  if (op == Opcode::Shl && tree().has(id, parse::kRest)) op = Opcode::Shr;
  ExprId place = expression(left);
  if (is_infer(get(place).type)) settle_obligations();
  if (is_error(get(place).type)) return expression(right), error(span(id));
  if (const ExprId out = overloaded_assign(place, row.trait, row.method, right, span(id)); out.valid()) return out;
  while (is_kind(get(place).type, TypeKind::Ref)) place = deref(place);
  if (get(place).kind == ExprKind::TensorGet) {
    const ExprId value = expression(right, get(place).type);
    const ExprId sum = arithmetic(op, node(id).token, place, value, span(id));
    const ExprId base = index_base(expression(child(left, slot::Index::receiver)));
    return tensor_set(left, base, sum, list(child(left, slot::Index::indices)), span(id));
  }
  if (!is_place(place)) return sink_.report<diag::NotAPlace>(span(left)).here("this is a value without a place"), error(span(id));
  mutable_place(place);
  const bool shift = op == Opcode::Shl || op == Opcode::Shr;
  ExprId value = expression(right, is_numeric(get(place).type) && !shift && !(op == Opcode::Pow && is_integer(get(place).type)) ? get(place).type : TypeId());
  if (!is_tensor(peel(get(value).type))) value = auto_deref(value);
  if (is_kind(get(place).type, TypeKind::String) && op == Opcode::Add) {
    const ExprId text = coerce(value, table_.ref(str_, false));
    const ExprId out = add(ExprKind::Native, unit_, span(id), {borrow(place, true, get(place).span, true), text});
    get(out).native = spec::Native::StringPushStr;
    return out;
  }
  const ExprId result = arithmetic(op, node(id).token, place, value, span(id));
  if (get(result).kind == ExprKind::Error) return result;
  if (get(result).kind == ExprKind::Tensor) return add(ExprKind::Assign, unit_, span(id), {place, coerce(result, get(place).type)});
  const ExprId out = add(ExprKind::AssignOp, unit_, span(id), {place, value});
  get(out).op = op;
  return out;
}

}  // namespace stark::types

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
};
constexpr OperatorRow kOperators[] = {
    {TokenKind::Plus, Opcode::Add, TensorOp::Add, "add"},          {TokenKind::Minus, Opcode::Sub, TensorOp::Sub, "subtract"},
    {TokenKind::Star, Opcode::Mul, TensorOp::Mul, "multiply"},     {TokenKind::Slash, Opcode::Div, TensorOp::Div, "divide"},
    {TokenKind::Percent, Opcode::Rem, std::nullopt, "take the remainder of"}, {TokenKind::StarStar, Opcode::Pow, TensorOp::Pow, "take the power of"},
    {TokenKind::And, Opcode::And, std::nullopt, "and"},            {TokenKind::Or, Opcode::Or, std::nullopt, "or"},
    {TokenKind::Caret, Opcode::Xor, std::nullopt, "xor"},          {TokenKind::Shl, Opcode::Shl, std::nullopt, "shift"},
    {TokenKind::EqEq, Opcode::Eq, std::nullopt, "compare"},        {TokenKind::NotEq, Opcode::Ne, std::nullopt, "compare"},
    {TokenKind::Less, Opcode::Lt, std::nullopt, "compare"},        {TokenKind::LessEq, Opcode::Le, std::nullopt, "compare"},
    {TokenKind::Greater, Opcode::Gt, std::nullopt, "compare"},     {TokenKind::At, Opcode::Mul, TensorOp::MatMul, "matrix-multiply"},
};
const OperatorRow& row_of(TokenKind token) {
  for (const OperatorRow& row : kOperators)
    if (row.token == token) return row;
  return kOperators[0];
}
bool compares(Opcode op) { return op >= Opcode::Eq && op <= Opcode::Ge; }

}  // namespace

ExprId Checker::auto_deref(ExprId value) {
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
    if (!is_kind(get(value).type, TypeKind::Ref)) return sink_.report<diag::NotReference>(span(id), name(get(value).type)), error(span(id));
    const ExprId out = deref(value);
    get(out).span = span(id);
    return out;
  }
  ExprId value = auto_deref(expression(operand, expected));
  const TypeId found = type(value);
  if (is_error(found)) return value;
  if (sign == TokenKind::Minus && kind(operand) == NodeKind::Literal && is_numeric(found) && get(value).kind == ExprKind::Constant) {
    get(value).literal.negative = !get(value).literal.negative;
    get(value).span = span(id);
    return value;
  }
  if (sign == TokenKind::Minus && is_tensor(found)) return tensor_operation(TensorOp::Neg, {tensor_operand(value, {})}, {}, span(id));
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
  if (get(left).kind != ExprKind::Error && !is_tensor(peel(get(left).type))) left = auto_deref(left);
  TypeId right_hint;
  if (is_numeric(get(left).type) && op != Opcode::Shl && op != Opcode::Shr && !(op == Opcode::Pow && is_integer(get(left).type))) right_hint = get(left).type;
  else if (is_tensor(peel(get(left).type)) && kind(right_node) == NodeKind::Literal) {
    const spec::DType dtype = tensor_type(peel(get(left).type)).dtype;
    if (scalar_named(spec::dtype_name(dtype)).valid()) right_hint = element_type(dtype);
  }
  ExprId right = expression(right_node, right_hint);
  if (!is_tensor(peel(get(right).type))) right = auto_deref(right);
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

ExprId Checker::comparison(Opcode op, ExprId left, ExprId right, Span where) {
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
  if (!unify(a, b)) {
    auto report = sink_.report<diag::BadOperands>(where, "compare", name(a), name(b));
    if (is_numeric(a) && is_numeric(b)) report.help(fmt::format("convert one of them: `… as {}`", name(a)));
    return add(ExprKind::Error, bool_, where);
  }
  if (nominal(a) != nullptr || is_kind(a, TypeKind::Tuple) || is_kind(a, TypeKind::Vec) || is_kind(a, TypeKind::Array)) {
    Callee callee;
    const std::string_view method = op == Opcode::Eq || op == Opcode::Ne ? "eq" : "";
    if (!method.empty() && nominal(a) != nullptr && find_method(a, method, callee, true)) {
      const ExprId other = borrow(right, false, where);
      const ExprId mine = borrow(left, false, where);
      const ExprId out = add(ExprKind::Call, bool_, where, {mine, other});
      Instance wanted{callee, {}, Instance::Made::Written, {}};
      const auto generics = callee.impl == Id<int>::kNone ? std::vector<std::string>() : generic_names(*impls_[callee.impl].tree, impls_[callee.impl].tree->child(impls_[callee.impl].node, slot::Impl::generics));
      for (const std::string& generic : generics) wanted.arguments.push_back(wanted.callee.environment.generics[generic]);
      get(out).method = static_cast<uint32_t>(pending_.size());
      pending_.push_back(std::move(wanted));
      if (op == Opcode::Eq) return out;
      const ExprId negated = add(ExprKind::Unary, bool_, where, {out});
      get(negated).op = Opcode::Not;
      return negated;
    }
    if (!method.empty() && derived(a, "PartialEq")) {
      Instance wanted;
      wanted.made = Instance::Made::Equal;
      wanted.self = a;
      const Definition& made = names_.get(nominal(a)->definition);
      wanted.callee.tree = made.tree, wanted.callee.node = made.node, wanted.callee.module = made.module;
      wanted.callee.name = name(a) + "::eq";
      const ExprId mine = borrow(left, false, where), other = borrow(right, false, where);
      const ExprId out = add(ExprKind::Call, bool_, where, {mine, other});
      get(out).method = static_cast<uint32_t>(pending_.size());
      pending_.push_back(std::move(wanted));
      if (op == Opcode::Eq) return out;
      const ExprId negated = add(ExprKind::Unary, bool_, where, {out});
      get(negated).op = Opcode::Not;
      return negated;
    }
    auto report = sink_.report<diag::BadOperands>(where, "compare", name(a), name(b));
    if (nominal(a) != nullptr) report.help("derive it: `#[derive(PartialEq)]`, or compare the fields");
    return add(ExprKind::Error, bool_, where);
  }
  const ExprId out = add(ExprKind::Binary, bool_, where, {left, right});
  get(out).op = op;
  return out;
}

ExprId Checker::assign(NodeId id) {
  const NodeId left = child(id, slot::Assign::left), right = child(id, slot::Assign::right);
  if (kind(left) == NodeKind::Index) {
    ExprId base = expression(child(left, slot::Index::receiver));
    if (is_tensor(peel(get(base).type))) {
      while (is_kind(get(base).type, TypeKind::Ref)) base = deref(base);
      const spec::DType dtype = tensor_type(get(base).type).dtype;
      const ExprId value = checked(right, element_type(dtype));
      return tensor_set(left, base, value, list(child(left, slot::Index::indices)), span(id));
    }
  }
  if (kind(left) == NodeKind::PathExpr && sources_.text(span(left)) == "_") return expression(right);
  const ExprId place = expression(left);
  const ExprId value = checked(right, get(place).type);
  if (get(place).kind == ExprKind::Error) return error(span(id));
  if (!is_place(place)) return sink_.report<diag::NotAPlace>(span(left)).here("this is a value without a place"), error(span(id));
  return add(ExprKind::Assign, unit_, span(id), {place, value});
}

ExprId Checker::compound_assign(NodeId id) {
  const NodeId left = child(id, slot::CompoundAssign::left), right = child(id, slot::CompoundAssign::right);
  const OperatorRow& row = row_of(node(id).token);
  Opcode op = row.op;
  if (op == Opcode::Shl && tree().has(id, parse::kRest)) op = Opcode::Shr;
  ExprId place = expression(left);
  if (is_error(get(place).type)) return expression(right), error(span(id));
  while (is_kind(get(place).type, TypeKind::Ref)) place = deref(place);
  if (get(place).kind == ExprKind::TensorGet) {
    const ExprId value = expression(right, get(place).type);
    const ExprId sum = arithmetic(op, node(id).token, place, value, span(id));
    ExprId base = expression(child(left, slot::Index::receiver));
    while (is_kind(get(base).type, TypeKind::Ref)) base = deref(base);
    return tensor_set(left, base, sum, list(child(left, slot::Index::indices)), span(id));
  }
  if (!is_place(place)) return sink_.report<diag::NotAPlace>(span(left)).here("this is a value without a place"), error(span(id));
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

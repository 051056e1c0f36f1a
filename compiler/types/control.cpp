// compiler/types/control.cpp — blocks, let, branches, loops, jumps.
// Room: types. In: nodes. Out: typed expressions; `for` becomes a plain loop here.
#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;

ExprId Checker::block(NodeId id, TypeId expected) {
  if (kind(id) != NodeKind::Block || tree().has(id, parse::kAsync)) return expression(id, expected);
  const std::string_view label = node(id).text;
  if (label.empty()) return block_inner(id, expected);
  const uint32_t number = next_loop_++;
  const TypeId result = expected.valid() ? expected : fresh();
  loops_.push_back({label, number, LoopState::Kind::Block, result, false});
  const ExprId value = coerce(block_inner(id, result), result);
  loops_.pop_back();
  const ExprId leave = add(ExprKind::Break, table_.never(), span(id), {value});
  get(leave).index = number;
  const ExprId out = add(ExprKind::Loop, result, span(id), {ExprId(), leave, ExprId()});
  get(out).index = number;
  return out;
}

ExprId Checker::block_inner(NodeId id, TypeId expected) {
  const ScopeGuard scope(*this);
  const bool was_unsafe = std::exchange(unsafe_, unsafe_ || tree().has(id, parse::kUnsafe));
  const ModuleId items = names_.block_module(tree(), id), around = where_.module;
  if (items.valid()) where_.module = items;
  const ExprId out = add(ExprKind::Block, unit_, span(id), {ExprId()});
  bool ends = false;
  for (NodeId one : list(child(id, slot::Block::statements))) {
    statement(one, out);
    const auto& statements = get(out).statements;
    if (!statements.empty() && statements.back().value.valid() && diverges(statements.back().value)) ends = true;
  }
  const NodeId value_node = child(id, slot::Block::value);
  if (value_node.valid()) {
    ExprId value = expression(value_node, expected);
    if (expected.valid())
      if (const ExprId better = try_coerce(value, expected); better.valid()) value = better;
    get(out).parts[0] = value;
    get(out).type = get(value).type;
  } else if (ends) {
    get(out).type = table_.never();
  }
  where_.module = around;
  unsafe_ = was_unsafe;
  return out;
}

void Checker::statement(NodeId id, ExprId block_id) {
  if (kind(id) == NodeKind::Let) return let(id, block_id);
  if (kind(id) == NodeKind::Statement) {
    const NodeId inner = child(id, slot::Statement::expression);
    const bool unit_wanted = !tree().has(id, parse::kSemicolon);
    const ExprId value = expression(inner, unit_wanted ? unit_ : TypeId());
    if (unit_wanted && !is_never(get(value).type)) coerce(value, unit_, "a `;` is missing after it, or its value is not used");
    get(block_id).statements.push_back({TypedStatement::Kind::Expression, value, {}, {}});
    return;
  }
  // What is left are items, which resolve has declared.
}

void Checker::let(NodeId id, ExprId block_id) {
  const NodeId declared = child(id, slot::Let::type), value_node = child(id, slot::Let::value), else_node = child(id, slot::Let::otherwise);
  const TypeId wanted = declared.valid() ? type_of(declared) : TypeId();
  ExprId value;
  if (value_node.valid()) {
    value = expression(value_node, wanted);
    if (wanted.valid()) value = coerce(value, wanted, {}, span(declared));
  }
  TypeId type_id = wanted.valid() ? wanted : value.valid() ? get(value).type : fresh();
  if (!wanted.valid() && is_never(type_id)) type_id = unit_;
  ExprId otherwise;
  if (else_node.valid()) {
    otherwise = block(else_node, {});
    if (!diverges(otherwise) && !is_error(get(otherwise).type)) mismatch(otherwise, table_.never(), "this block must leave: `return`, `break`, `panic!`");
  }
  const PatternId bound = pattern(child(id, slot::Let::pattern), type_id, Mode::Move);
  if (!else_node.valid()) irrefutable(bound, type_id, span(child(id, slot::Let::pattern)));
  get(block_id).statements.push_back({TypedStatement::Kind::Let, value, bound, otherwise});
}

ExprId Checker::condition(NodeId id) {
  if (kind(id) == NodeKind::LetCondition) {
    const ExprId value = expression(child(id, slot::LetCondition::value));
    const PatternId bound = pattern(child(id, slot::LetCondition::pattern), get(value).type, Mode::Move);
    const ExprId out = add(ExprKind::LetCondition, bool_, span(id), {value});
    get(out).pattern = bound;
    return out;
  }
  const ExprId value = auto_deref(expression(id, bool_));
  if (!try_coerce(value, bool_).valid()) {
    sink_.report<diag::NotCondition>(span(id), name(get(value).type));
    return add(ExprKind::Error, bool_, span(id));
  }
  return value;
}

ExprId Checker::if_expression(NodeId id, TypeId expected) {
  const ScopeGuard scope(*this);
  const ExprId test = condition(child(id, slot::If::condition));
  const NodeId else_node = child(id, slot::If::otherwise);
  ExprId then_value = block(child(id, slot::If::then_block), else_node.valid() ? expected : unit_);
  if (!else_node.valid()) {
    if (!is_never(get(then_value).type) && !unify(get(then_value).type, unit_)) {
      sink_.report<diag::MissingElse>(get(then_value).span, name(get(then_value).type)).help("add `else { … }`, or end the block with `;`");
    }
    return add(ExprKind::If, unit_, span(id), {test, then_value, ExprId()});
  }
  scopes_.back().clear();
  const TypeId first = get(then_value).type;
  const bool known = expected.valid() && !is_infer(expected);
  ExprId else_value = kind(else_node) == NodeKind::If ? if_expression(else_node, known || is_never(first) ? expected : first) : block(else_node, known || is_never(first) ? expected : first);
  TypeId result = known ? expected : is_never(first) ? get(else_value).type : first;
  if (known && is_never(first) && is_never(get(else_value).type)) result = table_.never();
  if (!is_never(result)) {
    then_value = coerce(then_value, result);
    const ExprId joined = try_coerce(else_value, result);
    const ExprId other = joined.valid() || known ? ExprId() : try_coerce(then_value, get(else_value).type);
    if (joined.valid()) else_value = joined;
    else if (other.valid()) then_value = other, result = get(else_value).type;
    else if (!is_error(get(else_value).type))
      sink_.report<diag::Mismatch>(get(else_value).span, name(result), name(get(else_value).type)).label(get(then_value).span, fmt::format("the other branch is `{}`", name(result)));
  }
  return add(ExprKind::If, result, span(id), {test, then_value, else_value});
}

ExprId Checker::match_expression(NodeId id, TypeId expected) {
  const ExprId value = expression(child(id, slot::Match::scrutinee));
  const TypeId scrutinee = get(value).type;
  std::vector<Arm> arms;
  TypeId result = expected.valid() && !is_infer(expected) ? expected : TypeId();
  const bool fixed = result.valid();
  bool all_leave = true;
  Span first_span{};
  for (NodeId arm_node : list(child(id, slot::Match::arms))) {
    const ScopeGuard scope(*this);
    const PatternId bound = pattern(child(arm_node, slot::Arm::pattern), scrutinee, Mode::Move);
    const NodeId guard_node = child(arm_node, slot::Arm::guard);
    const ExprId guard = guard_node.valid() ? condition(guard_node) : ExprId();
    const NodeId body_node = child(arm_node, slot::Arm::body);
    ExprId body = kind(body_node) == NodeKind::Block ? block(body_node, result) : expression(body_node, result);
    const TypeId found = type(body);
    if (!is_never(found)) {
      all_leave = false;
      if (!result.valid()) result = found, first_span = get(body).span;
      const ExprId joined = try_coerce(body, result);
      if (joined.valid()) body = joined;
      else if (!fixed && coerce_arms(arms, found)) result = found;
      else {
        auto report = sink_.report<diag::Mismatch>(get(body).span, name(result), name(found));
        if (!fixed) report.label(first_span, fmt::format("an arm before is `{}`", name(result)));
      }
    }
    arms.push_back({bound, guard, body});
  }
  exhaustive(arms, scrutinee, get(value).span);
  const ExprId out = add(ExprKind::Match, all_leave && !arms.empty() ? table_.never() : result.valid() ? result : table_.never(), span(id), {value});
  get(out).arms = std::move(arms);
  return out;
}

// A later arm may be what the arms before can become: `"none"` beside a `&str`.
bool Checker::coerce_arms(std::vector<Arm>& arms, TypeId wanted) {
  std::vector<Arm> changed = arms;
  for (Arm& arm : changed) {
    if (is_never(get(arm.body).type)) continue;
    arm.body = try_coerce(arm.body, wanted);
    if (!arm.body.valid()) return false;
  }
  arms = std::move(changed);
  return true;
}

ExprId Checker::loop_expression(NodeId id, TypeId expected) {
  const ScopeGuard scope(*this);
  const bool endless = kind(id) == NodeKind::Loop;
  const uint32_t number = next_loop_++;
  const ExprId test = endless ? ExprId() : condition(child(id, slot::While::condition));
  loops_.push_back({node(id).text, number, endless ? LoopState::Kind::Loop : LoopState::Kind::Other, endless ? (expected.valid() ? expected : fresh()) : unit_, false});
  const ExprId body = block(child(id, endless ? static_cast<uint32_t>(slot::Loop::body) : static_cast<uint32_t>(slot::While::body)), unit_);
  coerce(body, unit_, "the body of a loop has no value");
  const LoopState state = loops_.back();
  loops_.pop_back();
  const ExprId out = add(ExprKind::Loop, !endless ? unit_ : state.broken ? state.result : table_.never(), span(id), {test, body, ExprId()});
  get(out).index = number;
  return out;
}

void Checker::push_let(ExprId block_id, BodyLocalId local_id, ExprId value) {
  const PatternId bound = bind(local_id, get(value).span);
  get(block_id).statements.push_back({TypedStatement::Kind::Let, value, bound, {}});
}

ExprId Checker::for_expression(NodeId id) {
  const NodeId iterable = child(id, slot::For::iterable);
  if (kind(iterable) == NodeKind::Range) return for_range(id, iterable);
  const ExprId value = expression(iterable);
  if (is_infer(get(value).type)) settle_obligations();
  const TypeId found = type(value);
  if (is_error(found)) {
    const ScopeGuard scope(*this);
    pattern(child(id, slot::For::pattern), table_.error(), Mode::Move);
    loops_.push_back({node(id).text, next_loop_++, LoopState::Kind::Other, unit_, false});
    block(child(id, slot::For::body), unit_);
    loops_.pop_back();
    return value;
  }
  const TypeData target = table_.get(peel(found));
  const bool run = target.special == Special::None && (target.kind == TypeKind::Vec || target.kind == TypeKind::Array || target.kind == TypeKind::Slice);
  const bool copied = target.kind == TypeKind::Array && (is_infer(target.parts[0]) || copies(target.parts[0]));
  if (run && (is_kind(found, TypeKind::Ref) || copied)) return for_elements(id, value);
  return for_iterator(id, value);
}

// What the three kinds of `for` share: the loop around `let pattern = element; body`.
ExprId Checker::counting_loop(NodeId id, ExprId outer, ExprId test, ExprId step, ExprId element) {
  const ScopeGuard scope(*this);
  const Span where = span(id);
  const uint32_t number = next_loop_++;
  const PatternId bound = pattern(child(id, slot::For::pattern), get(element).type, Mode::Move);
  irrefutable(bound, get(element).type, span(child(id, slot::For::pattern)));
  loops_.push_back({node(id).text, number, LoopState::Kind::Other, unit_, false});
  const ExprId body = block(child(id, slot::For::body), unit_);
  coerce(body, unit_, "the body of a loop has no value");
  loops_.pop_back();
  const ExprId inner = add(ExprKind::Block, unit_, where, {body});
  get(inner).statements.push_back({TypedStatement::Kind::Let, element, bound, {}});
  const ExprId loop = add(ExprKind::Loop, unit_, where, {test, inner, step});
  get(loop).index = number;
  get(outer).parts[0] = loop;
  return outer;
}

ExprId Checker::for_range(NodeId id, NodeId range) {
  const NodeId first_node = child(range, slot::Range::first), last_node = child(range, slot::Range::last);
  const Span where = span(range);
  if (!first_node.valid()) return unsupported(range, "ranges without a beginning as loops");
  ExprId first = auto_deref(expression(first_node));
  ExprId last = last_node.valid() ? auto_deref(expression(last_node, is_numeric(get(first).type) ? get(first).type : TypeId())) : ExprId();
  if (last.valid() && !unify(get(first).type, get(last).type)) mismatch(last, get(first).type, "both ends of a range have one type");
  const TypeId type_id = get(first).type;
  if (!is_integer(type_id) && !is_error(type_id)) sink_.report<diag::NotIterable>(where, name(type_id)).help("a loop counts with integers");
  const bool inclusive = tree().has(range, parse::kInclusive);
  const ExprId outer = add(ExprKind::Block, unit_, span(id), {ExprId()});
  const BodyLocalId counter = add_local("", type_id, true, where), end = add_local("", type_id, false, where);
  push_let(outer, counter, first);
  if (last.valid()) push_let(outer, end, last);
  const auto compare = [&](Opcode op) {
    const ExprId out = add(ExprKind::Binary, bool_, where, {local(counter, where), local(end, where)});
    get(out).op = op;
    return out;
  };
  ExprId up = add(ExprKind::AssignOp, unit_, where, {local(counter, where), constant_number(1, type_id, where)});
  get(up).op = Opcode::Add;
  ExprId test = last.valid() ? compare(Opcode::Lt) : ExprId(), step = up;
  if (inclusive && last.valid()) {  // the counter must not pass the end, which may be the type's last number
    const BodyLocalId more = add_local("", bool_, true, where);
    push_let(outer, more, compare(Opcode::Le));
    test = local(more, where);
    const ExprId stop = add(ExprKind::Assign, unit_, where, {local(more, where), constant_number(0, bool_, where)});
    step = add(ExprKind::If, unit_, where, {compare(Opcode::Eq), stop, up});
  }
  return counting_loop(id, outer, test, step, local(counter, where));
}

ExprId Checker::for_elements(NodeId id, ExprId value) {
  const Span where = get(value).span;
  const bool by_value = !is_kind(get(value).type, TypeKind::Ref);
  const ExprId outer = add(ExprKind::Block, unit_, span(id), {ExprId()});
  while (!by_value && is_kind(table_.get(type(value)).parts[0], TypeKind::Ref)) value = deref(value);
  const BodyLocalId holder = add_local("", get(value).type, false, where);
  push_let(outer, holder, value);
  const auto run = [&] {
    ExprId out = by_value ? local(holder, where) : deref(local(holder, where));
    while (points(get(out).type)) out = deref(out);
    return out;
  };
  const TypeId element_id = table_.get(type(run())).parts[0];
  const BodyLocalId counter = add_local("", usize_, true, where), end = add_local("", usize_, false, where);
  push_let(outer, counter, constant_number(0, usize_, where));
  push_let(outer, end, add(ExprKind::Length, usize_, where, {run()}));
  const ExprId test = add(ExprKind::Binary, bool_, where, {local(counter, where), local(end, where)});
  get(test).op = Opcode::Lt;
  const ExprId up = add(ExprKind::AssignOp, unit_, where, {local(counter, where), constant_number(1, usize_, where)});
  get(up).op = Opcode::Add;
  ExprId element = add(ExprKind::Element, element_id, where, {run(), local(counter, where)});
  if (!by_value) {
    const bool is_mut = table_.get(type(value)).is_mut;
    const ExprId place = element;
    element = add(ExprKind::Borrow, table_.ref(element_id, is_mut), where, {place});
    get(element).mutable_ = is_mut;
  }
  return counting_loop(id, outer, test, up, element);
}

// Whatever `IntoIterator` makes an iterator of.
ExprId Checker::for_iterator(NodeId id, ExprId iterable) {
  const Span where = get(iterable).span;
  const TypeId found = type(iterable);
  const DefinitionId iterates = names_.find_in(names_.library, "IntoIterator", false);
  if (is_infer(found) || !select(found, {iterates, {}})) {
    auto report = sink_.report<diag::NotIterable>(where, name(found));
    if (is_integer(found)) report.help("loop over a range: `0..n`");
    else if (nominal(found) != nullptr) report.help(fmt::format("write `impl Iterator for {} {{ type Item = …; fn next(&mut self) -> Option<…> }}`", name(found)));
    iterable = error(where);
  } else {
    iterable = call_method(iterable, "into_iter", {}, {}, {}, where);
    if (is_infer(get(iterable).type)) settle_obligations();
  }
  const ExprId outer = add(ExprKind::Block, unit_, span(id), {ExprId()});
  const BodyLocalId holder = add_local("", get(iterable).type, true, where);
  push_let(outer, holder, iterable);
  const TypeId option = library_type("Option", {is_error(get(iterable).type) ? table_.error() : project(type(iterable), {names_.find_in(names_.library, "Iterator", false), {}}, "Item")});
  ExprId next = is_error(get(iterable).type) ? error(where) : call_method(local(holder, where), "next", {}, {}, option, where);
  if (!is_error(get(next).type)) next = coerce(next, option);
  const TypeId element = nominal(option)->arguments[0].type;
  const ScopeGuard scope(*this);
  const uint32_t number = next_loop_++;
  const PatternId bound = pattern(child(id, slot::For::pattern), element, Mode::Move);
  irrefutable(bound, element, span(child(id, slot::For::pattern)));
  loops_.push_back({node(id).text, number, LoopState::Kind::Other, unit_, false});
  const ExprId body = block(child(id, slot::For::body), unit_);
  coerce(body, unit_, "the body of a loop has no value");
  loops_.pop_back();
  const PatternId some = add_pattern(PatternKind::Variant, get(next).type, where), wild = add_pattern(PatternKind::Wild, get(next).type, where);
  get(some).index = 1;
  get(some).numbers = {0};
  get(some).parts = {bound};
  const ExprId leave = add(ExprKind::Break, table_.never(), where, {ExprId()});
  get(leave).index = number;
  const ExprId match = add(ExprKind::Match, unit_, where, {next});
  get(match).arms = {{some, {}, body}, {wild, {}, leave}};
  const ExprId loop = add(ExprKind::Loop, unit_, span(id), {ExprId(), match, ExprId()});
  get(loop).index = number;
  get(outer).parts[0] = loop;
  return outer;
}

LoopState* Checker::find_loop(NodeId id, bool is_break) {
  const std::string_view label = node(id).text;
  for (size_t i = loops_.size(); i-- > 0;) {
    if (!label.empty() ? loops_[i].label == label : loops_[i].kind != LoopState::Kind::Block) return &loops_[i];
  }
  if (!label.empty()) sink_.report<diag::UnknownLabel>(node(id).name, label);
  else sink_.report<diag::OutsideLoop>(span(id), is_break ? "break" : "continue");
  return nullptr;
}

ExprId Checker::jump(NodeId id) {
  const Span where = span(id);
  if (kind(id) == NodeKind::Return) {
    const NodeId value_node = child(id, slot::Return::value);
    const ExprId value = value_node.valid() ? checked(value_node, result_) : ExprId();
    if (!value.valid() && !is_error(result_) && shallow(result_) != unit_) sink_.report<diag::Mismatch>(where, name(result_), "()");
    return add(ExprKind::Return, table_.never(), where, {value});
  }
  const bool is_break = kind(id) == NodeKind::Break;
  LoopState* loop = find_loop(id, is_break);
  const NodeId value_node = is_break ? child(id, slot::Break::value) : NodeId();
  if (loop == nullptr) return value_node.valid() ? expression(value_node) : add(ExprKind::Error, table_.never(), where);
  const uint32_t number = loop->number;
  const size_t position = static_cast<size_t>(loop - loops_.data());
  ExprId value;
  if (value_node.valid()) {
    if (loop->kind == LoopState::Kind::Other) sink_.report<diag::BreakValue>(where), expression(value_node);
    else value = checked(value_node, loop->result);
  } else if (is_break && loop->kind != LoopState::Kind::Other) {
    value = coerce(unit(where), loop->result);
  }
  loops_[position].broken |= is_break;
  const ExprId out = is_break ? add(ExprKind::Break, table_.never(), where, {value}) : add(ExprKind::Continue, table_.never(), where);
  get(out).index = number;
  return out;
}

}  // namespace stark::types

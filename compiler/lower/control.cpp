// compiler/lower/control.cpp — blocks, let, if, match, loops: scopes and branches.
// Room: lower. In: typed expressions. Out: blocks.
#include "compiler/lower/function.h"

namespace stark::lower {

LocalId FunctionLowering::declare(types::BodyLocalId id) {
  const auto known = locals_.find(id.value);
  const types::BodyLocal& local = in_.locals[id.index()];
  if (known != locals_.end()) {
    // A loop comes here again: the same local lives anew.
    scopes_.back().locals.push_back(known->second);
    return known->second;
  }
  const auto kind = local.name.empty() ? mir::LocalKind::Temporary : mir::LocalKind::Named;
  const LocalId made = new_local(local.name, local.type, kind, local.is_mut || local.name.empty(), local.span);
  locals_[id.value] = made;
  scopes_.back().locals.push_back(made);
  return made;
}

void FunctionLowering::block(const Expr& expr, const Place* target) {
  const Span end = {expr.span.file, expr.span.end > expr.span.begin ? expr.span.end - 1 : expr.span.begin, expr.span.end};
  push_scope();
  for (const types::TypedStatement& statement : expr.statements) {
    if (statement.kind == types::TypedStatement::Kind::Let) {
      let(statement);
    } else {
      push_scope();
      effect(statement.value);
      pop_scope(get(statement.value).span);
    }
  }
  if (expr.parts[0].valid()) {
    push_scope();
    lower(expr.parts[0], target);
    pop_scope(get(expr.parts[0]).span);
  } else if (target != nullptr && !special(expr.type)) {
    set(*target, constant(unit(), 0, end), end);
  }
  pop_scope(end);
}

void FunctionLowering::let(const types::TypedStatement& statement) {
  const Pattern& pattern = get(statement.pattern);
  const size_t home = scopes_.size() - 1;
  const bool plain = pattern.kind == PatternKind::Bind && !pattern.by_reference && pattern.parts.empty();
  if (!statement.value.valid()) {
    if (plain) declare(pattern.local);
    return;
  }
  const Expr& value_expr = get(statement.value);
  const Span span = value_expr.span;
  push_scope();
  // `let r = &make();`: what is borrowed lives as long as `r` could.
  const auto extended = [&](ExprId id, auto&& self) -> void {
    const Expr& one = get(id);
    if (one.kind == ExprKind::Make || one.kind == ExprKind::MakeVariant)
      for (ExprId part : one.parts) self(part, self);
    if (one.kind == ExprKind::Borrow) extend_to_ = home;
  };
  extended(statement.value, extended);
  if (plain && in_.locals[pattern.local.index()].name.empty()) extend_to_ = home;  // what a loop goes over is looked at to its end
  if (plain && !statement.otherwise.valid()) {
    const types::BodyLocal& named = in_.locals[pattern.local.index()];
    if (special(named.type)) {
      effect(statement.value);
      extend_to_.reset();
      pop_scope(span);
      return;
    }
    const auto known = locals_.find(pattern.local.value);
    const auto kind = named.name.empty() ? mir::LocalKind::Temporary : mir::LocalKind::Named;
    const LocalId id = known != locals_.end() ? known->second : new_local(named.name, named.type, kind, named.is_mut || named.name.empty(), named.span);
    locals_[pattern.local.value] = id;
    const Place target = place_of(id);
    lower(statement.value, &target);
    extend_to_.reset();
    scopes_[home].locals.push_back(id);
    pop_scope(span);
    return;
  }
  extend_to_.reset();
  if (!is_place(statement.value)) extend_to_ = binds_by_reference(statement.pattern) ? std::optional(home) : std::nullopt;
  const Place source = place(statement.value, false);
  extend_to_.reset();
  if (statement.otherwise.valid()) {
    const BlockId fail = new_block(), good = new_block();
    test(statement.pattern, source, fail);
    jump(good, span);
    start(fail);
    effect(statement.otherwise);
    start(good);
  }
  Scope inner = std::move(scopes_.back());
  scopes_.pop_back();
  bind(statement.pattern, source);
  scopes_.push_back(std::move(inner));
  pop_scope(span);
}

void FunctionLowering::condition(ExprId id, BlockId yes, BlockId no) {
  const Expr& expr = get(id);
  if (expr.kind == ExprKind::And || expr.kind == ExprKind::Or) {
    const BlockId second = new_block();
    expr.kind == ExprKind::And ? condition(expr.parts[0], second, no) : condition(expr.parts[0], yes, second);
    start(second);
    condition(expr.parts[1], yes, no);
  } else if (expr.kind == ExprKind::Unary && expr.op == Opcode::Not) {
    condition(expr.parts[0], no, yes);
  } else if (expr.kind == ExprKind::LetCondition) {
    const Place source = place(expr.parts[0], false);
    test(expr.pattern, source, no);
    bind(expr.pattern, source);
    jump(yes, expr.span);
  } else {
    const Place truth = place_of(temporary(boolean(), expr.span));
    push_scope();
    lower(id, &truth);
    pop_scope(expr.span);
    branch(use(truth, boolean(), expr.span), yes, no, expr.span);
  }
}

void FunctionLowering::if_expression(const Expr& expr, const Place* target) {
  const BlockId yes = new_block(), no = new_block(), after = new_block();
  push_scope();
  condition(expr.parts[0], yes, no);
  start(yes);
  lower(expr.parts[1], target);
  if (!expr.parts[2].valid() && target != nullptr) set(*target, constant(unit(), 0, expr.span), expr.span);
  leave_scope(scopes_.size() - 1, get(expr.parts[1]).span);
  jump(after, expr.span);
  start(no);
  leave_scope(scopes_.size() - 1, expr.span);
  scopes_.pop_back();
  if (expr.parts[2].valid()) lower(expr.parts[2], target);
  else if (target != nullptr) set(*target, constant(unit(), 0, expr.span), expr.span);
  jump(after, expr.span);
  start(after);
}

void FunctionLowering::match(const Expr& expr, const Place* target) {
  push_scope();
  const Expr& looked_at = get(expr.parts[0]);
  if (special(looked_at.type)) {
    effect(expr.parts[0]);
    scopes_.pop_back();
    return;
  }
  const Place source = place(expr.parts[0], false);
  const BlockId after = new_block();
  for (const types::Arm& arm : expr.arms) {
    const BlockId next = new_block();
    const Span span = get(arm.body).span;
    push_scope();
    // Arms are exhaustive, so what fits none of those before fits the last.
    const bool is_sure = &arm == &expr.arms.back() && !arm.guard.valid();
    if (!is_sure) test(arm.pattern, source, next);
    pass_ = arm.guard.valid() ? Pass::BeforeGuard : Pass::All;
    bind(arm.pattern, source);
    pass_ = Pass::All;
    if (arm.guard.valid()) {
      const BlockId good = new_block(), bad = new_block();
      condition(arm.guard, good, bad);
      start(bad);
      leave_scope(scopes_.size() - 1, span);
      jump(next, span);
      start(good);
      pass_ = Pass::AfterGuard;
      bind(arm.pattern, source);
      pass_ = Pass::All;
    }
    lower(arm.body, target);
    pop_scope(span);
    leave_scope(scopes_.size() - 1, expr.span);
    jump(after, expr.span);
    if (!is_sure) start(next);
  }
  if (expr.arms.empty() || expr.arms.back().guard.valid()) {
    Operand words = text("no arm of a match fits", expr.span);
    emit(Opcode::Panic, expr.span).operands = {std::move(words)};
  }
  scopes_.pop_back();
  start(after);
}

void FunctionLowering::loop(const Expr& expr, const Place* target) {
  const BlockId head = new_block(), exit = new_block();
  const bool has_step = expr.parts[2].valid();
  const BlockId step_block = has_step ? new_block() : head;
  const bool carries = target != nullptr && !special(expr.type) && expr.type != unit();
  loops_[expr.index] = {step_block, exit, scopes_.size(), carries ? std::optional(*target) : std::nullopt};
  jump(head, expr.span);
  start(head);
  push_scope();
  if (expr.parts[0].valid()) {
    const BlockId body = new_block(), stop = new_block();
    condition(expr.parts[0], body, stop);
    start(stop);
    leave_scope(scopes_.size() - 1, expr.span);
    jump(exit, expr.span);
    start(body);
  }
  push_scope();
  effect(expr.parts[1]);
  pop_scope(get(expr.parts[1]).span);
  pop_scope(get(expr.parts[1]).span);
  jump(step_block, expr.span);
  if (has_step) {
    start(step_block);
    push_scope();
    effect(expr.parts[2]);
    pop_scope(expr.span);
    jump(head, expr.span);
  }
  start(exit);
  if (target != nullptr && expr.type == unit()) set(*target, constant(unit(), 0, expr.span), expr.span);
}

void FunctionLowering::leave_loop(const Expr& expr) {
  const LoopInfo info = loops_.at(expr.index);
  if (expr.kind == ExprKind::Break && !expr.parts.empty() && expr.parts[0].valid()) {
    const Place* target = info.target ? &*info.target : nullptr;
    push_scope();
    lower(expr.parts[0], target);
    pop_scope(expr.span);
  }
  leave_to(info.depth, expr.span);
  jump(expr.kind == ExprKind::Break ? info.exit : info.next, expr.span);
}

}  // namespace stark::lower

// compiler/lower/control.cpp — blocks, let, if, match, loops: scopes, branches and the tests of patterns.
// Room: lower. In: typed expressions and patterns. Out: blocks.
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
  if (!is_place(statement.value)) extend_to_ = binds(statement.pattern) ? std::optional(home) : std::nullopt;
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
    test(arm.pattern, source, next);
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
    start(next);
  }
  Operand words = text("no arm of a match fits", expr.span);
  emit(Opcode::Panic, expr.span).operands = {std::move(words)};
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

bool FunctionLowering::binds(PatternId id) const {
  const Pattern& pattern = get(id);
  if (pattern.kind == PatternKind::Bind) return true;
  for (PatternId part : pattern.parts)
    if (binds(part)) return true;
  return false;
}

void FunctionLowering::compare(Opcode op, const Pattern& pattern, const Place& from, ExprId value_id, BlockId fail) {
  const Expr& wanted = get(value_id);
  Place from_reference = from;
  const bool behind = table_.kind(pattern.type) == TypeKind::Str && !from.steps.empty() && from.steps.back().kind == ProjectionKind::Deref;
  if (behind) from_reference.steps.pop_back();
  Operand left = behind ? use(from_reference, table_.ref(pattern.type, false), pattern.span) : use(from, pattern.type, pattern.span);
  if (behind || table_.kind(pattern.type) == TypeKind::Ref) {  // a &str is compared as the text it shows
    const Place shown = place_of(temporary(table_.scalar(TypeKind::Str), pattern.span));
    Instruction& call = emit(Opcode::CallNative, pattern.span);
    call.index = static_cast<uint32_t>(spec::Native::StrToStr);
    call.target = shown;
    call.operands = {std::move(left)};
    left = use(shown, table_.scalar(TypeKind::Str), pattern.span);
  }
  Operand right = operand(value_id);
  const Place truth = place_of(temporary(boolean(), wanted.span));
  Instruction& made = emit(op, pattern.span);
  made.target = truth;
  made.operands = {std::move(left), std::move(right)};
  const BlockId good = new_block();
  branch(use(truth, boolean(), pattern.span), good, fail, pattern.span);
  start(good);
}

void FunctionLowering::test_variant(const Pattern& pattern, const Place& from, BlockId fail) {
  const auto& info = table_.info(table_.get(pattern.type).enum_id);
  if (info.variants.size() > 1) {
    const TypeId number = table_.scalar(TypeKind::U32);
    const Place tag = place_of(temporary(number, pattern.span));
    Instruction& made = emit(Opcode::Tag, pattern.span);
    made.target = tag;
    made.source = from;
    const BlockId good = new_block();
    const Place truth = place_of(temporary(boolean(), pattern.span));  // a switch would have an edge for each of the other variants
    Operand found = use(tag, number, pattern.span), wanted = constant(number, pattern.index, pattern.span);
    Instruction& same = emit(Opcode::Eq, pattern.span);
    same.target = truth;
    same.operands = {std::move(found), std::move(wanted)};
    branch(use(truth, boolean(), pattern.span), good, fail, pattern.span);
    start(good);
  }
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    Place inner = step(from, {ProjectionKind::Variant, pattern.index}, pattern.type, false, pattern.span);
    inner.steps.push_back({ProjectionKind::Field, pattern.numbers[i]});
    test(pattern.parts[i], inner, fail);
  }
}

void FunctionLowering::test(PatternId id, const Place& from, BlockId fail) {
  const Pattern& pattern = get(id);
  switch (pattern.kind) {
    case PatternKind::Wild: return;
    case PatternKind::Bind:
      if (!pattern.parts.empty()) test(pattern.parts[0], from, fail);
      return;
    case PatternKind::Constant: return compare(Opcode::Eq, pattern, from, pattern.value, fail);
    case PatternKind::Range:
      if (pattern.value.valid()) compare(Opcode::Ge, pattern, from, pattern.value, fail);
      if (pattern.last.valid()) compare(pattern.inclusive ? Opcode::Le : Opcode::Lt, pattern, from, pattern.last, fail);
      return;
    case PatternKind::Fields:
      for (size_t i = 0; i < pattern.parts.size(); ++i) test(pattern.parts[i], step(from, {ProjectionKind::Field, pattern.numbers[i]}, pattern.type, false, pattern.span), fail);
      return;
    case PatternKind::Variant: return test_variant(pattern, from, fail);
    case PatternKind::Deref: return test(pattern.parts[0], step(from, {ProjectionKind::Deref, 0}, pattern.type, false, pattern.span), fail);
    case PatternKind::Or: {
      const BlockId good = new_block();
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        const BlockId next = i + 1 == pattern.parts.size() ? fail : new_block();
        test(pattern.parts[i], from, next);
        bind(pattern.parts[i], from);
        jump(good, pattern.span);
        if (i + 1 < pattern.parts.size()) start(next);
      }
      start(good);
      return;
    }
  }
}

void FunctionLowering::bind_local(const Pattern& pattern, const Place& from) {
  const types::BodyLocal& named = in_.locals[pattern.local.index()];
  if (special(named.type)) return;
  const bool moves = !pattern.by_reference && !table_.is_copy(named.type);
  if (pass_ == Pass::AfterGuard && !moves) return;
  if (pass_ == Pass::BeforeGuard && moves) {  // a guard may look at it, through a reference
    Place seen = place_of(temporary(table_.ref(named.type, false), pattern.span));
    borrow_of(from, false, seen, pattern.span);
    seen.steps.push_back({ProjectionKind::Deref, 0});
    aliases_.insert_or_assign(pattern.local.value, std::move(seen));
    return;
  }
  aliases_.erase(pattern.local.value);
  bool here = false;
  if (const auto known = locals_.find(pattern.local.value); known != locals_.end())
    for (LocalId one : scopes_.back().locals) here |= one == known->second;
  const LocalId id = here ? locals_.at(pattern.local.value) : declare(pattern.local);
  if (pattern.by_reference) borrow_of(from, pattern.by_mutable, place_of(id), pattern.span);
  else set(place_of(id), use(from, named.type, pattern.span), pattern.span);
}

// Alternatives bind while they are tested; everything else binds here, when the whole pattern has matched.
void FunctionLowering::bind(PatternId id, const Place& from) {
  const Pattern& pattern = get(id);
  switch (pattern.kind) {
    case PatternKind::Bind:
      bind_local(pattern, from);
      if (!pattern.parts.empty()) bind(pattern.parts[0], from);
      return;
    case PatternKind::Fields:
      for (size_t i = 0; i < pattern.parts.size(); ++i)
        if (binds(pattern.parts[i])) bind(pattern.parts[i], step(from, {ProjectionKind::Field, pattern.numbers[i]}, pattern.type, false, pattern.span));
      return;
    case PatternKind::Variant:
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        if (!binds(pattern.parts[i])) continue;
        Place inner = step(from, {ProjectionKind::Variant, pattern.index}, pattern.type, false, pattern.span);
        inner.steps.push_back({ProjectionKind::Field, pattern.numbers[i]});
        bind(pattern.parts[i], inner);
      }
      return;
    case PatternKind::Deref:
      if (binds(pattern.parts[0])) bind(pattern.parts[0], step(from, {ProjectionKind::Deref, 0}, pattern.type, false, pattern.span));
      return;
    default: return;
  }
}

}  // namespace stark::lower

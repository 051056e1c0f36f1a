// compiler/lower/values.cpp — expressions that give a value: operands, places, borrows, calls, assignments.
// Room: lower. In: typed expressions. Out: instructions.
#include <algorithm>

#include "bytecode-spec/base/check.h"
#include "bytecode-spec/limits.h"
#include "compiler/lower/function.h"

namespace stark::lower {

bool FunctionLowering::is_place(ExprId id) const {
  const ExprKind kind = get(id).kind;
  return kind == ExprKind::Local || kind == ExprKind::Field || kind == ExprKind::Element || kind == ExprKind::Deref;
}

// A text behind a shared reference has no size to be read by: the VM makes a handle of it.
bool FunctionLowering::is_shown_text(const Expr& expr) const {
  return expr.kind == ExprKind::Deref && !special(expr.type) && table_.kind(expr.type) == TypeKind::Str && table_.shows_text(get(expr.parts[0]).type);
}

void FunctionLowering::show_text(const Expr& expr, const Place& target) {
  Operand shown = operand(expr.parts[0]);
  Instruction& call = emit(Opcode::CallNative, expr.span);
  call.index = static_cast<uint32_t>(spec::Native::StrToStr);
  call.target = target;
  call.operands = {std::move(shown)};
}

Operand FunctionLowering::operand(ExprId id) {
  const Expr& expr = get(id);
  if (is_shown_text(expr)) {
    const Place holder = place_of(temporary(expr.type, expr.span));
    show_text(expr, holder);
    return use(holder, expr.type, expr.span);
  }
  if (expr.kind == ExprKind::Constant) {
    if (table_.kind(expr.type) == TypeKind::Str) return text(expr.text, expr.span);
    return constant(expr.type, expr.literal.magnitude, expr.span);
  }
  if (auto known = known_static(expr)) return std::move(*known);
  if (is_place(id) && !special(expr.type)) return use(place(id, false), expr.type, expr.span);
  if (special(expr.type) || expr.type == unit()) {
    effect(id);
    return constant(unit(), 0, expr.span);
  }
  const LocalId holder = temporary(expr.type, expr.span);
  const Place target = place_of(holder);
  lower(id, &target);
  return use(target, expr.type, expr.span);
}

// The local that a place begins at, where it does.
std::optional<uint32_t> FunctionLowering::root_of(ExprId id) const {
  while (is_place(id) && get(id).kind != ExprKind::Local) id = get(id).parts[0];
  return get(id).kind == ExprKind::Local ? std::optional(get(id).index) : std::nullopt;
}

// Whether a value on its way may change the local, or lend it to someone who will; with none, any variable: an argument that does not
// needs no reservation of the receiver.
bool FunctionLowering::changes(ExprId id, std::optional<uint32_t> local) const {
  if (!id.valid()) return false;
  const Expr& expr = get(id);
  const bool writes = expr.kind == ExprKind::Assign || expr.kind == ExprKind::AssignOp || (expr.kind == ExprKind::Borrow && expr.mutable_);
  if (writes && (!local || root_of(expr.parts[0]) == local)) return true;
  const auto any = [&](ExprId part) { return changes(part, local); };
  return std::ranges::any_of(expr.parts, any) || std::ranges::any_of(expr.statements, [&](const types::TypedStatement& one) { return any(one.value) || any(one.otherwise); }) ||
         std::ranges::any_of(expr.arms, [&](const types::Arm& one) { return any(one.guard) || any(one.body); });
}

// Until the borrow of a receiver begins, others may look at it and nobody may change it.
LocalId FunctionLowering::reserve(const Place& source, TypeId type, Span span) {
  const LocalId holder = new_local("", type, mir::LocalKind::Reservation, true, span);
  scopes_.back().locals.push_back(holder);  // for those who leave from among the arguments
  borrow_of(source, false, place_of(holder), span);
  return holder;
}

// Evaluated left to right: what a later part may change is taken before. Except that a method's own borrow of its receiver begins when the others are ready.
std::vector<Operand> FunctionLowering::operands(std::span<const ExprId> parts) {
  std::vector<Operand> out(parts.size());
  struct Late {
    size_t index;
    Place source, target;
    LocalId reservation;
  };
  std::vector<Late> late;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Expr& part = get(parts[i]);
    if (part.kind == ExprKind::Borrow && part.two_phase && is_place(part.parts[0])) {
      Late one{i, place(part.parts[0], part.mutable_), place_of(temporary(part.type, part.span)), {}};
      const bool changing = std::ranges::any_of(parts.subspan(i + 1), [&](ExprId other) { return changes(other, {}); });
      if (changing) one.reservation = reserve(one.source, table_.ref(get(part.parts[0]).type, false), part.span);
      late.push_back(std::move(one));
    } else {
      out[i] = operand(parts[i]);
      const std::optional<uint32_t> root = out[i].kind == OperandKind::Copy && is_place(parts[i]) ? root_of(parts[i]) : std::nullopt;
      if (!root || std::ranges::none_of(parts.subspan(i + 1), [&](ExprId later) { return changes(later, *root); })) continue;
      const Place holder = place_of(temporary(part.type, part.span));
      set(holder, std::move(out[i]), part.span);
      out[i] = use(holder, part.type, part.span);
    }
  }
  for (const Late& one : late) {
    const Expr& part = get(parts[one.index]);
    if (one.reservation.valid()) end_scope_of(one.reservation, part.span);
    borrow_of(one.source, part.mutable_, one.target, part.span);
    out[one.index] = use(one.target, part.type, part.span);
  }
  return out;
}

// A place too deep for the format goes on from a reference to what was reached.
Place FunctionLowering::step(Place base, Projection projection, TypeId type, bool is_mut, Span span) {
  const size_t room = projection.kind == ProjectionKind::Variant ? 2 : 1;
  if (base.steps.size() + room > spec::kMaxProjections) {
    const Place holder = place_of(temporary(table_.ref(type, is_mut), span));
    borrow_of(base, is_mut, holder, span);
    base = holder;
    base.steps.push_back({ProjectionKind::Deref, 0});
  }
  base.steps.push_back(projection);
  return base;
}

// The program asks its host for it.
void FunctionLowering::need(spec::Capability capability) {
  auto& asked = shared_.program.capabilities;
  if (std::ranges::find(asked, capability) == asked.end()) asked.push_back(capability);
}

Place FunctionLowering::place(ExprId id, bool is_mut) {
  const Expr& expr = get(id);
  switch (expr.kind) {
    case ExprKind::Local: {
      if (const auto alias = aliases_.find(expr.index); alias != aliases_.end()) return alias->second;
      const auto found = locals_.find(expr.index);
      return place_of(found != locals_.end() ? found->second : declare(types::BodyLocalId(expr.index)));
    }
    case ExprKind::Field: return step(place(expr.parts[0], is_mut), {ProjectionKind::Field, expr.index}, get(expr.parts[0]).type, is_mut, expr.span);
    case ExprKind::Deref: {
      const types::TypeData& holder = table_.get(get(expr.parts[0]).type);
      if (holder.kind == TypeKind::Ptr) need(spec::Capability::Unsafe);
      const bool inner_mut = is_mut && holder.kind != TypeKind::Ptr && (holder.is_mut || holder.kind == TypeKind::Box);
      return step(place(expr.parts[0], inner_mut), {ProjectionKind::Deref, 0}, get(expr.parts[0]).type, inner_mut, expr.span);
    }
    case ExprKind::Element: {
      Place base = place(expr.parts[0], is_mut);
      const Expr& index = get(expr.parts[1]);
      const types::TypeData& run = table_.get(get(expr.parts[0]).type);
      if (index.kind == ExprKind::Constant && run.kind == TypeKind::Array && index.literal.magnitude < run.length)
        return step(std::move(base), {ProjectionKind::ConstIndex, static_cast<uint32_t>(index.literal.magnitude)}, get(expr.parts[0]).type, is_mut, expr.span);
      const LocalId number = temporary(index.type, index.span);
      const Place target = place_of(number);
      lower(expr.parts[1], &target);
      return step(std::move(base), {ProjectionKind::Index, number.value}, get(expr.parts[0]).type, is_mut, expr.span);
    }
    default: {
      if (expr.kind == ExprKind::Constant && table_.kind(expr.type) == TypeKind::Str && !is_mut) return literal_place(expr);
      const Place target = place_of(temporary(expr.type, expr.span));
      lower(id, &target);
      return target;
    }
  }
}

void FunctionLowering::borrow_of(const Place& source, bool is_mut, const Place& target, Span span) {
  Instruction& made = emit(Opcode::Borrow, span);
  made.target = target;
  made.source = source;
  made.borrow_mutable = is_mut;
}

// A static that is a number or text, written down: nobody can tell its value from the place it lies in.
std::optional<Operand> FunctionLowering::known_static(const Expr& expr) {
  if (expr.kind != ExprKind::Deref || get(expr.parts[0]).kind != ExprKind::Static || special(expr.type)) return std::nullopt;
  const types::TypedStatic& one = shared_.typed.statics[get(expr.parts[0]).index];
  const types::TypedFunction& maker = shared_.typed.functions[one.function];
  const Expr& value = maker.get(maker.body);
  if (one.is_mut || value.kind != ExprKind::Constant || value.type != expr.type) return std::nullopt;
  return table_.kind(expr.type) == TypeKind::Str ? text(value.text, expr.span) : constant(expr.type, value.literal.magnitude, expr.span);
}

// What the value of a static borrows of what is made with it: `&[1, 2, 3]`.
void FunctionLowering::find_kept(ExprId id) {
  const Expr& one = get(id);
  const bool holds = one.kind == ExprKind::Make || one.kind == ExprKind::MakeVariant || one.kind == ExprKind::Unsize || one.kind == ExprKind::Repeat;
  if (holds)
    for (ExprId part : one.parts) find_kept(part);
  if (one.kind != ExprKind::Borrow || one.mutable_ || is_place(one.parts[0])) return;
  kept_.insert(one.parts[0].value);
  find_kept(one.parts[0]);
}

Place FunctionLowering::kept(ExprId id) {
  Operand value = operand(id);
  const Span span = get(id).span;
  const Place holder = place_of(temporary(table_.ref(get(id).type, false), span));
  Instruction& made = emit(Opcode::CallNative, span);
  made.index = static_cast<uint32_t>(spec::Native::MemLeak);
  made.target = holder;
  made.operands = {std::move(value)};
  return {holder.base, {{ProjectionKind::Deref, 0}}};
}

void FunctionLowering::borrow(const Expr& expr, const Place& target) {
  if (kept_.contains(expr.parts[0].value)) return borrow_of(kept(expr.parts[0]), false, target, expr.span);
  borrow_of(place(expr.parts[0], expr.mutable_), expr.mutable_, target, expr.span);
}

void FunctionLowering::assign(const Expr& expr) {
  const Expr& left = get(expr.parts[0]);
  if (expr.kind == ExprKind::AssignOp) {
    Operand right = operand(expr.parts[1]);
    const Place target = place(expr.parts[0], true);
    Instruction& made = emit(expr.op, expr.span);
    made.target = target;
    made.operands = {use(target, left.type, left.span), std::move(right)};
    return;
  }
  Operand right = operand(expr.parts[1]);
  const Place target = place(expr.parts[0], true);
  Instruction& made = emit(table_.needs_drop(left.type) ? Opcode::Replace : Opcode::Set, expr.span);
  made.target = target;
  made.operands = {std::move(right)};
}

// A call of a `-> !` function is a call like any other: to the bundle its result is `()`, and what would follow it a panic.
void FunctionLowering::never_returns(const Expr& expr) {
  value(expr, place_of(temporary(unit(), expr.span)));
  Operand words = text("this end cannot be reached", expr.span);
  emit(Opcode::Panic, expr.span).operands = {std::move(words)};
}

void FunctionLowering::lower(ExprId id, const Place* target) {
  const Expr& expr = get(id);
  switch (expr.kind) {
    case ExprKind::Block: block(expr, target); return;
    case ExprKind::If: if_expression(expr, target); return;
    case ExprKind::Match: match(expr, target); return;
    case ExprKind::Loop: loop(expr, target); return;
    case ExprKind::Break:
    case ExprKind::Continue: leave_loop(expr); return;
    case ExprKind::Return: return_value(expr); return;
    case ExprKind::Assign:
    case ExprKind::AssignOp: assign(expr); break;
    case ExprKind::Panic: {
      Operand words = operand(expr.parts[0]);
      emit(Opcode::Panic, expr.span).operands = {std::move(words)};
      return;
    }
    case ExprKind::TensorSet: {
      std::vector<Operand> all = operands(expr.parts);
      emit(Opcode::TensorSet, expr.span).operands = std::move(all);
      break;
    }
    default: {
      if (expr.kind == ExprKind::Call || expr.kind == ExprKind::CallObject || expr.kind == ExprKind::CallForeign || expr.kind == ExprKind::Native) {
        if (special(expr.type)) return never_returns(expr);
      }
      if (special(expr.type)) {
        for (ExprId part : expr.parts)
          if (part.valid()) effect(part);
        return;
      }
      if (target != nullptr) return value(expr, *target);
      if (expr.kind == ExprKind::Constant) return;
      if (expr.kind == ExprKind::Make && expr.type == unit()) return;
      const Place unused = place_of(temporary(expr.type, expr.span));
      return value(expr, unused);
    }
  }
  if (target != nullptr) set(*target, constant(unit(), 0, expr.span), expr.span);
}

void FunctionLowering::value(const Expr& expr, const Place& target) {
  const auto finish = [&](Opcode op, std::vector<Operand> all, uint32_t index = 0) -> Instruction& {
    Instruction& made = emit(op, expr.span);
    made.target = target;
    made.operands = std::move(all);
    made.index = index;
    return made;
  };
  switch (expr.kind) {
    case ExprKind::Local:
    case ExprKind::Field:
    case ExprKind::Element:
    case ExprKind::Deref: {
      if (is_shown_text(expr)) return show_text(expr, target);
      if (auto known = known_static(expr)) return set(target, std::move(*known), expr.span);
      const ExprId id(static_cast<size_t>(&expr - in_.exprs.data()));
      set(target, use(place(id, false), expr.type, expr.span), expr.span);
      return;
    }
    case ExprKind::Constant:
      set(target, table_.kind(expr.type) == TypeKind::Str ? text(expr.text, expr.span) : constant(expr.type, expr.literal.magnitude, expr.span), expr.span);
      return;
    case ExprKind::Borrow: borrow(expr, target); return;
    case ExprKind::Static:
      if (shared_.program.statics[expr.index].is_mut) need(spec::Capability::Unsafe);
      finish(Opcode::Static, {}, expr.index);
      return;
    case ExprKind::Unary:
    case ExprKind::Binary: finish(expr.op, operands(expr.parts)); return;
    case ExprKind::Cast: finish(Opcode::Cast, operands(expr.parts)); return;
    case ExprKind::And:
    case ExprKind::Or:
    case ExprKind::LetCondition: {
      const BlockId yes = new_block(), no = new_block(), after = new_block();
      push_scope();
      condition(ExprId(static_cast<size_t>(&expr - in_.exprs.data())), yes, no);
      for (const bool truth : {true, false}) {
        start(truth ? yes : no);
        set(target, constant(boolean(), truth ? 1 : 0, expr.span), expr.span);
        leave_scope(scopes_.size() - 1, expr.span);
        jump(after, expr.span);
      }
      scopes_.pop_back();
      start(after);
      return;
    }
    case ExprKind::Make:
      if (expr.type == unit()) return set(target, constant(unit(), 0, expr.span), expr.span);
      finish(Opcode::Make, operands(expr.parts));
      return;
    case ExprKind::MakeVariant: finish(Opcode::MakeVariant, operands(expr.parts), expr.index); return;
    case ExprKind::Repeat: finish(Opcode::Repeat, operands(expr.parts)); return;
    case ExprKind::Call: finish(Opcode::Call, operands(expr.parts), expr.index); return;
    case ExprKind::CallObject: finish(Opcode::CallDyn, operands(expr.parts), expr.index); return;
    case ExprKind::CallForeign:
      need(spec::Capability::Ffi);
      finish(Opcode::CallForeign, operands(expr.parts), expr.index);
      return;
    case ExprKind::ForeignFn:
      need(spec::Capability::Ffi);
      finish(Opcode::ForeignFn, {}, expr.index);
      return;
    case ExprKind::MakeBox: finish(Opcode::Box, operands(expr.parts)); return;
    case ExprKind::Unsize: finish(Opcode::Dyn, operands(expr.parts), expr.index); return;
    case ExprKind::MakeFn: finish(Opcode::Fn, operands(expr.parts), expr.index); return;
    case ExprKind::Native: {
      if (const auto capability = spec::facts(expr.native).capability) need(*capability);
      finish(Opcode::CallNative, operands(expr.parts), static_cast<uint32_t>(expr.native));
      return;
    }
    case ExprKind::Format: finish(Opcode::Format, operands(expr.parts)).text = expr.text; return;
    case ExprKind::Tensor: {
      std::vector<Operand> all = operands(expr.parts);
      Instruction& made = emit(Opcode::Tensor, expr.span);
      made.index = shared_.graph(in_, expr);
      made.targets_written = {target};
      made.operands = std::move(all);
      return;
    }
    case ExprKind::TensorConst: finish(Opcode::TensorConst, {}, expr.index); return;
    case ExprKind::TensorFill: finish(Opcode::TensorFill, operands(expr.parts)); return;
    case ExprKind::TensorRandom: finish(Opcode::TensorRandom, operands(expr.parts)); return;
    case ExprKind::TensorGet: finish(Opcode::TensorGet, operands(expr.parts)); return;
    case ExprKind::TensorNarrow: finish(Opcode::TensorNarrow, operands(expr.parts)); return;
    case ExprKind::Widen: finish(Opcode::Set, operands(expr.parts)); return;
    case ExprKind::Length: {
      const Place source = place(expr.parts[0], false);
      finish(Opcode::Len, {}).source = source;
      return;
    }
    default: CHECK(false);
  }
}

}  // namespace stark::lower

// compiler/types/captures.cpp — what a closure captures, and how: found by walking its body once every type is known.
// Room: types. In: closures of a finished body. Out: their captures, their kind, their struct types.
//
// A place counts, not a variable: `self.count += 1` captures `self.count`. A place is captured as its body uses it: looked at, changed, or
// given away; `move` captures by value, and then no further than the first reference. Of two captures that overlap the shorter one is kept.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

void Checker::finish_closures() {
  for (uint64_t number : closure_order_) {
    ClosureState& state = closures_.at(number);
    if (is_infer(state.result) && infer_what(state.result) == 0) unify(state.result, is_never(get(state.body).type) ? unit_ : get(state.body).type);
    for (size_t one = 0; state.is_function && one < state.first_local; ++one) {
      const BodyLocalId parameter(one);
      add_capture(state, local(parameter, body_->locals[one].span), {}, parameter.value, Usage::Move);
    }
    capture_value(state, state.body);
    state.done = true;
    if (state.calling > state.asked) wrong_calling(state.where, state.calling, state.asked);
    make_closure_type(number, state);
  }
}

// The path of a place from the variable at its root; false if it has none, or is not captured from outside.
bool Checker::captured_path(const ClosureState& state, ExprId id, std::vector<CaptureStep>& path, uint32_t& root) {
  const Expr& expr = get(id);
  if (expr.kind == ExprKind::Local) {
    root = expr.index;
    return root < state.first_local || root >= state.last_local;
  }
  if (expr.kind != ExprKind::Field && expr.kind != ExprKind::Deref) return false;
  if (expr.kind == ExprKind::Deref && is_kind(get(expr.parts[0]).type, TypeKind::Ptr)) return false;  // the pointer itself is captured
  if (!captured_path(state, expr.parts[0], path, root)) return false;
  path.push_back({expr.kind, expr.index});
  return true;
}

void Checker::capture_place(ClosureState& state, ExprId id, Usage usage) {
  const Expr expr = get(id);
  if (usage == Usage::Move && (copies(expr.type) || contains_infer(expr.type))) usage = Usage::Shared;
  if (expr.kind == ExprKind::Element) {
    capture_value(state, expr.parts[1]);
    return is_place(expr.parts[0]) ? capture_place(state, expr.parts[0], usage == Usage::Move ? Usage::Shared : usage) : capture_value(state, expr.parts[0]);
  }
  std::vector<CaptureStep> path;
  uint32_t root = 0;
  if (captured_path(state, id, path, root)) return add_capture(state, id, path, root, usage);
  if (expr.kind == ExprKind::Local) return;
  // A field of a value, or a place inside of an element: what it stands in is used in the same way, behind a reference it is looked at.
  const ExprId inner = expr.parts[0];
  if (!is_place(inner)) return capture_value(state, inner);
  const bool pointer = expr.kind == ExprKind::Deref && is_kind(get(inner).type, TypeKind::Ptr);
  const bool shared = pointer || (expr.kind == ExprKind::Deref && is_kind(get(inner).type, TypeKind::Ref) && !table_.get(type(inner)).is_mut);
  capture_place(state, inner, shared ? Usage::Shared : usage);
}

void Checker::add_capture(ClosureState& state, ExprId id, std::vector<CaptureStep> path, uint32_t root, Usage usage) {
  ExprId place = id;
  if (usage == Usage::Move) state.calling = Calling::Once;
  if (usage == Usage::Mutable && state.calling == Calling::Shared) state.calling = Calling::Mutable;
  const auto shorten = [&](size_t length) {
    while (path.size() > length) path.pop_back(), place = get(place).parts[0];
  };
  Usage how = usage;
  if (state.moves || usage == Usage::Move) {
    const auto first = std::ranges::find_if(path, [](const CaptureStep& step) { return step.kind == ExprKind::Deref; });
    shorten(static_cast<size_t>(first - path.begin()));
    how = Usage::Move;
  }
  if (how == Usage::Shared)  // behind a shared reference nothing more is needed than that reference
    for (size_t i = 0; i < path.size(); ++i) {
      ExprId at_step = place;
      for (size_t k = path.size(); k > i + 1; --k) at_step = get(at_step).parts[0];
      const ExprId holder = get(at_step).parts[0];
      if (path[i].kind != ExprKind::Deref || !is_kind(get(holder).type, TypeKind::Ref) || table_.get(type(holder)).is_mut) continue;
      shorten(i);
      how = Usage::Move;  // it is copied
      break;
    }
  for (Capture& other : state.captures) {
    if (other.root != root) continue;
    const size_t common = std::min(path.size(), other.path.size());
    if (!std::equal(path.begin(), path.begin() + static_cast<ptrdiff_t>(common), other.path.begin())) continue;
    if (other.path.size() > common) other.path = path, other.place = place;
    other.usage = std::max(other.usage, how);
    return;
  }
  state.captures.push_back({root, std::move(path), place, how});
}

// An expression whose value is wanted.
void Checker::capture_value(ClosureState& state, ExprId id) {
  if (!id.valid()) return;
  if (is_place(id)) return capture_place(state, id, Usage::Move);
  const Expr expr = get(id);
  const auto looked_at = [&](ExprId part, Usage usage) { is_place(part) ? capture_place(state, part, usage) : capture_value(state, part); };
  switch (expr.kind) {
    case ExprKind::Borrow: return looked_at(expr.parts[0], expr.mutable_ ? Usage::Mutable : Usage::Shared);
    case ExprKind::Length: return looked_at(expr.parts[0], Usage::Shared);
    case ExprKind::Assign:
    case ExprKind::AssignOp:
      capture_value(state, expr.parts[1]);
      return looked_at(expr.parts[0], Usage::Mutable);
    case ExprKind::CallClosure: {
      const auto callable = callable_of(get(expr.parts[0]).type);
      const Calling calling = callable ? callable->calling : Calling::Shared;
      looked_at(expr.parts[0], calling == Calling::Once ? Usage::Move : calling == Calling::Mutable ? Usage::Mutable : Usage::Shared);
      for (size_t i = 1; i < expr.parts.size(); ++i) capture_value(state, expr.parts[i]);
      return;
    }
    case ExprKind::Closure: {
      const std::vector<Capture> inner = closures_.at(expr.index).captures;
      for (const Capture& one : inner) capture_place(state, one.place, one.usage);
      return;
    }
    case ExprKind::LetCondition: return capture_matched(state, expr.parts[0], {expr.pattern});
    case ExprKind::Match: {
      std::vector<PatternId> patterns;
      for (const Arm& arm : expr.arms) patterns.push_back(arm.pattern);
      capture_matched(state, expr.parts[0], patterns);
      for (const Arm& arm : expr.arms) capture_value(state, arm.guard), capture_value(state, arm.body);
      return;
    }
    case ExprKind::Block:
      for (const TypedStatement& one : expr.statements) {
        if (one.kind == TypedStatement::Kind::Let && one.value.valid()) capture_matched(state, one.value, {one.pattern});
        else if (one.value.valid() && !is_place(one.value)) capture_value(state, one.value);
        capture_value(state, one.otherwise);
      }
      capture_value(state, expr.parts[0]);
      return;
    default:
      for (ExprId part : expr.parts) capture_value(state, part);
  }
}

void Checker::capture_matched(ClosureState& state, ExprId scrutinee, const std::vector<PatternId>& patterns) {
  if (!is_place(scrutinee)) return capture_value(state, scrutinee);
  Usage usage = Usage::Shared;
  bool looks = false;
  for (PatternId one : patterns) {
    looks |= get(one).kind != PatternKind::Wild;
    usage = std::max(usage, pattern_usage(one));
  }
  if (looks) capture_place(state, scrutinee, usage);
}

// What a pattern does with what it looks at.
Checker::Usage Checker::pattern_usage(PatternId id) {
  const Pattern& one = get(id);
  Usage usage = Usage::Shared;
  if (one.kind == PatternKind::Bind) usage = one.by_reference ? (one.by_mutable ? Usage::Mutable : Usage::Shared) : copies(one.type) ? Usage::Shared : Usage::Move;
  for (PatternId part : std::vector<PatternId>(one.parts)) usage = std::max(usage, pattern_usage(part));
  if (get(id).rest.valid()) usage = std::max(usage, pattern_usage(get(id).rest));
  return usage;
}

void Checker::make_closure_type(uint64_t number, ClosureState& state) {
  StructInfo info;
  info.name = fmt::format("{} at line {}", state.is_function ? "async body" : state.is_async ? "async block" : "closure", sources_.position(state.where.file, state.where.begin).line);
  info.span = state.where;
  info.is_copy = true;
  for (size_t i = 0; i < state.captures.size(); ++i) {
    Capture& one = state.captures[i];
    const TypeId inner = deep(get(one.place).type);
    Field field;
    field.name = std::to_string(i);
    field.span = get(one.place).span;
    field.type = one.usage == Usage::Move ? inner : table_.ref(inner, one.usage == Usage::Mutable);
    for (uint32_t k = table_.region_slots(field.type); k > 0; --k) field.regions.push_back(++info.region_count);
    info.is_copy &= copies(field.type);
    info.fields.push_back(std::move(field));
  }
  const StructId id = table_.add_struct(std::move(info));
  state.type = table_.struct_type(id);
  learn(number, state.type);
  ClosureInfo made;  // other bodies read it, so nothing of this body's inference may be left in it
  for (TypeId& one : state.types) one = deep(one);
  state.result = deep(state.result);
  made.callable = {state.calling, state.types, state.result};
  made.function = static_cast<uint32_t>(typed_.functions.size());
  state.function = made.function;
  if (!defining_) add_made({});  // outline() fills it
  closure_infos_[id.value] = std::move(made);
}

}  // namespace stark::types

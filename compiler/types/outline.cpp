// compiler/types/outline.cpp — closures become functions: their bodies are copied out, captured places become fields of the closure.
// Room: types. In: finished closures of a body. Out: TypedFunctions; in the body, structs made of captures and calls of those functions.
#include <algorithm>

#include "bytecode-spec/base/check.h"
#include "compiler/types/checker.h"

namespace stark::types {

// Copies expressions, patterns and locals of one body into another.
class Outliner {
 public:
  Outliner(const TypedFunction& from, TypedFunction& to, std::function<ExprId(Outliner&, ExprId)> replace) : from_(from), to_(to), replace_(std::move(replace)) {}

  ExprId expr(ExprId id) {
    if (!id.valid()) return id;
    if (const ExprId other = replace_(*this, id); other.valid()) return other;
    Expr copy = from_.get(id);
    for (ExprId& part : copy.parts) part = expr(part);
    if (copy.kind == ExprKind::Local) copy.index = local(BodyLocalId(copy.index)).value;
    if (copy.pattern.valid()) copy.pattern = pattern(copy.pattern);
    for (TypedStatement& one : copy.statements) {
      one.value = expr(one.value);
      if (one.pattern.valid()) one.pattern = pattern(one.pattern);
      one.otherwise = expr(one.otherwise);
    }
    for (Arm& arm : copy.arms) {
      arm.pattern = pattern(arm.pattern);
      arm.guard = expr(arm.guard);
      arm.body = expr(arm.body);
    }
    return add(std::move(copy));
  }

  PatternId pattern(PatternId id) {
    Pattern copy = from_.get(id);
    if (copy.local.valid()) copy.local = local(copy.local);
    copy.value = expr(copy.value);
    copy.last = expr(copy.last);
    for (PatternId& part : copy.parts) part = pattern(part);
    if (copy.rest.valid()) copy.rest = pattern(copy.rest);
    to_.patterns.push_back(std::move(copy));
    return PatternId(to_.patterns.size() - 1);
  }

  ExprId add(Expr made) {
    to_.exprs.push_back(std::move(made));
    return ExprId(to_.exprs.size() - 1);
  }

  BodyLocalId local(BodyLocalId id) {
    const auto [place, added] = locals_.emplace(id.value, BodyLocalId(to_.locals.size()));
    if (added) to_.locals.push_back(from_.locals[id.index()]);
    return place->second;
  }

 private:
  const TypedFunction& from_;
  TypedFunction& to_;
  std::function<ExprId(Outliner&, ExprId)> replace_;
  std::unordered_map<uint32_t, BodyLocalId> locals_;
};

void Checker::outline_closures() {
  if (defining_ || sink_.errors() != errors_before_) return;
  for (size_t i = 0; i < body_->exprs.size(); ++i)
    if (body_->exprs[i].kind == ExprKind::CallClosure) finish_closure_call(ExprId(i));
  for (uint64_t number : closure_order_) {
    ClosureState& state = closures_.at(number);
    for (TypeId& one : state.types) one = deep(one);
    state.result = deep(state.result);
    ClosureInfo& info = closure_infos_.at(table_.get(state.type).struct_id.value);
    info.callable = {state.calling, state.types, state.result};
    outline(state);
    make_closure_value(state);
  }
}

void Checker::outline(const ClosureState& state) {
  TypedFunction out;
  out.name = fmt::format("{}::closure at line {}", body_->name, sources_.position(state.where.file, state.where.begin).line);
  out.file = state.where.file, out.span = state.where;
  FunctionSignature& made = out.signature;
  const bool by_value = state.calling == Calling::Once;
  const TypeId self = by_value ? state.type : table_.ref(state.type, state.calling == Calling::Mutable);
  const auto declare = [&](TypeId type) {
    made.parameters.push_back(type);
    made.parameter_regions.push_back(loose_regions(type, made));
  };
  declare(self);
  if (!by_value) made.sealed = 1;
  for (TypeId type : state.types) declare(type);
  // Threads of a scope that the closure is called with may borrow what it captured.
  for (size_t i = 0; i < state.types.size(); ++i) {
    if (!is_kind(state.types[i], TypeKind::Ref) || !is_kind(table_.get(shallow(state.types[i])).parts[0], TypeKind::Scope)) continue;
    for (Region captured : std::vector<Region>(made.parameter_regions[0])) made.outlives.emplace_back(captured, made.parameter_regions[i + 1][1]);
  }
  made.result = state.result;
  if (is_never(made.result)) made.result = unit_;
  made.result_regions = loose_regions(made.result, made);
  out.locals.push_back({"", self, by_value, state.where});
  Pattern holder;
  holder.kind = PatternKind::Bind, holder.type = self, holder.span = state.where, holder.local = BodyLocalId(0);
  out.patterns.push_back(holder);
  out.parameters.push_back(PatternId(0));
  Outliner copy(*body_, out, [&](Outliner& outliner, ExprId id) { return captured_field(state, outliner, id); });
  for (PatternId one : state.patterns) out.parameters.push_back(copy.pattern(one));
  out.body = copy.expr(state.body);
  typed_.functions[state.function] = std::move(out);
}

// A captured place inside of the outlined body: a field of the closure, behind a reference unless it was captured by value.
ExprId Checker::captured_field(const ClosureState& state, Outliner& outliner, ExprId id) {
  if (!is_place(id)) return {};
  std::vector<CaptureStep> path;
  uint32_t root = 0;
  if (!captured_path(state, id, path, root)) return {};
  for (size_t i = 0; i < state.captures.size(); ++i) {
    const Capture& one = state.captures[i];
    if (one.root != root || one.path != path) continue;
    const Span where = get(id).span;
    const auto place = [&](ExprKind kind, TypeId type, std::vector<ExprId> parts, uint32_t index) {
      Expr made;
      made.kind = kind, made.type = type, made.span = where, made.parts = std::move(parts), made.index = index;
      return outliner.add(std::move(made));
    };
    const bool by_value = state.calling == Calling::Once;
    const TypeId self = by_value ? state.type : table_.ref(state.type, state.calling == Calling::Mutable);
    ExprId out = place(ExprKind::Local, self, {}, 0);
    if (!by_value) out = place(ExprKind::Deref, state.type, {out}, 0);
    const TypeId field = table_.info(table_.get(state.type).struct_id).fields[i].type;
    out = place(ExprKind::Field, field, {out}, static_cast<uint32_t>(i));
    if (one.usage != Usage::Move) out = place(ExprKind::Deref, table_.get(field).parts[0], {out}, 0);
    return out;
  }
  return {};
}

void Checker::make_closure_value(const ClosureState& state) {
  std::vector<ExprId> parts;
  for (const Capture& one : state.captures) {
    if (one.usage == Usage::Move) {
      parts.push_back(one.place);
      continue;
    }
    const bool is_mut = one.usage == Usage::Mutable;
    const ExprId reference = add(ExprKind::Borrow, table_.ref(get(one.place).type, is_mut), get(one.place).span, {one.place});
    get(reference).mutable_ = is_mut;
    parts.push_back(reference);
  }
  Expr& out = get(state.expr);
  out.kind = ExprKind::Make;
  out.type = state.type;
  out.parts = std::move(parts);
  out.index = 0;
}

void Checker::finish_closure_call(ExprId id) {
  const Expr expr = get(id);
  const ExprId callee = expr.parts[0];
  const TypeId type = get(callee).type;
  std::vector<ExprId> parts = expr.parts;
  if (const ClosureInfo* info = closure_of(type)) {
    const Calling calling = info->callable.calling;
    const uint32_t function = info->function;
    if (calling != Calling::Once) parts[0] = add(ExprKind::Borrow, table_.ref(type, calling == Calling::Mutable), get(callee).span, {callee});
    if (calling != Calling::Once) get(parts[0]).mutable_ = calling == Calling::Mutable, get(parts[0]).two_phase = true;
    Expr& out = get(id);
    out.kind = ExprKind::Call;
    out.index = function;
    out.parts = std::move(parts);
    return;
  }
  if (!is_kind(type, TypeKind::Fn)) {
    if (object_use(type) != nullptr) fill_object(type);
    const auto callable = callable_of(type);
    const bool is_mut = callable && callable->calling == Calling::Mutable;
    if (callable && callable->calling == Calling::Once && get(callee).kind == ExprKind::Deref) {
      parts[0] = get(callee).parts[0];  // the Box goes with the call
    } else {
      parts[0] = add(ExprKind::Borrow, table_.ref(type, is_mut), get(callee).span, {callee});
      get(parts[0]).mutable_ = is_mut;
    }
  }
  Expr& out = get(id);
  out.kind = ExprKind::CallObject;
  out.index = 0;
  out.parts = std::move(parts);
}

}  // namespace stark::types

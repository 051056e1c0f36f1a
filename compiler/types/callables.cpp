// compiler/types/callables.cpp — closures behind `dyn Fn`, `dyn FnMut` and `dyn FnOnce`: functions with the receiver that a table wants.
// Room: types. In: a closure and the object it goes into. Out: the closure's own function, or one that calls it.
#include "compiler/types/checker.h"

namespace stark::types {

// A function that no text declares: functions and instances are numbered alike, and its body needs no check.
uint32_t Checker::add_made(TypedFunction function) {
  typed_.functions.push_back(std::move(function));
  Instance& made = instances_.emplace_back();
  made.outlined = true;
  return static_cast<uint32_t>(typed_.functions.size() - 1);
}

// An object is called through `&`, `&mut` or, once, as its Box. A closure that asks for less than its object gives, or by value what
// the object holds in a Box, is called by a function that takes what the object gives.
uint32_t Checker::callable_method(TypeId closure, TypeId object) {
  const ClosureInfo& info = *closure_of(closure);
  const ObjectUse* use = object_use(object);
  const Calling wanted = use == nullptr ? Calling::Shared : use->callable->calling;
  const Callable callable = info.callable;
  const uint32_t function = info.function;
  if (wanted != Calling::Once && callable.calling == wanted) return function;
  const auto [known, added] = adapters_.try_emplace({closure, wanted}, static_cast<uint32_t>(typed_.functions.size()));
  if (!added) return known->second;
  TypedFunction out;
  out.name = fmt::format("{}, called as {}", name(closure), calling_text(wanted));
  out.file = body_->file, out.span = body_->span;
  const auto expr = [&](ExprKind kind, TypeId type, std::vector<ExprId> parts, uint32_t index = 0) {
    Expr made;
    made.kind = kind, made.type = type, made.span = body_->span, made.parts = std::move(parts), made.index = index;
    out.exprs.push_back(std::move(made));
    return ExprId(out.exprs.size() - 1);
  };
  const auto declare = [&](TypeId type) {
    out.signature.parameters.push_back(type);
    out.signature.parameter_regions.push_back(loose_regions(type, out.signature));
    out.locals.push_back({"", type, true, body_->span});
    Pattern holder;
    holder.kind = PatternKind::Bind, holder.type = type, holder.span = body_->span, holder.local = BodyLocalId(out.locals.size() - 1);
    out.patterns.push_back(holder);
    out.parameters.push_back(PatternId(out.patterns.size() - 1));
    return expr(ExprKind::Local, type, {}, static_cast<uint32_t>(out.locals.size() - 1));
  };
  std::vector<ExprId> parts{expr(ExprKind::Deref, closure, {declare(wanted == Calling::Once ? table_.box(closure) : table_.ref(closure, true))})};
  if (wanted == Calling::Mutable) out.signature.sealed = 1;
  if (callable.calling != Calling::Once) {
    const bool is_mut = callable.calling == Calling::Mutable;
    parts[0] = expr(ExprKind::Borrow, table_.ref(closure, is_mut), {parts[0]});
    out.exprs[parts[0].index()].mutable_ = is_mut;
  }
  for (TypeId type : callable.parameters) parts.push_back(declare(type));
  out.signature.result = is_never(callable.result) ? unit_ : callable.result;
  out.signature.result_regions = loose_regions(out.signature.result, out.signature);
  out.body = expr(ExprKind::Call, callable.result, std::move(parts), function);
  add_made(std::move(out));
  return known->second;
}

}  // namespace stark::types

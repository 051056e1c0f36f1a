// compiler/types/closures.cpp — closures and functions as values: their types while inferring, and calls of what can be called.
// Room: types. In: closure nodes, paths of functions. Out: Closure and CallClosure expressions, which captures.cpp and outline.cpp finish.
//
// A closure becomes a struct of what it captures and a function over it. What it captures is known only when every type is, so until the
// end of the body its type is a variable of a kind of its own (3), which equals nothing but itself; `closures_` knows the rest of it.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

// What a call of a value of this type takes and gives; nothing if it cannot be called.
std::optional<Callable> Checker::callable_of(TypeId given) {
  const TypeId type = shallow(given);
  const TypeData& data = table_.get(type);
  if (data.special == Special::Infer && infer_what(type) == 3) {
    const ClosureState& state = closures_.at(infer_number(type));
    return Callable{state.done ? state.calling : Calling::Shared, state.types, state.result};
  }
  if (data.special == Special::Infer) {
    for (const DeferredOpaque& one : deferred_opaques_)
      if (shallow(one.later) == type) return one.callable;
    return std::nullopt;
  }
  if (data.special == Special::Parameter || data.special == Special::Projection) {
    if (where_.environment.bounds)
      for (const Bound& one : *where_.environment.bounds)
        if (one.subject == type && one.callable) return one.callable;
    return std::nullopt;
  }
  if (data.special != Special::None) return std::nullopt;
  if (const ClosureInfo* info = closure_of(type)) return info->callable;
  if (data.kind == TypeKind::Ref) {
    auto inner = callable_of(data.parts[0]);
    if (inner && inner->calling == Calling::Mutable && !data.is_mut) return std::nullopt;
    if (inner && inner->calling == Calling::Once) return std::nullopt;
    return inner;
  }
  if (data.kind == TypeKind::Box) return callable_of(data.parts[0]);
  if (data.kind == TypeKind::Gc || data.kind == TypeKind::Arc || data.kind == TypeKind::Guard) {
    auto inner = callable_of(data.parts[0]);
    if (inner && inner->calling != Calling::Shared && !data.is_mut) return std::nullopt;
    return inner;
  }
  if (const ObjectUse* object = object_use(type)) return object->callable;
  if (data.kind == TypeKind::Fn) return function_callable(type);
  return std::nullopt;
}

const Checker::ClosureInfo* Checker::closure_of(TypeId type) const {
  const TypeData& data = table_.get(shallow(type));
  if (data.special != Special::None || data.kind != TypeKind::Struct) return nullptr;
  const auto found = closure_infos_.find(data.struct_id.value);
  return found == closure_infos_.end() ? nullptr : &found->second;
}

// What the place that a closure is put into says of it.
std::optional<Callable> Checker::closure_hint(TypeId expected) {
  if (!expected.valid()) return std::nullopt;
  const TypeId type = shallow(expected);
  if (is_infer(type) && infer_what(type) == 0) {
    for (const Obligation& one : obligations_)
      if (one.callable && shallow(one.subject) == type) return one.callable;
    return std::nullopt;
  }
  return callable_of(type);
}

ExprId Checker::closure(NodeId id, TypeId expected) {
  const Span where = span(id);
  const std::optional<Callable> hint = closure_hint(expected);
  const TypeId type = fresh(3);
  ClosureState state;
  state.where = where;
  state.moves = tree().has(id, parse::kMove);
  state.first_local = body_->locals.size();
  const auto parameters = list(child(id, slot::Closure::parameters));
  const NodeId result = child(id, slot::Closure::result);
  state.result = result.valid() ? type_of(result) : hint ? hint->result : fresh();
  if (!result.valid() && hint && is_open(state.result)) state.result = fresh();
  const ScopeGuard scope(*this);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool good = kind(parameters[i]) == NodeKind::Parameter;
    const NodeId declared = good ? child(parameters[i], slot::Parameter::type) : NodeId();
    TypeId one = declared.valid() ? type_of(declared) : hint && i < hint->parameters.size() ? hint->parameters[i] : fresh();
    if (declared.valid() && hint && i < hint->parameters.size()) unify(hint->parameters[i], one);
    const PatternId bound = good ? pattern(child(parameters[i], slot::Parameter::pattern), one, Mode::Move) : add_pattern(PatternKind::Wild, one, where);
    if (good && !contains_infer(one)) irrefutable(bound, one, span(parameters[i]));
    state.patterns.push_back(bound);
    state.types.push_back(one);
  }
  return closure_of_body(std::move(state), type, child(id, slot::Closure::body));
}

// What is left when the parameters are bound: the body, which leaves by ways of its own.
ExprId Checker::closure_of_body(ClosureState state, TypeId type, NodeId body) {
  const Span where = state.where;
  const uint64_t number = infer_number(type);
  auto loops = std::exchange(loops_, {});
  const TypeId outer_result = std::exchange(result_, state.result);
  const bool outer_closure = std::exchange(in_closure_, !state.is_function);
  const bool outer_async = std::exchange(in_async_, state.is_async);
  auto outer_tries = std::exchange(open_tries_, {});
  closures_[number] = state;  // a closure that calls itself finds no name for that, but its parameters may be looked at
  ExprId value = state.is_function ? function_body(body) : state.is_async ? block_inner(body, state.result) : block(body, state.result);
  if (!is_never(get(value).type) || !is_infer(state.result)) value = coerce(value, state.result);
  for (const OpenTry& one : std::exchange(open_tries_, std::move(outer_tries))) hand_on(one);
  in_closure_ = outer_closure;
  in_async_ = outer_async;
  result_ = outer_result;
  loops_ = std::move(loops);
  ClosureState& kept = closures_.at(number);
  kept.body = value;
  kept.last_local = body_->locals.size();
  const ExprId out = add(ExprKind::Closure, type, where);
  get(out).index = static_cast<uint32_t>(number);
  kept.expr = out;
  closure_order_.push_back(number);
  return out;
}

// A function, a variant or the like as a value: a closure that calls it.
ExprId Checker::function_value(const PathTarget& target, TypeId expected, Span where) {
  if (foreign_fn(expected) != nullptr) return foreign_fn_value(target, expected, where);
  size_t count = 0;
  if (target.kind == PathTarget::Kind::Function) count = function_info(target.callee).types.size();
  else if (target.kind == PathTarget::Kind::Native) count = target.native->signature.parameters.size();
  else if (target.kind == PathTarget::Kind::Variant) count = variant_arity(target.definition);
  else count = table_.info(table_.get(shallow(target.type)).struct_id).fields.size();
  const std::optional<Callable> hint = closure_hint(expected);
  const TypeId type = fresh(3);
  const uint64_t number = infer_number(type);
  ClosureState state;
  state.where = where;
  state.first_local = body_->locals.size();
  std::vector<Argument> arguments;
  for (size_t i = 0; i < count; ++i) {
    const TypeId one = hint && i < hint->parameters.size() ? hint->parameters[i] : argument_type(target, i);
    const BodyLocalId holder = add_local("", one, false, where);
    state.patterns.push_back(bind(holder, where));
    state.types.push_back(one);
    arguments.push_back({{}, local(holder, where), {}, where, {}, {}});
  }
  state.body = call_target(target, arguments, hint ? hint->result : TypeId(), where);
  state.result = get(state.body).type;
  state.last_local = body_->locals.size();
  closures_[number] = state;
  const ExprId out = add(ExprKind::Closure, type, where);
  get(out).index = static_cast<uint32_t>(number);
  closures_.at(number).expr = out;
  closure_order_.push_back(number);
  return out;
}

// The type that a parameter of a function has where it does not depend on generic arguments.
TypeId Checker::argument_type(const PathTarget& target, size_t i) {
  if (target.kind == PathTarget::Kind::Function) {
    const TypeId type = substitute(function_info(target.callee).types[i], target.callee.bound);
    return is_open(type) ? fresh() : type;
  }
  if (target.kind == PathTarget::Kind::TupleStruct) return table_.info(table_.get(shallow(target.type)).struct_id).fields[i].type;
  return fresh();
}

size_t Checker::variant_arity(DefinitionId variant) const {
  const Definition& made = names_.get(variant);
  size_t count = 0;
  const NodeId fields = made.tree->child(made.node, slot::Variant::fields);
  for (NodeId field : fields.valid() ? made.tree->children_of(fields) : std::span<const NodeId>()) count += made.tree->kind(field) == NodeKind::Field ? 1 : 0;
  return count;
}

// A call of something that is no function's name.
ExprId Checker::call_value(ExprId value, const std::vector<Argument>& arguments, Span where) {
  settle_obligations();
  std::optional<Callable> callable;
  ExprId place = value;
  for (ExprId at_place = value; at_place.valid(); at_place = step_inside(at_place)) {
    if (is_error(get(at_place).type) || is_never(get(at_place).type)) return give_up(arguments, where);
    if (points(get(at_place).type)) continue;
    callable = callable_of(get(at_place).type);
    place = at_place;
  }
  if (!callable) {
    sink_.report<diag::NotCallable>(get(value).span, name(get(value).type));
    return give_up(arguments, where);
  }
  if (callable->parameters.size() != arguments.size()) {
    sink_.report<diag::ArgumentCount>(where, sources_.text(get(value).span), callable->parameters.size(), arguments.size());
    return give_up(arguments, where);
  }
  std::vector<ExprId> parts{place};
  for (size_t i = 0; i < arguments.size(); ++i) parts.push_back(coerce(argument_value(arguments[i], callable->parameters[i]), callable->parameters[i]));
  return add(ExprKind::CallClosure, callable->result, where, std::move(parts));
}

}  // namespace stark::types

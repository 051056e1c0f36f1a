// compiler/types/async.cpp — `async` and `.await`: bodies that run later are closures, and awaiting one runs it.
// Room: types. Essay: compiler/types/README.md, "Async". In: async functions and blocks, `.await`. Out: calls of `std::future`.
#include "compiler/types/checker.h"

namespace stark::types {

// Whether a call gives a future. The program itself and its tests are awaited by whoever starts them, so they simply run.
bool Checker::runs_later(const Callee& callee) const {
  if (!callee.tree->has(callee.node, parse::kAsync)) return false;
  const bool is_free = callee.impl == Id<int>::kNone && !callee.trait.valid();
  if (is_free && callee.module == names_.root && callee.tree->get(callee.node).text == "main") return false;
  return std::ranges::none_of(names_.tests, [&](DefinitionId id) { return names_.get(id).tree == callee.tree && names_.get(id).node == callee.node; });
}

ExprId Checker::async_block(NodeId id) {
  const Span whole = span(id);
  ClosureState state;
  state.where = whole;
  state.moves = tree().has(id, parse::kMove);
  state.is_async = true;
  state.first_local = body_->locals.size();
  state.result = fresh();
  return call_library("later", closure_of_body(std::move(state), fresh(3), id), whole);
}

// The body of an async function: a block that everything the function was given goes into.
ExprId Checker::async_function(const Callee& callee, NodeId body) {
  const NodeId result = child(callee.node, slot::Fn::result);
  ClosureState state;
  state.where = body_->span;
  state.moves = state.is_async = state.is_function = true;
  state.first_local = body_->locals.size();
  state.result = result.valid() ? type_of(result) : unit_;
  return call_library("later", closure_of_body(std::move(state), fresh(3), body), body_->span);
}

ExprId Checker::call_library(std::string_view function, ExprId argument, Span where) {
  const Definition& made = names_.get(names_.find_in(names_.library, function, true));
  Callee callee;
  callee.tree = made.tree, callee.node = made.node, callee.module = made.module, callee.name = made.name;
  return call_callee(std::move(callee), {}, {{{}, argument, {}, where, {}, {}}}, {}, {}, where);
}

ExprId Checker::await(NodeId id) {
  const Span whole = span(id), word{whole.file, whole.end - 5, whole.end};
  const ExprId operand = expression(child(id, slot::Await::operand));
  if (is_error(get(operand).type) || is_never(get(operand).type)) return error(whole);
  if (!in_async_) {
    sink_.report<diag::AwaitOutside>(word).help(in_closure_ ? "this closure is not `async`: let it give an `async` block" : "make the function `async`, or wait for the future here: `task::block_on(…)`");
    return error(whole);
  }
  const DefinitionId future = names_.find_in(names_.library, "Future", false);
  settle_obligations();
  if (const TypeId output = promised_output(get(operand).type); output.valid()) return await_promised(operand, future, output, whole);
  const TypeId found = type(operand);
  if (is_infer(found) && infer_what(found) == 0) return sink_.report<diag::UnknownYet>(get(operand).span, "it is awaited"), error(whole);
  if (!select(found, {future, {}, {}})) {
    auto report = sink_.report<diag::NotAFuture>(get(operand).span, name(found));
    report.help("what `async` functions and blocks give can be awaited");
    return error(whole);
  }
  only_trait_ = {future, {}, {}};
  return call_method(operand, "run", {}, {}, {}, whole);
}

// What awaiting the result of a call gives, where the call waits for a closure of this body to be known.
TypeId Checker::promised_output(TypeId given) {
  const TypeId type = shallow(given);
  for (const DeferredOpaque& one : deferred_opaques_)
    if (shallow(one.later) == type) return one.output;
  return {};
}

ExprId Checker::await_promised(ExprId operand, DefinitionId future, TypeId output, Span where) {
  const TraitInfo& info = trait_info(future);
  Callee callee;
  callee.tree = info.tree, callee.module = info.module, callee.node = info.functions.at("run"), callee.trait = future;
  callee.self = type(operand), callee.abstract = true, callee.name = "Future::run";
  callee.bound = trait_bindings(info, {future, {}, {}}, callee.self);
  const ExprId out = call_callee(std::move(callee), operand, {}, {}, {}, where);
  unify(get(out).type, output);
  return out;
}

}  // namespace stark::types

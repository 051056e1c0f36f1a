// compiler/types/calls.cpp — calls: what a path names, arguments by position and name, generic arguments, what is asked of them.
// Room: types. In: call nodes. Out: typed expressions.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

ExprId Checker::make_variant(TypeId type_id, uint32_t variant, std::vector<ExprId> parts, Span where) {
  const ExprId out = add(ExprKind::MakeVariant, type_id, where, std::move(parts));
  get(out).index = variant;
  return out;
}

// --- arguments

std::vector<Argument> Checker::arguments_of(std::span<const NodeId> nodes) {
  std::vector<Argument> out;
  for (NodeId one : nodes) {
    const bool named = kind(one) == NodeKind::NamedArgument;
    out.push_back({named ? child(one, slot::NamedArgument::value) : one, {}, named ? node(one).text : std::string_view(), span(one), named ? node(one).name : Span{}, one});
  }
  return out;
}

std::vector<NodeId> Checker::nodes_of(const std::vector<Argument>& arguments) {
  std::vector<NodeId> out;
  for (const Argument& one : arguments) out.push_back(one.original);
  return out;
}

std::vector<NodeId> Checker::arrange_nodes(std::string_view callee, std::span<const std::string> parameters, const std::vector<bool>& optional, std::span<const NodeId> arguments, Span where, bool& good) {
  std::vector<NodeId> out;
  for (const Argument& one : arrange(callee, parameters, optional, arguments_of(arguments), where, good)) out.push_back(one.node);
  return out;
}

ExprId Checker::argument_value(const Argument& argument, TypeId expected) { return argument.value.valid() ? argument.value : expression(argument.node, expected); }

// Looks at arguments whose call is wrong, so that their own mistakes are told too.
ExprId Checker::give_up(const std::vector<Argument>& arguments, Span where) {
  for (const Argument& one : arguments)
    if (one.node.valid() && kind(one.node) != NodeKind::Closure) expression(one.node);
  return error(where);
}

// Puts arguments into the order of the parameters; an invalid one stands for a default.
std::vector<Argument> Checker::arrange(std::string_view callee, std::span<const std::string> parameters, const std::vector<bool>& optional, const std::vector<Argument>& arguments, Span where, bool& good, Span declared) {
  std::vector<Argument> out(parameters.size());
  std::vector<bool> given(parameters.size());
  good = true;
  size_t position = 0;
  const auto refuse = [&](const Argument& argument) {
    good = false;
    if (argument.node.valid()) expression(argument.node);
  };
  for (const Argument& argument : arguments) {
    size_t i = position;
    if (!argument.name.empty()) {
      i = static_cast<size_t>(std::ranges::find(parameters, argument.name) - parameters.begin());
      if (i == parameters.size()) {
        std::vector<std::string_view> words(parameters.begin(), parameters.end());
        auto report = sink_.report<diag::UnknownArgument>(argument.name_span, callee, argument.name);
        if (const std::string_view near = diagnostics::nearest(argument.name, words); !near.empty()) report.help(fmt::format("there is `{}`", near));
        refuse(argument);
        continue;
      }
    } else {
      ++position;
    }
    if (i >= parameters.size()) {
      if (good) {
        auto report = sink_.report<diag::ArgumentCount>(argument.span.file.valid() ? argument.span : where, callee, parameters.size(), arguments.size());
        report.here("this one is too many");
        if (is_shown(declared)) report.label(declared, "declared here");
      }
      refuse(argument);
      continue;
    }
    if (given[i]) {
      sink_.report<diag::ArgumentTwice>(argument.span, parameters[i]);
      refuse(argument);
      continue;
    }
    out[i] = argument;
    given[i] = true;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (given[i] || optional[i] || !good) continue;
    const bool any_named = std::ranges::any_of(arguments, [&](const Argument& a) { return !a.name.empty(); });
    if (any_named) sink_.report<diag::MissingArgument>(where, callee, parameters[i]);
    else {
      auto report = sink_.report<diag::ArgumentCount>(where, callee, parameters.size(), arguments.size());
      report.help(fmt::format("`{}` is missing", parameters[i]));
      if (is_shown(declared)) report.label(declared, "declared here");
    }
    good = false;
  }
  return out;
}

// --- functions

// Explicit generic arguments; the others become variables. Numbers and shapes are told by the arguments alone.
void Checker::choose_generics(const Callee& callee, const FunctionInfo& info, std::span<const NodeId> generics, Bindings& bound, Span where) {
  std::vector<const GenericParameter*> own;
  for (size_t i = info.own; i < info.parameters.size(); ++i)
    if (!info.parameters[i].hidden) own.push_back(&info.parameters[i]);
  std::vector<NodeId> given;
  for (NodeId one : generics)
    if (kind(one) != NodeKind::Lifetime) given.push_back(one);
  if (!given.empty() && given.size() != own.size()) sink_.report<diag::GenericCount>(where, callee.name, own.size(), given.size());
  std::vector<Region> ignored;
  for (size_t i = 0; i < given.size() && i < own.size(); ++i) {
    if (kind(given[i]) == NodeKind::InferType) continue;
    const GenericArgument one = generic_argument(given[i], {}, ignored);
    if (!number_for_type({own[i], 1}, {&one, 1}, callee.module, span(given[i]))) bound[own[i]->number] = one;
  }
  for (const GenericParameter& one : info.parameters) {
    if (one.argument.kind == GenericArgument::Kind::Number && !bound.contains(one.number)) bound[one.number] = fresh_number();
    if (one.argument.kind == GenericArgument::Kind::Type && !bound.contains(one.number)) bound[one.number] = {GenericArgument::Kind::Type, fresh(), 0, {}};
  }
}

// Can what is expected be used to tell the result's generic arguments? Not where a value may still be converted on its way.
bool Checker::exact(TypeId given) {
  const TypeId type = shallow(given);
  const TypeData& data = table_.get(type);
  if (data.special != Special::None) return data.special != Special::Infer;
  if (data.kind == TypeKind::Tensor || data.kind == TypeKind::Slice || data.kind == TypeKind::Ref || data.kind == TypeKind::Fn || object_use(type) != nullptr) return false;
  if (nominal(type) != nullptr || data.kind == TypeKind::Vec) return true;  // nothing is converted inside of them
  return std::ranges::all_of(data.parts, [&](TypeId part) { return is_infer(part) || exact(part); });
}

bool Checker::same_head(TypeId a, TypeId b) const {
  const Nominal *m = nominal(a), *n = nominal(b);
  if (m != nullptr || n != nullptr) return m != nullptr && n != nullptr && m->definition == n->definition;
  const TypeData &x = table_.get(shallow(a)), &y = table_.get(shallow(b));
  return x.special == Special::None && y.special == Special::None && x.kind == y.kind && x.parts.size() == y.parts.size();
}

// `Box::new(|x| …)` where a `Box<dyn Fn(i32)>` is expected: what the box holds must be callable like that.
void Checker::hint_object(TypeId result, TypeId expected, const Bindings& bound, Span where) {
  if (!expected.valid() || !result.valid()) return;
  const TypeData wanted = table_.get(shallow(expected)), given = table_.get(shallow(substitute(result, bound)));
  if (wanted.special != Special::None || given.special != Special::None || wanted.kind != given.kind || wanted.parts.size() != 1 || !is_infer(given.parts[0])) return;
  const ObjectUse* object = object_use(shallow(wanted.parts[0]));
  if (object == nullptr || !object->callable || object->is_future) return;
  obligations_.push_back({given.parts[0], {}, object->callable, where, {}, false});
}

ExprId Checker::call_callee(Callee callee, ExprId receiver, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where) {
  const FunctionInfo& info = function_info(callee);
  const SyntaxTree& t = *callee.tree;
  if (t.has(callee.node, parse::kForeign)) return call_foreign(callee, arguments, where);
  if (is_unsafe(callee)) demand_unsafe(where, fmt::format("calling `{}`", callee.name));
  const DefinitionId trait = callee.impl != Id<int>::kNone ? impls_[callee.impl].trait : callee.trait;
  if (trait.valid() && shipped_name(trait) == "Drop")
    sink_.report<diag::DropCalled>(where).here("called by name here").help("end the value with `drop(…)`, which moves it: its destructor runs once");
  choose_generics(callee, info, generics, callee.bound, where);
  const size_t first = receiver.valid() && info.has_self ? 1 : 0;
  std::vector<bool> optional;
  for (size_t i = first; i < info.nodes.size(); ++i)
    optional.push_back(t.kind(info.nodes[i]) == NodeKind::Parameter && t.child(info.nodes[i], slot::Parameter::default_value).valid());
  bool good = true;
  const std::vector<Argument> values = arrange(callee.name, std::span(info.words).subspan(first), optional, arguments, where, good, t.get(callee.node).name);
  if (!good) return error(where);
  if (expected.valid() && !is_infer(expected) && info.result.valid() && exact(expected)) {
    const TypeId result = shallow(substitute(info.result, callee.bound));
    if (same_head(result, expected) || (is_infer(result) && infer_what(result) == 0 && table_.get(info.result).special == Special::Parameter)) unify(result, expected);
  }
  hint_object(info.result, expected, callee.bound, where);
  if (callee.impl != Id<int>::kNone) {  // what the impl asks of arguments that were not known when it was chosen
    bool open = false;
    for (const GenericParameter& one : impls_[callee.impl].declared.parameters)
      if (const auto found = callee.bound.find(one.number); found != callee.bound.end() && found->second.kind == GenericArgument::Kind::Type) open |= contains_infer(found->second.type);
    if (open) require(impls_[callee.impl].declared.bounds, callee.bound, where);
  }
  require(info.bounds, callee.bound, where);
  if (callee.abstract && shallow(callee.self) != callee.self) callee.self = shallow(callee.self);
  if (callee.abstract && (is_infer(callee.self) || trait_info(callee.trait).declared.parameters.size() > 1)) {
    Obligation has{callee.self, {callee.trait, {}}, std::nullopt, where, {}, false};
    for (size_t i = 1; i < trait_info(callee.trait).declared.parameters.size(); ++i) has.use.arguments.push_back(callee.bound[trait_info(callee.trait).declared.parameters[i].number]);
    obligations_.push_back(std::move(has));
  }
  std::vector<ExprId> parts(info.types.size());
  if (first == 1) parts[0] = t.child(info.nodes[0], slot::SelfParameter::type).valid() ? coerce(receiver, substitute(info.types[0], callee.bound)) : receiver;
  for (const bool closures : {false, true}) {  // what closures take is often told by the other arguments
    for (size_t i = first; i < info.nodes.size(); ++i) {
      const Argument& value = values[i - first];
      if ((value.node.valid() && kind(value.node) == NodeKind::Closure) != closures) continue;
      if (closures) settle_obligations();
      parts[i] = pass_argument(callee, info, i, value);
    }
  }
  settle_obligations();
  const TypeId result = info.result.valid() ? substitute(info.result, callee.bound) : opaque_result(callee, where);
  if (expected.valid() && !is_infer(expected) && contains_infer(result) && same_head(result, expected) && exact(expected)) unify(result, expected);
  for (const GenericParameter& one : info.parameters)
    if (!callee.bound.contains(one.number)) {
      sink_.report<diag::UnknownYet>(where, fmt::format("generic argument `{}` of `{}` cannot be told", one.name, callee.name));
      return error(where);
    }
  return pending_call(std::move(callee), result, where, std::move(parts));
}

ExprId Checker::pending_call(Callee callee, TypeId result, Span where, std::vector<ExprId> parts) {
  const ExprId out = add(ExprKind::Call, result, where, std::move(parts));
  get(out).method = static_cast<uint32_t>(pending_.size());
  pending_.push_back(make_instance(std::move(callee)));
  return out;
}

ExprId Checker::pass_argument(Callee& callee, const FunctionInfo& info, size_t i, const Argument& value) {
  const SyntaxTree& t = *callee.tree;
  TypeId wanted = substitute(info.types[i], callee.bound);
  if (!value.valid()) {
    const NodeId default_node = t.child(info.nodes[i], slot::Parameter::default_value);
    Environment environment;
    environment.self = callee.self;
    environment.impl = callee.impl;
    for (const GenericParameter& one : info.parameters)
      if (const auto found = callee.bound.find(one.number); found != callee.bound.end()) environment.generics[one.name] = found->second;
    auto scopes = std::exchange(scopes_, {});
    scopes_.emplace_back();
    const ExprId out = at_code(callee.tree, callee.module, environment, [&] { return checked(default_node, wanted); });
    scopes_ = std::move(scopes);
    return out;
  }
  const Span asked = t.get(info.nodes[i]).span;
  if (is_open(wanted) && !defining_) {  // a number or a shape in it is told by the argument
    const ExprId found = argument_value(value, {});
    TypeId pattern = info.types[i], actual = type(found);
    while (is_kind(pattern, TypeKind::Ref) && is_kind(actual, TypeKind::Ref)) pattern = table_.get(pattern).parts[0], actual = shallow(table_.get(actual).parts[0]);
    fit(pattern, actual, callee.bound);
    wanted = substitute(info.types[i], callee.bound);
    return coerce(found, wanted, {}, asked);
  }
  if (value.node.valid() && kind(value.node) == NodeKind::Closure) return coerce(closure(value.node, wanted), wanted, {}, asked);
  return coerce(argument_value(value, wanted), wanted, {}, asked);
}

TypeId Checker::defer_opaque(const Callee& callee, Span where) {
  const TypeId later = fresh();
  const Instance made = make_instance(callee);
  std::vector<Bound> promised;
  TypeId output;
  at(callee.tree, callee.module, body_environment(made.callee, made.arguments), [&] {
    const NodeId result = child(callee.node, slot::Fn::result);
    if (runs_later(callee)) output = result.valid() ? type_of(result) : unit_;
    else lower_bounds(later, child(result, slot::ImplType::bounds), promised);
  });
  deferred_opaques_.push_back({callee, later, where, {}, output});
  for (const Bound& one : promised) {
    if (one.callable) deferred_opaques_.back().callable = one.callable;
    else if (shipped_name(one.use.trait) == "Future" && !one.use.equal.empty()) deferred_opaques_.back().output = one.use.equal[0].second;
  }
  return later;
}

// A closure of this body whose captures are not known yet.
bool Checker::contains_closure(TypeId given) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special == Special::Infer) return infer_what(type) == 3;
  if (const Nominal* used = nominal(type)) {
    const std::vector<GenericArgument> arguments = used->arguments;
    return std::ranges::any_of(arguments, [&](const GenericArgument& one) { return one.kind == GenericArgument::Kind::Type && contains_closure(one.type); });
  }
  return data.special == Special::None && std::ranges::any_of(data.parts, [&](TypeId part) { return contains_closure(part); });
}

void Checker::finish_opaques() {
  for (const DeferredOpaque& one : std::vector<DeferredOpaque>(deferred_opaques_)) {
    if (sink_.errors() != errors_before_) return;
    const TypeId result = opaque_result(one.callee, one.where);
    unify(one.later, result);
  }
  deferred_opaques_.clear();
}

TypeId Checker::opaque_cycle(const Callee& callee, Span where) {
  auto report = sink_.report<diag::OpaqueCycle>(where, callee.name);
  if (runs_later(callee)) report.help("let a plain function box the future: `fn … -> Box<dyn Future<Output = …>> { Box::new(async move { … }) }`");
  return table_.error();
}

// What a function with `-> impl Trait` returns is told by its body, which is checked now if it was not before.
TypeId Checker::opaque_result(const Callee& callee, Span where) {
  if (defining_ || callee.abstract) return table_.error();
  Instance wanted = make_instance(callee);
  settle_obligations();
  for (GenericArgument& argument : wanted.arguments)
    if (argument.kind == GenericArgument::Kind::Type) {
      default_literals(argument.type);
      if (contains_closure(argument.type)) return defer_opaque(callee, where);
      if (contains_infer(argument.type)) return sink_.report<diag::UnknownYet>(where, fmt::format("the generic arguments of `{}` must be known to tell what it returns", callee.name)), table_.error();
    }
  const uint32_t number = instance(std::move(wanted));
  if (instances_[number].checked && !typed_.functions[number].signature.result.valid())
    return opaque_cycle(callee, where);
  check_body(number);
  return typed_.functions[number].signature.result;
}

ExprId Checker::call_variant(DefinitionId variant, const std::vector<Argument>& arguments, TypeId expected, Span where) {
  const Definition& made = names_.get(variant);
  const Nominal* wanted = expected.valid() ? nominal(expected) : nullptr;
  TypeId type_id;
  if (wanted != nullptr && wanted->definition == made.parent) {
    type_id = shallow(expected);
  } else {
    std::vector<GenericArgument> fresh_arguments;
    for (const GenericParameter& one : nominal_info(made.parent).parameters)
      fresh_arguments.push_back(one.argument.kind == GenericArgument::Kind::Number ? fresh_number() : GenericArgument{GenericArgument::Kind::Type, fresh(), 0, {}});
    type_id = nominal_type(made.parent, fresh_arguments);
  }
  const TypeData& data = table_.get(shallow(type_id));
  if (data.special != Special::None) return give_up(arguments, where);
  const std::vector<Field> fields = table_.info(data.enum_id).variants[made.number].fields;
  if (fields.size() != arguments.size()) {
    sink_.report<diag::ArgumentCount>(where, made.name, fields.size(), arguments.size());
    return give_up(arguments, where);
  }
  std::vector<ExprId> parts;
  for (size_t i = 0; i < arguments.size(); ++i) parts.push_back(coerce(argument_value(arguments[i], fields[i].type), fields[i].type));
  return make_variant(type_id, made.number, std::move(parts), where);
}

ExprId Checker::call_tuple_struct(TypeId type_id, const std::vector<Argument>& arguments, TypeId expected, Span where) {
  if (is_error(type_id)) return give_up(arguments, where);
  if (expected.valid() && same_head(type_id, expected) && exact(expected)) unify(type_id, expected);
  const TypeData& data = table_.get(shallow(type_id));
  if (data.kind != TypeKind::Struct) return sink_.report<diag::NotCallable>(where, name(type_id)), give_up(arguments, where);
  const std::vector<Field> fields = table_.info(data.struct_id).fields;
  if (fields.size() != arguments.size()) return sink_.report<diag::ArgumentCount>(where, name(type_id), fields.size(), arguments.size()), give_up(arguments, where);
  std::vector<ExprId> parts;
  for (size_t i = 0; i < arguments.size(); ++i) parts.push_back(coerce(argument_value(arguments[i], fields[i].type), fields[i].type));
  return add(ExprKind::Make, type_id, where, std::move(parts));
}

// --- what a path names

// A function of a type: `Type::function`.
bool Checker::associated(TypeId self, NodeId segment, PathTarget& out) {
  const std::string_view function = node(segment).text;
  out.generics = list(child(segment, slot::Segment::arguments));
  out.type = self;
  if (is_error(self)) return out.kind = PathTarget::Kind::Error, true;
  if (const Nominal* used = nominal(self); used != nullptr && names_.get(used->definition).kind == DefinitionKind::Enum)
    if (const DefinitionId variant = names_.variant(used->definition, function); variant.valid()) return out.kind = PathTarget::Kind::Variant, out.definition = variant, true;
  if (find_in_impls(self, std::string(function), out.callee, Receiver::Any, false, {})) return out.kind = PathTarget::Kind::Function, true;
  std::vector<std::string> heads{head(self)};
  if (is_kind(self, TypeKind::String)) heads.emplace_back("str");
  for (const std::string& one : heads)
    if (const spec::NativeFacts* native = one.empty() ? nullptr : spec::find_native(fmt::format("{}::{}", one, function))) return out.kind = PathTarget::Kind::Native, out.native = native, true;
  if (find_method(self, function, out.callee, Receiver::Any)) return out.kind = PathTarget::Kind::Function, true;
  if (find_constant(self, function, out)) return true;
  if (is_infer(self)) return sink_.report<diag::UnknownYet>(node(segment).span, fmt::format("its function `{}` is asked for", function)), out.kind = PathTarget::Kind::Error, true;
  const std::vector<std::string_view> words = near_functions(self, function, {Receiver::Any});
  auto report = sink_.report<diag::UnknownFunction>(node(segment).name, name(self), function);
  if (const std::string_view near = diagnostics::nearest(function, words); !near.empty()) report.help(fmt::format("there is `{}`", near));
  out.kind = PathTarget::Kind::Error;
  return true;
}

// `Tensor::<f32, [?]>::from_raw_parts`: a function of an impl for tensors; without arguments they are told by the call.
bool Checker::tensor_impl_function(NodeId tensor, NodeId segment, PathTarget& out) {
  const auto candidates = impls_by_function_.find(std::string(node(segment).text));
  if (candidates == impls_by_function_.end()) return false;
  const NodeId arguments = child(tensor, slot::Segment::arguments);
  for (uint32_t i : candidates->second.of(0)) {
    if (impls_[i].trait.valid() || !is_tensor(impls_[i].self)) continue;
    Bindings bound;
    if (!arguments.valid())
      for (const GenericParameter& one : impls_[i].declared.parameters)
        bound[one.number] = one.argument.kind == GenericArgument::Kind::Number ? fresh_number() : GenericArgument{GenericArgument::Kind::Type, fresh(), 0, {}};
    const TypeId self = arguments.valid() ? lower_tensor(list(arguments), span(tensor)).type : substitute(impls_[i].self, bound);
    if (arguments.valid() && fit(impls_[i].self, self, bound) == Fit::No) continue;
    out.generics = list(child(segment, slot::Segment::arguments));
    out.kind = PathTarget::Kind::Function;
    out.callee = impl_callee(i, bound, self, std::string(node(segment).text));
    return true;
  }
  return false;
}

// `Self::LIMIT`, `Circle::NAME`: a constant of an impl, or the trait's own value for it.
bool Checker::find_constant(TypeId given, std::string_view word, PathTarget& out) {
  const TypeId self = shallow(given);
  const std::string key(word);
  bool found = false;
  each_assumed(self, [&](const TraitUse& use) {
    const TraitInfo& info = trait_info(use.trait);
    const auto item = info.constants.find(key);
    if (item == info.constants.end()) return false;
    out.kind = PathTarget::Kind::Constant, out.tree = info.tree, out.module = info.module, out.node = item->second, out.environment = trait_environment(info), out.environment.self = self;
    out.environment.generics["Self"] = {GenericArgument::Kind::Type, self, 0, {}};
    out.assumed = true;
    return found = true;
  });
  if (found) return true;
  const auto candidates = impls_by_constant_.find(key);
  if (candidates == impls_by_constant_.end()) return false;
  for (uint32_t i : candidates->second.of(head_of(self))) {
    const ImplInfo& info = impls_[i];
    const bool own = info.constants.contains(key);
    if (info.head != 0 && info.head != head_of(self)) continue;
    Bindings bound;
    if (fit(info.self, self, bound) == Fit::No || !bounds_hold(info.declared.bounds, bound, 1)) continue;
    out.kind = PathTarget::Kind::Constant;
    out.environment = {};
    out.environment.self = self, out.environment.impl = i;
    for (const GenericParameter& one : impls_[i].declared.parameters)
      if (const auto chosen = bound.find(one.number); chosen != bound.end()) out.environment.generics[one.name] = chosen->second;
    out.environment.generics["Self"] = {GenericArgument::Kind::Type, self, 0, {}};
    const TraitInfo* trait = own ? nullptr : &trait_info(impls_[i].trait);
    out.tree = own ? impls_[i].tree : trait->tree;
    out.module = own ? impls_[i].module : trait->module;
    out.node = own ? impls_[i].constants.at(key) : trait->constants.at(key);
    return true;
  }
  return false;
}

PathTarget Checker::path_target(NodeId path, Span where) {
  PathTarget out;
  const auto segments = past_library(list(child(path, slot::Path::segments)));
  const std::string first(node(segments[0]).text);
  const NodeId first_arguments = child(segments[0], slot::Segment::arguments);
  if (first.empty()) return out;
  if (segments.size() == 1) {
    if (const BodyLocalId found = find_local(first); found.valid()) return out.kind = PathTarget::Kind::Local, out.local = found, out;
    const auto generic = where_.environment.generics.find(first);
    if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Number) return out.kind = PathTarget::Kind::Number, out.number = generic->second.number, out;
    if (first == "Self" && where_.environment.self.valid()) return out.kind = PathTarget::Kind::TupleStruct, out.type = where_.environment.self, out;
  }
  if (first == "native" && shipped_) {
    std::string text;
    for (size_t i = 1; i < segments.size(); ++i) text += (text.empty() ? "" : "::") + std::string(node(segments[i]).text);
    if (text == "box::new") return out.kind = PathTarget::Kind::Box, out;
    out.native = spec::find_native(text);
    if (out.native != nullptr) return out.kind = PathTarget::Kind::Native, out;
  }
  if (segments.size() >= 2) {
    const auto generic = where_.environment.generics.find(first);
    const bool is_self = first == "Self" && where_.environment.self.valid();
    if (is_self || (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Type)) {
      TypeId self = is_self ? where_.environment.self : generic->second.type;
      for (size_t i = 1; i + 1 < segments.size(); ++i) self = associated_type_named(self, node(segments[i]).text, where);
      associated(self, segments.back(), out);
      return out;
    }
  }
  if (segments.size() == 2) {
    const DefinitionId own = names_.find(where_.module, first, false);
    const bool shadowed = own.valid() && names_.get(own).kind != DefinitionKind::Module && names_.get(own).kind != DefinitionKind::Trait;
    if (!shadowed) {
      if (first == "Tensor" && tensor_impl_function(segments[0], segments[1], out)) return out;
      if (first == "Tensor") return out.kind = PathTarget::Kind::TensorFunction, out.node = segments[0], out.segment = segments[1], out;
      bool known = false;
      const bool is_module = own.valid() && names_.get(own).kind == DefinitionKind::Module && names_.find_in(names_.get(own).inside, node(segments[1]).text, true).valid();
      const LoweredType built_in = is_module ? LoweredType{} : lower_builtin(first, first_arguments, where, {}, known);
      if (known) return associated(built_in.type, segments[1], out), out;
    }
  }
  return defined_target(segments, where);
}

// A path that leads to a definition, or to a function of the type that it leads to.
PathTarget Checker::defined_target(std::span<const NodeId> segments, Span where) {
  PathTarget out;
  size_t used = 0;
  const DefinitionId found = find_path(segments, true, used, true);
  if (!found.valid()) return out;
  const Definition& made = names_.get(found);
  const NodeId arguments = child(segments[used - 1], slot::Segment::arguments);
  out.definition = found;
  out.generics = list(arguments);
  if (used == segments.size()) {
    switch (made.kind) {
      case DefinitionKind::Function:
        out.kind = PathTarget::Kind::Function;
        out.callee.tree = made.tree, out.callee.node = made.node, out.callee.module = made.module, out.callee.name = made.name;
        return out;
      case DefinitionKind::Variant: out.kind = PathTarget::Kind::Variant; return out;
      case DefinitionKind::Const:
      case DefinitionKind::Static: out.kind = made.kind == DefinitionKind::Const ? PathTarget::Kind::Constant : PathTarget::Kind::Static, out.tree = made.tree, out.module = made.module, out.node = made.node; return out;
      case DefinitionKind::Struct:
      case DefinitionKind::Alias: out.kind = PathTarget::Kind::TupleStruct, out.type = lower_named(found, arguments, where, {}).type; return out;
      default: sink_.report<diag::NotAValue>(where, sources_.text(where)); return out;
    }
  }
  if (made.kind == DefinitionKind::Trait && used + 1 == segments.size()) {
    const std::string_view word = node(segments[used]).text;
    const TraitInfo& info = trait_info(found);
    if (!info.functions.contains(std::string(word))) {
      std::vector<std::string_view> words;
      for (const auto& [known, item] : info.functions) words.push_back(known);
      auto report = sink_.report<diag::UnknownFunction>(node(segments[used]).name, made.name, word);
      if (const std::string_view near = diagnostics::nearest(word, words); !near.empty()) report.help(fmt::format("there is `{}`", near));
      return out;
    }
    TraitUse use{found, {}};
    const TypeId self = fresh();
    if (arguments.valid()) use = trait_use(found, arguments, self, where);
    else
      for (size_t i = 1; i < info.declared.parameters.size(); ++i) use.arguments.push_back({GenericArgument::Kind::Type, fresh(), 0, {}});
    out.kind = PathTarget::Kind::Function;
    out.callee = trait_callee(use, self, word);
    out.generics = list(child(segments[used], slot::Segment::arguments));
    return out;
  }
  if (used + 1 != segments.size()) return sink_.report<diag::NotAValue>(where, sources_.text(where)), out;
  if (made.kind == DefinitionKind::Enum)
    if (const DefinitionId variant = names_.variant(found, node(segments[used]).text); variant.valid()) {
      out.kind = PathTarget::Kind::Variant, out.definition = variant;
      if (!out.generics.empty()) out.type = lower_named(found, arguments, where, {}).type;
      return out;
    }
  if (made.kind == DefinitionKind::Struct || made.kind == DefinitionKind::Enum || made.kind == DefinitionKind::Alias) {
    associated(lower_named(found, arguments, where, {}).type, segments[used], out);
    return out;
  }
  sink_.report<diag::NotAValue>(where, sources_.text(where));
  return out;
}

ExprId Checker::call_target(const PathTarget& target, const std::vector<Argument>& arguments, TypeId expected, Span where) {
  switch (target.kind) {
    case PathTarget::Kind::Error: return give_up(arguments, where);
    case PathTarget::Kind::Local: return call_value(local(target.local, where), arguments, where);
    case PathTarget::Kind::Function: return call_callee(target.callee, {}, arguments, target.generics, expected, where);
    case PathTarget::Kind::Variant: return call_variant(target.definition, arguments, target.type.valid() ? target.type : expected, where);
    case PathTarget::Kind::TupleStruct: {
      const TypeData& data = table_.get(shallow(target.type));
      const Nominal* used = nominal(target.type);
      const bool tuple_form = data.kind == TypeKind::Struct && used != nullptr && names_.get(used->definition).tree->has(names_.get(used->definition).node, parse::kTupleForm);
      if (!tuple_form && !is_error(target.type)) return sink_.report<diag::NotCallable>(where, name(target.type)).help(fmt::format("write `{} {{ … }}`", name(target.type))), give_up(arguments, where);
      return call_tuple_struct(target.type, arguments, expected, where);
    }
    case PathTarget::Kind::Native: {
      const bool is_vec = target.type.valid() && is_kind(target.type, TypeKind::Vec);
      const ExprId out = call_native(*target.native, {}, arguments, is_vec ? target.type : expected, where);
      if (is_vec && is_kind(get(out).type, TypeKind::Vec)) unify(get(out).type, target.type);
      return out;
    }
    case PathTarget::Kind::TensorFunction: return tensor_function(target.node, node(target.segment).text, nodes_of(arguments), expected, where);
    case PathTarget::Kind::Constant: return call_value(constant_value(target, where), arguments, where);
    case PathTarget::Kind::Static: return call_value(static_value(target, where), arguments, where);
    case PathTarget::Kind::Box: {
      const ExprId value = argument_value(arguments[0], {});
      return add(ExprKind::MakeBox, table_.box(get(value).type), where, {value});
    }
    case PathTarget::Kind::Number: return sink_.report<diag::NotCallable>(where, "usize"), give_up(arguments, where);
  }
  return error(where);
}

ExprId Checker::call(NodeId id, TypeId expected) {
  const NodeId callee_node = child(id, slot::Call::callee);
  const std::vector<Argument> arguments = arguments_of(list(child(id, slot::Call::arguments)));
  const Span where = span(id);
  if (kind(callee_node) != NodeKind::PathExpr) {
    const ExprId value = expression(callee_node);
    return is_error(get(value).type) ? give_up(arguments, where) : call_value(value, arguments, where);
  }
  const NodeId path = child(callee_node, slot::PathExpr::path);
  const auto segments = list(child(path, slot::Path::segments));
  if (segments.size() == 1) {
    const std::string first(node(segments[0]).text);
    if (!find_local(first).valid() && !names_.find(where_.module, first, true).valid()) {
      if (first == "print" || first == "println" || first == "eprint" || first == "eprintln") return print_call(first, nodes_of(arguments), where);
      if (first == "panic") return panic(arguments.empty() ? constant_text("explicit panic", where) : format_arguments(nodes_of(arguments), where), where);
    }
  }
  return call_target(path_target(path, span(callee_node)), arguments, expected, where);
}

}  // namespace stark::types

// compiler/types/functions.cpp — functions to be checked: once with their parameters held abstract, then for each set of arguments in use.
// Room: types. In: callees. Out: instances, signatures with lifetimes, bodies.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

// A function of the library with one parameter, a type.
Callee Checker::library_callee(std::string_view word, TypeId argument) {
  const Definition& made = names_.get(names_.find_in(names_.library, word, true));
  Callee callee;
  callee.tree = made.tree, callee.node = made.node, callee.module = made.module, callee.name = made.name;
  callee.bound[function_info(callee).parameters[0].number] = {GenericArgument::Kind::Type, argument, 0, {}};
  return callee;
}

Callee Checker::impl_callee(uint32_t impl, const Bindings& bound, TypeId self, std::string_view word) {
  const ImplInfo& info = impls_[impl];
  Callee out;
  out.impl = impl, out.self = self, out.bound = bound, out.module = info.module, out.tree = info.tree;
  out.name = fmt::format("{}::{}", name(self), word);
  if (const auto own = info.functions.find(std::string(word)); own != info.functions.end()) {
    out.node = own->second;
    return out;
  }
  const TraitInfo& trait = trait_info(info.trait);
  out.node = trait.functions.at(std::string(word));
  out.tree = trait.tree, out.module = trait.module, out.trait = info.trait;
  TraitUse use{info.trait, {}, {}};
  for (const GenericArgument& one : info.trait_arguments) use.arguments.push_back(substitute(one, bound));
  for (auto& [number, argument] : trait_bindings(trait_info(out.trait), use, self)) out.bound[number] = argument;
  return out;
}

Instance Checker::make_instance(Callee callee) {
  Instance out;
  for (const GenericParameter& one : function_info(callee).parameters) {
    const auto found = callee.bound.find(one.number);
    out.arguments.push_back(found == callee.bound.end() ? one.argument : found->second);
  }
  out.callee = std::move(callee);
  return out;
}

uint32_t Checker::instance(Instance wanted) {
  std::string key = fmt::format("{}:{}", static_cast<const void*>(wanted.callee.tree), wanted.callee.node.value);
  if (wanted.callee.self.valid()) key += fmt::format(":{}", deep(wanted.callee.self).value);
  std::string shown;
  const FunctionInfo& info = function_info(wanted.callee);
  for (size_t i = 0; i < wanted.arguments.size(); ++i) {
    GenericArgument& argument = wanted.arguments[i];
    argument = deep(argument);
    wanted.callee.bound[info.parameters[i].number] = argument;
    key += argument_key(argument);
    if (i >= info.own) shown += (shown.empty() ? "" : ", ") + argument_text(argument);
  }
  const auto [place, added] = instance_ids_.emplace(key, static_cast<uint32_t>(instances_.size()));
  if (!added) return place->second;
  if (wanted.callee.self.valid()) wanted.callee.self = deep(wanted.callee.self);
  TypedFunction function;
  function.name = wanted.callee.name;
  if (!shown.empty()) function.name += fmt::format("<{}>", shown);
  if (function.name.size() > 4096 || ++depth_of_instances_ > 200'000) {  // `f::<Vec<T>>` inside of `f::<T>` never ends
    sink_.report<diag::RecursionLimit>(wanted.callee.tree->get(wanted.callee.node).name, wanted.callee.name);
    return place->second = 0;
  }
  typed_.functions.push_back(std::move(function));
  instances_.push_back(std::move(wanted));
  return place->second;
}

std::string Checker::environment_key(const GenericParameter& one, const SyntaxTree& t) const {
  return one.hidden && one.node.valid() && t.kind(one.node) == NodeKind::ImplType ? fmt::format("impl@{}", one.node.value) : one.name;
}

// What names mean in the function's body.
Environment Checker::body_environment(const Callee& callee, std::span<const GenericArgument> arguments) {
  Environment out;
  const FunctionInfo& info = function_info(callee);
  for (size_t i = 0; i < info.parameters.size() && i < arguments.size(); ++i) out.generics[environment_key(info.parameters[i], *callee.tree)] = arguments[i];
  out.self = callee.self;
  out.impl = callee.impl;
  out.trait = callee.trait;
  return out;
}

void Checker::bind_lifetimes(const SyntaxTree& t, NodeId generics, FunctionSignature& out) {
  if (!generics.valid()) return;
  for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters)))
    if (t.kind(parameter) == NodeKind::GenericLifetime) where_.environment.lifetimes[std::string(t.get(parameter).text)] = ++out.region_count;
}

FunctionSignature Checker::signature(const Callee& callee, const Environment& given) {
  FunctionSignature out;
  at(callee.tree, callee.module, given, [&] {
    Environment& environment = where_.environment;
    if (callee.impl != Id<int>::kNone) bind_lifetimes(*impls_[callee.impl].tree, impls_[callee.impl].tree->child(impls_[callee.impl].node, slot::Impl::generics), out);
    bind_lifetimes(*callee.tree, callee.tree->child(callee.node, slot::Fn::generics), out);
    for (auto& [generic, argument] : environment.generics)
      if (argument.kind == GenericArgument::Kind::Type && generic != "Self") environment.generic_regions[generic] = loose_regions(argument.type, out);
    const Elision elided{Elision::Kind::Fresh, &out.region_count, 0, {}, &out};
    if (callee.impl != Id<int>::kNone) environment.self_regions = self_regions(callee, elided);
    else if (environment.self.valid()) environment.self_regions = loose_regions(environment.self, out);
    if (callee.trait.valid()) environment.generic_regions["Self"] = environment.self_regions;
    Region self_region = 0;
    std::vector<Region> seen;
    std::vector<Span> lenders;  // parameters that borrow
    for (NodeId parameter : list(child(callee.node, slot::Fn::parameters))) {
      if (tree().has(parameter, parse::kRest)) continue;
      LoweredType lowered = lower_parameter(parameter, elided, self_region);
      if (!lowered.regions.empty()) lenders.push_back(span(parameter));
      for (Region region : lowered.regions)
        if (region != 0 && std::ranges::find(seen, region) == seen.end()) seen.push_back(region);
      out.parameters.push_back(lowered.type);
      out.parameter_regions.push_back(lowered.regions);
    }
    Elision result_elision{Elision::Kind::Refuse, nullptr, 0, "function's result", &out, lenders};
    if (self_region != 0) result_elision = {Elision::Kind::Fixed, nullptr, self_region, {}, &out};
    else if (seen.size() == 1) result_elision = {Elision::Kind::Fixed, nullptr, seen[0], {}, &out};
    else if (seen.empty() && is_unsafe(callee)) result_elision = elided;  // for as long as the caller knows it to be there
    const NodeId result = child(callee.node, slot::Fn::result);
    if (runs_later(callee) || (result.valid() && kind(result) == NodeKind::ImplType)) {
      out.result = TypeId();  // the body tells
    } else {
      const LoweredType lowered = result.valid() ? lower_value(result, result_elision) : LoweredType{unit_, {}};
      out.result = lowered.type;
      out.result_regions = lowered.regions;
    }
    declared_outlives(callee, out);
    for (size_t i = 0; i < out.parameters.size(); ++i) {
      std::set<TypeId> open;
      implied_outlives(out.parameters[i], out.parameter_regions[i], out, open);
    }
  });
  return out;
}

// A lifetime for each slot of a type that no text spells out: bodies relate them.
std::vector<Region> Checker::loose_regions(TypeId type, FunctionSignature& out) {
  std::vector<Region> regions;
  for (uint32_t k = table_.region_slots(shallow(type)); k > 0; --k) {
    regions.push_back(++out.region_count);
    out.loose.push_back(out.region_count);
  }
  return regions;
}

// What holds of every value of a type: what a reference refers to outlives the reference.
void Checker::implied_outlives(TypeId type, const std::vector<Region>& regions, FunctionSignature& out, std::set<TypeId>& open) const {
  if (regions.size() < 2 || regions.size() < table_.region_slots(type) || !open.insert(type).second) return;
  const TypeData& data = table_.get(type);
  const auto inside = [&](TypeId part, size_t first) {
    implied_outlives(part, {regions.begin() + static_cast<ptrdiff_t>(first), regions.begin() + static_cast<ptrdiff_t>(first + table_.region_slots(part))}, out, open);
  };
  const auto fields = [&](const std::vector<Field>& all) {
    for (const Field& one : all) {
      std::vector<Region> own;
      for (Region region : one.regions) own.push_back(region == 0 || region > regions.size() ? 0 : regions[region - 1]);
      implied_outlives(one.type, own, out, open);
    }
  };
  switch (data.kind) {
    case TypeKind::Ref:
    case TypeKind::Guard:
      for (size_t s = 1; s < regions.size(); ++s)
        if (regions[s] != regions[0]) out.implied.emplace_back(regions[s], regions[0]);
      inside(data.parts[0], 1);
      break;
    case TypeKind::Vec:
    case TypeKind::Array:
    case TypeKind::Slice:
    case TypeKind::Box: inside(data.parts[0], 0); break;
    case TypeKind::Tuple: {
      size_t first = 0;
      for (TypeId part : data.parts) inside(part, first), first += table_.region_slots(part);
      break;
    }
    case TypeKind::Struct: fields(table_.info(data.struct_id).fields); break;
    case TypeKind::Enum:
      for (const Variant& one : table_.info(data.enum_id).variants) fields(one.fields);
      break;
    default: break;
  }
  open.erase(type);
}

// The lifetimes of Self as the impl's header writes it.
std::vector<Region> Checker::self_regions(const Callee& callee, const Elision& elided) {
  const ImplInfo& info = impls_[callee.impl];
  if (table_.region_slots(shallow(where_.environment.self)) == 0) return {};
  Environment environment = where_.environment;
  if (callee.trait.valid())  // a default body's environment holds the trait's names; the header needs the impl's
    for (const GenericParameter& one : info.declared.parameters) {
      const auto found = callee.bound.find(one.number);
      if (found == callee.bound.end()) continue;
      environment.generics[one.name] = found->second;
      environment.generic_regions.erase(one.name);
      if (found->second.kind == GenericArgument::Kind::Type) environment.generic_regions[one.name] = loose_regions(found->second.type, *elided.signature);
    }
  return at(info.tree, info.module, environment, [&] { return lower(child(impls_[callee.impl].node, slot::Impl::self_type), elided).regions; });
}

LoweredType Checker::lower_parameter(NodeId parameter, const Elision& elided, Region& self_region) {
  const Environment& environment = where_.environment;
  if (kind(parameter) == NodeKind::SelfParameter) {
    const NodeId declared = child(parameter, slot::SelfParameter::type);
    LoweredType out = declared.valid() ? lower(declared, elided) : LoweredType{environment.self.valid() ? environment.self : table_.error(), environment.self_regions};
    if (!tree().has(parameter, parse::kReference)) return out;
    self_region = region_of(child(parameter, slot::SelfParameter::lifetime), span(parameter), elided);
    out.regions.insert(out.regions.begin(), self_region);
    out.type = table_.ref(out.type, tree().has(parameter, parse::kMut));
    return out;
  }
  const NodeId declared = kind(parameter) == NodeKind::Parameter ? child(parameter, slot::Parameter::type) : NodeId();
  return declared.valid() ? lower_value(declared, elided) : LoweredType{table_.error(), {}};
}

// `'b: 'a`, `T: 'a`, `impl Trait + 'a`, and the same in a `where`; of the function and of its impl.
void Checker::declared_outlives(const Callee& callee, FunctionSignature& out) {
  const auto of_lifetimes = [&](const std::vector<Region>& longer, NodeId bounds) {
    for (NodeId bound : list(bounds))
      if (kind(bound) == NodeKind::Lifetime)
        for (Region one : longer) out.outlives.emplace_back(one, region_of(bound, span(bound), {}));
  };
  const auto of_clauses = [&](NodeId generics, NodeId where) {
    for (NodeId one : generics.valid() ? list(child(generics, slot::Generics::parameters)) : std::span<const NodeId>()) {
      if (kind(one) == NodeKind::GenericLifetime) of_lifetimes({where_.environment.lifetimes.at(std::string(node(one).text))}, child(one, slot::GenericLifetime::bounds));
      if (kind(one) == NodeKind::GenericType) of_lifetimes(regions_of_generic(std::string(node(one).text)), child(one, slot::GenericType::bounds));
    }
    for (NodeId predicate : where.valid() ? list(child(where, slot::Where::predicates)) : std::span<const NodeId>()) {
      if (kind(predicate) != NodeKind::WherePredicate) continue;
      const NodeId subject = child(predicate, slot::WherePredicate::type);
      const bool is_lifetime = kind(subject) == NodeKind::Lifetime;
      of_lifetimes(is_lifetime ? std::vector<Region>{region_of(subject, span(subject), {})} : lower(subject, {}).regions, child(predicate, slot::WherePredicate::bounds));
    }
  };
  of_clauses(child(callee.node, slot::Fn::generics), child(callee.node, slot::Fn::where_clause));
  for (const GenericParameter& one : function_info(callee).parameters)
    if (one.hidden && one.node.valid() && kind(one.node) == NodeKind::ImplType) of_lifetimes(regions_of_generic(environment_key(one, tree())), child(one.node, slot::ImplType::bounds));
  if (callee.impl == Id<int>::kNone || callee.trait.valid()) return;
  const ImplInfo& info = impls_[callee.impl];
  at(info.tree, info.module, Environment(where_.environment), [&] { of_clauses(child(info.node, slot::Impl::generics), child(info.node, slot::Impl::where_clause)); });
}

// Once, with the parameters standing for themselves: tells mistakes of generic code whether it is used or not.
void Checker::check_definition(Callee callee) {
  const FunctionInfo& info = function_info(callee);
  for (const GenericParameter& one : info.parameters) callee.bound[one.number] = one.argument;
  const Instance own = make_instance(callee);
  Environment environment = body_environment(own.callee, own.arguments);
  environment.bounds = std::make_shared<const std::vector<Bound>>(info.all_bounds);
  TypedFunction scratch;
  scratch.name = callee.name;
  const size_t errors = sink_.errors();
  FunctionSignature shape;
  for (TypeId type : info.types) shape.parameters.push_back(type);
  shape.result = info.result;
  scratch.signature = std::move(shape);
  check_function(scratch, callee, environment, true);
  if (sink_.errors() != errors) faulty_.insert({callee.tree, callee.node.value});
}

void Checker::check_body(uint32_t number) {
  if (const uint32_t made = std::exchange(instances_[number].of_static, Id<int>::kNone); made != Id<int>::kNone) return check_static(made);
  if (instances_[number].outlined || std::exchange(instances_[number].checked, true)) return;
  const Instance wanted = instances_[number];
  const Callee& callee = wanted.callee;
  const Environment environment = body_environment(callee, wanted.arguments);
  TypedFunction function;
  function.name = typed_.functions[number].name;
  function.signature = signature(callee, environment);
  if (faulty_.contains({callee.tree, callee.node.value})) {  // its definition was told to be wrong already
    if (!function.signature.result.valid()) function.signature.result = table_.error();
    typed_.functions[number] = std::move(function);
    return;
  }
  checking_main_ = typed_.entry == number;
  check_function(function, callee, environment, false);
  checking_main_ = false;
  typed_.functions[number] = std::move(function);
}

// What a host may call by name: `pub` for everybody, at the root of the package, and one function whatever it is called with.
bool Checker::is_exported(const Callee& callee) {
  if (callee.module != names_.root || callee.impl != Id<int>::kNone || callee.trait.valid() || !function_info(callee).parameters.empty()) return false;
  const resolve::DefinitionId found = names_.find_in(names_.root, callee.tree->get(callee.node).text, true);
  return found.valid() && names_.get(found).is_pub && !names_.get(found).scope.valid() && names_.get(found).node == callee.node;
}

void Checker::check_function(TypedFunction& function, const Callee& callee, const Environment& environment, bool defining) {
  function.file = callee.tree->file;
  function.span = callee.tree->get(callee.node).name;
  function.is_exported = !defining && is_exported(callee);
  BodyState before = std::exchange(static_cast<BodyState&>(*this), BodyState());
  body_ = &function;
  arguments_ = &callee.bound;
  errors_before_ = sink_.errors();
  defining_ = defining;
  shipped_ = names_.get(callee.module).shipped;
  unsafe_ = callee.tree->has(callee.node, parse::kUnsafe);
  const bool opaque = !function.signature.result.valid();
  result_ = opaque ? fresh() : function.signature.result;
  if (!opaque && (is_error(result_) || std::ranges::any_of(function.signature.parameters, [&](TypeId one) { return is_error(one); }))) errors_before_ = ~size_t{0};  // told already
  at_code(callee.tree, callee.module, environment, [&] {
    const ScopeGuard scope(*this);
    parameters_of(function, callee);
    check_result(callee);
    const NodeId body = child(callee.node, slot::Fn::body);
    const bool later = runs_later(callee);
    in_async_ = callee.tree->has(callee.node, parse::kAsync);
    function.body = later ? coerce(async_function(callee, body), result_) : function_body(body);
    if (opaque && !later) opaque_bounds(child(callee.node, slot::Fn::result));
    finish_body();
  });
  if (opaque) settle_opaque(function.signature, deep(result_));
  static_cast<BodyState&>(*this) = std::move(before);
}

ExprId Checker::function_body(NodeId body) {
  const bool no_value = kind(body) == NodeKind::Block && !child(body, slot::Block::value).valid();
  const bool is_told = !is_error(result_) && !is_infer(result_) && shallow(result_) != unit_;
  const ExprId value = block(body, result_);
  if (!no_value || diverges(value) || !is_told) return coerce(value, result_);
  const Span whole = node(body).span;
  sink_.report<diag::MissingValue>({whole.file, whole.end - 1, whole.end}, name(result_)).help("end the body with the value, without `;` after it");
  return error(whole);
}

void Checker::parameters_of(TypedFunction& function, const Callee& callee) {
  size_t i = 0;
  for (NodeId parameter : list(child(callee.node, slot::Fn::parameters))) {
    if (tree().has(parameter, parse::kRest)) {
      sink_.report<diag::BadForeign>(span(parameter), "`...` is for functions of C");
      continue;
    }
    const TypeId declared = function.signature.parameters[i++];
    if (kind(parameter) == NodeKind::SelfParameter) {
      const bool is_mut = tree().has(parameter, parse::kMut) && !tree().has(parameter, parse::kReference);
      function.parameters.push_back(bind(add_local("self", declared, is_mut, span(parameter)), span(parameter)));
    } else if (kind(parameter) == NodeKind::Parameter) {
      const PatternId bound = pattern(child(parameter, slot::Parameter::pattern), declared, Mode::Move);
      irrefutable(bound, declared, span(parameter));
      if (get(bound).kind == PatternKind::Bind && called_once(callee, i - 1)) body_->locals[get(bound).local.index()].is_mut = true;
      function.parameters.push_back(bound);
    } else {
      function.parameters.push_back(add_pattern(PatternKind::Wild, declared, span(parameter)));
    }
  }
}

// `f: F` with `F: FnOnce`: it is used up by its call, whatever the closure changes of itself then.
bool Checker::called_once(const Callee& callee, size_t parameter) {
  const FunctionInfo& info = function_info(callee);
  return std::ranges::any_of(info.all_bounds, [&](const Bound& one) { return one.callable && one.callable->calling == Calling::Once && one.subject == info.types[parameter]; });
}

void Checker::check_result(const Callee& callee) {
  if (!checking_main_ || is_error(result_)) return;
  const bool good = result_ == unit_ || result_ == i32_ || is_nominal(result_, "Result");
  if (!good) sink_.report<diag::BadMain>(node(child(callee.node, slot::Fn::result)).span, name(result_));
}

// `-> impl Trait`: the body's type must have the traits.
void Checker::opaque_bounds(NodeId result) {
  std::vector<Bound> bounds;
  lower_bounds(result_, child(result, slot::ImplType::bounds), bounds);
  require(bounds, {}, span(result));
}

// What such a result borrows, the body tells.
void Checker::settle_opaque(FunctionSignature& out, TypeId type) {
  out.result = contains_infer(type) ? table_.error() : type;
  out.result_regions = loose_regions(out.result, out);
}

}  // namespace stark::types

// compiler/types/generics.cpp — generic parameters: as declared, what stands for them at a use, and whether a type fits a declared one.
// Room: types. In: declarations. Out: Declared, FunctionInfo; substitute(), fit().
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

GenericParameter Checker::new_parameter(std::string word, NodeId id, bool is_number) {
  const TypeId type = table_.parameter(word);
  GenericParameter made{std::move(word), {}, static_cast<uint32_t>(table_.get(type).length), id, false};
  if (is_number) made.argument = {GenericArgument::Kind::Number, {}, kNumberSymbols + made.number, {}};
  else made.argument.type = type;
  return made;
}

// Adds the parameters to the environment at hand and to `out`.
void Checker::declare_parameters(NodeId generics, Declared& out) {
  for (NodeId one : generics.valid() ? list(child(generics, slot::Generics::parameters)) : std::span<const NodeId>()) {
    if (kind(one) != NodeKind::GenericType && kind(one) != NodeKind::GenericConst) continue;
    out.parameters.push_back(new_parameter(std::string(node(one).text), one, kind(one) == NodeKind::GenericConst));
    where_.environment.generics[out.parameters.back().name] = out.parameters.back().argument;
  }
}

// The same, with the bounds.
void Checker::declare_generics(NodeId generics, NodeId where, Declared& out) {
  Environment& environment = where_.environment;
  auto assumed = std::make_shared<std::vector<Bound>>(environment.bounds ? *environment.bounds : std::vector<Bound>());
  const size_t outer = assumed->size();
  environment.bounds = assumed;
  const size_t first = out.parameters.size();
  declare_parameters(generics, out);
  for (size_t i = first; i < out.parameters.size(); ++i)
    if (const NodeId one = out.parameters[i].node; kind(one) == NodeKind::GenericType) lower_bounds(out.parameters[i].argument.type, child(one, slot::GenericType::bounds), *assumed);
  for (NodeId predicate : where.valid() ? list(child(where, slot::Where::predicates)) : std::span<const NodeId>()) {
    const NodeId subject = kind(predicate) == NodeKind::WherePredicate ? child(predicate, slot::WherePredicate::type) : NodeId();
    if (!subject.valid() || kind(subject) == NodeKind::Lifetime) continue;
    lower_bounds(written_type(subject), child(predicate, slot::WherePredicate::bounds), *assumed);
  }
  out.bounds.insert(out.bounds.end(), assumed->begin() + static_cast<ptrdiff_t>(outer), assumed->end());
}

void Checker::lower_bounds(TypeId subject, NodeId bounds, std::vector<Bound>& out) {
  if (!bounds.valid()) return;
  for (NodeId one : list(bounds)) {
    if (kind(one) != NodeKind::PathType || tree().has(one, parse::kRelaxed)) continue;
    Bound made;
    made.subject = subject;
    made.span = span(one);
    const NodeId last = list(child(child(one, slot::PathType::path), slot::Path::segments)).back();
    if (const auto callable = callable_bound(last)) made.callable = callable;
    else if (auto use = trait_use(one, subject)) made.use = std::move(*use);
    else continue;
    out.push_back(std::move(made));
  }
}

// `Fn(A, B) -> R` and its two sisters.
std::optional<Callable> Checker::callable_bound(NodeId segment) {
  const std::string_view word = node(segment).text;
  if (word != "Fn" && word != "FnMut" && word != "FnOnce") return std::nullopt;
  const NodeId arguments = child(segment, slot::Segment::arguments);
  if (!arguments.valid() || list(arguments).size() != 1 || kind(list(arguments)[0]) != NodeKind::FnType) return std::nullopt;
  const NodeId form = list(arguments)[0];
  Callable out;
  out.calling = word == "Fn" ? Calling::Shared : word == "FnMut" ? Calling::Mutable : Calling::Once;
  for (NodeId parameter : list(child(form, slot::FnType::parameters))) out.parameters.push_back(type_of(parameter));
  const NodeId result = child(form, slot::FnType::result);
  out.result = result.valid() ? type_of(result) : unit_;
  return out;
}

std::optional<TraitUse> Checker::trait_use(NodeId path_type, TypeId self) {
  const auto segments = list(child(child(path_type, slot::PathType::path), slot::Path::segments));
  size_t used = 0;
  const DefinitionId found = find_path(segments, false, used, true);
  if (!found.valid()) return std::nullopt;
  const Definition& made = names_.get(found);
  if (made.kind != DefinitionKind::Trait || used != segments.size()) {
    sink_.report<diag::NotATrait>(span(path_type), sources_.text(span(path_type)));
    return std::nullopt;
  }
  return trait_use(found, child(segments.back(), slot::Segment::arguments), self, span(path_type));
}

TraitUse Checker::trait_use(DefinitionId trait, NodeId arguments, TypeId self, Span where) {
  TraitUse out;
  out.trait = trait;
  std::vector<Region> ignored;
  for (NodeId argument : list(arguments)) {
    if (kind(argument) == NodeKind::Lifetime) continue;
    if (kind(argument) == NodeKind::AssocArgument) out.equal.emplace_back(std::string(node(argument).text), type_of(child(argument, slot::AssocArgument::type)));
    else out.arguments.push_back(generic_argument(argument, {}, ignored));
  }
  const TraitInfo& info = trait_info(trait);
  const size_t wanted = info.declared.parameters.size() - 1;
  if (out.arguments.size() > wanted) {
    sink_.report<diag::GenericCount>(where, names_.get(trait).name, wanted, out.arguments.size());
    out.arguments.resize(wanted);
  }
  if (number_for_type(std::span(info.declared.parameters).subspan(1), out.arguments, info.module, where))
    for (GenericArgument& one : out.arguments)
      if (one.kind == GenericArgument::Kind::Number) one = {GenericArgument::Kind::Type, table_.error(), 0, {}};
  const size_t given = out.arguments.size();
  for (size_t i = given; i < wanted; ++i) {  // `Add` is `Add<Self>`
    const NodeId declared = info.declared.parameters[i + 1].node;
    const NodeId other = info.tree->kind(declared) == NodeKind::GenericType ? info.tree->child(declared, slot::GenericType::default_type) : NodeId();
    if (!other.valid()) {
      sink_.report<diag::GenericCount>(where, names_.get(trait).name, wanted, given);
      out.arguments.push_back({GenericArgument::Kind::Type, table_.error(), 0, {}});
      continue;
    }
    Environment environment;
    environment.self = self;
    environment.generics["Self"] = {GenericArgument::Kind::Type, self, 0, {}};
    for (size_t k = 0; k < i; ++k) environment.generics[info.declared.parameters[k + 1].name] = out.arguments[k];
    out.arguments.push_back({GenericArgument::Kind::Type, at(info.tree, info.module, environment, [&] { return type_of(other); }), 0, {}});
  }
  return out;
}

// --- what a function looks like from outside

const FunctionInfo& Checker::function_info(const Callee& callee) {
  const auto key = std::pair(callee.tree, callee.node.value);
  if (const auto known = function_infos_.find(key); known != function_infos_.end()) return *known->second;
  FunctionInfo& out = *(function_infos_[key] = std::make_unique<FunctionInfo>());
  const bool of_trait = callee.trait.valid();
  Environment environment;
  std::vector<Bound> assumed;
  if (of_trait) {
    const TraitInfo& info = trait_info(callee.trait);
    environment = trait_environment(info);
    assumed = *environment.bounds;
    out.parameters = info.declared.parameters;
  } else if (callee.impl != Id<int>::kNone) {
    environment = impl_environment(callee.impl);
    assumed = *environment.bounds;
    out.parameters = impls_[callee.impl].declared.parameters;
  }
  out.own = out.parameters.size();
  at(callee.tree, callee.module, std::move(environment), [&] {
    Declared own;
    declare_generics(child(callee.node, slot::Fn::generics), child(callee.node, slot::Fn::where_clause), own);
    for (NodeId parameter : list(child(callee.node, slot::Fn::parameters))) {
      if (tree().has(parameter, parse::kRest)) {
        out.is_variadic = true;
        continue;
      }
      out.nodes.push_back(parameter);
      if (kind(parameter) == NodeKind::SelfParameter) {
        out.has_self = true;
        out.words.emplace_back("self");
        const NodeId declared = child(parameter, slot::SelfParameter::type);
        TypeId type = declared.valid() ? written_type(declared) : where_.environment.self.valid() ? where_.environment.self : table_.error();
        if (tree().has(parameter, parse::kReference)) type = table_.ref(type, tree().has(parameter, parse::kMut));
        out.types.push_back(type);
        continue;
      }
      const bool good = kind(parameter) == NodeKind::Parameter;
      const NodeId bound = good ? child(parameter, slot::Parameter::pattern) : NodeId();
      out.words.emplace_back(bound.valid() ? node(bound).text : "");
      const NodeId declared = good ? child(parameter, slot::Parameter::type) : NodeId();
      hiding_ = &own;
      out.types.push_back(declared.valid() ? type_of(declared) : table_.error());
      hiding_ = nullptr;
    }
    const NodeId result = child(callee.node, slot::Fn::result);
    out.result = runs_later(callee) ? TypeId() : !result.valid() ? unit_ : kind(result) == NodeKind::ImplType ? TypeId() : type_of(result);
    out.parameters.insert(out.parameters.end(), own.parameters.begin(), own.parameters.end());
    out.bounds = own.bounds;
    assumed.insert(assumed.end(), own.bounds.begin(), own.bounds.end());
    out.all_bounds = std::move(assumed);
  });
  for (GenericParameter& parameter : out.parameters)
    for (TypeId type : out.types) settle_parameter(parameter, type);
  return out;
}

// `x: impl Shape` declares a parameter without a name.
TypeId Checker::hidden_parameter(NodeId impl_type, Declared& own) {
  GenericParameter made = new_parameter(std::string(sources_.text(span(impl_type))), impl_type, false);
  made.hidden = true;
  const TypeId type = made.argument.type;
  auto assumed = std::make_shared<std::vector<Bound>>(*where_.environment.bounds);
  const size_t before = assumed->size();
  lower_bounds(type, child(impl_type, slot::ImplType::bounds), *assumed);
  own.bounds.insert(own.bounds.end(), assumed->begin() + static_cast<ptrdiff_t>(before), assumed->end());
  where_.environment.bounds = std::move(assumed);
  own.parameters.push_back(std::move(made));
  return type;
}

// A parameter declared like a type and used as a shape or a dim is a shape or a number.
void Checker::settle_parameter(GenericParameter& parameter, TypeId type) {
  const TypeData& data = table_.get(type);
  for (int64_t dim : data.dims) {
    if (dim == kShapeSymbols + parameter.number) parameter.argument = {GenericArgument::Kind::Shape, {}, 0, {dim}};
    if (dim == kNumberSymbols + parameter.number) parameter.argument = {GenericArgument::Kind::Number, {}, dim, {}};
  }
  for (TypeId part : data.parts) settle_parameter(parameter, part);
  if (const Nominal* used = nominal(type)) {
    for (const GenericArgument& argument : used->arguments)
      if (argument.kind == GenericArgument::Kind::Type) settle_parameter(parameter, argument.type);
  }
}

// --- substitution

bool Checker::is_open(const GenericArgument& argument) {
  if (argument.kind == GenericArgument::Kind::Type) return is_open(argument.type);
  if (argument.kind == GenericArgument::Kind::Number) return is_symbol(argument.number);
  return std::ranges::any_of(argument.dims, is_symbol);
}

// Does a parameter occur in it? (What variables of inference stand for is another question.)
bool Checker::is_open(TypeId type) {
  if (!type.valid()) return false;
  if (type.index() >= open_.size()) open_.resize(table_.size() + 64, 0);
  if (open_[type.index()] != 0) return open_[type.index()] == 2;
  const TypeData& data = table_.get(type);
  bool open = data.special == Special::Parameter || data.special == Special::Projection;
  open |= data.kind == TypeKind::Array && is_symbol(static_cast<int64_t>(data.length));
  open |= std::ranges::any_of(data.dims, is_symbol) || std::ranges::any_of(data.parts, [&](TypeId part) { return is_open(part); });
  if (const Nominal* used = nominal_exact(type)) {
    open |= std::ranges::any_of(used->arguments, [&](const GenericArgument& argument) { return is_open(argument); });
  }
  if (const ObjectUse* object = object_use(type)) {
    const ObjectUse copy = *object;
    open |= std::ranges::any_of(copy.use.arguments, [&](const GenericArgument& argument) { return is_open(argument); });
    open |= std::ranges::any_of(copy.use.equal, [&](const auto& pair) { return is_open(pair.second); });
    if (copy.callable) open |= is_open(copy.callable->result) || std::ranges::any_of(copy.callable->parameters, [&](TypeId one) { return is_open(one); });
  }
  if (type.index() >= open_.size()) open_.resize(table_.size() + 64, 0);
  open_[type.index()] = open ? 2 : 1;
  return open;
}

int64_t Checker::substitute_number(int64_t number, const Bindings& bound) const {
  if (!is_number_symbol(number)) return number;
  const auto found = bound.find(static_cast<uint32_t>(number - kNumberSymbols));
  if (found == bound.end()) return number;
  if (found->second.kind == GenericArgument::Kind::Number) return found->second.number;
  return number;
}

std::vector<int64_t> Checker::substitute_dims(const std::vector<int64_t>& dims, const Bindings& bound) const {
  if (dims.size() == 1 && is_shape_symbol(dims[0])) {
    const auto found = bound.find(static_cast<uint32_t>(dims[0] - kShapeSymbols));
    return found != bound.end() && found->second.kind == GenericArgument::Kind::Shape ? found->second.dims : dims;
  }
  std::vector<int64_t> out = dims;
  for (int64_t& dim : out) dim = substitute_number(dim, bound);
  return out;
}

GenericArgument Checker::substitute(GenericArgument argument, const Bindings& bound) {
  if (argument.kind == GenericArgument::Kind::Type) {
    const TypeData& data = table_.get(argument.type);
    if (data.special == Special::Parameter)
      if (const auto found = bound.find(static_cast<uint32_t>(data.length)); found != bound.end()) return found->second;
    argument.type = substitute(argument.type, bound);
  } else if (argument.kind == GenericArgument::Kind::Number) {
    argument.number = substitute_number(argument.number, bound);
  } else {
    argument.dims = substitute_dims(argument.dims, bound);
  }
  return argument;
}

TypeId Checker::substitute(TypeId type, const Bindings& bound) {
  if (!type.valid() || !is_open(type)) return type;
  TypeData data = table_.get(type);
  if (data.special == Special::Parameter) {
    const auto found = bound.find(static_cast<uint32_t>(data.length));
    return found == bound.end() ? type : found->second.kind == GenericArgument::Kind::Type ? found->second.type : table_.error();
  }
  if (data.special == Special::Projection) {
    const TypeId self = substitute(data.parts[0], bound);
    TraitUse use{DefinitionId(data.trait), {}, {}};
    for (size_t i = 1; i < data.parts.size(); ++i) use.arguments.push_back({GenericArgument::Kind::Type, substitute(data.parts[i], bound), 0, {}});
    return project(self, use, table_.word(data.length));
  }
  if (const Nominal* used = nominal_exact(type)) {
    Nominal copy = *used;
    for (GenericArgument& argument : copy.arguments) argument = substitute(argument, bound);
    return nominal_type(copy.definition, std::move(copy.arguments));
  }
  if (const ObjectUse* use = object_use(type)) return substitute_object(ObjectUse(*use), bound);
  for (TypeId& part : data.parts) part = substitute(part, bound);
  if (data.kind == TypeKind::Array) data.length = static_cast<uint64_t>(substitute_number(static_cast<int64_t>(data.length), bound));
  if (data.kind == TypeKind::Tensor) {
    data.dims = substitute_dims(data.dims, bound);
    if (!data.parts.empty()) return tensor_of(data.parts[0], std::move(data.dims));
  }
  return table_.intern(std::move(data));
}

TraitUse Checker::substitute(const TraitUse& use, const Bindings& bound) {
  TraitUse out = use;
  for (GenericArgument& argument : out.arguments) argument = substitute(argument, bound);
  for (auto& [word, type] : out.equal) type = substitute(type, bound);
  return out;
}

Callable Checker::substitute(const Callable& callable, const Bindings& bound) {
  Callable out = callable;
  for (TypeId& type : out.parameters) type = substitute(type, bound);
  out.result = substitute(out.result, bound);
  return out;
}

// A tensor whose element is a type, which must be the element of some tensor once it is known.
TypeId Checker::tensor_of(TypeId element, std::vector<int64_t> dims) {
  const TypeId known = shallow(element);
  const TypeData& data = table_.get(known);
  if (data.special == Special::None) {
    const auto dtype = spec::dtype_from_name(table_.name(known));
    return dtype ? table_.tensor(*dtype, std::move(dims)) : table_.error();
  }
  return data.special == Special::Error ? table_.error() : table_.generic_tensor(known, std::move(dims));
}

// --- fitting

Fit Checker::fit_number(int64_t pattern, int64_t given_number, Bindings& bound) const {
  const int64_t given = known_number(given_number);
  if (is_number_symbol(pattern)) {
    const auto [place, added] = bound.emplace(static_cast<uint32_t>(pattern - kNumberSymbols), GenericArgument{GenericArgument::Kind::Number, {}, given, {}});
    if (added) return Fit::Yes;
    if (place->second.kind != GenericArgument::Kind::Number) return place->second = {GenericArgument::Kind::Number, {}, given, {}}, Fit::Yes;
    pattern = known_number(place->second.number);
  }
  if (pattern == given) return Fit::Yes;
  const auto variable = [&](int64_t number) { return is_number_symbol(number) && number_variables_.contains(static_cast<uint32_t>(number - kNumberSymbols)); };
  return variable(pattern) || variable(given) ? Fit::Maybe : Fit::No;
}

Fit Checker::fit_dims(const std::vector<int64_t>& pattern, const std::vector<int64_t>& given, Bindings& bound) const {
  if (pattern.size() == 1 && is_shape_symbol(pattern[0])) {
    const GenericArgument made{GenericArgument::Kind::Shape, {}, 0, given};
    const auto [place, added] = bound.emplace(static_cast<uint32_t>(pattern[0] - kShapeSymbols), made);
    if (!added && place->second.kind != GenericArgument::Kind::Shape) place->second = made;
    return place->second.dims == given ? Fit::Yes : Fit::No;
  }
  if (given.size() == 1 && is_shape_symbol(given[0])) return Fit::Maybe;
  if (pattern.size() != given.size()) return Fit::No;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == spec::kUnknownDim || (!is_symbol(pattern[i]) && given[i] == spec::kUnknownDim)) continue;  // the shape rules decide about those
    if (fit_number(pattern[i], given[i], bound) == Fit::No) return Fit::No;
  }
  return Fit::Yes;
}

Fit Checker::fit(const GenericArgument& pattern, const GenericArgument& given, Bindings& bound) {
  if (pattern.kind == GenericArgument::Kind::Type && given.kind == GenericArgument::Kind::Type) return fit(pattern.type, given.type, bound);
  if (pattern.kind == GenericArgument::Kind::Type) {
    const TypeData& data = table_.get(pattern.type);
    if (data.special != Special::Parameter) return Fit::No;
    bound.emplace(static_cast<uint32_t>(data.length), given);
    return Fit::Yes;
  }
  if (pattern.kind != given.kind) return Fit::No;
  return pattern.kind == GenericArgument::Kind::Number ? fit_number(pattern.number, given.number, bound) : fit_dims(pattern.dims, given.dims, bound);
}

// Is `given` what `pattern` says, for some choice of the pattern's parameters? `bound` collects the choice. Maybe: it depends on what
// inference has yet to find out.
Fit Checker::fit(TypeId pattern_type, TypeId given_type, Bindings& bound) {
  const TypeId given = shallow(given_type), pattern = shallow(pattern_type);
  if (pattern == given && !is_open(pattern)) return Fit::Yes;
  const TypeData &p = table_.get(pattern), &g = table_.get(given);
  if (p.special == Special::Parameter) {
    const auto [place, added] = bound.emplace(static_cast<uint32_t>(p.length), GenericArgument{GenericArgument::Kind::Type, given, 0, {}});
    if (added) return Fit::Yes;
    if (place->second.kind != GenericArgument::Kind::Type) return Fit::Maybe;
    return alike(place->second.type, given);
  }
  if (p.special == Special::Projection) return pattern == given ? Fit::Yes : Fit::Maybe;
  if (p.special == Special::Error || g.special == Special::Error) return Fit::Yes;
  if (g.special == Special::Infer) {
    const int what = infer_what(given);
    if (p.special == Special::Infer) return what == 0 || infer_what(pattern) == 0 || what == infer_what(pattern) ? Fit::Maybe : Fit::No;
    if (what == 1) return p.kind >= TypeKind::I8 && p.kind <= TypeKind::Usize && p.special == Special::None ? Fit::Maybe : Fit::No;
    if (what == 2) return (p.kind == TypeKind::F32 || p.kind == TypeKind::F64) && p.special == Special::None ? Fit::Maybe : Fit::No;
    return what == 3 ? Fit::No : Fit::Maybe;
  }
  if (p.special == Special::Infer) return Fit::Maybe;
  if (p.special != g.special) return Fit::No;
  const Nominal *m = nominal_exact(pattern), *n = nominal(given);
  if (m != nullptr || n != nullptr) {
    if (m == nullptr || n == nullptr || m->definition != n->definition || m->arguments.size() != n->arguments.size()) return Fit::No;
    const auto &a = m->arguments, &b = n->arguments;
    Fit all = Fit::Yes;
    for (size_t i = 0; i < a.size(); ++i) all = std::min(all, fit(a[i], b[i], bound));
    return all;
  }
  if (p.kind != g.kind || p.is_mut != g.is_mut) return Fit::No;
  Fit all = Fit::Yes;
  if (p.kind == TypeKind::Tensor) {
    const TypeId mine = p.parts.empty() ? element_type(p.dtype) : p.parts[0], theirs = g.parts.empty() ? element_type(g.dtype) : g.parts[0];
    if (p.parts.empty() && g.parts.empty() ? p.dtype != g.dtype : fit(mine, theirs, bound) == Fit::No) return Fit::No;
    return fit_dims(p.dims, g.dims, bound);
  }
  if (p.kind == TypeKind::Array) all = fit_number(static_cast<int64_t>(p.length), static_cast<int64_t>(g.length), bound);
  else if (p.length != g.length) return Fit::No;
  if (p.parts.size() != g.parts.size()) return Fit::No;
  if (p.parts.empty()) return p.opaque == g.opaque && fit_objects(pattern, given, bound) ? Fit::Yes : Fit::No;
  for (size_t i = 0; i < p.parts.size(); ++i) all = std::min(all, fit(p.parts[i], g.parts[i], bound));
  return all;
}

// Two types as far as they are known.
Fit Checker::alike(TypeId left, TypeId right) {
  const TypeId a = shallow(left), b = shallow(right);
  if (a == b) return Fit::Yes;
  Bindings none;
  const TypeData& x = table_.get(a);
  if (x.special == Special::Infer) return fit(b, a, none);  // a rigid parameter in `b` would bind: equal only to itself
  if (x.special == Special::Parameter || table_.get(b).special == Special::Parameter) return table_.get(b).special == Special::Infer ? Fit::Maybe : Fit::No;
  return fit(a, b, none);
}

}  // namespace stark::types

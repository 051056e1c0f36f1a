// compiler/types/calls.cpp — calls of functions, natives, constructors; named and default arguments; generic arguments.
// Room: types. In: call nodes. Out: typed expressions.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

using resolve::Found;

ExprId Checker::make_variant(TypeId type_id, uint32_t variant, std::vector<ExprId> parts, Span where) {
  const ExprId out = add(ExprKind::MakeVariant, type_id, where, std::move(parts));
  get(out).index = variant;
  return out;
}

// Puts arguments into the order of the parameters; an invalid node stands for a default.
std::vector<NodeId> Checker::arrange(std::string_view callee, std::span<const std::string> parameters, const std::vector<bool>& optional, std::span<const NodeId> arguments, Span where, bool& good) {
  std::vector<NodeId> out(parameters.size());
  std::vector<bool> given(parameters.size());
  good = true;
  size_t position = 0;
  for (NodeId argument : arguments) {
    size_t i = position;
    NodeId value = argument;
    if (kind(argument) == NodeKind::NamedArgument) {
      i = static_cast<size_t>(std::ranges::find(parameters, node(argument).text) - parameters.begin());
      value = child(argument, slot::NamedArgument::value);
      if (i == parameters.size()) {
        sink_.report<diag::UnknownArgument>(node(argument).name, callee, node(argument).text);
        good = false;
        expression(value);
        continue;
      }
    } else {
      ++position;
    }
    if (i >= parameters.size()) {
      if (good) sink_.report<diag::ArgumentCount>(where, callee, parameters.size(), arguments.size());
      good = false;
      expression(value);
      continue;
    }
    out[i] = value;
    given[i] = true;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (given[i] || optional[i] || !good) continue;
    const bool any_named = std::ranges::any_of(arguments, [&](NodeId a) { return kind(a) == NodeKind::NamedArgument; });
    if (any_named) sink_.report<diag::MissingArgument>(where, callee, parameters[i]);
    else sink_.report<diag::ArgumentCount>(where, callee, parameters.size(), arguments.size()).help(fmt::format("`{}` is missing", parameters[i]));
    good = false;
  }
  return out;
}

void Checker::check_bounds(const Callee& callee, std::span<const std::string> parameters, const Environment& environment, Span where) {
  const auto one = [&](const std::string& word, NodeId bounds) {
    const auto found = environment.generics.find(word);
    if (found == environment.generics.end() || found->second.kind != GenericArgument::Kind::Type || !bounds.valid()) return;
    for (NodeId bound : callee.tree->children_of(bounds)) {
      if (callee.tree->kind(bound) != NodeKind::PathType) continue;
      const auto segments = callee.tree->children_of(callee.tree->child(callee.tree->child(bound, slot::PathType::path), slot::Path::segments));
      const std::string trait(callee.tree->get(segments.back()).text);
      if (trait.starts_with("Fn")) continue;
      if (!implements(found->second.type, trait)) sink_.report<diag::MissingBound>(where, name(found->second.type), trait).label(callee.tree->get(bound).span, "required here");
    }
  };
  const NodeId generics = callee.tree->child(callee.node, slot::Fn::generics);
  if (generics.valid())
    for (NodeId parameter : callee.tree->children_of(callee.tree->child(generics, slot::Generics::parameters)))
      if (callee.tree->kind(parameter) == NodeKind::GenericType) one(std::string(callee.tree->get(parameter).text), callee.tree->child(parameter, slot::GenericType::bounds));
  (void)parameters;
}

ExprId Checker::call_callee(Callee callee, ExprId receiver, std::span<const NodeId> arguments, std::span<const NodeId> generics, TypeId expected, Span where) {
  const SyntaxTree& t = *callee.tree;
  std::vector<std::string> own = generic_names(t, t.child(callee.node, slot::Fn::generics)), impl_names;
  if (callee.impl != Id<int>::kNone && !callee.trait.valid()) impl_names = generic_names(*impls_[callee.impl].tree, impls_[callee.impl].tree->child(impls_[callee.impl].node, slot::Impl::generics));
  Environment& environment = callee.environment;
  std::vector<Region> ignored;
  if (!generics.empty() && generics.size() != own.size()) sink_.report<diag::GenericCount>(where, callee.name, own.size(), generics.size());
  for (size_t i = 0; i < generics.size() && i < own.size(); ++i) environment.generics[own[i]] = generic_argument(generics[i], {}, ignored);
  std::vector<NodeId> parameters;
  std::vector<std::string> words;
  std::vector<bool> optional;
  bool self = false;
  for (NodeId parameter : t.children_of(t.child(callee.node, slot::Fn::parameters))) {
    if (t.kind(parameter) == NodeKind::SelfParameter) { self = true; if (receiver.valid()) continue; }
    parameters.push_back(parameter);
    if (t.kind(parameter) == NodeKind::SelfParameter) { words.emplace_back("self"), optional.push_back(false); continue; }
    const NodeId bound = t.kind(parameter) == NodeKind::Parameter ? t.child(parameter, slot::Parameter::pattern) : NodeId();
    words.emplace_back(bound.valid() ? t.get(bound).text : "");
    optional.push_back(bound.valid() && t.child(parameter, slot::Parameter::default_value).valid());
  }
  bool good = true;
  const std::vector<NodeId> values = arrange(callee.name, words, optional, arguments, where, good);
  if (!good) return error(where);
  std::vector<ExprId> parts;
  if (receiver.valid() && self) parts.push_back(receiver);
  const auto bind_rest = [&] {
    const NodeId generic_node = t.child(callee.node, slot::Fn::generics);
    if (!generic_node.valid()) return;
    for (NodeId parameter : t.children_of(t.child(generic_node, slot::Generics::parameters)))
      if (t.kind(parameter) == NodeKind::GenericType && !environment.generics.contains(std::string(t.get(parameter).text)))
        environment.generics[std::string(t.get(parameter).text)] = {GenericArgument::Kind::Type, fresh(), 0, {}};
  };
  const auto lowered = [&](NodeId type_node) { return at(callee.tree, callee.module, environment, [&] { return lower(type_node, {}).type; }); };
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (t.kind(parameters[i]) == NodeKind::SelfParameter) {
      TypeId self_type = environment.self;
      if (t.has(parameters[i], parse::kReference)) self_type = table_.ref(self_type, t.has(parameters[i], parse::kMut));
      parts.push_back(checked(values[i], self_type));
      continue;
    }
    if (t.kind(parameters[i]) != NodeKind::Parameter) return error(where);
    const NodeId type_node = t.child(parameters[i], slot::Parameter::type);
    const NodeId default_node = t.child(parameters[i], slot::Parameter::default_value);
    const std::string_view text = type_node.valid() ? sources_.text(t.get(type_node).span) : "";
    const bool shaped = !own.empty() && (text.contains("Tensor<") || text.contains('['));
    ExprId value;
    if (!values[i].valid()) {
      bind_rest();
      auto scopes = std::exchange(scopes_, {});
      at(callee.tree, callee.module, environment, [&] { value = checked(default_node, lower(type_node, {}).type); });
      scopes_ = std::move(scopes);
    } else if (shaped) {
      value = expression(values[i]);
      match_type(t, callee.module, type_node, get(value).type, environment, own);
      bind_rest();
      value = coerce(value, lowered(type_node));
    } else {
      bind_rest();
      value = checked(values[i], lowered(type_node));
    }
    parts.push_back(value);
  }
  bind_rest();
  for (const std::string& word : own)
    if (!environment.generics.contains(word)) return sink_.report<diag::UnknownYet>(where, fmt::format("generic argument `{}` of `{}` cannot be told", word, callee.name)), error(where);
  const NodeId result_node = t.child(callee.node, slot::Fn::result);
  const TypeId result = result_node.valid() ? lowered(result_node) : unit_;
  if (expected.valid() && !is_tensor(result)) {
    if (contains_infer(result) && nominal(result) != nullptr && nominal(expected) != nullptr && nominal(result)->definition == nominal(expected)->definition) unify(result, expected);
  }
  check_bounds(callee, own, environment, where);
  Instance wanted{callee, {}, Instance::Made::Written, {}};
  for (const std::string& word : impl_names) wanted.arguments.push_back(environment.generics.contains(word) ? environment.generics[word] : GenericArgument{GenericArgument::Kind::Type, table_.error(), 0, {}});
  for (const std::string& word : own) wanted.arguments.push_back(environment.generics[word]);
  const ExprId out = add(ExprKind::Call, result, where, std::move(parts));
  get(out).method = static_cast<uint32_t>(pending_.size());
  pending_.push_back(std::move(wanted));
  return out;
}

ExprId Checker::call_variant(DefinitionId variant, std::span<const NodeId> arguments, TypeId expected, Span where) {
  const Definition& made = names_.get(variant);
  const Definition& parent = names_.get(made.parent);
  const Nominal* wanted = expected.valid() ? nominal(expected) : nullptr;
  TypeId type_id;
  if (wanted != nullptr && wanted->definition == made.parent) {
    std::vector<GenericArgument> arguments_copy = wanted->arguments;
    for (GenericArgument& argument : arguments_copy)  // a value may still coerce on its way in
      if (argument.kind == GenericArgument::Kind::Type && !contains_infer(argument.type)) continue;
    type_id = nominal_type(made.parent, arguments_copy);
  } else {
    std::vector<GenericArgument> fresh_arguments;
    for (size_t i = generic_names(*parent.tree, parent.tree->child(parent.node, slot::Enum::generics)).size(); i > 0; --i)
      fresh_arguments.push_back({GenericArgument::Kind::Type, fresh(), 0, {}});
    type_id = nominal_type(made.parent, fresh_arguments);
  }
  const TypeData data = table_.get(shallow(type_id));
  const std::vector<Field> fields = table_.info(data.enum_id).variants[made.number].fields;
  if (fields.size() != arguments.size()) {
    sink_.report<diag::ArgumentCount>(where, made.name, fields.size(), arguments.size());
    return error(where);
  }
  std::vector<ExprId> parts;
  for (size_t i = 0; i < arguments.size(); ++i) parts.push_back(checked(arguments[i], fields[i].type));
  return make_variant(type_id, made.number, std::move(parts), where);
}

ExprId Checker::call_tuple_struct(TypeId type_id, std::span<const NodeId> arguments, Span where) {
  const std::vector<Field> fields = table_.info(table_.get(shallow(type_id)).struct_id).fields;
  if (fields.size() != arguments.size()) return sink_.report<diag::ArgumentCount>(where, name(type_id), fields.size(), arguments.size()), error(where);
  std::vector<ExprId> parts;
  for (size_t i = 0; i < arguments.size(); ++i) parts.push_back(checked(arguments[i], fields[i].type));
  return add(ExprKind::Make, type_id, where, std::move(parts));
}

// --- natives

void Checker::bind_pattern(const spec::Pattern& pattern_tree, TypeId given, std::map<std::string, GenericArgument>& bound) {
  const TypeId actual = shallow(given);
  const TypeData data = table_.get(actual);
  if (data.special != Special::None) return;
  if (pattern_tree.kind == spec::PatternKind::Variable && !bound.contains(pattern_tree.name)) bound[pattern_tree.name] = {GenericArgument::Kind::Type, actual, 0, {}};
  if (pattern_tree.kind == spec::PatternKind::Tensor && data.kind == TypeKind::Tensor) {
    bind_pattern(pattern_tree.parts[0], element_type(data.dtype), bound);
    if (!pattern_tree.dims_variable.empty()) bound[pattern_tree.dims_variable] = {GenericArgument::Kind::Shape, {}, 0, data.dims};
    return;
  }
  const bool one = (pattern_tree.kind == spec::PatternKind::Ref && data.kind == TypeKind::Ref) || (pattern_tree.kind == spec::PatternKind::Vec && data.kind == TypeKind::Vec) ||
                   (pattern_tree.kind == spec::PatternKind::Cell && data.kind == pattern_tree.scalar) ||
                   (pattern_tree.kind == spec::PatternKind::Slice && data.kind == TypeKind::Slice);
  if (one) bind_pattern(pattern_tree.parts[0], data.parts[0], bound);
}

TypeId Checker::pattern_type(const spec::Pattern& p, std::map<std::string, GenericArgument>& bound) {
  switch (p.kind) {
    case spec::PatternKind::Scalar: return table_.scalar(p.scalar);
    case spec::PatternKind::Variable: {
      const auto [found, added] = bound.emplace(p.name, GenericArgument{});
      if (added) found->second.type = fresh();
      return found->second.type;
    }
    case spec::PatternKind::Ref: return table_.ref(pattern_type(p.parts[0], bound), p.is_mut);
    case spec::PatternKind::Vec: return table_.vec(pattern_type(p.parts[0], bound));
    case spec::PatternKind::Cell: return table_.cell(p.scalar, pattern_type(p.parts[0], bound), p.is_mut);
    case spec::PatternKind::Slice: return table_.slice(pattern_type(p.parts[0], bound));
    case spec::PatternKind::Option: {
      const GenericArgument argument{GenericArgument::Kind::Type, pattern_type(p.parts[0], bound), 0, {}};
      return nominal_type(names_.find(names_.library, "Option", false), {argument});
    }
    case spec::PatternKind::Tuple: {
      std::vector<TypeId> parts;
      for (const spec::Pattern& part : p.parts) parts.push_back(pattern_type(part, bound));
      return table_.tuple(parts);
    }
    case spec::PatternKind::Tensor: {
      TypeId element = shallow(pattern_type(p.parts[0], bound));
      if (is_infer(element)) unify(element, infer_what(element) == 1 ? i32_ : table_.scalar(TypeKind::F32)), element = shallow(element);
      const auto dtype = spec::dtype_from_name(table_.name(element));
      std::vector<int64_t> dims = p.dims;
      if (!p.dims_variable.empty()) dims = bound[p.dims_variable].dims;
      return dtype ? table_.tensor(*dtype, dims) : table_.error();
    }
    case spec::PatternKind::Opaque: return table_.opaque(p.opaque);
  }
  return table_.error();
}

ExprId Checker::call_native(const spec::NativeFacts& native, ExprId receiver, std::span<const NodeId> arguments, TypeId expected, Span where) {
  const spec::NativeSignature& made = native.signature;
  std::map<std::string, GenericArgument> bound;
  std::vector<ExprId> parts;
  size_t first = 0;
  if (receiver.valid()) {
    bind_pattern(made.parameters[0].type, get(receiver).type, bound);
    pattern_type(made.parameters[0].type, bound);
    ExprId value = receiver;
    const TypeId wanted = pattern_type(made.parameters[0].type, bound);
    value = coerce(value, wanted);
    parts.push_back(value);
    first = 1;
  }
  std::vector<std::string> words;
  std::vector<bool> optional;
  for (size_t i = first; i < made.parameters.size(); ++i) words.push_back(made.parameters[i].name), optional.push_back(made.parameters[i].default_literal.has_value());
  if (expected.valid() && made.result.kind == spec::PatternKind::Vec) {
    bind_pattern(made.result, expected, bound);
  }
  bool good = true;
  const std::vector<NodeId> values = arrange(native.text, words, optional, arguments, where, good);
  if (!good) return error(where);
  for (size_t i = 0; i < values.size(); ++i) {
    const spec::NativeParameter& parameter = made.parameters[first + i];
    const TypeId wanted = pattern_type(parameter.type, bound);
    if (values[i].valid()) {
      ExprId value = expression(values[i], wanted);
      const bool borrows = parameter.type.kind == spec::PatternKind::Ref && !is_kind(get(value).type, TypeKind::Ref) && !parameter.type.is_mut &&
                           parameter.type.parts[0].kind == spec::PatternKind::Vec && is_kind(get(value).type, TypeKind::Vec);
      if (borrows) value = borrow(value, false, get(value).span);
      parts.push_back(coerce(value, wanted));
      continue;
    }
    const std::string& text = *parameter.default_literal;
    if (text.starts_with('"')) {
      parts.push_back(coerce(constant_text(text.substr(1, text.size() - 2), where), wanted));
    } else {
      const ExprId number = add(ExprKind::Constant, wanted, where);
      get(number).literal.negative = text.starts_with('-');
      get(number).literal.magnitude = std::strtoull(text.c_str() + (text.starts_with('-') ? 1 : 0), nullptr, 10);
      parts.push_back(number);
    }
  }
  const ExprId out = add(ExprKind::Native, pattern_type(made.result, bound), where, std::move(parts));
  get(out).native = native.native;
  return out;
}

// `Type::function(…)`
ExprId Checker::associated(TypeId self, NodeId segment, std::span<const NodeId> arguments, TypeId expected, Span where) {
  const std::string_view function = node(segment).text;
  if (is_error(self)) {
    for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
    return error(where);
  }
  Callee callee;
  if (find_method(self, function, callee, false)) {
    const NodeId generic_list = child(segment, slot::Segment::arguments);
    return call_callee(callee, {}, arguments, list(generic_list), expected, where);
  }
  if (const spec::NativeFacts* native = spec::find_native(fmt::format("{}::{}", head(self), function))) {
    const TypeId hint = is_kind(self, TypeKind::Vec) ? self : expected;
    const ExprId out = call_native(*native, {}, arguments, hint, where);
    if (is_kind(self, TypeKind::Vec) && is_kind(get(out).type, TypeKind::Vec)) unify(get(out).type, self);
    return out;
  }
  for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
  std::vector<std::string_view> words;
  for (const auto& [word, list_of] : impls_by_function_) words.push_back(word);
  auto report = sink_.report<diag::UnknownFunction>(node(segment).name, name(self), function);
  const std::string_view near = diagnostics::nearest(function, words);
  if (!near.empty()) report.help(fmt::format("there is `{}`", near));
  return error(where);
}

ExprId Checker::call(NodeId id, TypeId expected) {
  const NodeId callee_node = child(id, slot::Call::callee);
  const auto arguments = list(child(id, slot::Call::arguments));
  const Span where = span(id);
  const auto give_up = [&] {
    for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
    return error(where);
  };
  if (kind(callee_node) != NodeKind::PathExpr) {
    const ExprId value = expression(callee_node);
    if (!is_error(get(value).type)) sink_.report<diag::NotCallable>(span(callee_node), name(get(value).type));
    return give_up();
  }
  const auto segments = list(child(child(callee_node, slot::PathExpr::path), slot::Path::segments));
  const std::string first(node(segments[0]).text);
  if (segments.size() == 1) {
    if (const BodyLocalId found = find_local(first); found.valid()) {
      sink_.report<diag::NotCallable>(span(callee_node), name(body_->locals[found.index()].type));
      return give_up();
    }
    const bool own = names_.find(where_.module, first, true).valid();
    if (!own && (first == "print" || first == "println" || first == "eprint" || first == "eprintln")) return print_call(first, arguments, where);
    if (!own && first == "panic") return panic(arguments.empty() ? constant_text("explicit panic", where) : format_arguments(arguments, where), where);
  }
  if (first == "native" && shipped_) {
    std::string text;
    for (size_t i = 1; i < segments.size(); ++i) text += (text.empty() ? "" : "::") + std::string(node(segments[i]).text);
    const spec::NativeFacts* native = spec::find_native(text);
    if (native != nullptr) return call_native(*native, {}, arguments, expected, where);
  }
  if (segments.size() == 2) {
    const auto generic = where_.environment.generics.find(first);
    if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Type) return associated(generic->second.type, segments[1], arguments, expected, where);
    const DefinitionId own = names_.find(where_.module, first, false);
    if (!own.valid() || names_.get(own).kind == DefinitionKind::Module) {
      if (first == "Tensor" && !own.valid()) return tensor_function(segments[0], node(segments[1]).text, arguments, expected, where);
      const NodeId generic_list = child(segments[0], slot::Segment::arguments);
      bool known = false;
      const LoweredType built_in = own.valid() ? LoweredType{} : lower_builtin(first, generic_list, span(callee_node), {}, known);
      if (known) return associated(built_in.type, segments[1], arguments, expected, where);
    }
    if (first == "Self" && where_.environment.self.valid()) {
      const Nominal* self = nominal(where_.environment.self);
      if (self != nullptr)
        for (size_t i = 0; i < names_.definitions.size(); ++i)
          if (names_.definitions[i].kind == DefinitionKind::Variant && names_.definitions[i].parent == self->definition && names_.definitions[i].name == node(segments[1]).text)
            return call_variant(DefinitionId(i), arguments, where_.environment.self, where);
      return associated(where_.environment.self, segments[1], arguments, expected, where);
    }
  }
  if (segments.size() == 1 && first == "Self" && where_.environment.self.valid()) return call_tuple_struct(where_.environment.self, arguments, where);
  size_t used = 0;
  const DefinitionId found = find_path(segments, true, used, true);
  if (!found.valid()) return give_up();
  const Definition& made = names_.get(found);
  const NodeId type_arguments = child(segments[used - 1], slot::Segment::arguments);
  if (used == segments.size()) {
    switch (made.kind) {
      case DefinitionKind::Function: {
        if (!made.tree->child(made.node, slot::Fn::body).valid()) return unsupported(callee_node, "functions without a body");
        return call_callee({found, Id<int>::kNone, made.tree, made.node, made.module, {}, {}, made.name}, {}, arguments, list(type_arguments), expected, where);
      }
      case DefinitionKind::Variant: return call_variant(found, arguments, expected, where);
      case DefinitionKind::Struct:
        if (made.tree->has(made.node, parse::kTupleForm)) return call_tuple_struct(lower_named(found, type_arguments, where, {}).type, arguments, where);
        [[fallthrough]];
      default: sink_.report<diag::NotCallable>(span(callee_node), made.name); return give_up();
    }
  }
  if (used + 1 != segments.size()) return sink_.report<diag::NotCallable>(span(callee_node), sources_.text(span(callee_node))), give_up();
  if (made.kind == DefinitionKind::Enum)
    for (size_t i = 0; i < names_.definitions.size(); ++i)
      if (names_.definitions[i].kind == DefinitionKind::Variant && names_.definitions[i].parent == found && names_.definitions[i].name == node(segments[used]).text) {
        if (type_arguments.valid() && !list(type_arguments).empty()) expected = lower_named(found, type_arguments, where, {}).type;
        return call_variant(DefinitionId(i), arguments, expected, where);
      }
  if (made.kind == DefinitionKind::Struct || made.kind == DefinitionKind::Enum || made.kind == DefinitionKind::Alias)
    return associated(lower_named(found, type_arguments, where, {}).type, segments[used], arguments, expected, where);
  sink_.report<diag::NotCallable>(span(callee_node), sources_.text(span(callee_node)));
  return give_up();
}

}  // namespace stark::types

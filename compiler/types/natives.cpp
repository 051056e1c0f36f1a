// compiler/types/natives.cpp — calls of what the VM provides: the patterns of natives.def against the types of a call.
// Room: types. In: a native's signature and arguments. Out: typed expressions.
#include "compiler/types/checker.h"

namespace stark::types {

void Checker::bind_pattern(const spec::Pattern& pattern_tree, TypeId given, std::map<std::string, GenericArgument>& bound) {
  const TypeId actual = shallow(given);
  const TypeData& data = table_.get(actual);
  if (data.special != Special::None) return;
  if (pattern_tree.kind == spec::PatternKind::Variable && !bound.contains(pattern_tree.name)) bound[pattern_tree.name] = {GenericArgument::Kind::Type, actual, 0, {}};
  if (pattern_tree.kind == spec::PatternKind::Tensor && data.kind == TypeKind::Tensor) {
    bind_pattern(pattern_tree.parts[0], element_type(data.dtype), bound);
    if (!pattern_tree.dims_variable.empty()) bound[pattern_tree.dims_variable] = {GenericArgument::Kind::Shape, {}, 0, data.dims};
    return;
  }
  const bool one = (pattern_tree.kind == spec::PatternKind::Ref && data.kind == TypeKind::Ref) || (pattern_tree.kind == spec::PatternKind::Vec && data.kind == TypeKind::Vec) ||
                   (pattern_tree.kind == spec::PatternKind::Slice && data.kind == TypeKind::Slice) ||
                   (pattern_tree.kind == spec::PatternKind::Cell && data.kind == pattern_tree.scalar);
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
    case spec::PatternKind::Slice: return table_.slice(pattern_type(p.parts[0], bound));
    case spec::PatternKind::Option: {
      return library_type("Option", {pattern_type(p.parts[0], bound)});
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
    case spec::PatternKind::Cell: {
      const TypeId part = pattern_type(p.parts[0], bound);
      return p.scalar == TypeKind::Guard ? table_.guard(p.guard, part) : table_.cell(p.scalar, part, p.is_mut);
    }
    case spec::PatternKind::Scope: return table_.scalar(TypeKind::Scope);
    case spec::PatternKind::Fiber: return table_.scalar(TypeKind::Fiber);
    case spec::PatternKind::Task: {
      ObjectUse body;
      body.callable = Callable{Calling::Once, {}, unit_};
      body.is_send = !p.stays;
      return table_.box(object_type(std::move(body)));
    }
    case spec::PatternKind::Opaque: return table_.opaque(p.opaque);
    case spec::PatternKind::Dyn: return fresh();
  }
  return table_.error();
}

ExprId Checker::call_native(const spec::NativeFacts& native, ExprId receiver, const std::vector<Argument>& arguments, TypeId expected, Span where) {
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
  if (expected.valid() && (made.result.kind == spec::PatternKind::Vec || (made.result.kind == spec::PatternKind::Cell && holds_boxed(expected)))) {
    bind_pattern(made.result, expected, bound);
  }
  bool good = true;
  const std::vector<Argument> values = arrange(native.text, words, optional, arguments, where, good);
  if (!good) return error(where);
  for (size_t i = 0; i < values.size(); ++i) {
    const spec::NativeParameter& parameter = made.parameters[first + i];
    const TypeId wanted = pattern_type(parameter.type, bound);
    if (values[i].valid()) {
      ExprId value = argument_value(values[i], wanted);
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
  for (const std::string& variable : made.copied) {  // `<T: Copy>`
    const auto found = bound.find(variable);
    if (found != bound.end() && found->second.type.valid()) obligations_.push_back({found->second.type, {names_.find_in(names_.library, "Copy", false), {}, {}}, std::nullopt, where, {}, false});
  }
  const ExprId out = add(ExprKind::Native, pattern_type(made.result, bound), where, std::move(parts));
  get(out).native = native.native;
  return out;
}

}  // namespace stark::types

// compiler/types/expressions.cpp — names, literals, fields, indices, structs, arrays, casts, `?`, references, coercions.
// Room: types. In: expression nodes. Out: typed expressions.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

ExprId Checker::add(ExprKind what, TypeId type, Span where, std::vector<ExprId> parts) {
  Expr made;
  made.kind = what;
  made.type = type;
  made.span = where;
  made.parts = std::move(parts);
  body_->exprs.push_back(std::move(made));
  return ExprId(body_->exprs.size() - 1);
}

ExprId Checker::constant_text(std::string text, Span where) {
  const ExprId id = add(ExprKind::Constant, str_, where);
  get(id).text = std::move(text);
  return id;
}

ExprId Checker::constant_number(uint64_t value, TypeId type, Span where) {
  const ExprId id = add(ExprKind::Constant, type, where);
  get(id).literal.magnitude = value;
  return id;
}

ExprId Checker::unsupported(NodeId id, std::string_view what) {
  sink_.report<diag::Unsupported>(span(id), what);
  return error(span(id));
}

bool Checker::is_place(ExprId id) {
  const ExprKind what = get(id).kind;
  return what == ExprKind::Local || what == ExprKind::Field || what == ExprKind::Element || what == ExprKind::Deref;
}

ExprId Checker::deref(ExprId reference) {
  const TypeData data = table_.get(type(reference));
  const Span where = get(reference).span;
  return add(ExprKind::Deref, data.kind == TypeKind::Ref ? data.parts[0] : table_.error(), where, {reference});
}

ExprId Checker::borrow(ExprId place, bool is_mut, Span where, bool two_phase) {
  if (get(place).kind == ExprKind::Deref && !is_mut) {
    const ExprId inner = get(place).parts[0];
    if (is_kind(get(inner).type, TypeKind::Ref) && !table_.get(type(inner)).is_mut) return inner;  // &*r of a shared reference is r
  }
  const ExprId id = add(ExprKind::Borrow, table_.ref(get(place).type, is_mut), where, {place});
  get(id).mutable_ = is_mut;
  get(id).two_phase = two_phase;
  return id;
}

ExprId Checker::local(BodyLocalId which, Span where) {
  const ExprId id = add(ExprKind::Local, body_->locals[which.index()].type, where);
  get(id).index = which.value;
  return id;
}

BodyLocalId Checker::add_local(std::string local_name, TypeId type, bool is_mut, Span where) {
  const BodyLocalId id(body_->locals.size());
  if (!local_name.empty() && !scopes_.empty()) scopes_.back()[local_name] = id;
  body_->locals.push_back({std::move(local_name), type, is_mut, where});
  return id;
}

BodyLocalId Checker::find_local(std::string_view wanted) const {
  const std::string key(wanted);
  for (size_t i = scopes_.size(); i-- > 0;)
    if (const auto found = scopes_[i].find(key); found != scopes_[i].end()) return found->second;
  return {};
}

ExprId Checker::checked(NodeId id, TypeId expected) { return coerce(expression(id, expected), expected); }

void Checker::mismatch(ExprId value, TypeId expected, std::string_view why) {
  const TypeId found = type(value);
  if (is_error(found) || is_error(expected)) return;
  while (get(value).kind == ExprKind::Block && get(value).parts[0].valid()) value = get(value).parts[0];
  auto report = sink_.report<diag::Mismatch>(get(value).span, name(expected), name(found));
  if (!why.empty()) report.here(std::string(why));
  if (is_tensor(found) && is_tensor(expected) && tensor_type(found).dtype == tensor_type(expected).dtype)
    report.help("`as_shape::<[…]>()` checks a shape at run time");
  else if (is_kind(expected, TypeKind::Str) && is_kind(found, TypeKind::String)) report.help("`.to_str()` makes a `str` of a `String`");
  else if (is_kind(expected, TypeKind::String) && is_kind(found, TypeKind::Str)) report.help("`String::from(…)` makes a `String` of a `str`");
  else if (is_numeric(expected) && is_numeric(found)) report.help(fmt::format("convert it: `… as {}`", name(expected)));
  else if (is_kind(expected, TypeKind::Ref) && table_.get(shallow(expected)).parts[0] == found) report.help("borrow it: `&…`");
}

ExprId Checker::coerce(ExprId value, TypeId expected, std::string_view why) {
  if (!expected.valid()) return value;
  const ExprId out = try_coerce(value, expected);
  if (out.valid()) return out;
  mismatch(value, expected, why);
  return error(get(value).span);
}

ExprId Checker::try_coerce(ExprId value, TypeId expected) {
  const TypeId found = type(value), wanted = shallow(expected);
  if (is_never(found) || is_error(found) || is_error(wanted)) return value;
  const TypeData from = table_.get(found), to = table_.get(wanted);
  const Span where = get(value).span;
  if (from.special == Special::None && to.special == Special::None) {
    if (from.kind == TypeKind::Tensor && to.kind == TypeKind::Tensor && found != wanted) {
      if (from.dtype != to.dtype || from.dims.size() != to.dims.size()) return {};
      for (size_t i = 0; i < from.dims.size(); ++i)
        if (to.dims[i] != spec::kUnknownDim && to.dims[i] != from.dims[i]) return {};
      return add(ExprKind::Widen, wanted, where, {value});
    }
    if (to.kind == TypeKind::Ref && table_.get(shallow(to.parts[0])).special == Special::None) {
      const TypeId target = shallow(to.parts[0]);
      const bool by_value = from.kind != TypeKind::Ref;
      const TypeId source = by_value ? found : shallow(from.parts[0]);
      const TypeData a = table_.get(source), b = table_.get(target);
      if (!by_value && to.is_mut && !from.is_mut) return {};
      const bool text = b.kind == TypeKind::Str && (a.kind == TypeKind::Str || a.kind == TypeKind::String) && a.special == Special::None;
      const bool run = b.kind == TypeKind::Slice && (a.kind == TypeKind::Vec || a.kind == TypeKind::Array) && a.special == Special::None && unify(a.parts[0], b.parts[0]);
      bool shape = !to.is_mut && a.kind == TypeKind::Tensor && b.kind == TypeKind::Tensor && a.dtype == b.dtype && a.dims.size() == b.dims.size() && a.special == Special::None;
      for (size_t i = 0; shape && i < a.dims.size(); ++i) shape = b.dims[i] == spec::kUnknownDim || b.dims[i] == a.dims[i];
      if ((text && (by_value || source != target || from.is_mut != to.is_mut)) || (!by_value && (run || (shape && source != target)))) {
        const ExprId id = add(ExprKind::Borrow, wanted, where, {by_value ? value : deref(value)});
        get(id).mutable_ = to.is_mut;
        return id;
      }
      if (!by_value && from.is_mut) {  // a reborrow, so that the holder can be used again
        if (!unify(source, target)) {
          if (a.kind != TypeKind::Ref) return {};
          return try_coerce(deref(value), expected);
        }
        const ExprId id = add(ExprKind::Borrow, wanted, where, {deref(value)});
        get(id).mutable_ = to.is_mut;
        return id;
      }
      if (!by_value && a.kind == TypeKind::Ref && b.kind != TypeKind::Ref && !from.is_mut && !to.is_mut) return try_coerce(deref(value), expected);
    }
  }
  return unify(found, wanted) ? value : ExprId();
}

ExprId Checker::expression(NodeId id, TypeId expected) {
  if (!id.valid()) return error({where_.tree->file, 0, 0});
  return expression_unlimited(id, expected);
}

ExprId Checker::expression_unlimited(NodeId id, TypeId expected) {
  switch (kind(id)) {
    case NodeKind::Literal: return literal(id, expected);
    case NodeKind::FString: return f_string(id);
    case NodeKind::PathExpr: return path_expression(id, expected);
    case NodeKind::Unary: return unary(id, expected);
    case NodeKind::Binary: return binary(id, expected);
    case NodeKind::Assign: return assign(id);
    case NodeKind::CompoundAssign: return compound_assign(id);
    case NodeKind::Range: return unsupported(id, "ranges as values");
    case NodeKind::Cast: return cast(id);
    case NodeKind::Try: return try_expression(id);
    case NodeKind::RefExpr: return reference(id, expected);
    case NodeKind::Call: return call(id, expected);
    case NodeKind::MethodCall: return method_call(id, expected);
    case NodeKind::FieldExpr: return field_expression(id);
    case NodeKind::Index: return index_expression(id);
    case NodeKind::Tuple: return tuple(id, expected);
    case NodeKind::Array: return array(id, expected);
    case NodeKind::Repeat: return repeat(id, expected);
    case NodeKind::StructLiteral: return struct_literal(id, expected);
    case NodeKind::Block: return block(id, expected);
    case NodeKind::If: return if_expression(id, expected);
    case NodeKind::LetCondition: return condition(id);
    case NodeKind::While:
    case NodeKind::Loop: return loop_expression(id, expected);
    case NodeKind::For: return for_expression(id);
    case NodeKind::Match: return match_expression(id, expected);
    case NodeKind::Closure: return unsupported(id, "closures");
    case NodeKind::Return:
    case NodeKind::Break:
    case NodeKind::Continue: return jump(id);
    case NodeKind::MacroCall: return macro(id, expected);
    default: return error(span(id));
  }
}

ExprId Checker::literal(NodeId id, TypeId expected) {
  const Node made = node(id);
  const std::string_view text = made.text;
  switch (made.token) {
    case TokenKind::True:
    case TokenKind::False: return constant_number(made.token == TokenKind::True ? 1 : 0, bool_, made.span);
    case TokenKind::Text: return constant_text(lex::literal_value(text), made.span);
    case TokenKind::Byte: return constant_number(static_cast<unsigned char>(lex::literal_value(text).append(1, '\0')[0]), table_.scalar(TypeKind::U8), made.span);
    case TokenKind::ByteText: return sink_.report<diag::Unsupported>(made.span, "byte texts"), error(made.span);
    case TokenKind::Char: {
      const std::string inside = lex::literal_value(text);
      const auto byte = [&](size_t i) { return i < inside.size() ? static_cast<unsigned char>(inside[i]) : 0u; };
      uint32_t code = byte(0);
      if (code >= 0xF0) code = (code & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63);
      else if (code >= 0xE0) code = (code & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63);
      else if (code >= 0xC0) code = (code & 31) << 6 | (byte(1) & 63);
      return constant_number(code, table_.scalar(TypeKind::Char), made.span);
    }
    default: break;
  }
  std::string digits(text);
  std::erase(digits, '_');
  const bool based = digits.size() > 1 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'b' || digits[1] == 'o');
  const bool hex = based && digits[1] == 'x';
  size_t suffix = digits.find_first_of("iu");
  if (suffix == digits.npos && !hex) suffix = digits.find_first_of("fb", based ? 2 : 0);
  const std::string suffix_text = suffix == digits.npos ? "" : digits.substr(suffix);
  digits = digits.substr(0, suffix);
  Literal value;
  value.is_float = made.token == TokenKind::Float;
  if (value.is_float) {
    value.value = std::strtod(digits.c_str(), nullptr);
  } else {
    errno = 0;
    value.magnitude = std::strtoull(digits.c_str() + (based ? 2 : 0), nullptr, !based ? 10 : hex ? 16 : digits[1] == 'b' ? 2 : 8);
    if (errno == ERANGE) sink_.report<diag::LiteralRange>(made.span, text, "u64");
  }
  TypeId type;
  const TypeId wanted = expected.valid() ? shallow(expected) : TypeId();
  if (!suffix_text.empty()) {
    type = scalar_named(suffix_text);
    if (!type.valid()) return sink_.report<diag::Unsupported>(made.span, fmt::format("single values of type `{}`", suffix_text)), error(made.span);
  } else if (value.is_float) {
    type = wanted.valid() && is_float(wanted) ? wanted : fresh(2);
  } else {
    type = wanted.valid() && is_numeric(wanted) ? wanted : fresh(1);
  }
  const ExprId out = add(ExprKind::Constant, type, made.span);
  get(out).literal = value;
  return out;
}

ExprId Checker::path_expression(NodeId id, TypeId expected) {
  const auto segments = list(child(child(id, slot::PathExpr::path), slot::Path::segments));
  const Span where = span(id);
  const std::string_view first = node(segments[0]).text;
  if (segments.size() == 1) {
    if (const BodyLocalId found = find_local(first); found.valid()) return local(found, where);
    const auto generic = where_.environment.generics.find(std::string(first));
    if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Number)
      return constant_number(static_cast<uint64_t>(generic->second.number), usize_, where);
    if (first.empty()) return error(where);
  }
  if (segments.size() == 2 && first == "Device") {
    const std::string_view which = node(segments[1]).text;
    if (which == "CPU") return constant_number(0, table_.scalar(TypeKind::Device), where);
  }
  if (segments.size() == 2 && scalar_named(first).valid() && is_numeric(scalar_named(first))) {
    const TypeId type = scalar_named(first);
    const std::string_view which = node(segments[1]).text;
    constexpr int bits[] = {8, 16, 32, 64, 64, 8, 16, 32, 64, 64};
    if (is_integer(type) && (which == "MAX" || which == "MIN")) {
      const bool is_signed = table_.kind(type) <= TypeKind::Isize;
      const int width = bits[static_cast<int>(table_.kind(type)) - static_cast<int>(TypeKind::I8)];
      const uint64_t top = is_signed ? (uint64_t{1} << (width - 1)) - 1 : width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
      const ExprId out = constant_number(which == "MAX" ? top : is_signed ? top + 1 : 0, type, where);
      get(out).literal.negative = which == "MIN" && is_signed;
      return out;
    }
    if (is_float(type) && (which == "INFINITY" || which == "NAN" || which == "NEG_INFINITY" || which == "EPSILON" || which == "MAX" || which == "MIN")) {
      const bool wide = table_.kind(type) == TypeKind::F64;
      const ExprId out = add(ExprKind::Constant, type, where);
      Literal& made = get(out).literal;
      made.is_float = true;
      made.value = which == "NAN" ? std::numeric_limits<double>::quiet_NaN() : which == "EPSILON" ? (wide ? 2.220446049250313e-16 : 1.1920928955078125e-07)
                   : which == "MAX" || which == "MIN" ? (wide ? std::numeric_limits<double>::max() : static_cast<double>(std::numeric_limits<float>::max()))
                                                       : std::numeric_limits<double>::infinity();
      made.negative = which == "NEG_INFINITY" || which == "MIN";
      return out;
    }
  }
  size_t used = 0;
  if (first == "Self" && where_.environment.self.valid()) {
    const Nominal* self = nominal(where_.environment.self);
    if (segments.size() == 2 && self != nullptr)
      for (size_t i = 0; i < names_.definitions.size(); ++i)
        if (names_.definitions[i].kind == DefinitionKind::Variant && names_.definitions[i].parent == self->definition && names_.definitions[i].name == node(segments[1]).text)
          return call_variant(DefinitionId(i), {}, where_.environment.self, where);
    return associated(where_.environment.self, segments.back(), {}, expected, where);
  }
  const DefinitionId found = find_path(segments, true, used, true);
  if (!found.valid()) return error(where);
  const Definition& made = names_.get(found);
  if (made.kind == DefinitionKind::Enum && used + 1 == segments.size()) {
    for (size_t i = 0; i < names_.definitions.size(); ++i)
      if (names_.definitions[i].kind == DefinitionKind::Variant && names_.definitions[i].parent == found && names_.definitions[i].name == node(segments[used]).text)
        return call_variant(DefinitionId(i), {}, expected, where);
    return sink_.report<diag::UnknownFunction>(node(segments[used]).name, made.name, node(segments[used]).text), error(where);
  }
  if (used != segments.size()) return sink_.report<diag::NotAValue>(where, sources_.text(where)), error(where);
  switch (made.kind) {
    case DefinitionKind::Variant: return call_variant(found, {}, expected, where);
    case DefinitionKind::Const: {
      if (++depth_ > 64) return --depth_, sink_.report<diag::NotConstant>(where, "it is defined by itself"), error(where);
      auto scopes = std::exchange(scopes_, {});
      ExprId value;
      at(made.tree, made.module, {}, [&] { value = checked(child(made.node, slot::Const::value), type_of(child(made.node, slot::Const::type))); });
      scopes_ = std::move(scopes);
      --depth_;
      return value;
    }
    case DefinitionKind::Static: return unsupported(id, "statics");
    case DefinitionKind::Function: return unsupported(id, "functions as values");
    case DefinitionKind::Struct:
      if (made.tree->children_of(made.tree->child(made.node, slot::Struct::fields)).empty()) {
        const LoweredType lowered = lower_named(found, {}, where, {});
        return add(ExprKind::Make, lowered.type, where);
      }
      [[fallthrough]];
    default: return sink_.report<diag::NotAValue>(where, sources_.text(where)), error(where);
  }
}

ExprId Checker::field_expression(NodeId id) {
  const ExprId base = expression(child(id, slot::FieldExpr::receiver));
  return field_of(base, node(id).text, node(id).name);
}

ExprId Checker::field_of(ExprId base, std::string_view field, Span where, bool report) {
  const Span whole = join(get(base).span, where);
  const TypeId start = type(base);
  for (ExprId at_base = base;; at_base = deref(at_base)) {
    const TypeId here = type(at_base);
    const TypeData data = table_.get(here);
    if (data.special == Special::Error) return error(whole);
    if (data.special == Special::Infer) return sink_.report<diag::UnknownYet>(get(base).span, "its fields are asked for"), error(whole);
    if (data.special == Special::None && data.kind == TypeKind::Struct) {
      const StructInfo& info = table_.info(data.struct_id);
      for (size_t i = 0; i < info.fields.size(); ++i) {
        if (info.fields[i].name != field) continue;
        const TypeId field_type = info.fields[i].type;
        const Definition& made = names_.get(nominal(here)->definition);
        const NodeId declared = made.tree->children_of(made.tree->child(made.node, slot::Struct::fields))[i];
        bool inside = made.tree->has(declared, parse::kPub) || names_.get(made.module).shipped;
        for (ModuleId at_module = where_.module; at_module.valid(); at_module = names_.get(at_module).parent) inside |= at_module == made.module;
        if (!inside) sink_.report<diag::PrivateField>(where, field, made.name).label(info.fields[i].span, "declared here without `pub`");
        const ExprId out = add(ExprKind::Field, field_type, whole, {at_base});
        get(out).index = static_cast<uint32_t>(i);
        return out;
      }
    }
    if (data.special == Special::None && data.kind == TypeKind::Tuple && !field.empty() && std::ranges::all_of(field, [](char c) { return c >= '0' && c <= '9'; })) {
      const size_t number = std::strtoul(std::string(field).c_str(), nullptr, 10);
      if (number < data.parts.size()) {
        const ExprId out = add(ExprKind::Field, data.parts[number], whole, {at_base});
        get(out).index = static_cast<uint32_t>(number);
        return out;
      }
    }
    if (data.special != Special::None || data.kind != TypeKind::Ref) break;
  }
  if (!report || field.empty()) return error(whole);
  std::vector<std::string_view> words;
  const TypeId last = peel(start);
  if (is_kind(last, TypeKind::Struct))
    for (const Field& one : table_.info(table_.get(last).struct_id).fields) words.push_back(one.name);
  auto made = sink_.report<diag::UnknownField>(where, name(last), field);
  const std::string_view near = diagnostics::nearest(field, words);
  if (!near.empty()) made.help(fmt::format("there is `{}`", near));
  Callee callee;
  if (find_method(last, field, callee, true)) made.help(fmt::format("`{}` is a method: write `.{}()`", field, field));
  return error(whole);
}

TypeId Checker::peel(TypeId given) const {
  TypeId here = shallow(given);
  while (is_kind(here, TypeKind::Ref)) here = shallow(table_.get(here).parts[0]);
  return here;
}

ExprId Checker::index_expression(NodeId id) {
  ExprId base = expression(child(id, slot::Index::receiver));
  while (is_kind(get(base).type, TypeKind::Ref)) base = deref(base);
  const auto indices = list(child(id, slot::Index::indices));
  if (is_tensor(get(base).type)) return tensor_element(base, indices, span(id));
  const TypeData data = table_.get(type(base));
  if (data.special == Special::Error) return error(span(id));
  const bool good = data.special == Special::None && (data.kind == TypeKind::Vec || data.kind == TypeKind::Array || data.kind == TypeKind::Slice);
  if (!good || indices.size() != 1) return sink_.report<diag::NotIndexable>(get(base).span, name(get(base).type)), error(span(id));
  if (kind(indices[0]) == NodeKind::Range) return unsupported(indices[0], "slices by range");
  if (data.kind == TypeKind::Array) {
    const auto number = kind(indices[0]) == NodeKind::Literal ? constant_integer(indices[0], false) : std::nullopt;
    if (number && static_cast<uint64_t>(*number) >= data.length) sink_.report<diag::IndexRange>(span(indices[0]), *number, data.length);
  }
  const ExprId index = checked(indices[0], usize_);
  return add(ExprKind::Element, data.parts[0], span(id), {base, index});
}

ExprId Checker::tuple(NodeId id, TypeId expected) {
  std::vector<ExprId> parts;
  std::vector<TypeId> types;
  const TypeData wanted = expected.valid() ? table_.get(shallow(expected)) : TypeData{};
  for (NodeId part : list(child(id, slot::Tuple::parts))) {
    const bool known = wanted.kind == TypeKind::Tuple && wanted.special == Special::None && types.size() < wanted.parts.size();
    const TypeId hint = known ? wanted.parts[types.size()] : TypeId();
    ExprId value = expression(part, hint);
    if (known)
      if (const ExprId better = try_coerce(value, hint); better.valid()) value = better;
    parts.push_back(value);
    types.push_back(get(value).type);
  }
  return add(ExprKind::Make, table_.tuple(std::move(types)), span(id), std::move(parts));
}

ExprId Checker::array(NodeId id, TypeId expected) {
  TypeId element;
  if (expected.valid()) {
    const TypeData wanted = table_.get(shallow(expected));
    if (wanted.special == Special::None && (wanted.kind == TypeKind::Array || wanted.kind == TypeKind::Slice)) element = wanted.parts[0];
  }
  if (!element.valid()) element = fresh();
  std::vector<ExprId> parts;
  for (NodeId part : list(child(id, slot::Array::parts))) parts.push_back(checked(part, element));
  const TypeId type = table_.array(element, parts.size());
  return add(ExprKind::Make, type, span(id), std::move(parts));
}

ExprId Checker::repeat(NodeId id, TypeId expected) {
  TypeId element;
  if (expected.valid() && is_kind(expected, TypeKind::Array)) element = table_.get(shallow(expected)).parts[0];
  const ExprId value = expression(child(id, slot::Repeat::element), element);
  const auto length = constant_integer(child(id, slot::Repeat::length));
  if (!length || *length < 0) return error(span(id));
  if (!is_infer(get(value).type) && !table_.is_copy(type(value)))
    sink_.report<diag::MissingBound>(get(value).span, name(get(value).type), "Copy").here("repeated elements are copied");
  return add(ExprKind::Repeat, table_.array(get(value).type, static_cast<uint64_t>(*length)), span(id), {value});
}

ExprId Checker::struct_literal(NodeId id, TypeId expected) {
  const NodeId path_node = child(id, slot::StructLiteral::path);
  const auto segments = list(child(path_node, slot::Path::segments));
  TypeId type;
  const std::vector<Field>* fields = nullptr;
  NodeId declared_fields;
  uint32_t variant = 0;
  bool is_variant = false;
  size_t used = 0;
  DefinitionId found;
  const Nominal* self = where_.environment.self.valid() ? nominal(where_.environment.self) : nullptr;
  if (segments.size() == 1 && node(segments[0]).text == "Self" && self != nullptr) found = self->definition, type = where_.environment.self, used = 1;
  else found = find_path(segments, false, used, true);
  if (!found.valid()) {
    for (NodeId init : list(child(id, slot::StructLiteral::fields))) expression(child(init, slot::FieldInit::value));
    return error(span(id));
  }
  if (names_.get(found).kind == DefinitionKind::Enum && used < segments.size()) {
    for (size_t i = 0; i < names_.definitions.size(); ++i)
      if (names_.definitions[i].kind == DefinitionKind::Variant && names_.definitions[i].parent == found && names_.definitions[i].name == node(segments[used]).text) {
        is_variant = true;
        variant = names_.definitions[i].number;
        declared_fields = names_.definitions[i].tree->child(names_.definitions[i].node, slot::Variant::fields);
      }
  }
  const Definition& made = names_.get(found);
  if (made.kind == DefinitionKind::Alias && !type.valid()) {
    type = lower_named(found, {}, span(path_node), {}).type;
    if (const Nominal* real = nominal(type)) found = real->definition;
  }
  const Definition& owner = names_.get(found);
  if (owner.kind != DefinitionKind::Struct && !is_variant) return sink_.report<diag::NotAStruct>(span(path_node), sources_.text(span(path_node))), error(span(id));
  if (!type.valid()) {
    const NodeId given = child(segments[is_variant ? used - 1 : segments.size() - 1], slot::Segment::arguments);
    type = lower_named(found, given, span(path_node), {}).type;
    if (expected.valid() && nominal(expected) != nullptr && nominal(expected)->definition == found) unify(type, expected);
  }
  if (is_error(type)) return error(span(id));
  const TypeData data = table_.get(shallow(type));
  std::vector<Field> copy = is_variant ? table_.info(data.enum_id).variants[variant].fields : table_.info(data.struct_id).fields;
  fields = &copy;
  if (!is_variant) declared_fields = owner.tree->child(owner.node, slot::Struct::fields);
  std::vector<ExprId> parts(fields->size());
  for (NodeId init : list(child(id, slot::StructLiteral::fields))) {
    size_t i = 0;
    while (i < fields->size() && (*fields)[i].name != node(init).text) ++i;
    const NodeId value = child(init, slot::FieldInit::value);
    if (i == fields->size()) {
      std::vector<std::string_view> words;
      for (const Field& one : *fields) words.push_back(one.name);
      auto report = sink_.report<diag::UnknownField>(node(init).name, name(type), node(init).text);
      const std::string_view near = diagnostics::nearest(node(init).text, words);
      if (!near.empty()) report.help(fmt::format("there is `{}`", near));
      expression(value);
      continue;
    }
    if (parts[i].valid()) sink_.report<diag::DuplicateField>(node(init).name, node(init).text);
    parts[i] = checked(value, (*fields)[i].type);
  }
  const NodeId base = child(id, slot::StructLiteral::base);
  ExprId base_value;
  if (base.valid()) {
    base_value = checked(base, type);
    if (!is_place(base_value)) return unsupported(base, "struct bases that are not variables");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].valid()) continue;
    const NodeId default_value = owner.tree->child(owner.tree->children_of(declared_fields)[i], slot::Field::default_value);
    if (base_value.valid()) {
      parts[i] = add(ExprKind::Field, (*fields)[i].type, span(base), {base_value});
      get(parts[i]).index = static_cast<uint32_t>(i);
    } else if (default_value.valid()) {
      auto scopes = std::exchange(scopes_, {});
      at(owner.tree, owner.module, {}, [&] { parts[i] = checked(default_value, (*fields)[i].type); });
      scopes_ = std::move(scopes);
    } else {
      sink_.report<diag::MissingField>(span(path_node), name(type), (*fields)[i].name).label((*fields)[i].span, "the field is declared here");
      parts[i] = error(span(id));
    }
  }
  if (is_variant) return make_variant(type, variant, std::move(parts), span(id));
  return add(ExprKind::Make, type, span(id), std::move(parts));
}

ExprId Checker::cast(NodeId id) {
  const TypeId to = type_of(child(id, slot::Cast::type));
  const NodeId inner = child(id, slot::Cast::expression);
  const bool suffixless = kind(inner) == NodeKind::Literal && is_numeric(to);
  ExprId value = expression(inner, suffixless && node(inner).token == TokenKind::Integer && is_integer(to) ? to : TypeId());
  while (is_kind(get(value).type, TypeKind::Ref)) value = deref(value);
  const TypeId from = type(value);
  if (is_error(from) || is_error(to)) return add(ExprKind::Error, to, span(id));
  if (is_infer(from) && infer_what(from) == 0) return sink_.report<diag::UnknownYet>(get(value).span, "it is cast"), error(span(id));
  if (from == shallow(to)) return value;
  const bool numbers = is_numeric(from) && is_numeric(to);
  const bool to_number = (is_kind(from, TypeKind::Bool) || is_kind(from, TypeKind::Char)) && is_integer(to);
  const bool to_char = is_kind(to, TypeKind::Char) && (is_kind(from, TypeKind::U8) || (is_infer(from) && unify(from, table_.scalar(TypeKind::U8))));
  if (const Nominal* used = nominal(from); used != nullptr && is_kind(from, TypeKind::Enum) && is_integer(to)) return unsupported(id, "casts of enums");
  if (!numbers && !to_number && !to_char) return sink_.report<diag::BadCast>(span(id), name(from), name(to)), add(ExprKind::Error, to, span(id));
  return add(ExprKind::Cast, to, span(id), {value});
}

ExprId Checker::reference(NodeId id, TypeId expected) {
  TypeId hint;
  if (expected.valid() && is_kind(expected, TypeKind::Ref)) hint = table_.get(shallow(expected)).parts[0];
  if (hint.valid() && (is_kind(hint, TypeKind::Slice) || is_kind(hint, TypeKind::Str))) hint = TypeId();
  const ExprId place = expression(child(id, slot::RefExpr::expression), hint);
  const bool is_mut = tree().has(id, parse::kMut);
  const ExprId out = add(ExprKind::Borrow, table_.ref(get(place).type, is_mut), span(id), {place});
  get(out).mutable_ = is_mut;
  return out;
}

// `e?`: a match that returns what is not a value.
ExprId Checker::try_expression(NodeId id) {
  const ExprId value = expression(child(id, slot::Try::expression));
  const Span where = span(id);
  if (is_error(get(value).type)) return error(where);
  const Nominal* used = nominal(get(value).type);
  const std::string_view what = used == nullptr ? "" : std::string_view(names_.get(used->definition).name);
  if (what != "Option" && what != "Result") return sink_.report<diag::BadTry>(where, name(get(value).type)).help("`?` is for `Option` and `Result`"), error(where);
  const Nominal source = *used;
  const Nominal* target = nominal(result_);
  if (target == nullptr || target->definition != source.definition) {
    sink_.report<diag::TryOutside>(where, name(result_)).help(fmt::format("let the function return `{}<…>`, or use `match` or `unwrap()`", what));
    return error(where);
  }
  const TypeId inner = source.arguments[0].type;
  const bool option = what == "Option";
  const uint32_t good = option ? 1 : 0, bad = option ? 0 : 1;
  const BodyLocalId got = add_local("", inner, false, where);
  const auto variant_pattern = [&](uint32_t number, std::vector<PatternId> parts) {
    const PatternId out = add_pattern(PatternKind::Variant, get(value).type, where);
    get(out).index = number;
    for (uint32_t i = 0; i < parts.size(); ++i) get(out).numbers.push_back(i);
    get(out).parts = std::move(parts);
    return out;
  };
  std::vector<Arm> arms;
  arms.push_back({variant_pattern(good, {bind(got, where)}), {}, local(got, where)});
  ExprId failure;
  PatternId failed;
  if (option) {
    failed = variant_pattern(bad, {});
    failure = make_variant(result_, bad, {}, where);
  } else {
    const TypeId error_type = source.arguments[1].type, wanted = nominal(result_)->arguments[1].type;
    const BodyLocalId wrong = add_local("", error_type, false, where);
    failed = variant_pattern(bad, {bind(wrong, where)});
    ExprId converted = try_coerce(local(wrong, where), wanted);
    if (!converted.valid()) converted = coerce(call_method(local(wrong, where), "into", {}, {}, wanted, where, false), wanted);
    failure = make_variant(result_, bad, {converted}, where);
  }
  const ExprId leave = add(ExprKind::Return, table_.never(), where, {failure});
  arms.push_back({failed, {}, leave});
  const ExprId out = add(ExprKind::Match, inner, where, {value});
  get(out).arms = std::move(arms);
  return out;
}

}  // namespace stark::types

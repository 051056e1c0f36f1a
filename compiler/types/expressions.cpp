// compiler/types/expressions.cpp — names, literals, fields, indices, arrays, casts, `?`, references, ranges.
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

bool Checker::points(TypeId given) const {
  const TypeData& data = table_.get(shallow(given));
  return data.special == Special::None && (data.kind == TypeKind::Ref || data.kind == TypeKind::Box || data.kind == TypeKind::Guard || data.kind == TypeKind::Gc || data.kind == TypeKind::Arc);
}

ExprId Checker::deref(ExprId reference) {
  const TypeData& data = table_.get(type(reference));
  const Span where = get(reference).span;
  const bool good = points(get(reference).type);
  return add(ExprKind::Deref, good ? data.parts[0] : table_.error(), where, {reference});
}

ExprId Checker::borrow(ExprId place, bool is_mut, Span where, bool two_phase) {
  if (get(place).kind == ExprKind::Deref && !is_mut) {
    const ExprId inner = get(place).parts[0];
    if (is_kind(get(inner).type, TypeKind::Ref) && !table_.get(type(inner)).is_mut) return inner;  // &*r of a shared reference is r
  }
  if (is_mut) mutable_place(place);
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
  if (!local_name.empty() && !scopes_.empty()) {
    const auto [place, is_new] = scopes_.back().try_emplace(local_name, id);
    if (!is_new && names_.edition == Edition::CoreV1 && !shipped_ && where.file.valid())
      sink_.report<diag::DeclaredAgain>(where, local_name).label(body_->locals[place->second.index()].span, "first declared here").help("Core v1 has no shadowing: give it another name, or assign to the first one");
    place->second = id;
  }
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

ExprId Checker::expression(NodeId id, TypeId expected) {
  if (!id.valid()) return error({where_.tree->file, 0, 0});
  const ExprId out = expression_unlimited(id, expected);
  too_heavy(span(id));
  return out;
}

// Says so if the type table refused a type since it was last asked.
void Checker::too_heavy(Span where) {
  if (table_.refused()) sink_.report<diag::TypeTooLarge>(where, fmt::format("it has more than {} parts", kMaxTypeWeight));
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
    case NodeKind::Range: return range(id, expected);
    case NodeKind::Await: return await(id);
    case NodeKind::Cast: return cast(id);
    case NodeKind::Try: return try_expression(id, expected);
    case NodeKind::RefExpr: return reference(id, expected);
    case NodeKind::Call: return call(id, expected);
    case NodeKind::MethodCall: return method_call(id, expected);
    case NodeKind::FieldExpr: return field_expression(id);
    case NodeKind::Index: return index_expression(id);
    case NodeKind::Tuple: return tuple(id, expected);
    case NodeKind::Array: return array(id, expected);
    case NodeKind::Repeat: return repeat(id, expected);
    case NodeKind::StructLiteral: return struct_literal(id, expected);
    case NodeKind::Block: return tree().has(id, parse::kAsync) ? async_block(id) : block(id, expected);
    case NodeKind::If: return if_expression(id, expected);
    case NodeKind::LetCondition: return condition(id);
    case NodeKind::While:
    case NodeKind::Loop: return loop_expression(id, expected);
    case NodeKind::For: return for_expression(id);
    case NodeKind::Match: return match_expression(id, expected);
    case NodeKind::Closure: return closure(id, expected);
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
    case TokenKind::ByteText: return byte_text(id);
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

// `b"GET"`: a reference to an array of bytes.
ExprId Checker::byte_text(NodeId id) {
  const Node made = node(id);
  std::vector<ExprId> bytes;
  for (const char c : lex::literal_value(made.text)) bytes.push_back(constant_number(static_cast<unsigned char>(c), table_.scalar(TypeKind::U8), made.span));
  const TypeId run = table_.array(table_.scalar(TypeKind::U8), bytes.size());
  return borrow(add(ExprKind::Make, run, made.span, std::move(bytes)), false, made.span);
}

ExprId Checker::path_expression(NodeId id, TypeId expected) {
  const NodeId path = child(id, slot::PathExpr::path);
  const auto segments = past_library(list(child(path, slot::Path::segments)));
  const Span where = span(id);
  if (segments.size() == 2) {
    const std::string_view first = node(segments[0]).text, which = node(segments[1]).text;
    if (first == "Device" && which == "CPU") return constant_number(0, table_.scalar(TypeKind::Device), where);
    const auto generic = where_.environment.generics.find(std::string(first));
    const bool is_generic = generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Type;
    const TypeId scalar = is_generic ? shallow(generic->second.type) : scalar_named(first);
    if (scalar.valid() && is_numeric(scalar))
      if (const ExprId out = scalar_constant(scalar, which, where); out.valid()) return out;
  }
  const PathTarget target = path_target(path, where);
  switch (target.kind) {
    case PathTarget::Kind::Error: return error(where);
    case PathTarget::Kind::Local: return local(target.local, where);
    case PathTarget::Kind::Number: return constant_number(static_cast<uint64_t>(target.number), usize_, where);
    case PathTarget::Kind::Constant: return constant_value(target, where);
    case PathTarget::Kind::Static: return static_value(target, where);
    case PathTarget::Kind::Variant:
      if (variant_arity(target.definition) == 0) return call_variant(target.definition, {}, target.type.valid() ? target.type : expected, where);
      return function_value(target, expected, where);
    case PathTarget::Kind::TupleStruct: {
      const TypeData& data = table_.get(shallow(target.type));
      if (data.special == Special::Error) return error(where);
      if (data.special != Special::None || data.kind != TypeKind::Struct) return sink_.report<diag::NotAValue>(where, sources_.text(where)), error(where);
      if (table_.info(data.struct_id).fields.empty()) {
        if (expected.valid() && same_head(target.type, expected)) unify(target.type, expected);
        return add(ExprKind::Make, target.type, where);
      }
      const Definition& made = names_.get(nominal(target.type)->definition);
      if (made.tree->has(made.node, parse::kTupleForm)) return function_value(target, expected, where);
      return sink_.report<diag::NotAValue>(where, sources_.text(where)), error(where);
    }
    case PathTarget::Kind::Function:
      if (!target.generics.empty()) {
        PathTarget chosen = target;
        choose_generics(chosen.callee, function_info(chosen.callee), target.generics, chosen.callee.bound, where);
        chosen.generics = {};
        return function_value(chosen, expected, where);
      }
      return function_value(target, expected, where);
    case PathTarget::Kind::Native: return function_value(target, expected, where);
    case PathTarget::Kind::Box:
    case PathTarget::Kind::TensorFunction: return sink_.report<diag::NotAValue>(where, sources_.text(where)), error(where);
  }
  return error(where);
}

// `i32::MAX`, `f64::INFINITY`; none if there is no such constant.
ExprId Checker::scalar_constant(TypeId type, std::string_view which, Span where) {
  constexpr int bits[] = {8, 16, 32, 64, 64, 8, 16, 32, 64, 64};
  if (table_.get(type).special != Special::None) {  // of a parameter: its type is all there is
    if (which != "MAX" && which != "MIN") return {};
    return add(ExprKind::Constant, type, where);
  }
  if (is_integer(type)) {
    const bool is_signed = table_.kind(type) <= TypeKind::Isize;
    const int width = bits[static_cast<int>(table_.kind(type)) - static_cast<int>(TypeKind::I8)];
    if (which == "BITS") return constant_number(static_cast<uint64_t>(width), table_.scalar(TypeKind::U32), where);
    if (which != "MAX" && which != "MIN") return {};
    const uint64_t top = is_signed ? (uint64_t{1} << (width - 1)) - 1 : width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    const ExprId out = constant_number(which == "MAX" ? top : is_signed ? top + 1 : 0, type, where);
    get(out).literal.negative = which == "MIN" && is_signed;
    return out;
  }
  const bool wide = table_.kind(type) == TypeKind::F64;
  double value = 0;
  if (which == "NAN") value = std::numeric_limits<double>::quiet_NaN();
  else if (which == "INFINITY" || which == "NEG_INFINITY") value = std::numeric_limits<double>::infinity();
  else if (which == "EPSILON") value = wide ? std::numeric_limits<double>::epsilon() : static_cast<double>(std::numeric_limits<float>::epsilon());
  else if (which == "MAX" || which == "MIN") value = wide ? std::numeric_limits<double>::max() : static_cast<double>(std::numeric_limits<float>::max());
  else if (which == "MIN_POSITIVE") value = wide ? std::numeric_limits<double>::min() : static_cast<double>(std::numeric_limits<float>::min());
  else return {};
  const ExprId out = add(ExprKind::Constant, type, where);
  get(out).literal.is_float = true;
  get(out).literal.value = value;
  get(out).literal.negative = which == "NEG_INFINITY" || which == "MIN";
  return out;
}

// A constant stands for its expression, in the place of its declaration.
ExprId Checker::constant_value(const PathTarget& target, Span where) {
  const std::tuple key(target.tree, target.node.value, target.environment.self.value);
  const bool outermost = open_constants_.empty();
  if (outermost) constants_used_ = 0, constants_begin_ = body_->exprs.size();
  if (!open_constants_.insert(key).second) return sink_.report<diag::NotConstant>(where, "it is defined by itself"), error(where);
  if (!outermost && (++constants_used_ > kMaxConstants || body_->exprs.size() - constants_begin_ > kMaxConstantParts || open_constants_.size() > kMaxNesting)) {
    if (constants_used_ < 2 * kMaxConstants) sink_.report<diag::NotConstant>(where, "its value is made of too many other constants");
    constants_used_ = 2 * kMaxConstants;  // said once
    open_constants_.erase(key);
    return error(where);
  }
  ExprId out;
  auto scopes = std::exchange(scopes_, {});
  scopes_.emplace_back();
  at_code(target.tree, target.module, target.environment, [&] {
    const NodeId declared = child(target.node, slot::Const::type), value = child(target.node, slot::Const::value);
    const TypeId type = declared.valid() ? type_of(declared) : table_.error();
    out = value.valid() && !target.assumed ? checked(value, type) : add(ExprKind::Error, type, where);
  });
  scopes_ = std::move(scopes);
  open_constants_.erase(key);
  return out;
}

ExprId Checker::field_expression(NodeId id) {
  const ExprId base = expression(child(id, slot::FieldExpr::receiver));
  return field_of(base, node(id).text, node(id).name);
}

ExprId Checker::field_of(ExprId base, std::string_view field, Span where, bool report) {
  const Span whole = join(get(base).span, where);
  TypeId start = type(base);
  if (is_infer(start)) settle_obligations(), start = shallow(start);
  for (ExprId at_base = base; at_base.valid(); at_base = step_inside(at_base)) {
    const TypeId here = type(at_base);
    const TypeData& data = table_.get(here);
    if (data.special == Special::Error) return error(whole);
    if (data.special == Special::Infer) return sink_.report<diag::UnknownYet>(get(base).span, "its fields are asked for"), error(whole);
    if (data.special == Special::None && data.kind == TypeKind::Struct && nominal(here) != nullptr) {
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
    if (is_tensor(here))
      if (const ExprId out = tensor_field(at_base, field, whole); out.valid()) return out;
    if (data.special == Special::None && data.kind == TypeKind::Tuple && !field.empty() && std::ranges::all_of(field, [](char c) { return c >= '0' && c <= '9'; })) {
      const size_t number = std::strtoul(std::string(field).c_str(), nullptr, 10);
      if (number < data.parts.size()) {
        const ExprId out = add(ExprKind::Field, data.parts[number], whole, {at_base});
        get(out).index = static_cast<uint32_t>(number);
        return out;
      }
    }
  }
  if (!report || field.empty()) return error(whole);
  const TypeId last = peel(start);
  auto made = unknown_field(where, last, field, is_kind(last, TypeKind::Struct) ? std::span(table_.info(table_.get(last).struct_id).fields) : std::span<const Field>());
  Callee callee;
  if (find_method(last, field, callee, Receiver::Shared) || find_method(last, field, callee, Receiver::Value)) made.help(fmt::format("`{}` is a method: write `.{}()`", field, field));
  return error(whole);
}

TypeId Checker::peel(TypeId given) const {
  TypeId here = shallow(given);
  while (points(here)) here = shallow(table_.get(here).parts[0]);
  return here;
}

// What an index is asked of: behind references, and behind what a `Deref` gives where the type has no `Index` of its own.
ExprId Checker::index_base(ExprId base) {
  if (is_infer(get(base).type)) settle_obligations();
  for (;;) {
    while (points(get(base).type)) base = deref(base);
    if (nominal(type(base)) == nullptr || select(type(base), {names_.find_in(names_.library, "Index", false), {{GenericArgument::Kind::Type, fresh(), 0, {}}}})) return base;
    const ExprId inside = step_inside(base);
    if (!inside.valid()) return base;
    base = inside;
  }
}

ExprId Checker::index_expression(NodeId id) {
  const ExprId base = index_base(expression(child(id, slot::Index::receiver)));
  const auto indices = list(child(id, slot::Index::indices));
  if (is_tensor(get(base).type)) return tensor_element(base, indices, span(id));
  const TypeData& data = table_.get(type(base));
  if (data.special == Special::Error) return error(span(id));
  const bool run = data.special == Special::None && (data.kind == TypeKind::Vec || data.kind == TypeKind::Array || data.kind == TypeKind::Slice);
  const bool text = data.special == Special::None && (data.kind == TypeKind::Str || data.kind == TypeKind::String);
  if (indices.size() == 1 && (run || text) && kind(indices[0]) == NodeKind::Range) return slice(base, indices[0], false, span(id));
  if (run && indices.size() == 1) {
    if (data.kind == TypeKind::Array) {
      const auto number = kind(indices[0]) == NodeKind::Literal ? constant_integer(indices[0], false) : std::nullopt;
      if (number && static_cast<uint64_t>(*number) >= data.length && !is_symbol(static_cast<int64_t>(data.length))) sink_.report<diag::IndexRange>(span(indices[0]), *number, data.length);
    }
    const bool any_integer = names_.edition == Edition::CoreV1 && !shipped_;
    ExprId index = any_integer ? expression(indices[0], usize_) : checked(indices[0], usize_);
    if (any_integer) index = is_integer(get(index).type) && !is_infer(get(index).type) && type(index) != usize_ ? trapping_cast(index, usize_, span(indices[0])) : coerce(index, usize_);
    return add(ExprKind::Element, data.parts[0], span(id), {base, index});
  }
  if (!text && indices.size() == 1 && data.special != Special::Infer)
    if (const ExprId out = overloaded_index(base, indices[0], span(id)); out.valid()) return out;
  sink_.report<diag::NotIndexable>(get(base).span, name(get(base).type));
  for (NodeId index : indices) expression(index);
  return error(span(id));
}

// `a[i]` of a type that implements `Index`. Where the place is changed, `IndexMut` takes over: see mutable_place().
ExprId Checker::overloaded_index(ExprId base, NodeId index_node, Span where) {
  const DefinitionId trait = names_.find_in(names_.library, "Index", false);
  const TypeId self = type(base);
  const TypeId index_type = fresh();
  const TraitUse use{trait, {{GenericArgument::Kind::Type, index_type, 0, {}}}};
  if (!select(self, use)) return {};
  obligations_.push_back({self, use, std::nullopt, where, {}, true});
  settle_obligations();
  const ExprId index = checked(index_node, index_type);
  settle_obligations();
  const Callee callee = trait_callee(use, self, "index");
  const TypeId output = project(self, use, "Output");
  const ExprId reference = pending_call(callee, table_.ref(output, false), where, {borrow(base, false, get(base).span), index});
  const ExprId out = deref(reference);
  get(out).span = where;
  overloaded_places_[out.value] = {"IndexMut", "index_mut", base, index};
  return out;
}

// A place that is about to be changed: what reached it through `Index` or `Deref` does so through `IndexMut` or `DerefMut`.
void Checker::mutable_place(ExprId place) {
  refuse_static(place);
  for (ExprId id = place; id.valid() && is_place(id) && get(id).kind != ExprKind::Local; id = get(id).parts[0]) {
    const auto found = overloaded_places_.find(id.value);
    if (found == overloaded_places_.end()) continue;
    const OverloadedPlace made = found->second;
    overloaded_places_.erase(found);
    mutable_place(made.base);
    const Span where = get(id).span;
    if (made.native) {
      const ExprId changed = add(ExprKind::Native, table_.ref(get(id).type, true), where, {borrow(made.base, true, get(made.base).span, true)});
      get(changed).native = *made.native;
      get(id).parts[0] = changed;
      return;
    }
    const TypeId self = type(made.base);
    TraitUse use{names_.find_in(names_.library, made.trait, false), {}};
    if (made.index.valid()) use.arguments.push_back({GenericArgument::Kind::Type, get(made.index).type, 0, {}});
    if (!select(self, use)) {
      missing_bound({self, use, std::nullopt, where, {}, false}, self);
      return;
    }
    std::vector<ExprId> parts{borrow(made.base, true, get(made.base).span, true)};
    if (made.index.valid()) parts.push_back(made.index);
    const ExprId reference = pending_call(trait_callee(use, self, made.method), table_.ref(get(id).type, true), where, std::move(parts));
    get(id).parts[0] = reference;
    return;
  }
}

// `v[a..b]`: a part of a run or a text, behind a reference.
ExprId Checker::slice(ExprId base, NodeId range_node, bool is_mut, Span where) {
  const TypeId here = type(base);
  const TypeData& data = table_.get(here);
  const bool text = data.kind == TypeKind::Str || data.kind == TypeKind::String;
  const TypeId inner = text ? str_ : data.kind == TypeKind::Slice ? here : table_.slice(data.parts[0]);
  const NodeId first = child(range_node, slot::Range::first), last = child(range_node, slot::Range::last);
  const ExprId reference = coerce(borrow(base, is_mut, get(base).span, true), table_.ref(inner, is_mut));
  std::vector<ExprId> parts{reference, first.valid() ? checked(first, usize_) : constant_number(0, usize_, where)};
  if (last.valid()) parts.push_back(checked(last, usize_));
  if (last.valid() && tree().has(range_node, parse::kInclusive)) {
    const ExprId sum = add(ExprKind::Binary, usize_, where, {parts[2], constant_number(1, usize_, where)});
    get(sum).op = spec::Opcode::Add;
    parts[2] = sum;
  }
  using spec::Native;
  const Native native = last.valid() ? (text ? Native::StrRange : is_mut ? Native::SliceRangeMut : Native::SliceRange)
                                     : (text ? Native::StrTail : is_mut ? Native::SliceTailMut : Native::SliceTail);
  const ExprId out = add(ExprKind::Native, table_.ref(inner, is_mut), where, std::move(parts));
  get(out).native = native;
  return deref(out);
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
    types.push_back(type(value));
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
  if (!length || (*length < 0 && !is_symbol(*length))) return error(span(id));
  if (!is_infer(get(value).type) && !copies(get(value).type))
    sink_.report<diag::MissingBound>(get(value).span, name(get(value).type), "Copy").here("repeated elements are copied");
  return add(ExprKind::Repeat, table_.array(get(value).type, static_cast<uint64_t>(*length)), span(id), {value});
}

ExprId Checker::cast(NodeId id) {
  const TypeId to = type_of(child(id, slot::Cast::type));
  const NodeId inner = child(id, slot::Cast::expression);
  const bool suffixless = kind(inner) == NodeKind::Literal && is_numeric(to);
  ExprId value = expression(inner, suffixless && node(inner).token == TokenKind::Integer && is_integer(to) ? to : TypeId());
  if (is_infer(get(value).type)) settle_obligations();
  if (const ExprId pointer = cast_pointer(value, to, span(id)); pointer.valid()) return pointer;
  if (is_kind(to, TypeKind::Ptr) && !is_error(get(value).type)) return sink_.report<diag::BadCast>(span(id), name(get(value).type), name(to)), add(ExprKind::Error, to, span(id));
  while (is_kind(get(value).type, TypeKind::Ref)) value = deref(value);
  const TypeId from = type(value);
  if (is_error(from) || is_error(to)) return add(ExprKind::Error, to, span(id));
  if (is_infer(from) && infer_what(from) == 0) return sink_.report<diag::UnknownYet>(get(value).span, "it is cast"), error(span(id));
  if (from == shallow(to)) return value;
  const bool numbers = is_numeric(from) && is_numeric(to);
  const bool to_number = (is_kind(from, TypeKind::Bool) || is_kind(from, TypeKind::Char)) && is_integer(to);
  const bool to_char = is_kind(to, TypeKind::Char) && (is_kind(from, TypeKind::U8) || (is_infer(from) && unify(from, table_.scalar(TypeKind::U8))));
  if (is_kind(from, TypeKind::Enum) && nominal(from) != nullptr && is_integer(to))
    if (const ExprId out = discriminant(value, to, span(id)); out.valid()) return out;
  if (!numbers && !to_number && !to_char) return sink_.report<diag::BadCast>(span(id), name(from), name(to)), add(ExprKind::Error, to, span(id));
  if (names_.edition == Edition::CoreV1 && !shipped_ && is_numeric(from) && is_integer(to)) return trapping_cast(value, to, span(id));
  return add(ExprKind::Cast, to, span(id), {value});
}

// Core v1: a number that does not fit is a trap. It fits if the way back leads to it, on the same side of zero; what is behind a point does not count.
ExprId Checker::trapping_cast(ExprId value, TypeId to, Span where) {
  if (is_infer(get(value).type)) unify(get(value).type, infer_what(get(value).type) == 1 ? i32_ : f64_);
  const bool floating = is_float(get(value).type);
  if (floating) {
    if (type(value) != f64_) value = add(ExprKind::Cast, f64_, where, {value});
    value = add(ExprKind::Native, f64_, where, {value});
    get(value).native = spec::Native::F64Trunc;
  }
  const TypeId from = type(value);
  const ExprId out = add(ExprKind::Block, to, where, {ExprId()});
  const BodyLocalId before = add_local("", from, false, where), after = add_local("", to, false, where);
  push_let(out, before, value);
  push_let(out, after, add(ExprKind::Cast, to, where, {local(before, where)}));
  const auto compare = [&](spec::Opcode op, ExprId left, ExprId right) {
    const ExprId made = add(ExprKind::Binary, bool_, where, {left, right});
    get(made).op = op;
    return made;
  };
  ExprId wrong = compare(spec::Opcode::Ne, add(ExprKind::Cast, from, where, {local(after, where)}), local(before, where));
  if (!floating) {
    const ExprId below = compare(spec::Opcode::Lt, local(before, where), constant_number(0, from, where)), still = compare(spec::Opcode::Lt, local(after, where), constant_number(0, to, where));
    wrong = add(ExprKind::Or, bool_, where, {wrong, compare(spec::Opcode::Ne, below, still)});
  }
  const ExprId failed = panic(constant_text("the number does not fit into the type that it is cast to", where), where);
  const ExprId test = add(ExprKind::If, unit_, where, {wrong, failed, ExprId()});
  get(out).statements.push_back({TypedStatement::Kind::Expression, test, {}, {}});
  const ExprId result = local(after, where);
  get(out).parts[0] = result;
  return out;
}

// `Color::Red as i32`: the numbers that the variants have, from zero or as written.
ExprId Checker::discriminant(ExprId value, TypeId to, Span where) {
  const Definition& made = names_.get(nominal(type(value))->definition);
  const std::vector<Variant> variants = table_.info(table_.get(type(value)).enum_id).variants;
  std::vector<Arm> arms;
  int64_t next = 0;
  size_t number = 0;
  for (NodeId one : made.tree->children_of(made.tree->child(made.node, slot::Enum::variants))) {
    if (made.tree->kind(one) != NodeKind::Variant || number >= variants.size()) continue;
    if (!variants[number].fields.empty()) return {};
    if (const NodeId written = made.tree->child(one, slot::Variant::discriminant); written.valid())
      next = at(made.tree, made.module, {}, [&] { return constant_integer(written).value_or(0); });
    const PatternId matched = add_pattern(PatternKind::Variant, get(value).type, where);
    get(matched).index = static_cast<uint32_t>(number++);
    const ExprId out = constant_number(static_cast<uint64_t>(next < 0 ? -next : next), to, where);
    get(out).literal.negative = next < 0;
    arms.push_back({matched, {}, out});
    ++next;
  }
  if (arms.empty()) return {};
  const ExprId out = add(ExprKind::Match, to, where, {value});
  get(out).arms = std::move(arms);
  return out;
}

ExprId Checker::reference(NodeId id, TypeId expected) {
  TypeId hint;
  if (expected.valid() && is_kind(expected, TypeKind::Ref)) hint = table_.get(shallow(expected)).parts[0];
  const bool is_mut = tree().has(id, parse::kMut);
  const NodeId inner_node = child(id, slot::RefExpr::expression);
  if (hint.valid() && ((is_kind(hint, TypeKind::Slice) && kind(inner_node) != NodeKind::Array) || is_kind(hint, TypeKind::Str))) hint = TypeId();
  ExprId place;
  if (is_mut && kind(inner_node) == NodeKind::Index && list(child(inner_node, slot::Index::indices)).size() == 1 && kind(list(child(inner_node, slot::Index::indices))[0]) == NodeKind::Range) {
    ExprId base = expression(child(inner_node, slot::Index::receiver));
    while (points(get(base).type)) base = deref(base);
    const TypeData& data = table_.get(type(base));
    const bool run = data.special == Special::None && (data.kind == TypeKind::Vec || data.kind == TypeKind::Array || data.kind == TypeKind::Slice);
    place = run ? slice(base, list(child(inner_node, slot::Index::indices))[0], true, span(inner_node)) : expression(inner_node, hint);
  } else {
    place = expression(inner_node, hint);
  }
  if (!is_mut && hint.valid() && is_kind(hint, TypeKind::Ref) && is_kind(get(place).type, TypeKind::Str))  // `&"fox"` where a `&&str` is wanted
    if (const ExprId shown = try_coerce(place, hint); shown.valid()) place = shown;
  if (is_mut) mutable_place(place);
  if (get(place).kind == ExprKind::Deref && !is_place(get(place).parts[0]) && is_kind(get(get(place).parts[0]).type, TypeKind::Ref) && table_.get(type(get(place).parts[0])).is_mut == is_mut) return get(place).parts[0];
  const ExprId out = add(ExprKind::Borrow, table_.ref(get(place).type, is_mut), span(id), {place});
  get(out).mutable_ = is_mut;
  return out;
}

// `e?`: a match that returns what is not a value.
ExprId Checker::try_expression(NodeId id, TypeId expected) {
  const ExprId value = expression(child(id, slot::Try::expression));
  const Span where = span(id);
  if (is_infer(get(value).type)) settle_obligations();
  if (const Nominal* carried = nominal(get(value).type); carried != nullptr && expected.valid() && !carried->arguments.empty() && is_infer(carried->arguments[0].type) && exact(expected)) {
    unify(carried->arguments[0].type, expected);  // `Ok(text.parse()?)`: what is parsed tells which error there may be
    settle_obligations();
  }
  if (is_error(get(value).type)) return error(where);
  const bool option = is_nominal(get(value).type, "Option");
  if (!option && !is_nominal(get(value).type, "Result")) return sink_.report<diag::BadTry>(where, name(get(value).type)).help("`?` is for `Option` and `Result`"), error(where);
  const Nominal source = *nominal(get(value).type);
  const std::string_view what = option ? "Option" : "Result";
  if (in_closure_ && is_infer(result_)) settle_obligations();
  const bool same = is_nominal(result_, what);
  const bool carrier = same || is_nominal(result_, option ? "Result" : "Option");
  const bool later = in_closure_ && is_infer(result_);  // what the closure returns is told by what follows
  const bool panics = in_closure_ && !carrier && !later;
  if (!panics && !later && !same) {
    sink_.report<diag::TryOutside>(where, name(result_)).help(carrier ? (option ? "turn it into a `Result` first: `.ok_or(…)?`" : "turn it into an `Option` first: `.ok()?`") : fmt::format("let the function return `{}<…>`, or use `match` or `unwrap()`", what));
    return error(where);
  }
  const TypeId inner = source.arguments[0].type;
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
  const PatternId matched = variant_pattern(good, {bind(got, where)});
  const ExprId taken = local(got, where);
  arms.push_back({matched, {}, taken});
  OpenTry failure{add(ExprKind::Error, table_.never(), where), {}, where};
  if (!option) failure.wrong = add_local("", source.arguments[1].type, false, where);
  const PatternId failed = variant_pattern(bad, option ? std::vector<PatternId>() : std::vector<PatternId>{bind(failure.wrong, where)});
  arms.push_back({failed, {}, failure.leave});
  later ? void(open_tries_.push_back(failure)) : hand_on(failure);
  const ExprId out = add(ExprKind::Match, inner, where, {value});
  get(out).arms = std::move(arms);
  return out;
}

// The way out for a failure, where what the function or closure returns is known: hand it on, or panic where it has no room.
void Checker::hand_on(const OpenTry& failure) {
  const bool option = !failure.wrong.valid();
  const std::string_view what = option ? "Option" : "Result";
  const Span where = failure.where;
  ExprId leave;
  if (is_infer(result_)) unify(result_, option ? library_type("Option", {fresh()}) : library_type("Result", {fresh(), fresh()}));
  if (is_nominal(result_, what)) {
    std::vector<ExprId> inside;
    if (!option) inside = {try_failure(local(failure.wrong, where), nominal(result_)->arguments[1].type, where)};
    const ExprId made = make_variant(result_, option ? 0 : 1, std::move(inside), where);
    leave = add(ExprKind::Return, table_.never(), where, {made});
  } else {
    if (!is_error(result_)) sink_.report<diag::TryPanics>(where, name(result_));
    const ExprId words = option ? constant_text("`?` met `None`", where) : displayed(local(failure.wrong, where), where);
    leave = panic(words, where);
  }
  const Expr made = get(leave);
  get(failure.leave) = made;
}

// The error as the function returns it: itself, in a box, or by `From`.
ExprId Checker::try_failure(ExprId wrong, TypeId wanted, Span where) {
  const TypeId found = type(wrong);
  if (found == shallow(wanted) || is_infer(wanted) || is_infer(found)) return coerce(wrong, wanted);
  const TraitUse use{names_.find_in(names_.library, "From", false), {{GenericArgument::Kind::Type, found, 0, {}}}};
  if (select(wanted, use).kind == Selection::Kind::Impl) return call_callee(trait_callee(use, shallow(wanted), "from"), {}, {{{}, wrong, {}, where, {}, {}}}, {}, wanted, where);
  if (const ExprId out = try_coerce(wrong, wanted); out.valid()) return out;
  const TypeData& data = table_.get(shallow(wanted));
  if (data.special == Special::None && data.kind == TypeKind::Box && object_use(shallow(data.parts[0])) != nullptr)
    return coerce(add(ExprKind::MakeBox, table_.box(found), where, {wrong}), wanted);
  missing_bound({wanted, use, std::nullopt, where, {}, false}, shallow(wanted));
  return error(where);
}

// `a..b` as a value: a struct of the library.
ExprId Checker::range(NodeId id, TypeId expected) {
  const NodeId first = child(id, slot::Range::first), last = child(id, slot::Range::last);
  const bool inclusive = tree().has(id, parse::kInclusive);
  TypeId hint;
  if (const Nominal* used = expected.valid() ? nominal(expected) : nullptr; used != nullptr && used->arguments.size() == 1) hint = used->arguments[0].type;
  const ExprId from = first.valid() ? auto_deref(expression(first, hint)) : ExprId();
  const ExprId to = last.valid() ? auto_deref(expression(last, from.valid() ? get(from).type : hint)) : ExprId();
  if (from.valid() && to.valid() && !unify(get(from).type, get(to).type)) mismatch(to, get(from).type, "both ends of a range have one type");
  std::vector<TypeId> arguments;
  std::vector<ExprId> parts;
  if (from.valid() || to.valid()) arguments.push_back(get(from.valid() ? from : to).type);
  if (from.valid()) parts.push_back(from);
  if (to.valid()) parts.push_back(to);
  if (inclusive && from.valid()) parts.push_back(constant_number(0, bool_, span(id)));
  const std::string_view which = from.valid() && to.valid() ? (inclusive ? "RangeInclusive" : "Range") : from.valid() ? "RangeFrom" : to.valid() ? (inclusive ? "RangeToInclusive" : "RangeTo") : "RangeFull";
  return add(ExprKind::Make, library_type(which, arguments), span(id), std::move(parts));
}

}  // namespace stark::types

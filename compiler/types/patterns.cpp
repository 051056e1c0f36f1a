// compiler/types/patterns.cpp — patterns against the type of what they look at; references are looked through.
// Room: types. In: pattern nodes. Out: typed patterns, and the names they bind.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

PatternId Checker::add_pattern(PatternKind what, TypeId type, Span where) {
  Pattern made;
  made.kind = what;
  made.type = type;
  made.span = where;
  body_->patterns.push_back(std::move(made));
  return PatternId(body_->patterns.size() - 1);
}

PatternId Checker::bind(BodyLocalId id, Span where) {
  const PatternId out = add_pattern(PatternKind::Bind, body_->locals[id.index()].type, where);
  get(out).local = id;
  return out;
}

PatternId Checker::pattern(NodeId id, TypeId given, Mode mode) {
  const TypeId type_id = shallow(given);
  const TypeData& data = table_.get(type_id);
  const NodeKind what = kind(id);
  const Span where = span(id);
  const bool looks_inside = what != NodeKind::WildPattern && what != NodeKind::BindPattern && what != NodeKind::RefPattern && what != NodeKind::OrPattern &&
                            what != NodeKind::RestPattern && what != NodeKind::Error;
  const bool text = data.kind == TypeKind::Ref && is_kind(data.parts[0], TypeKind::Str);
  if (looks_inside && data.special == Special::None && data.kind == TypeKind::Ref && !text) {
    const Mode inner = data.is_mut && mode != Mode::Shared ? Mode::Mutable : Mode::Shared;
    const PatternId part = pattern(id, data.parts[0], inner);
    const PatternId out = add_pattern(PatternKind::Deref, type_id, where);
    get(out).parts = {part};
    return out;
  }
  switch (what) {
    case NodeKind::BindPattern: return pattern_bind(id, type_id, mode);
    case NodeKind::OrPattern: return pattern_or(id, type_id, mode);
    case NodeKind::LiteralPattern: {
      const NodeId written = child(id, slot::LiteralPattern::value);
      if (kind(written) == NodeKind::Literal && node(written).token == TokenKind::ByteText) return pattern_bytes(written, type_id);
      const PatternId out = add_pattern(PatternKind::Constant, type_id, where);
      const ExprId value = pattern_value(child(id, slot::LiteralPattern::value), type_id);
      get(out).value = value;
      return out;
    }
    case NodeKind::RangePattern: {
      const PatternId out = add_pattern(PatternKind::Range, type_id, where);
      const NodeId first = child(id, slot::RangePattern::first), last = child(id, slot::RangePattern::last);
      if (!first.valid()) sink_.report<diag::Unsupported>(where, "range patterns without a beginning");
      const ExprId a = first.valid() ? pattern_value(first, type_id) : ExprId(), b = last.valid() ? pattern_value(last, type_id) : ExprId();
      get(out).value = a;
      get(out).last = b;
      get(out).inclusive = tree().has(id, parse::kInclusive);
      return out;
    }
    case NodeKind::RefPattern: {
      if (data.special == Special::None && data.kind != TypeKind::Ref) sink_.report<diag::PatternMismatch>(where, "a reference", name(type_id));
      const PatternId part = pattern(child(id, slot::RefPattern::pattern), data.kind == TypeKind::Ref ? data.parts[0] : table_.error(), Mode::Move);
      const PatternId out = add_pattern(PatternKind::Deref, type_id, where);
      get(out).parts = {part};
      return out;
    }
    case NodeKind::TuplePattern: {
      const auto parts = list(child(id, slot::TuplePattern::parts));
      const bool good = data.kind == TypeKind::Tuple && data.special == Special::None;
      if (parts.empty() && type_id == unit_) return add_pattern(PatternKind::Wild, type_id, where);
      std::vector<TypeId> types = data.parts;
      if (data.special == Special::Infer) {
        for (size_t i = 0; i < parts.size(); ++i) types.push_back(fresh());
        unify(type_id, table_.tuple(types));
      } else if (!good) {
        if (!is_error(type_id)) sink_.report<diag::PatternMismatch>(where, "a tuple", name(type_id));
        types.assign(parts.size(), table_.error());
      }
      const PatternId out = add_pattern(PatternKind::Fields, type_id, where);
      return pattern_positions(parts, out, types, mode, where);
    }
    case NodeKind::PathPattern:
    case NodeKind::TupleStructPattern:
    case NodeKind::StructPattern: return pattern_path(id, type_id, mode);
    case NodeKind::SlicePattern: return pattern_slice(id, type_id, mode);
    default: break;
  }
  return add_pattern(PatternKind::Wild, type_id, where);
}

ExprId Checker::pattern_value(NodeId id, TypeId type_id) {
  const TypeId wanted = is_kind(type_id, TypeKind::Ref) ? str_ : type_id;
  const ExprId value = expression(id, wanted);
  if (!try_coerce(value, wanted).valid()) {
    sink_.report<diag::PatternMismatch>(span(id), fmt::format("`{}`", name(get(value).type)), name(type_id));
    get(value).type = table_.error();
  }
  return value;
}

// `LIMIT =>`: the value of a constant.
PatternId Checker::pattern_constant(DefinitionId constant, TypeId type_id, Span where) {
  const Definition& made = names_.get(constant);
  PathTarget target;
  target.kind = PathTarget::Kind::Constant, target.tree = made.tree, target.module = made.module, target.node = made.node;
  const PatternId out = add_pattern(PatternKind::Constant, type_id, where);
  const ExprId value = coerce(constant_value(target, where), type_id);
  get(out).value = value;
  return out;
}

PatternId Checker::pattern_bind(NodeId id, TypeId type_id, Mode mode) {
  const Node made = node(id);
  const NodeId sub = child(id, slot::BindPattern::subpattern);
  if (made.flags == 0 && !sub.valid()) {  // a name may be a constant or a variant without fields
    const DefinitionId found = names_.find(where_.module, made.text, true);
    const DefinitionKind what = found.valid() ? names_.get(found).kind : DefinitionKind::Function;
    if (what == DefinitionKind::Variant || what == DefinitionKind::Const) {
      if (is_kind(type_id, TypeKind::Ref)) {
        const PatternId part = pattern_bind(id, table_.get(type_id).parts[0], Mode::Shared);
        const PatternId out = add_pattern(PatternKind::Deref, type_id, made.span);
        get(out).parts = {part};
        return out;
      }
      if (what == DefinitionKind::Const) {
        return pattern_constant(found, type_id, made.span);
      }
      const PatternId out = add_pattern(PatternKind::Variant, type_id, made.span);
      get(out).index = names_.get(found).number;
      const Nominal* used = nominal(type_id);
      if (is_infer(type_id)) {
        unify(type_id, lower_named(names_.get(found).parent, {}, made.span, {}).type);
      } else if (!is_error(type_id) && (used == nullptr || used->definition != names_.get(found).parent)) {
        sink_.report<diag::PatternMismatch>(made.span, fmt::format("`{}`", names_.get(names_.get(found).parent).name), name(type_id));
      }
      return out;
    }
  }
  PatternId inner;
  if (sub.valid()) inner = pattern(sub, type_id, mode);
  const bool by_reference = mode != Mode::Move || (made.flags & parse::kReference) != 0;
  const bool by_mutable = mode == Mode::Mutable || (mode == Mode::Move && by_reference && (made.flags & parse::kMut) != 0);
  const TypeId local_type = by_reference ? table_.ref(type_id, by_mutable) : type_id;
  const bool is_mut = (made.flags & parse::kMut) != 0 && !by_reference;
  const BodyLocalId local_id = add_local(std::string(made.text), local_type, is_mut, made.name);
  const PatternId out = add_pattern(PatternKind::Bind, type_id, made.span);
  get(out).local = local_id;
  get(out).by_reference = by_reference;
  get(out).by_mutable = by_mutable;
  if (inner.valid()) get(out).parts = {inner};
  return out;
}

PatternId Checker::pattern_positions(std::span<const NodeId> parts, PatternId made, const std::vector<TypeId>& types, Mode mode, Span where) {
  size_t rest = parts.size();
  for (size_t i = 0; i < parts.size(); ++i)
    if (kind(parts[i]) == NodeKind::RestPattern) rest = i;
  const size_t count = rest < parts.size() ? parts.size() - 1 : parts.size();
  if (rest < parts.size() ? count > types.size() : count != types.size()) {
    sink_.report<diag::PatternFields>(where, count, name(get(made).type), types.size());
    for (NodeId part : parts) pattern(part, table_.error(), mode);
    return made;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i == rest) continue;
    const size_t number = i < rest ? i : types.size() - (parts.size() - i);
    const PatternId part = pattern(parts[i], types[number], mode);
    get(made).numbers.push_back(static_cast<uint32_t>(number));
    get(made).parts.push_back(part);
  }
  return made;
}

// `[a, .., b]`, `[first, rest @ ..]`
PatternId Checker::pattern_slice(NodeId id, TypeId given, Mode mode) {
  const Span where = span(id);
  const auto parts = list(child(id, slot::SlicePattern::parts));
  const auto is_rest = [&](NodeId part) { return kind(part) == NodeKind::RestPattern || (kind(part) == NodeKind::BindPattern && kind(child(part, slot::BindPattern::subpattern)) == NodeKind::RestPattern); };
  const auto found = std::ranges::find_if(parts, is_rest);
  const bool open = found != parts.end();
  const size_t count = parts.size() - (open ? 1 : 0);
  if (is_infer(given) && infer_what(given) == 0) settle_obligations();
  if (is_infer(given) && infer_what(given) == 0 && !open) unify(given, table_.array(fresh(), count));
  const TypeId type_id = shallow(given);
  const TypeData& data = table_.get(type_id);
  const bool is_array = data.special == Special::None && data.kind == TypeKind::Array, run = is_array || (data.special == Special::None && data.kind == TypeKind::Slice);
  TypeId element = run ? data.parts[0] : table_.error();
  if (!run && !is_error(type_id)) {
    auto report = sink_.report<diag::PatternMismatch>(where, "an array or a slice", name(type_id));
    if (is_kind(type_id, TypeKind::Vec)) report.help("look at what is in it: `&v[..]`");
  }
  if (is_array && (open ? count > data.length : count != data.length)) sink_.report<diag::PatternFields>(where, count, name(type_id), data.length), element = table_.error();
  const bool good = run && !is_error(element);
  const PatternId out = add_pattern(good ? PatternKind::Slice : PatternKind::Wild, good ? type_id : table_.error(), where);
  get(out).index = static_cast<uint32_t>(found - parts.begin());
  get(out).open = open;
  for (NodeId part : parts) {
    if (open && part == *found) {
      const PatternId rest = kind(part) == NodeKind::BindPattern ? pattern_rest(part, is_error(element) ? element : type_id, is_array ? data.length - count : 0, mode) : PatternId();
      get(out).rest = rest;
      continue;
    }
    const PatternId one = pattern(part, element, mode);
    if (get(out).kind == PatternKind::Slice) get(out).parts.push_back(one);
  }
  return out;
}

// `b"GET"`: a byte for each element.
PatternId Checker::pattern_bytes(NodeId literal, TypeId type_id) {
  const Span where = span(literal);
  const std::string bytes = lex::literal_value(node(literal).text);
  const TypeData& data = table_.get(type_id);
  const bool run = data.special == Special::None && (data.kind == TypeKind::Slice || data.kind == TypeKind::Array) && is_kind(data.parts[0], TypeKind::U8);
  if (!run || (data.kind == TypeKind::Array && data.length != bytes.size())) {
    if (!is_error(type_id)) sink_.report<diag::PatternMismatch>(where, fmt::format("`&[u8; {}]`", bytes.size()), name(type_id));
    return add_pattern(PatternKind::Wild, table_.error(), where);
  }
  const PatternId out = add_pattern(PatternKind::Slice, type_id, where);
  get(out).index = static_cast<uint32_t>(bytes.size());
  for (const char c : bytes) {
    const PatternId one = add_pattern(PatternKind::Constant, data.parts[0], where);
    const ExprId value = constant_number(static_cast<unsigned char>(c), data.parts[0], where);
    get(one).value = value;
    get(out).parts.push_back(one);
  }
  return out;
}

// `rest @ ..`: what lies between, as a run of its own; of an array that is matched by value an array.
PatternId Checker::pattern_rest(NodeId id, TypeId run, uint64_t length, Mode mode) {
  const Node made = node(id);
  const bool by_reference = mode != Mode::Move || (made.flags & parse::kReference) != 0;
  const bool by_mutable = mode == Mode::Mutable || (mode == Mode::Move && by_reference && (made.flags & parse::kMut) != 0);
  const TypeData& data = table_.get(run);
  TypeId type = run;
  if (data.kind == TypeKind::Array && data.special == Special::None) type = by_reference ? table_.slice(data.parts[0]) : table_.array(data.parts[0], length);
  if (!by_reference && is_kind(type, TypeKind::Slice)) {
    sink_.report<diag::PatternMismatch>(made.span, "a value whose size is known", name(type)).help("borrow the rest: `ref rest @ ..`, or match on a reference");
    type = table_.error();
  }
  const bool is_mut = (made.flags & parse::kMut) != 0 && !by_reference;
  const BodyLocalId local_id = add_local(std::string(made.text), by_reference ? table_.ref(type, by_mutable) : type, is_mut, made.name);
  const PatternId out = add_pattern(PatternKind::Bind, type, made.span);
  get(out).local = local_id;
  get(out).by_reference = by_reference;
  get(out).by_mutable = by_mutable;
  return out;
}

PatternId Checker::pattern_fields(NodeId id, PatternId made, const std::vector<Field>& fields, Mode mode) {
  bool rest = tree().has(id, parse::kRest);
  std::vector<bool> seen(fields.size());
  for (NodeId part : list(child(id, slot::StructPattern::fields))) {
    if (kind(part) == NodeKind::RestPattern) { rest = true; continue; }
    if (kind(part) != NodeKind::FieldPattern) continue;
    size_t i = 0;
    while (i < fields.size() && fields[i].name != node(part).text) ++i;
    const PatternId inner = pattern(child(part, slot::FieldPattern::pattern), i < fields.size() ? fields[i].type : table_.error(), mode);
    if (i == fields.size()) {
      unknown_field(node(part).name, get(made).type, node(part).text, fields);
      continue;
    }
    seen[i] = true;
    get(made).numbers.push_back(static_cast<uint32_t>(i));
    get(made).parts.push_back(inner);
  }
  const auto missing = static_cast<size_t>(std::ranges::count(seen, false));
  if (!rest && missing != 0)
    sink_.report<diag::PatternFields>(span(id), seen.size() - missing, name(get(made).type), seen.size()).help("write `..` for the fields that do not matter");
  return made;
}

PatternId Checker::pattern_path(NodeId id, TypeId type_id, Mode mode) {
  const Span where = span(id);
  const auto segments = list(child(child(id, 0), slot::Path::segments));
  size_t used = 0;
  DefinitionId found;
  const auto give_up = [&] {
    if (kind(id) == NodeKind::TupleStructPattern)
      for (NodeId part : list(child(id, slot::TupleStructPattern::parts))) pattern(part, table_.error(), mode);
    return add_pattern(PatternKind::Wild, table_.error(), where);
  };
  const Nominal* self = where_.environment.self.valid() ? nominal(where_.environment.self) : nullptr;
  if (node(segments[0]).text == "Self" && self != nullptr) found = self->definition, used = 1;
  else found = find_path(segments, true, used, true);
  if (!found.valid()) return give_up();
  if (names_.get(found).kind == DefinitionKind::Enum && used < segments.size()) {
    const DefinitionId variant = names_.variant(found, node(segments[used]).text);
    if (!variant.valid()) return sink_.report<diag::UnknownFunction>(node(segments[used]).name, names_.get(found).name, node(segments[used]).text), give_up();
    found = variant;
  }
  const Definition& made = names_.get(found);
  if (made.kind == DefinitionKind::Const) return pattern_constant(found, type_id, where);
  const bool is_variant = made.kind == DefinitionKind::Variant;
  const DefinitionId owner = is_variant ? made.parent : found;
  if (!is_variant && made.kind != DefinitionKind::Struct) return sink_.report<diag::NotAStruct>(where, sources_.text(where)), give_up();
  if (is_infer(type_id)) unify(type_id, lower_named(owner, {}, where, {}).type);
  const Nominal* actual = nominal(type_id);
  if (is_error(type_id)) return give_up();
  if (actual == nullptr || actual->definition != owner) {
    sink_.report<diag::PatternMismatch>(where, fmt::format("`{}`", names_.get(owner).name), name(type_id));
    return give_up();
  }
  const TypeData& data = table_.get(shallow(type_id));
  const std::vector<Field> fields = is_variant ? table_.info(data.enum_id).variants[made.number].fields : table_.info(data.struct_id).fields;
  const PatternId out = add_pattern(is_variant ? PatternKind::Variant : PatternKind::Fields, type_id, where);
  get(out).index = made.number;
  if (kind(id) == NodeKind::StructPattern) return pattern_fields(id, out, fields, mode);
  std::vector<TypeId> types;
  for (const Field& field : fields) types.push_back(field.type);
  const auto parts = kind(id) == NodeKind::TupleStructPattern ? list(child(id, slot::TupleStructPattern::parts)) : std::span<const NodeId>();
  return pattern_positions(parts, out, types, mode, where);
}

// Every alternative binds the same names; they share the locals of the first.
PatternId Checker::pattern_or(NodeId id, TypeId type_id, Mode mode) {
  const auto alternatives = list(child(id, slot::OrPattern::parts));
  const PatternId out = add_pattern(PatternKind::Or, type_id, span(id));
  const Scope outer = scopes_.back();
  Scope first;
  for (size_t i = 0; i < alternatives.size(); ++i) {
    scopes_.back() = outer;
    const size_t patterns_before = body_->patterns.size();
    const PatternId part = pattern(alternatives[i], type_id, mode);
    get(out).parts.push_back(part);
    if (i == 0) {
      first = scopes_.back();
      continue;
    }
    for (const auto& [word, local_id] : first) {
      const auto here = scopes_.back().find(word);
      const auto before = outer.find(word);
      if (before != outer.end() && before->second == local_id) continue;
      if (here == scopes_.back().end()) {
        sink_.report<diag::OrBindings>(span(alternatives[i]), word);
        continue;
      }
      unify(body_->locals[here->second.index()].type, body_->locals[local_id.index()].type);
      for (size_t p = patterns_before; p < body_->patterns.size(); ++p)
        if (body_->patterns[p].kind == PatternKind::Bind && body_->patterns[p].local == here->second) body_->patterns[p].local = local_id;
    }
    for (const auto& [word, local_id] : scopes_.back())
      if (!first.contains(word)) sink_.report<diag::OrBindings>(span(alternatives[0]), word);
  }
  scopes_.back() = first;
  return out;
}

}  // namespace stark::types

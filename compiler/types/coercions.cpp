// compiler/types/coercions.cpp — values on their way to where another type is expected: what is converted in silence, and what is not.
// Room: types. In: a typed expression and the expected type. Out: an expression of that type, or a mismatch.
#include "compiler/types/checker.h"

namespace stark::types {

// Where a value comes from: the end of a block, not the whole of it.
Span Checker::value_span(ExprId value) {
  while (get(value).kind == ExprKind::Block && get(value).parts[0].valid()) value = get(value).parts[0];
  return get(value).span;
}

void Checker::mismatch(ExprId value, TypeId expected, std::string_view why, Span asked) {
  const TypeId found = type(value);
  if (is_error(found) || is_error(expected)) return;
  auto report = sink_.report<diag::Mismatch>(value_span(value), name(expected), name(found));
  if (!why.empty()) report.here(std::string(why));
  if (is_shown(asked)) report.label(asked, "expected because of this");
  if (is_tensor(found) && is_tensor(expected) && tensor_type(found).dtype == tensor_type(expected).dtype)
    report.help("`as_shape::<[…]>()` checks a shape at run time");
  else if (holds_boxed(expected) && table_.kind(found) == table_.kind(shallow(expected))) report.help(fmt::format("what is shared already keeps its type: write `{}` where it is made", name(expected)));
  else if (is_tensor(expected) && is_view(found)) report.help("copy what the view shows: `.clone_contiguous()`");
  else if (is_kind(expected, TypeKind::Str) && is_kind(found, TypeKind::String)) report.help("`.to_str()` makes a `str` of a `String`");
  else if (is_kind(expected, TypeKind::String) && is_kind(found, TypeKind::Str)) report.help("`String::from(…)` makes a `String` of a `str`");
  else if (is_numeric(expected) && is_numeric(found)) report.help(fmt::format("convert it: `… as {}`", name(expected)));
  else if (const Nominal* held = nominal(found); held != nullptr && (is_nominal(found, "Option") || is_nominal(found, "Result")) && alike(held->arguments[0].type, expected) != Fit::No)
    report.help("the value is inside: `?` hands a failure on, `.unwrap()` panics, `match` handles both");
  else if (is_kind(expected, TypeKind::Ref) && table_.get(shallow(expected)).parts[0] == found) report.help("borrow it: `&…`");
}

ExprId Checker::coerce(ExprId value, TypeId expected, std::string_view why, Span asked) {
  if (!expected.valid()) return value;
  const ExprId out = try_coerce(value, expected);
  if (out.valid()) return out;
  mismatch(value, expected, why, asked);
  return error(get(value).span);
}

ExprId Checker::try_coerce(ExprId value, TypeId expected) {
  const TypeId found = type(value), wanted = shallow(expected);
  if (is_never(found) || is_error(found) || is_error(wanted)) return value;
  const TypeData &from = table_.get(found), &to = table_.get(wanted);
  const Span where = value_span(value);
  if (from.special == Special::None && from.kind == TypeKind::Str && to.special == Special::None && to.kind == TypeKind::Ref && !to.is_mut && is_infer(to.parts[0]) && infer_what(to.parts[0]) == 0)
    unify(to.parts[0], str_);  // `map.get("key")`
  if (from.special == Special::None && to.special == Special::None) {
    if (from.kind == TypeKind::Tensor && to.kind == TypeKind::Tensor && found != wanted) {
      if (is_open(wanted) || is_open(found)) {
        if (from.dims.size() == to.dims.size())
          for (size_t i = 0; i < from.dims.size(); ++i)
            if (to.dims[i] != spec::kUnknownDim) unify_numbers(from.dims[i], to.dims[i]);
        if (deep(found) == deep(wanted)) return value;
        if (!is_open(deep(wanted)) && !is_open(deep(found))) {
          get(value).type = deep(found);
          return try_coerce(value, deep(wanted));
        }
      }
      if (is_open(wanted) || is_open(found)) return add(ExprKind::Widen, wanted, where, {value});  // each use is checked with what it knows
      return widens(from, to) ? add(ExprKind::Widen, wanted, where, {value}) : ExprId();
    }
    if (is_view(found) && is_view(wanted) && found != wanted && !is_open(wanted) && !is_open(found))
      return widens(table_.get(from.parts[0]), table_.get(to.parts[0])) ? add(ExprKind::Widen, wanted, where, {value}) : ExprId();
    if (to.kind == TypeKind::Ref && table_.get(shallow(to.parts[0])).special == Special::None) {
      const TypeId target = shallow(to.parts[0]);
      const bool by_value = from.kind != TypeKind::Ref;
      const TypeId source = by_value ? found : shallow(from.parts[0]);
      const TypeData &a = table_.get(source), &b = table_.get(target);
      if (!by_value && to.is_mut && !from.is_mut) return {};
      const bool text = b.kind == TypeKind::Str && (a.kind == TypeKind::Str || a.kind == TypeKind::String) && a.special == Special::None;
      const bool run = b.kind == TypeKind::Slice && (a.kind == TypeKind::Vec || a.kind == TypeKind::Array) && a.special == Special::None && unify(a.parts[0], b.parts[0]);
      const bool shape = !to.is_mut && a.kind == TypeKind::Tensor && b.kind == TypeKind::Tensor && a.special == Special::None && widens(a, b);
      if (text && by_value && a.kind == TypeKind::Str) {  // a text never changes, and lives as long as anybody shows it
        const ExprId id = add(ExprKind::Native, wanted, where, {value});
        get(id).native = spec::Native::StrShow;
        return id;
      }
      const bool wider = source != target && (shape || (!to.is_mut && is_view(source) && is_view(target) && widens(table_.get(a.parts[0]), table_.get(b.parts[0]))));
      if ((text && (by_value || source != target || from.is_mut != to.is_mut)) || (!by_value && (run || wider))) {
        const bool fresh_borrow = !by_value && get(value).kind == ExprKind::Borrow;  // of which nobody else knows
        const bool two_phase = fresh_borrow && get(value).two_phase;
        const ExprId lent = by_value ? value : fresh_borrow ? get(value).parts[0] : deref(value);
        const ExprId id = add(ExprKind::Borrow, wanted, where, {lent});
        get(id).mutable_ = to.is_mut;
        get(id).two_phase = two_phase;
        return id;
      }
      if (!by_value && source != target && object_use(target) != nullptr && object_use(source) == nullptr && b.special == Special::None && a.special == Special::None && (a.kind != TypeKind::Box || shallow(a.parts[0]) != target))
        if (const ExprId object = coerce_object(value, found, wanted); object.valid()) return object;
      if (!by_value && a.special == Special::None && b.special == Special::None && a.kind != TypeKind::Ref && (points(source) || nominal(source) != nullptr) && alike(source, target) == Fit::No && (from.is_mut || !to.is_mut)) {  // what `Deref` gives
        const ExprId inside = step_inside(deref(value));
        if (inside.valid()) return try_coerce(borrow(inside, to.is_mut, where), expected);
      }
      if (!by_value && from.is_mut) {  // a reborrow, so that the holder can be used again
        if (!unify(source, target)) {
          if (a.kind != TypeKind::Ref) return {};
          return try_coerce(deref(value), expected);
        }
        if (get(value).kind == ExprKind::Borrow) return value;  // nobody else holds it
        const ExprId id = add(ExprKind::Borrow, wanted, where, {deref(value)});
        get(id).mutable_ = to.is_mut;
        return id;
      }
      if (!by_value && a.kind == TypeKind::Ref && b.kind != TypeKind::Ref && !from.is_mut && !to.is_mut) return try_coerce(deref(value), expected);
    }
  }
  if (from.special == Special::Infer && to.special == Special::None && to.kind == TypeKind::Box && object_use(shallow(to.parts[0])) != nullptr && (infer_what(found) == 1 || infer_what(found) == 2)) {
    unify(found, infer_what(found) == 1 ? i32_ : f64_);
    return try_coerce(value, expected);
  }
  if (from.special == Special::Infer && infer_what(found) == 3 && to.special == Special::None) {
    if (to.kind == TypeKind::Box && object_use(shallow(to.parts[0])) != nullptr)
      return coerce_object(add(ExprKind::MakeBox, table_.box(found), where, {value}), table_.box(found), wanted);
    return coerce_object(value, found, wanted);
  }
  if (const ExprId object = coerce_object(value, found, wanted); object.valid()) return object;
  if (const ExprId pointer = coerce_pointer(value, wanted); pointer.valid()) return pointer;
  if (to.special == Special::None && from.special == Special::None) {
    if (object_use(wanted) != nullptr && from.kind == TypeKind::Box && shallow(from.parts[0]) == wanted) return value;
    if (to.kind == TypeKind::Box && from.kind != TypeKind::Box && object_use(shallow(to.parts[0])) != nullptr)  // a value goes into a box where its trait is wanted (C10)
      if (const ExprId object = coerce_object(add(ExprKind::MakeBox, table_.box(found), where, {value}), table_.box(found), wanted); object.valid()) return object;
    if (to.kind == TypeKind::Box && is_kind(to.parts[0], TypeKind::Slice) && (from.kind == TypeKind::Vec || from.kind == TypeKind::Array)) {
      const TypeId run = table_.vec(table_.get(shallow(to.parts[0])).parts[0]);
      const ExprId vec = try_coerce(value, run);
      if (!vec.valid()) return {};
      const ExprId boxed = add(ExprKind::Native, wanted, where, {vec});
      get(boxed).native = spec::Native::VecIntoBoxed;
      return boxed;
    }
    if (to.kind == TypeKind::Vec && from.kind == TypeKind::Array && unify(from.parts[0], to.parts[0])) return vec_of_array(value, wanted);
  }
  if (from.special == Special::None && to.special == Special::None && from.kind == TypeKind::Ref && to.kind == TypeKind::Ref && from.is_mut && to.is_mut && is_place(value)) {
    if (!unify(from.parts[0], to.parts[0])) return {};
    const ExprId again = add(ExprKind::Borrow, wanted, where, {deref(value)});  // a reborrow, whatever `&mut T` turns out to refer to
    get(again).mutable_ = true;
    return again;
  }
  if (from.special == Special::None && to.special == Special::None && from.kind == to.kind && from.kind != TypeKind::Ref && alike(found, wanted) == Fit::No)
    if (const ExprId out = coerce_inside(value, wanted); out.valid()) return out;
  return unify(found, wanted) ? value : ExprId();
}

// What a tuple is made of here and now, or a block ends with, is converted where it stands.
ExprId Checker::coerce_inside(ExprId value, TypeId wanted) {
  const Span where = get(value).span;
  if (get(value).kind == ExprKind::Block && get(value).parts[0].valid() && get(value).type == get(get(value).parts[0]).type) {
    const ExprId end = try_coerce(get(value).parts[0], wanted);
    if (!end.valid()) return {};
    get(value).parts[0] = end;
    get(value).type = wanted;
    return value;
  }
  if (get(value).kind != ExprKind::Make || !is_kind(wanted, TypeKind::Tuple)) return {};
  const std::vector<TypeId>& types = table_.get(shallow(wanted)).parts;
  std::vector<ExprId> parts = get(value).parts;
  if (parts.size() != types.size()) return {};
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = try_coerce(parts[i], types[i]);
    if (!parts[i].valid()) return {};
  }
  return add(ExprKind::Make, wanted, where, std::move(parts));
}

// `let v: Box<[f32]> = [1.0, 2.0];`
ExprId Checker::vec_of_array(ExprId value, TypeId wanted) {
  const Span where = get(value).span;
  if (get(value).kind != ExprKind::Make) {
    return coerce(slice_method(value, "to_vec", {}, {}, wanted, where), wanted);
  }
  const std::vector<ExprId> elements = get(value).parts;
  const ExprId out = add(ExprKind::Block, wanted, where, {ExprId()});
  const BodyLocalId holder = add_local("", wanted, true, where);
  const ExprId empty = add(ExprKind::Native, wanted, where, {constant_number(elements.size(), usize_, where)});
  get(empty).native = spec::Native::VecWithCapacity;
  push_let(out, holder, empty);
  for (ExprId one : elements) {
    const ExprId pushed = add(ExprKind::Native, unit_, where, {borrow(local(holder, where), true, where, true), one});
    get(pushed).native = spec::Native::VecPush;
    get(out).statements.push_back({TypedStatement::Kind::Expression, pushed, {}, {}});
  }
  const ExprId result = local(holder, where);
  get(out).parts[0] = result;
  return out;
}

}  // namespace stark::types

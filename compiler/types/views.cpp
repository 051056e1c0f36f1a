// compiler/types/views.cpp — `TensorView`: parts of a tensor that share its elements, by ranges and indices that may be known at run time alone.
// Room: types. In: tensors and views, bounds as written. Out: calls of the natives that make views, of the shapes that the rules give.
#include <algorithm>

#include "bytecode-spec/tensor/shape_rules.h"
#include "compiler/types/checker.h"

namespace stark::types {

using spec::Native;
using spec::TensorOp;

bool Checker::is_view(TypeId given) const { return types::is_view(table_.get(shallow(given))); }

// May a tensor of one type stand where another is wanted, which knows less of its shape?
bool Checker::widens(const TypeData& from, const TypeData& to) const {
  if (from.dtype != to.dtype || from.dims.size() != to.dims.size()) return false;
  for (size_t i = 0; i < from.dims.size(); ++i)
    if (to.dims[i] != spec::kUnknownDim && to.dims[i] != from.dims[i]) return false;
  return true;
}

// `TensorView<'a, f32, [?, 3]>`: the lifetime is the tensor's that it shows.
LoweredType Checker::lower_view(NodeId arguments, Span where, const Elision& elision) {
  std::vector<NodeId> given;
  NodeId lifetime;
  for (NodeId one : list(arguments)) (kind(one) == NodeKind::Lifetime ? void(lifetime = one) : given.push_back(one));
  const LoweredType shown = lower_tensor(given, where, "TensorView");
  if (!is_tensor(shown.type)) return shown;
  return {table_.guard(spec::GuardKind::View, shown.type), {region_of(lifetime, where, elision)}};
}

// Of a tensor; a view gives another view of what it shows, and is used up where nobody holds it.
ExprId Checker::view_of(ExprId place, Span where) {
  ExprId shown = place;
  if (get(shown).kind == ExprKind::Deref && is_view(get(get(shown).parts[0]).type)) shown = get(shown).parts[0];
  const bool again = is_view(get(shown).type);
  if (again && !is_place(shown)) return shown;
  const TypeId type = again ? get(shown).type : table_.guard(spec::GuardKind::View, get(shown).type);
  const ExprId out = add(ExprKind::Native, type, where, {borrow(shown, false, get(place).span)});
  get(out).native = again ? Native::ViewCopy : Native::ViewOf;
  return out;
}

ExprId Checker::view_change(Native native, ExprId view, const spec::TensorType& made, std::vector<ExprId> numbers, Span where) {
  numbers.insert(numbers.begin(), view);
  const ExprId out = add(ExprKind::Native, table_.guard(spec::GuardKind::View, tensor_id(made)), where, std::move(numbers));
  get(out).native = native;
  return out;
}

Checker::ViewBound Checker::view_number(int64_t number, Span where) {
  const ExprId out = constant_number(number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number), table_.scalar(TypeKind::I64), where);
  get(out).literal.negative = number < 0;
  return {out, number};
}

// `is_after`: the number behind the one that is written, as for `..=n`.
Checker::ViewBound Checker::view_bound(NodeId id, bool is_after) {
  const TypeId wide = table_.scalar(TypeKind::I64);
  const auto number = constant_integer(id, false);
  if (number && !is_symbol(*number) && *number < INT64_MAX) return view_number(*number + (is_after ? 1 : 0), span(id));
  const ExprId value = auto_deref(expression(id));
  if (!is_integer(get(value).type)) {
    if (!is_error(get(value).type)) mismatch(value, usize_, "a bound is an integer");
    return {error(span(id)), {}};
  }
  ExprId out = add(ExprKind::Cast, wide, span(id), {value});
  if (is_after) {
    out = add(ExprKind::Binary, wide, span(id), {out, constant_number(1, wide, span(id))});
    get(out).op = spec::Opcode::Add;
  }
  return {out, {}};
}

ExprId Checker::view_range(ExprId view, int64_t dim, const ViewBound& start, const ViewBound& end, int64_t step, Span where) {
  const spec::TensorType held = tensor_type(get(view).type);
  const bool known = start.number && end.number;
  const int64_t attributes[] = {dim, known ? *start.number : 0, known ? *end.number : 0, step};
  auto made = spec::infer(TensorOp::Slice, std::span(&held, 1), attributes);
  if (!made) return tensor_error(made.error(), std::span(&view, 1), where), error(where);
  if (!known) made->shape.set(static_cast<size_t>(dim < 0 ? dim + static_cast<int64_t>(held.shape.rank()) : dim), spec::kUnknownDim);
  return view_change(Native::ViewSlice, view, *made, {view_number(dim, where).value, start.value, end.value, view_number(step, where).value}, where);
}

ExprId Checker::view_row(ExprId view, int64_t dim, const ViewBound& index, Span where) {
  const spec::TensorType held = tensor_type(get(view).type);
  if (index.number && held.shape[static_cast<size_t>(dim)] != spec::kUnknownDim && (*index.number < 0 || *index.number >= held.shape[static_cast<size_t>(dim)]))
    return sink_.report<diag::IndexRange>(get(index.value).span, *index.number, held.shape[static_cast<size_t>(dim)]), error(where);
  std::vector<int64_t> dims(held.shape.dims().begin(), held.shape.dims().end());
  dims.erase(dims.begin() + dim);
  return view_change(Native::ViewRow, view, {held.dtype, *spec::Shape::make(dims)}, {view_number(dim, where).value, index.value}, where);
}

// `t[1..n, .., 2]`: a range keeps its dim, a number takes it away.
ExprId Checker::tensor_part(ExprId place, std::span<const NodeId> indices, Span where) {
  const size_t rank = tensor_type(get(place).type).shape.rank();
  if (indices.size() > rank) return sink_.report<diag::TensorIndices>(where, name(get(place).type), rank, indices.size()), error(where);
  ExprId out = view_of(place, where);
  int64_t dim = 0;
  for (NodeId index : indices) {
    if (kind(index) != NodeKind::Range) {
      out = view_row(out, dim, view_bound(index), where);
    } else {
      const NodeId first = child(index, slot::Range::first), last = child(index, slot::Range::last);
      if (first.valid() || last.valid()) {
        const ViewBound start = first.valid() ? view_bound(first) : view_number(0, span(index));
        const ViewBound end = last.valid() ? view_bound(last, tree().has(index, parse::kInclusive)) : view_number(spec::kSliceEnd, span(index));
        out = view_range(out, dim, start, end, 1, span(index));
      }
      ++dim;
    }
    if (get(out).kind == ExprKind::Error) return out;
  }
  return out;
}

// `t.slice(start, end)`: rows, or along another dim.
ExprId Checker::view_slice(ExprId view, std::span<const NodeId> arguments, Span where) {
  bool good = true;
  const auto values = arrange_nodes("slice", std::vector<std::string>{"start", "end", "dim", "step"}, {false, true, true, true}, arguments, where, good);
  if (!good) return error(where);
  const ViewBound start = view_bound(values[0]), end = values[1].valid() ? view_bound(values[1]) : view_number(spec::kSliceEnd, where);
  const auto dim = values[2].valid() ? dim_argument(values[2]) : std::optional<int64_t>(0), step = values[3].valid() ? dim_argument(values[3]) : std::optional<int64_t>(1);
  return dim && step ? view_range(view, *dim, start, end, *step, where) : error(where);
}

// What a view does otherwise than the tensor that it shows: its parts are views again, for as long as that tensor is there.
ExprId Checker::view_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, Span where) {
  const TypeId shown = table_.get(type(place)).parts[0];
  if (vague_tensor(shown)) return {};
  if ((method == "view" || method == "clone") && arguments.empty()) return view_of(place, where);
  if ((method == "contiguous" || method == "clone_contiguous") && arguments.empty()) return clone_of(deref(place), where);
  if (method == "slice") return view_slice(view_of(place, where), arguments, where);
  if (method != "transpose") return {};
  bool good = true;
  const auto values = arrange_nodes("transpose", std::vector<std::string>{"first", "second"}, {true, true}, arguments, where, good);
  if (!good) return error(where);
  const auto first = values[0].valid() ? dim_argument(values[0]) : std::optional<int64_t>(-2), second = values[1].valid() ? dim_argument(values[1]) : std::optional<int64_t>(-1);
  if (!first || !second) return error(where);
  const ExprId view = view_of(place, where);
  const spec::TensorType held = tensor_type(shown);
  const int64_t attributes[] = {*first, *second};
  const auto made = spec::infer(TensorOp::Transpose, std::span(&held, 1), attributes);
  if (!made) return tensor_error(made.error(), std::span(&view, 1), where), error(where);
  return view_change(Native::ViewTranspose, view, *made, {view_number(*first, where).value, view_number(*second, where).value}, where);
}

}  // namespace stark::types

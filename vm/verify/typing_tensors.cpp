// vm/verify/typing_tensors.cpp — proof 5g, the rules that make tensors, run graphs and reach elements.
// Room: vm/verify. In: the fields of one instruction. Out: the state behind it, or V37, V41 and friends.
#include <algorithm>

#include "vm/verify/rules.h"

namespace stark::vm {

bool Rules::is_element(TypeKind k, spec::DType dtype) const {
  return (k == TypeKind::Bool || spec::has(k, spec::kNum)) && spec::row_of(k).text == spec::dtype_name(dtype);
}
bool Rules::is_tensor(uint32_t type) const { return b.kind(type) == TypeKind::Tensor; }
// The tensor type behind a reference, or nothing.
std::optional<spec::TensorType> Rules::tensor_behind(size_t i, bool is_mut) const {
  const Value& value = f.values[i];
  if (value.is_constant || kind(i) != TypeKind::Ref) return std::nullopt;
  const spec::TypeRow& reference = row(value.typed.type);
  if (!is_tensor(reference.a) || (is_mut && reference.b == 0)) return std::nullopt;
  return tensor_type_of(b.m, reference.a);
}

bool Rules::feeds(size_t i, spec::InputMode mode, const spec::TensorType& want) const {
  switch (mode) {
    case spec::InputMode::Borrowed: {
      const auto have = tensor_behind(i, false);
      return have && covers(want, *have);
    }
    case spec::InputMode::Donated:
      return kind(i) == TypeKind::Tensor && covers(want, tensor_type_of(b.m, f.values[i].typed.type));
    case spec::InputMode::Scalar: return want.shape.rank() == 0 && is_element(kind(i), want.dtype);
  }
  return false;
}
Result<void> Rules::tensor() {
  const spec::GraphRow& graph = b.m.graphs[f.numbers[0]];
  const auto type_at = [&](uint32_t value) {
    const spec::TensorTypeRow& t = b.m.tensor_types[graph.values.first + value];
    return spec::TensorType{static_cast<spec::DType>(t.dtype), *spec::Shape::make(std::span(b.m.dims).subspan(t.dims.first, t.dims.count))};
  };
  if (f.values.size() != graph.inputs.count || f.targets.size() != graph.outputs.count) {
    return mistyped(b, op, "has another number of inputs or results than its graph");
  }
  for (uint32_t i = 0; i < graph.inputs.count; ++i) {
    const auto mode = static_cast<spec::InputMode>(b.m.input_modes[graph.inputs.first + i]);
    if (!feeds(i, mode, type_at(i))) return refuse_at(b, Refusal::TensorSize, fmt::format("input {} does not fit the graph", i));
  }
  for (uint32_t i = 0; i < graph.outputs.count; ++i) {
    const uint32_t to = f.targets[i];
    const uint32_t type = b.type_of(to).type;
    if (!is_tensor(type) || !covers(tensor_type_of(b.m, type), type_at(b.m.outputs[graph.outputs.first + i]))) {
      return refuse_at(b, Refusal::TensorSize, fmt::format("result {} does not fit its place", i));
    }
    STARK_TRY(arrive(b, to, b.no_arrivals()));
  }
  return {};
}

Result<void> Rules::tensor_const() {
  if (target_kind() != TypeKind::Tensor) return mistyped(b, op, "gives a tensor");
  const spec::TensorType t = tensor_type_of(b.m, b.type_of(target()).type);
  const auto count = t.shape.element_count();
  const uint64_t length = b.m.segments[f.numbers[1]].length;
  const auto bytes = static_cast<uint64_t>(spec::dtype_bytes(t.dtype));
  if (t.dtype == spec::DType::Bool || !count || length % bytes != 0 || length / bytes != static_cast<uint64_t>(*count)) {
    return refuse_at(b, Refusal::TensorSize, fmt::format("a segment of {} bytes is no tensor {}", length, t.shape.text()));
  }
  return arrive(b, target(), b.no_arrivals());
}
// Values behind the first `skip` are integers, `count` of them.
Result<void> Rules::take_extents(size_t skip, size_t count) {
  if (f.values.size() != skip + count) return mistyped(b, op, fmt::format("takes {} extents or indices", count));
  for (size_t i = skip; i < f.values.size(); ++i) {
    if (!spec::has(kind(i), spec::kInt)) return mistyped(b, op, "takes integers as extents or indices");
  }
  return {};
}
size_t Rules::open_dims() const {
  const spec::TensorType t = tensor_type_of(b.m, b.type_of(target()).type);
  return static_cast<size_t>(std::ranges::count(t.shape.dims(), spec::kUnknownDim));
}
Result<void> Rules::tensor_fill() {
  if (target_kind() != TypeKind::Tensor || !is_element(kind(0), tensor_type_of(b.m, b.type_of(target()).type).dtype)) {
    return mistyped(b, op, "gives a tensor of its value");
  }
  STARK_TRY(take_extents(1, open_dims()));
  return arrive(b, target(), b.no_arrivals());
}
Result<void> Rules::tensor_random() {
  if (target_kind() != TypeKind::Tensor || !spec::is_float(tensor_type_of(b.m, b.type_of(target()).type).dtype)) {
    return mistyped(b, op, "gives a tensor of floats");
  }
  STARK_TRY(take_extents(0, open_dims()));
  return arrive(b, target(), b.no_arrivals());
}
Result<void> Rules::tensor_get() {
  const auto t = tensor_behind(0, false);
  if (!t || !is_element(target_kind(), t->dtype)) return mistyped(b, op, "gives an element of a tensor behind a reference");
  STARK_TRY(take_extents(1, t->shape.rank()));
  return arrive(b, target(), b.no_arrivals());
}
Result<void> Rules::tensor_set() {
  const auto t = tensor_behind(0, true);
  if (!t || !is_element(kind(1), t->dtype)) return mistyped(b, op, "sets an element of a tensor behind a mutable reference");
  return take_extents(2, t->shape.rank());
}
Result<void> Rules::tensor_narrow() {
  if (target_kind() != TypeKind::Tensor || kind(0) != TypeKind::Tensor) return mistyped(b, op, "takes and gives a tensor");
  const spec::TensorType to = tensor_type_of(b.m, b.type_of(target()).type);
  const spec::TensorType from = tensor_type_of(b.m, f.values[0].typed.type);
  if (to.dtype != from.dtype || to.shape.rank() != from.shape.rank()) return mistyped(b, op, "keeps element type and rank");
  return arrive(b, target(), b.no_arrivals());
}

}  // namespace stark::vm

// devices/plan/axes.cpp — movement of elements as arithmetic on axes and strides.
// Room: devices/plan. In: Axes, attributes. Out: the operand's Axes; accesses; views.
#include "devices/plan/axes.h"

#include "bytecode-spec/tensor/shape_rules.h"

namespace stark::devices {
namespace {

using spec::TensorOp;

// A reshape that only adds or drops dims of size 1 keeps the others in order.
std::optional<Axes> squeezed_axes(const Axes& axes, const Shape& to, const Shape& from) {
  Axes result(from.rank());
  size_t next = 0;
  for (size_t i = 0; i < from.rank(); ++i) {
    if (from[i] == 1) continue;
    while (next < to.rank() && to[next] == 1) ++next;
    if (next == to.rank() || to[next] != from[i]) return std::nullopt;
    result[i] = axes[next++];
  }
  while (next < to.rank() && to[next] == 1) ++next;
  if (next != to.rank()) return std::nullopt;
  return result;
}

}  // namespace

Axes identity_axes(size_t rank) {
  Axes axes(rank);
  for (size_t i = 0; i < rank; ++i) axes[i] = {static_cast<int>(i), 1, 0};
  return axes;
}

Axes broadcast_axes(const Axes& axes, const Shape& to, const Shape& from) {
  Axes result(from.rank());
  const size_t lead = to.rank() - from.rank();
  for (size_t i = 0; i < from.rank(); ++i)
    if (from[i] != 1 || to[lead + i] == 1) result[i] = axes[lead + i];
  return result;
}

std::optional<Axes> moved_axes(const Axes& axes, TensorOp op, std::span<const int64_t> attributes, const Shape& to,
                               const Shape& from) {
  switch (op) {
    case TensorOp::Copy: return axes;
    case TensorOp::BroadcastTo: return broadcast_axes(axes, to, from);
    case TensorOp::Reshape: return to == from ? std::optional(axes) : squeezed_axes(axes, to, from);
    case TensorOp::Transpose: {
      Axes result = axes;
      std::swap(result[*spec::resolve_dim(attributes[0], from.rank())],
                result[*spec::resolve_dim(attributes[1], from.rank())]);
      return result;
    }
    case TensorOp::Slice: {
      Axes result = axes;
      Axis& axis = result[*spec::resolve_dim(attributes[0], from.rank())];
      axis.start = attributes[1] + attributes[3] * axis.start;
      axis.step *= attributes[3];
      return result;
    }
    default: return std::nullopt;
  }
}

kernel::Access access_through(const Place& place, DType dtype, const Axes& axes) {
  kernel::Access access{place.slot, dtype, place.offset, {}};
  for (size_t i = 0; i < axes.size(); ++i) {
    access.offset += place.strides[i] * axes[i].start;
    if (axes[i].dim != Axis::kFixed)
      access.strides[static_cast<size_t>(axes[i].dim)] += place.strides[i] * axes[i].step;
  }
  return access;
}

std::optional<Place> moved_place(const Place& place, TensorOp op, std::span<const int64_t> attributes, const Shape& to,
                                 const Shape& from) {
  if (op == TensorOp::Copy) return place;
  if (const auto axes = moved_axes(identity_axes(to.rank()), op, attributes, to, from)) {
    const kernel::Access access = access_through(place, DType::F32, *axes);
    return Place{place.slot, access.offset, access.strides};
  }
  const bool dense = Layout{{DType::F32, from}, place.strides}.is_dense();
  if (op != TensorOp::Reshape || !dense) return std::nullopt;
  return Place{place.slot, place.offset, dense_strides(to)};
}

}  // namespace stark::devices

// devices/plan/axes.h — Axes: how the dims of a value are walked by the dims of a kernel.
// Room: devices/plan. In: a value's shape, and the movement between it and the kernel. Out: strides and offsets.
#pragma once

#include <span>
#include <vector>

#include "bytecode-spec/tensor/graph.h"
#include "devices/kernel/kernel.h"

namespace stark::devices {

// The coordinate of one dim of a value: start + step · (coordinate `dim` of the kernel), or `start` alone.
struct Axis {
  static constexpr int kFixed = -1;
  int dim = kFixed;
  int64_t step = 0, start = 0;
  friend bool operator==(const Axis&, const Axis&) = default;
};
using Axes = std::vector<Axis>;

// Dim i of the value is dim i of the kernel.
Axes identity_axes(size_t rank);
// The axes of an operand that broadcasts into a value of shape `to`.
Axes broadcast_axes(const Axes& axes, const Shape& to, const Shape& from);
// The axes of the operand of a movement (transpose, slice, broadcast_to, copy, reshape that only adds or drops dims of
// size 1), or nothing for a reshape that really changes the order of things.
std::optional<Axes> moved_axes(const Axes& axes, spec::TensorOp op, std::span<const int64_t> attributes,
                               const Shape& to, const Shape& from);

// Where a stored value lies.
struct Place {
  uint32_t slot = 0;
  int64_t offset = 0;  // elements
  Strides strides{};
};

kernel::Access access_through(const Place& place, DType dtype, const Axes& axes);
// A view of a stored value; nothing when a reshape meets gaps.
std::optional<Place> moved_place(const Place& place, spec::TensorOp op, std::span<const int64_t> attributes,
                                 const Shape& to, const Shape& from);

}  // namespace stark::devices

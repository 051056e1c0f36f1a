// devices/tensor_view.h — Layout, TensorView and Scalar: how an operand lies in memory, and where.
// Room: devices. In: a Buffer, an element type, dims, strides. Out: operands of Device::run.
// Law: strides count elements and are never negative; offsets count bytes and divide by the element size.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "bytecode-spec/tensor/shape.h"

namespace stark::devices {

using spec::DType;
using spec::kMaxRank;
using spec::Shape;
using spec::TensorType;

class Buffer;

using Strides = std::array<int64_t, kMaxRank>;  // entries at and beyond the rank are 0

// Row-major and without gaps.
Strides dense_strides(const Shape& shape);

// What a plan is made for: everything about an operand except where it is.
struct Layout {
  TensorType type;
  Strides strides{};

  static Layout dense(const TensorType& type) { return {type, dense_strides(type.shape)}; }
  // Row-major without gaps; strides of dims of size 1 do not matter.
  bool is_dense() const;
  friend bool operator==(const Layout&, const Layout&) = default;
};

struct TensorView {
  const Buffer* buffer = nullptr;
  int64_t offset = 0;  // bytes from the start of the buffer
  Layout layout;

  static TensorView dense(const Buffer& buffer, const TensorType& type, int64_t offset = 0) {
    return {&buffer, offset, Layout::dense(type)};
  }
};

// A rank-0 operand passed by value: the bits of one element, in the low bytes.
struct Scalar {
  DType dtype = DType::F32;
  uint64_t bits = 0;

  static Scalar of(float value) { return {DType::F32, std::bit_cast<uint32_t>(value)}; }
  static Scalar of(double value) { return {DType::F64, std::bit_cast<uint64_t>(value)}; }
  static Scalar of(int32_t value) { return {DType::I32, static_cast<uint32_t>(value)}; }
  static Scalar of(int64_t value) { return {DType::I64, static_cast<uint64_t>(value)}; }
  static Scalar of(bool value) { return {DType::Bool, value ? 1u : 0u}; }
};

}  // namespace stark::devices

// bytecode-spec/tensor/shape.h — Shape, the dims of a tensor, known or not yet known, and TensorType.
// Room: spec/tensor. In: dims. Out: counts in checked arithmetic, text, comparison.
// Law: a Shape is always well formed: rank ≤ kMaxRank, every dim ≥ 0 or kUnknownDim.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "bytecode-spec/tensor/dtype.h"

namespace stark::spec {

inline constexpr size_t kMaxRank = 8;
inline constexpr int64_t kUnknownDim = -1;

class Shape {
 public:
  constexpr Shape() = default;
  Shape(std::initializer_list<int64_t> dims) {
    for (int64_t dim : dims) push(dim);
  }

  // For dims that came from outside; nothing when they are not a shape.
  static std::optional<Shape> make(std::span<const int64_t> dims) {
    if (dims.size() > kMaxRank) return std::nullopt;
    Shape shape;
    for (int64_t dim : dims) {
      if (dim < kUnknownDim) return std::nullopt;
      shape.push(dim);
    }
    return shape;
  }

  size_t rank() const { return rank_; }
  int64_t operator[](size_t i) const {
    DCHECK(i < rank_);
    return dims_[i];
  }
  std::span<const int64_t> dims() const { return {dims_.data(), rank_}; }

  void set(size_t i, int64_t dim) {
    CHECK(i < rank_ && dim >= kUnknownDim);
    dims_[i] = dim;
  }
  void push(int64_t dim) {
    CHECK(rank_ < kMaxRank && dim >= kUnknownDim);
    dims_[rank_++] = dim;
  }
  void erase(size_t i) {
    CHECK(i < rank_);
    std::copy(dims_.begin() + i + 1, dims_.begin() + rank_, dims_.begin() + i);
    dims_[--rank_] = 0;
  }

  bool fully_known() const {
    return std::ranges::none_of(dims(), [](int64_t dim) { return dim == kUnknownDim; });
  }
  // Nothing when a dim is unknown or the product leaves 63 bits.
  std::optional<int64_t> element_count() const;
  // True when the known dims alone multiply beyond 63 bits; a zero among the dims makes every product small.
  bool too_large(int64_t element_bytes) const;

  std::string text() const;  // `[2, 3]`, `[?, 64]`, `[]`

  friend bool operator==(const Shape& a, const Shape& b) { return std::ranges::equal(a.dims(), b.dims()); }

 private:
  std::array<int64_t, kMaxRank> dims_{};
  uint8_t rank_ = 0;
};

// Could the two be the same shape once everything is known?
bool compatible(const Shape& a, const Shape& b);
// Does `precise` say everything that `general` says, and perhaps more?
bool refines(const Shape& precise, const Shape& general);

struct TensorType {
  DType dtype = DType::F32;
  Shape shape;

  std::string text() const;  // `f32[2, 3]`
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

}  // namespace stark::spec

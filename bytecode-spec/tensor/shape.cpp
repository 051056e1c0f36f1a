// bytecode-spec/tensor/shape.cpp — counting, printing and comparing shapes.
// Room: spec/tensor. In: Shape. Out: counts in checked 64-bit arithmetic, text.
#include "bytecode-spec/tensor/shape.h"

#include <fmt/format.h>

namespace stark::spec {

std::optional<int64_t> Shape::element_count() const {
  if (!fully_known()) return std::nullopt;
  // A zero anywhere empties the tensor, whatever the other dims multiply to.
  if (std::ranges::any_of(dims(), [](int64_t dim) { return dim == 0; })) return 0;
  int64_t count = 1;
  for (int64_t dim : dims())
    if (__builtin_mul_overflow(count, dim, &count)) return std::nullopt;
  return count;
}

bool Shape::too_large(int64_t element_bytes) const {
  int64_t bytes = element_bytes;
  bool overflow = false;
  for (int64_t dim : dims()) {
    if (dim == 0) return false;
    if (dim == kUnknownDim || overflow) continue;
    overflow = __builtin_mul_overflow(bytes, dim, &bytes);
  }
  return overflow;
}

std::string Shape::text() const {
  std::string text = "[";
  for (size_t i = 0; i < rank_; ++i) {
    if (i > 0) text += ", ";
    text += dims_[i] == kUnknownDim ? std::string("?") : fmt::format("{}", dims_[i]);
  }
  return text + "]";
}

bool compatible(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return false;
  for (size_t i = 0; i < a.rank(); ++i)
    if (a[i] != b[i] && a[i] != kUnknownDim && b[i] != kUnknownDim) return false;
  return true;
}

bool refines(const Shape& precise, const Shape& general) {
  if (precise.rank() != general.rank()) return false;
  for (size_t i = 0; i < precise.rank(); ++i)
    if (general[i] != kUnknownDim && general[i] != precise[i]) return false;
  return true;
}

std::string TensorType::text() const { return std::string(dtype_name(dtype)) + shape.text(); }

}  // namespace stark::spec

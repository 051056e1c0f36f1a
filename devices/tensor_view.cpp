// devices/tensor_view.cpp — dense layouts.
// Room: devices. In: shapes. Out: strides.
#include "devices/tensor_view.h"

namespace stark::devices {

Strides dense_strides(const Shape& shape) {
  Strides strides{};
  int64_t step = 1;
  for (size_t i = shape.rank(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

bool Layout::is_dense() const {
  int64_t step = 1;
  for (size_t i = type.shape.rank(); i-- > 0;) {
    const int64_t dim = type.shape[i];
    if (dim == 0) return true;
    if (dim != 1 && strides[i] != step) return false;
    step *= dim;
  }
  return true;
}

}  // namespace stark::devices

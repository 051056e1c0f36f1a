// vm/api/arrays.cpp — the embedder's arrays: whether they are well formed, and their elements row by row.
// Room: vm/api. In: stark_array. Out: a Layout, or A08; copies.
#include <cstring>
#include <functional>

#include "vm/api/handles.h"

namespace stark::api {
namespace {

// Calls `one` with the place of each element, row by row.
void each_element(const stark_array& array, const devices::Layout& layout, size_t size, const std::function<void(std::byte*)>& one) {
  const spec::Shape& shape = layout.type.shape;
  std::array<int64_t, spec::kMaxRank> at{};
  const int64_t count = *shape.element_count();
  for (int64_t n = 0; n < count; ++n) {
    int64_t offset = 0;
    for (size_t d = 0; d < shape.rank(); ++d) offset += at[d] * layout.strides[d];
    one(static_cast<std::byte*>(array.data) + offset * static_cast<int64_t>(size));
    for (size_t d = shape.rank(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
  }
}

// Rows may lie anywhere, as long as the last byte has an address.
bool reaches_too_far(const devices::Layout& layout, int64_t size) {
  int64_t last = 0;
  for (size_t d = 0; d < layout.type.shape.rank(); ++d) {
    int64_t step = 0;
    if (__builtin_mul_overflow(layout.type.shape[d] - 1, layout.strides[d], &step) || __builtin_add_overflow(last, step, &last)) return true;
  }
  return last > INT64_MAX / size - 1;
}

}  // namespace

Result<devices::Layout> layout_of(const stark_array& array) {
  if (array.type < STARK_F32 || array.type > STARK_BOOL) return api_fail(ApiError::Options, fmt::format("an array of elements of type {}", static_cast<int>(array.type)));
  const auto dtype = static_cast<spec::DType>(array.type);
  const auto size = static_cast<size_t>(spec::dtype_bytes(dtype));
  if (array.rank > spec::kMaxRank || (array.rank > 0 && array.shape == nullptr)) return api_fail(ApiError::Options, fmt::format("an array of {} dims", array.rank));
  const auto shape = spec::Shape::make(std::span(array.shape, array.rank));
  const auto count = shape ? shape->element_count() : std::nullopt;
  if (!count || shape->too_large(static_cast<int64_t>(size))) return api_fail(ApiError::Options, "the extents of an array are negative, or too large");
  devices::Layout layout = devices::Layout::dense({dtype, *shape});
  for (uint32_t d = 0; array.strides != nullptr && d < array.rank; ++d) {
    if (array.strides[d] < 0) return api_fail(ApiError::Options, fmt::format("stride {} of an array is {}", d, array.strides[d]));
    layout.strides[d] = array.strides[d];
  }
  if (*count == 0) return layout;
  if (reaches_too_far(layout, static_cast<int64_t>(size))) return api_fail(ApiError::Options, "the strides of an array are too large");
  if (array.data == nullptr || reinterpret_cast<uintptr_t>(array.data) % size != 0) return api_fail(ApiError::Options, "the elements of an array lie nowhere, or are not aligned");
  if (dtype != spec::DType::Bool) return layout;
  bool is_well_formed = true;
  each_element(array, layout, size, [&](const std::byte* element) { is_well_formed &= static_cast<uint8_t>(*element) <= 1; });
  if (!is_well_formed) return api_fail(ApiError::Options, "an element of an array of bool is neither 0 nor 1");
  return layout;
}

std::vector<std::byte> gather(const stark_array& array, const devices::Layout& layout) {
  const auto size = static_cast<size_t>(spec::dtype_bytes(layout.type.dtype));
  std::vector<std::byte> bytes(static_cast<size_t>(*layout.type.shape.element_count()) * size);
  std::byte* to = bytes.data();
  each_element(array, layout, size, [&](const std::byte* element) { std::memcpy(to, element, size), to += size; });
  return bytes;
}

void scatter(const std::vector<std::byte>& bytes, const stark_array& array, const devices::Layout& layout) {
  const auto size = static_cast<size_t>(spec::dtype_bytes(layout.type.dtype));
  const std::byte* from = bytes.data();
  each_element(array, layout, size, [&](std::byte* element) { std::memcpy(element, from, size), from += size; });
}

}  // namespace stark::api

// bytecode-spec/tensor/dtype.h — DType, the type of a tensor's elements, and the facts of its row.
// Room: spec/tensor. In: dtypes.def. Out: size, name, family of each element type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bytecode-spec/base/check.h"

namespace stark::spec {

enum class DType : uint8_t {
#define DTYPE(id, name, bytes, family) id,
#include "bytecode-spec/tensor/dtypes.def"
#undef DTYPE
};

enum class DTypeFamily : uint8_t { Float, Signed, Unsigned, Boolean };

struct DTypeRow {
  std::string_view name;
  uint8_t bytes;
  DTypeFamily family;
};

inline constexpr std::array kDTypeRows = {
#define DTYPE(id, name, bytes, family) DTypeRow{name, bytes, DTypeFamily::family},
#include "bytecode-spec/tensor/dtypes.def"
#undef DTYPE
};
inline constexpr size_t kDTypeCount = kDTypeRows.size();

constexpr const DTypeRow& dtype_row(DType dtype) { return kDTypeRows[static_cast<size_t>(dtype)]; }
constexpr int64_t dtype_bytes(DType dtype) { return dtype_row(dtype).bytes; }
constexpr std::string_view dtype_name(DType dtype) { return dtype_row(dtype).name; }

constexpr bool is_float(DType dtype) { return dtype_row(dtype).family == DTypeFamily::Float; }
constexpr bool is_signed_integer(DType dtype) { return dtype_row(dtype).family == DTypeFamily::Signed; }
constexpr bool is_unsigned_integer(DType dtype) { return dtype_row(dtype).family == DTypeFamily::Unsigned; }
constexpr bool is_integer(DType dtype) { return is_signed_integer(dtype) || is_unsigned_integer(dtype); }
constexpr bool is_numeric(DType dtype) { return dtype != DType::Bool; }

constexpr std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kDTypeCount; ++i)
    if (kDTypeRows[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

// The reading of a number that came from outside: an attribute, a byte of a bundle.
constexpr std::optional<DType> dtype_from_number(int64_t number) {
  if (number < 0 || number >= static_cast<int64_t>(kDTypeCount)) return std::nullopt;
  return static_cast<DType>(number);
}

}  // namespace stark::spec

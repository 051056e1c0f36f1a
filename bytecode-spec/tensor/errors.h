// bytecode-spec/tensor/errors.h — the codes of tensor errors and the one way to make such an Error.
// Room: spec/tensor. In: errors.def. Out: std::unexpected<Error> with a T… code.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "bytecode-spec/base/error.h"

namespace stark::spec {

enum class TensorError : uint8_t {
#define TENSOR_ERROR(id, code, text) id,
#include "bytecode-spec/tensor/errors.def"
#undef TENSOR_ERROR
};

struct TensorErrorRow {
  std::string_view code, text;
};

inline constexpr std::array kTensorErrorRows = {
#define TENSOR_ERROR(id, code, text) TensorErrorRow{code, text},
#include "bytecode-spec/tensor/errors.def"
#undef TENSOR_ERROR
};

template <class... Args>
std::unexpected<Error> tensor_fail(TensorError error, fmt::format_string<Args...> format, Args&&... args) {
  return fail(std::string(kTensorErrorRows[static_cast<size_t>(error)].code),
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace stark::spec

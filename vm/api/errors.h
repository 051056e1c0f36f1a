// vm/api/errors.h — the codes of the C interface, and the one way to make such an Error.
// Room: vm/api. In: errors.def. Out: std::unexpected<Error> with an A… code.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "bytecode-spec/base/error.h"

namespace stark::api {

enum class ApiError : uint8_t {
#define API_ERROR(name, code, meaning, mend) name,
#include "vm/api/errors.def"
};

struct ApiErrorRow {
  std::string_view code, meaning, mend;
};
inline constexpr std::array kApiErrors = {
#define API_ERROR(name, code, meaning, mend) ApiErrorRow{code, meaning, mend},
#include "vm/api/errors.def"
};

inline std::unexpected<Error> api_fail(ApiError which, std::string found) {
  const ApiErrorRow& row = kApiErrors[static_cast<size_t>(which)];
  return fail(std::string(row.code), std::move(found), std::string(row.mend));
}

}  // namespace stark::api

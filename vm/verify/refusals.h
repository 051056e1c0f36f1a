// vm/verify/refusals.h — makes the coded refusals of refusals.def.
// Room: vm/verify. In: a row's name and what was found. Out: an unexpected Error.
#pragma once

#include <span>
#include <string_view>

#include "bytecode-spec/base/error.h"

namespace stark::vm {

enum class Refusal : uint8_t {
#define REFUSAL(name, code, meaning, mend) name,
#include "vm/verify/refusals.def"
};

struct RefusalRow {
  std::string_view code, meaning, mend;
};
std::span<const RefusalRow> refusals();

std::unexpected<Error> refuse(Refusal which, std::string found);

// Hands an error on to a caller with another value type.
#define STARK_TRY(expression)                                                      \
  do {                                                                             \
    if (auto tried = (expression); !tried) return std::unexpected(tried.error()); \
  } while (false)

}  // namespace stark::vm

// bytecode-spec/errors.h — makes the coded errors of errors.def.
// Room: bytecode-spec. In: a row's name and what was found. Out: an unexpected Error with the row's code and mend.
#pragma once

#include "bytecode-spec/base/error.h"

namespace stark::spec {

enum class SpecError {
#define SPEC_ERROR(name, code, meaning, mend) name,
#include "bytecode-spec/errors.def"
};

std::unexpected<Error> refuse(SpecError which, std::string found);

}  // namespace stark::spec

// compiler/types/diagnostics.h — the rows of types/diagnostics.def as values.
// Room: types. In: diagnostics.def. Out: one constant per row. Law: codes begin with T.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::types::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/types/diagnostics.def"
#undef DIAG
}  // namespace stark::types::diag

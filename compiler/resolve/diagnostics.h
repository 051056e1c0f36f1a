// compiler/resolve/diagnostics.h — the rows of resolve/diagnostics.def as values.
// Room: resolve. In: diagnostics.def. Out: one constant per row. Law: codes begin with N.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::resolve::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/resolve/diagnostics.def"
#undef DIAG
}  // namespace stark::resolve::diag

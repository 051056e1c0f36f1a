// compiler/parse/diagnostics.h — the rows of parse/diagnostics.def as values.
// Room: parse. In: diagnostics.def. Out: one constant per row. Law: codes begin with P.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::parse::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/parse/diagnostics.def"
#undef DIAG
}  // namespace stark::parse::diag

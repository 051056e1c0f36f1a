// compiler/codegen/diagnostics.h — the rows of codegen/diagnostics.def as values.
// Room: codegen. In: diagnostics.def. Out: one constant per row. Law: codes begin with C.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::codegen::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/codegen/diagnostics.def"
#undef DIAG
}  // namespace stark::codegen::diag

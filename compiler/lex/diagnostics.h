// compiler/lex/diagnostics.h — the rows of lex/diagnostics.def as values.
// Room: lex. In: diagnostics.def. Out: one constant per row. Law: codes begin with L.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::lex::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/lex/diagnostics.def"
#undef DIAG
}  // namespace stark::lex::diag

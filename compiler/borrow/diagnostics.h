// compiler/borrow/diagnostics.h — the diagnostics of the borrow stage as values.
// Room: borrow. In: diagnostics.def. Out: stark::borrow::diag.
#pragma once

#include "compiler/diagnostics/diagnostics.h"

namespace stark::borrow::diag {
#define DIAG STARK_DIAGNOSTIC_ROW
#include "compiler/borrow/diagnostics.def"
#undef DIAG
}  // namespace stark::borrow::diag

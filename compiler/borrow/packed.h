// compiler/borrow/packed.h — what a borrow may not refer to though nobody else uses it.
// Room: borrow. In: one borrow of a function. Out: a diagnostic, or nothing.
#pragma once

#include "compiler/borrow/flow.h"
#include "compiler/diagnostics/diagnostics.h"

namespace stark::borrow {

void check_packed(const Body& body, const Instruction& borrow, diagnostics::Sink& sink);

}  // namespace stark::borrow

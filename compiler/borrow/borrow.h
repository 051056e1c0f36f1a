// compiler/borrow/borrow.h — checks moves and borrows of a MIR program, then settles every drop.
// Room: borrow, public face. In: mir::Program with a Drop at every scope end. Out: errors B…; drops of moved values removed,
// drops of maybe-moved ones turned into DropFlag.
// Law: what passes is accepted by the verifier of the VM.
#pragma once

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/mir/mir.h"

namespace stark::borrow {

void check(mir::Program& program, diagnostics::Sink& sink);

}  // namespace stark::borrow

// compiler/lower/lower.h — from typed expressions to MIR: places, temporaries, scopes, branches.
// Room: lower, public face. In: Typed without errors. Out: mir::Program, in which every scope end drops everything it holds.
// Law: drops are unconditional here; which of them are needed is borrow's to find out.
#pragma once

#include "compiler/mir/mir.h"
#include "compiler/types/typed.h"

namespace stark::lower {

mir::Program lower(const types::Typed& typed, types::TypeTable& table);

}  // namespace stark::lower

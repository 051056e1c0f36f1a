// compiler/codegen/codegen.h — turns checked MIR into a module: registers, regions, loans, block states, code.
// Room: codegen, public face. In: mir::Program after borrow::check without errors. Out: spec::Module ready for the writer.
// Law: the same program gives the same module; every annotation is re-proved by the VM.
#pragma once

#include "bytecode-spec/module.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/mir/mir.h"

namespace stark::codegen {

spec::Module generate(const mir::Program& program, diagnostics::Sink& sink);

}  // namespace stark::codegen

// compiler/codegen/codegen.h — turns checked MIR into a module: registers, regions, loans, block states, code.
// Room: codegen, public face. In: mir::Program and what borrow::check said of it, without errors. Out: spec::Module, ready
// for the writer but for its segment rows' offsets.
// Law: the same program gives the same module; every annotation is proved again by the VM.
#pragma once

#include "bytecode-spec/module.h"
#include "compiler/borrow/borrow.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/mir/mir.h"
#include "compiler/source/source_map.h"

namespace stark::codegen {

spec::Module generate(const mir::Program& program, const borrow::Annotations& annotations, const SourceMap& sources,
                      diagnostics::Sink& sink);

}  // namespace stark::codegen

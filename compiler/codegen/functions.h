// compiler/codegen/functions.h — writes one function into the module.
// Room: codegen. In: mir::Function, annotations, tables. Out: rows of spec::Module.
#pragma once

#include "compiler/codegen/codegen.h"
#include "compiler/codegen/tables.h"

namespace stark::codegen {

void write_function(const mir::Program& program, const mir::Function& function, const borrow::FunctionAnnotations& annotations,
                    const SourceMap& sources, Tables& tables, spec::Module& module, diagnostics::Sink& sink);

}  // namespace stark::codegen

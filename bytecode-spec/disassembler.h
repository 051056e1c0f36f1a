// bytecode-spec/disassembler.h — a module as text (.skasm), complete: the assembler makes an equal module of it.
// Room: bytecode-spec, public face. In: any Module, proven or not. Out: text; indices that point nowhere are printed as they are.
#pragma once

#include <string>

#include "bytecode-spec/module.h"

namespace stark::spec {

std::string disassemble(const Module& module);

}  // namespace stark::spec

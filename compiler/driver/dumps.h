// compiler/driver/dumps.h — what --dump prints of the later stages, whole or of one function.
// Room: driver, private. In: products of the stages. Out: text.
#pragma once

#include <string>

#include "bytecode-spec/module.h"
#include "compiler/borrow/borrow.h"

namespace stark::driver {

// The sections of a text that begin with `head` and name `only`; all of it where `only` is empty.
std::string sections(const std::string& text, std::string_view head, std::string_view only);
// What the borrow check knows of one function: regions of its locals, its loans, and what is held before each block.
std::string facts(const mir::Function& function, const borrow::FunctionAnnotations& known);

}  // namespace stark::driver

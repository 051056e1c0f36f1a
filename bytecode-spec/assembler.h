// bytecode-spec/assembler.h — makes a module of its text (.skasm). It checks the form of the text and nothing else, so that
// tests can write modules that no compiler would.
// Room: bytecode-spec, public face. In: text as disassembler.h writes it. Out: Module and the bytes of its segments, or S10.
#pragma once

#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/module.h"

namespace stark::spec {

struct Assembled {
  Module module;
  std::vector<std::vector<std::byte>> segments;  // zeros, of the lengths that the text gives
};

Result<Assembled> assemble(std::string_view text);

}  // namespace stark::spec

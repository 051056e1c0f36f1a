// tests/borrow/trial.h — one compilation in memory: what was reported, and the module, also of a program whose borrows are refused.
// Room: tests. In: text of a program. Out: diagnostics, module. The compiler's own verdict about borrows decides nothing here, so that
// others can be asked for theirs.
#pragma once

#include <optional>
#include <string>

#include "bytecode-spec/module.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/source/source_map.h"

namespace stark::tests {

enum class Borrows : uint8_t { AsWritten, Lexical, Nll };

struct Trial {
  SourceMap sources;
  diagnostics::Sink sink;
  std::optional<spec::Module> module;  // nothing where a stage before or behind the borrow check refused
};

Trial compile(const std::string& name, const std::string& text, Borrows borrows);

// "accept", or the code of the refusal, with its words in `detail`. Without segments.
std::string verdict(spec::Module module, std::string& detail);

}  // namespace stark::tests

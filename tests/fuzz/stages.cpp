// tests/fuzz/stages.cpp — every stage over hostile text, as far as a compilation would go.
// Room: tests. In: bytes. Out: an abort where a law is broken.
#include "bytecode-spec/disassembler.h"
#include "compiler/borrow/borrow.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/shipped.h"
#include "compiler/lower/lower.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/support.h"
#include "tests/fuzz/targets.h"

namespace stark::tests {
namespace {

void all_stages(const std::string& text) {
  SourceMap sources;
  diagnostics::Sink sink;
  types::TypeTable table;
  const resolve::PackageInput package{sources.add("fuzz.stark", text), {}};
  const resolve::Names names = resolve::resolve(sources, {&package, 1}, driver::library(), {}, sink);
  const types::Typed typed = types::check(sources, names, table, sink);
  if (sink.errors() == 0) {
    mir::Program program = lower::lower(typed, table);
    program.borrows_nll = names.borrows_nll;
    CHECK(mir::validate(program).empty());
    const borrow::Annotations annotations = borrow::check(program, sink);
    if (sink.errors() == 0) {
      const spec::Module module = codegen::generate(program, annotations, sources, sink);
      if (sink.errors() == 0) CHECK(!spec::disassemble(module).empty());
    }
  }
  render_all(sources, sink);
}

}  // namespace

void fuzz_frontend(const uint8_t* bytes, size_t size) { with_room(all_stages, {reinterpret_cast<const char*>(bytes), size}); }
void fuzz_grammar(const uint8_t* bytes, size_t size) { with_room(all_stages, shaped_program(bytes, size)); }

}  // namespace stark::tests

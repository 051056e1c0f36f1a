// tests/borrow/trial.cpp — the stages in order, with the borrow check told to annotate what it refuses.
// Room: tests. In: text. Out: Trial; the verifier's verdict.
#include "tests/borrow/trial.h"

#include "bytecode-spec/base/check.h"
#include "bytecode-spec/reader.h"
#include "bytecode-spec/writer.h"
#include "compiler/borrow/borrow.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/shipped.h"
#include "compiler/lower/lower.h"
#include "vm/verify/verify.h"

namespace stark::tests {

Trial compile(const std::string& name, const std::string& text, Borrows borrows) {
  Trial out;
  types::TypeTable table;
  const resolve::PackageInput package{out.sources.add(name, text), {}};
  const resolve::Names names = resolve::resolve(out.sources, {&package, 1}, driver::library(), {}, out.sink);
  const types::Typed typed = types::check(out.sources, names, table, out.sink);
  if (out.sink.errors() != 0) return out;
  mir::Program program = lower::lower(typed, table);
  program.borrows_nll = borrows == Borrows::AsWritten ? names.borrows_nll : borrows == Borrows::Nll;
  CHECK(mir::validate(program).empty());
  const borrow::Annotations annotations = borrow::check(program, out.sink, borrow::Refused::Annotate);
  const size_t refused = out.sink.errors();
  spec::Module module = codegen::generate(program, annotations, out.sources, out.sink);
  if (out.sink.errors() == refused) out.module = std::move(module);
  return out;
}

std::string verdict(spec::Module module, std::string& detail) {
  spec::lay_out_segments(module, {});
  auto bundle = spec::decode_bundle(spec::encode_program(module));
  if (!bundle) return detail = bundle.error().message, bundle.error().code;
  const auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (verified) return "accept";
  detail = verified.error().message;
  return verified.error().code;
}

}  // namespace stark::tests

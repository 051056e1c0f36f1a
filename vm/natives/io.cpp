// vm/natives/io.cpp — print and its family.
// Room: vm/natives. In: text. Out: bytes on standard output and standard error, as many as the host lets through.
#include <fmt/format.h>

#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

void check(NativeCall& call, bool fits) {
  if (!fits) call.host.fail(Exit::Limit, fmt::format("out of room for output: the program may print {} bytes", call.host.options.output_limit), "raise it with `--output-limit`");
}

}  // namespace

void Print(NativeCall& call) { check(call, call.host.out.write(text_of(call.handle(0)))); }
void Println(NativeCall& call) { check(call, call.host.out.write_line(text_of(call.handle(0)))); }
void Eprint(NativeCall& call) { check(call, call.host.out.write_error(text_of(call.handle(0)))); }
void Eprintln(NativeCall& call) { check(call, call.host.out.write_error(std::string(text_of(call.handle(0))) + '\n')); }

}  // namespace stark::vm::natives

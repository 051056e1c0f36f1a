// vm/natives/io.cpp — print and its family.
// Room: vm/natives. In: text. Out: bytes on standard output and standard error.
#include "vm/natives/table.h"

namespace stark::vm::natives {

void Print(NativeCall& call) { call.host.out.write(text_of(call.handle(0))); }
void Println(NativeCall& call) { call.host.out.write_line(text_of(call.handle(0))); }

void Eprint(NativeCall& call) {
  call.host.out.flush();
  write_all(call.host.options.errors, text_of(call.handle(0)));
}

void Eprintln(NativeCall& call) {
  call.host.out.flush();
  write_all(call.host.options.errors, std::string(text_of(call.handle(0))) + '\n');
}

}  // namespace stark::vm::natives

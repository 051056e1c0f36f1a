// vm/natives/table.h — declares the body of every native, under its name in natives.def.
// Room: vm/natives, private. In: natives.def. Out: declarations that the families define.
#pragma once

#include "vm/natives/native_call.h"

namespace stark::vm::natives {

#define NATIVE(name, text, signature, blocking, capability) void name(NativeCall& call);
#include "bytecode-spec/natives.def"

}  // namespace stark::vm::natives

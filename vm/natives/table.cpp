// vm/natives/table.cpp — the table of bodies, from natives.def: a row without a body does not link.
// Room: vm/natives. In: a native. Out: its body.
#include "vm/natives/table.h"

#include "vm/objects/text.h"

namespace stark::vm {

NativeBody native_body(spec::Native native) {
  static constexpr NativeBody kBodies[] = {
#define NATIVE(name, text, signature, blocking, capability) natives::name,
#include "bytecode-spec/natives.def"
  };
  return kBodies[static_cast<size_t>(native)];
}

gc::Object* NativeCall::allocate(const gc::TypeInfo& type, uint64_t count) {
  gc::Object* object = host.heap.allocate(type, count);
  if (object == nullptr) host.fail_memory();
  return object;
}

void NativeCall::give_text(std::string_view text) {
  gc::Object* object = make_text(host.heap, text);
  if (object == nullptr) return host.fail_memory();
  give(object);
}

}  // namespace stark::vm

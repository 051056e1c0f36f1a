// vm/objects/text.h — making text objects and the buffers behind String and Vec.
// Room: vm/objects. In: bytes. Out: objects of the managed heap, or permanent ones outside of it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "gc/mutator.h"
#include "vm/objects/values.h"

namespace stark::vm {

// Of text objects and of String buffers alike: a header and bytes.
const gc::TypeInfo& text_info();

// Null when the heap is full. `text` may lie in the heap: it is copied to the side first when it does.
gc::Object* make_text(gc::Mutator& heap, std::string_view text);

// Text that lives as long as its pool, at one place: the constants of a program.
class TextPool {
 public:
  gc::Object* add(std::string_view text);

 private:
  std::vector<std::unique_ptr<gc::Object[]>> objects_;
};

}  // namespace stark::vm

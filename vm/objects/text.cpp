// vm/objects/text.cpp — text objects, in the heap and beside it.
// Room: vm/objects. In: see text.h.
#include "vm/objects/text.h"

#include <string>

namespace stark::vm {

const gc::TypeInfo& text_info() {
  static const gc::TypeInfo info{"text", 0, 1};
  return info;
}

gc::Object* make_text(gc::Mutator& heap, std::string_view text) {
  std::string aside;
  if (heap.heap().contains(text.data())) text = aside = std::string(text);
  gc::Object* object = heap.allocate(text_info(), text.size());
  if (object != nullptr && !text.empty()) std::memcpy(object->payload(), text.data(), text.size());
  return object;
}

gc::Object* TextPool::add(std::string_view text) {
  const size_t headers = 1 + (text.size() + sizeof(gc::Object) - 1) / sizeof(gc::Object);
  auto memory = std::make_unique<gc::Object[]>(headers);
  gc::Object* object = memory.get();
  object->type = &text_info();
  object->count = text.size();
  if (!text.empty()) std::memcpy(object->payload(), text.data(), text.size());
  objects_.push_back(std::move(memory));
  return object;
}

}  // namespace stark::vm

// gc/type_info.h — TypeInfo: what a client tells the collector about a kind of object, and Object, the header before each.
// Room: gc, public face. In: sizes and pointer maps. Out: what allocation and tracing need.
// Law: a TypeInfo outlives every object made with it; a word is a pointer of one kind for the whole life of its object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stark::gc {

// Base: null, the start of an object, or an address outside the heap. Interior: any address at all. Weak: as Base, but it keeps
// nothing alive, and is null once its object is gone.
enum class SlotKind : uint8_t { Base, Interior, Weak };

struct Slot {
  uint32_t offset = 0;  // bytes from the start of the part it belongs to
  SlotKind kind = SlotKind::Base;
};

// An object is its header, a fixed part, then `count` elements.
struct TypeInfo {
  const char* name = "";
  uint32_t fixed_size = 0;    // a multiple of 8 when elements with pointers follow
  uint32_t element_size = 0;
  std::vector<Slot> fixed_slots = {};
  std::vector<Slot> element_slots = {};
};

struct alignas(16) Object {
  const TypeInfo* type = nullptr;
  uint64_t count = 0;  // elements

  std::byte* payload() { return reinterpret_cast<std::byte*>(this + 1); }
  const std::byte* payload() const { return reinterpret_cast<const std::byte*>(this + 1); }
};
static_assert(sizeof(Object) == 16);

}  // namespace stark::gc

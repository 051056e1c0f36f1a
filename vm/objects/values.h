// vm/objects/values.h — how values that are more than a scalar lie in registers: text, vectors, fat references, devices.
// Room: vm/objects. In: addresses of values. Out: their parts.
// Law: these are the layouts of types.def; the verifier's sizes and pointer maps say the same.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "bytecode-spec/limits.h"
#include "gc/type_info.h"

namespace stark::vm {

// `str`: a handle to an immutable object whose elements are its bytes.
using TextHandle = gc::Object*;

// `Vec<T>` and `String`. The capacity is the buffer's count; an empty one needs no buffer.
struct VecValue {
  gc::Object* buffer = nullptr;
  uint64_t length = 0;

  uint64_t capacity() const { return buffer != nullptr ? buffer->count : 0; }
  std::byte* data() const { return buffer != nullptr ? buffer->payload() : nullptr; }
};

// `&str`, `&[T]`, and `&dyn T`, whose second word is a vtable.
struct FatRef {
  std::byte* address = nullptr;
  uint64_t length = 0;

  std::string_view text() const { return {reinterpret_cast<const char*>(address), length}; }
};

// What the second word of a trait object or a `fn` points to: the type that the first word's value has, and its methods.
struct VTable {
  uint32_t type = 0;
  struct Function** functions = nullptr;
};
// `Box<dyn T>`, `Box<[T]>` and `fn`: an object, and its vtable or its length. A thin Box is the object alone.
struct FatBox {
  gc::Object* object = nullptr;
  union {
    uint64_t length = 0;
    const VTable* vtable;
  };
};
// A value in an object of its own lies at the object's payload.
inline constexpr uint32_t kBoxed = sizeof(gc::Object);
// The count of a shared object, which has no elements, says what is known of its handles: there is one; there were more; its
// value has been taken out and is not dropped with it.
enum class SharedState : uint64_t { Only, Many, Empty };
// The value of a RefCell lies behind its count: readers, or -1 for a writer. A guard is the RefCell's address.
// That of a Mutex, RwLock or OnceSlot lies behind a word as well, and so does what an Arc shares.
inline constexpr uint32_t kCounted = sizeof(int64_t);
// The first half of a OnceSlot's word.
inline constexpr uint32_t kOnceEmpty = 0, kOnceFilling = 1, kOnceFull = 2;

// `Device`. Kinds as they print; ordinal counts within the kind.
enum class DeviceKind : uint32_t { Cpu, Cuda, OpenCl, Vulkan, Null };
struct DeviceValue {
  DeviceKind kind = DeviceKind::Cpu;
  uint32_t ordinal = 0;
};
static_assert(static_cast<uint32_t>(DeviceKind::Null) + 1 == spec::kDeviceKinds);

static_assert(sizeof(VecValue) == 16 && sizeof(FatRef) == 16 && sizeof(FatBox) == 16 && sizeof(DeviceValue) == 8);

inline std::string_view text_of(const gc::Object* text) {
  return {reinterpret_cast<const char*>(text->payload()), text->count};
}

template <class T>
T load(const void* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}
template <class T>
void store(void* address, const T& value) {
  std::memcpy(address, &value, sizeof value);
}

// A Box of either size.
inline FatBox load_box(const void* address, size_t size) {
  FatBox box;
  std::memcpy(static_cast<void*>(&box), address, size);
  return box;
}

// What a bundle owns without knowing its inside; deleted by its drop.
class OpaqueObject {
 public:
  virtual ~OpaqueObject() = default;
  OpaqueObject *before = nullptr, *after = nullptr;  // in the list of those that a program has
};

}  // namespace stark::vm

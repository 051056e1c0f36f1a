// vm/objects/values.h — how values that are more than a scalar lie in registers: text, vectors, fat references, devices.
// Room: vm/objects. In: addresses of values. Out: their parts.
// Law: these are the layouts of types.def; the verifier's sizes and pointer maps say the same.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

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

// `&str` and `&[T]`.
struct FatRef {
  std::byte* address = nullptr;
  uint64_t length = 0;

  std::string_view text() const { return {reinterpret_cast<const char*>(address), length}; }
};

// `Device`. Kinds as they print; ordinal counts within the kind.
enum class DeviceKind : uint32_t { Cpu, Cuda, OpenCl, Vulkan, Null };
struct DeviceValue {
  DeviceKind kind = DeviceKind::Cpu;
  uint32_t ordinal = 0;
};

static_assert(sizeof(VecValue) == 16 && sizeof(FatRef) == 16 && sizeof(DeviceValue) == 8);

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

// What a bundle owns without knowing its inside; deleted by its drop.
class OpaqueObject {
 public:
  virtual ~OpaqueObject() = default;
};

}  // namespace stark::vm

// devices/reference/element.cpp — loading, storing and converting single elements.
// Room: devices/reference. In: bytes and an element type. Out: Numbers.
#include "devices/reference/element.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "devices/kernel/half.h"

namespace stark::devices::reference {
namespace {

using spec::DType;

template <class T>
T get(const std::byte* memory, int64_t index) {
  T value;
  std::memcpy(&value, memory + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <class T>
void put(std::byte* memory, int64_t index, T value) {
  std::memcpy(memory + index * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

template <class T>
int64_t saturated(double real) {
  if (std::isnan(real)) return 0;
  const double truncated = std::trunc(real);
  if (truncated <= static_cast<double>(std::numeric_limits<T>::min()))
    return static_cast<int64_t>(std::numeric_limits<T>::min());
  if (truncated >= static_cast<double>(std::numeric_limits<T>::max()))
    return static_cast<int64_t>(std::numeric_limits<T>::max());
  return static_cast<int64_t>(static_cast<T>(truncated));
}

int64_t whole_of(double real, DType to) {
  switch (to) {
    case DType::I8: return saturated<int8_t>(real);
    case DType::I16: return saturated<int16_t>(real);
    case DType::I32: return saturated<int32_t>(real);
    case DType::I64: return saturated<int64_t>(real);
    case DType::U8: return saturated<uint8_t>(real);
    case DType::U16: return saturated<uint16_t>(real);
    case DType::U32: return saturated<uint32_t>(real);
    case DType::U64: return saturated<uint64_t>(real);
    default: return real != 0;
  }
}

}  // namespace

Number load(DType dtype, const std::byte* memory, int64_t index) {
  switch (dtype) {
    case DType::F32: return {get<float>(memory, index), 0};
    case DType::F64: return {get<double>(memory, index), 0};
    case DType::F16: return {kernel::float_of_f16(get<uint16_t>(memory, index)), 0};
    case DType::BF16: return {kernel::float_of_bf16(get<uint16_t>(memory, index)), 0};
    case DType::I8: return {0, get<int8_t>(memory, index)};
    case DType::I16: return {0, get<int16_t>(memory, index)};
    case DType::I32: return {0, get<int32_t>(memory, index)};
    case DType::U8: return {0, get<uint8_t>(memory, index)};
    case DType::U16: return {0, get<uint16_t>(memory, index)};
    case DType::U32: return {0, get<uint32_t>(memory, index)};
    case DType::I64:
    case DType::U64: return {0, get<int64_t>(memory, index)};
    case DType::Bool: return {0, get<uint8_t>(memory, index) != 0};
  }
  CHECK(false);
}

void store(DType dtype, std::byte* memory, int64_t index, Number number) {
  switch (dtype) {
    case DType::F32: return put(memory, index, static_cast<float>(number.real));
    case DType::F64: return put(memory, index, number.real);
    case DType::F16: return put(memory, index, kernel::f16_of_float(static_cast<float>(number.real)));
    case DType::BF16: return put(memory, index, kernel::bf16_of_float(static_cast<float>(number.real)));
    case DType::Bool: return put(memory, index, static_cast<uint8_t>(number.whole != 0));
    default: break;
  }
  switch (spec::dtype_bytes(dtype)) {
    case 1: return put(memory, index, static_cast<uint8_t>(number.whole));
    case 2: return put(memory, index, static_cast<uint16_t>(number.whole));
    case 4: return put(memory, index, static_cast<uint32_t>(number.whole));
    default: return put(memory, index, number.whole);
  }
}

Number convert(Number number, DType from, DType to) {
  if (spec::is_float(from)) return spec::is_float(to) ? number : Number{0, whole_of(number.real, to)};
  if (spec::is_float(to)) {
    const auto bits = static_cast<uint64_t>(number.whole);
    return {from == DType::U64 ? static_cast<double>(bits) : static_cast<double>(number.whole), 0};
  }
  return {0, to == DType::Bool ? number.whole != 0 : number.whole};
}

}  // namespace stark::devices::reference

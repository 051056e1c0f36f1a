// devices/reference/element.h — one element of any type as a Number: f64 for floats, 64 bits for the rest.
// Room: devices/reference. In: bytes and an element type. Out: Numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bytecode-spec/tensor/dtype.h"

namespace stark::devices::reference {

struct Number {
  double real = 0;    // of a float
  int64_t whole = 0;  // of an integer or bool; a u64 as its bits
};

Number load(spec::DType dtype, const std::byte* memory, int64_t index);
void store(spec::DType dtype, std::byte* memory, int64_t index, Number number);
// As `cast` does it: truncating, saturating, NaN to 0; integers to integers wrap.
Number convert(Number number, spec::DType from, spec::DType to);

}  // namespace stark::devices::reference

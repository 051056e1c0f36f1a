// devices/kernel/functions.h — the functions that rendered kernels call, written out for the types they are called
// with. Room: devices/kernel. In: names such as `max_f32`, a Dialect. Out: their text.
#pragma once

#include <string>
#include <string_view>

#include "devices/kernel/render.h"

namespace stark::devices::kernel {

// What the dialect calls a register of this type, and an element in memory.
std::string_view register_name(DType dtype, Dialect dialect);
std::string_view element_name(DType dtype, Dialect dialect);

// Macros and helpers that every kernel starts with; `types` are those it uses.
std::string prelude(Dialect dialect, const std::set<DType>& types);
// The function of an arithmetic instruction on a type: empty when the dialect has an operator or built-in for it,
// nothing when it cannot be said.
std::optional<std::string> function_text(Op op, DType dtype, Dialect dialect);
std::string cast_text(DType from, DType to, std::string_view value, Dialect dialect);
std::string random_text(Dialect dialect);

}  // namespace stark::devices::kernel

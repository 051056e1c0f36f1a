// tools/oracle/flows.h — what a call lets flow: the lifetimes of what is called, and how its signature relates them.
// Room: tools/oracle. Essay: README.md, "Calls". In: signatures, patterns of natives. Out: Shape.
#pragma once

#include <optional>
#include <utility>

#include "bytecode-spec/native_signature.h"
#include "tools/oracle/types.h"

namespace stark::oracle {

struct Shape {
  std::vector<Typed> parameters;  // their slots are lifetimes of the callee: 0 is 'static
  Typed result;
  uint32_t count = 0;
  std::vector<std::pair<uint32_t, uint32_t>> outlives;  // longer, shorter
};

Shape shape_of(const TypeBook& types, uint32_t signature);
// Whether `longer` outlives `shorter` by what the shape declares.
bool outlives(const Shape& shape, uint32_t longer, uint32_t shorter);
// A native at these argument types; kNone for a constant.
Shape shape_of_native(const TypeBook& types, spec::Native native, const std::vector<uint32_t>& arguments, uint32_t result);

}  // namespace stark::oracle

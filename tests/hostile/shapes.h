// tests/hostile/shapes.h — modules of the shapes that make verifiers slow, each with the answer it must get.
// Room: tests. In: —. Out: Shape.
#pragma once

#include <string>
#include <vector>

#include "bytecode-spec/module.h"

namespace stark::tests {

struct Shape {
  std::string name;
  spec::Module module;
  std::string expected;
  std::string told = "";  // part of the message
};

std::vector<Shape> hostile_shapes();

}  // namespace stark::tests

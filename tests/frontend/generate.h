// tests/frontend/generate.h — programs made by rule: large ones that compile, and deep ones that need not.
// Room: tests. In: sizes. Out: STARK text, the same for the same numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stark::tests {

// A correct program of about 17 lines a function: structs, enums, impls, loops, matches, f-strings, calls between functions.
std::string large_program(int functions);

// What is nested `depth` times: each of the kinds of deep_kinds().
std::vector<std::string_view> deep_kinds();
std::string deep_program(std::string_view kind, int depth);

}  // namespace stark::tests

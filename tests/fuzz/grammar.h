// tests/fuzz/grammar.h — a program shaped by bytes: each choice of the grammar takes the next one.
// Room: tests. In: bytes. Out: STARK text that parses nearly always and makes sense often enough to reach the last stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace stark::tests {

std::string shaped_program(const uint8_t* bytes, size_t size);

}  // namespace stark::tests

// tests/fuzz/targets.h — what is done with the bytes of one run.
// Room: tests. In: bytes. Out: nothing; whatever they are, no target may crash, hang or break a law of its stage.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stark::tests {

void fuzz_lexer(const uint8_t* bytes, size_t size);
void fuzz_parser(const uint8_t* bytes, size_t size);
void fuzz_resolver(const uint8_t* bytes, size_t size);  // modules, imports, attributes
void fuzz_frontend(const uint8_t* bytes, size_t size);  // every stage over the bytes as text
void fuzz_grammar(const uint8_t* bytes, size_t size);   // every stage over a program shaped by the bytes

}  // namespace stark::tests

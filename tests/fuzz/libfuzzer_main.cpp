// tests/fuzz/libfuzzer_main.cpp — the entry that libFuzzer calls, for the target named by STARK_FUZZ_TARGET.
// Room: tests. In: bytes. Out: 0. With STARK_FUZZ_SHOW set, the program that the grammar makes of them is printed first.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/grammar.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (std::getenv("STARK_FUZZ_SHOW") != nullptr) std::puts(stark::tests::shaped_program(bytes, size).c_str());
  stark::tests::STARK_FUZZ_TARGET(bytes, size);
  return 0;
}

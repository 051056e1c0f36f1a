// devices/cpu/loops_avx512.cpp — the inner loops for the instruction set `avx512`; its flags stand in CMakeLists.txt.
// Room: devices/cpu. In: loops.inc. Out: one table.
#define STARK_ISA avx512
#include "devices/cpu/loops.inc"

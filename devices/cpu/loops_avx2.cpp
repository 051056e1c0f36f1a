// devices/cpu/loops_avx2.cpp — the inner loops for the instruction set `avx2`; its flags stand in CMakeLists.txt.
// Room: devices/cpu. In: loops.inc. Out: one table.
#define STARK_ISA avx2
#include "devices/cpu/loops.inc"

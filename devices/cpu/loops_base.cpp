// devices/cpu/loops_base.cpp — the inner loops for the instruction set `base`; its flags stand in CMakeLists.txt.
// Room: devices/cpu. In: loops.inc. Out: one table.
#define STARK_ISA base
#include "devices/cpu/loops.inc"

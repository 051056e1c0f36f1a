// devices/cpu/products_avx2.cpp — our own products for the instruction set `avx2`; its flags stand in CMakeLists.txt.
// Room: devices/cpu. In: products.inc. Out: rows of one table.
#define STARK_ISA avx2
#include "devices/cpu/products.inc"

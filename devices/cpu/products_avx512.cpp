// devices/cpu/products_avx512.cpp — our own products for the instruction set `avx512`; its flags stand in
// CMakeLists.txt. Room: devices/cpu. In: products.inc. Out: rows of one table.
#define STARK_ISA avx512
#include "devices/cpu/products.inc"

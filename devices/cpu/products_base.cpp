// devices/cpu/products_base.cpp — our own products for the instruction set `base`; its flags stand in CMakeLists.txt.
// Room: devices/cpu. In: products.inc. Out: rows of one table.
#define STARK_ISA base
#include "devices/cpu/products.inc"

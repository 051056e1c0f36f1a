// devices/cpu/loops.h — Loops: the table of inner loops, built once per instruction set.
// Room: devices/cpu. In: an instruction or a reduction and its element type. Out: a function over a run of elements.
// Law: the same loop gives the same bits on every instruction set, products aside.
#pragma once

#include <cstdint>

#include "devices/kernel/kernel.h"

namespace stark::devices::cpu {

inline constexpr size_t kDTypes = spec::kDTypeCount;
inline constexpr size_t kOps = static_cast<size_t>(kernel::Op::Cast) + 1;
inline constexpr size_t kReduceKinds = static_cast<size_t>(kernel::ReduceKind::ArgMin) + 1;

using MapLoop = void (*)(void* to, const void* a, const void* b, const void* c, int64_t count);
// Elements to registers, or registers to elements; strides count elements.
using MoveLoop = void (*)(void* to, int64_t to_stride, const void* from, int64_t from_stride, int64_t count);
using IndexLoop = void (*)(int64_t* to, int64_t start, int64_t stride, int64_t count);
using RandomLoop = void (*)(void* to, const int64_t* positions, uint64_t seed, int64_t count);

// Accumulators are of the type of the Reduced register, `best` is where an arg… found its value.
struct ReduceLoops {
  void (*start)(void* accumulator, int64_t* best, int64_t count) = nullptr;
  // All values into accumulator 0; `at` is the position of the first one.
  void (*row)(const void* values, int64_t count, void* accumulator, int64_t* best, int64_t at) = nullptr;
  // Value i into accumulator i; `at` is the position of all of them.
  void (*column)(const void* values, int64_t count, void* accumulator, int64_t* best, int64_t at) = nullptr;
  // Accumulator `from` into accumulator 0, in order.
  void (*merge)(void* accumulator, int64_t* best, const void* from, const int64_t* from_best) = nullptr;
};

// One block of a product: c[m, n] = a[m, k] @ b[k, n], strides in elements, c row-major with unit columns.
struct ProductBlock {
  int64_t m, n, k;
  const void* a;
  int64_t a_row, a_column;
  const void* b;
  int64_t b_row, b_column;
  void* c;
  int64_t c_row;
};
using ProductLoop = void (*)(const ProductBlock& block);

struct Loops {
  const char* name;
  MapLoop map[kOps][kDTypes];      // by the type of the first operand; Select by that of the second
  MapLoop cast[kDTypes][kDTypes];  // from, to
  MoveLoop load[kDTypes], store[kDTypes];
  MapLoop fill[kDTypes];  // `a` points at one value
  IndexLoop index;
  RandomLoop random[kDTypes];
  ReduceLoops reduce[kReduceKinds][kDTypes];  // by the type of the values
  ProductLoop product[kDTypes];
};

// The best this processor can run.
const Loops& loops();

}  // namespace stark::devices::cpu

// devices/cpu/evaluator.h — Evaluator: runs stretches of a kernel's instructions over a block of points.
// Room: devices/cpu. In: KernelCode, slots, scalars. Out: registers as arrays; stores. One per thread at work.
#pragma once

#include "devices/cpu/executor.h"

namespace stark::devices::cpu {

// Points `first`, `first + 1`, … in row-major order of the dims [0, dims), while the other dims rest at `base`.
struct Block {
  size_t dims = 0;
  int64_t first = 0, count = 0;
  Strides base{};  // coordinates of the dims from `dims` on
};

class Evaluator {
 public:
  Evaluator(const KernelCode& code, std::span<const Memory> slots, std::span<const Scalar> scalars, int64_t longest);

  // Instructions [from, to); `direct` may be where the result register goes if that saves a copy.
  void evaluate(size_t from, size_t to, const Block& block, std::byte* direct = nullptr);
  void set(size_t instruction, const void* values) { registers_[instruction] = values; }
  const void* get(size_t instruction) const { return registers_[instruction]; }
  // Writes the result register to the kept points [first, first + count).
  void store(const Block& block);
  // Where the points of a block lie in the output, if they lie side by side and need no conversion.
  std::byte* direct(const Block& block) const;

 private:
  void load(size_t index, const Block& block);
  std::byte* scratch(size_t index);

  const KernelCode& code_;
  std::span<const Memory> slots_;
  std::span<const Scalar> scalars_;
  std::byte* memory_;
  const void* registers_[256];
};

}  // namespace stark::devices::cpu

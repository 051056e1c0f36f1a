// devices/cpu/evaluator.cpp — loads, instructions and stores over one block of points.
// Room: devices/cpu. In: KernelCode, slots, scalars. Out: registers as arrays; stores.
#include "devices/cpu/evaluator.h"

#include <cstring>

namespace stark::devices::cpu {
namespace {

using kernel::Instruction;
using kernel::Op;

// Calls visit(element index, stride, points done, points) for each stretch along the innermost dim.
template <class Visit>
void each_run(const kernel::Access& access, const Strides& extents, size_t rank, const Block& block, Visit visit) {
  int64_t origin = access.offset;
  for (size_t d = block.dims; d < rank; ++d) origin += block.base[d] * access.strides[d];
  if (block.dims == 0) return visit(origin, int64_t{0}, int64_t{0}, block.count);
  const size_t inner = block.dims - 1;
  int64_t done = 0, outer = block.first, at = 0;
  if (inner == 0) {
    at = outer;
    outer = 0;
  } else {
    at = outer % extents[inner];
    outer /= extents[inner];
  }
  while (done < block.count) {
    int64_t index = origin + at * access.strides[inner], rest = outer;
    for (size_t d = inner; d-- > 0;) {
      index += rest % extents[d] * access.strides[d];
      rest /= extents[d];
    }
    const int64_t run = std::min(block.count - done, extents[inner] - at);
    visit(index, access.strides[inner], done, run);
    done += run;
    at = 0;
    ++outer;
  }
}

// One scratch area per thread, grown and never given back while the thread lives.
std::byte* thread_scratch(size_t bytes) {
  thread_local std::vector<std::byte> memory;
  if (memory.size() < bytes + 64) memory.resize(bytes + 64);
  const auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (64 - address % 64) % 64;
}

}  // namespace

Evaluator::Evaluator(const KernelCode& code, std::span<const Memory> slots, std::span<const Scalar> scalars,
                     int64_t longest)
    : code_(code), slots_(slots), scalars_(scalars), memory_(thread_scratch(code.scratches_ * kBlock * 8)) {
  for (size_t i = 0; i < code.code_.size(); ++i) {
    const auto& row = code.code_[i];
    if (!row.constant) continue;
    const Instruction& instruction = row.instruction;
    uint64_t bits = instruction.bits;
    alignas(8) std::byte value[8];
    std::memcpy(value, &bits, 8);
    if (instruction.op == Op::Scalar) {
      const Scalar& scalar = scalars_[instruction.index];
      loops().load[static_cast<size_t>(scalar.dtype)](value, 1, &scalar.bits, 1, 1);
    }
    loops().fill[static_cast<size_t>(instruction.type)](scratch(i), value, nullptr, nullptr, longest);
    registers_[i] = scratch(i);
  }
}

std::byte* Evaluator::scratch(size_t index) { return memory_ + code_.code_[index].scratch * kBlock * 8; }

void Evaluator::load(size_t index, const Block& block) {
  const auto& row = code_.code_[index];
  const kernel::Kernel& kernel = code_.kernel_;
  const kernel::Access& access = kernel.accesses[row.instruction.index];
  std::byte* to = scratch(index);
  if (row.instruction.op == Op::Index) {
    each_run(access, kernel.extents, kernel.rank, block, [&](int64_t at, int64_t stride, int64_t done, int64_t count) {
      loops().index(reinterpret_cast<int64_t*>(to) + done, at, stride, count);
    });
    registers_[index] = to;
    return;
  }
  const auto dtype = static_cast<size_t>(access.dtype);
  const int64_t bytes = spec::dtype_bytes(access.dtype);
  const bool as_it_is = access.dtype == row.instruction.type && access.dtype != DType::Bool;
  const Memory memory = slots_[access.slot];
  registers_[index] = to;
  each_run(access, kernel.extents, kernel.rank, block, [&](int64_t at, int64_t stride, int64_t done, int64_t count) {
    // The usual case costs nothing: the operand itself is the register.
    if (as_it_is && stride == 1 && count == block.count)
      registers_[index] = memory + at * bytes;
    else
      loops().load[dtype](to + done * row.size, 1, memory + at * bytes, stride, count);
  });
}

void Evaluator::evaluate(size_t from, size_t to, const Block& block, std::byte* direct) {
  for (size_t i = from; i < to; ++i) {
    const auto& row = code_.code_[i];
    const Instruction& instruction = row.instruction;
    if (row.constant || instruction.op == Op::Reduced) continue;
    if (instruction.op == Op::Load || instruction.op == Op::Index) {
      load(i, block);
      continue;
    }
    std::byte* target = direct != nullptr && i == code_.kernel_.result ? direct : scratch(i);
    if (instruction.op == Op::Random)
      loops().random[instruction.index](target, static_cast<const int64_t*>(registers_[instruction.a]),
                                        instruction.bits, block.count);
    else
      row.loop(target, registers_[instruction.a], registers_[instruction.b], registers_[instruction.c], block.count);
    registers_[i] = target;
  }
}

std::byte* Evaluator::direct(const Block& block) const {
  const kernel::Kernel& kernel = code_.kernel_;
  if (kernel.store.dtype != kernel.code[kernel.result].type) return nullptr;
  // An output that overwrites a donated input goes through scratch: no loop computes in place.
  for (const kernel::Access& access : kernel.accesses)
    if (access.slot != kernel::kNoSlot && slots_[access.slot] == slots_[kernel.store.slot]) return nullptr;
  std::byte* place = nullptr;
  each_run(kernel.store, kernel.extents, block.dims, block, [&](int64_t at, int64_t stride, int64_t, int64_t count) {
    if (stride == 1 && count == block.count)
      place = slots_[kernel.store.slot] + at * spec::dtype_bytes(kernel.store.dtype);
  });
  return place;
}

void Evaluator::store(const Block& block) {
  const kernel::Kernel& kernel = code_.kernel_;
  const auto* values = static_cast<const std::byte*>(registers_[kernel.result]);
  const int64_t bytes = spec::dtype_bytes(kernel.store.dtype), size = code_.code_[kernel.result].size;
  each_run(kernel.store, kernel.extents, block.dims, block,
           [&](int64_t at, int64_t stride, int64_t done, int64_t count) {
             loops().store[static_cast<size_t>(kernel.store.dtype)](slots_[kernel.store.slot] + at * bytes, stride,
                                                                    values + done * size, 1, count);
           });
}

}  // namespace stark::devices::cpu

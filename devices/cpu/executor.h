// devices/cpu/executor.h — KernelCode: a kernel made ready, its instructions bound to loops and scratch registers.
// Room: devices/cpu. In: a Kernel. Out: the same, run block by block over its iteration space.
#pragma once

#include <span>
#include <vector>

#include "devices/cpu/loops.h"
#include "devices/cpu/pool.h"
#include "devices/kernel/kernel.h"

namespace stark::devices::cpu {

inline constexpr int64_t kBlock = 1024;  // points per turn of an instruction: registers stay in the first cache

// A slot's memory, where the view starts.
using Memory = std::byte*;

class KernelCode {
 public:
  // Nothing when a loop is missing; `missing` names the instruction.
  static std::optional<KernelCode> make(const kernel::Kernel& kernel, const kernel::Instruction** missing);
  void run(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const;

 private:
  friend class Evaluator;
  struct Code {
    kernel::Instruction instruction;
    MapLoop loop = nullptr;
    int64_t size = 4;       // bytes of a register's element
    uint8_t scratch = 0;    // which block of scratch it writes
    bool constant = false;  // filled once
  };

  void bind_registers();
  void run_map(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const;
  void run_reduce(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const;
  bool walks_columns() const;

  kernel::Kernel kernel_;
  std::vector<Code> code_;
  size_t scratches_ = 0, body_ = 0;
  bool columns_ = false;
};

}  // namespace stark::devices::cpu

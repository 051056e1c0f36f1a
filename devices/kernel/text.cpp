// devices/kernel/text.cpp — kernels as text, for dumps and for people.
// Room: devices/kernel. In: Kernel. Out: one line per access and instruction.
#include <fmt/format.h>

#include "devices/kernel/kernel.h"

namespace stark::devices::kernel {
namespace {

constexpr std::string_view kReduceNames[] = {"none", "sum", "prod", "max", "min", "argmax", "argmin"};

std::string list(const Strides& values, size_t count) {
  return fmt::format("[{}]", fmt::join(values.begin(), values.begin() + count, ", "));
}

std::string place(const Access& access, size_t rank) {
  const std::string slot = access.slot == kNoSlot ? "index" : fmt::format("slot {}", access.slot);
  return fmt::format("{} {} + {} strides {}", slot, spec::dtype_name(access.dtype), access.offset,
                     list(access.strides, rank));
}

}  // namespace

std::string text(const Kernel& kernel) {
  std::string out = fmt::format("kernel over {}, last {} reduced\n", list(kernel.extents, kernel.rank), kernel.reduced);
  for (size_t i = 0; i < kernel.code.size(); ++i) {
    const Instruction& code = kernel.code[i];
    const OpRow& row = op_row(code.op);
    out += fmt::format("  r{}: {} = {}", i, spec::dtype_name(code.type), row.name);
    const uint8_t registers[] = {code.a, code.b, code.c};
    for (size_t operand = 0; operand < row.operands; ++operand) out += fmt::format(" r{}", registers[operand]);
    if (code.op == Op::Load || code.op == Op::Index)
      out += fmt::format(" {}", place(kernel.accesses[code.index], kernel.rank));
    if (code.op == Op::Scalar) out += fmt::format(" {}", code.index);
    if (code.op == Op::Constant || code.op == Op::Random) out += fmt::format(" {:#x}", code.bits);
    if (code.op == Op::Reduced)
      out += fmt::format(" {} of r{}", kReduceNames[static_cast<size_t>(kernel.reduce)], kernel.reduce_value);
    out += "\n";
  }
  return out + fmt::format("  store r{} to {}\n", kernel.result, place(kernel.store, kernel.kept()));
}

}  // namespace stark::devices::kernel

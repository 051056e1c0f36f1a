// devices/cpu/loops.cpp — chooses the table of inner loops that this processor can run.
// Room: devices/cpu. In: what the processor says of itself. Out: one Loops.
#include "devices/cpu/loops.h"

namespace stark::devices::cpu {

namespace base {
Loops make_loops();
}
#ifdef STARK_X86_VARIANTS
namespace avx2 {
Loops make_loops();
}
namespace avx512 {
Loops make_loops();
}
#endif

namespace {

Loops choose() {
#ifdef STARK_X86_VARIANTS
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2 && avx512) return avx512::make_loops();
  if (avx2) return avx2::make_loops();
#endif
  return base::make_loops();
}

}  // namespace

const Loops& loops() {
  static const Loops table = choose();
  return table;
}

}  // namespace stark::devices::cpu

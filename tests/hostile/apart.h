// tests/hostile/apart.h — runs a module that may do anything in a process of its own, as strictly as the VM can.
// Room: tests. In: VerifiedModule. Out: how it ended, and what it said.
#pragma once

#include <string>

#include "vm/natives/host.h"
#include "vm/verify/verify.h"

namespace stark::tests {

// Nothing granted, nothing shown, memory and instructions limited; a collection at every allocation, every instruction looked at twice.
vm::HostOptions strict_options(uint64_t fuel);
inline constexpr vm::Translation kStrict{.meters = true, .watches = true};

// A module without an entry begins with its last function that takes nothing.
void begin_somewhere(spec::Module& m);

struct Ended {
  int status = 0;      // as the process had it; of one that a signal ended, 0
  int signal = 0;
  std::string errors;
};
Ended run_apart(vm::VerifiedModule module);
// In this process; the status alone. `at_end` is told of it before anything is taken down, and need not come back.
int run_strictly(vm::VerifiedModule module, const vm::HostOptions& options, void (*at_end)(int) = nullptr);

}  // namespace stark::tests

// tools/oracle/oracle.h — asks of a bundle what the verifier asks, by another way: no claim in the file is looked at.
// Room: tools/oracle, public face; sees the spec alone. Essay: README.md. In: a decoded module. Out: every complaint about it.
// Law: what the verifier accepts, the oracle has no complaint about.
#pragma once

#include <string>
#include <vector>

#include "bytecode-spec/module.h"

namespace stark::oracle {

struct Complaint {
  std::string where;  // a function or vtable
  uint32_t word = 0;  // of the function's code
  std::string what;
};

// At most one complaint for each function and vtable.
std::vector<Complaint> examine(const spec::Module& module);

std::string text_of(const Complaint& complaint);

}  // namespace stark::oracle

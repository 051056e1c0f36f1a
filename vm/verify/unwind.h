// vm/verify/unwind.h — what a function owes at a point of it: the values that must be dropped if it is left there.
// Room: vm/verify, public face. In: a proven module, a function, a word of its code. Out: drops, in the order to run them.
// Law: the file has no such tables; they are the proof's own state, found by going over the function once more.
#pragma once

#include <cstdint>
#include <vector>

namespace stark::vm {

class VerifiedModule;

// Where in an instruction: before it, with its operands taken (a call that is under way), or behind it.
enum class Moment : uint8_t { Before, Taken, After };

struct Owed {
  uint32_t reg = 0;
  std::vector<uint32_t> path;  // bytes into the register, and for each box on the way, into what it holds
  uint32_t type = 0;
  bool is_flagged = false;     // only if the register's drop flag is set
};

std::vector<Owed> owed_at(const VerifiedModule& module, uint32_t function, uint32_t word, Moment moment);

}  // namespace stark::vm

// tools/oracle/holding.h — what is in a register: all of it, nothing, or some of its parts.
// Room: tools/oracle. Essay: README.md, "What is there". In: moves, writes, paths that meet. Out: Holding, a tree along the type.
#pragma once

#include <map>
#include <set>
#include <span>

#include "tools/oracle/types.h"

namespace stark::oracle {

struct Holding {
  // Maybe: all or nothing, by the path taken. Broken: what is left depends on the path, and nobody can tell.
  enum class Kind : uint8_t { Full, Empty, Maybe, Parts, Broken } kind = Kind::Empty;
  std::map<Step, Holding> parts;  // of Parts; what is not named is Full
  friend bool operator==(const Holding&, const Holding&) = default;
};

// The part at the end of `steps`. What lies behind a part that is not there is not there either.
Holding part_of(const Holding& whole, std::span<const Step> steps);
// Whether everything around the part is there, so that the part can be filled.
bool is_around(const Holding& whole, std::span<const Step> steps);
void set_part(Holding& whole, std::span<const Step> steps, Holding part);
bool is_full(const Holding& holding);
// Whether dropping nothing would lose something that must be dropped.
bool owes(const TypeBook& types, const Holding& holding, uint32_t type);
Holding join(const TypeBook& types, const Holding& a, const Holding& b, uint32_t type);

}  // namespace stark::oracle

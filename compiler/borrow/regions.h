// compiler/borrow/regions.h — lifetimes of a function: which region each slot of each local is, and what places carry.
// Room: borrow. Essay: compiler/borrow/README.md, "Regions". In: MIR. Out: RegionMap.
// Law: slots that must be equal (behind `&mut`) are one region; all other slots of locals are regions of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/mir/mir.h"

namespace stark::borrow {

using mir::FunctionId;
using mir::Instruction;
using mir::LocalId;
using mir::Place;
using types::TypeId;

using RegionId = uint32_t;  // 0 is 'static, then the signature's, then local ones

enum class Variance : uint8_t { Covariant, Invariant };

// A type in a position, with the region of each of its lifetime slots.
struct TypedPlace {
  TypeId type;
  std::vector<RegionId> regions;
};

// Facts about types that need lifetimes; computed once for a program and cached.
class TypeRegions {
 public:
  explicit TypeRegions(const types::TypeTable& table) : table_(table) {}
  const std::vector<Variance>& variance(TypeId type);
  TypedPlace step(const TypedPlace& from, const mir::Projection& step, uint32_t* variant) const;
  const types::TypeTable& table() const { return table_; }

 private:
  std::vector<Variance> compute(TypeId type);
  const types::TypeTable& table_;
  std::vector<std::vector<Variance>> cache_;
  std::vector<uint8_t> state_;  // 0 unknown, 1 open, 2 known
};

// The lifetimes of a callee, numbered from 1, as one call meets them.
struct CallShape {
  std::vector<std::vector<uint32_t>> parameters;  // by parameter, by slot; 0 is 'static
  std::vector<uint32_t> result;
  uint32_t region_count = 0;
  std::vector<std::pair<uint32_t, uint32_t>> outlives;  // (longer, shorter)
};
CallShape call_shape(const mir::Program& program, const mir::Function& caller, const Instruction& call);

struct RegionMap {
  uint32_t fixed = 1;                           // 'static and the signature's
  uint32_t count = 1;
  std::vector<std::vector<RegionId>> of_local;  // by local, by slot
  std::vector<std::vector<LocalId>> users;      // by region
  std::vector<std::vector<bool>> outlives;      // among the fixed ones, closed
  struct Equality {
    RegionId first, second;
    Span span;
  };
  std::vector<Equality> equalities;             // fixed ones that would have to be one, and are not

  bool is_own(LocalId local, RegionId region) const {
    return region >= fixed && users[region].size() == 1 && users[region][0] == local && slots_of(local, region) == 1;
  }
  size_t slots_of(LocalId local, RegionId region) const;
};

TypedPlace typed_place(const mir::Function& function, const RegionMap& map, TypeRegions& types, const Place& place);
TypeId place_type(const mir::Function& function, const types::TypeTable& types, const Place& place);

RegionMap assign_regions(const mir::Program& program, const mir::Function& function, TypeRegions& types);

// relations.cpp: adds to each signature what its body needs of lifetimes that stand in no text.
void relate_lifetimes(mir::Program& program, TypeRegions& types);

}  // namespace stark::borrow

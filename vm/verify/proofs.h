// vm/verify/proofs.h — the proofs in their order; each may rely on those before it.
// Room: vm/verify, private. In: Module, and what earlier proofs derived. Out: facts, or the first refusal.
#pragma once

#include <bitset>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/limits.h"
#include "bytecode-spec/module.h"
#include "bytecode-spec/reader.h"
#include "vm/verify/type_facts.h"
#include "vm/verify/unwind.h"

namespace stark::vm {

// How a lifetime slot of a type may change when a value flows: shorten (covariant) or not at all.
enum class Variance : uint8_t { Covariant, Invariant };

// Which lifetimes of a signature outlive which, [longer][shorter], closed; 'static outlives all.
using LifetimeSet = std::bitset<spec::kMaxRegionArguments + 1>;
using OutlivesTable = std::vector<LifetimeSet>;
OutlivesTable close_outlives(uint32_t regions, std::span<const std::pair<uint32_t, uint32_t>> pairs);

// A type in a position: its lifetime slots are regions. 0 is 'static, 1… the signature's, then those of a function's own.
struct TypedPlace {
  uint32_t type = 0;
  std::span<const uint32_t> regions;  // of a table of the module's, or of whoever made the place
};
// A signature with its lifetimes numbered from 1, ready to be matched with a call or another signature.
struct CallShape {
  std::vector<TypedPlace> parameters;
  TypedPlace result;
  uint32_t region_count = 0;
  bool is_matched = false;  // the values' types have been compared with the parameters'
  std::vector<std::pair<uint32_t, uint32_t>> outlives;  // (longer, shorter)
  OutlivesTable closed;                                 // the same, closed; of a signature that has such pairs
  std::vector<uint32_t> lifetimes;                      // those of the places above that stand in no table

  CallShape() = default;
  CallShape(CallShape&&) = default;
  CallShape& operator=(CallShape&&) = default;
  OutlivesTable closure() const { return outlives.empty() ? close_outlives(region_count, outlives) : closed; }
};

// What the proofs know of all types and signatures, by their indices.
struct Types {
  std::vector<TypeFacts> facts;
  std::vector<std::vector<Variance>> variance;  // one per region slot
  std::vector<CallShape> shapes;                // of signatures; made by their proof
};

// 1. Indices, ranges, codes, names.
Result<void> prove_structure(const spec::Module& module);
// 2. Layouts, sizes, pointer maps, abilities, region slots, variance.
Result<Types> prove_types(const spec::Module& module);
// 2b. The abilities and variances among them.
void find_abilities(const spec::Module& module, Types& types);
// 3. Signatures: parameters are sized, lifetimes are declared; drop functions and the entry have the right form.
Result<void> prove_signatures(const spec::Module& module, Types& types);
// 3b. Trait objects: methods take their dyn, and every slot of a vtable keeps what the method promises.
Result<void> prove_vtables(const spec::Module& module, const Types& types);
// 3c. Statics: what their initialisers make, and who may see it.
Result<void> prove_statics(const spec::Module& module, const Types& types);
// 3d. Foreign functions: what C could have.
Result<void> prove_foreigns(const spec::Module& module, const Types& types);
// 4. Tensor graphs, and what they are made of.
Result<void> prove_graphs(const spec::Module& module);
// A point of a function at which somebody wants to know what is owed.
struct Watch {
  uint32_t word = 0;
  Moment moment{};
  std::vector<Owed> owed;
};
// 5. Functions, one after the other: types, moves, loans, edges. Gives the type of each place of the function.
struct Body;
class FunctionProver {
 public:
  FunctionProver(const spec::Bundle& bundle, const Types& types);
  ~FunctionProver();
  Result<std::vector<uint32_t>> prove(uint32_t function, Watch* watch = nullptr);

 private:
  std::unique_ptr<Body> body_;
};

// The graph of a row, its tables copied out; only after prove_structure.
spec::Graph graph_of(const spec::Module& module, uint32_t graph);
// Whether a tensor of type `actual` may stand where `expected` is wanted: same element type and rank, dims that agree.
spec::TensorType tensor_type_of(const spec::Module& module, uint32_t type);

}  // namespace stark::vm

// vm/verify/proofs.h — the proofs in their order; each may rely on those before it.
// Room: vm/verify, private. In: Module, and what earlier proofs derived. Out: facts, or the first refusal.
#pragma once

#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/module.h"
#include "bytecode-spec/reader.h"
#include "vm/verify/type_facts.h"

namespace stark::vm {

// How a lifetime slot of a type may change when a value flows: shorten (covariant) or not at all.
enum class Variance : uint8_t { Covariant, Invariant };

// What the proofs know of all types; indices are type indices.
struct Types {
  std::vector<TypeFacts> facts;
  std::vector<std::vector<Variance>> variance;  // one per region slot
};

// 1. Indices, ranges, codes, names.
Result<void> prove_structure(const spec::Module& module);
// 2. Layouts, sizes, pointer maps, abilities, region slots, variance.
Result<Types> prove_types(const spec::Module& module);
// 3. Signatures: parameters are sized, lifetimes are declared; drop functions and the entry have the right form.
Result<void> prove_signatures(const spec::Module& module, const Types& types);
// 4. Tensor graphs, and what they are made of.
Result<void> prove_graphs(const spec::Module& module);
// 5. One function: types, moves, loans, edges. Gives the type of each of its places.
Result<std::vector<uint32_t>> prove_function(const spec::Bundle& bundle, const Types& types, uint32_t function);

// The graph of a row, its tables copied out; only after prove_structure.
spec::Graph graph_of(const spec::Module& module, uint32_t graph);
// Whether a tensor of type `actual` may stand where `expected` is wanted: same element type and rank, dims that agree.
spec::TensorType tensor_type_of(const spec::Module& module, uint32_t type);

}  // namespace stark::vm

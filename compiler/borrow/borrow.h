// compiler/borrow/borrow.h — checks moves and borrows of a MIR program, settles every drop, and says what the bundle must declare.
// Room: borrow, public face. In: mir::Program with a Drop at every scope end. Out: errors B…; MIR in which every value is
// dropped once; Annotations for codegen.
// Law: what passes is accepted by the verifier of the VM.
#pragma once

#include "compiler/borrow/flow.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/mir/mir.h"

namespace stark::borrow {

// What codegen writes beside a function's code.
struct FunctionAnnotations {
  RegionMap regions;
  std::vector<Loan> loans;     // by number, as Borrow instructions carry it in `index`
  std::vector<State> before;   // by block
};

using Annotations = std::vector<FunctionAnnotations>;  // by function

// What is done with a function after an error in it. Only tests annotate what was refused: it shows what the verifier says to it.
enum class Refused : uint8_t { Skip, Annotate };

// Annotations of a function are empty where something in it was reported and refused functions are skipped.
Annotations check(mir::Program& program, diagnostics::Sink& sink, Refused refused = Refused::Skip);

}  // namespace stark::borrow

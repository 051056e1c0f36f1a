// compiler/mir/cfg.h — the block graph of a function: successors, order, and the tidy form that later stages expect.
// Room: mir, public face. In: mir::Function. Out: edges; a function in tidy form.
// Law of tidy form: blocks stand in reverse post-order, all reachable, and no edge goes from a block with several successors
// to one with several predecessors, so that code can always be put on an edge.
#pragma once

#include <vector>

#include "compiler/mir/mir.h"

namespace stark::mir {

std::vector<BlockId> successors(const Block& block);
std::vector<std::vector<BlockId>> predecessors(const Function& function);
void tidy(Function& function);

// Calls `visit(Operand&)` / `visit(const Operand&)` for each operand in the order in which they are read.
template <class I, class Visit>
void for_each_operand(I& instruction, Visit visit) {
  for (auto& operand : instruction.operands) visit(operand);
}

// The places an instruction writes: its target, or the results of a tensor graph.
std::vector<const Place*> written_places(const Instruction& instruction);
// Whether `source` is read, borrowed or dropped by it.
bool has_source(const Instruction& instruction);

}  // namespace stark::mir

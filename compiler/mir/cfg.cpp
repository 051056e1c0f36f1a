// compiler/mir/cfg.cpp — edges between blocks, and the tidy form.
// Room: mir. In: mir::Function. Out: the same function with ordered, reachable blocks and split critical edges.
#include "compiler/mir/cfg.h"

#include <algorithm>

#include "bytecode-spec/tables.h"

namespace stark::mir {
namespace {

// Blocks in reverse post-order, found without recursion.
std::vector<BlockId> reverse_postorder(const Function& function) {
  struct Visit {
    BlockId block;
    std::vector<BlockId> next;
    size_t at = 0;
  };
  std::vector<bool> seen(function.blocks.size());
  std::vector<BlockId> order;
  std::vector<Visit> stack;
  const auto open = [&](BlockId block) {
    seen[block.index()] = true;
    auto next = successors(function.blocks[block.index()]);
    std::ranges::reverse(next);  // so that the first successor comes first in the result
    stack.push_back({block, std::move(next)});
  };
  open(BlockId(0u));
  while (!stack.empty()) {
    Visit& top = stack.back();
    if (top.at == top.next.size()) {
      order.push_back(top.block);
      stack.pop_back();
      continue;
    }
    const BlockId next = top.next[top.at++];
    if (!seen[next.index()]) open(next);
  }
  std::ranges::reverse(order);
  return order;
}

void split_critical_edges(Function& function) {
  const auto before = predecessors(function);
  const size_t count = function.blocks.size();
  for (size_t b = 0; b < count; ++b) {
    if (function.blocks[b].code.empty() || function.blocks[b].code.back().blocks.size() < 2) continue;
    for (size_t i = 0; i < function.blocks[b].code.back().blocks.size(); ++i) {
      const Instruction& last = function.blocks[b].code.back();
      const BlockId target = last.blocks[i];
      if (before[target.index()].size() < 2) continue;
      Instruction jump;
      jump.op = Opcode::Jump;
      jump.span = last.span;
      jump.blocks = {target};
      const BlockId middle(function.blocks.size());
      function.blocks.push_back({{std::move(jump)}});
      function.blocks[b].code.back().blocks[i] = middle;
    }
  }
}

void reorder(Function& function) {
  const auto order = reverse_postorder(function);
  std::vector<BlockId> renamed(function.blocks.size());
  std::vector<Block> blocks;
  for (BlockId old : order) {
    renamed[old.index()] = BlockId(blocks.size());
    blocks.push_back(std::move(function.blocks[old.index()]));
  }
  for (Block& block : blocks) {
    for (BlockId& target : block.code.back().blocks) target = renamed[target.index()];
  }
  function.blocks = std::move(blocks);
}

}  // namespace

std::vector<BlockId> successors(const Block& block) { return block.code.empty() ? std::vector<BlockId>{} : block.code.back().blocks; }

std::vector<std::vector<BlockId>> predecessors(const Function& function) {
  std::vector<std::vector<BlockId>> result(function.blocks.size());
  for (size_t b = 0; b < function.blocks.size(); ++b) {
    for (BlockId target : successors(function.blocks[b])) result[target.index()].push_back(BlockId(b));
  }
  return result;
}

void tidy(Function& function) {
  reorder(function);  // first, so that edges from unreachable blocks do not count
  split_critical_edges(function);
  reorder(function);
}

std::vector<const Place*> written_places(const Instruction& instruction) {
  std::vector<const Place*> places;
  if (instruction.kind != Instruction::Kind::Op) return places;
  for (char letter : spec::row_of(instruction.op).operands) {
    if (letter == 'd') places.push_back(&instruction.target);
    if (letter != 'D') continue;
    for (const Place& place : instruction.targets_written) places.push_back(&place);
  }
  return places;
}

bool has_source(const Instruction& instruction) {
  if (instruction.kind != Instruction::Kind::Op) return true;
  return spec::row_of(instruction.op).operands.find_first_of("prl") != std::string_view::npos;
}

}  // namespace stark::mir

// tools/oracle/function.h — one function as instructions, places and edges, and which registers are used later.
// Room: tools/oracle. Essay: README.md, "Liveness". In: a row of the function table. Out: Function.
#pragma once

#include <optional>
#include <set>

#include "bytecode-spec/operand.h"
#include "tools/oracle/types.h"

namespace stark::oracle {

struct Place {
  uint32_t base = 0;
  std::vector<Step> steps;
  std::vector<Typed> types;  // before each step, and behind the last
  bool whole() const { return steps.empty(); }
  const Typed& typed() const { return types.back(); }
};

struct Operand {
  spec::OperandMode mode{};
  uint32_t place = 0;
  TypeKind constant{};
};

struct Instruction {
  uint32_t word = 0;
  spec::Opcode op{};
  std::vector<uint32_t> numbers;   // fields that are no operands, in order; the first is the target where the row begins with d
  std::vector<uint32_t> targets;   // places written
  std::vector<Operand> operands;
  std::vector<uint32_t> edges;     // blocks
};

using Registers = std::set<uint32_t>;

struct Function {
  const TypeBook& types;
  const spec::FunctionRow& row;
  const spec::SignatureRow& signature;
  std::vector<uint32_t> flags;                    // by register
  std::vector<Place> places;                      // registers first
  std::vector<std::vector<Instruction>> blocks;
  std::vector<std::vector<Registers>> live;       // behind each instruction: registers that are used before they are assigned again
  Origin first_own = 1;                           // origins below are the signature's
  std::vector<std::vector<Origin>> origins{};     // by register

  bool is_mutable(uint32_t r) const { return (flags[r] & spec::kMutable) != 0; }
};

Function read_function(const TypeBook& types, uint32_t function);

}  // namespace stark::oracle

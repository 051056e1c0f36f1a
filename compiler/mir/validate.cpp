// compiler/mir/validate.cpp — names the first broken law of MIR, so that a bug in lowering shows where it was made.
// Room: mir. In: Program. Out: empty text, or what is wrong and where.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/limits.h"
#include "bytecode-spec/native_signature.h"
#include "bytecode-spec/tables.h"
#include "compiler/mir/cfg.h"

namespace stark::mir {
namespace {

class Validator {
 public:
  Validator(const Program& program, const Function& function) : p_(program), f_(function) {}

  std::string run() {
    if (f_.blocks.empty()) return "no blocks";
    for (const Local& local : f_.locals) {
      if (!local.type.valid() || p_.types->get(local.type).special != types::Special::None) return "a local without a proper type: " + local.name;
    }
    for (size_t b = 0; b < f_.blocks.size(); ++b) {
      if (std::string wrong = check_block(f_.blocks[b]); !wrong.empty()) return fmt::format("block {}: {}", b, wrong);
    }
    return {};
  }

 private:
  std::string check_block(const Block& block) {
    if (block.code.empty()) return "no code";
    for (size_t i = 0; i < block.code.size(); ++i) {
      const Instruction& instruction = block.code[i];
      const bool ends = instruction.kind == Instruction::Kind::Op && spec::ends_block(instruction.op);
      if (ends != (i + 1 == block.code.size())) return fmt::format("instruction {}: the block ends here or does not end", i);
      if (std::string wrong = check_instruction(instruction); !wrong.empty()) return fmt::format("instruction {}: {}", i, wrong);
    }
    return {};
  }

  std::string check_instruction(const Instruction& i) {
    if (has_source(i)) {
      if (std::string wrong = check_place(i.source); !wrong.empty()) return wrong;
    }
    for (const Place* place : written_places(i)) {
      if (std::string wrong = check_place(*place); !wrong.empty()) return wrong;
    }
    for (const Operand& operand : i.operands) {
      if (operand.kind == OperandKind::Constant) continue;
      if (std::string wrong = check_place(operand.place); !wrong.empty()) return wrong;
    }
    for (BlockId target : i.blocks) {
      if (target.index() >= f_.blocks.size()) return "a jump to no block";
    }
    return check_index(i);
  }

  std::string check_index(const Instruction& i) {
    if (i.kind != Instruction::Kind::Op) return {};
    const auto beyond = [&](size_t size) { return i.index >= size ? fmt::format("index {} of {}", i.index, size) : std::string(); };
    switch (i.op) {
      case Opcode::ForeignFn:
      case Opcode::Call: return beyond(p_.functions.size());
      case Opcode::CallNative: return beyond(spec::natives().size());
      case Opcode::Tensor: return beyond(p_.graphs.size());
      case Opcode::CallForeign: return beyond(p_.foreigns.size());
      case Opcode::Static: return beyond(p_.statics.size());
      case Opcode::TensorConst: return beyond(p_.segments.size());
      case Opcode::Dyn:
      case Opcode::Fn: return beyond(p_.vtables.size());
      default: return {};
    }
  }

  std::string check_place(const Place& place) {
    if (place.base.index() >= f_.locals.size()) return "a place of no local";
    if (place.steps.size() > spec::kMaxProjections) return "a place of more steps than the format has";
    for (const Projection& step : place.steps) {
      if (step.kind == ProjectionKind::Index && step.argument >= f_.locals.size()) return "an index of no local";
    }
    return {};
  }

  const Program& p_;
  const Function& f_;
};

}  // namespace

std::string validate(const Program& program) {
  for (const Function& function : program.functions) {
    if (std::string wrong = Validator(program, function).run(); !wrong.empty()) return fmt::format("fn {}: {}", function.name, wrong);
  }
  return {};
}

}  // namespace stark::mir

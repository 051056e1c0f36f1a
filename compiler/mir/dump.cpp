// compiler/mir/dump.cpp — MIR as text, one instruction a line, for --dump=mir and for tests.
// Room: mir. In: Function. Out: text; the same function gives the same text.
#include <fmt/format.h>

#include "bytecode-spec/native_signature.h"
#include "bytecode-spec/tables.h"
#include "compiler/mir/cfg.h"

namespace stark::mir {
namespace {

std::string local_text(const Function& f, LocalId local) {
  const std::string& name = f.locals[local.index()].name;
  return name.empty() ? fmt::format("_{}", local.value) : fmt::format("{}_{}", name, local.value);
}

std::string place_text(const Function& f, const Place& place) {
  std::string text = local_text(f, place.base);
  for (const Projection& step : place.steps) {
    switch (step.kind) {
      case ProjectionKind::Field: text += fmt::format(".{}", step.argument); break;
      case ProjectionKind::ConstIndex: text += fmt::format("[{}]", step.argument); break;
      case ProjectionKind::Index: text += fmt::format("[{}]", local_text(f, LocalId(step.argument))); break;
      case ProjectionKind::Deref: text += ".*"; break;
      case ProjectionKind::Variant: text += fmt::format("#{}", step.argument); break;
      case ProjectionKind::None: break;
    }
  }
  return text;
}

std::string constant_text(const Program& program, const Constant& constant) {
  const spec::TypeKind kind = program.types->kind(constant.type);
  if (kind == spec::TypeKind::Str) return "\"" + constant.text + "\"";
  if (kind == spec::TypeKind::Unit) return "()";
  if (kind == spec::TypeKind::Bool) return constant.bits != 0 ? "true" : "false";
  if (spec::has(kind, spec::kSigned | spec::kInt)) return fmt::format("{}{}", static_cast<int64_t>(constant.bits), spec::row_of(kind).text);
  if (spec::has(kind, spec::kFloat)) return fmt::format("{:#x}{}", constant.bits, spec::row_of(kind).text);
  return fmt::format("{}{}", constant.bits, spec::row_of(kind).text);
}

std::string operand_text(const Program& program, const Function& f, const Operand& operand) {
  switch (operand.kind) {
    case OperandKind::Copy: return place_text(f, operand.place);
    case OperandKind::Move: return "move " + place_text(f, operand.place);
    case OperandKind::Constant: return constant_text(program, operand.constant);
  }
  return {};
}

std::string vtable_text(const Program& program, const VTable& vtable) {
  return fmt::format("<{} as {}>", program.types->name(vtable.concrete), program.types->name(vtable.dyn));
}

std::string instruction_text(const Program& program, const Function& f, const Instruction& i) {
  if (i.kind == Instruction::Kind::ScopeEnd) return fmt::format("scope_end {}", local_text(f, i.source.base));
  std::string text;
  for (const Place* place : written_places(i)) text += (text.empty() ? "" : ", ") + place_text(f, *place);
  if (!text.empty()) text += " = ";
  text += spec::row_of(i.op).text;
  if (i.op == Opcode::Call || i.op == Opcode::ForeignFn) text += fmt::format(" {}", program.functions[i.index].name);
  if (i.op == Opcode::CallNative) text += fmt::format(" {}", spec::natives()[i.index].text);
  if (i.op == Opcode::Tensor) text += fmt::format(" graph{}", i.index);
  if (i.op == Opcode::TensorConst) text += fmt::format(" {}", program.segments[i.index].name);
  if (i.op == Opcode::CallForeign) text += fmt::format(" {}", program.foreigns[i.index].name);
  if (i.op == Opcode::Static) text += fmt::format(" {}", program.statics[i.index].name);
  if (i.op == Opcode::MakeVariant) text += fmt::format(" #{}", i.index);
  if (i.op == Opcode::Dyn || i.op == Opcode::Fn) text += fmt::format(" {}", vtable_text(program, program.vtables[i.index]));
  if (i.op == Opcode::CallDyn) text += fmt::format(" .{}", i.index);
  if (i.op == Opcode::Format) text += fmt::format(" \"{}\"", i.text);
  if (has_source(i)) text += fmt::format(" {}{}", i.op == Opcode::Borrow && i.borrow_mutable ? "mut " : "", place_text(f, i.source));
  for (const Operand& operand : i.operands) text += " " + operand_text(program, f, operand);
  for (BlockId block : i.blocks) text += fmt::format(" b{}", block.value);
  return text;
}

}  // namespace

std::string dump(const Program& program, const Function& f) {
  std::string text = fmt::format("fn {} {{\n", f.name);
  for (size_t l = 0; l < f.locals.size(); ++l) {
    const Local& local = f.locals[l];
    const char* kind = local.kind == LocalKind::Parameter ? "param " : local.kind == LocalKind::Reservation ? "reservation " : "";
    text += fmt::format("  {}{}{}: {}\n", kind, local.is_mut ? "mut " : "", local_text(f, LocalId(l)), program.types->name(local.type));
  }
  for (size_t b = 0; b < f.blocks.size(); ++b) {
    text += fmt::format(" b{}:\n", b);
    for (const Instruction& i : f.blocks[b].code) text += "  " + instruction_text(program, f, i) + "\n";
  }
  return text + "}\n";
}

}  // namespace stark::mir

// compiler/borrow/shapes.cpp — the lifetimes of what is called: a function's from its signature, a native's from its pattern.
// Room: borrow. In: a call. Out: CallShape; the verifier of the VM numbers them by the same rules.
#include <map>

#include "bytecode-spec/native_signature.h"
#include "compiler/borrow/regions.h"

namespace stark::borrow {
namespace {

using spec::Pattern;
using spec::PatternKind;
using types::TypeKind;

class NativeShape {
 public:
  NativeShape(const types::TypeTable& types) : types_(types) {}

  // Lifetimes of `type` where `pattern` stands; a fresh one for each reference, one set for each type variable.
  void number(const Pattern& pattern, TypeId type, bool is_result, std::vector<uint32_t>& out) {
    const types::TypeData& data = types_.get(type);
    switch (pattern.kind) {
      case PatternKind::Variable: {
        auto [at, is_new] = variables_.try_emplace(pattern.name);
        if (is_new || at->second.size() < types_.region_slots(type)) {
          while (at->second.size() < types_.region_slots(type)) at->second.push_back(++count_);
        }
        out.insert(out.end(), at->second.begin(), at->second.end());
        return;
      }
      case PatternKind::Ref:
        out.push_back(spec::is_view(pattern.parts[0]) ? ++count_ : is_result ? result() : argument());  // what a view shows is not the view's own
        number(pattern.parts[0], data.parts[0], is_result, out);
        return;
      case PatternKind::Vec:
      case PatternKind::Slice: number(pattern.parts[0], data.parts[0], is_result, out); return;
      case PatternKind::Tuple:
        for (size_t i = 0; i < pattern.parts.size(); ++i) number(pattern.parts[i], data.parts[i], is_result, out);
        return;
      case PatternKind::Dyn:
        out.push_back(++count_);
        if (pattern.is_mut) static_.push_back(count_);
        return;
      case PatternKind::Cell: return number_cell(pattern, data.parts[0], is_result, out);
      case PatternKind::Scope: out.push_back(scope()); return;
      case PatternKind::Fiber: out.push_back(is_result ? result() : ++count_); return;
      case PatternKind::Task:
        if (pattern.lender == spec::Lender::Nobody) static_.push_back(++count_);
        out.push_back(pattern.lender == spec::Lender::Scope ? scope() : pattern.lender == spec::Lender::Fiber ? argument() : count_);
        return;
      case PatternKind::Option: number(pattern.parts[0], types_.info(data.enum_id).variants[1].fields[0].type, is_result, out); return;
      default: return;
    }
  }
  void finish(CallShape& shape) {
    shape.region_count = count_;
    for (uint32_t r : static_) shape.outlives.emplace_back(r, 0);
    for (uint32_t a : arguments_) {
      if (result_ != 0) shape.outlives.emplace_back(a, result_);
    }
  }

 private:
  // A guard borrows like a reference; what a Gc or Weak stands for borrows nothing.
  void number_cell(const Pattern& pattern, TypeId part, bool is_result, std::vector<uint32_t>& out) {
    if (pattern.scalar == TypeKind::Guard) out.push_back(is_result ? result() : argument());
    const bool is_handle = pattern.scalar == TypeKind::Gc || pattern.scalar == TypeKind::Weak;
    number(pattern.parts[0], part, is_result, is_handle ? static_ : out);
  }
  uint32_t argument() {
    arguments_.push_back(++count_);
    return count_;
  }
  uint32_t scope() {
    if (scope_ == 0) scope_ = ++count_;
    return scope_;
  }
  uint32_t result() {
    if (result_ == 0) result_ = ++count_;
    return result_;
  }

  const types::TypeTable& types_;
  std::map<std::string, std::vector<uint32_t>> variables_;
  std::vector<uint32_t> arguments_, static_;
  uint32_t count_ = 0, result_ = 0, scope_ = 0;
};

CallShape shape_of(const mir::Signature& s) {
  CallShape shape{s.parameter_regions, s.result_regions, s.region_count, s.outlives};
  shape.parameters.resize(s.parameters.size());
  return shape;
}

// A `fn` stands for a reference to the dyn that it is a handle of, whose own lifetime nobody can end.
CallShape shape_of_method(const mir::Program& program, const mir::Function& caller, const Instruction& call) {
  const TypeId receiver = place_type(caller, *program.types, call.operands[0].place);
  const bool is_fn = program.types->kind(receiver) == TypeKind::Fn;
  const TypeId dyn = is_fn ? program.types->fn_dyn(receiver) : program.types->get(receiver).parts[0];
  CallShape shape = shape_of(program.types->info(program.types->get(dyn).dyn_id).methods[call.index].signature);
  if (is_fn) shape.parameters[0].erase(shape.parameters[0].begin());
  return shape;
}

// Nothing flows out of what stands behind the parameters of a variadic function.
CallShape shape_of_foreign(const mir::Program& program, const mir::Function& caller, const Instruction& call) {
  CallShape shape = shape_of(program.foreigns[call.index].signature);
  for (size_t i = shape.parameters.size(); i < call.operands.size(); ++i) {
    std::vector<uint32_t>& further = shape.parameters.emplace_back();
    if (call.operands[i].kind == mir::OperandKind::Constant) continue;
    for (uint32_t s = program.types->region_slots(place_type(caller, *program.types, call.operands[i].place)); s > 0; --s) further.push_back(++shape.region_count);
  }
  return shape;
}

}  // namespace

CallShape call_shape(const mir::Program& program, const mir::Function& caller, const Instruction& call) {
  if (call.op == mir::Opcode::Call) return shape_of(program.functions[call.index].signature);
  if (call.op == mir::Opcode::CallDyn) return shape_of_method(program, caller, call);
  if (call.op == mir::Opcode::CallForeign) return shape_of_foreign(program, caller, call);
  CallShape shape;
  const spec::NativeSignature& signature = spec::natives()[call.index].signature;
  NativeShape native(*program.types);
  for (size_t i = 0; i < call.operands.size(); ++i) {
    const mir::Operand& operand = call.operands[i];
    shape.parameters.emplace_back();
    if (operand.kind == mir::OperandKind::Constant) continue;
    native.number(signature.parameters[i].type, place_type(caller, *program.types, operand.place), false, shape.parameters.back());
  }
  native.number(signature.result, place_type(caller, *program.types, call.target), true, shape.result);
  native.finish(shape);
  return shape;
}

}  // namespace stark::borrow

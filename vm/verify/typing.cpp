// vm/verify/typing.cpp — proof 5g: each instruction by the rule that its row in opcodes.def names.
// Room: vm/verify. In: operand words, cut into fields by the row. Out: the state behind the instruction, or V37 and friends.
#include "vm/verify/rules.h"

namespace stark::vm {

using spec::Opcode;
using spec::Rule;

std::unexpected<Error> mistyped(const Body& b, Opcode op, std::string_view what) {
  return refuse_at(b, Refusal::OperandType, fmt::format("`{}`: {}", spec::row_of(op).text, what));
}

namespace {

Result<void> take_fields(Body& b, Opcode op, std::span<const uint32_t> words, Fields& fields) {
  size_t at = 0;
  const auto next = [&]() -> uint32_t { return at < words.size() ? words[at++] : (++at, 0); };
  const auto too_short = [&] { return refuse_at(b, Refusal::Structure, "an instruction that is shorter than its row says"); };
  for (char letter : spec::row_of(op).operands) {
    if (letter == 'u') {
      if (at >= words.size()) return too_short();
      STARK_TRY(use(b, next(), fields.next_value()));
    } else if (letter == 'U' || letter == 'D' || letter == 'B') {
      const uint32_t count = next();
      if (at > words.size() || count > words.size() - at) return too_short();
      for (uint32_t i = 0; i < count; ++i) {
        const uint32_t word = next();
        if (letter == 'U') {
          STARK_TRY(use(b, word, fields.next_value()));
          continue;
        }
        const uint32_t size = b.table_sizes[(letter == 'D' ? 'd' : 'b') - 'a'];
        if (word >= size) return refuse_at(b, Refusal::Index, fmt::format("operand {} of {}", word, size));
        (letter == 'D' ? fields.targets : fields.numbers).push_back(word);
      }
    } else {
      const uint32_t word = next();
      if (word >= b.table_sizes[letter - 'a']) return refuse_at(b, Refusal::Index, fmt::format("operand `{}` {}", letter, word));
      fields.numbers.push_back(word);
    }
  }
  if (at != words.size()) return refuse_at(b, Refusal::Structure, "an instruction of another length than its row says");
  return {};
}
}  // namespace

Result<void> Rules::apply() {
  switch (spec::row_of(op).rule) {
    case Rule::Same: return put(b, f.values[0], f.numbers[0], op == Opcode::Replace);
    case Rule::Make: return make();
    case Rule::MakeVariant: return make_variant();
    case Rule::Repeat: return repeat();
    case Rule::Box: return check_box(b, target(), f.values[0]);
    case Rule::Dyn: return check_dyn(b, target(), f.values[0], f.numbers[1]);
    case Rule::Fn: return check_fn(b, target(), f.values[0], f.numbers[1]);
    case Rule::Tag: return tag();
    case Rule::Len: return len();
    case Rule::Borrow: return borrow();
    case Rule::Drop: return drop_place(b, f.numbers[0]);
    case Rule::DropFlag: return drop_flagged(b, f.numbers[0]);
    case Rule::End: return end_register(b, f.numbers[0]);
    case Rule::Arith: return same_kinds(spec::kNum);
    case Rule::Bits: return is_integer_or_bool(kind(0)) ? same_kinds(0) : mistyped(b, op, "takes integers or bool");
    case Rule::Pow: return pow();
    case Rule::Shift: return shift();
    case Rule::Neg: return spec::has(kind(0), spec::kSigned) ? to_kind(kind(0)) : mistyped(b, op, "takes a signed number");
    case Rule::Not: return is_integer_or_bool(kind(0)) ? to_kind(kind(0)) : mistyped(b, op, "takes an integer or bool");
    case Rule::Cast: return cast();
    case Rule::Compare: return compare();
    case Rule::Format: return format();
    case Rule::Call: return check_call(b, target(), b.types.shapes[b.m.functions[f.numbers[1]].signature], f.values);
    case Rule::CallDyn: return call_dyn();
    case Rule::CallNative: return call_native();
    case Rule::Tensor: return tensor();
    case Rule::TensorConst: return tensor_const();
    case Rule::TensorFill: return tensor_fill();
    case Rule::TensorRandom: return tensor_random();
    case Rule::TensorGet: return tensor_get();
    case Rule::TensorSet: return tensor_set();
    case Rule::TensorNarrow: return tensor_narrow();
    case Rule::Jump: return {};
    case Rule::Branch: return kind(0) == TypeKind::Bool ? Result<void>{} : mistyped(b, op, "takes a bool");
    case Rule::Switch:
      if (f.numbers.empty()) return mistyped(b, op, "has no target");
      return kind(0) == TypeKind::U32 ? Result<void>{} : mistyped(b, op, "takes a u32");
    case Rule::Return: return give_back();
    case Rule::Panic: return kind(0) == TypeKind::Str ? Result<void>{} : mistyped(b, op, "takes a str");
    case Rule::Static: return reach_static();
    case Rule::CallForeign: return call_foreign();
    case Rule::ForeignFn: return foreign_fn();
  }
  return refuse_at(b, Refusal::Structure, "an instruction that is not known");
}

// The result is a scalar of this kind.
Result<void> Rules::to_kind(TypeKind wanted) {
  if (target_kind() != wanted) return mistyped(b, op, fmt::format("gives {}", spec::row_of(wanted).text));
  return arrive(b, target(), b.no_arrivals());
}
Result<void> Rules::same_kinds(uint32_t flags) {
  if (!spec::has(kind(0), flags) || kind(0) != kind(1)) return mistyped(b, op, "takes two numbers of one type");
  return to_kind(kind(0));
}
Result<void> Rules::pow() {
  const bool fits = spec::has(kind(0), spec::kFloat) ? kind(1) == kind(0) : spec::has(kind(0), spec::kInt) && kind(1) == TypeKind::U32;
  return fits ? to_kind(kind(0)) : mistyped(b, op, "takes an integer and a u32, or two floats");
}
Result<void> Rules::shift() {
  const bool fits = spec::has(kind(0), spec::kInt) && spec::has(kind(1), spec::kInt);
  return fits ? to_kind(kind(0)) : mistyped(b, op, "takes two integers");
}
Result<void> Rules::cast() {
  const TypeKind from = kind(0), to = target_kind();
  const bool to_number = spec::has(to, spec::kNum) && spec::has(from, spec::kNum);
  const bool to_integer = spec::has(to, spec::kInt) && (from == TypeKind::Bool || from == TypeKind::Char);
  const bool to_char = to == TypeKind::Char && from == TypeKind::U8;
  const bool to_address = to == TypeKind::Usize && from == TypeKind::Ptr;
  if (!to_number && !to_integer && !to_char && !to_address && !becomes_pointer()) {
    return mistyped(b, op, fmt::format("{} does not become {}", spec::row_of(from).text, spec::row_of(to).text));
  }
  return arrive(b, target(), b.no_arrivals());
}
// An address becomes a pointer, a pointer one to anything, a thin reference one to what it refers to: none is followed by that.
bool Rules::becomes_pointer() const {
  const TypeKind from = kind(0);
  if (target_kind() != TypeKind::Ptr) return false;
  if (from == TypeKind::Usize || from == TypeKind::Ptr) return true;
  if (from != TypeKind::Ref || f.values[0].is_constant) return false;
  const spec::TypeRow& to = row(b.type_of(target()).type);
  const spec::TypeRow& reference = row(f.values[0].typed.type);
  return reference.a == to.a && b.kind(to.a) != TypeKind::Str && (to.b == 0 || reference.b != 0);
}
Result<void> Rules::compare() {
  const TypeKind k = kind(0);
  const bool comparable = spec::has(k, spec::kNum) || k == TypeKind::Bool || k == TypeKind::Char || k == TypeKind::Str || k == TypeKind::Ptr;
  if (!comparable || k != kind(1)) return mistyped(b, op, "takes two scalars or texts of one type");
  return to_kind(TypeKind::Bool);
}

// The value goes to the caller; what else must be dropped has been.
Result<void> Rules::give_back() {
  const spec::TypeUse result = b.signature.result;
  if (!fits(b, f.values[0], result.type)) return mistyped(b, op, "returns another type than its signature says");
  Arrivals& arrivals = b.no_arrivals();
  STARK_TRY(gather(b, f.values[0], b.types.shapes[b.f.signature].result, arrivals));
  for (size_t i = 0; i < b.droppers.size(); ++i) {
    const uint32_t left = b.state.available[i] & b.droppers[i];
    if (left != 0) return refuse_at(b, Refusal::LeakOrDoubleDrop, fmt::format("r{} is not dropped before the function returns", i * 32 + static_cast<size_t>(std::countr_zero(left))));
  }
  b.spend(b.droppers.size());
  return {};
}

Result<void> check_instruction(Body& b, Opcode op, std::span<const uint32_t> words, Fields& fields) {
  fields.clear();
  b.passing.clear();
  look(b, Moment::Before);
  STARK_TRY(take_fields(b, op, words, fields));
  b.state.in_flight.clear();
  look(b, Moment::Taken);
  STARK_TRY(Rules(b, op, fields).apply());
  look(b, Moment::After);
  return {};
}

}  // namespace stark::vm

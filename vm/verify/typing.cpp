// vm/verify/typing.cpp — proof 5g: each instruction by the rule that its row in opcodes.def names.
// Room: vm/verify. In: operand words, cut into fields by the row. Out: the state behind the instruction, or V37 and friends.
#include <fmt/format.h>

#include <algorithm>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

using spec::Opcode;
using spec::Rule;

// The fields of one instruction, taken from its words in the order of the row's letters.
struct Fields {
  std::vector<uint32_t> numbers;   // d, p, r, l, t, c, f, n, g, s, v, i, b
  std::vector<uint32_t> targets;   // D
  std::vector<Value> values;       // u, U: used in order
};

std::unexpected<Error> mistyped(const Body& b, Opcode op, std::string_view what) {
  return refuse_at(b, Refusal::OperandType, fmt::format("`{}`: {}", spec::row_of(op).text, what));
}

size_t table_size(const Body& b, char letter) {
  switch (letter) {
    case 'd':
    case 'p': return b.places.size();
    case 'r': return b.registers.size();
    case 'l': return b.loans.size();
    case 't': return b.m.types.size();
    case 'c': return b.m.constants.size();
    case 'f': return b.m.functions.size();
    case 'n': return spec::native_rows().size();
    case 'g': return b.m.graphs.size();
    case 's': return b.m.segments.size();
    case 'b': return b.blocks.size();
    default: return spec::kNone;
  }
}

Result<Fields> take_fields(Body& b, Opcode op, std::span<const uint32_t> words) {
  Fields fields;
  size_t at = 0;
  const auto next = [&]() -> uint32_t { return at < words.size() ? words[at++] : (++at, 0); };
  const auto too_short = [&] { return refuse_at(b, Refusal::Structure, "an instruction that is shorter than its row says"); };
  for (char letter : spec::row_of(op).operands) {
    if (letter == 'u') {
      if (at >= words.size()) return too_short();
      auto value = use(b, next());
      if (!value) return std::unexpected(value.error());
      fields.values.push_back(std::move(*value));
    } else if (letter == 'U' || letter == 'D' || letter == 'B') {
      const uint32_t count = next();
      if (at > words.size() || count > words.size() - at) return too_short();
      for (uint32_t i = 0; i < count; ++i) {
        const uint32_t word = next();
        if (letter == 'U') {
          auto value = use(b, word);
          if (!value) return std::unexpected(value.error());
          fields.values.push_back(std::move(*value));
          continue;
        }
        const size_t size = table_size(b, letter == 'D' ? 'd' : 'b');
        if (word >= size) return refuse_at(b, Refusal::Index, fmt::format("operand {} of {}", word, size));
        (letter == 'D' ? fields.targets : fields.numbers).push_back(word);
      }
    } else {
      const uint32_t word = next();
      if (word >= table_size(b, letter)) return refuse_at(b, Refusal::Index, fmt::format("operand `{}` {}", letter, word));
      fields.numbers.push_back(word);
    }
  }
  if (at != words.size()) return refuse_at(b, Refusal::Structure, "an instruction of another length than its row says");
  return fields;
}

// One rule each. `f.numbers[0]` is the target wherever the row begins with d.
class Rules {
 public:
  Rules(Body& body, Opcode opcode, Fields& fields) : b(body), op(opcode), f(fields) {}

  Result<void> apply() {
    switch (spec::row_of(op).rule) {
      case Rule::Same: return put(b, f.values[0], f.numbers[0], op == Opcode::Replace);
      case Rule::Make: return make();
      case Rule::MakeVariant: return make_variant();
      case Rule::Repeat: return repeat();
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
      case Rule::Call: return check_call(b, f.numbers[0], shape_of_function(b, f.numbers[1]), f.values);
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
    }
    return refuse_at(b, Refusal::Structure, "an instruction that is not known");
  }

 private:
  TypeKind kind(size_t value) const { return kind_of(b, f.values[value]); }
  uint32_t target() const { return f.numbers[0]; }
  TypeKind target_kind() const { return b.kind(b.type_of(target()).type); }
  static bool is_integer_or_bool(TypeKind k) { return k == TypeKind::Bool || spec::has(k, spec::kInt); }
  const spec::TypeRow& row(uint32_t type) const { return b.m.types[type]; }

  // The result is a scalar of this kind.
  Result<void> to_kind(TypeKind wanted) {
    if (target_kind() != wanted) return mistyped(b, op, fmt::format("gives {}", spec::row_of(wanted).text));
    return arrive(b, target(), {});
  }
  Result<void> same_kinds(uint32_t flags) {
    if (!spec::has(kind(0), flags) || kind(0) != kind(1)) return mistyped(b, op, "takes two numbers of one type");
    return to_kind(kind(0));
  }
  Result<void> pow() {
    const bool fits = spec::has(kind(0), spec::kFloat) ? kind(1) == kind(0) : spec::has(kind(0), spec::kInt) && kind(1) == TypeKind::U32;
    return fits ? to_kind(kind(0)) : mistyped(b, op, "takes an integer and a u32, or two floats");
  }
  Result<void> shift() {
    const bool fits = spec::has(kind(0), spec::kInt) && spec::has(kind(1), spec::kInt);
    return fits ? to_kind(kind(0)) : mistyped(b, op, "takes two integers");
  }
  Result<void> cast() {
    const TypeKind from = kind(0), to = target_kind();
    const bool to_number = spec::has(to, spec::kNum) && spec::has(from, spec::kNum);
    const bool to_integer = spec::has(to, spec::kInt) && (from == TypeKind::Bool || from == TypeKind::Char);
    const bool to_char = to == TypeKind::Char && from == TypeKind::U8;
    if (!to_number && !to_integer && !to_char) {
      return mistyped(b, op, fmt::format("{} does not become {}", spec::row_of(from).text, spec::row_of(to).text));
    }
    return arrive(b, target(), {});
  }
  Result<void> compare() {
    const TypeKind k = kind(0);
    const bool comparable = spec::has(k, spec::kNum) || k == TypeKind::Bool || k == TypeKind::Char || k == TypeKind::Str;
    if (!comparable || k != kind(1)) return mistyped(b, op, "takes two scalars or texts of one type");
    return to_kind(TypeKind::Bool);
  }

  // Puts the values into the parts of the target, one each.
  template <class StepOf>
  Result<void> assemble(size_t count, StepOf step_of, uint32_t variant = spec::kNone) {
    if (f.values.size() != count) return mistyped(b, op, fmt::format("has {} parts, not {}", count, f.values.size()));
    Arrivals arrivals;
    for (size_t i = 0; i < count; ++i) {
      uint32_t chosen = variant;
      auto part = step_into(b.m, b.types, b.type_of(target()), step_of(static_cast<uint32_t>(i)), &chosen);
      if (!part) return refuse_at(b, Refusal::OperandType, part.error().message);
      if (!fits(b, f.values[i], part->type)) return mistyped(b, op, fmt::format("part {} has another type", i));
      STARK_TRY(gather(b, f.values[i], *part, arrivals));
    }
    return arrive(b, target(), std::move(arrivals));
  }
  static Step field_step(uint32_t i) { return {ProjectionKind::Field, i}; }

  Result<void> make() {
    const spec::TypeRow& t = row(b.type_of(target()).type);
    switch (target_kind()) {
      case TypeKind::Struct:
      case TypeKind::Tuple: return assemble(t.b, field_step);
      case TypeKind::Array: return assemble(uint64_t{t.c} << 32 | t.b, [](uint32_t i) { return Step{ProjectionKind::ConstIndex, i}; });
      default: return mistyped(b, op, "gives a struct, tuple or array");
    }
  }
  Result<void> make_variant() {
    const spec::TypeRow& t = row(b.type_of(target()).type);
    if (target_kind() != TypeKind::Enum || f.numbers[1] >= t.b) return mistyped(b, op, "gives an enum that has the variant");
    return assemble(b.m.variants[t.a + f.numbers[1]].fields.count, field_step, f.numbers[1]);
  }
  Result<void> repeat() {
    const uint32_t type = b.type_of(target()).type;
    if (target_kind() != TypeKind::Array || !fits(b, f.values[0], row(type).a)) return mistyped(b, op, "gives an array of its operand");
    if (!b.facts(row(type).a).is_copy) return refuse_at(b, Refusal::BoundNotMet, "the repeated value is not Copy");
    Arrivals arrivals;
    STARK_TRY(gather(b, f.values[0], {row(type).a, b.type_of(target()).regions}, arrivals));
    return arrive(b, target(), std::move(arrivals));
  }
  Result<void> look(uint32_t place) {
    STARK_TRY(require_available(b, place));
    return require_free(b, place, Access::Read);
  }
  Result<void> tag() {
    if (b.kind(b.type_of(f.numbers[1]).type) != TypeKind::Enum) return mistyped(b, op, "looks at an enum");
    STARK_TRY(look(f.numbers[1]));
    return to_kind(TypeKind::U32);
  }
  Result<void> len() {
    switch (b.kind(b.type_of(f.numbers[1]).type)) {
      case TypeKind::Array:
      case TypeKind::Vec:
      case TypeKind::Slice:
      case TypeKind::Str:
      case TypeKind::String: break;
      default: return mistyped(b, op, "looks at something with elements");
    }
    STARK_TRY(look(f.numbers[1]));
    return to_kind(TypeKind::Usize);
  }

  // A reference to `type` may be made where one to `pointee` is wanted: text of a String, elements of a Vec or array.
  bool lends_as(uint32_t type, uint32_t pointee, bool is_mut) const {
    if (type == pointee) return !(is_mut && b.kind(type) == TypeKind::Str);
    const TypeKind from = b.kind(type), to = b.kind(pointee);
    if (to == TypeKind::Str) return from == TypeKind::String && !is_mut;
    // A reader may know less of a shape than the owner; a writer may not, since it could put another shape in its place.
    if (to == TypeKind::Tensor) return from == to && !is_mut && covers(tensor_type_of(b.m, pointee), tensor_type_of(b.m, type));
    return to == TypeKind::Slice && (from == TypeKind::Vec || from == TypeKind::Array) && row(type).a == row(pointee).a;
  }

  Result<void> borrow() {
    const uint32_t l = f.numbers[1];
    const spec::LoanRow& loan = b.loans[l];
    const bool is_mut = loan.kind == static_cast<uint32_t>(spec::LoanKind::Mutable);
    const PlaceInfo& place = b.place(loan.place);
    const TypedPlace& to = b.type_of(target());
    if (b.loan_issued[l]) return refuse_at(b, Refusal::LoanTable, fmt::format("loan {} is issued twice", l));
    b.loan_issued[l] = true;
    if (target_kind() != TypeKind::Ref || (row(to.type).b != 0) != is_mut || !lends_as(place.type.type, row(to.type).a, is_mut)) {
      return mistyped(b, op, "gives a reference to the loan's place");
    }
    STARK_TRY(require_available(b, loan.place));
    if (is_mut) STARK_TRY(require_writable(b, loan.place));
    STARK_TRY(require_free(b, loan.place, is_mut ? Access::BorrowMutable : Access::BorrowShared));
    Arrivals arrivals;
    STARK_TRY(gather_loans(b, lent(l, place), to.regions[0], arrivals));
    Value inside;
    inside.typed = {to.type, {to.regions[0]}};
    inside.loans.emplace_back();
    for (uint32_t region : place.type.regions) {
      inside.typed.regions.push_back(region);
      inside.loans.push_back(loans_of(b, region));
    }
    STARK_TRY(gather(b, inside, to, arrivals));
    return arrive(b, target(), std::move(arrivals));
  }
  // The new loan, and those of the references that its place goes through: all of them up to the first shared one.
  LoanSet lent(uint32_t l, const PlaceInfo& place) const {
    LoanSet loans{l};
    for (auto crossed = place.crossed.rbegin(); crossed != place.crossed.rend(); ++crossed) {
      merge(loans, loans_of(b, crossed->region));
      if (!crossed->is_mut) break;
    }
    return loans;
  }

  Result<void> format() {
    const spec::ConstantRow& text = b.m.constants[f.numbers[1]];
    if (text.kind != static_cast<uint32_t>(TypeKind::Str)) return mistyped(b, op, "takes a template");
    for (size_t i = 0; i < f.values.size(); ++i) {
      const uint32_t flags = spec::row_of(kind(i)).flags;
      const bool shown = (flags & (spec::kCopy | spec::kReference)) != 0 && kind(i) != TypeKind::Fn;
      if (!shown) return mistyped(b, op, "shows scalars, texts and references");
    }
    const spec::Range range{static_cast<uint32_t>(text.bits >> 32), static_cast<uint32_t>(text.bits)};
    STARK_TRY(check_template(b, b.m.text_of(range), f.values.size()));
    return to_kind(TypeKind::Str);
  }
  Result<void> call_native() {
    auto shape = shape_of_native(b, f.numbers[1], f.values, target());
    if (!shape) return std::unexpected(shape.error());
    return check_call(b, target(), *shape, f.values);
  }

  bool is_element(TypeKind k, spec::DType dtype) const {
    return (k == TypeKind::Bool || spec::has(k, spec::kNum)) && spec::row_of(k).text == spec::dtype_name(dtype);
  }
  bool is_tensor(uint32_t type) const { return b.kind(type) == TypeKind::Tensor; }
  // The tensor type behind a reference, or nothing.
  std::optional<spec::TensorType> tensor_behind(size_t i, bool is_mut) const {
    const Value& value = f.values[i];
    if (value.is_constant || kind(i) != TypeKind::Ref) return std::nullopt;
    const spec::TypeRow& reference = row(value.typed.type);
    if (!is_tensor(reference.a) || (is_mut && reference.b == 0)) return std::nullopt;
    return tensor_type_of(b.m, reference.a);
  }

  bool feeds(size_t i, spec::InputMode mode, const spec::TensorType& want) const {
    switch (mode) {
      case spec::InputMode::Borrowed: {
        const auto have = tensor_behind(i, false);
        return have && covers(want, *have);
      }
      case spec::InputMode::Donated:
        return kind(i) == TypeKind::Tensor && covers(want, tensor_type_of(b.m, f.values[i].typed.type));
      case spec::InputMode::Scalar: return want.shape.rank() == 0 && is_element(kind(i), want.dtype);
    }
    return false;
  }
  Result<void> tensor() {
    const spec::GraphRow& graph = b.m.graphs[f.numbers[0]];
    const auto type_at = [&](uint32_t value) {
      const spec::TensorTypeRow& t = b.m.tensor_types[graph.values.first + value];
      return spec::TensorType{static_cast<spec::DType>(t.dtype), *spec::Shape::make(std::span(b.m.dims).subspan(t.dims.first, t.dims.count))};
    };
    if (f.values.size() != graph.inputs.count || f.targets.size() != graph.outputs.count) {
      return mistyped(b, op, "has another number of inputs or results than its graph");
    }
    for (uint32_t i = 0; i < graph.inputs.count; ++i) {
      const auto mode = static_cast<spec::InputMode>(b.m.input_modes[graph.inputs.first + i]);
      if (!feeds(i, mode, type_at(i))) return refuse_at(b, Refusal::TensorSize, fmt::format("input {} does not fit the graph", i));
    }
    for (uint32_t i = 0; i < graph.outputs.count; ++i) {
      const uint32_t to = f.targets[i];
      const uint32_t type = b.type_of(to).type;
      if (!is_tensor(type) || !covers(tensor_type_of(b.m, type), type_at(b.m.outputs[graph.outputs.first + i]))) {
        return refuse_at(b, Refusal::TensorSize, fmt::format("result {} does not fit its place", i));
      }
      STARK_TRY(arrive(b, to, {}));
    }
    return {};
  }

  Result<void> tensor_const() {
    if (target_kind() != TypeKind::Tensor) return mistyped(b, op, "gives a tensor");
    const spec::TensorType t = tensor_type_of(b.m, b.type_of(target()).type);
    const auto count = t.shape.element_count();
    const uint64_t length = b.m.segments[f.numbers[1]].length;
    const auto bytes = static_cast<uint64_t>(spec::dtype_bytes(t.dtype));
    if (t.dtype == spec::DType::Bool || !count || length % bytes != 0 || length / bytes != static_cast<uint64_t>(*count)) {
      return refuse_at(b, Refusal::TensorSize, fmt::format("a segment of {} bytes is no tensor {}", length, t.shape.text()));
    }
    return arrive(b, target(), {});
  }
  // Values behind the first `skip` are integers, `count` of them.
  Result<void> take_extents(size_t skip, size_t count) {
    if (f.values.size() != skip + count) return mistyped(b, op, fmt::format("takes {} extents or indices", count));
    for (size_t i = skip; i < f.values.size(); ++i) {
      if (!spec::has(kind(i), spec::kInt)) return mistyped(b, op, "takes integers as extents or indices");
    }
    return {};
  }
  size_t open_dims() const {
    const spec::TensorType t = tensor_type_of(b.m, b.type_of(target()).type);
    return static_cast<size_t>(std::ranges::count(t.shape.dims(), spec::kUnknownDim));
  }
  Result<void> tensor_fill() {
    if (target_kind() != TypeKind::Tensor || !is_element(kind(0), tensor_type_of(b.m, b.type_of(target()).type).dtype)) {
      return mistyped(b, op, "gives a tensor of its value");
    }
    STARK_TRY(take_extents(1, open_dims()));
    return arrive(b, target(), {});
  }
  Result<void> tensor_random() {
    if (target_kind() != TypeKind::Tensor || !spec::is_float(tensor_type_of(b.m, b.type_of(target()).type).dtype)) {
      return mistyped(b, op, "gives a tensor of floats");
    }
    STARK_TRY(take_extents(0, open_dims()));
    return arrive(b, target(), {});
  }
  Result<void> tensor_get() {
    const auto t = tensor_behind(0, false);
    if (!t || !is_element(target_kind(), t->dtype)) return mistyped(b, op, "gives an element of a tensor behind a reference");
    STARK_TRY(take_extents(1, t->shape.rank()));
    return arrive(b, target(), {});
  }
  Result<void> tensor_set() {
    const auto t = tensor_behind(0, true);
    if (!t || !is_element(kind(1), t->dtype)) return mistyped(b, op, "sets an element of a tensor behind a mutable reference");
    return take_extents(2, t->shape.rank());
  }
  Result<void> tensor_narrow() {
    if (target_kind() != TypeKind::Tensor || kind(0) != TypeKind::Tensor) return mistyped(b, op, "takes and gives a tensor");
    const spec::TensorType to = tensor_type_of(b.m, b.type_of(target()).type);
    const spec::TensorType from = tensor_type_of(b.m, f.values[0].typed.type);
    if (to.dtype != from.dtype || to.shape.rank() != from.shape.rank()) return mistyped(b, op, "keeps element type and rank");
    return arrive(b, target(), {});
  }

  // The value goes to the caller; what else must be dropped has been.
  Result<void> give_back() {
    const spec::TypeUse result = b.signature.result;
    if (!fits(b, f.values[0], result.type)) return mistyped(b, op, "returns another type than its signature says");
    TypedPlace to{result.type, {}};
    for (uint32_t s = 0; s < b.facts(result.type).region_slots; ++s) to.regions.push_back(b.m.regions[result.first_region + s]);
    Arrivals arrivals;
    STARK_TRY(gather(b, f.values[0], to, arrivals));
    for (uint32_t r = 0; r < b.registers.size(); ++r) {
      const Held held = b.state.held[r];
      if (held != Held::Unset && held != Held::Gone && b.facts(b.registers[r].type.type).needs_drop) {
        return refuse_at(b, Refusal::LeakOrDoubleDrop, fmt::format("r{} is not dropped before the function returns", r));
      }
    }
    return {};
  }

  Body& b;
  Opcode op;
  Fields& f;
};

}  // namespace

Result<void> check_instruction(Body& b, Opcode op, std::span<const uint32_t> words) {
  auto fields = take_fields(b, op, words);
  if (!fields) return std::unexpected(fields.error());
  return Rules(b, op, *fields).apply();
}

}  // namespace stark::vm

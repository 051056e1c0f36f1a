// vm/verify/rules.h — the rules of instructions as the files of proof 5g share them.
// Room: vm/verify. In: the fields of one instruction. Out: the state behind it, or a refusal.
#pragma once

#include <fmt/format.h>

#include "vm/verify/body.h"

namespace stark::vm {

// The fields of one instruction, taken from its words in the order of the row's letters.
struct Fields {
  std::vector<uint32_t> numbers;   // d, p, r, l, t, c, f, n, g, s, y, v, i, b
  std::vector<uint32_t> targets;   // D
  std::span<Value> values;         // u, U: used in order

  void clear() { numbers.clear(), targets.clear(), values = {}; }
  Value& next_value() {
    const size_t count = values.size() + 1;
    if (room_.size() < count) room_.resize(count);
    values = std::span(room_).first(count);
    return values.back();
  }

 private:
  std::vector<Value> room_;  // kept from instruction to instruction
};

std::unexpected<Error> mistyped(const Body& b, spec::Opcode op, std::string_view what);

// One rule each, by the row's name. `f.numbers[0]` is the target wherever the row begins with d.
class Rules {
 public:
  Rules(Body& body, spec::Opcode opcode, Fields& fields) : b(body), op(opcode), f(fields) {}

  Result<void> apply();

 private:
  TypeKind kind(size_t value) const { return kind_of(b, f.values[value]); }
  uint32_t target() const { return f.numbers[0]; }
  TypeKind target_kind() const { return b.kind(b.type_of(target()).type); }
  static bool is_integer_or_bool(TypeKind k) { return k == TypeKind::Bool || spec::has(k, spec::kInt); }
  const spec::TypeRow& row(uint32_t type) const { return b.m.types[type]; }

  // typing.cpp: scalars, and what ends a function.
  Result<void> to_kind(TypeKind wanted);
  Result<void> same_kinds(uint32_t flags);
  Result<void> pow();
  Result<void> shift();
  Result<void> cast();
  bool becomes_pointer() const;
  Result<void> compare();
  Result<void> give_back();

  // typing_values.cpp: aggregates, references, texts, calls.
  // Puts the values into the parts of the target, one each.
  template <class StepOf>
  Result<void> assemble(size_t count, StepOf step_of, uint32_t variant = spec::kNone) {
    if (f.values.size() != count) return mistyped(b, op, fmt::format("has {} parts, not {}", count, f.values.size()));
    Arrivals& arrivals = b.no_arrivals();
    for (size_t i = 0; i < count; ++i) {
      uint32_t chosen = variant;
      auto part = step_into(b.m, b.types, b.type_of(target()), step_of(static_cast<uint32_t>(i)), &chosen, b.passing);
      if (!part) return refuse_at(b, Refusal::OperandType, part.error().message);
      if (!fits(b, f.values[i], part->type)) return mistyped(b, op, fmt::format("part {} has another type", i));
      STARK_TRY(gather(b, f.values[i], *part, arrivals));
    }
    return arrive(b, target(), arrivals);
  }
  static Step field_step(uint32_t i) { return {ProjectionKind::Field, i}; }
  Result<void> make();
  Result<void> make_variant();
  Result<void> repeat();
  Result<void> look(uint32_t place);
  Result<void> tag();
  Result<void> len();
  bool lends_as(uint32_t type, uint32_t pointee, bool is_mut) const;
  Result<void> borrow();
  void lend(uint32_t l, const PlaceInfo& place, LoanSet& loans);
  Result<void> format();
  Result<void> transmute();
  Result<void> call_native();
  Result<void> call_dyn();
  Result<void> reach_static();

  // foreigns.cpp
  Result<void> call_foreign();
  Result<void> foreign_fn();

  // typing_tensors.cpp
  bool is_element(TypeKind k, spec::DType dtype) const;
  bool is_tensor(uint32_t type) const;
  std::optional<spec::TensorType> tensor_behind(size_t i, bool is_mut) const;
  bool feeds(size_t i, spec::InputMode mode, const spec::TensorType& want) const;
  Result<void> tensor();
  Result<void> tensor_const();
  Result<void> take_extents(size_t skip, size_t count);
  size_t open_dims() const;
  Result<void> tensor_fill();
  Result<void> tensor_random();
  Result<void> tensor_get();
  Result<void> tensor_set();
  Result<void> tensor_narrow();

  Body& b;
  spec::Opcode op;
  Fields& f;
  LoanSet held_;
};

}  // namespace stark::vm

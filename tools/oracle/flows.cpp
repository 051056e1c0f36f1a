// tools/oracle/flows.cpp — reads the lifetimes of signatures, and gives those of natives numbers as their patterns say.
// Room: tools/oracle. Essay: README.md, "Calls". In: signature rows, native patterns. Out: Shape.
#include "tools/oracle/flows.h"

#include <map>

namespace stark::oracle {
namespace {

using spec::Pattern;
using spec::PatternKind;

class Numbering {
 public:
  explicit Numbering(const TypeBook& types) : types_(types) {}

  Typed number(const Pattern& pattern, uint32_t type, bool is_result) {
    Typed typed{type, {}};
    walk(pattern, type, is_result, typed.slots);
    if (typed.slots.size() != types_.slots(type)) throw Malformed{"a native is called with another type than it takes"};
    return typed;
  }

  bool copies(const std::string& variable) const {
    const auto at = variables_.find(variable);
    return at == variables_.end() || types_.copies(at->second.type);
  }
  void relate(Shape& shape) const {
    shape.count = count_;
    for (uint32_t l : static_) shape.outlives.emplace_back(l, 0);
    for (uint32_t l : arguments_)
      if (result_ != 0) shape.outlives.emplace_back(l, result_);
  }

 private:
  void walk(const Pattern& pattern, uint32_t type, bool is_result, std::vector<uint32_t>& slots) {
    const spec::TypeRow& row = types_.row(type);
    const TypeKind kind = types_.kind(type);
    const auto expect = [&](bool good) {
      if (!good) throw Malformed{"a native is called with another type than it takes"};
    };
    const auto reference = [&] { return is_result ? once(result_) : kept(arguments_); };
    switch (pattern.kind) {
      case PatternKind::Scalar: return expect(kind == pattern.scalar);
      case PatternKind::Opaque: return expect(kind == TypeKind::Opaque);
      case PatternKind::Tensor: return expect(kind == TypeKind::Tensor);
      case PatternKind::Variable: return variable(pattern.name, type, slots);
      case PatternKind::Ref:
        expect(kind == TypeKind::Ref && (row.b != 0) == pattern.is_mut);
        slots.push_back(spec::is_view(pattern.parts[0]) ? ++count_ : reference());  // what a view borrows from, a result does; not from the view
        return walk(pattern.parts[0], row.a, is_result, slots);
      case PatternKind::Vec: expect(kind == TypeKind::Vec); return walk(pattern.parts[0], row.a, is_result, slots);
      case PatternKind::Slice: expect(kind == TypeKind::Slice); return walk(pattern.parts[0], row.a, is_result, slots);
      case PatternKind::Option: return option(pattern, type, is_result, slots);
      case PatternKind::Tuple: {
        const auto fields = types_.fields({type, std::vector<Origin>(types_.slots(type), 0)}, spec::kNone);
        expect(kind == TypeKind::Tuple && fields.size() == pattern.parts.size());
        for (size_t f = 0; f < fields.size(); ++f) walk(pattern.parts[f], fields[f].type, is_result, slots);
        return;
      }
      case PatternKind::Cell: {
        expect(kind == pattern.scalar);
        if (kind == TypeKind::Guard) slots.push_back(reference());
        std::vector<uint32_t> hidden;  // what a Gc shares borrows nothing
        const bool shares = kind == TypeKind::Gc || kind == TypeKind::Weak;
        walk(pattern.parts[0], row.a, is_result, shares ? hidden : slots);
        static_.insert(static_.end(), hidden.begin(), hidden.end());
        return;
      }
      case PatternKind::Dyn:
        expect(kind == TypeKind::Dyn);
        slots.push_back(++count_);
        if (pattern.is_mut) static_.push_back(count_);
        return;
      case PatternKind::Scope: expect(kind == TypeKind::Scope); return slots.push_back(once(scope_));
      case PatternKind::Fiber: expect(kind == TypeKind::Fiber); return slots.push_back(is_result ? once(result_) : ++count_);
      case PatternKind::Task:
        expect(kind == TypeKind::Box);
        return slots.push_back(pattern.lender == spec::Lender::Scope ? once(scope_) : kept(pattern.lender == spec::Lender::Fiber ? arguments_ : static_));
    }
  }

  // The payload's lifetimes must be the enum's own, one by one.
  void option(const Pattern& pattern, uint32_t type, bool is_result, std::vector<uint32_t>& slots) {
    std::vector<Origin> own(types_.slots(type));
    for (uint32_t s = 0; s < own.size(); ++s) own[s] = s + 1;
    const auto fields = types_.fields({type, own}, 1);
    if (fields.size() != 1 || fields[0].slots != own) throw Malformed{"a native gives an option of another form"};
    walk(pattern.parts[0], fields[0].type, is_result, slots);
  }

  void variable(const std::string& name, uint32_t type, std::vector<uint32_t>& slots) {
    auto [at, is_new] = variables_.try_emplace(name);
    if (is_new) {
      at->second.type = type;
      for (uint32_t s = 0; s < types_.slots(type); ++s) at->second.slots.push_back(++count_);
    }
    if (at->second.type != type) throw Malformed{"one variable of a native is two types"};
    slots.insert(slots.end(), at->second.slots.begin(), at->second.slots.end());
  }

  uint32_t once(uint32_t& lifetime) { return lifetime == 0 ? lifetime = ++count_ : lifetime; }
  uint32_t kept(std::vector<uint32_t>& list) {
    list.push_back(++count_);
    return count_;
  }

  const TypeBook& types_;
  std::map<std::string, Typed> variables_;
  std::vector<uint32_t> arguments_, static_;
  uint32_t count_ = 0, result_ = 0, scope_ = 0;
};

}  // namespace

Shape shape_of(const TypeBook& types, uint32_t signature) {
  const Module& m = types.module();
  const spec::SignatureRow& s = row_at(m.signatures, signature);
  Shape shape;
  shape.count = s.region_count;
  for (uint32_t p = 0; p < s.parameters.count; ++p) shape.parameters.push_back(types.use(row_at(m.type_uses, s.parameters.first + p)));
  shape.result = types.use(s.result);
  for (uint32_t o = 0; o < s.outlives.count; ++o) {
    const auto& pair = row_at(m.outlives, s.outlives.first + o);
    shape.outlives.emplace_back(pair.longer, pair.shorter);
  }
  return shape;
}

bool outlives(const Shape& shape, uint32_t longer, uint32_t shorter) {
  std::vector<bool> reached(size_t{shape.count} + 1);
  reached.at(longer) = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [l, s] : shape.outlives) {
      if (!reached.at(l) || reached.at(s)) continue;
      reached[s] = changed = true;
    }
  }
  return longer == 0 || reached[0] || reached.at(shorter);
}

Shape shape_of_native(const TypeBook& types, spec::Native native, const std::vector<uint32_t>& arguments, uint32_t result) {
  const spec::NativeSignature& signature = spec::facts(native).signature;
  if (arguments.size() != signature.parameters.size()) throw Malformed{"a native is called with another number of arguments"};
  Numbering numbering(types);
  Shape shape;
  for (size_t a = 0; a < arguments.size(); ++a)
    shape.parameters.push_back(arguments[a] == spec::kNone ? Typed{spec::kNone, {}} : numbering.number(signature.parameters[a].type, arguments[a], false));
  shape.result = numbering.number(signature.result, result, true);
  numbering.relate(shape);
  for (const std::string& variable : signature.copied)
    if (!numbering.copies(variable)) throw Malformed{"a native copies what does not copy"};
  return shape;
}

}  // namespace stark::oracle

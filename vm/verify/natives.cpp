// vm/verify/natives.cpp — proof 5f: a call of a native is matched with its signature in natives.def.
// Room: vm/verify. In: pattern trees, types of the values and the target. Out: CallShape, or V35.
#include <fmt/format.h>
#include <xxhash.h>

#include <map>

#include "bytecode-spec/native_signature.h"
#include "vm/verify/body.h"

namespace stark::vm {
namespace {

using spec::Pattern;
using spec::PatternKind;

// The kind of scalar that stands for a tensor's element type; Unit where there is none.
TypeKind scalar_of(spec::DType dtype) {
  for (const spec::TypeKindRow& row : spec::type_kinds()) {
    const auto kind = static_cast<TypeKind>(&row - spec::type_kinds().data());
    const bool scalar = kind == TypeKind::Bool || spec::has(kind, spec::kNum);
    if (scalar && row.text == spec::dtype_name(dtype)) return kind;
  }
  return TypeKind::Unit;
}

// Walks pattern and type side by side, finds the variables, and numbers the lifetimes it meets.
class Matcher {
 public:
  explicit Matcher(const Body& b) : b_(b) {}

  bool match(const Pattern& pattern, uint32_t type, bool is_result, std::vector<uint32_t>& regions) {
    const spec::TypeRow& row = b_.m.types[type];
    const TypeKind kind = b_.kind(type);
    const auto part = [&](uint32_t t) { return match(pattern.parts[0], t, is_result, regions); };
    switch (pattern.kind) {
      case PatternKind::Scalar: return kind == pattern.scalar;
      case PatternKind::Variable: return match_variable(pattern.name, type, kind, regions);
      case PatternKind::Ref:
        if (kind != TypeKind::Ref || (row.b != 0) != pattern.is_mut) return false;
        // A variable stands for what has a size: natives take no fat reference for a thin one. What
        // is there or not, they show as a text where it is one.
        if (pattern.parts[0].kind == PatternKind::Variable && b_.facts(type).size != 8 && !(shows_text_ && !pattern.is_mut && b_.kind(row.a) == TypeKind::Str)) return false;
        if (spec::is_view(pattern.parts[0])) regions.push_back(++count_);  // what the view borrows from, a result does; not from the view
        else regions.push_back(is_result ? result_region() : fresh(argument_references_));
        return part(row.a);
      case PatternKind::Vec: return kind == TypeKind::Vec && part(row.a);
      case PatternKind::Slice: return kind == TypeKind::Slice && part(row.a);
      case PatternKind::Option: return match_option(pattern, type, is_result, regions);
      case PatternKind::Tuple:
        if (kind != TypeKind::Tuple || row.b != pattern.parts.size()) return false;
        for (uint32_t f = 0; f < row.b; ++f) {
          if (!match(pattern.parts[f], b_.m.fields[row.a + f].type.type, is_result, regions)) return false;
        }
        return true;
      case PatternKind::Tensor: return kind == TypeKind::Tensor && match_tensor(pattern, type, is_result);
      case PatternKind::Cell: return kind == pattern.scalar && match_cell(pattern, row, is_result, regions);
      case PatternKind::Dyn:
        if (kind != TypeKind::Dyn) return false;
        regions.push_back(++count_);
        if (pattern.is_mut) static_.push_back(count_);
        return true;
      case PatternKind::Scope:
        regions.push_back(scope_region());
        return kind == TypeKind::Scope;
      case PatternKind::Fiber:
        regions.push_back(is_result ? result_region() : ++count_);
        return kind == TypeKind::Fiber;
      case PatternKind::Task: return match_task(pattern, type, regions);
      case PatternKind::Opaque: return kind == TypeKind::Opaque && row.a == static_cast<uint32_t>(pattern.opaque);
    }
    return false;
  }

  bool match_constant(const Pattern& pattern, TypeKind kind) {
    if (pattern.kind == PatternKind::Scalar) return kind == pattern.scalar;
    if (pattern.kind != PatternKind::Variable) return false;
    Binding& binding = bindings_[pattern.name];
    if (binding.found) return binding.kind == kind;
    binding = {true, spec::kNone, kind, {}};
    return true;
  }

  bool copies(const std::string& variable) const {
    const auto at = bindings_.find(variable);
    return at == bindings_.end() || at->second.type == spec::kNone || b_.facts(at->second.type).is_copy;
  }

  void finish(CallShape& shape) {
    shape.region_count = count_;
    for (uint32_t r : static_) shape.outlives.emplace_back(r, 0);
    if (result_ == 0) return;
    for (uint32_t r : argument_references_) shape.outlives.emplace_back(r, result_);
  }

 private:
  struct Binding {
    bool found = false;
    uint32_t type = spec::kNone;  // kNone where only the kind is known: constants, elements of tensors
    TypeKind kind{};
    std::vector<uint32_t> regions;
  };

  uint32_t fresh(std::vector<uint32_t>& list) {
    list.push_back(++count_);
    return count_;
  }
  uint32_t result_region() {
    if (result_ == 0) result_ = ++count_;
    return result_;
  }

  bool match_variable(const std::string& name, uint32_t type, TypeKind kind, std::vector<uint32_t>& regions) {
    if (kind == TypeKind::Scope) return false;  // what takes any value may lose it
    Binding& binding = bindings_[name];
    if (binding.found && binding.kind != kind) return false;
    if (binding.found && binding.type != spec::kNone && binding.type != type) return false;
    if (binding.type == spec::kNone) {
      binding.found = true;
      binding.type = type;
      binding.kind = kind;
      for (uint32_t s = 0; s < b_.facts(type).region_slots; ++s) binding.regions.push_back(++count_);
    }
    regions.insert(regions.end(), binding.regions.begin(), binding.regions.end());
    return true;
  }

  // A guard borrows like a reference. What a Gc or Weak stands for has no lifetimes but 'static.
  bool match_cell(const Pattern& pattern, const spec::TypeRow& row, bool is_result, std::vector<uint32_t>& regions) {
    if (pattern.scalar == TypeKind::Guard) {
      if (row.b != static_cast<uint32_t>(pattern.guard)) return false;
      regions.push_back(is_result ? result_region() : fresh(argument_references_));
    }
    const bool is_handle = pattern.scalar == TypeKind::Gc || pattern.scalar == TypeKind::Weak;
    return match(pattern.parts[0], row.a, is_result, is_handle ? static_ : regions);
  }

  // What another thread or a fiber calls once: a boxed object that may go there, with one method that takes the box and gives nothing. It
  // borrows nothing, or what the lifetime of the scope or of the fiber stands for.
  bool match_task(const Pattern& pattern, uint32_t type, std::vector<uint32_t>& regions) {
    if (b_.kind(type) != TypeKind::Box) return false;
    const uint32_t dyn = b_.m.types[type].a;
    const spec::TypeRow& row = b_.m.types[dyn];
    if (b_.kind(dyn) != TypeKind::Dyn || row.b != 1 || (!pattern.stays && !b_.facts(dyn).is_send)) return false;
    const spec::SignatureRow& method = b_.m.signatures[b_.m.dyn_methods[row.a].signature];
    if (method.parameters.count != 1 || b_.m.type_uses[method.parameters.first].type != type || b_.kind(method.result.type) != TypeKind::Unit) return false;
    regions.push_back(pattern.lender == spec::Lender::Scope ? scope_region() : fresh(pattern.lender == spec::Lender::Fiber ? argument_references_ : static_));
    return true;
  }
  uint32_t scope_region() {
    if (scope_ == 0) scope_ = ++count_;
    return scope_;
  }

  // Two variants, nothing and one field: what the VM will make.
  bool match_option(const Pattern& pattern, uint32_t type, bool is_result, std::vector<uint32_t>& regions) {
    const spec::TypeRow& row = b_.m.types[type];
    if (b_.kind(type) != TypeKind::Enum || row.b != 2 || row.c != spec::kNone) return false;
    const auto& none = b_.m.variants[row.a];
    const auto& some = b_.m.variants[row.a + 1];
    if (none.fields.count != 0 || some.fields.count != 1) return false;
    const spec::TypeUse payload = b_.m.fields[some.fields.first].type;
    // The enum's own parameters must be the payload's lifetimes, in order.
    const uint32_t slots = b_.facts(payload.type).region_slots;
    if (row.d != slots) return false;
    for (uint32_t s = 0; s < slots; ++s) {
      if (b_.m.regions[payload.first_region + s] != s + 1) return false;
    }
    shows_text_ = is_result;
    const bool matches = match(pattern.parts[0], payload.type, is_result, regions);
    shows_text_ = false;
    return matches;
  }

  bool match_tensor(const Pattern& pattern, uint32_t type, bool is_result) {
    const spec::TensorType tensor = tensor_type_of(b_.m, type);
    const TypeKind element = scalar_of(tensor.dtype);
    const Pattern& wanted = pattern.parts[0];
    if (wanted.kind == PatternKind::Scalar ? element != wanted.scalar : !bind_element(wanted.name, element)) return false;
    if (!pattern.dims_variable.empty()) {
      auto [at, is_new] = dims_.try_emplace(pattern.dims_variable, tensor.shape);
      return is_new || at->second == tensor.shape;
    }
    if (pattern.dims.size() != tensor.shape.rank()) return false;
    for (size_t i = 0; i < pattern.dims.size(); ++i) {
      const bool open = pattern.dims[i] == spec::kUnknownDim && !is_result;  // a result may not promise more than the native does
      if (!open && pattern.dims[i] != tensor.shape[i]) return false;
    }
    return true;
  }
  bool bind_element(const std::string& name, TypeKind element) {
    Binding& binding = bindings_[name];
    if (binding.found) return binding.kind == element;
    binding = {true, spec::kNone, element, {}};
    return true;
  }

  const Body& b_;
  std::map<std::string, Binding> bindings_;
  std::map<std::string, spec::Shape> dims_;
  std::vector<uint32_t> argument_references_;
  std::vector<uint32_t> static_;
  uint32_t count_ = 0;
  uint32_t result_ = 0;
  uint32_t scope_ = 0;
  bool shows_text_ = false;
};

// Whether the call fits the native, and how.
Result<CallShape> match_native(const Body& b, const spec::NativeFacts& facts, std::span<const Value> values, uint32_t result) {
  const auto wrong = [&](std::string_view what) {
    return refuse_at(b, Refusal::Signature, fmt::format("{} of a call of `{}` does not fit `{}`", what, facts.text, facts.source));
  };
  if (values.size() != facts.signature.parameters.size()) return wrong("the number of arguments");
  Matcher matcher(b);
  CallShape shape;
  shape.is_matched = true;
  std::vector<size_t> ends;  // of each place's lifetimes among all
  for (const Value& value : values) {
    const Pattern& pattern = facts.signature.parameters[ends.size()].type;
    const bool fits = value.is_constant ? matcher.match_constant(pattern, value.constant) : matcher.match(pattern, value.typed.type, false, shape.lifetimes);
    if (!fits) return wrong("an argument");
    shape.parameters.push_back({value.typed.type, {}});
    ends.push_back(shape.lifetimes.size());
  }
  if (!matcher.match(facts.signature.result, result, true, shape.lifetimes)) return wrong("the result");
  size_t begin = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    shape.parameters[i].regions = std::span(shape.lifetimes).subspan(begin, ends[i] - begin);
    begin = ends[i];
  }
  shape.result = {result, std::span(shape.lifetimes).subspan(begin)};
  // A trait object has forgotten the lifetimes of what it hides: only what has none is known by its type.
  const bool names_hidden = !facts.signature.parameters.empty() && facts.head == "any";
  if (names_hidden && b.facts(b.m.types[values.back().typed.type].a).region_slots > 0) {
    return refuse_at(b, Refusal::RegionTooShort, fmt::format("`{}` asks for a type that borrows", facts.text));
  }
  for (const std::string& variable : facts.signature.copied) {
    if (!matcher.copies(variable)) return refuse_at(b, Refusal::BoundNotMet, fmt::format("`{}` is called with a type that is not Copy", facts.text));
  }
  matcher.finish(shape);
  return shape;
}

}  // namespace

size_t WordsHash::operator()(std::span<const uint32_t> words) const { return XXH3_64bits(words.data(), words.size_bytes()); }

// All that a match depends on is the native and the types, and most calls are like one before.
Result<const CallShape*> shape_of_native(Body& b, uint32_t native, std::span<const Value> values, uint32_t target) {
  constexpr size_t kMostShapes = 4096;
  constexpr uint32_t kConstant = 1u << 31;  // no type has such a number
  const uint32_t result = b.type_of(target).type;
  std::vector<uint32_t>& key = b.native_key;
  key.assign({native, result});
  for (const Value& value : values) key.push_back(value.is_constant ? kConstant | static_cast<uint32_t>(value.constant) : value.typed.type);
  if (const auto found = b.native_shapes.find(key); found != b.native_shapes.end()) return &found->second;
  auto shape = match_native(b, spec::facts(static_cast<spec::Native>(native)), values, result);
  if (!shape) return std::unexpected(shape.error());
  if (b.native_shapes.size() >= kMostShapes) b.native_shapes.clear();
  return &b.native_shapes.emplace(key, std::move(*shape)).first->second;
}

}  // namespace stark::vm

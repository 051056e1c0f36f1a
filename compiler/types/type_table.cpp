// compiler/types/type_table.cpp — interns types and answers questions about them.
// Room: types. In: requests by structure. Out: TypeId, and facts about it.
#include "compiler/types/type_table.h"

#include <fmt/format.h>

#include "bytecode-spec/base/check.h"

namespace stark::types {
namespace {

constexpr size_t kBuckets = 4096;

struct KindRow {
  std::string_view text;
  uint32_t size, flags;
};
using namespace spec;
constexpr KindRow kKinds[] = {
#define TYPE_KIND(name, text, size, align, flags) {text, size, flags},
#include "bytecode-spec/types.def"
};

size_t hash(const TypeData& data) {
  size_t h = static_cast<size_t>(data.kind) * 31 + static_cast<size_t>(data.special);
  const auto mix = [&](uint64_t value) { h = (h ^ value) * 0x9E37'79B9'7F4A'7C15ull; };
  for (TypeId part : data.parts) mix(part.value);
  for (int64_t dim : data.dims) mix(static_cast<uint64_t>(dim));
  mix(data.length), mix(data.struct_id.value), mix(data.enum_id.value), mix(data.dyn_id.value), mix(data.is_mut ? 1 : 0);
  mix(static_cast<uint64_t>(data.dtype)), mix(static_cast<uint64_t>(data.opaque)), mix(data.trait);
  return h % kBuckets;
}

}  // namespace

TypeTable::TypeTable() : buckets_(kBuckets) {
  intern({.special = Special::Never});
  intern({.special = Special::Error});
}

TypeId TypeTable::intern(TypeData data) {
  auto& bucket = buckets_[hash(data)];
  for (TypeId id : bucket)
    if (get(id) == data) return id;
  types_.push_back(std::move(data));
  bucket.push_back(TypeId(types_.size() - 1));
  return bucket.back();
}

TypeId TypeTable::scalar(TypeKind kind) { return intern({.kind = kind}); }
TypeId TypeTable::ref(TypeId pointee, bool is_mut) { return intern({.kind = TypeKind::Ref, .is_mut = is_mut, .parts = {pointee}}); }
TypeId TypeTable::vec(TypeId element) { return intern({.kind = TypeKind::Vec, .parts = {element}}); }
TypeId TypeTable::array(TypeId element, uint64_t length) {
  return intern({.kind = TypeKind::Array, .parts = {element}, .length = length});
}
TypeId TypeTable::slice(TypeId element) { return intern({.kind = TypeKind::Slice, .parts = {element}}); }
TypeId TypeTable::box(TypeId element) { return intern({.kind = TypeKind::Box, .parts = {element}}); }
TypeId TypeTable::cell(TypeKind kind, TypeId element, bool is_mut) { return intern({.kind = kind, .is_mut = is_mut, .parts = {element}}); }
TypeId TypeTable::guard(spec::GuardKind kind, TypeId element) {
  return intern({.kind = TypeKind::Guard, .is_mut = spec::gives_mutable(kind), .parts = {element}, .length = static_cast<uint64_t>(kind)});
}
TypeId TypeTable::fn(std::vector<TypeId> parameters, TypeId result) {
  parameters.push_back(result);
  return intern({.kind = TypeKind::Fn, .parts = std::move(parameters)});
}
TypeId TypeTable::tuple(std::vector<TypeId> fields) {
  if (fields.empty()) return scalar(TypeKind::Unit);
  return intern({.kind = TypeKind::Tuple, .parts = std::move(fields)});
}
TypeId TypeTable::tensor(spec::DType dtype, std::vector<int64_t> dims) {
  return intern({.kind = TypeKind::Tensor, .dtype = dtype, .dims = std::move(dims)});
}
TypeId TypeTable::opaque(spec::Opaque which) { return intern({.kind = TypeKind::Opaque, .opaque = which}); }
TypeId TypeTable::parameter(std::string name) {
  parameters_.push_back(std::move(name));
  return intern({.special = Special::Parameter, .length = parameters_.size() - 1});
}
TypeId TypeTable::projection(TypeId self, std::vector<TypeId> arguments, uint32_t trait, std::string_view name) {
  size_t word = 0;
  while (word < words_.size() && words_[word] != name) ++word;
  if (word == words_.size()) words_.emplace_back(name);
  arguments.insert(arguments.begin(), self);
  return intern({.special = Special::Projection, .parts = std::move(arguments), .length = word, .trait = trait});
}
TypeId TypeTable::generic_tensor(TypeId element, std::vector<int64_t> dims) {
  return intern({.kind = TypeKind::Tensor, .parts = {element}, .dims = std::move(dims)});
}
std::string TypeTable::number_text(int64_t number) const {
  if (is_number_symbol(number)) return parameters_[static_cast<size_t>(number - kNumberSymbols)];
  if (is_shape_symbol(number)) return parameters_[static_cast<size_t>(number - kShapeSymbols)];
  return number < 0 ? "?" : std::to_string(number);
}
TypeId TypeTable::never() const { return TypeId(0); }
TypeId TypeTable::error() const { return TypeId(1); }

StructId TypeTable::add_struct(StructInfo info) {
  structs_.push_back(std::move(info));
  return StructId(structs_.size() - 1);
}
EnumId TypeTable::add_enum(EnumInfo info) {
  enums_.push_back(std::move(info));
  return EnumId(enums_.size() - 1);
}
DynId TypeTable::add_dyn(DynInfo info) {
  dyns_.push_back(std::move(info));
  return DynId(dyns_.size() - 1);
}
TypeId TypeTable::struct_type(StructId id) { return intern({.kind = TypeKind::Struct, .struct_id = id}); }
TypeId TypeTable::enum_type(EnumId id) { return intern({.kind = TypeKind::Enum, .enum_id = id}); }
TypeId TypeTable::dyn_type(DynId id) { return intern({.kind = TypeKind::Dyn, .dyn_id = id}); }

TypeId TypeTable::fn_dyn(TypeId fn) {
  if (const auto known = fn_dyns_.find(fn); known != fn_dyns_.end()) return known->second;
  const std::vector<TypeId> parts = get(fn).parts;
  const DynId id = add_dyn({name(fn), {}, false, false, {}});
  const TypeId dyn = dyn_type(id);
  Signature s;
  const auto add = [&](TypeId type) {
    s.parameters.push_back(type);
    s.parameter_regions.emplace_back();
    for (uint32_t slot = region_slots(type); slot > 0; --slot) s.parameter_regions.back().push_back(++s.region_count);
  };
  add(ref(dyn, false));
  for (size_t i = 0; i + 1 < parts.size(); ++i) add(parts[i]);
  s.result = parts.back();
  if (const uint32_t slots = region_slots(s.result); slots > 0) {
    const Region shortest = ++s.region_count;
    s.result_regions.assign(slots, shortest);
    for (Region r = 1; r < shortest; ++r) s.outlives.emplace_back(r, shortest);
  }
  info(id).methods.push_back({"call", std::move(s)});
  return fn_dyns_[fn] = dyn;
}

uint32_t TypeTable::number_bytes(TypeKind kind) {
  const KindRow& row = kKinds[static_cast<size_t>(kind)];
  return (row.flags & kNum) != 0 ? row.size : 0;
}

bool TypeTable::is_copy(TypeId id) const {
  const TypeData& data = get(id);
  if (data.special != Special::None) return true;
  switch (data.kind) {
    case TypeKind::Struct: return info(data.struct_id).is_copy;
    case TypeKind::Enum: return info(data.enum_id).is_copy;
    case TypeKind::Ref: return !data.is_mut;
    case TypeKind::Array:
    case TypeKind::Tuple:
      for (TypeId part : data.parts)
        if (!is_copy(part)) return false;
      return true;
    default: return (kKinds[static_cast<size_t>(data.kind)].flags & kCopy) != 0;
  }
}

bool TypeTable::needs_drop(TypeId id) const {
  std::vector<TypeId> open;
  return needs_drop(id, open);
}

// A type that is met again inside itself adds nothing new: `open` holds those on the way.
bool TypeTable::needs_drop(TypeId id, std::vector<TypeId>& open) const {
  const TypeData& data = get(id);
  if (data.special != Special::None) return false;
  const auto any = [&](const std::vector<Field>& fields) {
    for (const Field& field : fields)
      if (field.type.valid() && needs_drop(field.type, open)) return true;
    return false;
  };
  switch (data.kind) {
    case TypeKind::Struct:
    case TypeKind::Enum: {
      const bool is_enum = data.kind == TypeKind::Enum;
      if ((is_enum ? info(data.enum_id).drop_function : info(data.struct_id).drop_function) != Id<int>::kNone) return true;
      for (TypeId one : open)
        if (one == id) return false;
      open.push_back(id);
      bool found = !is_enum && any(info(data.struct_id).fields);
      if (is_enum)
        for (const Variant& variant : info(data.enum_id).variants) found = found || any(variant.fields);
      open.pop_back();
      return found;
    }
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Array:
    case TypeKind::Tuple:
      for (TypeId part : data.parts)
        if (needs_drop(part, open)) return true;
      return false;
    case TypeKind::Dyn: return true;  // what it hides may
    default: return (kKinds[static_cast<size_t>(data.kind)].flags & kOwned) != 0;
  }
}

uint32_t TypeTable::region_slots(TypeId id) const {
  const TypeData& data = get(id);
  if (data.special != Special::None) return 0;
  if (data.kind == TypeKind::Struct) return info(data.struct_id).region_count;
  if (data.kind == TypeKind::Enum) return info(data.enum_id).region_count;
  if (data.kind == TypeKind::Fn || data.kind == TypeKind::Dyn || data.kind == TypeKind::Scope) return 1;
  if (data.kind == TypeKind::Gc || data.kind == TypeKind::Weak) return 0;  // what is inside borrows nothing
  uint32_t slots = data.kind == TypeKind::Ref || data.kind == TypeKind::Guard ? 1 : 0;
  for (TypeId part : data.parts) slots += region_slots(part);
  return slots;
}

std::string TypeTable::name(TypeId id) const {
  if (!id.valid()) return "_";
  const TypeData& data = get(id);
  if (data.special == Special::Never) return "!";
  if (data.special == Special::Error) return "{unknown}";
  if (data.special == Special::Infer) return data.length % 4 == 1 ? "{integer}" : data.length % 4 == 2 ? "{float}" : "_";
  if (data.special == Special::Parameter) return parameters_[data.length];
  if (data.special == Special::Projection) return fmt::format("{}::{}", name(data.parts[0]), words_[data.length]);
  const auto list = [&](std::string_view open, std::string_view close) {
    std::string out(open);
    for (size_t i = 0; i < data.parts.size(); ++i) out += (i ? ", " : "") + name(data.parts[i]);
    return out + (data.parts.size() == 1 && open == "(" ? "," : "") + std::string(close);
  };
  switch (data.kind) {
    case TypeKind::Ref: return (data.is_mut ? "&mut " : "&") + name(data.parts[0]);
    case TypeKind::Ptr: return (data.is_mut ? "*mut " : "*const ") + name(data.parts[0]);
    case TypeKind::Vec: return list("Vec<", ">");
    case TypeKind::Slice: return list("[", "]");
    case TypeKind::Array: return fmt::format("[{}; {}]", name(data.parts[0]), number_text(static_cast<int64_t>(data.length)));
    case TypeKind::Tuple: return list("(", ")");
    case TypeKind::Box: return list("Box<", ">");
    case TypeKind::Cell: return list("Cell<", ">");
    case TypeKind::RefCell: return list("RefCell<", ">");
    case TypeKind::Guard: {
      constexpr std::string_view kNames[] = {"Ref<", "RefMut<", "MutexGuard<", "RwLockReadGuard<", "RwLockWriteGuard<"};
      return list(kNames[data.length], ">");
    }
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot: return list(std::string(kKinds[static_cast<size_t>(data.kind)].text) + "<", ">");
    case TypeKind::Atomic: {
      std::string part = name(data.parts[0]);
      if (get(data.parts[0]).special != Special::None) return "Atomic<" + part + ">";
      part[0] = static_cast<char>(part[0] - 'a' + 'A');
      return "Atomic" + part;
    }
    case TypeKind::Gc: return list("Gc<", ">");
    case TypeKind::Weak: return list("Weak<", ">");
    case TypeKind::Dyn: return "dyn " + info(data.dyn_id).name;
    case TypeKind::Fn: {
      std::string out = "fn(";
      for (size_t i = 0; i + 1 < data.parts.size(); ++i) out += (i ? ", " : "") + name(data.parts[i]);
      const bool is_unit = kind(data.parts.back()) == TypeKind::Unit && get(data.parts.back()).special == Special::None;
      return out + (is_unit ? ")" : ") -> " + name(data.parts.back()));
    }
    case TypeKind::Struct: return info(data.struct_id).name;
    case TypeKind::Enum: return info(data.enum_id).name;
    case TypeKind::Opaque: {
      constexpr std::string_view names[] = {
#define OPAQUE(n, text) text,
#include "bytecode-spec/opaques.def"
      };
      return std::string(names[static_cast<size_t>(data.opaque)]);
    }
    case TypeKind::Tensor: {
      std::string dims;
      for (int64_t dim : data.dims) dims += (dims.empty() ? "" : ", ") + number_text(dim);
      if (data.dims.size() != 1 || !is_shape_symbol(data.dims[0])) dims = fmt::format("[{}]", dims);
      return fmt::format("Tensor<{}, {}>", data.parts.empty() ? spec::dtype_name(data.dtype) : name(data.parts[0]), dims);
    }
    default: return std::string(kKinds[static_cast<size_t>(data.kind)].text);
  }
}

}  // namespace stark::types

// compiler/types/type_table.cpp — interns types and answers questions about them.
// Room: types. In: requests by structure. Out: TypeId, and facts about it.
#include "compiler/types/type_table.h"

#include <fmt/format.h>

#include "bytecode-spec/base/check.h"

namespace stark::types {
namespace {

constexpr size_t kFirstSlots = 4096;  // a power of two, like every number of slots

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
  return h ^ (h >> 32);
}

}  // namespace

TypeTable::TypeTable() : slots_(kFirstSlots) {
  intern({.special = Special::Never});
  intern({.special = Special::Error});
}

TypeId TypeTable::intern(TypeData data) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash(data) & mask;
  for (; slots_[at].valid(); at = (at + 1) & mask)
    if (get(slots_[at]) == data) return slots_[at];
  const Extent made_of = extent(data);
  if (made_of.weight > kMaxTypeWeight) return refuse();
  const TypeId made(types_.size());
  extents_.push_back(made_of);
  types_.push_back(std::move(data));
  slots_[at] = made;
  if (types_.size() * 2 > slots_.size()) grow();
  return made;
}

TypeTable::Extent TypeTable::extent(const TypeData& data) const {
  Extent out;
  for (TypeId part : data.parts) {
    if (!part.valid()) continue;
    const Extent& one = extents_[part.index()];
    out.depth = std::max(out.depth, one.depth + 1);
    out.weight += one.weight;
    out.regions += one.regions;
  }
  if (data.special != Special::None) out.regions = 0;
  else if (data.kind == TypeKind::Struct) out.regions = info(data.struct_id).region_count;
  else if (data.kind == TypeKind::Enum) out.regions = info(data.enum_id).region_count;
  else if (data.kind == TypeKind::Fn || data.kind == TypeKind::Dyn || data.kind == TypeKind::Scope || data.kind == TypeKind::Fiber) out.regions = 1;
  else if (data.kind == TypeKind::Gc || data.kind == TypeKind::Weak) out.regions = 0;  // what is inside borrows nothing
  else if (data.kind == TypeKind::Ref || data.kind == TypeKind::Guard) ++out.regions;
  return out;
}

void TypeTable::hold(TypeId id, TypeId argument) {
  Extent& out = extents_[id.index()];
  out.depth = std::max(out.depth, extents_[argument.index()].depth + 1);
  out.weight += extents_[argument.index()].weight;
}

void TypeTable::grow() {
  slots_.assign(slots_.size() * 2, TypeId());
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < types_.size(); ++i) {
    size_t at = hash(types_[i]) & mask;
    while (slots_[at].valid()) at = (at + 1) & mask;
    slots_[at] = TypeId(i);
  }
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
  if (!settled_) {
    std::vector<TypeId> seen;
    return owns_something(id, seen);
  }
  if (drops_.size() < size()) drops_.resize(size());
  if (drops_[id.index()] == 0) {
    std::vector<TypeId> seen;
    const bool found = owns_something(id, seen);
    drops_[id.index()] = found ? 2 : 1;
    if (!found)
      for (TypeId one : seen) drops_[one.index()] = 1;
  }
  return drops_[id.index()] == 2;
}

// Whether anything is owned inside of it. Each type on the way is looked into once; a type inside itself adds nothing new.
bool TypeTable::owns_something(TypeId id, std::vector<TypeId>& seen) const {
  std::vector<TypeId> open{id};
  if (seen_.size() < size()) seen_.resize(size());
  ++question_;
  const auto add = [&](const std::vector<Field>& fields) {
    for (const Field& field : fields)
      if (field.type.valid()) open.push_back(field.type);
  };
  while (!open.empty()) {
    const TypeId here = open.back();
    open.pop_back();
    if (std::exchange(seen_[here.index()], question_) == question_) continue;
    seen.push_back(here);
    const TypeData& data = get(here);
    if (data.special != Special::None) continue;
    switch (data.kind) {
      case TypeKind::Struct:
        if (info(data.struct_id).drop_function != Id<int>::kNone) return true;
        add(info(data.struct_id).fields);
        break;
      case TypeKind::Enum:
        if (info(data.enum_id).drop_function != Id<int>::kNone) return true;
        for (const Variant& variant : info(data.enum_id).variants) add(variant.fields);
        break;
      case TypeKind::Vec:
      case TypeKind::Slice:
      case TypeKind::Box:
      case TypeKind::Cell:
      case TypeKind::RefCell:
      case TypeKind::Mutex:
      case TypeKind::RwLock:
      case TypeKind::OnceSlot:
      case TypeKind::Array:
      case TypeKind::Tuple: open.insert(open.end(), data.parts.begin(), data.parts.end()); break;
      case TypeKind::Dyn: return true;  // what it hides may
      default:
        if ((kKinds[static_cast<size_t>(data.kind)].flags & kOwned) != 0) return true;
    }
  }
  return false;
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
    case TypeKind::Ptr:
      if (const TypeData& to = get(data.parts[0]); to.kind == TypeKind::Struct && to.special == Special::None && info(to.struct_id).name.starts_with("extern ")) return info(to.struct_id).name;
      return (data.is_mut ? "*mut " : "*const ") + name(data.parts[0]);
    case TypeKind::Vec: return list("Vec<", ">");
    case TypeKind::Slice: return list("[", "]");
    case TypeKind::Array: return fmt::format("[{}; {}]", name(data.parts[0]), number_text(static_cast<int64_t>(data.length)));
    case TypeKind::Tuple: return list("(", ")");
    case TypeKind::Box: return list("Box<", ">");
    case TypeKind::Cell: return list("Cell<", ">");
    case TypeKind::RefCell: return list("RefCell<", ">");
    case TypeKind::Guard: {
      if (is_view(data)) return "TensorView" + name(data.parts[0]).substr(std::string_view("Tensor").size());
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

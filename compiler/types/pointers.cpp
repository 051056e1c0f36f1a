// compiler/types/pointers.cpp — raw pointers, and what may be done in `unsafe` alone.
// Room: types. In: pointer types, casts, dereferences, calls of unsafe functions. Out: typed expressions, or what is refused.
#include "compiler/types/checker.h"

namespace stark::types {

LoweredType Checker::lower_pointer(NodeId id, const Elision& elision) {
  LoweredType out = lower(child(id, slot::PointerType::type), elision);
  const TypeData data = table_.get(shallow(out.type));
  const bool is_thin = data.special != Special::None || (data.kind != TypeKind::Slice && data.kind != TypeKind::Dyn);
  if (!is_thin) sink_.report<diag::FatPointer>(span(id), name(out.type)).help("point to the first element, and keep the length beside it");
  out.type = is_thin ? table_.cell(TypeKind::Ptr, out.type, tree().has(id, parse::kMut)) : table_.error();
  return out;
}

// Whoever does this answers for what the compiler cannot know.
void Checker::demand_unsafe(Span where, std::string_view what) {
  if (!unsafe_) sink_.report<diag::NeedsUnsafe>(where, what).help("make sure that it is right, then write it in `unsafe { … }`");
}

bool Checker::is_unsafe(const Callee& callee) {
  return callee.tree->has(callee.node, parse::kUnsafe) || callee.tree->has(callee.node, parse::kForeign);
}

// `*p` of a pointer.
ExprId Checker::follow_pointer(ExprId pointer, Span where) {
  demand_unsafe(where, "following a raw pointer");
  return add(ExprKind::Deref, table_.get(type(pointer)).parts[0], where, {pointer});
}

// A reference becomes a pointer to what it refers to, and an array's to its elements; pointers become one another, and addresses.
ExprId Checker::cast_pointer(ExprId value, TypeId to, Span where) {
  const TypeId from_type = type(value);
  const TypeData from = table_.get(from_type), target = table_.get(shallow(to));
  const bool to_pointer = target.special == Special::None && target.kind == TypeKind::Ptr;
  if (from.special == Special::Infer && infer_what(from_type) == 1 && to_pointer) unify(from_type, usize_);
  if (from.special == Special::None && from.kind == TypeKind::Ptr) {
    if (!to_pointer && !is_integer(to)) return {};
    if (to_pointer && is_infer(target.parts[0])) unify(target.parts[0], from.parts[0]);
    const ExprId out = add(ExprKind::Cast, to_pointer ? to : usize_, where, {value});
    return to_pointer || is_kind(to, TypeKind::Usize) ? out : add(ExprKind::Cast, to, where, {out});
  }
  if (!to_pointer) return {};
  if (is_kind(from_type, TypeKind::Usize)) return add(ExprKind::Cast, to, where, {value});
  if (from.special != Special::None || from.kind != TypeKind::Ref || (target.is_mut && !from.is_mut)) return {};
  const TypeId pointee = shallow(from.parts[0]);
  if (is_kind(pointee, TypeKind::Str)) return {};  // `&str` shows letters, not the handle that a `str` is
  const TypeData inside = table_.get(pointee);
  const bool elements = inside.special == Special::None && inside.kind == TypeKind::Array && !is_kind(target.parts[0], TypeKind::Array) && unify(inside.parts[0], target.parts[0]);
  if (!elements && !unify(pointee, target.parts[0])) return {};
  const ExprId direct = add(ExprKind::Cast, table_.cell(TypeKind::Ptr, pointee, target.is_mut), where, {value});
  return elements ? add(ExprKind::Cast, to, where, {direct}) : direct;
}

// `*mut T` goes where `*const T` is wanted, and a reference where a pointer to the same is.
ExprId Checker::coerce_pointer(ExprId value, TypeId expected) {
  const TypeData from = table_.get(type(value)), to = table_.get(shallow(expected));
  if (to.special != Special::None || to.kind != TypeKind::Ptr || from.special != Special::None) return {};
  if (from.kind != TypeKind::Ref && !(from.kind == TypeKind::Ptr && from.is_mut && !to.is_mut)) return {};
  if (!unify(from.parts[0], to.parts[0])) return {};
  return cast_pointer(value, expected, get(value).span);
}

// Bytes of a type that is numbers throughout, with nothing between them; `any_bits`: and whose every pattern of bits is a value.
std::optional<uint64_t> Checker::plain_bytes(TypeId given, bool any_bits) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special != Special::None) return std::nullopt;
  if (const uint32_t bytes = TypeTable::number_bytes(data.kind); bytes != 0) return bytes;
  if (!any_bits && data.kind == TypeKind::Bool) return 1;
  if (!any_bits && data.kind == TypeKind::Char) return 4;
  if (data.kind == TypeKind::Array) {
    const auto element = plain_bytes(data.parts[0], any_bits);
    return element && data.length < (uint64_t{1} << 32) ? std::optional(*element * data.length) : std::nullopt;
  }
  std::vector<TypeId> parts = data.parts;
  if (data.kind == TypeKind::Struct && table_.info(data.struct_id).form.align != 0) return std::nullopt;  // it may end with nothing
  if (data.kind == TypeKind::Struct && table_.info(data.struct_id).drop_function == Id<int>::kNone) {
    for (const Field& field : table_.info(data.struct_id).fields) parts.push_back(field.type);
  } else if (data.kind != TypeKind::Tuple) {
    return std::nullopt;
  }
  std::optional<uint64_t> first, all = 0;
  for (TypeId part : parts) {  // parts of one size leave no gaps
    const auto bytes = plain_bytes(part, any_bits);
    if (!bytes || (first && *first != *bytes)) return std::nullopt;
    first = bytes;
    *all += *bytes;
  }
  return all;
}

// `T: TransmuteSafe<U>` by form.
bool Checker::transmutes(TypeId from, TypeId to) {
  const auto have = plain_bytes(from, false), want = plain_bytes(to, true);
  return have && want && *have == *want;
}

}  // namespace stark::types

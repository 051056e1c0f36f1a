// vm/paranoid/owned.cpp — the memory that belongs to a value: its own bytes, and what its boxes and vectors hold.
// Room: vm/paranoid. In: types and addresses. Out: stretches. Law: what cells hold is others' too, unless the value is had alone.
#include "vm/paranoid/watcher.h"

namespace stark::vm::paranoid {
namespace {

bool is_cell(TypeKind kind) {
  return kind == TypeKind::Cell || kind == TypeKind::RefCell || kind == TypeKind::Mutex || kind == TypeKind::RwLock || kind == TypeKind::OnceSlot ||
         kind == TypeKind::Atomic || kind == TypeKind::Weak;
}

}  // namespace

// Nothing belongs to a value of the type but its own bytes, and nobody else may change them.
bool Watcher::is_plain(uint32_t type) const {
  int8_t& known = plain_[type];
  if (known >= 0) return known != 0;
  const auto all = [&](spec::Range range) {
    for (uint32_t f = 0; f < range.count; ++f) {
      if (!is_plain(types().field_type(range, f))) return false;
    }
    return true;
  };
  bool plain = !is_cell(types().kind(type));
  switch (types().kind(type)) {
    case TypeKind::Struct:
    case TypeKind::Tuple: plain = all(types().fields(type)); break;
    case TypeKind::Enum:
      for (uint32_t v = 0; v < types().row(type).b; ++v) plain = plain && all(types().variant(type, v).fields);
      break;
    case TypeKind::Array: plain = is_plain(types().row(type).a); break;
    case TypeKind::Box:
    case TypeKind::Vec:
    case TypeKind::String: plain = false; break;
    default: break;
  }
  known = plain ? 1 : 0;
  return plain;
}

template <class Visit>
void Watcher::for_each_owned(uint32_t type, const std::byte* address, bool is_exclusive, int& left, Visit& visit) const {
  if (left <= 0) return;
  const TypeKind kind = types().kind(type);
  const auto own = [&] { --left, visit(Stretch::of(address, types().size(type))); };
  const auto fields = [&](spec::Range range, auto offset_of) {
    for (uint32_t f = 0; f < range.count; ++f) for_each_owned(types().field_type(range, f), address + offset_of(f), is_exclusive, left, visit);
  };
  const auto run = [&](uint32_t element, const std::byte* first, uint64_t count) {
    if (first == nullptr || count == 0) return;
    if (is_plain(element)) return --left, visit(Stretch::of(first, count * types().size(element)));
    for (uint64_t e = 0; e < count && left > 0; ++e) for_each_owned(element, first + e * types().size(element), is_exclusive, left, visit);
  };
  if (is_plain(type)) return own();
  switch (kind) {
    case TypeKind::Struct:
    case TypeKind::Tuple: return fields(types().fields(type), [&](uint32_t f) { return types().facts(type).field_offsets[f]; });
    case TypeKind::Enum: {
      const uint32_t bytes = types().facts(type).tag_bytes;
      --left, visit(Stretch::of(address, bytes));
      if (!shadow_.is_here(address, bytes) || types().row(type).b == 0) return;
      const uint32_t v = types().tag(type, address);
      return fields(types().variant(type, v).fields, [&](uint32_t f) { return types().variant_offset(type, v, f); });
    }
    case TypeKind::Array: return run(types().row(type).a, address, types().array_length(type));
    case TypeKind::Box: {
      own();
      if (shadow_.held(address) == Held::Gone || shadow_.held(address) == Held::Hollow) return;
      const FatBox box = load_box(address, types().size(type));
      if (box.object == nullptr) return;
      const uint32_t element = types().row(type).a;
      if (types().is(element, TypeKind::Slice)) return run(types().row(element).a, box.object->payload(), box.length);
      return for_each_owned(types().is(element, TypeKind::Dyn) ? box.vtable->type : element, box.object->payload(), is_exclusive, left, visit);
    }
    case TypeKind::Vec:
    case TypeKind::String: {
      own();
      if (shadow_.held(address) == Held::Gone || shadow_.held(address) == Held::Hollow) return;
      const auto v = load<VecValue>(address);
      if (kind == TypeKind::String) return --left, visit(Stretch::of(v.data(), v.length));
      return run(types().row(type).a, v.data(), v.length);
    }
    default: break;
  }
  if (is_cell(kind) && !is_exclusive) return;
  own();
}

std::vector<Stretch> Watcher::owned(uint32_t type, const std::byte* address, bool is_exclusive) const {
  std::vector<Stretch> all;
  int left = kMostStretches;
  auto visit = [&](Stretch s) {
    // Neighbours count as one.
    if (!all.empty() && all.back().end == s.begin) {
      all.back().end = s.end;
      ++left;
    } else if (!s.is_empty()) {
      all.push_back(s);
    }
  };
  for_each_owned(type, address, is_exclusive, left, visit);
  return all;
}

// Whether something is left in a place of the frame that somebody would have to drop.
bool Watcher::owes(uint32_t type, const std::byte* address) const {
  if (!types().facts(type).needs_drop || types().size(type) == 0 || !shadow_.is_in_stack(address)) return false;
  const auto any = [&](spec::Range range, auto offset_of) {
    for (uint32_t f = 0; f < range.count; ++f) {
      if (owes(types().field_type(range, f), address + offset_of(f))) return true;
    }
    return false;
  };
  if (types().drop_function(type) != spec::kNone) return shadow_.is_here(address, types().size(type), Held::Here);
  switch (types().kind(type)) {
    case TypeKind::Struct:
    case TypeKind::Tuple: return any(types().fields(type), [&](uint32_t f) { return types().facts(type).field_offsets[f]; });
    case TypeKind::Enum: {
      if (!shadow_.is_here(address, types().facts(type).tag_bytes, Held::Here)) return false;
      const uint32_t v = types().tag(type, address);
      return any(types().variant(type, v).fields, [&](uint32_t f) { return types().variant_offset(type, v, f); });
    }
    case TypeKind::Array: {
      const uint32_t element = types().row(type).a;
      for (uint64_t e = 0; e < types().array_length(type); ++e) {
        if (owes(element, address + e * types().size(element))) return true;
      }
      return false;
    }
    default: return shadow_.is_here(address, types().size(type), Held::Here) && shadow_.held(address) == Held::Here;
  }
}

}  // namespace stark::vm::paranoid

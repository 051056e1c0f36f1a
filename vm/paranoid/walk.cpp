// vm/paranoid/walk.cpp — from a register, step by step, to where a place is now; and what touching it means for what was lent.
// Room: vm/paranoid. In: places of an instruction that is about to run. Out: Spot, or a complaint.
#include <fmt/format.h>

#include "vm/paranoid/watcher.h"

namespace stark::vm::paranoid {

using spec::ProjectionKind;

namespace {

End end_by(Touch how) {
  switch (how) {
    case Touch::Read:
    case Touch::Share: return End::Read;
    case Touch::Replace: return End::Written;
    case Touch::Move: return End::Moved;
    case Touch::Drop: return End::Dropped;
    case Touch::Lend: return End::Lent;
  }
  return End::NotYet;
}

}  // namespace

// What a pointer stands for, as memory, which begins at `first`.
Stretch Watcher::behind(uint32_t pointer_type, const std::byte* word, std::byte* first) const {
  const uint32_t pointee = types().row(pointer_type).a;
  if (!types().is_fat(pointer_type)) return Stretch::of(first, types().size(pointee));
  const uint64_t second = load<FatRef>(word).length;
  if (types().is(pointee, TypeKind::Slice)) return Stretch::of(first, second * types().size(types().row(pointee).a));
  return Stretch::of(first, types().is(pointee, TypeKind::Dyn) ? types().size(load<FatBox>(word).vtable->type) : second);
}

// The place as it is now. False: a reference on the way does not hold, or there is none.
bool Watcher::find(const At& i, uint32_t place, Spot& spot) {
  if (place < i.row.registers.count) {
    spot.address = register_at(i, place);
    spot.type = register_type(i, place);
    return true;
  }
  const spec::PlaceRow& row = m().places[i.row.places.first + place - i.row.registers.count];
  spot.address = register_at(i, row.base);
  spot.type = register_type(i, row.base);
  uint32_t variant = spec::kNone;
  for (size_t s = 0; s < row.kinds.size() && row.kinds[s] != 0 && !spot.is_checked_by_loop; ++s) {
    const auto kind = static_cast<ProjectionKind>(row.kinds[s]);
    if (!step(i, spot, kind, row.arguments[s], variant)) return false;
    if (kind != ProjectionKind::Variant) variant = spec::kNone;
  }
  return true;
}

bool Watcher::step(const At& i, Spot& spot, ProjectionKind kind, uint32_t argument, uint32_t& variant) {
  switch (kind) {
    case ProjectionKind::None: return true;
    case ProjectionKind::Field: {
      const bool in_variant = variant != spec::kNone;
      spot.address += in_variant ? types().variant_offset(spot.type, variant, argument) : types().facts(spot.type).field_offsets[argument];
      spot.type = types().field_type(in_variant ? types().variant(spot.type, variant).fields : types().fields(spot.type), argument);
      return true;
    }
    case ProjectionKind::Variant:
      if (!shadow_.is_here(spot.address, sizeof(uint32_t), spot.least)) return complain(i, "a variant is looked at where nothing is");
      variant = argument;
      spot.is_checked_by_loop = types().row(spot.type).b > 1 && load<uint32_t>(spot.address) != argument;
      return true;
    case ProjectionKind::ConstIndex: return element(i, spot, argument);
    case ProjectionKind::Index: {
      const std::byte* index = register_at(i, argument);
      if (!shadow_.is_here(index, sizeof(uint64_t), Held::Here)) return complain(i, fmt::format("r{} is an index, and nothing is in it", argument));
      return element(i, spot, load<uint64_t>(index));
    }
    case ProjectionKind::Deref: return dereference(i, spot);
  }
  return true;
}

bool Watcher::element(const At& i, Spot& spot, uint64_t index) {
  uint64_t length = spot.length;
  if (types().is(spot.type, TypeKind::Array)) length = types().array_length(spot.type);
  if (types().is(spot.type, TypeKind::Vec)) {
    if (!shadow_.is_here(spot.address, sizeof(VecValue), spot.least)) return complain(i, "an element is looked for where no vector is");
    const auto v = load<VecValue>(spot.address);
    length = v.length;
    spot.address = v.data();
    spot.hollow = nullptr;
  }
  spot.is_unsized = false;
  spot.type = types().row(spot.type).a;
  spot.is_checked_by_loop = index >= length;
  if (!spot.is_checked_by_loop) spot.address += index * types().size(spot.type);
  return true;
}

bool Watcher::dereference(const At& i, Spot& spot) {
  const uint32_t pointer = spot.type;
  const TypeKind kind = types().kind(pointer);
  std::byte* word = spot.address;
  if (!shadow_.is_here(word, types().size(pointer), spot.least)) return complain(i, "a reference is followed that is not there");
  spot.type = types().row(pointer).a;
  if (spec::is_view(types().row(pointer))) return spot.is_shared = true;  // the handle of the tensor is the view's own
  spot.address = load<std::byte*>(word);
  spot.is_unsized = types().is_fat(pointer);
  spot.length = spot.is_unsized ? load<FatRef>(word).length : 0;
  if (kind != TypeKind::Box) spot.hollow = nullptr, spot.least = Held::Retired;
  switch (kind) {
    case TypeKind::Ref: {
      const Tag tag = shadow_.tag(word);
      spot.memory = behind(pointer, word, spot.address);
      spot.is_known = spot.is_known && tag != 0 && loans_[tag].end != End::Forgotten && loans_[tag].memory.holds(spot.memory);
      if (spot.is_known) spot.user = {tag, loans_[tag].inside, {}};
      spot.is_shared |= types().row(pointer).b == 0;
      return !spot.is_known || loans_[tag].end == End::NotYet || complain(i, "a reference is used that does not hold any more", tag);
    }
    case TypeKind::Ptr: spot.is_known = spot.is_shared = false; break;
    case TypeKind::Guard:
      spot.address += kCounted;
      spot.user.inside = Stretch::of(spot.address, types().size(spot.type));
      spot.is_shared = !spec::gives_mutable(static_cast<spec::GuardKind>(types().row(pointer).b));
      break;
    case TypeKind::Arc:
      spot.address += kBoxed + kCounted;
      spot.is_shared = true;
      break;
    case TypeKind::Gc:
      spot.address += kBoxed;
      spot.is_shared = true;
      break;
    default:
      if (spot.hollow == nullptr && shadow_.is_in_stack(word)) spot.hollow = word;
      spot.address += kBoxed;
      break;
  }
  spot.memory = behind(pointer, word, spot.address);
  return true;
}

// A place is touched: something must be there, and whatever was lent of it to others is over.
bool Watcher::touch(const At& i, uint32_t place, Touch how, Spot& spot) {
  if (!find(i, place, spot)) return false;
  if (spot.is_checked_by_loop) return true;
  if (!spot.is_unsized && !shadow_.is_here(spot.address, types().size(spot.type), spot.least)) return complain(i, "a value is used that is not there: it was moved, dropped, or never put");
  const bool is_exclusive = how != Touch::Read && how != Touch::Share;
  if (is_exclusive && spot.is_shared) return complain(i, "what others share is taken, written, or lent for writing");
  if (!spot.is_known) return true;
  spot.user.beside = pending(i.fp).tags;
  if (spot.is_unsized) {
    loans_.use(spot.memory, end_by(how), spot.user, site(i));
  } else {
    for (const Stretch& s : owned(spot.type, spot.address, is_exclusive)) loans_.use(s, end_by(how), spot.user, site(i));
  }
  return true;
}

}  // namespace stark::vm::paranoid

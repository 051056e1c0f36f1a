// vm/run/drops.cpp — dropping values with a list of what is left, so that no depth of nesting needs the C stack.
// Room: vm/run. Essay: vm/run/README.md, "Drops". In: Host::drops. Out: the next destructor to call, or where to go on.
#include <atomic>

#include "vm/natives/locks.h"
#include "vm/run/machine.h"

namespace stark::vm {

using Kind = DropEntry::Kind;

// A reader or the writer of a RefCell or lock is done.
void Machine::release_guard(spec::GuardKind kind, void* cell) {
  const bool is_writer = spec::gives_mutable(kind);
  if (kind > spec::GuardKind::RefMut) return release_lock(static_cast<LockWord*>(cell), host_.runtime.threads.lot, is_writer, host_.is_unwinding);
  store(cell, is_writer ? 0 : load<int64_t>(cell) - 1);
}

// A value's own destructor comes first, then its fields in order. Runs until a destructor of the program is due.
Machine::NextDrop Machine::next_drop() {
  auto& drops = host_.drops;
  for (;;) {
    DropEntry& last = drops.back();
    if (last.kind == Kind::Resume) {
      const Op* resume = last.resume;
      drops.pop_back();
      return {nullptr, nullptr, resume};
    }
    if (last.kind == Kind::Elements) {
      if (last.next == last.end) {
        drops.pop_back();
        continue;
      }
      void* element = static_cast<std::byte*>(last.address) + last.next++ * types().size(last.type);
      const uint32_t type = last.type;
      drops.push_back({Kind::Value, type, element, 0, 0, nullptr});
      continue;
    }
    const bool is_value = last.kind == Kind::Value;
    if (last.kind == Kind::Fiber || (is_value && types().is(last.type, TypeKind::Fiber))) {
      if (const auto turn = drop_fiber(last)) return *turn;
      continue;
    }
    if (is_value && types().is(last.type, TypeKind::Scope) && !has_ended(*load<ScopeObject*>(last.address))) return {.waits = true};
    const DropEntry entry = last;
    const uint32_t destructor = types().drop_function(entry.type);
    if (entry.kind == Kind::Value && destructor != spec::kNone) {
      last.kind = Kind::Fields;
      return {&host_.program.function(destructor), entry.address, nullptr};
    }
    drops.pop_back();
    drop_fields(entry.type, static_cast<std::byte*>(entry.address));
  }
}

// A fiber leaves its frames in its own turn; where that waits, whoever drops it waits too. `entry` is the last one.
std::optional<Machine::NextDrop> Machine::drop_fiber(DropEntry entry) {
  if (entry.kind == Kind::Value) {
    auto* begun = load<Fiber*>(entry.address);
    entry = host_.drops.back() = {Kind::Fiber, 0, begun, 0, 0, nullptr};
    if (begun->state == Fiber::State::Fresh) {
      begun->state = Fiber::State::Ended;
      return later_value(begun->body_type, reinterpret_cast<std::byte*>(&begun->body)), std::nullopt;
    }
    begun->is_cancelled = begun->is_woken = true;
  }
  auto& fiber = *static_cast<Fiber*>(entry.address);
  if (fiber.state != Fiber::State::Ended) {
    host_.turn = fiber.is_woken ? Turn::Enters : Turn::Waits;
    host_.turn_to = &fiber;
    return NextDrop{.waits = true};
  }
  host_.drops.pop_back();
  const bool has_panicked = fiber.has_panicked;
  if (has_panicked) {
    is_in_drop_work_ = true;
    host_.failure = Failure{Exit::Panic, fiber.message, {}, fiber.told};
  }
  host_.fibers.release(fiber);
  return has_panicked ? std::optional(NextDrop{.has_failed = true}) : std::nullopt;
}

// What borrows from a scope comes to its end before the scope does.
bool Machine::has_ended(const ScopeObject& scope) {
  while (const auto record = scope.running()) {
    if (host_.runtime.threads.lot.wait(*host_.fibers.running, record->queue, [&] { return record->is_finished(); })) continue;
    host_.turn = Turn::Waits;
    return false;
  }
  return true;
}

void Machine::drop_fields(uint32_t type, std::byte* address) {
  auto& drops = host_.drops;
  const auto later = [&](spec::Range fields, auto offset_of) {
    for (uint32_t f = fields.count; f-- > 0;) {
      const uint32_t part = types().field_type(fields, f);
      if (types().facts(part).needs_drop) drops.push_back({Kind::Value, part, address + offset_of(f), 0, 0, nullptr});
    }
  };
  switch (types().kind(type)) {
    case TypeKind::Tensor: host_.tensors.drop(load<TensorObject*>(address)); return;
    case TypeKind::Opaque: host_.runtime.opaques.drop(load<OpaqueObject*>(address)); return;
    case TypeKind::Struct:
    case TypeKind::Tuple: return later(types().fields(type), [&](uint32_t f) { return types().facts(type).field_offsets[f]; });
    case TypeKind::Enum: {
      const uint32_t v = types().tag(type, address);
      return later(types().variant(type, v).fields, [&](uint32_t f) { return types().variant_offset(type, v, f); });
    }
    case TypeKind::Cell: return later_value(types().row(type).a, address);
    case TypeKind::RefCell: return later_value(types().row(type).a, address + kCounted);
    case TypeKind::Mutex:
    case TypeKind::RwLock: return later_value(types().row(type).a, address + kCounted);
    case TypeKind::OnceSlot:
      if (load<uint32_t>(address) == kOnceFull) later_value(types().row(type).a, address + kCounted);
      return;
    case TypeKind::Guard:
      if (spec::is_view(types().row(type))) return host_.tensors.drop(load<TensorObject*>(address));
      return release_guard(static_cast<spec::GuardKind>(types().row(type).b), load<void*>(address));
    case TypeKind::Arc: return drop_arc(type, load_box(address, types().size(type)));
    case TypeKind::Scope: host_.runtime.opaques.drop(load<ScopeObject*>(address)); return;
    case TypeKind::Box: return drop_box(type, load_box(address, types().size(type)));
    case TypeKind::Array:
    case TypeKind::Vec: {
      const uint32_t element = types().row(type).a;
      if (!types().facts(element).needs_drop) return;
      const bool is_vec = types().is(type, TypeKind::Vec);
      const auto v = is_vec ? load<VecValue>(address) : VecValue{};
      const uint64_t count = is_vec ? v.length : types().array_length(type);
      drops.push_back({Kind::Elements, element, is_vec ? v.data() : address, 0, count, nullptr});
      return;
    }
    default: return;
  }
}

// What a box holds is next; its object is the collector's.
void Machine::drop_box(uint32_t type, FatBox box) {
  const uint32_t element = types().row(type).a;
  if (types().is(element, TypeKind::Slice)) {
    if (box.length == 0) return;  // no elements need no object
    host_.drops.push_back({Kind::Elements, types().row(element).a, box.object->payload(), 0, box.length, nullptr});
    return;
  }
  const uint32_t held = types().is(element, TypeKind::Dyn) ? box.vtable->type : element;
  later_value(held, box.object->payload());
}

// The last handle drops what all shared; it sees what the others did.
void Machine::drop_arc(uint32_t type, FatBox arc) {
  std::atomic_ref<uint64_t> count(*reinterpret_cast<uint64_t*>(arc.object->payload()));
  if (count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const uint32_t element = types().row(type).a;
  std::byte* inside = arc.object->payload() + kCounted;
  if (types().is(element, TypeKind::Slice)) {
    const uint32_t one = types().row(element).a;
    if (types().facts(one).needs_drop) host_.drops.push_back({Kind::Elements, one, inside, 0, arc.length, nullptr});
    return;
  }
  later_value(types().is(element, TypeKind::Dyn) ? arc.vtable->type : element, inside);
}

void Machine::later_value(uint32_t type, std::byte* address) {
  if (types().facts(type).needs_drop) host_.drops.push_back({Kind::Value, type, address, 0, 0, nullptr});
}

void Machine::drop_dead() {
  for (gc::Object* object : host_.heap.take_dead()) {
    if (object->count == static_cast<uint64_t>(SharedState::Empty)) continue;
    later_value(static_cast<const BoxInfo*>(object->type)->type, object->payload());
  }
}

}  // namespace stark::vm

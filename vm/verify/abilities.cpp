// vm/verify/abilities.cpp — proof 2b: what may be done with values of each type: copy, drop, send; how their lifetimes may change.
// Room: vm/verify. In: type tables with counted region slots. Out: abilities in TypeFacts, variances in Types.
// Each is a least fixpoint over "owns" and "refers to", so recursive types through Vec, Box and references come out right.
#include <deque>

#include "bytecode-spec/tables.h"
#include "vm/verify/proofs.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Module;
using spec::TypeKind;

using Edges = std::vector<std::vector<uint32_t>>;

// Calls `visit` with every type that a value of `t` owns: by value, or behind a Vec, Box or Arc.
template <class Visit>
void owned_parts(const Module& m, uint32_t t, Visit visit) {
  const spec::TypeRow& row = m.types[t];
  const auto fields = [&](spec::Range range) {
    for (uint32_t f = 0; f < range.count; ++f) visit(m.fields[range.first + f].type.type);
  };
  switch (static_cast<TypeKind>(row.kind)) {
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Array: visit(row.a); break;
    case TypeKind::Tuple:
    case TypeKind::Struct: fields({row.a, row.b}); break;
    case TypeKind::Enum:
      for (uint32_t v = 0; v < row.b; ++v) fields(m.variants[row.a + v].fields);
      break;
    default: break;
  }
}

// Everything that is reached from where `starts` holds, along the edges.
template <class Starts>
std::vector<bool> spread(const Edges& edges, Starts starts) {
  std::vector<bool> holds(edges.size());
  std::deque<uint32_t> work;
  const auto reach = [&](uint32_t node) {
    if (holds[node]) return;
    holds[node] = true;
    work.push_back(node);
  };
  for (uint32_t node = 0; node < edges.size(); ++node) {
    if (starts(node)) reach(node);
  }
  while (!work.empty()) {
    for (uint32_t next : edges[work.front()]) reach(next);
    work.pop_front();
  }
  return holds;
}

struct Rows {
  const Module& m;

  TypeKind kind(uint32_t t) const { return static_cast<TypeKind>(m.types[t].kind); }
  bool has_destructor(uint32_t t) const {
    return (kind(t) == TypeKind::Struct || kind(t) == TypeKind::Enum) && m.types[t].c != kNone;
  }
  bool is_cell(uint32_t t) const { return kind(t) == TypeKind::Cell || kind(t) == TypeKind::RefCell; }
  // A value that threads take turns with, behind a word of its own.
  bool is_lock(uint32_t t) const { return kind(t) == TypeKind::Mutex || kind(t) == TypeKind::RwLock || kind(t) == TypeKind::OnceSlot; }
  bool is_handle(uint32_t t) const { return kind(t) == TypeKind::Gc || kind(t) == TypeKind::Weak; }
  // What a Dyn hides may need a drop, so it does.
  bool starts_as_dropping(uint32_t t) const {
    return spec::has(kind(t), spec::kOwned) || has_destructor(t) || kind(t) == TypeKind::Dyn;
  }
  bool starts_as_moving(uint32_t t) const {
    const uint32_t flags = spec::row_of(kind(t)).flags;
    if (is_cell(t) || is_lock(t) || kind(t) == TypeKind::Vec || kind(t) == TypeKind::Box || has_destructor(t)) return true;
    if (flags & spec::kReference) return m.types[t].b != 0;  // `&mut` moves
    return (flags & (spec::kCopy | spec::kParts)) == 0;
  }
};

// "Needs drop", "is not Copy" and "reaches managed objects" spread from parts to wholes. So does an unsafe finaliser: a
// destructor of what reaches managed objects. What a dyn or fn hides may reach them, and so may the frames of a fiber.
void find_copy_and_drop(const Module& m, Types& types) {
  const Rows rows{m};
  Edges wholes(m.types.size());
  for (uint32_t t = 0; t < m.types.size(); ++t) {
    owned_parts(m, t, [&](uint32_t part) { wholes[part].push_back(t); });
  }
  const auto reaches = spread(wholes, [&](uint32_t t) {
    return rows.is_handle(t) || rows.kind(t) == TypeKind::Dyn || rows.kind(t) == TypeKind::Fn;
  });
  const auto unsafe = spread(wholes, [&](uint32_t t) { return rows.kind(t) == TypeKind::Fiber || (rows.has_destructor(t) && reaches[t]); });
  const auto drops = spread(wholes, [&](uint32_t t) { return rows.starts_as_dropping(t); });
  const auto moves = spread(wholes, [&](uint32_t t) { return rows.starts_as_moving(t); });
  for (uint32_t t = 0; t < m.types.size(); ++t) {
    types.facts[t].needs_drop = drops[t];
    types.facts[t].is_copy = !moves[t];
    types.facts[t].is_finaliser_safe = !unsafe[t];
  }
}

// Node 2t: `t` is not Send; 2t + 1: it is not Sync. What a dyn does not promise, it lacks; sharing what is not Sync is not Send;
// cells are not Sync, and a guard stays where it was made. Whoever shares a Mutex gets its value for himself for a while, so that must be
// Send; whoever shares a RwLock or what is set once may look at the value beside others, so it must be Sync too; and whoever has one
// handle of an Arc may become the last one, and look at it beside others.
void find_thread_abilities(const Module& m, Types& types) {
  const Rows rows{m};
  Edges edges(2 * m.types.size());
  const auto spreads = [&](uint32_t from, uint32_t to) {
    edges[2 * from].push_back(2 * to);
    edges[2 * from + 1].push_back(2 * to + 1);
  };
  const auto unsent = [&](uint32_t from, uint32_t to) { edges[2 * from].insert(edges[2 * from].end(), {2 * to, 2 * to + 1}); };
  const auto unsynced = [&](uint32_t from, uint32_t to) { edges[2 * from + 1].insert(edges[2 * from + 1].end(), {2 * to, 2 * to + 1}); };
  for (uint32_t t = 0; t < m.types.size(); ++t) {
    const TypeKind kind = rows.kind(t);
    const uint32_t part = m.types[t].a;
    if (!rows.is_lock(t)) owned_parts(m, t, [&](uint32_t p) { spreads(p, t); });
    if (rows.is_lock(t)) unsent(part, t);
    if (kind == TypeKind::RwLock || kind == TypeKind::OnceSlot || kind == TypeKind::Guard) edges[2 * part + 1].push_back(2 * t + 1);
    if (rows.is_handle(t) || kind == TypeKind::Arc) {
      unsent(part, t);
      unsynced(part, t);
    } else if (kind == TypeKind::Ref && m.types[t].b == 0) {
      unsynced(part, t);
    } else if (kind == TypeKind::Ref || kind == TypeKind::Fn) {
      spreads(part, t);
      if (kind == TypeKind::Fn) edges[2 * part + 1].push_back(2 * t);  // copies share one object
    }
  }
  const auto lacks = spread(edges, [&](uint32_t node) {
    const uint32_t t = node / 2, promise = node % 2 == 0 ? spec::kDynSend : spec::kDynSync;
    const bool is_sync = node % 2 == 1;
    switch (rows.kind(t)) {
      case TypeKind::Dyn: return (m.types[t].c & promise) == 0;
      case TypeKind::Ptr: return true;
      case TypeKind::Fiber: return true;  // its frames hold what stays here
      case TypeKind::Guard: {
        const auto guard = static_cast<spec::GuardKind>(m.types[t].b);
        return guard != spec::GuardKind::View && (!is_sync || guard <= spec::GuardKind::RefMut);
      }
      default: return rows.is_cell(t) && is_sync;
    }
  });
  for (uint32_t t = 0; t < m.types.size(); ++t) {
    types.facts[t].is_send = !lacks[2 * t];
    types.facts[t].is_sync = !lacks[2 * t + 1];
  }
}

bool is_mutable(const spec::TypeRow& row) {
  return static_cast<TypeKind>(row.kind) == TypeKind::Guard ? spec::gives_mutable(static_cast<spec::GuardKind>(row.b)) : row.b != 0;
}

// A slot is invariant if it stands behind `&mut` or in a cell somewhere. Gives whether something changed.
bool update_variance(const Module& m, Types& types, uint32_t t) {
  const spec::TypeRow& row = m.types[t];
  auto& mine = types.variance[t];
  if (mine.empty()) return false;
  bool changed = false;
  const auto mark = [&](size_t slot, Variance variance) {
    if (variance == Variance::Covariant || mine[slot] == Variance::Invariant) return;
    mine[slot] = Variance::Invariant;
    changed = true;
  };
  const auto fields = [&](spec::Range range) {
    for (uint32_t f = 0; f < range.count; ++f) {
      const spec::TypeUse use = m.fields[range.first + f].type;
      for (uint32_t s = 0; s < types.facts[use.type].region_slots; ++s) {
        const uint32_t parameter = m.regions[use.first_region + s];
        if (parameter > 0) mark(parameter - 1, types.variance[use.type][s]);
      }
    }
  };
  switch (static_cast<TypeKind>(row.kind)) {
    case TypeKind::Vec:
    case TypeKind::Array:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Arc:
      for (uint32_t s = 0; s < mine.size(); ++s) mark(s, types.variance[row.a][s]);
      break;
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Scope:
      for (uint32_t s = 0; s < mine.size(); ++s) mark(s, Variance::Invariant);
      break;
    case TypeKind::Ptr:
      for (uint32_t s = 0; s < mine.size(); ++s) mark(s, row.b != 0 ? Variance::Invariant : types.variance[row.a][s]);
      break;
    case TypeKind::Guard:
    case TypeKind::Ref:
      for (uint32_t s = 1; s < mine.size(); ++s) mark(s, is_mutable(row) ? Variance::Invariant : types.variance[row.a][s - 1]);
      break;
    case TypeKind::Tuple:
      for (uint32_t f = 0, s = 0; f < row.b; ++f) {
        for (Variance v : types.variance[m.fields[row.a + f].type.type]) mark(s++, v);
      }
      break;
    case TypeKind::Struct: fields({row.a, row.b}); break;
    case TypeKind::Enum:
      for (uint32_t v = 0; v < row.b; ++v) fields(m.variants[row.a + v].fields);
      break;
    default: break;
  }
  return changed;
}

}  // namespace

// Variances of nominal types are found by iterating, which ends since slots only ever turn from covariant to invariant.
void find_abilities(const Module& m, Types& types) {
  find_copy_and_drop(m, types);
  find_thread_abilities(m, types);
  for (uint32_t t = 0; t < m.types.size(); ++t) types.variance[t].assign(types.facts[t].region_slots, Variance::Covariant);
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t t = 0; t < m.types.size(); ++t) changed |= update_variance(m, types, t);
  }
}

}  // namespace stark::vm

// vm/verify/vtables.cpp — proof 3b: every slot of a vtable keeps what the method of its dyn promises.
// Room: vm/verify. Essay: vm/verify/README.md, "Trait objects". In: dyn, vtable and signature tables. Out: nothing, or V14, V16, V35.
// A call through a dyn is checked from the method's signature alone; so whatever the function lets flow, the method must say.
#include <fmt/format.h>

#include "bytecode-spec/tables.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

using spec::Module;
using spec::TypeKind;

// What stands behind one lifetime of the function: which lifetimes of the method it is in the places where something may flow from
// it, and where something may flow to it. Inside the value that the dyn hides, all is one lifetime of the method, the object's.
struct Standing {
  LifetimeSet sources, sinks;  // sinks: outside the hidden value
  bool has_outer_source = false, has_inner_sink = false;
};

class VTableProof {
 public:
  VTableProof(const Module& module, const Types& types) : m_(module), types_(types) {}

  Result<void> prove_dyn(uint32_t t) const {
    const spec::TypeRow& row = m_.types[t];
    for (uint32_t i = 0; i < row.b; ++i) {
      if (!receives(m_.dyn_methods[row.a + i].signature, t)) {
        return refuse(Refusal::Signature, fmt::format("method {} of type {} does not take a reference to it or a Box of it", i, t));
      }
    }
    return {};
  }

  // One method that takes `&`: what copies of the value can share.
  Result<void> prove_fn(uint32_t t) const {
    const uint32_t dyn = m_.types[t].a;
    if (kind(dyn) != TypeKind::Dyn || m_.types[dyn].b != 1) {
      return refuse(Refusal::OperandType, fmt::format("type {} is a fn of something that is no dyn with one method", t));
    }
    const uint32_t receiver = receiver_of(m_.dyn_methods[m_.types[dyn].a].signature);
    if (kind(receiver) != TypeKind::Ref || m_.types[receiver].b != 0) {
      return refuse(Refusal::Signature, fmt::format("type {} is a fn whose method does not take `&`", t));
    }
    return {};
  }

  Result<void> prove_vtable(uint32_t y) const {
    const spec::VTableRow& row = m_.vtables[y];
    const TypeFacts& facts = types_.facts[row.type];
    const spec::TypeRow& dyn = m_.types[row.dyn];
    if (kind(row.dyn) != TypeKind::Dyn) return refuse(Refusal::OperandType, fmt::format("vtable {} is of a type that is no dyn", y));
    // A reference to text is fat already, and every function behind a method takes a thin one.
    if (!facts.is_sized || kind(row.type) == TypeKind::Str) return refuse(Refusal::Layout, fmt::format("vtable {} is of a type without a size", y));
    if (row.functions.count != dyn.b) return refuse(Refusal::Signature, fmt::format("vtable {} has {} functions of {}", y, row.functions.count, dyn.b));
    // What a Gc shares may be a Box of this dyn.
    if (!facts.is_finaliser_safe) return refuse(Refusal::FinaliserRule, fmt::format("vtable {} hides a destructor that can reach managed objects", y));
    if (((dyn.c & spec::kDynSend) != 0 && !facts.is_send) || ((dyn.c & spec::kDynSync) != 0 && !facts.is_sync)) {
      return refuse(Refusal::BoundNotMet, fmt::format("vtable {} promises Send or Sync of a type that is not", y));
    }
    for (uint32_t i = 0; i < dyn.b; ++i) {
      const uint32_t function = m_.vtable_functions[row.functions.first + i];
      STARK_TRY(prove_slot(y, i, m_.functions[function].signature, m_.dyn_methods[dyn.a + i].signature));
    }
    return {};
  }

 private:
  TypeKind kind(uint32_t t) const { return static_cast<TypeKind>(m_.types[t].kind); }
  uint32_t receiver_of(uint32_t signature) const { return m_.type_uses[m_.signatures[signature].parameters.first].type; }
  bool receives(uint32_t signature, uint32_t wanted) const {
    if (m_.signatures[signature].parameters.count == 0) return false;
    const uint32_t receiver = receiver_of(signature);
    return (kind(receiver) == TypeKind::Ref || kind(receiver) == TypeKind::Box) && m_.types[receiver].a == wanted;
  }

  Result<void> prove_slot(uint32_t y, uint32_t number, uint32_t function, uint32_t method) const {
    const auto wrong = [&](Refusal which, std::string_view what) {
      return refuse(which, fmt::format("function {} of vtable {} {}", number, y, what));
    };
    const CallShape &f = types_.shapes[function], &m = types_.shapes[method];
    if (f.parameters.size() != m.parameters.size() || f.result.type != m.result.type || !receives(function, m_.vtables[y].type)) {
      return wrong(Refusal::Signature, "does not have the signature of its method");
    }
    const spec::TypeRow& mine = m_.types[f.parameters[0].type];
    const spec::TypeRow& promised = m_.types[m.parameters[0].type];
    if (mine.kind != promised.kind || mine.b != promised.b) return wrong(Refusal::Signature, "takes another kind of receiver than its method");
    for (size_t i = 1; i < f.parameters.size(); ++i) {
      if (f.parameters[i].type != m.parameters[i].type) return wrong(Refusal::Signature, "does not have the parameters of its method");
    }
    if (!keeps_promise(standings_of(f, m), f.closure(), m.closure())) {
      return wrong(Refusal::RegionTooShort, "relates lifetimes that its method does not relate");
    }
    return {};
  }

  std::vector<Standing> standings_of(const CallShape& f, const CallShape& m) const {
    std::vector<Standing> all(f.region_count + 1);
    const auto invariant = [&](uint32_t type, size_t s) { return types_.variance[type][s] == Variance::Invariant; };
    const auto add = [&](const TypedPlace& mine, const TypedPlace& promised, bool is_result) {
      for (size_t s = 0; s < mine.regions.size(); ++s) {
        Standing& one = all[mine.regions[s]];
        const bool both_ways = invariant(mine.type, s);
        if (!is_result || both_ways) one.sources.set(promised.regions[s]), one.has_outer_source = true;
        if (is_result || both_ways) one.sinks.set(promised.regions[s]);
      }
    };
    const TypedPlace& receiver = f.parameters[0];
    const size_t inside = kind(receiver.type) == TypeKind::Ref ? 1 : 0;
    if (inside == 1) add({receiver.type, receiver.regions.first(1)}, {receiver.type, m.parameters[0].regions.first(1)}, false);
    for (size_t s = inside; s < receiver.regions.size(); ++s) {
      Standing& one = all[receiver.regions[s]];
      one.sources.set(m.parameters[0].regions[inside]);
      one.has_inner_sink |= invariant(receiver.type, s);
    }
    for (size_t i = 1; i < f.parameters.size(); ++i) add(f.parameters[i], m.parameters[i], false);
    add(f.result, m.result, true);
    return all;
  }

  // Into the hidden value nothing may flow from outside: its lifetime may have been shortened since it was hidden.
  static bool keeps_promise(const std::vector<Standing>& all, const OutlivesTable& mine, const OutlivesTable& promised) {
    for (size_t x = 0; x < all.size(); ++x) {
      LifetimeSet sinks;
      bool reaches_inside = false;
      if (mine[x][0]) {
        sinks.set(0);  // what must be 'static may then flow anywhere
      } else {
        for (size_t y = 0; y < all.size(); ++y) {
          if (!mine[x][y]) continue;
          sinks |= all[y].sinks;
          reaches_inside |= all[y].has_inner_sink;
        }
      }
      if (reaches_inside && all[x].has_outer_source) return false;
      for (size_t source = 0; source < promised.size(); ++source) {
        if (all[x].sources[source] && (sinks & ~promised[source]).any()) return false;
      }
    }
    return true;
  }

  const Module& m_;
  const Types& types_;
};

}  // namespace

Result<void> prove_vtables(const Module& module, const Types& types) {
  const VTableProof proof(module, types);
  for (uint32_t t = 0; t < module.types.size(); ++t) {
    const auto kind = static_cast<TypeKind>(module.types[t].kind);
    if (kind == TypeKind::Dyn) STARK_TRY(proof.prove_dyn(t));
  }
  for (uint32_t t = 0; t < module.types.size(); ++t) {
    if (static_cast<TypeKind>(module.types[t].kind) == TypeKind::Fn) STARK_TRY(proof.prove_fn(t));
  }
  for (uint32_t y = 0; y < module.vtables.size(); ++y) STARK_TRY(proof.prove_vtable(y));
  return {};
}

}  // namespace stark::vm

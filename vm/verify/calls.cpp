// vm/verify/calls.cpp — proof 5e: a call is checked from signatures alone: types, and lifetimes by variance and outlives.
// Room: vm/verify. Essay: vm/verify/README.md, "Calls". In: CallShape, values. Out: the state after the call.
#include <fmt/format.h>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

// The caller's idea of each lifetime of the callee, gathered from the arguments.
struct Lifetimes {
  std::vector<LoanSet> loans;      // what it may stand for
  std::vector<uint32_t> bound;     // the caller's region it must be, where an argument is invariant in it
};

Result<void> bind(const Body& b, Lifetimes& lifetimes, uint32_t lifetime, uint32_t region) {
  uint32_t& bound = lifetimes.bound[lifetime];
  if (bound != spec::kNone && bound != region) return refuse_at(b, Refusal::RegionTooShort, "one lifetime of a call stands for two that may differ");
  bound = region;
  return {};
}

Result<void> take_argument(const Body& b, const TypedPlace& parameter, const Value& value, bool is_matched, Lifetimes& lifetimes) {
  if (!is_matched && !fits(b, value, parameter.type)) return refuse_at(b, Refusal::Signature, "an argument has another type than its parameter");
  for (size_t s = 0; s < value.loans.size(); ++s) {
    const uint32_t lifetime = parameter.regions[s];
    const bool invariant = b.types.variance[parameter.type][s] == Variance::Invariant;
    if (lifetime == 0) {
      if (invariant && value.typed.regions[s] != 0) return refuse_at(b, Refusal::RegionTooShort, "a call wants a 'static lifetime");
      STARK_TRY(check_into_fixed(b, value.loans[s], 0));
      continue;
    }
    if (invariant) STARK_TRY(bind(b, lifetimes, lifetime, value.typed.regions[s]));
    merge(lifetimes.loans[lifetime], value.loans[s]);
  }
  return {};
}

// What a longer lifetime stands for, a shorter one may stand for too.
void let_flow(const CallShape& shape, Lifetimes& lifetimes) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [longer, shorter] : shape.outlives) {
      if (shorter > 0 && longer > 0) changed |= merge(lifetimes.loans[shorter], lifetimes.loans[longer]);
    }
  }
}

// A body may take lifetimes that outlive each other for one, and one that outlives 'static for 'static: so they must be.
Result<void> check_declared(const Body& b, const CallShape& shape, const Lifetimes& lifetimes) {
  const auto check_static = [&](uint32_t l) -> Result<void> {
    const uint32_t bound = lifetimes.bound[l];
    if (bound != spec::kNone && bound != 0) return refuse_at(b, Refusal::RegionTooShort, "a call wants a 'static lifetime");
    return check_into_fixed(b, lifetimes.loans[l], 0);
  };
  if (shape.is_matched) {  // natives relate their lifetimes to 'static and to the result's alone
    for (const auto& [longer, shorter] : shape.outlives) {
      if (shorter == 0) STARK_TRY(check_static(longer));
    }
    return {};
  }
  const OutlivesTable outlives = close_outlives(shape.region_count, shape.outlives);
  for (uint32_t l = 1; l <= shape.region_count; ++l) {
    const uint32_t bound = lifetimes.bound[l];
    if (outlives[l][0]) STARK_TRY(check_static(l));
    for (uint32_t k = l + 1; k <= shape.region_count; ++k) {
      if (!outlives[l][k] || !outlives[k][l] || bound == spec::kNone || lifetimes.bound[k] == spec::kNone) continue;
      if (bound != lifetimes.bound[k]) return refuse_at(b, Refusal::RegionTooShort, "two lifetimes of a call must be one and may differ");
    }
  }
  return {};
}

}  // namespace

// 'static outlives everything, every lifetime itself.
OutlivesTable close_outlives(uint32_t regions, std::span<const std::pair<uint32_t, uint32_t>> pairs) {
  OutlivesTable table(regions + 1);
  table[0].set();
  for (uint32_t r = 0; r <= regions; ++r) table[r].set(r);
  for (const auto& [longer, shorter] : pairs) table[longer].set(shorter);
  for (uint32_t k = 0; k <= regions; ++k) {
    for (uint32_t i = 0; i <= regions; ++i) {
      if (table[i][k]) table[i] |= table[k];
    }
  }
  return table;
}

CallShape shape_of_signature(const spec::Module& m, const Types& types, uint32_t signature) {
  const spec::SignatureRow& s = m.signatures[signature];
  const auto typed = [&](spec::TypeUse use) {
    TypedPlace t{use.type, {}};
    for (uint32_t i = 0; i < types.facts[use.type].region_slots; ++i) t.regions.push_back(m.regions[use.first_region + i]);
    return t;
  };
  CallShape shape;
  for (uint32_t i = 0; i < s.parameters.count; ++i) shape.parameters.push_back(typed(m.type_uses[s.parameters.first + i]));
  shape.result = typed(s.result);
  shape.region_count = s.region_count;
  for (uint32_t i = 0; i < s.outlives.count; ++i) {
    const auto& pair = m.outlives[s.outlives.first + i];
    shape.outlives.emplace_back(pair.longer, pair.shorter);
  }
  return shape;
}

Result<void> check_call(Body& b, uint32_t target, const CallShape& shape, std::span<const Value> values) {
  if (values.size() != shape.parameters.size()) return refuse_at(b, Refusal::Signature, "a call with another number of arguments");
  if (b.type_of(target).type != shape.result.type) return refuse_at(b, Refusal::Signature, "a call's result goes into a place of another type");
  Lifetimes lifetimes{std::vector<LoanSet>(shape.region_count + 1), std::vector<uint32_t>(shape.region_count + 1, spec::kNone)};
  for (size_t i = 0; i < values.size(); ++i) STARK_TRY(take_argument(b, shape.parameters[i], values[i], shape.is_matched, lifetimes));
  let_flow(shape, lifetimes);
  // Through a mutable reference the callee may store whatever the lifetime stands for.
  Arrivals arrivals;
  const auto let_in = [&](uint32_t lifetime, uint32_t region) -> Result<void> {
    STARK_TRY(gather_loans(b, lifetimes.loans[lifetime], region, arrivals));
    return {};
  };
  for (uint32_t l = 1; l <= shape.region_count; ++l) {
    if (lifetimes.bound[l] != spec::kNone) STARK_TRY(let_in(l, lifetimes.bound[l]));
  }
  const TypedPlace& to = b.type_of(target);
  for (size_t s = 0; s < to.regions.size(); ++s) {
    const uint32_t lifetime = shape.result.regions[s];
    const bool invariant = b.types.variance[to.type][s] == Variance::Invariant;
    if (lifetime == 0) {
      if (invariant && to.regions[s] != 0) return refuse_at(b, Refusal::RegionTooShort, "a 'static lifetime changes");
      continue;
    }
    if (invariant) STARK_TRY(bind(b, lifetimes, lifetime, to.regions[s]));
    STARK_TRY(let_in(lifetime, to.regions[s]));
  }
  if (!shape.outlives.empty()) STARK_TRY(check_declared(b, shape, lifetimes));
  return arrive(b, target, std::move(arrivals));
}

}  // namespace stark::vm

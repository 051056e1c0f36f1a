// vm/verify/calls.cpp — proof 5e: a call is checked from signatures alone: types, and lifetimes by variance and outlives.
// Room: vm/verify. Essay: vm/verify/README.md, "Calls". In: CallShape, values. Out: the state after the call.
#include <fmt/format.h>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

Result<void> bind(Body& b, uint32_t lifetime, uint32_t region) {
  uint32_t& bound = b.lifetime_bound[lifetime];
  if (bound != spec::kNone && bound != region) return refuse_at(b, Refusal::RegionTooShort, "one lifetime of a call stands for two that may differ");
  bound = region;
  return {};
}

Result<void> take_argument(Body& b, const TypedPlace& parameter, const Value& value, bool is_matched) {
  if (!is_matched && !fits(b, value, parameter.type)) return refuse_at(b, Refusal::Signature, "an argument has another type than its parameter");
  for (size_t s = 0; s < value.loans.size(); ++s) {
    const uint32_t lifetime = parameter.regions[s];
    const bool invariant = b.types.variance[parameter.type][s] == Variance::Invariant;
    if (lifetime == 0) {
      if (invariant && value.typed.regions[s] != 0) return refuse_at(b, Refusal::RegionTooShort, "a call wants a 'static lifetime");
      STARK_TRY(check_into_fixed(b, value.loans[s], 0));
      continue;
    }
    if (invariant) STARK_TRY(bind(b, lifetime, value.typed.regions[s]));
    b.spend(value.loans[s].size());
    b.lifetime_loans[lifetime].merge(value.loans[s]);
  }
  return {};
}

// What a longer lifetime stands for, a shorter one may stand for too.
void let_flow(Body& b, const CallShape& shape) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [longer, shorter] : shape.outlives) {
      if (shorter == 0 || longer == 0) continue;
      b.spend(1 + b.lifetime_loans[longer].size());
      changed |= b.lifetime_loans[shorter].merge(b.lifetime_loans[longer]);
    }
  }
}

// A body may take lifetimes that outlive each other for one, and one that outlives 'static for 'static: so they must be.
Result<void> check_declared(const Body& b, const CallShape& shape) {
  const auto check_static = [&](uint32_t l) -> Result<void> {
    const uint32_t bound = b.lifetime_bound[l];
    if (bound != spec::kNone && bound != 0) return refuse_at(b, Refusal::RegionTooShort, "a call wants a 'static lifetime");
    return check_into_fixed(b, b.lifetime_loans[l], 0);
  };
  if (shape.is_matched) {  // natives relate their lifetimes to 'static and to the result's alone
    for (const auto& [longer, shorter] : shape.outlives) {
      if (shorter == 0) STARK_TRY(check_static(longer));
    }
    return {};
  }
  const OutlivesTable& outlives = shape.closed;
  for (uint32_t l = 1; l <= shape.region_count; ++l) {
    const uint32_t bound = b.lifetime_bound[l];
    if (outlives[l][0]) STARK_TRY(check_static(l));
    for (uint32_t k = l + 1; k <= shape.region_count; ++k) {
      if (!outlives[l][k] || !outlives[k][l] || bound == spec::kNone || b.lifetime_bound[k] == spec::kNone) continue;
      if (bound != b.lifetime_bound[k]) return refuse_at(b, Refusal::RegionTooShort, "two lifetimes of a call must be one and may differ");
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

// The caller's idea of each lifetime of the callee is gathered from the arguments: the loans it may stand for, and where an argument is invariant
// in it, the caller's region that it must be.
Result<void> check_call(Body& b, uint32_t target, const CallShape& shape, std::span<const Value> values, const TypedPlace* receiver) {
  if (values.size() != shape.parameters.size()) return refuse_at(b, Refusal::Signature, "a call with another number of arguments");
  if (b.type_of(target).type != shape.result.type) return refuse_at(b, Refusal::Signature, "a call's result goes into a place of another type");
  b.spend(shape.region_count);
  if (b.lifetime_loans.size() <= shape.region_count) b.lifetime_loans.resize(shape.region_count + 1);
  for (uint32_t l = 0; l <= shape.region_count; ++l) b.lifetime_loans[l].clear();
  b.lifetime_bound.assign(shape.region_count + 1, spec::kNone);
  for (size_t i = 0; i < values.size(); ++i) {
    STARK_TRY(take_argument(b, i == 0 && receiver != nullptr ? *receiver : shape.parameters[i], values[i], shape.is_matched));
  }
  let_flow(b, shape);
  // Through a mutable reference the callee may store whatever the lifetime stands for.
  Arrivals& arrivals = b.no_arrivals();
  for (uint32_t l = 1; l <= shape.region_count; ++l) {
    if (b.lifetime_bound[l] != spec::kNone) STARK_TRY(gather_loans(b, b.lifetime_loans[l], b.lifetime_bound[l], arrivals));
  }
  const TypedPlace& to = b.type_of(target);
  for (size_t s = 0; s < to.regions.size(); ++s) {
    const uint32_t lifetime = shape.result.regions[s];
    const bool invariant = b.types.variance[to.type][s] == Variance::Invariant;
    if (lifetime == 0) {
      if (invariant && to.regions[s] != 0) return refuse_at(b, Refusal::RegionTooShort, "a 'static lifetime changes");
      continue;
    }
    if (invariant) STARK_TRY(bind(b, lifetime, to.regions[s]));
    STARK_TRY(gather_loans(b, b.lifetime_loans[lifetime], to.regions[s], arrivals));
  }
  if (!shape.outlives.empty()) STARK_TRY(check_declared(b, shape));
  return arrive(b, target, arrivals);
}

}  // namespace stark::vm

// vm/verify/values.cpp — proof 5c: values on their way from operands into places, with the lifetimes they carry.
// Room: vm/verify. Essay: vm/verify/README.md, "Lifetimes". In: operand words. Out: the state after the value has arrived.
#include <fmt/format.h>

#include <algorithm>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

// Whether only this register names the region, so that its old loans are forgotten when the register is overwritten.
bool is_own_region(const Body& b, uint32_t place, uint32_t region) {
  return b.is_register(place) && region >= b.fixed_regions && b.users_of(region).size() == 1;
}

// Whether what `loan` lent was reached by way of a reference in, or behind, the place that is overwritten.
bool goes_through(const Body& b, uint32_t loan, const PlaceInfo& written) {
  if (loan >= b.loans.size()) return false;
  const PlaceInfo& lent = b.place(b.loans[loan].place());
  if (lent.base != written.base || lent.own_from <= written.steps.size()) return false;
  return std::equal(written.steps.begin(), written.steps.end(), lent.steps.begin(),
                    [](const Step& x, const Step& y) { return x == y && x.kind != ProjectionKind::Index; });
}

// That way leads elsewhere now. Whoever still refers to what was lent holds the loans of the reference as well.
void kill_through(Body& b, const PlaceInfo& written, Arrivals& arrivals) {
  LoanSet gone;
  for (const bool is_mut : {false, true}) {
    b.state.live.any(written.base, is_mut, [&](uint32_t l) {
      b.spend(1);
      if (goes_through(b, l, written)) gone.insert(l);
      return false;
    });
  }
  for (uint32_t l : gone) drop_loan(b, l);
  for (auto& [region, loans] : arrivals.loans) {
    gone.clear();
    for (uint32_t l : loans) {
      if (goes_through(b, l, written)) gone.insert(l);
    }
    for (uint32_t l : gone) loans.erase(l);
  }
}

// The value goes on using its loans, though its register is gone.
void send(Body& b, const Value& value) {
  for (const LoanSet& loans : value.loans) b.state.in_flight.insert(b.state.in_flight.end(), loans.begin(), loans.end());
}

}  // namespace

bool are_equal(const Body& b, uint32_t x, uint32_t y) {
  if (x == y) return true;
  return x < b.fixed_regions && y < b.fixed_regions && b.outlives[x][y] && b.outlives[y][x];
}

Result<void> use(Body& b, uint32_t word, Value& value) {
  const spec::Operand operand = spec::decode_operand(word);
  if (operand.mode == OperandMode::Constant) {
    if (operand.index >= b.m.constants.size()) return refuse_at(b, Refusal::Index, "constant");
    value.is_constant = true;
    value.constant = static_cast<TypeKind>(b.m.constants[operand.index].kind);
    value.typed = {};
    value.loans.clear();
    return {};
  }
  const uint32_t p = operand.index;
  if (p >= b.places.size()) return refuse_at(b, Refusal::Index, "place of an operand");
  const PlaceInfo& place = b.place(p);
  if (!place.readable) return refuse_at(b, Refusal::OperandType, describe(b, p) + " has no size and cannot be read");
  value.is_constant = false;
  value.typed = place.type;
  value.loans.resize(place.type.regions.size());
  for (size_t s = 0; s < value.loans.size(); ++s) read_loans(b, place.type.regions[s], value.loans[s]);
  if (operand.mode == OperandMode::Move) {
    STARK_TRY(move_out(b, p));
    send(b, value);
    return {};
  }
  if (!b.facts(place.type.type).is_copy) return refuse_at(b, Refusal::BoundNotMet, describe(b, p) + " is copied and its type is not Copy");
  STARK_TRY(require_available(b, p));
  STARK_TRY(require_free(b, p, Access::Read));
  if (operand.mode == OperandMode::Last) {
    if (!b.is_register(p)) return refuse_at(b, Refusal::Structure, "a last use of something that is no register");
    make_unavailable(b, p);
    send(b, value);
  }
  return {};
}

TypeKind kind_of(const Body& b, const Value& value) { return value.is_constant ? value.constant : b.kind(value.typed.type); }

bool fits(const Body& b, const Value& value, uint32_t type) {
  if (value.is_constant) return b.kind(type) == value.constant;
  if (value.typed.type == type) return true;
  return covers(b, type, value.typed.type);
}

bool covers(const Body& b, uint32_t want, uint32_t have) {
  const spec::TypeRow &wanted = b.m.types[want], &given = b.m.types[have];
  if (wanted.kind != given.kind) return false;
  if (b.kind(want) == TypeKind::Tensor) return covers(tensor_type_of(b.m, want), tensor_type_of(b.m, have));
  return spec::is_view(wanted) && spec::is_view(given) && covers(b, wanted.a, given.a);
}

bool covers(const spec::TensorType& want, const spec::TensorType& have) {
  if (want.dtype != have.dtype || want.shape.rank() != have.shape.rank()) return false;
  for (size_t i = 0; i < want.shape.rank(); ++i) {
    if (want.shape[i] != spec::kUnknownDim && want.shape[i] != have.shape[i]) return false;
  }
  return true;
}

Result<void> check_into_fixed(const Body& b, Loans loans, uint32_t region) {
  for (uint32_t l : loans) {
    if (l < b.loans.size()) {
      if (!b.place(b.loans[l].place()).through_reference) {
        return refuse_at(b, Refusal::LocalReturned, fmt::format("a reference to {} leaves its function", describe(b, b.loans[l].place())));
      }
    } else if (!b.outlives[l - b.loans.size()][region]) {
      return refuse_at(b, Refusal::RegionTooShort, fmt::format("lifetime {} need not outlive lifetime {}", l - b.loans.size(), region));
    }
  }
  return {};
}

Result<void> gather_loans(Body& b, Loans loans, uint32_t region, Arrivals& arrivals) {
  if (loans.empty()) return {};
  b.spend(loans.size());
  if (region < b.fixed_regions) STARK_TRY(check_into_fixed(b, loans, region));
  arrivals.loans.emplace_back().region = region;
  arrivals.loans.back().loans.assign(loans);
  return {};
}

Result<void> gather_slot(Body& b, Loans loans, uint32_t region, const TypedPlace& to, size_t slot, Arrivals& arrivals) {
  const bool invariant = b.types.variance[to.type][slot] == Variance::Invariant;
  if (invariant && !are_equal(b, region, to.regions[slot])) {
    return refuse_at(b, Refusal::RegionTooShort, "a lifetime behind a mutable reference changes");
  }
  return gather_loans(b, loans, to.regions[slot], arrivals);
}

Result<void> gather(Body& b, const Value& value, const TypedPlace& to, Arrivals& arrivals) {
  for (size_t s = 0; s < value.loans.size(); ++s) STARK_TRY(gather_slot(b, value.loans[s], value.typed.regions[s], to, s, arrivals));
  return {};
}

Result<void> arrive(Body& b, uint32_t place, Arrivals& arrivals, bool drops_old) {
  if (place >= b.places.size()) return refuse_at(b, Refusal::Index, "place that is written");
  if (!b.place(place).readable) return refuse_at(b, Refusal::OperandType, describe(b, place) + " has no size and cannot be written");
  const std::span<const uint32_t> own = b.type_of(place).regions;
  const auto is_seen = [&](uint32_t region) { return region < b.fixed_regions || b.state.region_holders[region] > 0; };  // else nobody can look there
  for (const auto& [region, loans] : arrivals.loans) {
    if (is_seen(region) || std::ranges::find(own, region) != own.end()) b.state.in_flight.insert(b.state.in_flight.end(), loans.begin(), loans.end());  // held once it is written
  }
  STARK_TRY(write(b, place, drops_old));
  b.state.in_flight.clear();
  for (uint32_t region : own) {
    if (is_own_region(b, place, region)) clear_loans(b, region);
  }
  if (!own.empty()) kill_through(b, b.place(place), arrivals);
  for (const auto& [region, loans] : arrivals.loans) {
    if (is_seen(region)) add_loans(b, region, loans);
  }
  return {};
}

Result<void> put(Body& b, const Value& value, uint32_t place, bool drops_old) {
  if (place >= b.places.size()) return refuse_at(b, Refusal::Index, "place that is written");
  if (!fits(b, value, b.type_of(place).type)) return refuse_at(b, Refusal::OperandType, describe(b, place) + " takes a value of another type");
  Arrivals& arrivals = b.no_arrivals();
  STARK_TRY(gather(b, value, b.type_of(place), arrivals));
  return arrive(b, place, arrivals, drops_old);
}

}  // namespace stark::vm

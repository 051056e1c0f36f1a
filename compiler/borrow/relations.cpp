// compiler/borrow/relations.cpp — relates lifetimes that stand in no text, as the bodies need it, until every caller knows.
// Room: borrow. Essay: compiler/borrow/README.md, "Lifetimes nobody wrote". In: MIR. Out: Signature::outlives; lifetimes made one.
#include <algorithm>

#include "compiler/borrow/flow.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

using Pair = std::pair<RegionId, RegionId>;  // longer, shorter
using types::Signature;

// Hears what the signature would have to promise.
class Needs : public Reporter {
 public:
  std::set<Pair> pairs, hiding;

  void unavailable(const State&, const Place&, Held, Span) override {}
  void dangling(const Place&, LoanId, Span) override {}
  void conflict(const State&, const Place&, LoanId, Access, Span) override {}
  void not_movable(const Place&, Span) override {}
  void assigned_twice(LocalId, Span) override {}
  void not_writable(const Place&, bool, Span) override {}
  void leaves(const Loan&, RegionId, Span) override {}
  void too_short(RegionId longer, RegionId shorter, bool hides, Span) override {
    (hides ? hiding : pairs).emplace(longer, shorter);
  }
};

// Which pairs a body may add to its signature.
class Allowed {
 public:
  explicit Allowed(const Signature& s) : s_(s), loose_(s.region_count + 1), implied_(s.region_count + 1, std::vector<bool>(s.region_count + 1)) {
    for (RegionId r : s.loose) loose_[r] = true;
    handle_.resize(s.region_count + 1);
    for (RegionId r : s.handles) handle_[r] = true;
    for (const auto* pairs : {&s.implied, &s.outlives})
      for (const auto& [longer, shorter] : *pairs) implied_[longer][shorter] = true;
    for (RegionId k = 0; k < implied_.size(); ++k)
      for (RegionId i = 0; i < implied_.size(); ++i)
        for (RegionId j = 0; j < implied_.size() && implied_[i][k]; ++j) implied_[i][j] = implied_[i][j] || implied_[k][j];
  }
  // 'static is never a guess, but for what is behind a `fn`: what must live for ever has to say so.
  bool outlives(RegionId longer, RegionId shorter) const {
    if (handle_[longer]) return true;
    if (shorter == 0 || longer == s_.sealed) return false;
    return loose_[longer] || loose_[shorter] || implied_[longer][shorter];
  }
  bool hides(RegionId longer, RegionId shorter) const { return handle_[longer] || (shorter != 0 && implied_[longer][shorter]); }
  bool equal(RegionId a, RegionId b) const { return a != 0 && b != 0 && a != s_.sealed && b != s_.sealed && (loose_[a] || loose_[b]); }

 private:
  const Signature& s_;
  std::vector<bool> loose_, handle_;
  std::vector<std::vector<bool>> implied_;
};

void rename(std::vector<RegionId>& regions, RegionId from, RegionId to) { std::ranges::replace(regions, from, to); }

// Two lifetimes become one, everywhere in the signature.
void make_one(Signature& s, RegionId kept, RegionId gone) {
  for (auto& regions : s.parameter_regions) rename(regions, gone, kept);
  rename(s.result_regions, gone, kept);
  for (auto* pairs : {&s.outlives, &s.implied}) {
    for (auto& [longer, shorter] : *pairs) {
      if (longer == gone) longer = kept;
      if (shorter == gone) shorter = kept;
    }
    std::erase_if(*pairs, [](const Pair& one) { return one.first == one.second; });
  }
  const bool both = std::ranges::find(s.loose, kept) != s.loose.end() && std::ranges::find(s.loose, gone) != s.loose.end();
  std::erase(s.loose, gone);
  if (!both) std::erase(s.loose, kept);
}

// Lifetimes that are declared to outlive each other are one.
void join_mutual(Signature& s) {
  for (size_t i = 0; i < s.outlives.size(); ++i) {
    const auto [longer, shorter] = s.outlives[i];
    if (longer == 0 || shorter == 0 || std::ranges::find(s.outlives, Pair(shorter, longer)) == s.outlives.end()) continue;
    make_one(s, std::min(longer, shorter), std::max(longer, shorter));
    i = static_cast<size_t>(-1);
  }
}

class Relations {
 public:
  Relations(mir::Program& program, TypeRegions& types) : p_(program), types_(types), callers_(program.functions.size()), place_(program.functions.size()) {}

  void run() {
    for (uint32_t f = 0; f < p_.functions.size(); ++f) {
      join_mutual(p_.functions[f].signature);
      for (uint32_t callee : callees(f)) callers_[callee].push_back(f);
    }
    order();
    while (!work_.empty()) {
      const uint32_t f = by_place_[*work_.begin()];
      work_.erase(work_.begin());
      if (!settle(p_.functions[f])) continue;
      enter(f);
      for (uint32_t caller : callers_[f]) enter(caller);
    }
  }

 private:
  std::vector<uint32_t> callees(uint32_t f) const {
    std::vector<uint32_t> out;
    for (const auto& block : p_.functions[f].blocks)
      for (const Instruction& i : block.code)
        if (i.kind == Instruction::Kind::Op && i.op == mir::Opcode::Call) out.push_back(i.index);
    return out;
  }

  // Callees before callers, as far as there are no circles.
  void order() {
    std::vector<bool> seen(p_.functions.size());
    struct Open {
      uint32_t function;
      std::vector<uint32_t> next;
    };
    std::vector<Open> open;
    for (uint32_t f = 0; f < p_.functions.size(); ++f) {
      if (seen[f]) continue;
      seen[f] = true;
      open.push_back({f, callees(f)});
      while (!open.empty()) {
        if (open.back().next.empty()) {
          place_[open.back().function] = static_cast<uint32_t>(by_place_.size());
          by_place_.push_back(open.back().function);
          enter(open.back().function);
          open.pop_back();
          continue;
        }
        const uint32_t next = open.back().next.back();
        open.back().next.pop_back();
        if (seen[next]) continue;
        seen[next] = true;
        open.push_back({next, callees(next)});
      }
    }
  }
  void enter(uint32_t f) {
    const Signature& s = p_.functions[f].signature;
    if (!s.loose.empty() || !s.implied.empty() || !s.handles.empty()) work_.insert(place_[f]);
  }

  // Whether the signature changed.
  bool settle(mir::Function& function) {
    mir::Function copy = function;
    mir::tidy(copy);
    Body body{p_, copy, types_, assign_regions(p_, copy, types_), {}};
    const Allowed allowed(function.signature);
    for (const auto& one : body.regions.equalities) {
      if (!allowed.equal(one.first, one.second)) continue;
      make_one(function.signature, std::min(one.first, one.second), std::max(one.first, one.second));
      return true;
    }
    number_loans(body);
    insert_ends(body);
    const auto before = Flow(body, nullptr).solve();
    Needs needs;
    Flow flow(body, &needs);
    for (size_t block = 0; block < before.size(); ++block) {
      State state = before[block];
      const auto& code = copy.blocks[block].code;
      for (size_t i = 0; i < code.size() && state.reached; ++i) flow.step(state, code[i], std::span(code).subspan(i + 1));
    }
    auto& outlives = function.signature.outlives;
    const size_t before_it = outlives.size();
    for (const Pair& one : needs.pairs)
      if (allowed.outlives(one.first, one.second)) outlives.push_back(one);
    for (const Pair& one : needs.hiding)
      if (allowed.hides(one.first, one.second)) outlives.push_back(one);
    if (outlives.size() == before_it) return false;
    join_mutual(function.signature);
    return true;
  }

  mir::Program& p_;
  TypeRegions& types_;
  std::vector<std::vector<uint32_t>> callers_;
  std::vector<uint32_t> place_, by_place_;  // in the order of work
  std::set<uint32_t> work_;
};

}  // namespace

void relate_lifetimes(mir::Program& program, TypeRegions& types) { Relations(program, types).run(); }

}  // namespace stark::borrow

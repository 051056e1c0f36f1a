// compiler/borrow/explain.h — the words of the borrow check's errors.
// Room: borrow. In: what Flow finds wrong, and where it is. Out: diagnostics that name three places: where something was borrowed,
// where it conflicts, and why the borrow still lives there: a later use, or the end of its holder's scope.
#pragma once

#include <tuple>

#include "compiler/borrow/diagnostics.h"
#include "compiler/borrow/names.h"

namespace stark::borrow {

class Explainer : public Reporter {
 public:
  Explainer(Body& body, diagnostics::Sink& sink) : b_(body), sink_(sink), namer_(body) { collect_moves(); }
  // The instruction that the next reports are about.
  void stand_at(size_t block, size_t index) { block_ = block, index_ = index; }
  // … or about the place where paths meet, behind it.
  void meet(bool meeting) { meeting_ = meeting; }

  void unavailable(const State&, const Place& place, Held held, Span span) override;
  void dangling(const Place& place, LoanId loan, Span span) override;
  void conflict(const State& state, const Place& place, LoanId l, Access access, Span span) override;
  void not_movable(const Place& place, Span span) override;
  void assigned_twice(LocalId l, Span span) override;
  void not_writable(const Place& place, bool borrow, Span span) override;
  void leaves(const Loan& loan, RegionId region, Span span) override;
  void too_short(RegionId longer, RegionId shorter, bool hides, Span span) override;
  void differ(RegionId first, RegionId second, Span span);

 private:
  // Why a loan still lives.
  struct Reason {
    enum class Kind : uint8_t { None, Use, Scope, Leaves, Beside } kind = Kind::None;
    LocalId holder;
    Span span;
    bool earlier = false;  // in the text: a loop comes back to it
  };
  std::vector<LocalId> holders(const State& state, LoanId l) const;
  Reason reason(const State& state, LoanId l) const;
  std::optional<Reason> reason_in(const std::vector<LocalId>& holders, const Instruction& i, Reason& scope) const;
  void tell_reason(diagnostics::Builder& report, const Reason& why) const;
  void tell_mend(diagnostics::Builder& report, const Loan& loan, const Place& place, Access access, const Reason& why) const;

  const mir::Local& local(const Place& place) const { return b_.function.locals[place.base.index()]; }
  std::string text(LocalId local) const { return namer_.name({local, {}}); }
  bool once(uint32_t local, Span span, int kind) { return told_.insert(std::tuple(local, span.file.value, span.begin, kind)).second; }
  void collect_moves();
  bool is_closure(TypeId type) const;
  std::optional<LocalId> parameter_with(RegionId region) const;
  diagnostics::Builder conflict_report(const std::string& name, bool loan_is_mut, Access access, Span span);

  Body& b_;
  diagnostics::Sink& sink_;
  Namer namer_;
  size_t block_ = 0, index_ = 0;
  bool meeting_ = false;
  // `taker`: the parameter that the value becomes, where that stands in the same file.
  struct Move {
    Span span, taker;
  };
  static const Move& nearest_before(const std::vector<Move>& moves, Span use);
  Span taker_of(const Instruction& i, size_t operand) const;
  std::map<uint32_t, std::vector<Move>> moves_;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t, int>> told_;  // one mistake is told once, however many paths lead to it
};

}  // namespace stark::borrow

// compiler/borrow/reasons.cpp — why a borrow still lives: the next use of what holds it, or the end of its holder's scope.
// Room: borrow. In: a point of a function and a loan that lives there. Out: Reason, as a label.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "compiler/borrow/explain.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {

// Available locals that name a region with the loan, those with names first.
std::vector<LocalId> Explainer::holders(const State& state, LoanId l) const {
  std::vector<LocalId> found;
  for (const auto& [region, loans] : state.regions) {
    if (!std::ranges::binary_search(loans, l)) continue;
    for (LocalId user : b_.regions.users[region]) {
      if (state.held[user.index()] != Held::Gone && std::ranges::find(found, user) == found.end()) found.push_back(user);
    }
  }
  std::ranges::stable_partition(found, [&](LocalId one) { return namer_.has_name(one); });
  return found;
}

// A use of one of the holders by `i`; the end of a scope is remembered for when there is none.
std::optional<Explainer::Reason> Explainer::reason_in(const std::vector<LocalId>& holders, const Instruction& i, Reason& scope) const {
  const auto holds = [&](LocalId one) { return std::ranges::find(holders, one) != holders.end(); };
  if (i.kind == Instruction::Kind::ScopeEnd) {
    const bool first = scope.kind == Reason::Kind::None && holds(i.source.base) && namer_.has_name(i.source.base);
    if (first) scope = {Reason::Kind::Scope, i.source.base, i.span};
    return std::nullopt;
  }
  if (i.op == mir::Opcode::End) return std::nullopt;
  for (const mir::Operand& operand : i.operands) {
    if (operand.kind != mir::OperandKind::Constant && holds(operand.place.base)) {
      return Reason{i.op == mir::Opcode::Return ? Reason::Kind::Leaves : Reason::Kind::Use, operand.place.base, operand.span};
    }
  }
  if (mir::has_source(i) && holds(i.source.base)) {
    const bool drops = i.op == mir::Opcode::Drop || i.op == mir::Opcode::DropFlag;
    return Reason{Reason::Kind::Use, i.source.base, drops ? b_.function.locals[i.source.base.index()].span : i.span};
  }
  for (const Place* place : mir::written_places(i)) {
    if (!place->steps.empty() && holds(place->base)) return Reason{Reason::Kind::Use, place->base, i.span};
  }
  return std::nullopt;
}

// The nearest in the order of blocks from here on.
Explainer::Reason Explainer::reason(const State& state, LoanId l) const {
  const std::vector<LocalId> held_by = holders(state, l);
  if (held_by.empty()) {
    const bool leaves = std::ranges::any_of(state.regions, [&](const auto& one) { return std::ranges::binary_search(one.second, l); });
    return {leaves ? Reason::Kind::Leaves : Reason::Kind::Beside, LocalId(), {}};
  }
  Reason scope;
  std::vector<bool> seen(b_.function.blocks.size());
  std::deque<std::pair<size_t, size_t>> open{{block_, index_ + 1}};
  const Span here = b_.function.blocks[block_].code[index_].span;
  while (!open.empty()) {
    const auto [block, first] = open.front();
    open.pop_front();
    const auto& code = b_.function.blocks[block].code;
    for (size_t i = first; i < code.size(); ++i) {
      if (auto found = reason_in(held_by, code[i], scope)) {
        found->earlier = found->span.begin < here.begin;
        return *found;
      }
    }
    for (mir::BlockId next : mir::successors(b_.function.blocks[block])) {
      if (seen[next.index()]) continue;
      seen[next.index()] = true;
      open.emplace_back(next.index(), 0);
    }
  }
  return scope;
}

void Explainer::tell_reason(diagnostics::Builder& report, const Reason& why) const {
  const std::string holder = why.holder.valid() && namer_.has_name(why.holder) ? fmt::format("`{}`", text(why.holder)) : "what was borrowed";
  switch (why.kind) {
    case Reason::Kind::None: return;
    case Reason::Kind::Leaves:
      if (why.span.file.valid()) report.label(why.span, fmt::format("{} is returned here", holder));
      else report.note("the borrow goes into what the signature names, so it lives to the end of the function");
      return;
    case Reason::Kind::Beside: report.note("both belong to one call or value, which goes on using the borrow"); return;
    case Reason::Kind::Scope: report.label(why.span, fmt::format("{} holds the borrow until here, the end of its scope", holder)); return;
    case Reason::Kind::Use: break;
  }
  const bool drops = why.holder.valid() && why.span == b_.function.locals[why.holder.index()].span && b_.needs_drop(why.holder);
  if (drops) report.label(why.span, fmt::format("{} is dropped at the end of its scope, and may look at it then", holder));
  else report.label(why.span, fmt::format("{} is used here, {}", holder, why.earlier ? "in the next turn of the loop" : "later"));
}

}  // namespace stark::borrow

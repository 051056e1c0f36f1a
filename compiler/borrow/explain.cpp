// compiler/borrow/explain.cpp — the words of the borrow check's errors: what is wrong, with what, and what mends it.
// Room: borrow. In: findings of Flow. Out: diagnostics.
#include "compiler/borrow/explain.h"

#include <fmt/format.h>

#include <algorithm>

namespace stark::borrow {

using mir::ProjectionKind;
using types::TypeKind;

namespace {

std::string_view verb(Access access) {
  switch (access) {
    case Access::Read: return "used here";
    case Access::BorrowShared: return "borrowed again here";
    case Access::BorrowMutable: return "borrowed mutably here";
    case Access::Write:
    case Access::Replace: return "assigned here";
    case Access::Move: return "moved here";
    case Access::Drop: return "dropped here";
  }
  return {};
}

bool has_index(const Place& place) {
  return std::ranges::any_of(place.steps, [](const auto& s) { return s.kind == ProjectionKind::Index || s.kind == ProjectionKind::ConstIndex; });
}

}  // namespace

void Explainer::collect_moves() {
  for (const auto& block : b_.function.blocks) {
    for (const Instruction& i : block.code) {
      for (size_t n = 0; n < i.operands.size(); ++n) {
        const mir::Operand& operand = i.operands[n];
        if (operand.kind == mir::OperandKind::Move) moves_[operand.place.base.value].push_back({operand.span, taker_of(i, n)});
      }
    }
  }
}

Span Explainer::taker_of(const Instruction& i, size_t operand) const {
  if (i.op != mir::Opcode::Call) return {};
  const mir::Function& callee = b_.program.functions[i.index];
  return callee.file == b_.function.file && operand < callee.locals.size() ? callee.locals[operand].span : Span();
}

const Explainer::Move& Explainer::nearest_before(const std::vector<Move>& moves, Span use) {
  const Move* best = &moves.front();
  for (const Move& one : moves) {
    if (one.span.begin < use.begin && (best->span.begin >= use.begin || one.span.begin > best->span.begin)) best = &one;
  }
  return *best;
}

bool Explainer::is_closure(TypeId type) const {
  const auto& data = b_.table().get(type);
  return data.kind == TypeKind::Struct && b_.table().info(data.struct_id).name.starts_with("closure at ");
}

void Explainer::unavailable(const State&, const Place& place, Held held, Span span) {
  const std::string name = namer_.name(place), whole = text(place.base);
  const auto& moves = moves_[place.base.value];
  if (!once(place.base.value, span, 1)) return;
  if (moves.empty()) {
    sink_.report<diag::UseUnset>(span, name).here("used here").label(local(place).span, "declared here, without a value").help(
        "give it a value on every path that leads here");
    return;
  }
  const auto& [moved, taker] = nearest_before(moves, span);
  auto report = held == Held::Maybe ? sink_.report<diag::UseMaybeMoved>(span, name) : sink_.report<diag::UseAfterMove>(span, name);
  const bool again = !(moved.begin < span.begin);
  report.here(again ? "moved here, in an earlier turn of the loop" : held == Held::Maybe ? "used here, where it may be gone" : "used here after the move");
  if (!again) report.label(moved, held == Held::Maybe ? fmt::format("`{}` is moved here, on some paths", whole) : fmt::format("`{}` is moved here", whole));
  if (taker.file.valid()) report.label(taker, "and becomes this parameter, which takes it by value");
  report.note(fmt::format("`{}` has type `{}`, which moves instead of being copied", whole, b_.table().name(local(place).type)));
  if (is_closure(local(place).type)) report.help("a closure that gives away what it holds can be called once");
  else if (b_.table().kind(local(place).type) == TypeKind::Ref) report.help(fmt::format("lend it for a while with `&mut *{}`", whole));
  else report.help("borrow with `&` where the value is only looked at, or call `.clone()` before the move");
}

void Explainer::dangling(const Place& place, LoanId loan, Span span) {
  if (!once(place.base.value, span, 2)) return;
  const LocalId base = b_.loans[loan].place.base;
  const std::string user = text(place.base);
  if (!namer_.has_name(base)) {  // a temporary
    sink_.report<diag::TemporaryGone>(span, namer_.has_name(place.base) ? user : "this reference")
        .here("used here")
        .label(b_.loans[loan].span, "made and borrowed here; it ends with its statement")
        .help("give the value a name with `let` first, so that it lives longer");
    return;
  }
  sink_.report<diag::ReferentGone>(span, namer_.has_name(place.base) ? user : "this reference", text(base))
      .here("used here")
      .label(b_.loans[loan].span, fmt::format("`{}` is borrowed here, and its scope ends before the use", text(base)))
      .label(b_.function.locals[base.index()].span, "declared here")
      .help(namer_.has_name(place.base) ? fmt::format("declare `{}` before `{}`, in the same or an outer block", text(base), user)
                                        : fmt::format("declare `{}` in the block where the reference is used, or an outer one", text(base)));
}

diagnostics::Builder Explainer::conflict_report(const std::string& name, bool loan_is_mut, Access access, Span span) {
  switch (access) {
    case Access::Read: return sink_.report<diag::ReadWhileMutable>(span, name);
    case Access::BorrowShared: return sink_.report<diag::SharedWhileMutable>(span, name);
    case Access::BorrowMutable: return loan_is_mut ? sink_.report<diag::TwoMutable>(span, name) : sink_.report<diag::MutableWhileShared>(span, name);
    case Access::Write:
    case Access::Replace: return sink_.report<diag::WriteWhileBorrowed>(span, name);
    case Access::Move: return sink_.report<diag::MoveWhileBorrowed>(span, name);
    case Access::Drop: break;
  }
  return sink_.report<diag::DropWhileBorrowed>(span, name);
}

void Explainer::conflict(const State& state, const Place& place, LoanId l, Access access, Span span) {
  const Loan& loan = b_.loans[l];
  const bool ends = access == Access::Drop && b_.function.locals[place.base.index()].span == span;  // at the end of its scope
  if (!once(place.base.value, ends ? loan.span : span, 3)) return;
  auto report = conflict_report(namer_.name(place), loan.is_mut, access, ends ? loan.span : span);
  const bool reserved = b_.function.locals[loan.holder.index()].kind == mir::LocalKind::Reservation;
  const Reason why = reason(state, l);
  if (ends) {
    report.here(loan.is_mut ? "borrowed mutably here" : "borrowed here");
    report.label(span, fmt::format("`{}` is declared here, and dropped at the end of its scope", text(place.base)));
  } else {
    const bool again = span == loan.span;
    report.here(again ? fmt::format("{}, again in every turn of the loop", verb(access)) : std::string(verb(access)));
    if (!again) report.label(loan.span, reserved ? "this call borrows it mutably when its arguments are ready" : loan.is_mut ? "borrowed mutably here" : "borrowed here");
  }
  tell_reason(report, why);
  if (meeting_) report.note(fmt::format("another path has moved `{}`, so it ends where the paths meet", namer_.name(place)));
  if (reserved) report.help("make the argument before the call, in a `let` of its own");
  else tell_mend(report, loan, place, access, why);
}

void Explainer::tell_mend(diagnostics::Builder& report, const Loan& loan, const Place& place, Access access, const Reason& why) const {
  if (why.kind == Reason::Kind::Scope) {
    const std::string holder = text(why.holder);
    const bool moves = !b_.table().is_copy(b_.type_of(why.holder));
    report.help(fmt::format("`{0}` keeps the borrow to the end of its scope: put it into an inner block{1}, or write `#![borrows(nll)]` at the head of the file",
                            holder, moves ? fmt::format(", end it with `drop({})`", holder) : ""));
  } else if (access == Access::BorrowMutable && loan.is_mut && has_index(loan.place) && has_index(place)) {
    report.help("two elements are borrowed at once with `split_at_mut`, or exchanged with `swap`");
  } else if (access == Access::Move) {
    report.help(fmt::format("move it after the last use of the borrow, or move a copy: `{}.clone()`", namer_.name(place)));
  } else if (access == Access::Drop && why.kind != Reason::Kind::None) {
    report.help("declare what is borrowed before what borrows it: values are dropped in reverse order");
  } else if (access == Access::BorrowMutable && !loan.is_mut) {
    report.help("change it before the borrow, or after its last use; what is found while looking can be collected and applied afterwards");
  } else if (access == Access::Read || access == Access::BorrowShared) {
    report.help("look at it before the mutable borrow, or through it");
  } else if (why.earlier) {
    report.help("the borrow of one turn still lives in the next: end what holds it inside of the loop, or keep something else than the reference");
  } else {
    report.help("let the first borrow end before this");
  }
}

void Explainer::not_movable(const Place& place, Span span) {
  if (!once(place.base.value, span, 4)) return;
  const std::string name = namer_.name(place);
  TypedPlace at{local(place).type, b_.regions.of_local[place.base.index()]};
  uint32_t variant = spec::kNone;
  for (const auto& step : place.steps) {
    if (step.kind == ProjectionKind::Deref && b_.table().kind(at.type) != TypeKind::Box) {
      auto report = sink_.report<diag::MoveOutOfReference>(span, name);
      report.here("moved here");
      if (namer_.has_name(place.base)) report.label(local(place).span, fmt::format("`{}` only refers to the value", text(place.base)));
      report.help("borrow it with `&`, clone it, or put something in its place with `std::mem::replace` or `take`");
      return;
    }
    if (step.kind == ProjectionKind::Index || step.kind == ProjectionKind::ConstIndex) {
      sink_.report<diag::MoveOutOfElement>(span, name).here("moved here").help("borrow the element with `&`, clone it, or take it with `pop` or `remove`");
      return;
    }
    at = b_.types.step(at, step, &variant);
  }
  sink_.report<diag::MoveOutOfDrop>(span, name, b_.table().name(local(place).type)).here("moved here").help("borrow the field, or clone it");
}

void Explainer::assigned_twice(LocalId l, Span span) {
  if (!once(l.value, span, 5)) return;
  const std::string name = text(l);
  sink_.report<diag::AssignTwice>(span, name)
      .here("assigned again here")
      .label(b_.function.locals[l.index()].span, "declared here")
      .help(fmt::format("write `mut {}` where it is declared", name));
}

void Explainer::not_writable(const Place& place, bool borrow, Span span) {
  if (!once(place.base.value, span, 6)) return;
  // What on the way to a place only reads, and how to get one that writes.
  struct Sharing {
    TypeKind kind;
    std::string_view what, help;
    spec::GuardKind guard = spec::GuardKind::Count;  // one of them, or any
  };
  static constexpr Sharing kAll[] = {{TypeKind::Ref, "this is a `&` reference", "take it as `&mut`"},
                                     {TypeKind::Guard, "this guard only reads", "take one that writes: `borrow_mut`, or `write`"},
                                     {TypeKind::Guard, "a view only shows elements", "write to the tensor itself, or copy the view: `clone_contiguous()`", spec::GuardKind::View},
                                     {TypeKind::Gc, "a `Gc` shares what it holds", "put a `RefCell` or `Cell` into it"},
                                     {TypeKind::Arc, "an `Arc` shares what it holds", "put a `Mutex`, a `RwLock` or an atomic into it"}};
  TypedPlace at{local(place).type, b_.regions.of_local[place.base.index()]};
  uint32_t variant = spec::kNone;
  const Sharing* sharing = nullptr;
  for (const auto& step : place.steps) {
    for (const Sharing& one : kAll) {
      const types::TypeData& data = b_.table().get(at.type);
      if (step.kind == ProjectionKind::Deref && data.kind == one.kind && !data.is_mut && (one.guard == spec::GuardKind::Count || static_cast<uint64_t>(one.guard) == data.length)) sharing = &one;
    }
    at = b_.types.step(at, step, &variant);
  }
  const std::string name = namer_.name(place), base = text(place.base);
  if (sharing != nullptr) {
    sink_.report<diag::WriteThroughShared>(span, name).here(borrow ? "borrowed mutably here" : "changed here").label(
        local(place).span, std::string(sharing->what)).help(std::string(sharing->help));
    return;
  }
  auto report = borrow ? sink_.report<diag::NotMutable>(span, name) : sink_.report<diag::PartNotMutable>(span, name, base);
  const bool calls = borrow && is_closure(local(place).type);
  report.here(calls ? "called here, which changes what it holds" : borrow ? "borrowed mutably here" : "changed here");
  report.label(local(place).span, "declared here").help(fmt::format("write `mut {}` where it is declared", base));
}

void Explainer::leaves(const Loan& loan, RegionId region, Span span) {
  if (!once(loan.place.base.value, span, 7)) return;
  const Instruction& at = b_.function.blocks[block_].code[index_];
  const bool named = namer_.has_name(loan.place.base);
  auto report = named ? sink_.report<diag::LocalReturned>(span, text(loan.place.base)) : sink_.report<diag::TemporaryReturned>(span);
  const bool same = loan.span == span;
  const std::string how = region == 0 ? "has to live for ever here" : "leaves the function here";
  report.here(same ? fmt::format("borrowed here, and {}", how) : how);
  if (!same) report.label(loan.span, "borrowed here");
  const bool captured = (at.op == mir::Opcode::Make && is_closure(b_.type_of(at.target.base))) || std::ranges::any_of(at.operands, [&](const mir::Operand& one) {
    return one.kind != mir::OperandKind::Constant && is_closure(b_.typed(one.place).type);
  });
  if (captured) report.help("write `move` before the closure's `|`, so that it owns what it uses");
  else if (region == 0) report.help("move or clone the value into it: what is shared or kept for ever borrows nothing");
  else report.help("return the value itself instead of a reference to it");
}

std::optional<LocalId> Explainer::parameter_with(RegionId region) const {
  for (size_t p = 0; p < b_.function.signature.parameters.size(); ++p) {
    if (std::ranges::find(b_.regions.of_local[p], region) != b_.regions.of_local[p].end()) return LocalId(p);
  }
  return std::nullopt;
}

void Explainer::too_short(RegionId longer, RegionId shorter, bool, Span span) {
  const bool told = std::ranges::any_of(b_.regions.equalities, [&](const RegionMap::Equality& one) {
    return std::minmax(one.first, one.second) == std::minmax(longer, shorter);
  });
  if (told || !once(0, span, 8)) return;
  auto report = sink_.report<diag::LifetimeTooShort>(span);
  report.here(shorter == 0 ? "has to live for ever here" : "returned or stored here");
  const auto from = parameter_with(longer);
  if (from && namer_.has_name(*from)) report.label(b_.function.locals[from->index()].span, fmt::format("what `{}` borrows may end earlier", text(*from)));
  if (shorter == 0) report.help("ask for it in the signature: `T: 'static`, `&'static`; or take the value itself");
  else report.help("give the parameter the lifetime that the result has, such as `&'a`, or declare that one outlives the other: `'b: 'a`");
}

void Explainer::differ(RegionId first, RegionId second, Span span) {
  auto report = sink_.report<diag::LifetimesDiffer>(span);
  report.here("something is written through here, so they cannot differ");
  for (RegionId region : {first, second}) {
    const auto from = parameter_with(region);
    if (from && namer_.has_name(*from)) report.label(b_.function.locals[from->index()].span, fmt::format("one is in `{}`", text(*from)));
  }
  report.help("write the same lifetime at both");
}

}  // namespace stark::borrow

// compiler/borrow/check.cpp — the order of the check for each function, and the words of its errors.
// Room: borrow. In: mir::Program. Out: diagnostics, Annotations. The words name three places: where borrowed, where it
// conflicts, and who still holds the borrow.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "compiler/borrow/borrow.h"
#include "compiler/borrow/diagnostics.h"
#include "compiler/borrow/elaborate.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

using mir::LocalKind;
using mir::ProjectionKind;
using types::TypeKind;

// Text of a place as the user wrote it, near enough: `model.weights[i]`.
class Namer {
 public:
  explicit Namer(const Body& body) : b_(body) {}

  std::string name(const Place& place) const {
    const mir::Local& local = b_.function.locals[place.base.index()];
    std::string text = local.name.empty() ? "this value" : local.name;
    TypedPlace at{local.type, b_.regions.of_local[place.base.index()]};
    uint32_t variant = spec::kNone;
    for (const auto& step : place.steps) {
      const types::TypeData& data = b_.table().get(at.type);
      if (step.kind == ProjectionKind::Field) text += "." + field_name(data, variant, step.argument);
      if (step.kind == ProjectionKind::Index || step.kind == ProjectionKind::ConstIndex) text += "[..]";
      if (step.kind == ProjectionKind::Deref && &step == &place.steps.back()) text = "*" + text;
      at = b_.types.step(at, step, &variant);
    }
    return text;
  }

 private:
  std::string field_name(const types::TypeData& data, uint32_t variant, uint32_t number) const {
    if (data.kind == TypeKind::Struct) return b_.table().info(data.struct_id).fields[number].name;
    if (data.kind == TypeKind::Enum && variant != spec::kNone) return fmt::format("{}", number);
    return fmt::format("{}", number);
  }
  const Body& b_;
};

class Explainer : public Reporter {
 public:
  Explainer(Body& body, diagnostics::Sink& sink) : b_(body), sink_(sink), namer_(body) { collect_moves(); }

  void unavailable(const State&, const Place& place, Held held, Span span) override {
    const std::string name = namer_.name(place);
    const auto& moves = moves_[place.base.value];
    if (!once(place.base.value, span, 1)) return;
    if (moves.empty()) {
      sink_.report<diag::UseUnset>(span, name).here("used here").label(local(place).span, "declared here").help(
          "give it a value on every path that leads here");
      return;
    }
    const Span moved = nearest_before(moves, span);
    auto report = held == Held::Maybe ? sink_.report<diag::UseMaybeMoved>(span, name) : sink_.report<diag::UseAfterMove>(span, name);
    report.here(moved == span ? "moved here, in an earlier turn of the loop" : "used here after the move");
    if (!(moved == span)) report.label(moved, fmt::format("`{}` moved here", namer_.name({place.base, {}})));
    report.note(fmt::format("`{}` has type `{}`, which moves instead of being copied", namer_.name({place.base, {}}),
                            b_.table().name(local(place).type)));
    report.help("borrow with `&` where the value is only looked at, or call `.clone()` before the move");
  }

  void dangling(const Place& place, LoanId loan, Span span) override {
    if (!once(place.base.value, span, 2)) return;
    const Place referent{b_.loans[loan].place.base, {}};
    sink_.report<diag::ReferentGone>(span, namer_.name({place.base, {}}), namer_.name(referent))
        .here("used here")
        .label(b_.loans[loan].span, fmt::format("`{}` is borrowed here, and its scope ends before the use", namer_.name(referent)))
        .help(fmt::format("declare `{}` before `{}`, in the same or an outer block", namer_.name(referent), namer_.name({place.base, {}})));
  }

  void conflict(const State& state, const Place& place, LoanId l, Access access, Span span) override {
    if (!once(place.base.value, span, 3)) return;
    const Loan& loan = b_.loans[l];
    const std::string name = namer_.name(place);
    auto report = conflict_report(name, loan.is_mut, access, span);
    report.here(verb(access));
    report.label(loan.span, fmt::format("{} here{}", loan.is_mut ? "borrowed mutably" : "borrowed", holder_text(state, l)));
    const std::string holder = holder_name(state, l);
    if (!holder.empty() && !b_.program.borrows_nll) {
      report.help(fmt::format("`{0}` keeps the borrow to the end of its scope: put it into an inner block, end it with `drop({0})`, "
                              "or write `#![borrows(nll)]` at the head of the file", holder));
    }
  }

  void not_movable(const Place& place, Span span) override {
    if (!once(place.base.value, span, 4)) return;
    const std::string name = namer_.name(place);
    TypedPlace at{local(place).type, b_.regions.of_local[place.base.index()]};
    uint32_t variant = spec::kNone;
    for (const auto& step : place.steps) {
      if (step.kind == ProjectionKind::Deref && b_.table().kind(at.type) != TypeKind::Box) {
        sink_.report<diag::MoveOutOfReference>(span, name).here("moved here").help("borrow it with `&`, or call `.clone()`");
        return;
      }
      if (step.kind == ProjectionKind::Index || step.kind == ProjectionKind::ConstIndex) {
        sink_.report<diag::MoveOutOfElement>(span, name).here("moved here").help("borrow the element with `&`, clone it, or take it with `pop`");
        return;
      }
      at = b_.types.step(at, step, &variant);
    }
    sink_.report<diag::MoveOutOfDrop>(span, name, b_.table().name(local(place).type)).here("moved here").help("borrow the field, or clone it");
  }

  void assigned_twice(LocalId l, Span span) override {
    if (!once(l.value, span, 5)) return;
    const std::string name = namer_.name({l, {}});
    sink_.report<diag::AssignTwice>(span, name)
        .here("assigned again here")
        .label(b_.function.locals[l.index()].span, "declared here")
        .help(fmt::format("write `mut {}` where it is declared", name));
  }

  void not_writable(const Place& place, bool borrow, Span span) override {
    if (!once(place.base.value, span, 6)) return;
    const std::string name = namer_.name(place), base = namer_.name({place.base, {}});
    if (const Sharing* sharing = shared_by(place); sharing != nullptr) {
      sink_.report<diag::WriteThroughShared>(span, name).here(borrow ? "borrowed mutably here" : "changed here").label(
          local(place).span, std::string(sharing->what)).help(std::string(sharing->help));
    } else if (borrow) {
      sink_.report<diag::NotMutable>(span, name).here("borrowed mutably here").label(local(place).span, "declared here").help(
          fmt::format("write `mut {}` where it is declared", base));
    } else {
      sink_.report<diag::PartNotMutable>(span, name, base).here("changed here").label(local(place).span, "declared here").help(
          fmt::format("write `mut {}` where it is declared", base));
    }
  }

  void leaves(const Loan& loan, Span span) override {
    if (!once(loan.place.base.value, span, 7)) return;
    sink_.report<diag::LocalReturned>(span, namer_.name({loan.place.base, {}}))
        .here("leaves the function here")
        .label(loan.span, "borrowed here")
        .help("return the value itself instead of a reference to it");
  }

  void too_short(Span span) override {
    if (!once(0, span, 8)) return;
    sink_.report<diag::LifetimeTooShort>(span).here("returned or stored here").help("give the parameter the lifetime that the result has, such as `&'a`");
  }

 private:
  const mir::Local& local(const Place& place) const { return b_.function.locals[place.base.index()]; }

  // What on the way to a place only reads, and how to get one that writes.
  struct Sharing {
    TypeKind kind;
    std::string_view what, help;
  };
  const Sharing* shared_by(const Place& place) const {
    static constexpr Sharing kAll[] = {{TypeKind::Ref, "this is a `&` reference", "take it as `&mut`"},
                                       {TypeKind::Guard, "this is a `Ref`, which only reads", "take it with `borrow_mut`"},
                                       {TypeKind::Gc, "a `Gc` shares what it holds", "put a `RefCell` or `Cell` into it"}};
    TypedPlace at{local(place).type, b_.regions.of_local[place.base.index()]};
    uint32_t variant = spec::kNone;
    const Sharing* found = nullptr;
    for (const auto& step : place.steps) {
      for (const Sharing& one : kAll) {
        const bool shares = step.kind == ProjectionKind::Deref && b_.table().kind(at.type) == one.kind && !b_.table().get(at.type).is_mut;
        if (shares) found = &one;
      }
      at = b_.types.step(at, step, &variant);
    }
    return found;
  }

  // One mistake is told once, however many paths lead to it.
  bool once(uint32_t local, Span span, int kind) { return told_.insert(std::tuple(local, span.file.value, span.begin, kind)).second; }

  void collect_moves() {
    for (const auto& block : b_.function.blocks) {
      for (const Instruction& i : block.code) {
        for (const mir::Operand& operand : i.operands) {
          if (operand.kind == mir::OperandKind::Move) moves_[operand.place.base.value].push_back(operand.span);
        }
        if (i.op == mir::Opcode::Drop && i.kind == Instruction::Kind::Op) drops_[i.source.base.value].push_back(i.span);
      }
    }
  }
  static Span nearest_before(const std::vector<Span>& spans, Span use) {
    Span best = spans.front();
    for (Span s : spans) {
      if (s.begin < use.begin && (best.begin >= use.begin || s.begin > best.begin)) best = s;
    }
    return best;
  }

  diagnostics::Builder conflict_report(const std::string& name, bool loan_is_mut, Access access, Span span) {
    switch (access) {
      case Access::Read: return sink_.report<diag::ReadWhileMutable>(span, name);
      case Access::BorrowShared: return sink_.report<diag::SharedWhileMutable>(span, name);
      case Access::BorrowMutable:
        return loan_is_mut ? sink_.report<diag::TwoMutable>(span, name) : sink_.report<diag::MutableWhileShared>(span, name);
      case Access::Write: return sink_.report<diag::WriteWhileBorrowed>(span, name);
      case Access::Move:
      case Access::Drop: break;
    }
    return sink_.report<diag::MoveWhileBorrowed>(span, name);
  }
  static std::string verb(Access access) {
    switch (access) {
      case Access::Read: return "used here";
      case Access::BorrowShared: return "borrowed here";
      case Access::BorrowMutable: return "borrowed mutably here";
      case Access::Write: return "assigned here";
      case Access::Move: return "moved here";
      case Access::Drop: return "dropped here";
    }
    return {};
  }

  // The named local that keeps a loan alive, if one does.
  std::string holder_name(const State& state, LoanId l) const {
    for (const auto& [region, loans] : state.regions) {
      if (!std::ranges::binary_search(loans, l)) continue;
      for (LocalId user : b_.regions.users[region]) {
        const mir::Local& holder = b_.function.locals[user.index()];
        if (state.held[user.index()] != Held::Gone && !holder.name.empty()) return holder.name;
      }
    }
    return {};
  }
  std::string holder_text(const State& state, LoanId l) const {
    const std::string name = holder_name(state, l);
    return name.empty() ? "" : fmt::format(", and still held by `{}`", name);
  }

  Body& b_;
  diagnostics::Sink& sink_;
  Namer namer_;
  std::map<uint32_t, std::vector<Span>> moves_, drops_;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t, int>> told_;
};

void report_all(Body& body, const std::vector<State>& before, diagnostics::Sink& sink) {
  Explainer explainer(body, sink);
  Flow flow(body, &explainer);
  for (size_t block = 0; block < before.size(); ++block) {
    State state = before[block];
    if (!state.reached) continue;
    const auto& code = body.function.blocks[block].code;
    for (size_t i = 0; i < code.size(); ++i) flow.step(state, code[i], std::span(code).subspan(i + 1));
  }
}

FunctionAnnotations check_function(const mir::Program& program, mir::Function& function, TypeRegions& types, diagnostics::Sink& sink) {
  const size_t errors = sink.errors();
  mir::tidy(function);
  Body body{program, function, types, assign_regions(program, function, types, &sink), {}};
  number_loans(body);
  insert_ends(body);
  const auto before = Flow(body, nullptr).solve();
  report_all(body, before, sink);
  if (sink.errors() > errors) return {};
  elaborate(body, before);
  auto settled = Flow(body, nullptr).solve();
  return {std::move(body.regions), std::move(body.loans), std::move(settled)};
}

}  // namespace

Annotations check(mir::Program& program, diagnostics::Sink& sink) {
  TypeRegions types(*program.types);
  Annotations annotations;
  for (mir::Function& function : program.functions) annotations.push_back(check_function(program, function, types, sink));
  return annotations;
}

}  // namespace stark::borrow

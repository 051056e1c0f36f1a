// compiler/borrow/elaborate.cpp — settles every drop: kept, removed, done part by part, or left to a flag.
// Room: borrow. Essay: compiler/borrow/README.md, "Drops". In: Body and the solved states. Out: MIR in which each value is
// dropped exactly once on every path, and every reference is ended before what it refers to.
#include "compiler/borrow/elaborate.h"

#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

using mir::Opcode;
using mir::OperandKind;

class Elaborator {
 public:
  Elaborator(Body& body, const std::vector<State>& before) : b_(body), flow_(body, nullptr), before_(before) {}

  void run() {
    for (size_t block = 0; block < b_.function.blocks.size(); ++block) rewrite(block);
  }

 private:
  void rewrite(size_t block) {
    std::vector<Instruction> code = std::move(b_.function.blocks[block].code);
    State state = before_[block];
    out_.clear();
    for (size_t i = 0; i < code.size(); ++i) {
      const auto ahead = std::span(code).subspan(i + 1);
      if (i + 1 == code.size()) settle_edge(state, code[i]);
      Instruction copy = code[i];
      emit(state, std::move(code[i]), ahead);
      flow_.step(state, copy, ahead);
    }
    b_.function.blocks[block].code = std::move(out_);
  }

  Held held(const State& state, LocalId local) const { return state.held[local.index()]; }
  bool carries_regions(LocalId local) const { return !b_.regions.of_local[local.index()].empty(); }

  void push(Opcode op, Place place, Span span) {
    Instruction i;
    i.op = op;
    i.span = span;
    i.source = std::move(place);
    out_.push_back(std::move(i));
  }
  void push_end(LocalId local, Span span) { push(Opcode::End, {local, {}}, span); }

  void drop_rest(const State& state, LocalId local, Span span) {
    for (Place& part : flow_.remains(state, local)) push(Opcode::Drop, std::move(part), span);
    push_end(local, span);
  }
  void end_references_to(const State& state, LocalId local, Span span) {
    for (LocalId reference : flow_.outlived_by(state, local)) {
      if (held(state, reference) == Held::Whole && !b_.needs_drop(reference)) push_end(reference, span);
    }
  }

  bool is_reservation(const Instruction& i) const {
    const LocalId holder = i.kind == Instruction::Kind::ScopeEnd ? i.source.base : i.target.base;
    return holder.valid() && b_.function.locals[holder.index()].kind == mir::LocalKind::Reservation;
  }

  void emit(State& state, Instruction i, std::span<const Instruction> ahead) {
    if (is_reservation(i)) return;
    if (i.kind == Instruction::Kind::ScopeEnd) return emit_scope_end(state, i, ahead);
    const LocalId local = i.source.base;
    switch (i.op) {
      case Opcode::Drop:
        if (!i.source.steps.empty()) break;
        if (held(state, local) != Held::Gone && Flow::is_scope_end(i, ahead)) end_references_to(state, local, i.span);
        return emit_drop(state, local, i.span);
      case Opcode::End:
        if (held(state, local) == Held::Whole) break;
        if (held(state, local) == Held::Partly && flow_.is_spent(state, local)) break;
        return;
      case Opcode::Set:
      case Opcode::Replace: return emit_assignment(state, std::move(i));
      default: break;
    }
    out_.push_back(std::move(i));
  }

  void emit_drop(const State& state, LocalId local, Span span) {
    switch (held(state, local)) {
      case Held::Gone: return;
      case Held::Whole: return push(Opcode::Drop, {local, {}}, span);
      case Held::Maybe: return push(Opcode::DropFlag, {local, {}}, span);
      case Held::Partly: return drop_rest(state, local, span);
    }
  }

  // A frame that is about to go shows the collector nothing more.
  static bool is_leaving(std::span<const Instruction> ahead) {
    return std::ranges::all_of(ahead, [](const Instruction& one) { return one.kind == Instruction::Kind::ScopeEnd || one.op == Opcode::Return; });
  }

  void emit_scope_end(const State& state, const Instruction& i, std::span<const Instruction> ahead) {
    const LocalId local = i.source.base;
    end_references_to(state, local, i.span);
    if (b_.needs_drop(local)) return emit_drop(state, local, i.span);
    const Held now = held(state, local);
    const bool keeps = b_.table().kind(b_.function.locals[local.index()].type) == types::TypeKind::Gc && !is_leaving(ahead);  // what it shares, until told
    if ((now == Held::Whole && (carries_regions(local) || keeps)) || now == Held::Partly) push_end(local, i.span);
  }

  // What stands in the target decides whether there is something to drop.
  void emit_assignment(const State& state, Instruction i) {
    const LocalId local = i.target.base;
    const bool needs_drop = b_.table().needs_drop(b_.typed(i.target).type);
    Held now = held(state, local);
    const mir::Operand& from = i.operands[0];
    if (from.kind == OperandKind::Move && from.place == i.target) now = Held::Gone;
    if (!needs_drop) {
      i.op = Opcode::Set;
    } else if (!i.target.steps.empty()) {
      const bool from_itself = from.kind == OperandKind::Move && from.place == i.target;
      const bool was_moved = held(state, local) == Held::Partly && std::ranges::any_of(state.moved.at(local.value), [&](const Place& one) { return is_within(one, i.target); });
      if (was_moved) {
        for (Place& part : flow_.remains_at(state, i.target)) push(Opcode::Drop, std::move(part), i.span);
      }
      i.op = was_moved || from_itself ? Opcode::Set : Opcode::Replace;
    } else {
      i.op = now == Held::Whole ? Opcode::Replace : Opcode::Set;
      if (now == Held::Maybe) push(Opcode::DropFlag, {local, {}}, i.span);
      if (now == Held::Partly) drop_rest(state, local, i.span);
    }
    out_.push_back(std::move(i));
  }

  void settle_edge(const State& state, const Instruction& last) {
    if (last.blocks.size() != 1) return;
    const State& there = before_[last.blocks[0].index()];
    for (Place& part : flow_.dropped_on_the_way(state, there)) push(Opcode::Drop, std::move(part), last.span);
    for (const auto& [l, places] : state.moved)
      if (there.held[l] != Held::Partly) push_end(LocalId(l), last.span);
  }

  Body& b_;
  Flow flow_;
  const std::vector<State>& before_;
  std::vector<Instruction> out_;
};

}  // namespace

void elaborate(Body& body, const std::vector<State>& before) { Elaborator(body, before).run(); }

}  // namespace stark::borrow

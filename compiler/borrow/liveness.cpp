// compiler/borrow/liveness.cpp — ends references behind their last use: all of them under `#![borrows(nll)]`, else temporaries.
// Room: borrow. Essay: compiler/borrow/README.md, "Where borrows end". In: tidy MIR. Out: the same with End instructions.
#include <algorithm>

#include "compiler/borrow/flow.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

using mir::Opcode;

class Liveness {
 public:
  explicit Liveness(Body& b) : b_(b), live_in_(b.function.blocks.size(), std::vector<bool>(b.function.locals.size())) {
    for (size_t l = 0; l < b.function.locals.size(); ++l) {
      const mir::Local& local = b.function.locals[l];
      const bool ends_early = local.kind == mir::LocalKind::Temporary || (b.program.borrows_nll && local.kind == mir::LocalKind::Named);
      tracked_.push_back(ends_early && !b.regions.of_local[l].empty() && !b.table().needs_drop(local.type));
    }
  }

  void run() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t block = b_.function.blocks.size(); block-- > 0;) {
        std::vector<bool> live = live_out(block);
        const auto& code = b_.function.blocks[block].code;
        for (size_t i = code.size(); i-- > 0;) backward(live, code[i]);
        changed |= live != live_in_[block];
        live_in_[block] = std::move(live);
      }
    }
    for (size_t block = 0; block < b_.function.blocks.size(); ++block) rewrite(block);
  }

 private:
  std::vector<bool> live_out(size_t block) const {
    std::vector<bool> live(b_.function.locals.size());
    for (mir::BlockId next : mir::successors(b_.function.blocks[block])) {
      for (size_t l = 0; l < live.size(); ++l) live[l] = live[l] || live_in_[next.index()][l];
    }
    return live;
  }

  template <class Visit>
  static void uses(const Instruction& i, Visit visit) {
    if (i.kind != Instruction::Kind::Op) return;
    for (const mir::Operand& operand : i.operands) {
      if (operand.kind != mir::OperandKind::Constant) visit(operand.place.base);
    }
    if (mir::has_source(i)) visit(i.source.base);
    for (const Place* place : mir::written_places(i)) {
      if (!place->steps.empty()) visit(place->base);
    }
  }
  template <class Visit>
  static void defines(const Instruction& i, Visit visit) {
    for (const Place* place : mir::written_places(i)) {
      if (place->steps.empty()) visit(place->base);
    }
  }
  static void backward(std::vector<bool>& live, const Instruction& i) {
    defines(i, [&](LocalId l) { live[l.index()] = false; });
    uses(i, [&](LocalId l) { live[l.index()] = true; });
  }

  Instruction end_of(LocalId local, Span span) const {
    Instruction end;
    end.op = Opcode::End;
    end.span = span;
    end.source.base = local;
    return end;
  }

  void rewrite(size_t block) {
    auto& code = b_.function.blocks[block].code;
    std::vector<bool> live = live_out(block);
    std::vector<Instruction> backwards;
    for (size_t i = code.size(); i-- > 0;) {
      const bool last = i + 1 == code.size();
      std::vector<LocalId> ended;
      const auto consider = [&](LocalId l) {
        if (tracked_[l.index()] && !live[l.index()] && std::ranges::find(ended, l) == ended.end()) ended.push_back(l);
      };
      uses(code[i], consider);
      defines(code[i], consider);
      if (!last) {
        for (LocalId l : ended) backwards.push_back(end_of(l, code[i].span));
      }
      backward(live, code[i]);
      backwards.push_back(std::move(code[i]));
    }
    std::ranges::reverse(backwards);
    code = std::move(backwards);
    end_on_entry(block, live);
  }

  // Live behind a branch, but not on this side of it.
  void end_on_entry(size_t block, const std::vector<bool>& live) {
    if (predecessors_.empty()) predecessors_ = mir::predecessors(b_.function);
    if (predecessors_[block].size() != 1) return;
    const std::vector<bool> before = live_out(predecessors_[block][0].index());
    auto& code = b_.function.blocks[block].code;
    for (size_t l = 0; l < live.size(); ++l) {
      if (tracked_[l] && before[l] && !live[l]) code.insert(code.begin(), end_of(LocalId(l), code.front().span));
    }
  }

  Body& b_;
  std::vector<std::vector<bool>> live_in_;
  std::vector<bool> tracked_;
  std::vector<std::vector<mir::BlockId>> predecessors_;
};

}  // namespace

void insert_ends(Body& body) { Liveness(body).run(); }

}  // namespace stark::borrow

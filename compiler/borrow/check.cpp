// compiler/borrow/check.cpp — the order of the check for each function.
// Room: borrow. In: mir::Program. Out: diagnostics, Annotations.
#include "compiler/borrow/borrow.h"
#include "compiler/borrow/elaborate.h"
#include "compiler/borrow/explain.h"
#include "compiler/borrow/packed.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

void report_all(Body& body, const std::vector<State>& before, diagnostics::Sink& sink) {
  Explainer explainer(body, sink);
  for (const auto& one : body.regions.equalities) explainer.differ(one.first, one.second, one.span);
  Flow flow(body, &explainer);
  for (size_t block = 0; block < before.size(); ++block) {
    State state = before[block];
    if (!state.reached) continue;
    const auto& code = body.function.blocks[block].code;
    for (size_t i = 0; i < code.size(); ++i) {
      explainer.stand_at(block, i);
      if (code[i].kind == Instruction::Kind::Op && code[i].op == mir::Opcode::Borrow) check_packed(body, code[i], sink);
      flow.step(state, code[i], std::span(code).subspan(i + 1));
    }
    if (code.back().blocks.size() == 1) {
      explainer.meet(true);
      flow.check_meeting(state, before[code.back().blocks[0].index()], code.back().span);
      explainer.meet(false);
    }
  }
}

FunctionAnnotations check_function(const mir::Program& program, mir::Function& function, TypeRegions& types, diagnostics::Sink& sink,
                                   Refused refused) {
  const size_t errors = sink.errors();
  mir::tidy(function);
  Body body{program, function, types, assign_regions(program, function, types), {}};
  number_loans(body);
  insert_ends(body);
  const auto before = Flow(body, nullptr).solve();
  report_all(body, before, sink);
  if (sink.errors() > errors && refused == Refused::Skip) return {};
  elaborate(body, before);
  number_loans(body);  // without reservations
  auto settled = Flow(body, nullptr).solve();
  return {std::move(body.regions), std::move(body.loans), std::move(settled)};
}

}  // namespace

Annotations check(mir::Program& program, diagnostics::Sink& sink, Refused refused) {
  TypeRegions types(*program.types);
  relate_lifetimes(program, types);
  Annotations annotations;
  for (mir::Function& function : program.functions) annotations.push_back(check_function(program, function, types, sink, refused));
  return annotations;
}

}  // namespace stark::borrow

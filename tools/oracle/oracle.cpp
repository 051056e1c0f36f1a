// tools/oracle/oracle.cpp — every function by fixpoint over its blocks, every vtable as a function that calls another.
// Room: tools/oracle. Essay: README.md. In: Module. Out: complaints.
#include "tools/oracle/oracle.h"

#include <fmt/format.h>

#include <deque>

#include "tools/oracle/check.h"

namespace stark::oracle {
namespace {

class Walk {
 public:
  Walk(const TypeBook& types, uint32_t function) : f_(read_function(types, function)), checker_(f_), entry_(f_.blocks.size()) {}

  // States only grow, so what is wrong with one on the way is wrong with the last one too.
  std::optional<Complaint> run() {
    entry_[0] = checker_.entry();
    std::deque<uint32_t> work{0};
    while (!work.empty()) {
      const uint32_t block = work.front();
      work.pop_front();
      State state = *entry_[block];
      for (size_t k = 0; k < f_.blocks[block].size(); ++k) {
        word_ = f_.blocks[block][k].word;
        try {
          checker_.apply(state, f_.blocks[block][k], f_.live[block][k]);
        } catch (const Malformed& wrong) {
          return Complaint{{}, word_, wrong.what};
        }
      }
      for (uint32_t next : f_.blocks[block].back().edges) {
        if (entry_[next] && !checker_.join(*entry_[next], state)) continue;
        if (!entry_[next]) entry_[next] = state;
        work.push_back(next);
      }
    }
    return std::nullopt;
  }

 private:
  Function f_;
  Checker checker_;
  std::vector<std::optional<State>> entry_;
  uint32_t word_ = 0;
};

// A function that has the method's signature and calls the one behind the slot. What the object hides has a lifetime that is longer
// than the object's, nobody knows by how much; so what leaves it is as short as the object's, and nothing from outside may go in.
std::optional<std::string> examine_slot(const TypeBook& types, const spec::VTableRow& table, uint32_t function, uint32_t method) {
  const Shape called = shape_of(types, row_at(types.module().functions, function).signature);
  Shape own = shape_of(types, method);
  if (called.parameters.size() != own.parameters.size() || own.parameters.empty()) return "another number of parameters";
  const Typed receiver = own.parameters[0];
  const size_t inside = types.kind(receiver.type) == TypeKind::Ref ? 1 : 0;
  const spec::TypeRow& mine = types.row(called.parameters[0].type);
  if (mine.kind != types.row(receiver.type).kind || mine.b != types.row(receiver.type).b || mine.a != table.type) return "another receiver";
  const uint32_t hidden = ++own.count;
  own.outlives.emplace_back(hidden, receiver.slots.at(inside));
  Web web;
  web.add(0, {});
  for (uint32_t l = 1; l <= own.count; ++l) web.add(l, {kNamed | l});
  std::vector<Typed> arguments = own.parameters;
  arguments[0] = {called.parameters[0].type, std::vector<Origin>(called.parameters[0].slots.size(), hidden)};
  if (inside == 1) arguments[0].slots[0] = receiver.slots[0];
  for (size_t a = 1; a < arguments.size(); ++a)
    if (arguments[a].type != called.parameters[a].type) return "a parameter of another type";
  if (called.result.type != own.result.type) return "a result of another type";
  Origin next = own.count + 1;
  flow_into(web, types, let_flow(web, types, called, arguments, next), own.result);
  return undeclared(web, own);
}

void examine_vtables(const TypeBook& types, std::vector<Complaint>& out) {
  const Module& m = types.module();
  for (uint32_t y = 0; y < m.vtables.size(); ++y) {
    try {
      const spec::VTableRow& table = m.vtables[y];
      const spec::TypeRow& dyn = types.row(table.dyn);
      if (dyn.kind != static_cast<uint32_t>(TypeKind::Dyn) || table.functions.count != dyn.b) throw Malformed{"other methods than its dyn"};
      for (uint32_t i = 0; i < dyn.b; ++i) {
        const auto wrong = examine_slot(types, table, row_at(m.vtable_functions, table.functions.first + i), row_at(m.dyn_methods, dyn.a + i).signature);
        if (wrong) throw Malformed{fmt::format("method {}: {}", i, *wrong)};
      }
    } catch (const Malformed& wrong) {
      out.push_back({fmt::format("vtable {}", y), 0, wrong.what});
    }
  }
}

}  // namespace

std::vector<Complaint> examine(const spec::Module& module) {
  std::vector<Complaint> out;
  try {
    const TypeBook types(module);
    examine_vtables(types, out);
    for (uint32_t f = 0; f < module.functions.size(); ++f) {
      const std::string where = fmt::format("`{}`", module.text_of(module.functions[f].name));
      try {
        auto wrong = Walk(types, f).run();
        if (!wrong) continue;
        wrong->where = where;
        out.push_back(std::move(*wrong));
      } catch (const Malformed& wrong) {
        out.push_back({where, 0, wrong.what});
      }
    }
  } catch (const Malformed& wrong) {
    out.push_back({"the tables", 0, wrong.what});
  }
  return out;
}

std::string text_of(const Complaint& one) { return fmt::format("in {}, at word {}: {}", one.where, one.word, one.what); }

}  // namespace stark::oracle

// compiler/types/dump.cpp — text of what was checked, for --dump=types: signatures, locals, the type of every expression.
// Room: types. In: Typed. Out: text.
#include <fmt/format.h>

#include "compiler/types/typed.h"

namespace stark::types {

namespace {

constexpr std::string_view kKinds[] = {
#define EXPR(name, text) text,
#include "compiler/types/expr_kinds.def"
};

void dump_expr(const TypedFunction& function, const TypeTable& table, ExprId id, int depth, std::string& out) {
  if (!id.valid()) return;
  const Expr& expr = function.get(id);
  out += fmt::format("{}{}: {}\n", std::string(static_cast<size_t>(depth) * 2, ' '), kKinds[static_cast<size_t>(expr.kind)], table.name(expr.type));
  for (const TypedStatement& statement : expr.statements) dump_expr(function, table, statement.value, depth + 1, out);
  for (ExprId part : expr.parts) dump_expr(function, table, part, depth + 1, out);
  for (const Arm& arm : expr.arms) dump_expr(function, table, arm.body, depth + 1, out);
}

}  // namespace

std::string dump(const Typed& typed, const TypeTable& table) {
  std::string out;
  for (const TypedFunction& function : typed.functions) {
    out += fmt::format("fn {}(", function.name);
    for (size_t i = 0; i < function.signature.parameters.size(); ++i) out += (i ? ", " : "") + table.name(function.signature.parameters[i]);
    out += fmt::format(") -> {}\n", table.name(function.signature.result));
    for (const BodyLocal& local : function.locals)
      if (!local.name.empty()) out += fmt::format("  let {}{}: {}\n", local.is_mut ? "mut " : "", local.name, table.name(local.type));
    dump_expr(function, table, function.body, 1, out);
  }
  return out;
}

}  // namespace stark::types

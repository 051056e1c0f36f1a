// compiler/driver/dumps.cpp — facts of the borrow check as text, and one function's share of a dump.
// Room: driver. In: products of the stages. Out: text.
#include "compiler/driver/dumps.h"

#include <fmt/format.h>

namespace stark::driver {
namespace {

std::string name_of(const mir::Function& function, mir::LocalId local) {
  const std::string& name = function.locals[local.index()].name;
  return name.empty() ? fmt::format("_{}", local.value) : fmt::format("{}_{}", name, local.value);
}

std::string list(const auto& items, auto&& text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : " ") + text(item);
  return out;
}

}  // namespace

std::string sections(const std::string& text, std::string_view head, std::string_view only) {
  if (only.empty()) return text;
  std::string out;
  bool wanted = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.starts_with(head)) {
      const size_t at = line.find(only, head.size());
      const char after = at == line.npos || at + only.size() >= line.size() ? '\0' : line[at + only.size()];
      wanted = at != line.npos && (line[at - 1] == ' ' || line[at - 1] == '"' || line[at - 1] == ':') && (after == '(' || after == '"' || after == ' ');
    } else if (line[0] != ' ') {
      wanted = false;
    }
    if (wanted) out += line;
    begin = end;
  }
  return out;
}

std::string facts(const mir::Function& function, const borrow::FunctionAnnotations& known) {
  std::string out = fmt::format("fn {}\n", function.name);
  for (size_t i = 0; i < function.locals.size() && i < known.regions.of_local.size(); ++i) {
    if (known.regions.of_local[i].empty()) continue;
    out += fmt::format("  {}: {}\n", name_of(function, mir::LocalId(i)), list(known.regions.of_local[i], [](auto region) { return fmt::format("'{}", region); }));
  }
  for (size_t i = 0; i < known.loans.size(); ++i) {
    const borrow::Loan& loan = known.loans[i];
    out += fmt::format("  loan {}: &{}{}{}{}\n", i, loan.is_mut ? "mut " : "", name_of(function, loan.place.base), loan.place.steps.empty() ? "" : "…",
                       loan.through_reference() ? " through a reference" : "");
  }
  for (size_t block = 0; block < known.before.size(); ++block) {
    const borrow::State& state = known.before[block];
    out += fmt::format("  b{}:{}", block, state.reached ? "" : " not reached");
    for (const auto& [region, loans] : state.regions) out += fmt::format(" '{} holds {}", region, list(loans, [](auto loan) { return fmt::format("{}", static_cast<uint32_t>(loan)); }));
    for (const auto& [local, places] : state.moved) out += fmt::format(" {} is moved in part", name_of(function, mir::LocalId(local)));
    for (const auto& [local, loan] : state.dangling) out += fmt::format(" {} dangles", name_of(function, mir::LocalId(local)));
    out += "\n";
  }
  return out;
}

}  // namespace stark::driver

// compiler/types/exhaustive.cpp — whether patterns cover every value of a type, and if not, one that is left over.
// Room: types. In: typed patterns. Out: a counterexample in words, or nothing. The method is Maranget's usefulness.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

namespace {
using Row = std::vector<PatternId>;
}

std::optional<std::string> Checker::uncovered(const std::vector<Row>& given, std::vector<TypeId> types, int depth) {
  if (types.empty()) return given.empty() ? std::optional<std::string>("") : std::nullopt;
  if (depth > 64) return std::nullopt;
  std::vector<Row> rows;
  std::function<void(const Row&)> expand = [&](const Row& row) {
    if (!row[0].valid()) return rows.push_back(row);
    const Pattern one = get(row[0]);
    if (one.kind == PatternKind::Or) {
      for (PatternId part : one.parts) {
        Row copy = row;
        copy[0] = part;
        expand(copy);
      }
    } else if (one.kind == PatternKind::Bind) {
      Row copy = row;
      copy[0] = one.parts.empty() ? PatternId() : one.parts[0];
      if (one.parts.empty()) rows.push_back(copy);
      else expand(copy);
    } else {
      rows.push_back(row);
      if (one.kind == PatternKind::Wild) rows.back()[0] = PatternId();
    }
  };
  for (const Row& row : given) expand(row);
  return uncovered_constructors(rows, types, depth);
}

std::optional<std::string> Checker::uncovered_constructors(const std::vector<Row>& rows, const std::vector<TypeId>& types, int depth) {
  const TypeId first = shallow(types[0]);
  const TypeData data = table_.get(first);
  const std::vector<TypeId> rest(types.begin() + 1, types.end());
  const auto tail = [](const Row& row) { return Row(row.begin() + 1, row.end()); };
  const auto join_words = [](std::string a, const std::string& b) { return b.empty() ? a : a + ", " + b; };
  // Rows whose head is a wildcard or has constructor `number` with fields of `field_types`.
  const auto specialise = [&](uint32_t number, const std::vector<TypeId>& field_types, bool any_constructor) {
    std::vector<Row> out;
    for (const Row& row : rows) {
      Row made(field_types.size());
      if (row[0].valid()) {
        const Pattern& one = get(row[0]);
        if (!any_constructor && one.index != number) continue;
        for (size_t i = 0; i < one.parts.size(); ++i)
          if (made.empty()) break;  // the pattern is for another type, which was told
          else if (one.kind == PatternKind::Deref) made[0] = one.parts[0];
          else if (i < one.numbers.size() && one.numbers[i] < made.size()) made[one.numbers[i]] = one.parts[i];
      }
      const Row after = tail(row);
      made.insert(made.end(), after.begin(), after.end());
      out.push_back(std::move(made));
    }
    return out;
  };
  const auto fields_types = [&](const std::vector<Field>& fields) {
    std::vector<TypeId> out;
    for (const Field& field : fields) out.push_back(field.type);
    return out;
  };
  const bool looked_at = std::ranges::any_of(rows, [](const Row& row) { return row[0].valid(); });
  if (!looked_at || data.special != Special::None) {
    std::vector<Row> others;
    for (const Row& row : rows)
      if (!row[0].valid() || data.special == Special::Error) others.push_back(tail(row));
    const auto left = uncovered(others, rest, depth + 1);
    return left ? std::optional(join_words("_", *left)) : std::nullopt;
  }
  if (data.kind == TypeKind::Enum) {
    const std::vector<Variant> variants = table_.info(data.enum_id).variants;
    for (uint32_t v = 0; v < variants.size(); ++v) {
      std::vector<TypeId> inner = fields_types(variants[v].fields);
      const size_t count = inner.size();
      const auto special = specialise(v, inner, false);
      inner.insert(inner.end(), rest.begin(), rest.end());
      if (const auto left = uncovered(special, inner, depth + 1))
        return fmt::format("{}{}", variants[v].name, count == 0 ? "" : "(..)");
    }
    return std::nullopt;
  }
  if (data.kind == TypeKind::Struct || data.kind == TypeKind::Tuple || data.kind == TypeKind::Ref) {
    if (data.kind == TypeKind::Ref && is_kind(data.parts[0], TypeKind::Str)) goto open;
    std::vector<TypeId> inner = data.kind == TypeKind::Struct ? fields_types(table_.info(data.struct_id).fields) : data.parts;
    const size_t count = inner.size();
    const auto special = specialise(0, inner, true);
    inner.insert(inner.end(), rest.begin(), rest.end());
    const auto left = uncovered(special, inner, depth + 1);
    if (!left || count == 1) return left;
    return data.kind == TypeKind::Tuple ? fmt::format("({})", *left) : *left;
  }
open:
  const bool is_bool = data.kind == TypeKind::Bool;
  if (is_bool) {
    for (const uint64_t value : {uint64_t{1}, uint64_t{0}}) {
      std::vector<Row> same;
      for (const Row& row : rows)
        if (!row[0].valid() || (get(row[0]).value.valid() && get(get(row[0]).value).literal.magnitude == value)) same.push_back(tail(row));
      if (const auto left = uncovered(same, rest, depth + 1)) return join_words(value != 0 ? "true" : "false", *left);
    }
    return std::nullopt;
  }
  std::vector<Row> others;
  for (const Row& row : rows)
    if (!row[0].valid()) others.push_back(tail(row));
  const auto left = uncovered(others, rest, depth + 1);
  return left ? std::optional(join_words("_", *left)) : std::nullopt;
}

void Checker::exhaustive(const std::vector<Arm>& arms, TypeId type_id, Span where) {
  if (is_error(type_id)) return;
  std::vector<Row> rows;
  for (const Arm& arm : arms) {
    if (!rows.empty() && !uncovered(rows, {type_id}, 0)) sink_.report<diag::UnreachableArm>(get(arm.pattern).span).here("the arms before cover everything");
    if (!arm.guard.valid()) rows.push_back({arm.pattern});
  }
  const bool uninhabited = is_kind(type_id, TypeKind::Enum) && table_.info(table_.get(shallow(type_id)).enum_id).variants.empty();
  if (rows.empty() && uninhabited) return;
  if (const auto missing = uncovered(rows, {type_id}, 0))
    sink_.report<diag::NotExhaustive>(where, *missing).help("add an arm for it, or `_ => …` for everything else");
}

}  // namespace stark::types

// compiler/types/exhaustive.cpp — whether patterns cover every value of a type, and if not, one that is left over.
// Room: types. In: typed patterns. Out: a counterexample in words, or nothing. The method is Maranget's usefulness.
//
// A column of patterns is split by the forms that a value there can have: variants, intervals of numbers, lengths of slices. For each form
// the rows that could fit it are looked at again, with the parts of the pattern as further columns. Forms that no row names are all
// alike, so one of them is enough.
#include "compiler/types/exhaustive.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/types/checker.h"

namespace stark::types {
namespace {

using Int = __int128;
constexpr Int kLastChar = 0x10FFFF;

bool counts(const TypeData& data) { return data.special == Special::None && data.kind >= TypeKind::I8 && data.kind <= TypeKind::Usize; }

// The first and the last number of an integer type.
std::pair<Int, Int> domain(TypeKind kind) {
  constexpr int bits[] = {8, 16, 32, 64, 64, 8, 16, 32, 64, 64};
  const int width = bits[static_cast<int>(kind) - static_cast<int>(TypeKind::I8)];
  if (kind <= TypeKind::Isize) return {-(Int{1} << (width - 1)), (Int{1} << (width - 1)) - 1};
  return {0, (Int{1} << width) - 1};
}

std::string number_text(Int value) { return value < 0 ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{}", static_cast<uint64_t>(value)); }

std::string joined(std::span<const std::string> words) { return fmt::format("{}", fmt::join(words, ", ")); }

}  // namespace

std::optional<std::string> Coverage::missing(const std::vector<PatternId>& patterns, TypeId type) {
  Rows rows;
  for (PatternId one : patterns) rows.push_back({one});
  work_ = 0;
  const auto left = uncovered(std::move(rows), {type});
  return left && !gave_up() ? std::optional(left->front()) : std::nullopt;
}

// `|` makes rows of its own, a name fits everything.
void Coverage::expand(const Row& row, Rows& out) {
  if (!row[0].valid()) return out.push_back(row);
  const Pattern& one = get(row[0]);
  if (one.kind != PatternKind::Or && one.kind != PatternKind::Bind && one.kind != PatternKind::Wild) return out.push_back(row);
  if (one.parts.empty()) {
    out.push_back(row);
    out.back()[0] = PatternId();
    return;
  }
  Row copy = row;
  for (PatternId part : one.parts) {
    copy[0] = part;
    expand(copy, out);
  }
}

bool Coverage::is_empty(TypeId type) const {
  const TypeData& data = table_.get(known_(type));
  return data.special == Special::Never || (data.special == Special::None && data.kind == TypeKind::Enum && table_.info(data.enum_id).variants.empty());
}

std::optional<Coverage::Words> Coverage::uncovered(Rows given, const std::vector<TypeId>& types) {
  if (types.empty()) return given.empty() ? std::optional(Words()) : std::nullopt;
  work_ += given.size() + types.size();
  if (gave_up() || is_empty(types[0])) return std::nullopt;
  Rows rows;
  for (const Row& row : given) expand(row, rows);
  work_ += rows.size();
  const TypeId type = known_(types[0]);
  const TypeData& data = table_.get(type);
  if (data.special == Special::Error) return std::nullopt;
  const bool looked_at = std::ranges::any_of(rows, [](const Row& row) { return row[0].valid(); });
  if (looked_at && data.special == Special::None) {
    if (data.kind == TypeKind::Enum) return enums(rows, types, table_.info(data.enum_id));
    const bool text = data.kind == TypeKind::Ref && table_.kind(known_(data.parts[0])) == TypeKind::Str;
    if (data.kind == TypeKind::Struct || data.kind == TypeKind::Tuple || (data.kind == TypeKind::Ref && !text)) return single(rows, types, type);
    if (data.kind == TypeKind::Bool || data.kind == TypeKind::Char || counts(data)) return numbers(rows, types, type);
    if (data.kind == TypeKind::Slice || data.kind == TypeKind::Array) return runs(rows, types, data);
  }
  std::vector<const Row*> others;  // of texts and floats no list of values is ever complete
  for (const Row& row : rows)
    if (!row[0].valid()) others.push_back(&row);
  return rest_uncovered(others, types, "_");
}

// The rows without their first column.
std::optional<Coverage::Words> Coverage::rest_uncovered(const std::vector<const Row*>& rows, const std::vector<TypeId>& types, std::string shown) {
  Rows tails;
  for (const Row* row : rows) tails.emplace_back(row->begin() + 1, row->end());
  auto left = uncovered(std::move(tails), {types.begin() + 1, types.end()});
  if (left) left->insert(left->begin(), std::move(shown));
  return left;
}

std::optional<Coverage::Words> Coverage::try_form(const Form& form, const std::vector<TypeId>& types) {
  const size_t count = form.inner.size();
  work_ += form.rows.size() * (count + 1);
  if (gave_up()) return std::nullopt;
  Rows rows;
  for (const Row* row : form.rows) {
    Row made(count);
    if ((*row)[0].valid()) form.open(get((*row)[0]), made);
    made.insert(made.end(), row->begin() + 1, row->end());
    rows.push_back(std::move(made));
  }
  std::vector<TypeId> inner = form.inner;
  inner.insert(inner.end(), types.begin() + 1, types.end());
  auto left = uncovered(std::move(rows), inner);
  if (!left) return left;
  Words out{form.show(std::span(*left).first(count))};
  out.insert(out.end(), left->begin() + static_cast<ptrdiff_t>(count), left->end());
  return out;
}

namespace {

std::vector<TypeId> types_of(const std::vector<Field>& fields) {
  std::vector<TypeId> out;
  for (const Field& field : fields) out.push_back(field.type);
  return out;
}

// Numbered parts into their columns. A pattern for another type, which was told, has none that fit.
void open_numbered(const Pattern& pattern, Coverage::Row& row) {
  for (size_t i = 0; i < pattern.parts.size() && i < pattern.numbers.size(); ++i)
    if (pattern.numbers[i] < row.size()) row[pattern.numbers[i]] = pattern.parts[i];
}

std::string show_fields(const std::string& name, const std::vector<Field>& fields, std::span<const std::string> inner) {
  if (fields.empty()) return name;
  if (fields[0].name == "0") return fmt::format("{}({})", name, joined(inner));
  std::string out;
  for (size_t i = 0; i < fields.size(); ++i)
    if (inner[i] != "_") out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", fields[i].name, inner[i]);
  return out.empty() ? name + " { .. }" : fmt::format("{} {{ {}, .. }}", name, out);
}

}  // namespace

std::optional<Coverage::Words> Coverage::enums(const Rows& rows, const std::vector<TypeId>& types, const EnumInfo& info) {
  std::map<uint32_t, std::vector<const Row*>> by_variant;
  std::vector<const Row*> any;
  for (const Row& row : rows) {
    if (row[0].valid()) {
      if (get(row[0]).kind == PatternKind::Variant) by_variant.try_emplace(get(row[0]).index);
    } else {
      any.push_back(&row);
    }
  }
  for (const Row& row : rows) {
    if (row[0].valid() && get(row[0]).kind == PatternKind::Variant) by_variant[get(row[0]).index].push_back(&row);
    else if (!row[0].valid())
      for (auto& [number, list] : by_variant) list.push_back(&row);
    work_ += row[0].valid() ? 1 : by_variant.size();
    if (gave_up()) return std::nullopt;
  }
  for (uint32_t v = 0; v < info.variants.size(); ++v) {
    const std::vector<Field>& fields = info.variants[v].fields;
    if (by_variant.contains(v) || std::ranges::any_of(fields, [&](const Field& field) { return is_empty(field.type); })) continue;
    const Words holes(fields.size(), "_");
    if (auto left = rest_uncovered(any, types, show_fields(info.variants[v].name, fields, holes))) return left;
    break;  // the other variants that no row names are like this one
  }
  for (auto& [number, list] : by_variant) {
    if (number >= info.variants.size()) continue;
    const Variant& variant = info.variants[number];
    const Form form{std::move(list), types_of(variant.fields), open_numbered, [&](std::span<const std::string> inner) { return show_fields(variant.name, variant.fields, inner); }};
    if (auto left = try_form(form, types)) return left;
  }
  return std::nullopt;
}

// Structs, tuples and references have one form.
std::optional<Coverage::Words> Coverage::single(const Rows& rows, const std::vector<TypeId>& types, TypeId type) {
  const TypeData& data = table_.get(type);
  Form form;
  for (const Row& row : rows)
    if (!row[0].valid() || get(row[0]).kind == PatternKind::Fields || get(row[0]).kind == PatternKind::Deref) form.rows.push_back(&row);
  form.open = open_numbered;
  if (data.kind == TypeKind::Struct) {
    const StructInfo& info = table_.info(data.struct_id);
    form.inner = types_of(info.fields);
    form.show = [&](std::span<const std::string> inner) { return show_fields(info.name.substr(0, info.name.find('<')), info.fields, inner); };
  } else {
    form.inner = data.parts;
    form.show = [&](std::span<const std::string> inner) { return data.kind == TypeKind::Ref ? inner[0] : fmt::format("({}{})", joined(inner), inner.size() == 1 ? "," : ""); };
  }
  if (data.kind == TypeKind::Ref)
    form.open = [](const Pattern& pattern, Row& row) {
      if (pattern.kind == PatternKind::Deref) row[0] = pattern.parts[0];
    };
  return try_form(form, types);
}

// --- numbers

std::optional<Int> Coverage::number(ExprId value) const {
  if (!value.valid()) return std::nullopt;
  const Expr& expr = body_.get(value);
  if (expr.kind != ExprKind::Constant || !expr.text.empty() || expr.literal.is_float) return std::nullopt;
  const Int magnitude = expr.literal.magnitude;
  return expr.literal.negative ? -magnitude : magnitude;
}

// The numbers that a pattern fits; none if it cannot be told, and then it covers nothing.
std::optional<std::pair<Int, Int>> Coverage::interval(const Pattern& pattern, Int first, Int last) const {
  if (pattern.kind == PatternKind::Constant) {
    const auto value = number(pattern.value);
    return value ? std::optional(std::pair(*value, *value)) : std::nullopt;
  }
  if (pattern.kind != PatternKind::Range) return std::nullopt;
  const auto from = pattern.value.valid() ? number(pattern.value) : std::optional(first), to = pattern.last.valid() ? number(pattern.last) : std::optional(last);
  if (!from || !to) return std::nullopt;
  return std::pair(*from, pattern.last.valid() && !pattern.inclusive ? *to - 1 : *to);
}

std::string Coverage::shown(const TypeData& data, Int first, Int last, bool all) const {
  if (all) return "_";
  if (data.kind == TypeKind::Bool) return first != 0 ? "true" : "false";
  const auto one = [&](Int value) { return data.kind != TypeKind::Char ? number_text(value) : value >= ' ' && value < 127 ? fmt::format("'{}'", static_cast<char>(value)) : fmt::format("'\\u{{{:x}}}'", static_cast<uint32_t>(value)); };
  return first == last ? one(first) : fmt::format("{}..={}", one(first), one(last));
}

// The line of numbers is cut wherever a pattern begins or ends; between two cuts all numbers are alike.
std::optional<Coverage::Words> Coverage::numbers(const Rows& rows, const std::vector<TypeId>& types, TypeId type) {
  const TypeData& data = table_.get(type);
  const bool letters = data.kind == TypeKind::Char;
  const auto [first, last] = data.kind == TypeKind::Bool ? std::pair(Int{0}, Int{1}) : letters ? std::pair(Int{0}, kLastChar) : domain(data.kind);
  struct Cut {
    std::vector<size_t> begin, end;
  };
  std::map<Int, Cut> cuts;
  std::set<size_t> here;
  std::vector<const Row*> any;
  bool wild_only = true;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i][0].valid()) {
      here.insert(i), any.push_back(&rows[i]);
      continue;
    }
    const auto span = interval(get(rows[i][0]), first, last);
    if (!span || span->second < span->first || span->second < first || span->first > last) continue;
    wild_only = false;
    cuts[std::max(first, span->first)].begin.push_back(i);
    cuts[std::min(last, span->second) + 1].end.push_back(i);
  }
  cuts[first];
  if (letters) cuts[0xD800], cuts[0xE000];  // no letters are between
  cuts[last + 1];
  bool asked_rest = false;
  for (auto at = cuts.begin(); std::next(at) != cuts.end(); ++at) {
    for (size_t i : at->second.end) here.erase(i);
    for (size_t i : at->second.begin) here.insert(i);
    const Int from = at->first, to = std::next(at)->first - 1;
    if (letters && from == 0xD800) continue;
    const bool unnamed = here.size() == any.size();
    if (unnamed && std::exchange(asked_rest, true)) continue;
    std::vector<const Row*> fitting;
    for (size_t i : here) fitting.push_back(&rows[i]);
    work_ += fitting.size();
    if (gave_up()) return std::nullopt;
    if (auto left = rest_uncovered(fitting, types, shown(data, from, to, wild_only))) return left;
  }
  return std::nullopt;
}

// --- arrays and slices

// By length up to where only patterns with `..` are left, which see no difference beyond.
std::optional<Coverage::Words> Coverage::runs(const Rows& rows, const std::vector<TypeId>& types, const TypeData& data) {
  size_t fixed = 0, front = 0, back = 0;
  std::vector<const Row*> any;
  for (const Row& row : rows) {
    if (!row[0].valid()) any.push_back(&row);
    if (!row[0].valid() || get(row[0]).kind != PatternKind::Slice) continue;
    const Pattern& one = get(row[0]);
    if (!one.open) fixed = std::max(fixed, one.parts.size() + 1);
    else front = std::max<size_t>(front, one.index), back = std::max(back, one.parts.size() - one.index);
  }
  const bool is_array = data.kind == TypeKind::Array;
  const size_t longest = is_array ? std::min<size_t>(data.length, std::max(fixed, front + back)) : std::max(fixed, front + back);
  if (!is_array && !rest_uncovered(any, types, "_")) return std::nullopt;
  for (size_t length = is_array ? longest : 0; length <= longest; ++length) {
    const bool more = !is_array && length == longest;
    Form form;
    for (const Row& row : rows) {
      if (row[0].valid() && get(row[0]).kind != PatternKind::Slice) continue;
      if (row[0].valid() && (get(row[0]).open ? get(row[0]).parts.size() > length : !is_array && (more || get(row[0]).parts.size() != length))) continue;
      form.rows.push_back(&row);
    }
    form.inner.assign(length, data.parts[0]);
    form.open = [&](const Pattern& pattern, Row& row) {
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        const size_t column = i < pattern.index ? i : row.size() - (pattern.parts.size() - i);
        if (column < row.size()) row[column] = pattern.parts[i];
      }
    };
    form.show = [&](std::span<const std::string> inner) {
      Words words(inner.begin(), inner.end());
      if (more || (is_array && data.length > length)) words.insert(words.begin() + static_cast<ptrdiff_t>(std::min(front, length)), "..");
      return fmt::format("[{}]", joined(words));
    };
    if (auto left = try_form(form, types)) return left;
  }
  return std::nullopt;
}

// --- what is told

void Checker::exhaustive(const std::vector<Arm>& arms, TypeId type_id, Span where) {
  if (is_error(type_id)) return;
  std::vector<PatternId> rows;
  for (const Arm& arm : arms)
    if (!arm.guard.valid()) rows.push_back(arm.pattern);
  Coverage coverage(*body_, table_, [this](TypeId type) { return shallow(type); });
  const auto missing = coverage.missing(rows, type_id);
  if (coverage.gave_up()) return void(sink_.report<diag::MatchTooHard>(where).help("split it into smaller ones, or end it with `_ => …`"));
  if (missing) return void(sink_.report<diag::NotExhaustive>(where, *missing).help("add an arm for it, or `_ => …` for everything else"));
  if (std::ranges::any_of(rows, [&](PatternId one) { return is_wrong(one); })) return;
  // The rows cover everything; so do the first few of them, and any arm behind those is never looked at.
  size_t enough = 0;
  for (size_t most = rows.size(); enough < most;) {
    const size_t middle = (enough + most) / 2;
    const bool open = coverage.missing({rows.begin(), rows.begin() + static_cast<ptrdiff_t>(middle)}, type_id).has_value();
    if (coverage.gave_up()) return;
    if (open) enough = middle + 1;
    else most = middle;
  }
  size_t seen = 0;
  for (const Arm& arm : arms) {
    if (seen >= enough && seen > 0) sink_.report<diag::UnreachableArm>(get(arm.pattern).span).here("the arms before cover everything");
    if (!arm.guard.valid()) ++seen;
  }
}

// A wrong pattern fits everything, and what was said of it is enough.
bool Checker::is_wrong(PatternId id) {
  const Pattern& one = get(id);
  return is_error(one.type) || std::ranges::any_of(one.parts, [&](PatternId part) { return is_wrong(part); });
}

void Checker::irrefutable(PatternId id, TypeId type_id, Span where) {
  Coverage coverage(*body_, table_, [this](TypeId type) { return shallow(type); });
  if (const auto missing = coverage.missing({id}, type_id)) sink_.report<diag::Refutable>(where, *missing).help("use `if let` or `let … else`");
  else if (coverage.gave_up()) sink_.report<diag::MatchTooHard>(where);
}

}  // namespace stark::types

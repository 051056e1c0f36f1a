// compiler/types/exhaustive.h — whether patterns cover every value of a type, and if not, one that is left over.
// Room: types, private. In: typed patterns of one body, and a look at types. Out: a counterexample in words, or nothing.
// Law: the work is bounded; where the bound is met the answer is nothing, and `gave_up()` says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/types/typed.h"

namespace stark::types {

class Coverage {
 public:
  using Row = std::vector<PatternId>;  // one pattern for each value looked at; none fits everything
  using Words = std::vector<std::string>;

  // `known` says what a type is as far as inference has come.
  Coverage(const TypedFunction& body, const TypeTable& table, std::function<TypeId(TypeId)> known) : body_(body), table_(table), known_(std::move(known)) {}
  // A value of `type` that no row fits.
  std::optional<std::string> missing(const std::vector<PatternId>& rows, TypeId type);
  bool gave_up() const { return work_ > kMostWork; }

 private:
  static constexpr size_t kMostWork = 4'000'000;  // patterns looked at
  // One of the forms that a value can have: the rows that could fit it, and what lies inside.
  struct Form {
    std::vector<const Row*> rows;
    std::vector<TypeId> inner;
    std::function<void(const Pattern&, Row&)> open;            // puts a pattern's parts into the columns of `inner`
    std::function<std::string(std::span<const std::string>)> show;  // a value of this form, by the words of what is inside
  };
  using Rows = std::vector<Row>;

  const Pattern& get(PatternId id) const { return body_.patterns[id.index()]; }
  std::optional<Words> uncovered(Rows rows, const std::vector<TypeId>& types);
  std::optional<Words> try_form(const Form& form, const std::vector<TypeId>& types);
  std::optional<Words> rest_uncovered(const std::vector<const Row*>& rows, const std::vector<TypeId>& types, std::string shown);
  void expand(const Row& row, Rows& out);
  bool is_empty(TypeId type) const;
  std::optional<Words> enums(const Rows& rows, const std::vector<TypeId>& types, const EnumInfo& info);
  std::optional<Words> single(const Rows& rows, const std::vector<TypeId>& types, TypeId type);
  std::optional<Words> numbers(const Rows& rows, const std::vector<TypeId>& types, TypeId type);
  std::optional<Words> runs(const Rows& rows, const std::vector<TypeId>& types, const TypeData& data);
  std::optional<std::pair<__int128, __int128>> interval(const Pattern& pattern, __int128 first, __int128 last) const;
  std::optional<__int128> number(ExprId value) const;
  std::string shown(const TypeData& data, __int128 first, __int128 last, bool all) const;

  const TypedFunction& body_;
  const TypeTable& table_;
  std::function<TypeId(TypeId)> known_;
  size_t work_ = 0;
};

}  // namespace stark::types

// compiler/diagnostics/diagnostics.cpp — collects diagnostics; equal ones at one place are kept once.
// Room: diagnostics. In: rows, spans, arguments. Out: Diagnostic values.
#include "compiler/diagnostics/diagnostics.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace stark::diagnostics {

namespace {
// Nobody reads more, and a file that is no program must not take memory without end. What is said beyond goes nowhere.
constexpr size_t kMost = 1000, kNowhere = ~size_t{0};
constexpr size_t kLongWord = 64;

// How many edits make one word of the other; more than most_edits() allows where their lengths alone say so.
size_t distance(std::string_view word, std::string_view candidate) {
  const size_t longer = std::max(word.size(), candidate.size()), shorter = std::min(word.size(), candidate.size());
  if (word.size() < 3 || longer > kLongWord || longer - shorter > word.size() / 3 + 1) return kLongWord;  // everything is near a short word
  std::array<size_t, kLongWord + 1> row{}, before{};  // of this letter of the word, and of the one before it
  std::iota(row.begin(), row.begin() + static_cast<ptrdiff_t>(candidate.size()) + 1, 0);
  for (size_t i = 0; i < word.size(); ++i) {
    const std::array<size_t, kLongWord + 1> earlier = std::exchange(before, row);
    row[0] = i + 1;
    for (size_t j = 0; j < candidate.size(); ++j) {
      row[j + 1] = std::min({before[j + 1] + 1, row[j] + 1, before[j] + (word[i] == candidate[j] ? 0 : 1)});
      const bool is_swapped = i > 0 && j > 0 && word[i] == candidate[j - 1] && word[i - 1] == candidate[j];
      if (is_swapped) row[j + 1] = std::min(row[j + 1], earlier[j - 1] + 1);
    }
  }
  return row[candidate.size()];
}

size_t most_edits(std::string_view word) { return std::max<size_t>(word.size() / 3, 1); }

}  // namespace

Diagnostic& Builder::get() {
  static thread_local Diagnostic nowhere;
  return index_ == kNowhere ? nowhere = {} : sink_.all_[index_];
}

Builder& Builder::here(std::string text) {
  get().span_label = std::move(text);
  return *this;
}

Builder& Builder::label(Span span, std::string text) {
  if (!span.file.valid()) return *this;  // what the compiler itself asks for stands in no text
  auto& labels = get().labels;
  const bool known = std::ranges::any_of(labels, [&](const Label& l) { return l.span == span && l.text == text; });
  if (!known) labels.push_back({span, std::move(text)});
  return *this;
}

Builder& Builder::note(std::string text) {
  auto& notes = get().notes;
  if (std::ranges::find(notes, text) == notes.end()) notes.push_back(std::move(text));
  return *this;
}

Builder& Builder::help(std::string text) {
  auto& helps = get().helps;
  if (std::ranges::find(helps, text) == helps.end()) helps.push_back(std::move(text));
  return *this;
}

// The texts of rows speak of many; of one thing they shall speak as of one.
std::string in_number(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {{"arguments", "argument"}, {"generic arguments", "generic argument"}, {"parts", "part"}, {"dims", "dim"}, {"holes", "hole"}, {"indices", "index"}, {"parameters", "parameter"}, {"locals", "local"}};
  for (size_t at = text.find("1 "); at != text.npos; at = text.find("1 ", at + 2)) {
    if (at > 0 && text[at - 1] != ' ') continue;
    for (const auto& [many, one] : words) {
      const std::string_view after = std::string_view(text).substr(at + 2);
      const bool whole = after.starts_with(many) && (after.size() == many.size() || std::isalpha(static_cast<unsigned char>(after[many.size()])) == 0);
      if (whole) text.replace(at + 2, many.size(), one);
    }
  }
  return text;
}

Builder Sink::add(const Row& row, Span span, std::string text) {
  std::string message = in_number(std::move(text));
  for (size_t i = all_.size(); i-- > 0;)
    if (all_[i].span == span && all_[i].code == row.code && all_[i].message == message) return {*this, i};
  if (all_.size() >= kMost && (row.severity == Severity::Warning || errors_ > 0)) {
    unsaid_ += row.severity == Severity::Error ? 1 : 0;
    return {*this, kNowhere};
  }
  Diagnostic diagnostic;
  diagnostic.code = row.code;
  diagnostic.severity = row.severity;
  diagnostic.message = std::move(message);
  diagnostic.span = span;
  all_.push_back(std::move(diagnostic));
  errors_ += row.severity == Severity::Error ? 1 : 0;
  return {*this, all_.size() - 1};
}

bool is_near(std::string_view word, std::string_view candidate) { return distance(word, candidate) <= most_edits(word); }

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t best_distance = most_edits(word) + 1;
  for (std::string_view candidate : candidates) {
    const size_t here = distance(word, candidate);
    if (here < best_distance) best_distance = here, best = candidate;
  }
  return best;
}

}  // namespace stark::diagnostics

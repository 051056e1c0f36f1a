// compiler/diagnostics/diagnostics.h — what every stage has to say to the user, collected in one place.
// Room: diagnostics, public face. In: rows of a stage's diagnostics.def, spans, arguments. Out: Diagnostic values.
// Law: a message exists only as a row with a stable code; the number of arguments is checked when we are compiled.
//
// A stage adds its own file like this, in its diagnostics.h:
//   namespace stark::borrow::diag {
//   #define DIAG STARK_DIAGNOSTIC_ROW
//   #include "compiler/borrow/diagnostics.def"
//   #undef DIAG
//   }
// and reports: sink.report<diag::UseAfterMove>(span, name).label(other, "moved here").help("…");
// Its explanations stand in explain.md beside the file, one `## B0101` section each; the driver finds both by itself.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/source/span.h"

namespace stark::diagnostics {

enum class Severity : uint8_t { Error, Warning };

struct Row {
  std::string_view name, code;
  Severity severity;
  std::string_view text;  // lower case, no final period, arguments {0} {1} …
};

#define STARK_DIAGNOSTIC_ROW(name, code, severity, text) \
  inline constexpr ::stark::diagnostics::Row name{#name, code, ::stark::diagnostics::Severity::severity, text};

struct Label {
  Span span;
  std::string text;
};

struct Diagnostic {
  std::string code;
  Severity severity = Severity::Error;
  std::string message;
  Span span;               // no file: about the compilation as a whole
  std::string span_label;  // text beside the caret of `span`
  std::vector<Label> labels;
  std::vector<std::string> notes, helps;
};

// The highest argument number in a row's text, plus one.
constexpr size_t argument_count(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i + 2 < text.size(); ++i)
    if (text[i] == '{' && text[i + 1] >= '0' && text[i + 1] <= '9' && text[i + 2] == '}')
      count = std::max(count, static_cast<size_t>(text[i + 1] - '0') + 1);
  return count;
}

class Sink;

class Builder {
 public:
  Builder(Sink& sink, size_t index) : sink_(sink), index_(index) {}
  Builder& here(std::string text);               // beside the main caret
  Builder& label(Span span, std::string text);   // a second place
  Builder& note(std::string text);
  Builder& help(std::string text);

 private:
  Diagnostic& get();
  Sink& sink_;
  size_t index_;
};

class Sink {
 public:
  template <const Row& R, class... Arguments>
  Builder report(Span span, const Arguments&... arguments) {
    static_assert(argument_count(R.text) == sizeof...(Arguments), "arguments do not fit the row's text");
    return add(R, span, fmt::format(fmt::runtime(R.text), arguments...));
  }
  Builder add(const Row& row, Span span, std::string message);

  size_t errors() const { return errors_ + unsaid_; }
  size_t warnings() const { return all_.size() - errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }

 private:
  friend class Builder;
  std::vector<Diagnostic> all_;
  size_t errors_ = 0, unsaid_ = 0;  // those that are kept, and those that are too many
};

// The word of `candidates` that `word` is most likely a slip for, or nothing.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
bool is_near(std::string_view word, std::string_view candidate);

}  // namespace stark::diagnostics

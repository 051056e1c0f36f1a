// bytecode-spec/assembler_lines.h — one line of .skasm as words, and what a line can be made of: numbers, ids, fixed words.
// Room: bytecode-spec. In: a line. Out: its words, one after another; the first thing that is wrong, which stops the reading.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace stark::spec::skasm {

// The words of a line; a quoted text is one word that begins with a quote, its escapes resolved.
std::vector<std::string> cut(std::string_view line);

class Line {
 public:
  void begin(std::string_view line) {
    words_ = cut(line);
    at_ = 0;
  }
  const std::string& wrong() const { return wrong_; }

 protected:
  void fail_with(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }
  bool more() const { return at_ < words_.size() && wrong_.empty(); }
  bool peek(std::string_view word) const { return at_ < words_.size() && words_[at_] == word; }
  std::string next() {
    if (at_ < words_.size()) return words_[at_++];
    fail_with("the line ends too early");
    return {};
  }
  void expect(std::string_view word) {
    if (const std::string got = next(); got != word) fail_with(fmt::format("`{}` where `{}` is expected", got, word));
  }
  bool accept(std::string_view word) {
    const bool there = peek(word);
    if (there) ++at_;
    return there;
  }
  template <class T = uint32_t>
  T number(std::string_view text) {
    T value{};
    int base = 10;
    if (text.starts_with("0x")) {
      text.remove_prefix(2);
      base = 16;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) fail_with(fmt::format("`{}` is no number", text));
    return value;
  }
  // `f3` with prefix "f" is 3.
  uint32_t id(std::string_view prefix, std::string_view word) {
    if (!word.starts_with(prefix)) fail_with(fmt::format("`{}` where `{}…` is expected", word, prefix));
    return wrong_.empty() ? number(word.substr(prefix.size())) : 0;
  }
  uint32_t id(std::string_view prefix) { return id(prefix, next()); }

  std::vector<std::string> words_;
  size_t at_ = 0;
  std::string wrong_;
};

}  // namespace stark::spec::skasm

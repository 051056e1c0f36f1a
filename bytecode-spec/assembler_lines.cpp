// bytecode-spec/assembler_lines.cpp — cuts a line of .skasm into words.
// Room: bytecode-spec. In: a line. Out: words, without blanks and comments; escapes of quoted texts resolved.
#include "bytecode-spec/assembler_lines.h"

namespace stark::spec::skasm {

std::vector<std::string> cut(std::string_view line) {
  std::vector<std::string> words;
  size_t i = 0;
  while (i < line.size()) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      ++i;
    } else if (line[i] == ';') {
      break;
    } else if (line[i] == '"') {
      std::string text = "\"";
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] != '\\' || i + 1 >= line.size()) {
          text += line[i];
        } else if (line[++i] == 'x' && i + 2 < line.size()) {
          unsigned value = 0;
          std::from_chars(line.data() + i + 1, line.data() + i + 3, value, 16);
          text += static_cast<char>(value);
          i += 2;
        } else {
          text += line[i];
        }
      }
      ++i;
      words.push_back(std::move(text));
    } else {
      size_t end = i;
      while (end < line.size() && line[end] != ' ' && line[end] != ';') ++end;
      // A region list may have spaces: t3<1 2>.
      if (const size_t open = line.substr(i, end - i).find('<'); open != std::string_view::npos) {
        const size_t close = line.find('>', i);
        end = close == std::string_view::npos ? line.size() : close + 1;
      }
      words.emplace_back(line.substr(i, end - i));
      i = end;
    }
  }
  return words;
}

}  // namespace stark::spec::skasm

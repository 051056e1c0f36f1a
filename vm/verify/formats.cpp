// vm/verify/formats.cpp — proof 5h: the holes of a template name operands that exist.
// Room: vm/verify. In: template text as opcodes.def describes `format`. Out: nothing, or V37.
#include <fmt/format.h>

#include "vm/verify/body.h"

namespace stark::vm {
namespace {

// Length of `{N}` or `{N:spec}` at the head of the text; 0 where it is malformed or names no operand.
size_t hole_length(std::string_view text, size_t operands) {
  size_t i = 1, number = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9' && number <= operands; ++i) {
    number = number * 10 + static_cast<size_t>(text[i] - '0');
  }
  if (i == 1 || number >= operands) return 0;
  const size_t end = text.find('}', i);
  if (end == std::string_view::npos || (end > i && text[i] != ':') || end - i > 64) return 0;
  return end + 1;
}

}  // namespace

Result<void> check_template(const Body& b, std::string_view text, size_t operands) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      i += 2;
    } else if (c == '{') {
      const size_t length = hole_length(text.substr(i), operands);
      if (length == 0) return refuse_at(b, Refusal::OperandType, "a template with a malformed hole");
      i += length;
    } else if (c == '}') {
      return refuse_at(b, Refusal::OperandType, "a template with a stray brace");
    } else {
      ++i;
    }
  }
  return {};
}

}  // namespace stark::vm

// vm/objects/print_numbers.cpp — numbers as text, and padding.
// Room: vm/objects. In: see print.h. Out: what Rust's formatting gives for the same specification.
#include <charconv>
#include <cmath>

#include "vm/objects/print.h"

namespace stark::vm {
namespace {

// Letters, not bytes: what starts a UTF-8 sequence.
size_t count_letters(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
  return n;
}

void fill(std::string& out, char32_t letter, size_t count) {
  for (size_t i = 0; i < count; ++i) append_letter(out, letter);
}

// Zeros stand between sign (with prefix) and digits.
void print_signed(std::string& out, std::string_view sign, std::string_view digits, const FormatSpec& spec) {
  if (spec.zero) {
    const size_t length = sign.size() + digits.size();
    out += sign;
    if (spec.width > length) out.append(spec.width - length, '0');
    out += digits;
    return;
  }
  pad(out, std::string(sign).append(digits), spec, true);
}

std::string_view sign_of(bool negative, const FormatSpec& spec) { return negative ? "-" : spec.plus ? "+" : ""; }

// `1.5e-7`: digits and exponent, as Rust writes them.
std::string exponent_form(std::string_view scientific) {
  const size_t e = scientific.find('e');
  std::string text(scientific.substr(0, e));
  text += 'e';
  std::string_view exponent = scientific.substr(e + 1);
  if (exponent[0] == '-') text += '-';
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent[0] == '0') exponent.remove_prefix(1);
  return text.append(exponent);
}

std::string magnitude_text(double value, bool is_f32, const FormatSpec& spec) {
  char buffer[1600];
  const auto convert = [&](std::chars_format format) {
    const auto end = is_f32 ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value), format)
                            : std::to_chars(buffer, buffer + sizeof buffer, value, format);
    return std::string(buffer, end.ptr);
  };
  const auto convert_exactly = [&](std::chars_format format) {
    const int digits = static_cast<int>(std::min(*spec.precision, 1000u));
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format, digits).ptr);
  };
  if (spec.type == 'e' || spec.type == 'E') {
    std::string text = exponent_form(spec.precision ? convert_exactly(std::chars_format::scientific) : convert(std::chars_format::scientific));
    if (spec.type == 'E') text[text.find('e')] = 'E';
    return text;
  }
  if (spec.precision) return convert_exactly(std::chars_format::fixed);
  if (value != 0 && (value >= 1e16 || value < 1e-4)) return exponent_form(convert(std::chars_format::scientific));
  std::string text = convert(std::chars_format::fixed);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

void append_letter(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

void pad(std::string& out, std::string_view text, const FormatSpec& spec, bool number) {
  const size_t letters = spec.width == 0 ? 0 : count_letters(text);
  if (spec.width <= letters) {
    out += text;
    return;
  }
  const size_t room = spec.width - letters;
  const char align = spec.align != 0 ? spec.align : number ? '>' : '<';
  const size_t before = align == '>' ? room : align == '^' ? room / 2 : 0;
  fill(out, spec.fill, before);
  out += text;
  fill(out, spec.fill, room - before);
}

void print_float(std::string& out, double value, bool is_f32, const FormatSpec& spec) {
  FormatSpec unzeroed = spec;
  if (std::isnan(value)) {
    unzeroed.zero = false;
    return print_signed(out, "", "NaN", unzeroed);
  }
  const std::string_view sign = sign_of(std::signbit(value), spec);
  if (std::isinf(value)) {
    unzeroed.zero = false;
    return print_signed(out, sign, "inf", unzeroed);
  }
  print_signed(out, sign, magnitude_text(std::fabs(value), is_f32, spec), spec);
}

std::string float_text(double value, bool is_f32) {
  std::string out;
  print_float(out, value, is_f32, {});
  return out;
}

void print_integer(std::string& out, bool negative, uint64_t magnitude, uint32_t bits, const FormatSpec& spec) {
  const int base = spec.type == 'x' || spec.type == 'X' ? 16 : spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : 10;
  std::string sign(sign_of(negative, spec));
  if (base != 10 && negative) {  // two's complement
    magnitude = (~magnitude + 1) & (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1);
    sign.clear();
  }
  if (base != 10 && spec.alternate) sign += base == 16 ? "0x" : base == 2 ? "0b" : "0o";
  char buffer[64];
  char* end = std::to_chars(buffer, buffer + sizeof buffer, magnitude, base).ptr;
  if (spec.type == 'X') {
    for (char* c = buffer; c < end; ++c) *c = static_cast<char>(*c >= 'a' ? *c - 32 : *c);
  }
  print_signed(out, sign, {buffer, static_cast<size_t>(end - buffer)}, spec);
}

}  // namespace stark::vm

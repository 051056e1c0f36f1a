// vm/natives/letters.cpp — letters, and the letters and numbers in a text.
// Room: vm/natives. In: texts and positions in bytes. Out: letters, numbers. What a letter is, libc's C.UTF-8 locale says.
#include <fmt/format.h>
#include <wctype.h>
#include <xxhash.h>

#include <charconv>
#include <clocale>

#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

locale_t letters() {
  static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return made;
}

using Test = int (*)(wint_t, locale_t);
void test(NativeCall& call, Test is) {
  const auto code = static_cast<wint_t>(call.get<uint32_t>(0));
  call.give_bool(letters() != nullptr ? is(code, letters()) != 0 : false);
}

bool is_boundary(std::string_view text, uint64_t at) { return at == text.size() || (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) != 0x80); }

uint32_t decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[at + i])); };
  const uint32_t first = byte(0);
  if (first < 0x80) return first;
  if (first < 0xE0) return (first & 31) << 6 | (byte(1) & 63);
  if (first < 0xF0) return (first & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63);
  return (first & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63);
}

void give_position(NativeCall& call, size_t found) {
  const uint64_t position = found;
  give_option(call, found == std::string_view::npos ? nullptr : &position, sizeof position);
}

// The whole text, with an optional sign, must be a number.
template <class T>
void parse(NativeCall& call) {
  std::string_view text = call.text(0);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return give_option(call, nullptr, 0);
  }
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() && !text.empty();
  give_option(call, good ? &value : nullptr, sizeof value);
}

}  // namespace

void StrFind(NativeCall& call) { give_position(call, call.text(0).find(call.text(1))); }
void StrRfind(NativeCall& call) { give_position(call, call.text(0).rfind(call.text(1))); }
void StrHash(NativeCall& call) { call.give(XXH3_64bits(call.text(0).data(), call.text(0).size())); }
void StrParseI64(NativeCall& call) { parse<int64_t>(call); }
void StrParseU64(NativeCall& call) { parse<uint64_t>(call); }
void StrParseF64(NativeCall& call) { parse<double>(call); }

void StrByteAt(NativeCall& call) {
  const std::string_view text = call.text(0);
  const auto at = call.get<uint64_t>(1);
  if (at >= text.size()) return call.host.fail(Exit::Panic, fmt::format("index {} is out of range for length {}", at, text.size()));
  call.give(static_cast<uint8_t>(text[at]));
}

void StrCharAt(NativeCall& call) {
  const std::string_view text = call.text(0);
  const auto at = call.get<uint64_t>(1);
  if (at >= text.size() || !is_boundary(text, at)) return call.host.fail(Exit::Panic, fmt::format("no letter begins at byte {} of a text of {} bytes", at, text.size()));
  call.give(decode(text, at));
}

void StrCharBefore(NativeCall& call) {
  const std::string_view text = call.text(0);
  const auto end = call.get<uint64_t>(1);
  if (end == 0 || end > text.size() || !is_boundary(text, end)) return call.host.fail(Exit::Panic, fmt::format("no letter ends at byte {} of a text of {} bytes", end, text.size()));
  size_t at = end - 1;
  while (!is_boundary(text, at)) --at;
  call.give(decode(text, at));
}

void StrIsCharBoundary(NativeCall& call) { call.give_bool(is_boundary(call.text(0), call.get<uint64_t>(1))); }

void CharFromU32(NativeCall& call) {
  const auto code = call.get<uint32_t>(0);
  const bool good = code < 0xD800 || (code > 0xDFFF && code <= 0x10FFFF);
  give_option(call, good ? &code : nullptr, sizeof code);
}

void CharIsAlphabetic(NativeCall& call) { test(call, iswalpha_l); }
void CharIsNumeric(NativeCall& call) {
  const auto code = call.get<uint32_t>(0);
  call.give_bool((code >= '0' && code <= '9') || (code > 0x7F && letters() != nullptr && iswdigit_l(static_cast<wint_t>(code), letters()) != 0));
}
void CharIsUppercase(NativeCall& call) { test(call, iswupper_l); }
void CharIsLowercase(NativeCall& call) { test(call, iswlower_l); }
void CharIsWhitespace(NativeCall& call) { test(call, iswspace_l); }
void CharToUppercase(NativeCall& call) { call.give(static_cast<uint32_t>(letters() != nullptr ? towupper_l(static_cast<wint_t>(call.get<uint32_t>(0)), letters()) : call.get<uint32_t>(0))); }
void CharToLowercase(NativeCall& call) { call.give(static_cast<uint32_t>(letters() != nullptr ? towlower_l(static_cast<wint_t>(call.get<uint32_t>(0)), letters()) : call.get<uint32_t>(0))); }

}  // namespace stark::vm::natives

// vm/natives/letters.cpp — letters, and the letters and numbers in a text.
// Room: vm/natives. In: texts and positions in bytes. Out: letters, numbers. What a letter is, libc's C.UTF-8 locale says.
#include <fmt/format.h>
#include <wctype.h>
#include <xxhash.h>

#include <charconv>
#include <clocale>

#include "bytecode-spec/base/utf8.h"
#include "vm/natives/letters.h"
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

uint32_t upper(uint32_t letter) { return letters() != nullptr ? static_cast<uint32_t>(towupper_l(static_cast<wint_t>(letter), letters())) : letter; }
uint32_t lower(uint32_t letter) { return letters() != nullptr ? static_cast<uint32_t>(towlower_l(static_cast<wint_t>(letter), letters())) : letter; }

template <class Map>
void map_letters(NativeCall& call, Map map) {
  const std::string_view text = call.text(0);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    map(out, decode(text, at));
    do ++at;
    while (!is_boundary(text, at));
  }
  call.give_text(out);
}

// Where white space at the beginning ends, and where the text before white space at its end does.
size_t white_end(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && is_white(decode(text, at))) {
    do ++at;
    while (!is_boundary(text, at));
  }
  return at;
}
size_t text_end(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && is_white(decode(text, letter_before(text, end)))) end = letter_before(text, end);
  return end;
}
void give_part(NativeCall& call, size_t from, size_t to) {
  const auto whole = call.get<FatRef>(0);
  call.give(FatRef{whole.address + from, to > from ? to - from : 0});
}

std::string letter_text(uint32_t letter) {
  std::string out;
  append_letter(out, letter);
  return out;
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
void StrFindLetter(NativeCall& call) { give_position(call, call.text(0).find(letter_text(call.get<uint32_t>(1)))); }
void StrRfindLetter(NativeCall& call) { give_position(call, call.text(0).rfind(letter_text(call.get<uint32_t>(1)))); }
void StrHash(NativeCall& call) { call.give(XXH3_64bits(call.text(0).data(), call.text(0).size())); }
void StrParseI64(NativeCall& call) { parse<int64_t>(call); }
void StrParseU64(NativeCall& call) { parse<uint64_t>(call); }
void StrParseF64(NativeCall& call) { parse<double>(call); }

// Text is bytes, and a part of a text is laid out as a run of them is.
void StrAsBytes(NativeCall& call) { call.give(call.get<FatRef>(0)); }
void StrIsUtf8(NativeCall& call) { call.give_bool(is_utf8(call.text(0))); }
void StrFromBytes(NativeCall& call) {
  if (!is_utf8(call.text(0))) return call.host.fail(Exit::Panic, "the bytes are no UTF-8");
  call.give_text(call.text(0));
}

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
  call.give(decode(text, letter_before(text, end)));
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
void CharIsWhitespace(NativeCall& call) { call.give_bool(is_white(call.get<uint32_t>(0))); }
void CharToUppercase(NativeCall& call) { call.give(upper(call.get<uint32_t>(0))); }
void CharToLowercase(NativeCall& call) { call.give(lower(call.get<uint32_t>(0))); }

// The one letter that grows is the common one; the library's `char::to_uppercase` knows the rest.
void StrToUppercase(NativeCall& call) {
  map_letters(call, [](std::string& out, uint32_t letter) { letter == 0xDF ? void(out += "SS") : append_letter(out, upper(letter)); });
}
void StrToLowercase(NativeCall& call) {
  map_letters(call, [](std::string& out, uint32_t letter) { append_letter(out, lower(letter)); });
}

void StrTrim(NativeCall& call) { give_part(call, white_end(call.text(0)), text_end(call.text(0))); }
void StrTrimStart(NativeCall& call) { give_part(call, white_end(call.text(0)), call.text(0).size()); }
void StrTrimEnd(NativeCall& call) { give_part(call, 0, text_end(call.text(0))); }

}  // namespace stark::vm::natives

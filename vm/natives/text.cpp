// vm/natives/text.cpp — str and String.
// Room: vm/natives. In: texts. Out: texts, numbers, vectors of texts. Letters beyond ASCII keep their case.
#include <fmt/format.h>

#include "gc/barrier.h"
#include "gc/handle.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed_start(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  return s;
}
std::string_view trimmed_end(std::string_view s) {
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

std::string_view text_of_string(const VecValue& v) { return {reinterpret_cast<const char*>(v.data()), v.length}; }

template <class Map>
void map_letters(NativeCall& call, Map map) {
  std::string text(call.text(0));
  for (char& c : text) c = map(c);
  call.give_text(text);
}

// Bytes behind the String of argument 0; the capacity doubles when it must grow.
void append(NativeCall& call, const std::string& bytes) {
  VecValue v = call.vec(0);
  if (v.length + bytes.size() > v.capacity()) {
    gc::Object* buffer = call.allocate(text_info(), std::max({v.capacity() * 2, v.length + bytes.size(), uint64_t{16}}));
    if (buffer == nullptr) return;
    v = call.vec(0);
    if (v.length > 0) std::memcpy(buffer->payload(), v.data(), v.length);
    v.buffer = buffer;
  }
  if (!bytes.empty()) std::memcpy(v.data() + v.length, bytes.data(), bytes.size());
  v.length += bytes.size();
  gc::store_barrier(&call.vec(0), sizeof v);
  call.vec(0) = v;
}

void give_string(NativeCall& call, std::string_view text) {
  const std::string aside(text);
  VecValue v{nullptr, aside.size()};
  if (!aside.empty()) {
    v.buffer = call.allocate(text_info(), aside.size());
    if (v.buffer == nullptr) return;
    std::memcpy(v.data(), aside.data(), aside.size());
  }
  call.give(v);
}

}  // namespace

void StrLen(NativeCall& call) { call.give<uint64_t>(call.text(0).size()); }
void StrIsEmpty(NativeCall& call) { call.give_bool(call.text(0).empty()); }
void StrShow(NativeCall& call) {
  gc::Object* text = call.handle(0);
  call.give(FatRef{text == nullptr ? nullptr : text->payload(), text == nullptr ? 0 : text->count});
}
void StrToStr(NativeCall& call) { call.give_text(call.text(0)); }
void StrContains(NativeCall& call) { call.give_bool(call.text(0).find(call.text(1)) != std::string_view::npos); }
void StrStartsWith(NativeCall& call) { call.give_bool(call.text(0).starts_with(call.text(1))); }
void StrEndsWith(NativeCall& call) { call.give_bool(call.text(0).ends_with(call.text(1))); }
void StrTrim(NativeCall& call) { call.give_text(trimmed_end(trimmed_start(call.text(0)))); }
void StrTrimStart(NativeCall& call) { call.give_text(trimmed_start(call.text(0))); }
void StrTrimEnd(NativeCall& call) { call.give_text(trimmed_end(call.text(0))); }

void StrReplace(NativeCall& call) {
  const std::string_view text = call.text(0), from = call.text(1), to = call.text(2);
  std::string out;
  size_t at = 0;
  for (size_t found = text.find(from); found != std::string_view::npos && !(from.empty() && found > text.size()); found = text.find(from, at)) {
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    if (!from.empty()) continue;
    if (found == text.size()) break;
    do out += text[at++];
    while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80);
  }
  if (at < text.size()) out.append(text.substr(at));
  call.give_text(out);
}

void StrToUppercase(NativeCall& call) {
  map_letters(call, [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
}
void StrToLowercase(NativeCall& call) {
  map_letters(call, [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
}

// An empty separator stands between all letters, and at both ends, as in Rust.
void StrSplit(NativeCall& call) {
  std::vector<std::string> parts;
  const std::string_view text = call.text(0), separator = call.text(1);
  if (separator.empty()) {
    parts.emplace_back();
    for (size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<uint8_t>(text[i]) & 0xC0) != 0x80) parts.emplace_back();
      parts.back() += text[i];
    }
    parts.emplace_back();
  } else {
    for (size_t at = 0;;) {
      const size_t end = text.find(separator, at);
      parts.emplace_back(text.substr(at, end - at));
      if (end == std::string_view::npos) break;
      at = end + separator.size();
    }
  }
  gc::Handle buffer(call.host.heap, call.allocate(call.host.program.buffer_info(call.result_element()), parts.size()));
  for (size_t i = 0; i < parts.size() && buffer.get() != nullptr; ++i) {
    gc::Object* part = make_text(call.host.heap, parts[i]);
    if (part == nullptr) return call.host.fail(Exit::Memory, "out of memory: the managed heap has reached its limit");
    gc::store_barrier(buffer->payload() + i * sizeof part, sizeof part);
    store(buffer->payload() + i * sizeof part, part);
  }
  if (buffer.get() != nullptr) call.give(VecValue{buffer.get(), parts.size()});
}

void StrRepeat(NativeCall& call) {
  const std::string_view one = call.text(0);
  const uint64_t times = call.get<uint64_t>(1);
  if (one.size() > 0 && times > (uint64_t{1} << 40) / one.size()) return call.host.fail(Exit::Memory, fmt::format("out of memory: {} times {} bytes of text", times, one.size()));
  std::string all;
  all.reserve(one.size() * times);
  for (uint64_t i = 0; i < times && !one.empty(); ++i) all += one;
  call.give_text(all);
}

void StringNew(NativeCall& call) { call.give(VecValue{}); }
void StringFrom(NativeCall& call) { give_string(call, call.text(0)); }
void StringPushStr(NativeCall& call) { append(call, std::string(call.text(1))); }
void StringPush(NativeCall& call) {
  std::string letter;
  append_letter(letter, call.get<uint32_t>(1));
  append(call, letter);
}
void StringLen(NativeCall& call) { call.give(call.vec(0).length); }
void StringClear(NativeCall& call) { call.vec(0).length = 0; }
void StringToStr(NativeCall& call) { call.give_text(text_of_string(call.vec(0))); }
void StringClone(NativeCall& call) { give_string(call, text_of_string(call.vec(0))); }

}  // namespace stark::vm::natives

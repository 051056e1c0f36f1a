// vm/natives/text.cpp — str and String.
// Room: vm/natives. In: texts. Out: texts, numbers.
#include <fmt/format.h>

#include "gc/barrier.h"
#include "vm/natives/letters.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

std::string_view text_of_string(const VecValue& v) { return {reinterpret_cast<const char*>(v.data()), v.length}; }

// Room for `needed` bytes in the String of argument 0; the capacity doubles when it must grow. False when the heap is full.
bool make_room(NativeCall& call, uint64_t needed) {
  const VecValue before = call.vec(0);
  if (needed <= before.capacity()) return true;
  gc::Object* buffer = call.allocate(text_info(), std::max({before.capacity() * 2, needed, uint64_t{16}}));
  if (buffer == nullptr) return false;
  VecValue& v = call.vec(0);
  if (v.length > 0) std::memcpy(buffer->payload(), v.data(), v.length);
  gc::store_barrier(&v, sizeof v);
  v.buffer = buffer;
  return true;
}

// Bytes into the String of argument 0; those behind `at` move up.
void insert_bytes(NativeCall& call, uint64_t at, const std::string& bytes) {
  if (bytes.empty() || !make_room(call, call.vec(0).length + bytes.size())) return;
  VecValue& v = call.vec(0);
  std::memmove(v.data() + at + bytes.size(), v.data() + at, v.length - at);
  std::memcpy(v.data() + at, bytes.data(), bytes.size());
  v.length += bytes.size();
}

// False after a panic, when no letter of the text begins or ends at `at`.
bool check_boundary(NativeCall& call, std::string_view text, uint64_t at) {
  if (is_boundary(text, at)) return true;
  call.host.fail(Exit::Panic, at > text.size() ? fmt::format("byte {} is out of range for a text of {} bytes", at, text.size()) : fmt::format("byte {} is inside a letter", at));
  return false;
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
void StringPushStr(NativeCall& call) { insert_bytes(call, call.vec(0).length, std::string(call.text(1))); }
void StringPush(NativeCall& call) {
  std::string letter;
  append_letter(letter, call.get<uint32_t>(1));
  insert_bytes(call, call.vec(0).length, letter);
}
void StringLen(NativeCall& call) { call.give(call.vec(0).length); }
void StringClear(NativeCall& call) { call.vec(0).length = 0; }
void StringToStr(NativeCall& call) { call.give_text(text_of_string(call.vec(0))); }
void StringClone(NativeCall& call) { give_string(call, text_of_string(call.vec(0))); }


void StringWithCapacity(NativeCall& call) {
  const uint64_t capacity = call.get<uint64_t>(0);
  VecValue v;
  if (capacity > 0) v.buffer = call.allocate(text_info(), capacity);
  if (!call.host.failure) call.give(v);
}
void StringCapacity(NativeCall& call) { call.give(call.vec(0).capacity()); }
void StringReserve(NativeCall& call) {
  const uint64_t length = call.vec(0).length, additional = call.get<uint64_t>(1);
  if (additional > UINT64_MAX - length) return call.host.fail_memory();
  make_room(call, length + additional);
}

void StringPop(NativeCall& call) {
  VecValue& v = call.vec(0);
  if (v.length == 0) return give_option(call, nullptr, 0);
  const size_t at = letter_before(text_of_string(v), v.length);
  const uint32_t letter = decode(text_of_string(v), at);
  v.length = at;
  give_option(call, &letter, sizeof letter);
}

void StringTruncate(NativeCall& call) {
  VecValue& v = call.vec(0);
  const auto length = call.get<uint64_t>(1);
  if (length < v.length && check_boundary(call, text_of_string(v), length)) v.length = length;
}

void StringRemove(NativeCall& call) {
  VecValue& v = call.vec(0);
  const auto at = call.get<uint64_t>(1);
  if (at >= v.length) return call.host.fail(Exit::Panic, fmt::format("no letter begins at byte {} of a text of {} bytes", at, v.length));
  if (!check_boundary(call, text_of_string(v), at)) return;
  const uint32_t letter = decode(text_of_string(v), at);
  uint64_t end = at + 1;
  while (!is_boundary(text_of_string(v), end)) ++end;
  std::memmove(v.data() + at, v.data() + end, v.length - end);
  v.length -= end - at;
  call.give(letter);
}

void StringInsertStr(NativeCall& call) {
  const auto at = call.get<uint64_t>(1);
  if (check_boundary(call, text_of_string(call.vec(0)), at)) insert_bytes(call, at, std::string(call.text(2)));
}

}  // namespace stark::vm::natives

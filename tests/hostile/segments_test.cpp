// tests/hostile/segments_test.cpp — data segments that overlap, leave holes, lie elsewhere, or are cut: a coded answer for each, and never an accept.
// Room: tests. In: —. Out: one line for each file that gets another answer.
#include <fmt/format.h>

#include <functional>
#include <limits>

#include "bytecode-spec/container.h"
#include "bytecode-spec/reader.h"
#include "bytecode-spec/writer.h"

namespace {

using namespace stark;
using Bytes = std::vector<std::byte>;

const Bytes kFirst(5000, std::byte{1}), kSecond(300, std::byte{2});

// A file as the writer would lay it out, whose rows may then say something else, and whose end may be another one.
Bytes file_of(const std::function<void(spec::Module&)>& forge, int64_t longer = 0) {
  spec::Module module;
  module.segments.resize(2);
  spec::lay_out_segments(module, std::vector<std::span<const std::byte>>{kFirst, kSecond});
  forge(module);
  Bytes bytes = spec::encode_program(module);
  for (const Bytes& segment : {kFirst, kSecond}) {
    bytes.resize(spec::align_segment(bytes.size()));
    bytes.insert(bytes.end(), segment.begin(), segment.end());
  }
  bytes.resize(bytes.size() + static_cast<size_t>(longer));
  return bytes;
}

std::string answer(const Bytes& bytes) {
  const auto bundle = spec::decode_bundle(bytes);
  if (!bundle) return bundle.error().code;
  const auto hashes = spec::check_segment_hashes(*bundle);
  return hashes ? "accept" : hashes.error().code;
}

}  // namespace

int main() {
  constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
  int tried = 0, failed = 0;
  const auto expect = [&](const std::string& name, const std::string& code, const Bytes& bytes) {
    ++tried;
    if (const std::string got = answer(bytes); got != code) ++failed, fmt::print("{}: {} instead of {}\n", name, got, code);
  };
  using spec::Module;
  expect("as it is", "accept", file_of([](Module&) {}));
  expect("both in one place", "S08", file_of([](Module& m) { m.segments[1].offset = 0; }));
  expect("the second in the first", "S08", file_of([](Module& m) { m.segments[1].offset = 4096; }));
  expect("a hole between them", "S08", file_of([](Module& m) { m.segments[1].offset += 4096; }, 4096));
  expect("the second first", "S08", file_of([](Module& m) { std::swap(m.segments[0], m.segments[1]); }));
  expect("not aligned", "S08", file_of([](Module& m) { m.segments[1].offset = 5000; }));
  expect("the first later", "S08", file_of([](Module& m) { m.segments[0].offset = 4096; }));
  expect("bytes behind the last", "S08", file_of([](Module&) {}, 1));
  expect("a page behind the last", "S08", file_of([](Module&) {}, 4096));
  expect("longer than the file", "S03", file_of([](Module& m) { m.segments[1].length += 1; }));
  expect("shorter than its bytes", "S08", file_of([](Module& m) { m.segments[1].length -= 1; }));
  for (const uint64_t length : {kHuge, kHuge - 4095, uint64_t{1} << 63, uint64_t{1} << 40}) {
    expect(fmt::format("{} bytes long", length), "S08", file_of([&](Module& m) { m.segments[1].length = length; }));
    expect(fmt::format("at {}", length), "S08", file_of([&](Module& m) { m.segments[1].offset = length; }));
  }
  expect("other bytes", "S05", file_of([](Module& m) { m.segments[0].hash ^= 1; }));
  Bytes gap = file_of([](Module&) {});
  gap[gap.size() - kSecond.size() - 1] = std::byte{1};
  expect("something in the gap", "S05", gap);
  const Bytes whole = file_of([](Module&) {});
  for (size_t end = 0; end < whole.size(); end += 97) {
    ++tried;
    if (answer(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(end))) == "accept") ++failed, fmt::print("cut at {}: accepted\n", end);
  }
  fmt::print("{} files, {} not as expected\n", tried, failed);
  return failed == 0 ? 0 : 1;
}

// vm/bench_command.cpp — `starkvm bench verify FILE…`: how long bundles take to be opened and proven, or refused.
// Room: vm. In: Options. Out: a table on standard output; 1 if an input takes longer than its size allows.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "bytecode-spec/reader.h"
#include "vm/commands.h"
#include "vm/natives/host.h"
#include "vm/verify/verify.h"

namespace stark::vm {
namespace {

// What any input may take, accepted or not.
constexpr double kNsPerByte = 20, kNsAlways = 1e6;
constexpr double kEnoughNs = 2e8;  // of repetitions; the quickest one counts

struct Figure {
  std::string file, verdict;
  uint64_t bytes = 0, code_bytes = 0, instructions = 0;
  double opened_ns = 0, proven_ns = 0;
  double ns_per_byte() const { return (opened_ns + proven_ns) / static_cast<double>(std::max<uint64_t>(1, bytes)); }
  bool is_in_time() const { return opened_ns + proven_ns <= kNsAlways + kNsPerByte * static_cast<double>(bytes); }
};

double since_ns(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

uint64_t count_instructions(const spec::Module& m) {
  uint64_t count = 0;
  for (const spec::FunctionRow& f : m.functions) {
    if (uint64_t{f.code.first} + f.code.count > m.code.size()) continue;
    for (uint64_t at = 0; at < f.code.count; at += (m.code[f.code.first + at] >> 16) + 1) ++count;
  }
  return count;
}

// Opens and proves once.
void measure(std::span<const std::byte> bytes, Figure& figure, bool is_first) {
  auto begin = std::chrono::steady_clock::now();
  auto bundle = spec::decode_bundle(bytes);
  const double opened = since_ns(begin);
  double proven = 0;
  if (bundle) {
    auto shared = std::make_shared<const spec::Bundle>(std::move(*bundle));
    begin = std::chrono::steady_clock::now();
    const auto verified = verify(shared);
    proven = since_ns(begin);
    if (is_first) {
      figure.verdict = verified ? "accepted" : verified.error().code;
      figure.code_bytes = shared->module.code.size() * sizeof(uint32_t);
      figure.instructions = count_instructions(shared->module);
    }
  } else if (is_first) {
    figure.verdict = bundle.error().code;
  }
  figure.opened_ns = is_first ? opened : std::min(figure.opened_ns, opened);
  figure.proven_ns = is_first ? proven : std::min(figure.proven_ns, proven);
}

std::string row_of(const Figure& f) {
  const bool has_code = f.code_bytes > 0 && f.proven_ns > 0 && f.verdict == "accepted";
  const double rate = has_code ? static_cast<double>(f.code_bytes) / f.proven_ns * 1e3 : 0;
  const double each = has_code ? f.proven_ns / static_cast<double>(std::max<uint64_t>(1, f.instructions)) : 0;
  const size_t slash = f.file.rfind('/');
  return fmt::format("{:<28} {:>8} {:>10} {:>9} {:>9.3f} {:>9.3f} {:>8.1f} {:>8.1f} {:>8.2f}  {}\n", f.file.substr(slash == std::string::npos ? 0 : slash + 1), f.verdict,
                     f.bytes, f.instructions, f.opened_ns / 1e6, f.proven_ns / 1e6, rate, each, f.ns_per_byte(), f.is_in_time() ? "" : "too long");
}

}  // namespace

int bench_command(const Options& o) {
  std::string table = fmt::format("{:<28} {:>8} {:>10} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8}\n", "bundle", "verdict", "bytes", "instr", "open ms", "prove ms", "MB/s", "ns/instr", "ns/byte");
  Figure all;
  double worst = 0;
  bool in_time = true;
  for (const std::string& file : o.files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    if (!in) return complain(Error{"", fmt::format("`{}` cannot be read", file), ""});
    Figure figure;
    figure.file = file;
    figure.bytes = bytes.size();
    const auto begin = std::chrono::steady_clock::now();
    for (bool is_first = true; is_first || since_ns(begin) < kEnoughNs; is_first = false) measure(std::as_bytes(std::span(bytes)), figure, is_first);
    table += row_of(figure);
    worst = std::max(worst, figure.ns_per_byte());
    in_time = in_time && figure.is_in_time();
    if (figure.verdict != "accepted") continue;
    all.code_bytes += figure.code_bytes;
    all.instructions += figure.instructions;
    all.proven_ns += figure.proven_ns;
  }
  if (all.instructions > 0) {
    table += fmt::format("accepted together: {:.1f} MB/s of code, {:.1f} ns an instruction\n", static_cast<double>(all.code_bytes) / all.proven_ns * 1e3,
                         all.proven_ns / static_cast<double>(all.instructions));
  }
  table += fmt::format("worst: {:.2f} ns a byte; allowed are {:.0f} ns a byte and 1 ms\n", worst, kNsPerByte);
  write_all(1, table);
  return in_time ? 0 : static_cast<int>(Exit::ProgramError);
}

}  // namespace stark::vm

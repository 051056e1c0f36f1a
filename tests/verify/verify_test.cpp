// tests/verify/verify_test.cpp — assembles every .skasm beside it and compares the verifier's verdict with the file's first lines.
// Room: tests. In: folder. Out: one line for each case that does not hold. Each case also goes through writer and reader, and
// its text through disassembler and assembler, unchanged.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/disassembler.h"
#include "bytecode-spec/writer.h"
#include "vm/verify/refusals.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string expectation(const std::string& text) {
  const size_t at = text.find("; expect ");
  return at == std::string::npos ? "" : text.substr(at + 9, text.find('\n', at) - at - 9);
}

// "accept", or the code of the refusal.
std::string verdict(const spec::Assembled& assembled, std::string& detail) {
  spec::Module module = assembled.module;
  std::vector<std::span<const std::byte>> segments(assembled.segments.begin(), assembled.segments.end());
  spec::lay_out_segments(module, segments);
  std::vector<std::byte> bytes = spec::encode_program(module);
  for (size_t i = 0; i < segments.size(); ++i) {
    const size_t start = (bytes.size() + 4095) / 4096 * 4096;
    bytes.resize(start);
    bytes.insert(bytes.end(), segments[i].begin(), segments[i].end());
  }
  auto bundle = spec::decode_bundle(bytes);
  if (!bundle) {
    detail = bundle.error().message;
    return bundle.error().code;
  }
  auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (verified) return "accept";
  detail = verified.error().message;
  return verified.error().code;
}

// Disassembling and assembling again gives the same text.
bool survives_round_trip(const spec::Module& module) {
  const std::string text = spec::disassemble(module);
  const auto again = spec::assemble(text);
  return again && spec::disassemble(again->module) == text;
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : ".";
  const std::string common = read_file(folder / "common.skasm");
  std::vector<fs::path> cases;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".skasm" && entry.path().filename() != "common.skasm") cases.push_back(entry.path());
  }
  std::ranges::sort(cases);
  int passed = 0, failed = 0;
  std::set<std::string> seen;
  for (const fs::path& path : cases) {
    const std::string text = read_file(path);
    const auto assembled = spec::assemble((text.find("; with common") != std::string::npos ? common : "") + text);
    std::string detail, got;
    if (!assembled) {
      got = assembled.error().code;
      detail = assembled.error().message;
    } else {
      got = verdict(*assembled, detail);
    }
    seen.insert(got);
    const bool round = !assembled || survives_round_trip(assembled->module);
    if (got == expectation(text) && round) {
      ++passed;
      continue;
    }
    ++failed;
    fmt::print("{}: expected {}, got {} ({}){}\n", path.string(), expectation(text), got, detail, round ? "" : "; its text does not survive");
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

// tests/hostile/mutation_test.cpp — damages valid bundles in every way that a loop can, and demands a coded answer each time.
// Room: tests. In: the accepted cases of tests/verify. Out: counts; fails on a wrong accept of damaged bytes, and by crashing.
// Every byte flipped and every length cut, as the file stands; every word of every table set to other values, with hash and
// form made right again, so that the damage reaches the proofs. Deterministic: no random numbers but a fixed sequence.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/disassembler.h"
#include "bytecode-spec/writer.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;
namespace fs = std::filesystem;

struct Counts {
  uint64_t tried = 0, refused = 0, accepted = 0, wrong = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_coded(const Error& error) { return error.code.size() == 3 && (error.code[0] == 'S' || error.code[0] == 'V') && !error.message.empty(); }

void judge(std::span<const std::byte> bytes, bool must_refuse, Counts& counts) {
  ++counts.tried;
  auto bundle = spec::decode_bundle(bytes);
  if (!bundle) {
    ++counts.refused;
    counts.wrong += !is_coded(bundle.error());
    return;
  }
  const auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (verified) {
    ++counts.accepted;
    counts.wrong += must_refuse;
  } else {
    ++counts.refused;
    counts.wrong += !is_coded(verified.error());
  }
}

void damage_bytes(const std::vector<std::byte>& whole, Counts& counts) {
  std::vector<std::byte> bytes = whole;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flip : {0x01u, 0x80u, 0xFFu}) {
      bytes[i] ^= std::byte(flip);
      judge(bytes, true, counts);
      bytes[i] ^= std::byte(flip);
    }
  }
  for (size_t length = 0; length < whole.size(); ++length) judge(std::span(whole).first(length), true, counts);
}

template <class T>
void damage_table(spec::Module& module, std::vector<T>& table, Counts& counts) {
  const auto words = std::span(reinterpret_cast<uint32_t*>(table.data()), table.size() * sizeof(T) / sizeof(uint32_t));
  uint32_t sequence = 12345;
  for (uint32_t& word : words) {
    const uint32_t before = word;
    sequence = sequence * 1664525 + 1013904223;
    for (const uint32_t value : {0u, before + 1, before - 1, before ^ 0x80000000u, 0xFFFFFFFFu, before << 1, sequence >> 24, before + 4}) {
      if (value == before) continue;
      word = value;
      judge(spec::encode_program(module), false, counts);
    }
    word = before;
  }
}

void damage_tables(spec::Module module, Counts& counts) {
#define ROWS(member, Struct) damage_table(module, module.member, counts);
#define WORDS(member, type) damage_table(module, module.member, counts);
#include "bytecode-spec/sections.def"
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : ".";
  const std::string common = read_file(folder / "common.skasm");
  Counts bytes, tables;
  size_t bundles = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string text = entry.path().extension() == ".skasm" ? read_file(entry.path()) : "";
    if (text.find("; expect accept") == std::string::npos || text.find(".segment") != std::string::npos) continue;
    const auto assembled = spec::assemble(common + text);
    if (!assembled) continue;
    if (bundles++ == 0) damage_bytes(spec::encode_program(assembled->module), bytes);
    damage_tables(assembled->module, tables);
  }
  fmt::print("bytes: {} tried, {} refused; tables of {} bundles: {} tried, {} refused, {} accepted\n", bytes.tried, bytes.refused,
             bundles, tables.tried, tables.refused, tables.accepted);
  const uint64_t wrong = bytes.wrong + tables.wrong;
  fmt::print("{} passed, {} failed\n", bytes.tried + tables.tried - wrong, wrong);
  return wrong == 0 && bundles > 0 ? 0 : 1;
}

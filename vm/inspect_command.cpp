// vm/inspect_command.cpp — `starkvm inspect`, `dis` and `devices`: what is in a bundle, and on this machine.
// Room: vm. In: Options. Out: lines, or JSON.
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "bytecode-spec/reader.h"
#include "bytecode-spec/tables.h"
#include "vm/commands.h"
#include "vm/natives/host.h"
#if __has_include("bytecode-spec/disassembler.h")
#include "bytecode-spec/disassembler.h"
#define STARK_HAS_DISASSEMBLER 1
#endif

namespace stark::vm {
namespace {

using spec::Module;

// What each segment is read as, by the instructions that name it.
std::map<uint32_t, spec::TensorType> segment_types(const Module& m) {
  std::map<uint32_t, spec::TensorType> types;
  for (const spec::FunctionRow& f : m.functions) {
    for (size_t at = f.code.first; at < size_t{f.code.first} + f.code.count && at < m.code.size(); at += 1 + (m.code[at] >> 16)) {
      if ((m.code[at] & 0xFFFF) != static_cast<uint32_t>(spec::Opcode::TensorConst) || at + 2 >= m.code.size()) continue;
      const uint32_t place = m.code[at + 1];
      if (place >= f.registers.count || size_t{f.registers.first} + place >= m.registers.size()) continue;
      const uint32_t type = m.registers[f.registers.first + place].type.type;
      if (type >= m.types.size() || m.types[type].kind != static_cast<uint32_t>(spec::TypeKind::Tensor)) continue;
      const spec::TypeRow& row = m.types[type];
      if (size_t{row.a} + row.b > m.dims.size()) continue;
      const auto dtype = spec::dtype_from_number(row.c);
      const auto shape = spec::Shape::make(std::span(m.dims).subspan(row.a, row.b));
      if (dtype && shape) types[m.code[at + 2]] = {*dtype, *shape};
    }
  }
  return types;
}

std::string json_text(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<uint8_t>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<uint8_t>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

struct Facts {
  uint64_t bytes = 0, annotations = 0, code = 0;
  std::vector<std::string> exports, capabilities, statics, segments, segments_json;
};

Facts facts_of(const std::string& file, const spec::Bundle& bundle) {
  const Module& m = bundle.module;
  Facts f;
  std::error_code ignored;
  f.bytes = std::filesystem::file_size(file, ignored);
  f.code = m.code.size() * 4;
  f.annotations = m.states.size() * 4 + m.loans.size() * sizeof(spec::LoanRow) + m.regions.size() * 4 + m.outlives.size() * sizeof(spec::OutlivesRow);
  for (const auto& e : m.exports) {
    if (size_t{e.name.first} + e.name.count <= m.text.size()) f.exports.emplace_back(m.text_of(e.name));
  }
  for (uint32_t c : m.capabilities) f.capabilities.emplace_back(c < spec::capabilities().size() ? spec::capabilities()[c] : "?");
  for (const spec::StaticRow& x : m.statics) f.statics.emplace_back(size_t{x.name.first} + x.name.count <= m.text.size() ? m.text_of(x.name) : "?");
  const auto types = segment_types(m);
  for (uint32_t s = 0; s < m.segments.size(); ++s) {
    const spec::SegmentRow& row = m.segments[s];
    const bool named = size_t{row.name.first} + row.name.count <= m.text.size();
    const std::string_view name = named ? m.text_of(row.name) : "?";
    const auto type = types.find(s);
    const std::string what = type != types.end() ? type->second.text() : "?";
    f.segments.push_back(fmt::format("  {:<24} {:<20} {:>12} bytes", name, what, row.length));
    f.segments_json.push_back(fmt::format("{{\"name\": {}, \"type\": {}, \"bytes\": {}, \"hash\": \"{:016x}\"}}", json_text(name), json_text(what), row.length, row.hash));
  }
  return f;
}

}  // namespace

int inspect_command(const Options& o) {
  auto bundle = spec::open_bundle(o.file);
  if (!bundle) return complain(bundle.error());
  const Module& m = bundle->module;
  const Facts f = facts_of(o.file, *bundle);
  const double share = f.code > 0 ? 100.0 * static_cast<double>(f.annotations) / static_cast<double>(f.code) : 0;
  if (o.json) {
    const auto quoted = [](const std::vector<std::string>& items) {
      std::vector<std::string> all;
      for (const auto& i : items) all.push_back(json_text(i));
      return fmt::format("[{}]", fmt::join(all, ", "));
    };
    write_all(1, fmt::format("{{\"file\": {}, \"bytes\": {}, \"hash\": \"{:016x}\", \"program_bytes\": {}, \"functions\": {}, \"code_bytes\": {}, "
                             "\"annotation_bytes\": {}, \"graphs\": {}, \"statics\": {}, \"exports\": {}, \"capabilities\": {}, \"segments\": [{}]}}\n",
                             json_text(o.file), f.bytes, bundle->program_hash, bundle->program_bytes, m.functions.size(), f.code, f.annotations,
                             m.graphs.size(), quoted(f.statics), quoted(f.exports), quoted(f.capabilities), fmt::join(f.segments_json, ", ")));
    return 0;
  }
  std::string text = fmt::format("{}: {} bytes, program {} bytes, hash {:016x}\n", o.file, f.bytes, bundle->program_bytes, bundle->program_hash);
  text += fmt::format("{} functions, {} bytes of code, annotations {:.0f} % of it; {} tensor graphs\n", m.functions.size(), f.code, share, m.graphs.size());
  if (!f.statics.empty()) text += fmt::format("statics: {}\n", fmt::join(f.statics, ", "));
  if (!f.exports.empty()) text += fmt::format("exports: {}\n", fmt::join(f.exports, ", "));
  if (!f.capabilities.empty()) text += fmt::format("asks for: {}\n", fmt::join(f.capabilities, ", "));
  if (!f.segments.empty()) text += fmt::format("data:\n{}\n", fmt::join(f.segments, "\n"));
  write_all(1, text);
  return 0;
}

int dis_command(const Options& o) {
  auto bundle = spec::open_bundle(o.file);
  if (!bundle) return complain(bundle.error());
#ifdef STARK_HAS_DISASSEMBLER
  write_all(1, spec::disassemble(bundle->module));
  return 0;
#else
  write_all(2, "error: this build has no disassembler\n");
  return static_cast<int>(Exit::Internal);
#endif
}

int devices_command(const Options& o) {
  std::vector<std::string> missing;
  std::string text;
  std::vector<std::string> rows;
  for (const auto& d : list_devices(missing)) {
    rows.push_back(fmt::format("{{\"name\": {}, \"description\": {}}}", json_text(d.name), json_text(d.description)));
    text += o.names ? fmt::format("{}\n", d.name) : fmt::format("{:<12} {}\n", d.name, d.description);
  }
  for (const std::string& m : o.names ? std::vector<std::string>{} : missing) text += fmt::format("{:<12} {}\n", "–", m);
  write_all(1, o.json ? fmt::format("[{}]\n", fmt::join(rows, ", ")) : text);
  return 0;
}

}  // namespace stark::vm

// bytecode-spec/assembler.cpp — reads .skasm line by line into the tables of a module.
// Room: bytecode-spec. In: text. Out: Assembled, or S10 with the line. Nothing is checked but the form.
#include "bytecode-spec/assembler.h"

#include "bytecode-spec/assembler_parts.h"
#include "bytecode-spec/errors.h"
#include "bytecode-spec/tables.h"

namespace stark::spec {
namespace skasm {

Result<Assembled> Assembler::run(std::string_view text) {
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    begin(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (!words_.empty()) take_line();
    if (!wrong_.empty()) return refuse(SpecError::BadAssembly, fmt::format("line {}: {}", number, wrong_));
  }
  close_function();
  return std::move(out_);
}


Text Assembler::text(std::string_view word) {
  if (!word.starts_with('"')) fail_with(fmt::format("`{}` where a quoted text is expected", word));
  if (!wrong_.empty() || word.size() == 1) return {};
  const auto [found, is_new] = texts_.try_emplace(std::string(word.substr(1)));
  if (is_new) {
    found->second = {static_cast<uint32_t>(m().text.size()), static_cast<uint32_t>(word.size() - 1)};
    m().text.insert(m().text.end(), word.begin() + 1, word.end());
  }
  return found->second;
}

// `t3` or `t3<1 2>`.
TypeUse Assembler::use(std::string_view word) {
  const size_t open = word.find('<');
  TypeUse result{id("t", word.substr(0, open)), 0};
  if (open == std::string_view::npos) return result;
  std::vector<uint32_t> regions;
  for (const std::string& region : cut(word.substr(open + 1, word.size() - open - 2))) regions.push_back(number(region));
  const auto [found, is_new] = region_lists_.try_emplace(regions, static_cast<uint32_t>(m().regions.size()));
  if (is_new) m().regions.insert(m().regions.end(), regions.begin(), regions.end());
  result.first_region = found->second;
  return result;
}

void Assembler::take_line() {
  static const std::map<std::string_view, void (Assembler::*)()> kLines = {
      {".skbc", &Assembler::take_version}, {".entry", &Assembler::take_entry}, {".capability", &Assembler::take_capability},
      {".file", &Assembler::take_file}, {".segment", &Assembler::take_segment}, {".type", &Assembler::take_type},
      {".signature", &Assembler::take_signature}, {".vtable", &Assembler::take_vtable}, {".static", &Assembler::take_static}, {".foreign", &Assembler::take_foreign}, {".constant", &Assembler::take_constant}, {".graph", &Assembler::take_graph},
      {"borrowed", &Assembler::take_graph_value}, {"donated", &Assembler::take_graph_value}, {"scalar", &Assembler::take_graph_value},
      {"value", &Assembler::take_graph_value}, {"node", &Assembler::take_node}, {"output", &Assembler::take_output},
      {".function", &Assembler::take_function}, {".reg", &Assembler::take_register}, {".place", &Assembler::take_place},
      {".loan", &Assembler::take_loan}, {".export", &Assembler::take_export}};
  const auto found = kLines.find(words_[0]);
  if (found != kLines.end()) {
    ++at_;
    (this->*found->second)();
  } else if (words_[0].size() > 1 && words_[0][0] == 'b' && std::isdigit(static_cast<unsigned char>(words_[0][1]))) {
    take_block();
  } else {
    take_instruction();
  }
  if (wrong_.empty() && at_ < words_.size()) fail_with(fmt::format("`{}` is left over", words_[at_]));
}

void Assembler::take_version() { expect("1"); }
void Assembler::take_entry() { m().entry = id("f"); }
void Assembler::take_capability() { m().capabilities.push_back(code_of(capabilities(), next(), "capability")); }
void Assembler::take_file() { m().files.push_back(text()); }
void Assembler::take_segment() {
  const Text name = text();
  const auto length = number<uint64_t>(next());
  if (length > (1u << 28)) return fail_with("a segment of more than 256 MiB");
  m().segments.push_back({0, length, 0, name});
  out_.segments.emplace_back(length);
}

void Assembler::take_static() {
  if (id("x") != m().statics.size()) return fail_with("statics are not numbered in order");
  StaticRow row;
  row.name = text();
  row.type = id("t");
  row.initialiser = id("f");
  if (accept("mut")) row.flags |= kStaticMutable;
  if (accept("local")) row.flags |= kStaticLocal;
  if (accept("flags")) row.flags = number(next());
  m().statics.push_back(row);
}

void Assembler::take_foreign() {
  if (id("z") != m().foreigns.size()) return fail_with("foreign functions are not numbered in order");
  ForeignRow row;
  row.name = text();
  row.library = text();
  row.signature = id("s");
  if (accept("variadic")) row.flags |= kForeignVariadic;
  if (accept("flags")) row.flags = number(next());
  m().foreigns.push_back(row);
}

void Assembler::take_export() {
  const Text name = text();
  m().exports.push_back({name, id("f")});
}

}  // namespace skasm

Result<Assembled> assemble(std::string_view text) { return skasm::Assembler().run(text); }

}  // namespace stark::spec

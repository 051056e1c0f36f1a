// bytecode-spec/assembler.cpp — reads .skasm line by line into the tables of a module.
// Room: bytecode-spec. In: text. Out: Assembled, or S10 with the line. Nothing is checked but the form.
#include "bytecode-spec/assembler.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>
#include <optional>

#include "bytecode-spec/errors.h"
#include "bytecode-spec/native_signature.h"
#include "bytecode-spec/operand.h"
#include "bytecode-spec/tables.h"

namespace stark::spec {
namespace {

// One line cut into words; quoted texts are one word that begins with a quote.
std::vector<std::string> cut(std::string_view line) {
  std::vector<std::string> words;
  size_t i = 0;
  while (i < line.size()) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      ++i;
    } else if (line[i] == ';') {
      break;
    } else if (line[i] == '"') {
      std::string text = "\"";
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] != '\\' || i + 1 >= line.size()) {
          text += line[i];
        } else if (line[++i] == 'x' && i + 2 < line.size()) {
          unsigned value = 0;
          std::from_chars(line.data() + i + 1, line.data() + i + 3, value, 16);
          text += static_cast<char>(value);
          i += 2;
        } else {
          text += line[i];
        }
      }
      ++i;
      words.push_back(std::move(text));
    } else {
      size_t end = i;
      while (end < line.size() && line[end] != ' ' && line[end] != ';') ++end;
      // A region list may have spaces: t3<1 2>.
      if (const size_t open = line.substr(i, end - i).find('<'); open != std::string_view::npos) {
        const size_t close = line.find('>', i);
        end = close == std::string_view::npos ? line.size() : close + 1;
      }
      words.emplace_back(line.substr(i, end - i));
      i = end;
    }
  }
  return words;
}

class Assembler {
 public:
  Result<Assembled> run(std::string_view text) {
    size_t number = 0;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      words_ = cut(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      at_ = 0;
      ++number;
      if (!words_.empty()) take_line();
      if (!wrong_.empty()) return refuse(SpecError::BadAssembly, fmt::format("line {}: {}", number, wrong_));
    }
    close_function();
    return std::move(out_);
  }

 private:
  Module& m() { return out_.module; }

  void fail_with(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }
  bool more() const { return at_ < words_.size() && wrong_.empty(); }
  bool peek(std::string_view word) const { return at_ < words_.size() && words_[at_] == word; }
  std::string next() {
    if (at_ < words_.size()) return words_[at_++];
    fail_with("the line ends too early");
    return {};
  }
  void expect(std::string_view word) {
    if (const std::string got = next(); got != word) fail_with(fmt::format("`{}` where `{}` is expected", got, word));
  }
  bool accept(std::string_view word) {
    const bool there = peek(word);
    if (there) ++at_;
    return there;
  }
  template <class T = uint32_t>
  T number(std::string_view text) {
    T value{};
    int base = 10;
    if (text.starts_with("0x")) {
      text.remove_prefix(2);
      base = 16;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) fail_with(fmt::format("`{}` is no number", text));
    return value;
  }
  // `f3` with prefix "f" is 3.
  uint32_t id(std::string_view prefix, std::string_view word) {
    if (!word.starts_with(prefix)) fail_with(fmt::format("`{}` where `{}…` is expected", word, prefix));
    return wrong_.empty() ? number(word.substr(prefix.size())) : 0;
  }
  uint32_t id(std::string_view prefix) { return id(prefix, next()); }

  Text text(std::string_view word) {
    if (!word.starts_with('"')) fail_with(fmt::format("`{}` where a quoted text is expected", word));
    if (!wrong_.empty() || word.size() == 1) return {};
    const auto [found, is_new] = texts_.try_emplace(std::string(word.substr(1)));
    if (is_new) {
      found->second = {static_cast<uint32_t>(m().text.size()), static_cast<uint32_t>(word.size() - 1)};
      m().text.insert(m().text.end(), word.begin() + 1, word.end());
    }
    return found->second;
  }
  Text text() { return text(next()); }

  // `t3` or `t3<1 2>`.
  TypeUse use(std::string_view word) {
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

  template <class Rows>
  uint32_t code_of(const Rows& table, std::string_view word, std::string_view what) {
    for (size_t i = 0; i < table.size(); ++i) {
      if (table[i] == word) return static_cast<uint32_t>(i);
    }
    if (word.starts_with('?')) return number(word.substr(1));
    fail_with(fmt::format("`{}` is no {}", word, what));
    return 0;
  }

  void take_line() {
    static const std::map<std::string_view, void (Assembler::*)()> kLines = {
        {".skbc", &Assembler::take_version}, {".entry", &Assembler::take_entry}, {".capability", &Assembler::take_capability},
        {".file", &Assembler::take_file}, {".segment", &Assembler::take_segment}, {".type", &Assembler::take_type},
        {".signature", &Assembler::take_signature}, {".constant", &Assembler::take_constant}, {".graph", &Assembler::take_graph},
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

  void take_version() { expect("1"); }
  void take_entry() { m().entry = id("f"); }
  void take_capability() { m().capabilities.push_back(code_of(capabilities(), next(), "capability")); }
  void take_file() { m().files.push_back(text()); }
  void take_segment() {
    const Text name = text();
    const auto length = number<uint64_t>(next());
    if (length > (1u << 28)) return fail_with("a segment of more than 256 MiB");
    m().segments.push_back({0, length, 0, name});
    out_.segments.emplace_back(length);
  }

  uint32_t drop_function() {
    const std::string word = next();
    return word == "-" ? kNone : id("f", word);
  }
  Range take_fields() {
    expect("{");
    std::vector<FieldRow> list;
    while (more() && !peek("}")) {
      const Text name = text();
      list.push_back({name, use(next())});
    }
    expect("}");
    return append(m().fields, list);
  }
  template <class T>
  static Range append(std::vector<T>& table, const std::vector<T>& list) {
    const Range range{static_cast<uint32_t>(table.size()), static_cast<uint32_t>(list.size())};
    table.insert(table.end(), list.begin(), list.end());
    return range;
  }
  static std::vector<std::string_view> kind_texts() {
    std::vector<std::string_view> texts;
    for (const TypeKindRow& row : type_kinds()) texts.push_back(row.text);
    return texts;
  }

  void take_type() {
    if (id("t") != m().types.size()) return fail_with("types are not numbered in order");
    TypeRow row;
    row.kind = code_of(kind_texts(), next(), "kind of type");
    const size_t at = m().types.size();
    m().types.push_back(row);
    switch (static_cast<TypeKind>(row.kind)) {
      case TypeKind::Vec:
      case TypeKind::Slice: row.a = id("t"); break;
      case TypeKind::Array: {
        row.a = id("t");
        const auto length = number<uint64_t>(next());
        row.b = static_cast<uint32_t>(length);
        row.c = static_cast<uint32_t>(length >> 32);
        break;
      }
      case TypeKind::Ref:
        row.a = id("t");
        row.b = accept("mut") ? 1 : 0;
        break;
      case TypeKind::Tuple: {
        std::vector<FieldRow> list;
        while (more()) list.push_back({{}, {id("t"), 0}});
        const Range fields = append(m().fields, list);
        row.a = fields.first;
        row.b = fields.count;
        break;
      }
      case TypeKind::Struct:
      case TypeKind::Enum: take_nominal(row); break;
      case TypeKind::Tensor: {
        const auto [dtype, dims] = take_tensor();
        row.a = dims.first;
        row.b = dims.count;
        row.c = dtype;
        break;
      }
      case TypeKind::Opaque: row.a = code_of(opaques(), next(), "opaque"); break;
      case TypeKind::Fn: row.a = id("s"); break;
      default: break;
    }
    m().types[at] = row;
  }
  void take_nominal(TypeRow& row) {
    row.name = text();
    expect("drop");
    row.c = drop_function();
    expect("regions");
    row.d = number(next());
    Range members;
    if (row.kind == static_cast<uint32_t>(TypeKind::Struct)) {
      members = take_fields();
    } else {
      expect("{");
      std::vector<VariantRow> variants;
      while (more() && !peek("}")) {
        const Text name = text();
        variants.push_back({name, take_fields()});
      }
      expect("}");
      members = append(m().variants, variants);
    }
    row.a = members.first;
    row.b = members.count;
  }
  std::pair<uint32_t, Range> take_tensor() {
    const std::string word = next();
    const auto dtype = dtype_from_name(word);
    if (!dtype) fail_with(fmt::format("`{}` is no element type", word));
    expect("[");
    std::vector<int64_t> dims;
    while (more() && !peek("]")) {
      const std::string dim = next();
      dims.push_back(dim == "?" ? kUnknownDim : number<int64_t>(dim));
    }
    expect("]");
    return {dtype ? static_cast<uint32_t>(*dtype) : 0, append(m().dims, dims)};
  }

  void take_signature() {
    if (id("s") != m().signatures.size()) return fail_with("signatures are not numbered in order");
    expect("(");
    std::vector<TypeUse> parameters;
    while (more() && !peek(")")) parameters.push_back(use(next()));
    expect(")");
    SignatureRow row;
    row.parameters = append(m().type_uses, parameters);
    row.result = use(next());
    expect("regions");
    row.region_count = number(next());
    std::vector<OutlivesRow> pairs;
    while (more()) {
      const std::string pair = next();
      const size_t colon = pair.find(':');
      if (colon == std::string::npos) return fail_with("outlives pairs are written 1:2");
      pairs.push_back({number(std::string_view(pair).substr(0, colon)), number(std::string_view(pair).substr(colon + 1))});
    }
    row.outlives = append(m().outlives, pairs);
    m().signatures.push_back(row);
  }

  void take_constant() {
    if (id("c") != m().constants.size()) return fail_with("constants are not numbered in order");
    ConstantRow row;
    row.kind = code_of(kind_texts(), next(), "kind of type");
    if (static_cast<TypeKind>(row.kind) == TypeKind::Str) {
      const Text range = text();
      row.bits = uint64_t{range.first} << 32 | range.count;
    } else {
      row.bits = number<uint64_t>(next());
    }
    m().constants.push_back(row);
  }

  GraphRow* graph() {
    if (m().graphs.empty()) fail_with("a graph line outside a graph");
    return m().graphs.empty() ? nullptr : &m().graphs.back();
  }
  void take_graph() {
    if (id("g") != m().graphs.size()) return fail_with("graphs are not numbered in order");
    const auto here = [](const auto& table) { return Range{static_cast<uint32_t>(table.size()), 0}; };
    m().graphs.push_back({here(m().tensor_types), here(m().input_modes), here(m().nodes), here(m().operands), here(m().attributes), here(m().outputs)});
  }
  void take_graph_value() {
    GraphRow* g = graph();
    if (g == nullptr) return;
    static constexpr std::string_view kModes[] = {"borrowed", "donated", "scalar"};
    for (uint32_t mode = 0; mode < 3; ++mode) {
      if (words_[0] != kModes[mode]) continue;
      m().input_modes.push_back(mode);
      ++g->inputs.count;
    }
    const auto [dtype, dims] = take_tensor();
    m().tensor_types.push_back({dtype, dims});
    ++g->values.count;
  }
  void take_node() {
    GraphRow* g = graph();
    if (g == nullptr) return;
    std::vector<std::string_view> ops;
    for (const auto& row : kTensorOpRows) ops.push_back(row.name);
    NodeRow row{code_of(ops, next(), "tensor operation"), {g->operands.count, 0}, {g->attributes.count, 0}};
    while (more()) {
      const std::string word = next();
      if (word.starts_with('%')) {
        m().operands.push_back(id("%", word));
        ++row.operands.count;
        ++g->operands.count;
      } else {
        m().attributes.push_back(number<int64_t>(word));
        ++row.attributes.count;
        ++g->attributes.count;
      }
    }
    m().nodes.push_back(row);
    ++g->nodes.count;
  }
  void take_output() {
    GraphRow* g = graph();
    if (g == nullptr) return;
    m().outputs.push_back(id("%"));
    ++g->outputs.count;
  }

  void close_function() {
    if (m().functions.empty()) return;
    FunctionRow& f = m().functions.back();
    f.code.count = static_cast<uint32_t>(m().code.size()) - f.code.first;
  }
  void take_function() {
    close_function();
    if (id("f") != m().functions.size()) return fail_with("functions are not numbered in order");
    const auto here = [](const auto& table) { return Range{static_cast<uint32_t>(table.size()), 0}; };
    FunctionRow f;
    f.name = text();
    f.signature = id("s");
    expect("regions");
    f.region_count = number(next());
    expect("file");
    const std::string file = next();
    f.file = file == "-" ? kNone : number(file);
    f.registers = here(m().registers);
    f.places = here(m().places);
    f.loans = here(m().loans);
    f.blocks = here(m().blocks);
    f.code = here(m().code);
    f.lines = here(m().lines);
    m().functions.push_back(f);
  }
  FunctionRow& function() {
    static FunctionRow none;
    if (m().functions.empty()) fail_with("a function's line outside a function");
    return m().functions.empty() ? none : m().functions.back();
  }
  void take_register() {
    FunctionRow& f = function();
    if (id("r") != f.registers.count) return fail_with("registers are not numbered in order");
    RegisterRow row{use(next()), 0};
    while (more()) {
      const std::string flag = next();
      if (flag != "mut" && flag != "param" && flag != "dropflag") fail_with(fmt::format("`{}` is no register flag", flag));
      row.flags |= flag == "mut" ? kMutable : flag == "param" ? kParameter : kDropFlag;
    }
    m().registers.push_back(row);
    ++f.registers.count;
  }
  void take_place() {
    FunctionRow& f = function();
    if (id("p") != f.registers.count + f.places.count) return fail_with("places are not numbered in order, behind the registers");
    PlaceRow row;
    row.base = id("r");
    for (size_t i = 0; more(); ++i) {
      if (i == row.kinds.size()) return fail_with("a place of more than four steps");
      const std::string word = next();
      const auto set = [&](ProjectionKind kind, uint32_t argument) {
        row.kinds[i] = static_cast<uint8_t>(kind);
        row.arguments[i] = argument;
      };
      const std::string_view inside = std::string_view(word).substr(1, word.ends_with(']') ? word.size() - 2 : word.size() - 1);
      if (word == "*") {
        set(ProjectionKind::Deref, 0);
      } else if (word[0] == '.') {
        set(ProjectionKind::Field, number(inside));
      } else if (word[0] == '#') {
        set(ProjectionKind::Variant, number(inside));
      } else if (word.starts_with("[r")) {
        set(ProjectionKind::Index, number(inside.substr(1)));
      } else if (word[0] == '[') {
        set(ProjectionKind::ConstIndex, number(inside));
      } else {
        fail_with(fmt::format("`{}` is no step of a place", word));
      }
    }
    m().places.push_back(row);
    ++f.places.count;
  }
  void take_loan() {
    FunctionRow& f = function();
    if (id("l") != f.loans.count) return fail_with("loans are not numbered in order");
    const std::string kind = next();
    m().loans.push_back({place(next()), kind == "mut" ? 1u : 0u});
    ++f.loans.count;
  }
  uint32_t place(std::string_view word) { return id(word.starts_with('p') ? "p" : "r", word); }

  uint32_t here() { return static_cast<uint32_t>(m().code.size()) - function().code.first; }

  void take_block() {
    FunctionRow& f = function();
    if (id("b") != f.blocks.count) return fail_with("blocks are not numbered in order");
    BlockRow row{here(), kNone};
    if (accept(":")) {
      row.state = static_cast<uint32_t>(m().states.size());
      take_state();
    }
    m().blocks.push_back(row);
    ++f.blocks.count;
  }
  void take_state() {
    auto& states = m().states;
    const auto counted = [&](std::string_view stop, auto take_one) {
      const size_t count_at = states.size();
      states.push_back(0);
      while (more() && !peek(stop)) {
        take_one();
        ++states[count_at];
      }
    };
    const auto list = [&] {
      states.push_back(number(next()));
      expect("(");
      counted(")", [&] { states.push_back(number(next())); });
      expect(")");
    };
    expect("whole");
    counted("maybe", [&] {
      const std::string range = next();
      const size_t plus = range.find('+');
      if (plus == std::string::npos) return fail_with("ranges of registers are written 3+2");
      states.push_back(number(std::string_view(range).substr(0, plus)));
      states.push_back(number(std::string_view(range).substr(plus + 1)));
    });
    expect("maybe");
    counted("partly", [&] { states.push_back(number(next())); });
    expect("partly");
    counted("regions", list);
    expect("regions");
    counted("", list);
  }

  uint32_t operand_word(std::string_view word) {
    if (word.starts_with("move:")) return encode_operand({OperandMode::Move, place(word.substr(5))});
    if (word.starts_with("last:")) return encode_operand({OperandMode::Last, place(word.substr(5))});
    if (word.starts_with('c')) return encode_operand({OperandMode::Constant, id("c", word)});
    return encode_operand({OperandMode::Copy, place(word)});
  }
  uint32_t native_word(std::string_view word) {
    if (const NativeFacts* native = find_native(word)) return static_cast<uint32_t>(native->native);
    return id("n", word);
  }
  uint32_t one(char letter, std::string_view word) {
    switch (letter) {
      case 'u':
      case 'U': return operand_word(word);
      case 'd':
      case 'D':
      case 'p': return place(word);
      case 'n': return native_word(word);
      case 'B': return id("b", word);
      case 'v': return id("#", word);
      case 'i': return number(word);
      default: return id(std::string_view(&letter, 1), word);
    }
  }
  void take_instruction() {
    FunctionRow& f = function();
    std::vector<std::string_view> names;
    for (const OpcodeRow& row : opcodes()) names.push_back(row.text);
    const std::string name = next();
    std::vector<uint32_t> words;
    const uint32_t at = here();
    uint32_t opcode = 0;
    if (name == "raw") {
      opcode = number(next());
      while (more() && !words_[at_].starts_with('@')) words.push_back(number(next()));
    } else {
      opcode = code_of(names, name, "instruction");
      if (!wrong_.empty()) return;
      for (char letter : opcodes()[opcode].operands) {
        if (letter != 'U' && letter != 'D' && letter != 'B') {
          words.push_back(one(letter, next()));
          continue;
        }
        expect("(");
        const size_t count_at = words.size();
        words.push_back(0);
        while (more() && !peek(")")) {
          words.push_back(one(letter, next()));
          ++words[count_at];
        }
        expect(")");
      }
    }
    if (at_ < words_.size() && words_[at_].starts_with('@')) {
      const std::string position = next();
      const size_t colon = position.find(':');
      if (colon == std::string::npos) return fail_with("positions are written @line:column");
      m().lines.push_back({at, number(std::string_view(position).substr(1, colon - 1)), number(std::string_view(position).substr(colon + 1))});
      ++f.lines.count;
    }
    m().code.push_back(encode_head(static_cast<uint16_t>(opcode), static_cast<uint32_t>(words.size())));
    m().code.insert(m().code.end(), words.begin(), words.end());
  }

  void take_export() {
    const Text name = text();
    m().exports.push_back({name, id("f")});
  }

  Assembled out_;
  std::vector<std::string> words_;
  size_t at_ = 0;
  std::string wrong_;
  std::map<std::string, Text> texts_;
  std::map<std::vector<uint32_t>, uint32_t> region_lists_;
};

}  // namespace

Result<Assembled> assemble(std::string_view text) { return Assembler().run(text); }

}  // namespace stark::spec

// bytecode-spec/assembler_functions.cpp — reads the lines of functions: registers, places, loans, blocks with their states, instructions.
// Room: bytecode-spec. In: words. Out: rows of the functions, and code.
#include "bytecode-spec/assembler_parts.h"
#include "bytecode-spec/limits.h"
#include "bytecode-spec/native_signature.h"
#include "bytecode-spec/operand.h"
#include "bytecode-spec/state.h"
#include "bytecode-spec/tables.h"

namespace stark::spec::skasm {

void Assembler::close_function() {
  if (m().functions.empty()) return;
  FunctionRow& f = m().functions.back();
  f.code.count = static_cast<uint32_t>(m().code.size()) - f.code.first;
}
void Assembler::take_function() {
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
FunctionRow& Assembler::function() {
  static FunctionRow none;
  if (m().functions.empty()) fail_with("a function's line outside a function");
  return m().functions.empty() ? none : m().functions.back();
}
void Assembler::take_register() {
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
void Assembler::take_place() {
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
void Assembler::take_loan() {
  FunctionRow& f = function();
  if (id("l") != f.loans.count) return fail_with("loans are not numbered in order");
  const std::string kind = next();
  m().loans.push_back(LoanRow::of(place(next()), kind == "mut"));
  ++f.loans.count;
}
uint32_t Assembler::place(std::string_view word) { return id(word.starts_with('p') ? "p" : "r", word); }

uint32_t Assembler::here() { return static_cast<uint32_t>(m().code.size()) - function().code.first; }

void Assembler::take_block() {
  FunctionRow& f = function();
  if (id("b") != f.blocks.count) return fail_with("blocks are not numbered in order");
  BlockRow row{here(), kNone};
  if (accept(":")) {
    row.state = take_state();
  }
  m().blocks.push_back(row);
  ++f.blocks.count;
}
uint32_t Assembler::take_state() {
  std::vector<uint32_t> mask, words;
  uint32_t head = 0;
  // A section that is empty is not written.
  const auto section = [&](uint32_t flag, std::string_view name, std::string_view stop, auto take_one) {
    expect(name);
    const size_t count_at = words.size();
    words.push_back(0);
    while (more() && !peek(stop)) {
      take_one();
      ++words[count_at];
    }
    if (words[count_at] == 0) return words.pop_back();
    head |= flag;
  };
  const auto list = [&] {
    const uint32_t owner = number(next());
    std::vector<uint32_t> items;
    expect("(");
    while (more() && !peek(")")) items.push_back(number(next()));
    expect(")");
    ListHead::write(words, owner, static_cast<uint32_t>(items.size()));
    words.insert(words.end(), items.begin(), items.end());
  };
  take_whole(mask);
  section(StateHead::kMaybe, "maybe", "partly", [&] { words.push_back(number(next())); });
  section(StateHead::kPartly, "partly", "regions", list);
  section(StateHead::kRegions, "regions", "", list);
  std::vector<uint32_t> state{head | static_cast<uint32_t>(mask.size())};
  state.insert(state.end(), mask.begin(), mask.end());
  state.insert(state.end(), words.begin(), words.end());
  return states_.add(std::move(state));
}
// Ranges of registers: 3+2 is r3 and r4.
void Assembler::take_whole(std::vector<uint32_t>& mask) {
  expect("whole");
  while (more() && !peek("maybe")) {
    const std::string range = next();
    const size_t plus = range.find('+');
    if (plus == std::string::npos) return fail_with("ranges of registers are written 3+2");
    const uint32_t first = number(std::string_view(range).substr(0, plus)), count = number(std::string_view(range).substr(plus + 1));
    if (first > kMaxRegisters || count > kMaxRegisters) return fail_with("a range of registers beyond any function's");
    for (uint32_t r = first; r < first + count; ++r) set_bit(mask, r);
  }
}

uint32_t Assembler::operand_word(std::string_view word) {
  if (word.starts_with("move:")) return encode_operand({OperandMode::Move, place(word.substr(5))});
  if (word.starts_with("last:")) return encode_operand({OperandMode::Last, place(word.substr(5))});
  if (word.starts_with('c')) return encode_operand({OperandMode::Constant, id("c", word)});
  return encode_operand({OperandMode::Copy, place(word)});
}
uint32_t Assembler::native_word(std::string_view word) {
  if (const NativeFacts* native = find_native(word)) return static_cast<uint32_t>(native->native);
  return id("n", word);
}
uint32_t Assembler::one(char letter, std::string_view word) {
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
void Assembler::take_instruction() {
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

}  // namespace stark::spec::skasm

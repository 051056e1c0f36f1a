// compiler/codegen/functions.cpp — one function: registers, places, loans, block states, code, lines.
// Room: codegen. In: mir::Function, its annotations. Out: rows of spec::Module. Code follows the operand letters of opcodes.def.
#include "compiler/codegen/functions.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "bytecode-spec/limits.h"
#include "bytecode-spec/operand.h"
#include "bytecode-spec/state.h"
#include "bytecode-spec/tables.h"
#include "compiler/codegen/diagnostics.h"
#include "compiler/mir/cfg.h"

namespace stark::codegen {
namespace {

using borrow::Held;
using mir::Instruction;
using mir::LocalId;
using mir::Opcode;
using mir::OperandKind;
using mir::Place;
using spec::kNone;

constexpr size_t kMaxWords = 0xFFFF;  // of one instruction: the length stands in half a word

class FunctionWriter {
 public:
  FunctionWriter(const mir::Program& program, const mir::Function& function, const borrow::FunctionAnnotations& annotations,
                 const SourceMap& sources, Tables& tables, spec::Module& module, diagnostics::Sink& sink)
      : p_(program), f_(function), a_(annotations), sources_(sources), t_(tables), m_(module), sink_(sink) {}

  void run() {
    row_.name = t_.text(f_.name);
    row_.signature = t_.signature(f_.signature);
    row_.region_count = a_.regions.count - a_.regions.fixed;
    row_.file = t_.file(std::filesystem::path(sources_.path(f_.file)).filename().string());
    if (f_.locals.size() > spec::kMaxRegisters) {
      sink_.report<diag::TooManyLocals>(f_.span, f_.name, f_.locals.size(), spec::kMaxRegisters);
      return;
    }
    find_flags();
    write_registers();
    write_loans();
    write_blocks();
    row_.places = {static_cast<uint32_t>(m_.places.size()), static_cast<uint32_t>(places_.size())};
    m_.places.insert(m_.places.end(), places_.begin(), places_.end());
    m_.functions.push_back(row_);
  }

 private:
  bool needs_drop(size_t local) const { return p_.types->needs_drop(f_.locals[local].type); }

  // Registers that are dropped by a flag, or may be available or not where paths meet.
  void find_flags() {
    has_flag_.resize(f_.locals.size());
    for (const auto& state : a_.before) {
      for (size_t l = 0; l < f_.locals.size(); ++l) has_flag_[l] = has_flag_[l] || (state.held[l] == Held::Maybe && needs_drop(l));
    }
    for (const auto& block : f_.blocks) {
      for (const Instruction& i : block.code) {
        if (i.kind == Instruction::Kind::Op && i.op == Opcode::DropFlag) has_flag_[i.source.base.index()] = true;
      }
    }
  }

  void write_registers() {
    row_.registers = {static_cast<uint32_t>(m_.registers.size()), static_cast<uint32_t>(f_.locals.size())};
    for (size_t l = 0; l < f_.locals.size(); ++l) {
      const mir::Local& local = f_.locals[l];
      uint32_t flags = local.is_mut || local.kind == mir::LocalKind::Temporary ? spec::kMutable : 0u;
      if (local.kind == mir::LocalKind::Parameter) flags |= spec::kParameter;
      if (has_flag_[l]) flags |= spec::kDropFlag;
      m_.registers.push_back({t_.use(local.type, a_.regions.of_local[l]), flags});
    }
  }

  void write_loans() {
    row_.loans = {static_cast<uint32_t>(m_.loans.size()), static_cast<uint32_t>(a_.loans.size())};
    for (const borrow::Loan& loan : a_.loans) {
      m_.loans.push_back(spec::LoanRow::of(place(loan.place), loan.is_mut));
    }
  }

  // A register's own number, or one behind the registers for a place with projections.
  uint32_t place(const Place& place) {
    if (place.steps.empty()) return place.base.value;
    std::vector<uint32_t> key{place.base.value};
    for (const auto& step : place.steps) key.insert(key.end(), {static_cast<uint32_t>(step.kind), step.argument});
    const auto [at, is_new] = place_numbers_.try_emplace(key, static_cast<uint32_t>(places_.size()));
    if (is_new) {
      spec::PlaceRow row;
      row.base = place.base.value;
      for (size_t i = 0; i < place.steps.size(); ++i) {
        row.kinds[i] = static_cast<uint8_t>(place.steps[i].kind);
        row.arguments[i] = place.steps[i].argument;
      }
      places_.push_back(row);
    }
    return static_cast<uint32_t>(f_.locals.size()) + at->second;
  }

  void write_blocks() {
    row_.blocks.first = static_cast<uint32_t>(m_.blocks.size());
    row_.code.first = static_cast<uint32_t>(m_.code.size());
    row_.lines.first = static_cast<uint32_t>(m_.lines.size());
    const auto before = mir::predecessors(f_);
    for (size_t b = 0; b < f_.blocks.size(); ++b) {
      const bool takes_over = b == 0 || (before[b].size() == 1 && before[b][0].index() < b);
      m_.blocks.push_back({at(), takes_over ? kNone : write_state(a_.before[b])});
      const auto& code = f_.blocks[b].code;
      for (size_t i = 0; i < code.size(); ++i) {
        const bool ends_next = i + 1 < code.size() && code[i + 1].kind == Instruction::Kind::Op && code[i + 1].op == Opcode::End;
        const LocalId ending = ends_next ? code[i + 1].source.base : LocalId();
        if (write_instruction(code[i], ending)) ++i;
      }
    }
    row_.blocks.count = static_cast<uint32_t>(m_.blocks.size()) - row_.blocks.first;
    row_.code.count = at();
    row_.lines.count = static_cast<uint32_t>(m_.lines.size()) - row_.lines.first;
  }
  uint32_t at() const { return static_cast<uint32_t>(m_.code.size()) - row_.code.first; }

  // The form is described in bytecode-spec/state.h.
  uint32_t write_state(const borrow::State& state) {
    std::vector<uint32_t> whole, maybe;
    for (uint32_t l = 0; l < state.held.size(); ++l) {
      if (state.held[l] == Held::Whole) spec::set_bit(whole, l);
      if (state.held[l] == Held::Maybe && needs_drop(l)) maybe.push_back(l);
    }
    std::vector<uint32_t> words{static_cast<uint32_t>(whole.size())};
    words.insert(words.end(), whole.begin(), whole.end());
    if (!maybe.empty()) {
      words[0] |= spec::StateHead::kMaybe;
      words.push_back(static_cast<uint32_t>(maybe.size()));
      words.insert(words.end(), maybe.begin(), maybe.end());
    }
    if (!state.moved.empty()) {
      words[0] |= spec::StateHead::kPartly;
      write_moved(state, words);
    }
    if (write_regions(state, words)) words[0] |= spec::StateHead::kRegions;
    return t_.state(std::move(words));
  }
  void write_moved(const borrow::State& state, std::vector<uint32_t>& words) {
    words.push_back(static_cast<uint32_t>(state.moved.size()));
    for (const auto& [local, moved] : state.moved) {
      std::vector<uint32_t> numbers;
      for (const Place& part : moved) numbers.push_back(place(part));
      std::ranges::sort(numbers);
      write_list(local, numbers, words);
    }
  }
  static void write_list(uint32_t owner, const std::vector<uint32_t>& list, std::vector<uint32_t>& words) {
    spec::ListHead::write(words, owner, static_cast<uint32_t>(list.size()));
    words.insert(words.end(), list.begin(), list.end());
  }
  bool is_declared(const borrow::State& state, uint32_t local) const {
    const Held held = state.held[local];
    return held == Held::Whole || held == Held::Partly || (held == Held::Maybe && needs_drop(local));
  }
  bool write_regions(const borrow::State& state, std::vector<uint32_t>& words) {
    const size_t count_at = words.size();
    words.push_back(0);
    for (const auto& [region, loans] : state.regions) {
      const auto& users = a_.regions.users[region];
      const bool named = region < a_.regions.fixed || std::ranges::any_of(users, [&](LocalId l) { return is_declared(state, l.value); });
      if (!named || loans.empty() || region == 0) continue;
      write_list(region, loans, words);
      ++words[count_at];
    }
    if (words[count_at] != 0) return true;
    words.pop_back();
    return false;
  }

  void write_line(Span span) {
    if (!span.file.valid() || span.file != f_.file) return;
    const Position position = sources_.position(span.file, span.begin);
    if (position.line == line_ && position.column == column_) return;
    line_ = position.line;
    column_ = position.column;
    m_.lines.push_back({at(), line_, column_});
  }

  uint32_t operand(const mir::Operand& operand, LocalId last) {
    spec::Operand encoded;
    if (operand.kind == OperandKind::Constant) {
      encoded = {spec::OperandMode::Constant, t_.constant(operand.constant)};
    } else {
      encoded = {operand.kind == OperandKind::Move ? spec::OperandMode::Move : spec::OperandMode::Copy, place(operand.place)};
      if (last.valid() && operand.place == Place{last, {}} && operand.kind == OperandKind::Copy) encoded.mode = spec::OperandMode::Last;
    }
    return spec::encode_operand(encoded);
  }

  // Whether an End of `ending` behind the instruction can be said by its only use of it, and leaves no other trace.
  static bool says_last(const Instruction& i, LocalId ending) {
    if (!ending.valid() || (mir::has_source(i) && i.source.base == ending)) return false;
    const auto mentions = [&](const Place& p) {
      return p.base == ending || std::ranges::any_of(p.steps, [&](const auto& s) {
        return s.kind == mir::ProjectionKind::Index && s.argument == ending.value;
      });
    };
    for (const Place* written : mir::written_places(i)) {
      if (mentions(*written)) return false;
    }
    size_t whole = 0, all = 0;
    for (const mir::Operand& o : i.operands) {
      if (o.kind == OperandKind::Constant || !mentions(o.place)) continue;
      ++all;
      whole += o.kind == OperandKind::Copy && o.place.steps.empty();
    }
    return all == 1 && whole == 1;
  }

  // True when the End behind it has been said by it.
  bool write_instruction(const Instruction& i, LocalId ending) {
    if (i.kind == Instruction::Kind::ScopeEnd) return false;
    const LocalId last = says_last(i, ending) ? ending : LocalId();
    write_line(i.span);
    std::vector<uint32_t> words;
    size_t next_operand = 0, next_block = 0;
    for (char letter : spec::row_of(i.op).operands) {
      switch (letter) {
        case 'd': words.push_back(place(i.target)); break;
        case 'p': words.push_back(place(i.source)); break;
        case 'r': words.push_back(i.source.base.value); break;
        case 't': words.push_back(t_.type(i.type)); break;
        case 'c': words.push_back(t_.text_constant(i.text)); break;
        case 'u': words.push_back(operand(i.operands[next_operand++], last)); break;
        case 'b': words.push_back(i.blocks[next_block++].value); break;
        case 'D':
          words.push_back(static_cast<uint32_t>(i.targets_written.size()));
          for (const Place& target : i.targets_written) words.push_back(place(target));
          break;
        case 'U':
          words.push_back(static_cast<uint32_t>(i.operands.size() - next_operand));
          while (next_operand < i.operands.size()) words.push_back(operand(i.operands[next_operand++], last));
          break;
        case 'B':
          words.push_back(static_cast<uint32_t>(i.blocks.size()));
          for (mir::BlockId block : i.blocks) words.push_back(block.value);
          break;
        default: words.push_back(i.index); break;  // f n g s x z v i l
      }
    }
    if (words.size() > kMaxWords) {
      sink_.report<diag::TooManyOperands>(i.span, words.size(), kMaxWords);
      words.clear();
    }
    m_.code.push_back(spec::encode_head(static_cast<uint16_t>(i.op), static_cast<uint32_t>(words.size())));
    m_.code.insert(m_.code.end(), words.begin(), words.end());
    return last.valid();
  }

  const mir::Program& p_;
  const mir::Function& f_;
  const borrow::FunctionAnnotations& a_;
  const SourceMap& sources_;
  Tables& t_;
  spec::Module& m_;
  diagnostics::Sink& sink_;
  spec::FunctionRow row_;
  std::vector<bool> has_flag_;
  std::vector<spec::PlaceRow> places_;
  std::map<std::vector<uint32_t>, uint32_t> place_numbers_;
  uint32_t line_ = 0, column_ = 0;
};

}  // namespace

void write_function(const mir::Program& program, const mir::Function& function, const borrow::FunctionAnnotations& annotations,
                    const SourceMap& sources, Tables& tables, spec::Module& module, diagnostics::Sink& sink) {
  FunctionWriter(program, function, annotations, sources, tables, module, sink).run();
}

}  // namespace stark::codegen

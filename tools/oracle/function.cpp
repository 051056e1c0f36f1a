// tools/oracle/function.cpp — decodes code by the rows of opcodes.def, and solves liveness backwards over the blocks.
// Room: tools/oracle. Essay: README.md, "Liveness". In: code words. Out: Function.
#include "tools/oracle/function.h"

#include <algorithm>

namespace stark::oracle {
namespace {

class Words {
 public:
  explicit Words(std::span<const uint32_t> words) : words_(words) {}
  uint32_t next() {
    if (at_ >= words_.size()) throw Malformed{"an instruction that is too short"};
    return words_[at_++];
  }

 private:
  std::span<const uint32_t> words_;
  size_t at_ = 0;
};

class Reader {
 public:
  Reader(const TypeBook& types, uint32_t function)
      : m_(types.module()), f_{types, row_at(m_.functions, function), row_at(m_.signatures, row_at(m_.functions, function).signature), {}, {}, {}, {}} {}

  Function run() {
    f_.first_own = f_.signature.region_count + 1;
    read_registers();
    for (uint32_t p = 0; p < f_.row.places.count; ++p) read_place(row_at(m_.places, f_.row.places.first + p));
    for (uint32_t b = 0; b < f_.row.blocks.count; ++b) read_block(b);
    if (f_.blocks.empty()) throw Malformed{"a function without code"};
    return std::move(f_);
  }

 private:
  void read_registers() {
    Origin next = f_.first_own;
    for (uint32_t r = 0; r < f_.row.registers.count; ++r) {
      const spec::RegisterRow& row = row_at(m_.registers, f_.row.registers.first + r);
      Typed typed{row.type.type, {}};
      for (uint32_t s = 0; s < f_.types.slots(row.type.type); ++s) typed.slots.push_back(next++);
      f_.flags.push_back(row.flags);
      f_.origins.push_back(typed.slots);
      f_.places.push_back({r, {}, {std::move(typed)}});
    }
    if (f_.flags.size() < f_.signature.parameters.count) throw Malformed{"fewer registers than parameters"};
  }

  void read_place(const spec::PlaceRow& row) {
    if (row.base >= f_.flags.size()) throw Malformed{"a place of no register"};
    Place place = f_.places[row.base];
    uint32_t variant = spec::kNone;
    for (size_t i = 0; i < row.kinds.size() && row.kinds[i] != 0; ++i) {
      const Step step{static_cast<ProjectionKind>(row.kinds[i]), row.arguments[i]};
      Typed next = f_.types.step(place.typed(), step, variant);
      place.steps.push_back(step);
      place.types.push_back(std::move(next));
    }
    f_.places.push_back(std::move(place));
  }

  void read_block(uint32_t b) {
    const uint32_t first = row_at(m_.blocks, f_.row.blocks.first + b).code_first;
    const uint32_t end = b + 1 < f_.row.blocks.count ? row_at(m_.blocks, f_.row.blocks.first + b + 1).code_first : f_.row.code.count;
    auto& block = f_.blocks.emplace_back();
    for (uint32_t at = first; at < end;) {
      const uint32_t head = row_at(m_.code, f_.row.code.first + at);
      const uint32_t length = head >> 16;
      if ((head & 0xFFFF) >= spec::opcodes().size() || length >= end - at) throw Malformed{"an instruction that is not known"};
      block.push_back(read(static_cast<spec::Opcode>(head & 0xFFFF), at, std::span(m_.code).subspan(f_.row.code.first + at + 1, length)));
      at += length + 1;
    }
    if (block.empty() || !spec::ends_block(block.back().op)) throw Malformed{"a block without an end"};
  }

  Instruction read(spec::Opcode op, uint32_t word, std::span<const uint32_t> code) {
    Instruction i{word, op, {}, {}, {}, {}};
    Words words(code);
    const auto take = [&](char letter) {
      const uint32_t one = words.next();
      if (letter == 'u') return i.operands.push_back(operand(one));
      if (letter == 'b') {
        if (one >= f_.row.blocks.count) throw Malformed{"a jump to nowhere"};
        return i.edges.push_back(one);
      }
      if ((letter == 'd' || letter == 'p' || letter == 'r') && one >= f_.places.size()) throw Malformed{"a place that is not there"};
      if (letter == 'd') i.targets.push_back(one);
      i.numbers.push_back(one);
    };
    for (char letter : spec::row_of(op).operands) {
      if (letter != 'U' && letter != 'D' && letter != 'B') {
        take(letter);
        continue;
      }
      for (uint32_t n = words.next(); n > 0; --n) take(static_cast<char>(letter - 'A' + 'a'));
    }
    return i;
  }

  Operand operand(uint32_t word) const {
    const spec::Operand o = spec::decode_operand(word);
    if (o.mode == spec::OperandMode::Constant) return {o.mode, 0, static_cast<TypeKind>(row_at(m_.constants, o.index).kind)};
    if (o.index >= f_.places.size()) throw Malformed{"an operand that is not there"};
    return {o.mode, o.index, {}};
  }

  const Module& m_;
  Function f_;
};

// Registers that an instruction uses. Writing a part is a use of the whole: the rest must be there, with what it borrows. (rustc has a
// weaker opinion: who writes a part of what is read no more ends what the part had borrowed.)
Registers uses_of(const Function& f, const Instruction& i) {
  Registers out;
  for (const Operand& o : i.operands)
    if (o.mode != spec::OperandMode::Constant) out.insert(f.places[o.place].base);
  const auto use = [&](uint32_t place) { out.insert(f.places[place].base); };
  switch (i.op) {
    case spec::Opcode::Borrow: use(row_at(f.types.module().loans, f.row.loans.first + i.numbers.at(1)).place()); break;
    case spec::Opcode::Tag:
    case spec::Opcode::Len: use(i.numbers.at(1)); break;
    case spec::Opcode::Drop:
    case spec::Opcode::DropFlag:
    case spec::Opcode::Replace: use(i.numbers.at(0)); break;
    default: break;
  }
  for (uint32_t target : i.targets)
    if (!f.places[target].whole()) use(target);
  return out;
}

void solve_liveness(Function& f) {
  std::vector<Registers> entry(f.blocks.size());
  f.live.resize(f.blocks.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = f.blocks.size(); b-- > 0;) {
      Registers live;
      for (uint32_t next : f.blocks[b].back().edges) live.insert(entry[next].begin(), entry[next].end());
      f.live[b].resize(f.blocks[b].size());
      for (size_t k = f.blocks[b].size(); k-- > 0;) {
        const Instruction& i = f.blocks[b][k];
        f.live[b][k] = live;
        for (uint32_t target : i.targets)
          if (f.places[target].whole()) live.erase(target);
        live.merge(uses_of(f, i));
      }
      changed |= live != entry[b];
      entry[b] = std::move(live);
    }
  }
}

}  // namespace

Function read_function(const TypeBook& types, uint32_t function) {
  Function f = Reader(types, function).run();
  solve_liveness(f);
  return f;
}

}  // namespace stark::oracle

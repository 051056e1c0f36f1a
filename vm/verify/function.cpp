// vm/verify/function.cpp — proof 5: one function, block by block in order, each block once, each edge alone.
// Room: vm/verify. Essay: vm/verify/README.md, "One pass". In: Bundle, Types. Out: types of all places, or the first refusal.
#include <map>

#include "vm/verify/rules.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Opcode;

struct LineAt {
  std::string_view file;
  const spec::LineRow* row = nullptr;
};

LineAt line_at(const Body& b) {
  LineAt at;
  if (b.f.file == kNone) return at;
  at.file = b.m.text_of(b.m.files[b.f.file]);
  for (uint32_t i = 0; i < b.f.lines.count; ++i) {
    const spec::LineRow& row = b.m.lines[b.f.lines.first + i];
    if (row.word <= b.word) at.row = &row;
  }
  return at;
}

class FunctionProof {
 public:
  explicit FunctionProof(Body& body) : b(body) {}

  Result<void> run() {
    STARK_TRY(check_blocks());
    for (uint32_t block = 0; block < b.blocks.size(); ++block) STARK_TRY(prove_block(block));
    return {};
  }

 private:
  // Blocks are stretches of code, in order, none empty, the first at the beginning.
  Result<void> check_blocks() {
    if (b.blocks.empty() || b.blocks[0].code_first != 0) return refuse_at(b, Refusal::BlockStructure, "the first block does not begin the code");
    for (size_t i = 0; i < b.blocks.size(); ++i) {
      const uint32_t end = i + 1 < b.blocks.size() ? b.blocks[i + 1].code_first : static_cast<uint32_t>(b.code.size());
      if (end <= b.blocks[i].code_first || end > b.code.size()) return refuse_at(b, Refusal::BlockStructure, "blocks are empty or out of order");
    }
    if (b.blocks[0].state != kNone) return refuse_at(b, Refusal::BlockStructure, "the first block declares a state; the signature gives it");
    return {};
  }

  State entry_state() const {
    State state;
    state.held.assign(b.registers.size(), Held::Unset);
    state.moved.resize(b.registers.size());
    state.regions.resize(b.region_count);
    for (uint32_t r = 0; r < b.signature.parameters.count; ++r) state.held[r] = Held::Whole;
    return state;
  }

  Result<State> state_before(uint32_t block) {
    if (block == 0) return entry_state();
    if (b.blocks[block].state != kNone) return declared_state(b, block);
    const auto taken = pending_.find(block);
    if (taken == pending_.end()) {
      return refuse_at(b, Refusal::BlockStructure, fmt::format("block {} declares no state and no earlier block leads to it", block));
    }
    State state = std::move(taken->second);
    pending_.erase(taken);
    return state;
  }

  Result<void> prove_block(uint32_t block) {
    b.word = b.blocks[block].code_first;
    if (!stays_) {
      auto before = state_before(block);
      if (!before) return std::unexpected(before.error());
      enter(b, std::move(*before));
    }
    stays_ = false;
    const uint32_t end = block + 1 < b.blocks.size() ? b.blocks[block + 1].code_first : static_cast<uint32_t>(b.code.size());
    bool ended = false;
    for (uint32_t at = b.blocks[block].code_first; at < end;) {
      b.word = at;
      if (ended) return refuse_at(b, Refusal::BlockStructure, "code behind the end of a block");
      const uint32_t head = b.code[at];
      const uint32_t code = head & 0xFFFF, length = head >> 16;
      if (code >= spec::opcodes().size()) return refuse_at(b, Refusal::Structure, fmt::format("instruction {} is not known", code));
      if (length >= end - at) return refuse_at(b, Refusal::Structure, "an instruction runs out of its block");
      const auto op = static_cast<Opcode>(code);
      const auto words = b.code.subspan(at + 1, length);
      STARK_TRY(check_instruction(b, op, words, fields_));
      if (spec::ends_block(op)) {
        STARK_TRY(leave(block, op, words));
        ended = true;
      }
      at += length + 1;
    }
    if (!ended) return refuse_at(b, Refusal::BlockStructure, "a block without an end");
    return {};
  }

  // Every target, each edge alone. Block operands are the words that the row calls b or B.
  Result<void> leave(uint32_t block, Opcode op, std::span<const uint32_t> words) {
    size_t at = 0;
    for (char letter : spec::row_of(op).operands) {
      if (letter == 'b') {
        STARK_TRY(go(block, words[at]));
      } else if (letter == 'B') {
        for (uint32_t i = 1; i <= words[at]; ++i) STARK_TRY(go(block, words[at + i]));
      }
      ++at;
    }
    return {};
  }

  Result<void> go(uint32_t from, uint32_t target) {
    if (target == 0) return refuse_at(b, Refusal::BlockStructure, "a jump to the entry of the function");
    if (b.blocks[target].state == kNone) {
      if (target <= from) return refuse_at(b, Refusal::BlockStructure, fmt::format("a jump back to block {}, which declares no state", target));
      if (entered_.size() <= target) entered_.resize(b.blocks.size(), false);
      if (entered_[target]) return refuse_at(b, Refusal::BlockStructure, fmt::format("block {} is entered twice and declares no state", target));
      entered_[target] = true;
      if (target == from + 1) stays_ = true;  // it is proven next, before anything changes the state
      else pending_.emplace(target, b.state);
      return {};
    }
    const auto declared = declared_state(b, target);
    if (!declared) return std::unexpected(declared.error());
    return check_arrival(b, *declared);
  }

  Body& b;
  std::map<uint32_t, State> pending_;  // states on their way to blocks that declare none
  std::vector<bool> entered_;
  Fields fields_;
  bool stays_ = false;  // the next block takes over the state as it is
};

}  // namespace

std::unexpected<Error> refuse_at(const Body& b, Refusal which, std::string found) {
  const LineAt at = line_at(b);
  const std::string source = at.row == nullptr ? "" : fmt::format(" ({}:{}:{})", at.file, at.row->line, at.row->column);
  return refuse(which, fmt::format("in `{}`, at word {}{}: {}", b.m.text_of(b.f.name), b.word, source, found));
}

std::string describe(const Body& b, uint32_t p) {
  std::string text = fmt::format("r{}", b.place(p).base);
  for (const Step& step : b.place(p).steps) {
    switch (step.kind) {
      case ProjectionKind::Field: text += fmt::format(".{}", step.argument); break;
      case ProjectionKind::ConstIndex: text += fmt::format("[{}]", step.argument); break;
      case ProjectionKind::Index: text += fmt::format("[r{}]", step.argument); break;
      case ProjectionKind::Deref: text += ".*"; break;
      case ProjectionKind::Variant: text += fmt::format(" as {}", step.argument); break;
      case ProjectionKind::None: break;
    }
  }
  return text;
}

Result<std::vector<uint32_t>> prove_function(const spec::Bundle& bundle, const Types& types, uint32_t function, Watch* watch) {
  auto body = open_body(bundle, types, function);
  if (!body) {
    body.error().message = fmt::format("in `{}`: {}", bundle.module.text_of(bundle.module.functions[function].name), body.error().message);
    return std::unexpected(body.error());
  }
  body->watch = watch;
  STARK_TRY(FunctionProof(*body).run());
  std::vector<uint32_t> place_types;
  for (const PlaceInfo& place : body->places) place_types.push_back(place.type.type);
  return place_types;
}

}  // namespace stark::vm

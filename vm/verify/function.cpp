// vm/verify/function.cpp — proof 5: one function, block by block in order, each block once, each edge alone.
// Room: vm/verify. Essay: vm/verify/README.md, "One pass". In: Bundle, Types. Out: types of all places, or the first refusal.
#include <memory>

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

// A state that a jump left for a block that declares none; all targets of the jump share it.
class Left {
 public:
  explicit Left(Body& b) : whole_(b.state.whole), unset_(b.state.unset), maybe_(b.state.maybe), moved_(b.state.moved) {
    for (uint32_t region : b.state.full) loans_.insert(loans_.end(), b.state.regions[region].begin(), b.state.regions[region].end());
    size_t begin = 0;
    for (uint32_t region : b.state.full) {
      regions_.push_back({region, Loans(loans_).subspan(begin, b.state.regions[region].size())});
      begin += regions_.back().loans.size();
    }
    constexpr size_t kRoomOfEach = 16;  // what is kept takes memory, not only time
    b.spend(kRoomOfEach * (whole_.size() + unset_.size() + maybe_.size() + moved_.size() + regions_.size() + loans_.size()));
  }
  Left(const Left&) = delete;

  void enter(Body& b) const { vm::enter(b, {whole_, unset_, maybe_, moved_, regions_}); }

 private:
  Registers whole_, unset_;
  std::vector<uint32_t> maybe_;
  std::vector<Moved> moved_;
  std::vector<uint32_t> loans_;  // one region's behind the other's
  std::vector<Expected::Region> regions_;
};

class FunctionProof {
 public:
  explicit FunctionProof(Body& body) : b(body) {}

  Result<void> run() {
    STARK_TRY(check_blocks());
    pending_.resize(b.blocks.size());
    entered_.resize(b.blocks.size());
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

  // The state of a block that declares one, that the one jump to it left, or of the function's beginning.
  Result<void> begin(uint32_t block) {
    if (block == 0) {
      enter_function(b);
      return {};
    }
    if (b.blocks[block].state != kNone) {
      const auto declared = declared_state(b, block);
      if (!declared) return std::unexpected(declared.error());
      enter(b, *declared);
      return {};
    }
    if (pending_[block] == nullptr) {
      return refuse_at(b, Refusal::BlockStructure, fmt::format("block {} declares no state and no earlier block leads to it", block));
    }
    pending_[block]->enter(b);
    pending_[block] = nullptr;
    return {};
  }

  Result<void> prove_block(uint32_t block) {
    b.word = b.blocks[block].code_first;
    if (!stays_) STARK_TRY(begin(block));
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
      if (b.work < 0) return refuse_at(b, Refusal::Limit, "a function that takes too long to prove for its size");
      if (spec::ends_block(op)) {
        STARK_TRY(leave(block, op, words));
        ended = true;
      }
      at += length + 1;
    }
    if (!ended) return refuse_at(b, Refusal::BlockStructure, "a block without an end");
    return {};
  }

  // Every target, each edge alone, and one that is there twice once. Block operands are the words that the row calls b or B.
  Result<void> leave(uint32_t block, Opcode op, std::span<const uint32_t> words) {
    left_ = nullptr;
    size_t at = 0;
    uint32_t before = kNone;
    const auto to = [&](uint32_t target) {
      if (target == before && b.blocks[target].state != kNone) return Result<void>{};
      before = target;
      return go(block, target);
    };
    for (char letter : spec::row_of(op).operands) {
      if (letter == 'b') {
        STARK_TRY(to(words[at]));
      } else if (letter == 'B') {
        for (uint32_t i = 1; i <= words[at]; ++i) STARK_TRY(to(words[at + i]));
      }
      ++at;
    }
    return {};
  }

  Result<void> go(uint32_t from, uint32_t target) {
    if (target == 0) return refuse_at(b, Refusal::BlockStructure, "a jump to the entry of the function");
    if (b.blocks[target].state != kNone) {
      const auto declared = declared_state(b, target);
      if (!declared) return std::unexpected(declared.error());
      return check_arrival(b, *declared);
    }
    if (target <= from) return refuse_at(b, Refusal::BlockStructure, fmt::format("a jump back to block {}, which declares no state", target));
    if (entered_[target]) return refuse_at(b, Refusal::BlockStructure, fmt::format("block {} is entered twice and declares no state", target));
    entered_[target] = true;
    if (target == from + 1) {
      stays_ = true;  // it is proven next, before anything changes the state
      return {};
    }
    if (left_ == nullptr) left_ = std::make_shared<const Left>(b);
    pending_[target] = left_;
    return {};
  }

  Body& b;
  std::vector<std::shared_ptr<const Left>> pending_;  // by block: states on their way to those that declare none
  std::shared_ptr<const Left> left_;                  // of the current jump
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

FunctionProver::FunctionProver(const spec::Bundle& bundle, const Types& types) : body_(std::make_unique<Body>(bundle, types)) {}
FunctionProver::~FunctionProver() = default;

Result<std::vector<uint32_t>> FunctionProver::prove(uint32_t function, Watch* watch) {
  body_->watch = watch;
  if (auto opened = open_body(*body_, function); !opened) {
    opened.error().message = fmt::format("in `{}`: {}", body_->m.text_of(body_->m.functions[function].name), opened.error().message);
    return std::unexpected(opened.error());
  }
  STARK_TRY(FunctionProof(*body_).run());
  std::vector<uint32_t> place_types;
  place_types.reserve(body_->places.size());
  for (const PlaceInfo& place : body_->places) place_types.push_back(place.type.type);
  return place_types;
}

}  // namespace stark::vm

// vm/load/translate.cpp — the walk over a function's blocks, and the binding of its jumps.
// Room: vm/load. In: code words. Out: operations in Function::ops.
#include "vm/load/translate.h"

#include <algorithm>

#include "vm/load/improve.h"

namespace stark::vm {

using spec::Opcode;

Translator::Translator(Program& program, Emission& emission, uint32_t index, const Layout& layout, uint32_t body)
    : p_(program), e_(emission), index_(index), layout_(layout), body_(body), row_(program.module().functions[index]),
      code_(std::span(program.module().code).subspan(row_.code.first, row_.code.count)), held_(emission.scratch) {}

void Translator::run(Program& program, Function& function) {
  function.bodies.push_back({function.index, spec::kNone, 0, &function.layout});
  Emission e{function, {program.handlers(), {}, {}, {}, {}}, {}, function.frame_size, 0, 0};
  Translator(program, e, function.index, function.layout, 0).translate();
  if (program.translation().improves) {
    Improvable it = improvable(program, e);
    improve(it);
    function.roots = std::move(it.roots);
  }
  bind(e);
}

void Translator::translate() {
  count_uses();
  find_heads();
  for (uint32_t r = 0; r < row_.registers.count; ++r) {
    const bool is_parameter = (m().registers[row_.registers.first + r].flags & spec::kParameter) != 0;
    if (is_parameter || body_ != 0) set_flag(r, is_parameter);
  }
  if (watches()) watch(WatchAt::Enter);
  first_label_ = static_cast<uint32_t>(e_.code.labels.size());
  e_.code.labels.resize(first_label_ + row_.blocks.count + 1);
  for (uint32_t b = 0; b < row_.blocks.count; ++b) block(b);
  e_.code.labels[label_of(row_.blocks.count)] = static_cast<uint32_t>(e_.code.ops.size());
}

void Translator::block(uint32_t b) {
  block_ = b;
  e_.code.labels[label_of(b)] = static_cast<uint32_t>(e_.code.ops.size());
  at_ = m().blocks[row_.blocks.first + b].code_first;
  end_ = b + 1 < row_.blocks.count ? m().blocks[row_.blocks.first + b + 1].code_first : code_.size();
  word_ = static_cast<uint32_t>(at_);
  if (p_.has_threads() && (heads_[b] || (b == 0 && calls_))) emit(Exec::Poll);
  if (looks() && heads_[b]) emit(Exec::Look);
  if (p_.translation().meters) emit(Exec::Meter, 0, 0, 0, instructions_until_end());
  while (at_ < end_) {
    const Instruction i = instruction_at(at_);
    word_ = static_cast<uint32_t>(at_);
    at_ += 1 + i.words.size();
    for (size_t s = 0; s < e_.scratch.size(); ++s) e_.scratch[s].is_used = s < held_.size() && held_[s].is_used;
    if (looks() && leaves_function(i.op)) emit(Exec::Look);
    if (watches()) watch(WatchAt::Before);
    instruction(i);
    if (watches() && !spec::ends_block(i.op)) watch(WatchAt::After);
  }
}

void Translator::watch(WatchAt at) { emit(Exec::Watch, static_cast<uint32_t>(at), word_); }

Instruction Translator::instruction_at(size_t at) const {
  const uint32_t head = code_[at];
  return {static_cast<Opcode>(head & 0xFFFF), code_.subspan(at + 1, head >> 16)};
}

// The instruction that comes next, for whoever does its work as well.
std::optional<Instruction> Translator::peek() const { return at_ < end_ && !watches() ? std::optional(instruction_at(at_)) : std::nullopt; }

uint64_t Translator::instructions_until_end() const {
  uint64_t count = 0;
  for (size_t at = at_; at < end_; at += 1 + (code_[at] >> 16)) ++count;
  return count;
}

void Translator::instruction(const Instruction& i) {
  const auto& w = i.words;
  switch (i.op) {
    case Opcode::Set: return set(w[0], w[1]);
    case Opcode::Replace:
      drop(w[0]);
      set(w[0], w[1]);
      if (types().facts(type_of(w[0])).needs_drop) emit(Exec::ReplaceDone);
      return;
    case Opcode::Make: return make(i, false);
    case Opcode::MakeVariant: return make(i, true);
    case Opcode::Repeat: return repeat(i);
    case Opcode::Box:
    case Opcode::Fn: return box(i);
    case Opcode::Dyn: return dyn(i);
    case Opcode::Tag: return tag(i);
    case Opcode::Len: return len(i);
    case Opcode::Borrow: return borrow(i);
    case Opcode::Drop: return drop(w[0]);
    case Opcode::DropFlag: return drop_flag(w[0]);
    case Opcode::End:
      // What a handle shared is kept by it no longer, though its word is still shown to the collector.
      if (types().is(register_type(w[0]), TypeKind::Gc)) emit(Exec::Const8, offset_of(w[0]));
      return set_flag(w[0], false);
    case Opcode::Add:
    case Opcode::Sub:
    case Opcode::Mul:
    case Opcode::Div:
    case Opcode::Rem:
    case Opcode::Pow: return arithmetic(i);
    case Opcode::And:
    case Opcode::Or:
    case Opcode::Xor: return bits(i);
    case Opcode::Shl:
    case Opcode::Shr: return shift(i);
    case Opcode::Neg:
    case Opcode::Not: return unary(i);
    case Opcode::Cast: return cast(i);
    case Opcode::Eq:
    case Opcode::Ne:
    case Opcode::Lt:
    case Opcode::Le:
    case Opcode::Gt:
    case Opcode::Ge: return compare(i);
    case Opcode::Format: return format(i);
    case Opcode::Call: return call(i);
    case Opcode::CallNative: return call_native(i);
    case Opcode::CallDyn: return call_dyn(i);
    case Opcode::CallForeign: return call_foreign(i);
    case Opcode::ForeignFn: return static_cast<void>(write_result(i, [&](uint32_t to) { emit(Exec::ForeignFn, to, 0, 0, i.words[1]); }));
    case Opcode::Jump: return jump(w[0]);
    case Opcode::Branch: return branch(i);
    case Opcode::Switch: return switch_on(i);
    case Opcode::Return: return give_back(i);
    case Opcode::Panic: {
      emit(Exec::Panic, in_frame(read(w[0])));
      return;
    }
    case Opcode::Static: return reach_static(i);
    default: return tensor(i);
  }
}

Op& Translator::emit(Exec code, uint32_t a, uint32_t b, uint32_t c, uint64_t imm) {
  Op op;
  op.a = a;
  op.b = b;
  op.c = c;
  op.imm = imm;
  e_.code.add(op, code, {word_, body_});
  return e_.code.ops.back();
}

Op& Translator::emit_jump(Exec code, uint32_t a, uint32_t b, uint32_t block, uint64_t imm) { return emit(code, a, b, label_of(block), imm); }

uint32_t Translator::scratch(uint32_t bytes) {
  for (Scratch& s : e_.scratch) {
    if (s.is_used || s.size != bytes) continue;
    s.is_used = true;
    return s.offset;
  }
  e_.scratch.push_back({bytes, e_.frame_end, true});
  e_.frame_end += (bytes + 7) / 8 * 8;
  return e_.scratch.back().offset;
}

// Values that need a drop are there for unwinding, handles of shared objects for those who count them.
Improvable Translator::improvable(const Program& program, Emission& e) {
  Improvable it{program, e.code, {}, e.function.roots, sizeof(FrameHeader), e.frame_end, std::vector<uint32_t>(e.frame_end, 0)};
  const auto add = [&](uint32_t index, const Layout& layout) {
    const spec::FunctionRow& row = program.module().functions[index];
    for (uint32_t r = 0; r < row.registers.count; ++r) {
      const spec::RegisterRow& reg = program.module().registers[row.registers.first + r];
      const TypeFacts& facts = program.types().facts(reg.type.type);
      const bool is_handle = program.types().is(reg.type.type, TypeKind::Gc) ||
                             std::ranges::any_of(facts.pointers, [](const PointerSlot& s) { return s.kind == PointerSlot::Kind::Weak; });
      it.areas.push_back({layout.registers[r], facts.size, facts.needs_drop || is_handle, false});
      const bool is_parameter = (reg.flags & spec::kParameter) != 0 && index == e.function.index;
      if (is_parameter) it.parameters_end = std::max(it.parameters_end, layout.registers[r] + facts.size);
      if (layout.flags[r] != 0) it.areas.push_back({layout.flags[r], 1, true, false});
    }
  };
  add(e.function.index, e.function.layout);
  for (const auto& [index, layout] : e.function.inlined) add(index, layout);
  for (const Scratch& s : e.scratch) it.areas.push_back({s.offset, s.size, false, true});
  for (uint32_t a = 0; a < it.areas.size(); ++a) std::fill_n(it.area_at.begin() + it.areas[a].offset, it.areas[a].size, a + 1);
  return it;
}

// Now every label has its place and the frame its size.
void Translator::bind(Emission& e) {
  Code& code = e.code;
  const auto distance = [&](uint32_t label, size_t from) { return static_cast<int32_t>(code.labels[label]) - static_cast<int32_t>(from); };
  for (size_t at = 0; at < code.ops.size(); ++at) {
    Op& op = code.ops[at];
    if (is_jump(code.codes[at])) op.c = static_cast<uint32_t>(distance(op.c, at));
    if (code.codes[at] == Exec::Switch) {
      auto& targets = targets_of(op);
      for (int32_t& target : targets) target = distance(static_cast<uint32_t>(target), at);
      op.site = targets.data();
    }
    for (uint32_t* offset : {&op.a, &op.b}) {
      if ((*offset & kOutgoing) != 0) *offset = (*offset & ~kOutgoing) + e.frame_end;
    }
  }
  Function& f = e.function;
  f.frame_size = e.frame_end;
  f.reach = e.frame_end + e.outgoing;
  // Flags stand behind the pointers.
  uint32_t from = f.zero_from + f.zero_bytes, end = f.zero_from;
  for (const RootSlot& r : f.roots) {
    if (r.offset < f.zero_from) continue;
    from = std::min(from, r.offset);
    end = std::max(end, r.offset + 8);
  }
  const auto cover = [&](const Layout& layout) {
    for (const uint32_t flag : layout.flags) {
      if (flag == 0) continue;
      from = std::min(from, flag / 8 * 8);
      end = std::max(end, flag / 8 * 8 + 8);
    }
  };
  cover(f.layout);
  for (const auto& [index, layout] : f.inlined) cover(layout);
  f.zero_from = from;
  f.zero_bytes = end > from ? end - from : 0;
  f.ops = std::move(code.ops);
  f.codes = std::move(code.codes);
  f.origins = std::move(code.origins);
  f.ops.shrink_to_fit();
  f.entry.store(f.ops.data(), std::memory_order_release);
}

// Nothing runs for long without coming to a head of a loop or the entry of a function that calls.
void Translator::find_heads() {
  heads_.assign(row_.blocks.count, false);
  calls_ = false;
  if (!p_.has_threads() && !looks()) return;
  uint32_t b = 0;
  for (size_t at = 0; at < code_.size(); at += 1 + (code_[at] >> 16)) {
    while (b + 1 < row_.blocks.count && m().blocks[row_.blocks.first + b + 1].code_first <= at) ++b;
    const auto op = static_cast<Opcode>(code_[at] & 0xFFFF);
    calls_ |= op == Opcode::Call || op == Opcode::CallDyn;
    const auto jumps_to = [&](uint32_t block) {
      if (block <= b) heads_[block] = true;
    };
    if (op == Opcode::Jump) jumps_to(code_[at + 1]);
    if (op == Opcode::Branch) jumps_to(code_[at + 2]), jumps_to(code_[at + 3]);
    if (op != Opcode::Switch) continue;
    for (uint32_t t = 0; t < code_[at + 2]; ++t) jumps_to(code_[at + 3 + t]);
  }
}

// How often each register is named, `end` aside: a result that is used once can go straight to its use.
void Translator::count_uses() {
  uses_.assign(row_.registers.count, 0);
  const auto name_place = [&](uint32_t place) {
    if (is_register(place)) {
      ++uses_[place];
      return;
    }
    const spec::PlaceRow& row = place_row(place);
    ++uses_[row.base];
    for (size_t s = 0; s < row.kinds.size(); ++s) {
      if (row.kinds[s] == static_cast<uint8_t>(spec::ProjectionKind::Index)) ++uses_[row.arguments[s]];
    }
  };
  const auto name_operand = [&](uint32_t word) {
    const spec::Operand o = spec::decode_operand(word);
    if (o.mode != spec::OperandMode::Constant) name_place(o.index);
  };
  for (size_t at = 0; at < code_.size(); at += 1 + (code_[at] >> 16)) {
    size_t w = at + 1;
    const auto op = static_cast<Opcode>(code_[at] & 0xFFFF);
    for (char letter : spec::row_of(op).operands) {
      switch (letter) {
        case 'd':
        case 'p': name_place(code_[w++]); break;
        case 'r':
          if (op != Opcode::End) ++uses_[code_[w]];
          ++w;
          break;
        case 'l': name_place(m().loans[row_.loans.first + code_[w++]].place()); break;
        case 'u': name_operand(code_[w++]); break;
        case 'D':
          for (uint32_t n = code_[w++]; n > 0; --n) name_place(code_[w++]);
          break;
        case 'U':
          for (uint32_t n = code_[w++]; n > 0; --n) name_operand(code_[w++]);
          break;
        case 'B': w += code_[w] + 1; break;
        default: ++w;
      }
    }
  }
}

}  // namespace stark::vm

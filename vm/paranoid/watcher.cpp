// vm/paranoid/watcher.cpp — what each instruction takes, before it runs, and how functions are entered and left.
// Room: vm/paranoid. Essay: vm/paranoid/README.md. In: see watcher.h.
#include "vm/paranoid/watcher.h"

#include <fmt/format.h>

#include "bytecode-spec/operand.h"

namespace stark::vm::paranoid {

using spec::Opcode;
using spec::OperandMode;

Watcher::Watcher(Host& host, const std::byte* stack, size_t bytes) : host_(host), shadow_(stack, bytes), plain_(host.program.module().types.size(), -1) {
  host_.runtime.heap.add_listener(this);
}
Watcher::~Watcher() { host_.runtime.heap.remove_listener(this); }

void Watcher::begin_moving() {
  shadow_.begin_moving();
  loans_.begin_moving(shadow_.stack());
}
void Watcher::moved(const void* from, const void* to, size_t bytes) {
  const Stretch memory = Stretch::of(from, bytes);
  shadow_.moved(memory, reinterpret_cast<uintptr_t>(to));
  loans_.moved(memory, reinterpret_cast<uintptr_t>(to));
}
void Watcher::end_moving() {
  shadow_.end_moving();
  loans_.end_moving();
}

std::string Watcher::where(Site site) const {
  const Position p = host_.program.position_of({site.function, site.word, nullptr});
  const std::string_view name = host_.program.function_name(site.function);
  return p.line == 0 ? fmt::format("`{}`, word {}", name, site.word) : fmt::format("`{}`, word {} ({}:{}:{})", name, site.word, p.file, p.line, p.column);
}

bool Watcher::complain(const At& i, std::string what, Tag tag) {
  std::string text = fmt::format("paranoid: in {}: {}", where(site(i)), what);
  if (tag != 0) text += fmt::format("; it was lent in {}, and {} in {}", where(loans_[tag].made), text_of(loans_[tag].end), where(loans_[tag].ended));
  host_.fail(Exit::Internal, std::move(text), "the proof should have refused this bundle: please report it, with the bundle");
  return false;
}

Watcher::At Watcher::at(const Function& function, uint32_t word, std::byte* fp) const {
  const spec::FunctionRow& row = m().functions[function.index];
  const uint32_t head = m().code[row.code.first + word];
  return {function, row, word, fp, static_cast<Opcode>(head & 0xFFFF), Words(m().code).subspan(row.code.first + word + 1, head >> 16)};
}

// What the frame keeps between before and after; of frames that were left, nothing is kept.
Watcher::Pending& Watcher::pending(std::byte* fp) {
  while (!pending_.empty() && pending_.back().fp > fp) pending_.pop_back();
  if (pending_.empty() || pending_.back().fp != fp) pending_.push_back({fp, {}, {}, {}, false});
  return pending_.back();
}

// Arguments are in the parameters; all else of the frame is empty, whatever lay there before.
bool Watcher::enter(const Function& function, std::byte* fp) {
  const spec::FunctionRow& row = m().functions[function.index];
  const Stretch frame = Stretch::of(fp, function.frame_size);
  loans_.end_all(frame, End::StorageGone, {function.index, 0});
  shadow_.hold(fp, function.frame_size, Held::Gone);
  shadow_.set_tags(fp, function.frame_size);
  for (uint32_t r = 0; r < row.registers.count; ++r) {
    const spec::RegisterRow& reg = m().registers[row.registers.first + r];
    if ((reg.flags & spec::kParameter) == 0) continue;
    std::byte* address = fp + function.layout.registers[r];
    shadow_.hold(address, types().size(reg.type.type), Held::Here);
    if (r < arguments_.size()) shadow_.set_tags(address, types().size(reg.type.type), arguments_[r].tags);
  }
  arguments_.clear();
  if (loans_.is_crowded()) collect_unnamed(fp + function.frame_size);
  return true;
}

void Watcher::collect_unnamed(const std::byte* top) {
  loans_.give_up_unnamed([&](auto keep) {
    shadow_.for_each_tag(top, keep);
    for (const TagAt& t : returned_) keep(t.tag);
    for (const Pending& p : pending_) {
      keep(p.user.through);
      for (const Taken& taken : p.operands) {
        for (const TagAt& t : taken.tags) keep(t.tag);
      }
    }
  });
}

bool Watcher::before(const Function& function, uint32_t word, std::byte* fp) {
  const At i = at(function, word, fp);
  pending(fp).operands.clear();
  pending(fp).tags.clear();
  pending(fp).is_known = false;
  arguments_.clear();
  switch (i.op) {
    case Opcode::Borrow: {
      const spec::LoanRow& loan = m().loans[i.row.loans.first + i.words[1]];
      Spot spot;
      if (!touch(i, loan.place(), loan.is_mut() ? Touch::Lend : Touch::Share, spot)) return false;
      pending(fp).user = {spot.user.through, spot.user.inside, {}};
      pending(fp).is_known = spot.is_known;
      break;
    }
    case Opcode::Tag: {
      Spot spot;
      if (!find(i, i.words[1], spot)) return false;
      if (spot.is_checked_by_loop) break;
      const uint32_t bytes = types().facts(spot.type).tag_bytes;
      if (!shadow_.is_here(spot.address, bytes, spot.least)) return complain(i, "a variant is asked for where nothing is");
      if (spot.is_known) loans_.use(Stretch::of(spot.address, bytes), End::Read, spot.user, site(i));
      break;
    }
    case Opcode::Len: {
      Spot spot;
      if (!find(i, i.words[1], spot)) return false;
      if (!spot.is_checked_by_loop && !spot.is_unsized && !shadow_.is_here(spot.address, types().size(spot.type), spot.least)) return complain(i, "a length is asked for where nothing is");
      break;
    }
    case Opcode::Drop: return drop_place(i, i.words[0]);
    case Opcode::DropFlag: return drop_flag(i, i.words[0]);
    case Opcode::End:
      if (owes(register_type(i, i.words[0]), register_at(i, i.words[0]))) return complain(i, fmt::format("r{} ends, and what it owns is dropped by nobody", i.words[0]));
      shadow_.hold(register_at(i, i.words[0]), types().size(register_type(i, i.words[0])), Held::Retired);
      return true;
    default: break;
  }
  if (!operands(i, i.words)) return false;
  if (i.op == Opcode::Return) return leave(i);
  if (i.op == Opcode::Call || i.op == Opcode::CallDyn) arguments_ = pending(fp).operands;
  return true;
}

// Operands as their letters say, in order; then where the result goes.
bool Watcher::operands(const At& i, Words words) {
  const bool uses_references = i.op == Opcode::CallNative || i.op == Opcode::CallForeign || i.op == Opcode::Format || (i.op >= Opcode::Tensor && i.op <= Opcode::TensorNarrow);
  size_t w = 0;
  std::vector<uint32_t> written;
  for (const char letter : spec::row_of(i.op).operands) {
    switch (letter) {
      case 'u':
        if (!operand(i, words[w++])) return false;
        break;
      case 'U':
        for (uint32_t n = words[w++]; n > 0; --n) {
          if (!operand(i, words[w++])) return false;
        }
        break;
      case 'd': written.push_back(words[w++]); break;
      case 'D':
        for (uint32_t n = words[w++]; n > 0; --n) written.push_back(words[w++]);
        break;
      case 'B': w += words[w] + 1; break;
      default: ++w;
    }
  }
  // One of them may have been lent of another that was moved.
  for (const Taken& taken : pending(i.fp).operands) {
    if (taken.address != nullptr && !all_hold(i, taken.address, taken.tags)) return false;
  }
  if (uses_references) {
    for (const Taken& taken : pending(i.fp).operands) {
      if (!reference(i, taken)) return false;
    }
  }
  for (const uint32_t place : written) {
    Spot spot;
    if (!find(i, place, spot)) return false;
    if (spot.is_checked_by_loop) continue;
    if (spot.is_shared) return complain(i, "what others share is written");
    if (i.op == Opcode::Replace) {
      Spot whole;
      if (!touch(i, place, Touch::Replace, whole)) return false;
    } else if (owes(spot.type, spot.address)) {
      return complain(i, "a value is overwritten, and what it owned is dropped by nobody");
    }
  }
  return true;
}

bool Watcher::operand(const At& i, uint32_t word) {
  const spec::Operand o = spec::decode_operand(word);
  Taken taken;
  if (o.mode != OperandMode::Constant) {
    Spot spot;
    if (!touch(i, o.index, o.mode == OperandMode::Move ? Touch::Move : Touch::Read, spot)) return false;
    if (!spot.is_checked_by_loop) {
      const uint32_t bytes = types().size(spot.type);
      taken = {spot.address, spot.type, shadow_.tags(spot.address, bytes)};
      if (!all_hold(i, spot.address, taken.tags)) return false;
      if (o.mode != OperandMode::Copy) shadow_.hold(spot.address, bytes, o.mode == OperandMode::Move ? Held::Gone : Held::Retired);
      if (o.mode == OperandMode::Move && spot.hollow != nullptr) shadow_.hold(spot.hollow, sizeof(void*), Held::Hollow);
    }
  }
  for (const TagAt& t : taken.tags) pending(i.fp).tags.push_back(t.tag);
  pending(i.fp).operands.push_back(std::move(taken));
  return true;
}

// Whoever still has a reference may use it; so those that nobody may use are in nobody's hands.
bool Watcher::all_hold(const At& i, const std::byte* value, std::span<const TagAt> tags) {
  for (const TagAt& t : tags) {
    const Loan& loan = loans_[t.tag];
    if (loan.end == End::NotYet || loan.end == End::Forgotten) continue;
    if (loan.memory.holds(Stretch::of(load<std::byte*>(value + t.offset), 0))) return complain(i, "a reference goes on that does not hold any more", t.tag);
  }
  return true;
}

// A native that can write behind a reference may put other references there.
void Watcher::forget_behind(const Taken& reference) {
  const uint32_t pointee = types().row(reference.type).a;
  if (types().facts(reference.type).region_slots < 2 || (types().row(reference.type).b == 0 && is_plain(pointee))) return;
  if (types().is_fat(reference.type)) {
    const Stretch memory = behind(reference.type, reference.address, load<std::byte*>(reference.address));
    return shadow_.set_tags(reinterpret_cast<const std::byte*>(memory.begin), memory.end - memory.begin);
  }
  const std::vector<Stretch> all = owned(pointee, load<std::byte*>(reference.address), true);
  if (all.size() >= kMostStretches) return shadow_.forget_tags();
  for (const Stretch& s : all) shadow_.set_tags(reinterpret_cast<const std::byte*>(s.begin), s.end - s.begin);
}

// A native looks at what a reference stands for, or writes there.
bool Watcher::reference(const At& i, const Taken& value) {
  if (value.type == spec::kNone || !types().is(value.type, TypeKind::Ref)) return true;
  forget_behind(value);
  if (value.tags.empty()) return true;
  const Tag tag = value.tags.front().tag;
  auto* first = load<std::byte*>(value.address);
  const Stretch memory = behind(value.type, value.address, first);
  const Loan& loan = loans_[tag];
  if (loan.end == End::Forgotten || !loan.memory.holds(memory)) return true;
  const bool is_mut = types().row(value.type).b != 0;
  if (is_mut && !loan.is_mut) return complain(i, "a shared loan is passed on for writing", tag);
  const End end = is_mut ? End::Written : End::Read;
  const User user{tag, loan.inside, pending(i.fp).tags};
  if (types().is_fat(value.type)) {
    loans_.use(memory, end, user, site(i));
  } else {
    for (const Stretch& s : owned(types().row(value.type).a, first, is_mut)) loans_.use(s, end, user, site(i));
  }
  return true;
}

bool Watcher::drop_place(const At& i, uint32_t place) {
  Spot spot;
  if (!touch(i, place, Touch::Drop, spot)) return false;
  return spot.is_checked_by_loop || destructors_may_look(i, spot.type, spot.address);
}

// A destructor may use whatever it finds in its value.
bool Watcher::destructors_may_look(const At& i, uint32_t type, const std::byte* address) {
  if (types().facts(type).region_slots == 0) return true;
  if (types().drop_function(type) != spec::kNone) {
    const std::vector<TagAt> tags = shadow_.tags(address, types().size(type));
    if (!all_hold(i, address, tags)) return false;
    for (const TagAt& t : tags) {
      const Loan loan = loans_[t.tag];
      if (loan.end == End::NotYet) loans_.use(loan.memory, loan.is_mut ? End::Written : End::Read, {t.tag, loan.inside, {}}, site(i));
    }
    return true;
  }
  if (!types().is(type, TypeKind::Struct) && !types().is(type, TypeKind::Tuple)) return true;
  for (uint32_t f = 0; f < types().fields(type).count; ++f) {
    if (!destructors_may_look(i, types().field_type(types().fields(type), f), address + types().facts(type).field_offsets[f])) return false;
  }
  return true;
}

bool Watcher::drop_flag(const At& i, uint32_t reg) {
  const bool is_set = load<uint8_t>(i.fp + i.function.layout.flags[reg]) != 0;
  const uint32_t type = register_type(i, reg);
  if (is_set) return drop_place(i, reg);
  return !owes(type, register_at(i, reg)) || complain(i, fmt::format("r{} is not dropped, and something is in it", reg));
}

// The frame is empty when it is left.
bool Watcher::leave(const At& i) {
  for (uint32_t r = 0; r < i.row.registers.count; ++r) {
    if (owes(register_type(i, r), register_at(i, r))) return complain(i, fmt::format("the function returns, and what r{} owns is dropped by nobody", r));
  }
  returned_ = pending(i.fp).operands.front().tags;
  loans_.end_all(Stretch::of(i.fp, i.function.frame_size), End::StorageGone, site(i));
  shadow_.hold(i.fp, i.function.frame_size, Held::Gone);
  return true;
}

bool Watcher::after(const Function& function, uint32_t word, std::byte* fp) {
  const At i = at(function, word, fp);
  arguments_.clear();
  if (i.op == Opcode::Drop || i.op == Opcode::DropFlag) {
    Spot spot;
    if (!find(i, i.words[0], spot)) return false;
    if (spot.is_checked_by_loop) return true;
    shadow_.hold(spot.address, types().size(spot.type), Held::Gone);
    if (spot.hollow != nullptr) shadow_.hold(spot.hollow, sizeof(void*), Held::Hollow);
    if (types().is(spot.type, TypeKind::Scope)) shadow_.forget_tags();  // its threads may have written anywhere that they borrowed
    return true;
  }
  size_t w = 0;
  for (const char letter : spec::row_of(i.op).operands) {
    if (letter == 'd') {
      if (!arrive(i, i.words[w++])) return false;
    } else if (letter == 'D') {
      for (uint32_t n = i.words[w++]; n > 0; --n) {
        if (!arrive(i, i.words[w++])) return false;
      }
    } else {
      w += letter == 'U' || letter == 'B' ? i.words[w] + 1 : 1;
    }
  }
  return true;
}

}  // namespace stark::vm::paranoid

// vm/paranoid/arrivals.cpp — what an instruction has put into its place: it is there, and its words stand for what they stood for before.
// Room: vm/paranoid. In: an instruction that has run, its operands as they were taken. Out: the shadow of its result.
#include "vm/paranoid/watcher.h"

namespace stark::vm::paranoid {

using spec::Opcode;

bool Watcher::arrive(const At& i, uint32_t place) {
  Spot spot;
  if (!find(i, place, spot)) return false;
  if (spot.is_checked_by_loop) return true;
  const uint32_t bytes = types().size(spot.type);
  if (spot.is_known) loans_.use(Stretch::of(spot.address, bytes), End::Written, spot.user, site(i));
  shadow_.hold(spot.address, bytes, Held::Here);
  // All of what a box holds has come back.
  const bool is_all = place >= i.row.registers.count && spot.hollow != nullptr && spot.address == load<gc::Object*>(spot.hollow)->payload();
  if (is_all) shadow_.hold(spot.hollow, sizeof(void*), Held::Here);
  const std::vector<TagAt> tags = arriving(i, spot);
  shadow_.set_tags(spot.address, bytes, tags);
  return all_hold(i, spot.address, tags);
}

std::vector<TagAt> Watcher::arriving(const At& i, const Spot& to) {
  const Pending& p = pending(i.fp);
  switch (i.op) {
    case Opcode::Set:
    case Opcode::Replace:
    case Opcode::Dyn: return p.operands[0].tags;
    case Opcode::Make: return parts(i, to, false);
    case Opcode::MakeVariant: return parts(i, to, true);
    case Opcode::Repeat: {
      const uint32_t size = types().size(types().row(to.type).a);
      std::vector<TagAt> all;
      for (uint64_t e = 0; e < types().array_length(to.type) && !p.operands[0].tags.empty(); ++e) {
        for (const TagAt& t : p.operands[0].tags) all.push_back({static_cast<uint32_t>(e * size) + t.offset, t.tag});
      }
      return all;
    }
    case Opcode::Box:
    case Opcode::Fn:
      if (p.operands[0].type != spec::kNone) shadow_.set_tags(load<gc::Object*>(to.address)->payload(), types().size(p.operands[0].type), p.operands[0].tags);
      return {};
    case Opcode::Borrow: {
      if (!p.is_known) return {};
      const spec::LoanRow& loan = m().loans[i.row.loans.first + i.words[1]];
      return {{0, loans_.lend(behind(to.type, to.address, load<std::byte*>(to.address)), loan.is_mut(), p.user, site(i))}};
    }
    case Opcode::Call:
    case Opcode::CallDyn: return returned_;
    case Opcode::CallNative: return result_of_native(i, to);
    default: return {};
  }
}

std::vector<TagAt> Watcher::parts(const At& i, const Spot& to, bool is_variant) {
  const std::vector<Taken>& operands = pending(i.fp).operands;
  std::vector<TagAt> all;
  for (uint32_t part = 0; part < operands.size(); ++part) {
    const uint32_t offset = is_variant                             ? types().variant_offset(to.type, i.words[1], part)
                            : types().is(to.type, TypeKind::Array) ? part * types().size(types().row(to.type).a)
                                                                   : types().facts(to.type).field_offsets[part];
    for (const TagAt& t : operands[part].tags) all.push_back({offset + t.offset, t.tag});
  }
  return all;
}

// A reference that a native gives came by way of the one that it was given; of several nobody knows which.
std::vector<TagAt> Watcher::result_of_native(const At& i, const Spot& to) {
  if (!types().is(to.type, TypeKind::Ref)) return {};
  const Taken* given = nullptr;
  for (const Taken& taken : pending(i.fp).operands) {
    if (taken.type == spec::kNone || types().facts(taken.type).region_slots == 0) continue;
    if (given != nullptr || !types().is(taken.type, TypeKind::Ref)) return {};
    given = &taken;
  }
  if (given == nullptr || given->tags.empty()) return {};
  const Tag through = given->tags.front().tag;
  if (loans_[through].end != End::NotYet) return {};
  return {{0, loans_.lend(behind(to.type, to.address, load<std::byte*>(to.address)), types().row(to.type).b != 0, {through, loans_[through].inside, {}}, site(i))}};
}

}  // namespace stark::vm::paranoid

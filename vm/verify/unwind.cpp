// vm/verify/unwind.cpp — what is owed at a point, read off the state that the proof has there.
// Room: vm/verify. Essay: vm/verify/README.md, "Unwinding". In: Body at a watched point. Out: Owed, the youngest register first, borrowers before owners.
#include "vm/verify/unwind.h"

#include <algorithm>
#include <map>

#include "vm/verify/body.h"
#include "vm/verify/verify.h"

namespace stark::vm {
namespace {

// The steps to places that were moved away.
using Gone = std::vector<const Steps*>;

// What is left of a register of which places were moved away.
class Remains {
 public:
  Remains(const Body& body, uint32_t reg, std::vector<Owed>& out) : b(body), reg_(reg), out_(out) {
    for (const Moved& one : moved_of(b.state.moved, reg)) gone_.push_back(&b.place(one.place).steps);
  }

  // `gone`: the moved places that lie in this part; `depth`: the steps that lead here, where `path` leads too.
  void walk(uint32_t type, std::vector<uint32_t> path, size_t depth, const Gone& gone) {
    if (!b.facts(type).needs_drop) return;
    if (gone.empty()) return out_.push_back({reg_, std::move(path), type, false});
    if (std::ranges::any_of(gone, [&](const auto* steps) { return steps->size() == depth; })) return;
    const spec::TypeRow& row = b.m.types[type];
    switch (b.kind(type)) {
      case TypeKind::Struct:
      case TypeKind::Tuple:
        return fields({row.a, row.b}, path, depth, gone, b.facts(type).field_offsets);
      case TypeKind::Enum: {  // it is of the variant out of which something was moved
        const uint32_t v = (*gone[0])[depth].argument;
        const TypeFacts& facts = b.facts(type);
        return fields(b.m.variants[row.a + v].fields, path, depth + 1, gone, std::span(facts.field_offsets).subspan(facts.variant_first[v]));
      }
      case TypeKind::Array: return elements(type, path, depth, gone);
      case TypeKind::Box:
        path.push_back(0);
        return walk(row.a, std::move(path), depth + 1, gone);
      default: return;  // nothing can be moved out of a part of these and leave something behind
    }
  }
  const auto& gone() const { return gone_; }

 private:
  void fields(spec::Range fields, const std::vector<uint32_t>& path, size_t depth, const Gone& gone,
              std::span<const uint32_t> offsets) {
    for (uint32_t f = 0; f < fields.count; ++f) {
      Gone inside;
      for (const auto* steps : gone) {
        if (steps->size() == depth) return;  // the whole variant
        if ((*steps)[depth].argument == f) inside.push_back(steps);
      }
      std::vector<uint32_t> to = path;
      to.back() += offsets[f];
      walk(b.m.fields[fields.first + f].type.type, std::move(to), depth + 1, inside);
    }
  }

  void elements(uint32_t array, const std::vector<uint32_t>& path, size_t depth, const Gone& gone) {
    const spec::TypeRow& row = b.m.types[array];
    std::map<uint32_t, Gone> inside;
    for (const auto* steps : gone) inside[(*steps)[depth].argument].push_back(steps);
    for (uint64_t i = 0; i < (uint64_t{row.c} << 32 | row.b); ++i) {
      const auto found = inside.find(static_cast<uint32_t>(i));
      std::vector<uint32_t> to = path;
      to.back() += static_cast<uint32_t>(i) * b.facts(row.a).size;
      walk(row.a, std::move(to), depth + 1, found == inside.end() ? Gone() : found->second);
    }
  }

  const Body& b;
  uint32_t reg_;
  std::vector<Owed>& out_;
  Gone gone_;
};

void owe(const Body& b, uint32_t r, std::vector<Owed>& owed) {
  const uint32_t type = b.registers[r].type.type;
  const Held held = b.state.held(r);
  if (held != Held::Partly) return owed.push_back({r, {0}, type, held == Held::Maybe});
  Remains remains(b, r, owed);
  remains.walk(type, {0}, 0, remains.gone());
}

}  // namespace

// A destructor may look at what its value borrows, so nothing is dropped while a value that is still to be dropped borrows from
// it. Values that borrow from each other in a ring cannot be dropped at all, here as anywhere, and are left.
std::vector<Owed> owed_now(Body& b) {
  const State before = b.state;
  const int64_t work = b.work;  // looking is none
  std::vector<uint32_t> waiting;
  for (auto r = static_cast<uint32_t>(b.registers.size()); r-- > 0;) {
    if (!spec::has_bit(b.state.available, r)) continue;
    if (spec::has_bit(b.droppers, r)) {
      waiting.push_back(r);
    } else {
      make_unavailable(b, r);
    }
  }
  std::vector<Owed> owed;
  for (bool is_stuck = false; !is_stuck;) {
    is_stuck = std::erase_if(waiting, [&](uint32_t r) {
      if (b.state.live.has(r)) return false;
      owe(b, r, owed);
      make_unavailable(b, r);
      return true;
    }) == 0;
  }
  b.state = before;
  b.work = work;
  return owed;
}

std::vector<Owed> owed_at(const VerifiedModule& module, uint32_t function, uint32_t word, Moment moment) {
  Watch watch{word, moment, {}};
  // It has been proven before, so that it is proven again.
  CHECK(FunctionProver(module.bundle(), module.all_types()).prove(function, &watch).has_value());
  return watch.owed;
}

}  // namespace stark::vm

// tools/oracle/types.h — what the oracle must know of types: lifetime slots and how they vary, what copies, what drops, what a step leads to.
// Room: tools/oracle. Essay: README.md, "Types". In: type tables. Out: TypeBook. Throws Malformed where a table lacks a row.
#pragma once

#include <string>
#include <vector>

#include "bytecode-spec/tables.h"

namespace stark::oracle {

using spec::Module;
using spec::ProjectionKind;
using spec::TypeKind;
using Origin = uint32_t;  // a lifetime somewhere in a function: each slot of each register has its own

// Thrown inside the oracle alone, and caught by examine(): the bundle, or a function of it, makes no sense.
struct Malformed {
  std::string what;
};

template <class T>
const T& row_at(const std::vector<T>& table, uint64_t index) {
  if (index >= table.size()) throw Malformed{"an index that points outside its table"};
  return table[index];
}

struct Step {
  ProjectionKind kind{};
  uint32_t argument = 0;
  friend auto operator<=>(const Step&, const Step&) = default;
};

// A type in a position, each of its lifetimes an origin.
struct Typed {
  uint32_t type = 0;
  std::vector<Origin> slots;
};

class TypeBook {
 public:
  explicit TypeBook(const Module& module);

  const Module& module() const { return m_; }
  const spec::TypeRow& row(uint32_t t) const { return row_at(m_.types, t); }
  TypeKind kind(uint32_t t) const { return static_cast<TypeKind>(row(t).kind); }
  uint32_t slots(uint32_t t) const { return row_at(facts_, t).slots; }
  bool copies(uint32_t t) const { return row_at(facts_, t).copies; }
  bool drops(uint32_t t) const { return row_at(facts_, t).drops; }
  // Whether something can be written through this slot, so that it may not stand for less than it says.
  bool invariant(uint32_t t, size_t slot) const { return row_at(facts_, t).invariant.at(slot); }
  bool has_destructor(uint32_t t) const;
  static bool is_handle(TypeKind kind) { return kind == TypeKind::Guard || kind == TypeKind::Gc || kind == TypeKind::Arc; }
  uint64_t length(uint32_t array) const { return uint64_t{row(array).c} << 32 | row(array).b; }

  // Fields of a struct, a tuple, or of one variant.
  std::vector<Typed> fields(const Typed& whole, uint32_t variant) const;
  // Where a step leads; `variant` is that of the step before, and becomes that of this one.
  Typed step(const Typed& from, Step step, uint32_t& variant) const;
  // A use in a signature or struct: its lifetimes as the table has them.
  Typed use(spec::TypeUse use) const;

 private:
  struct Facts {
    uint32_t slots = 0;
    bool copies = true, drops = false;
    std::vector<bool> invariant;
  };
  void count_slots();
  bool refine(uint32_t t);
  std::vector<uint32_t> owned_parts(uint32_t t) const;
  std::vector<bool> variance_of(uint32_t t) const;

  const Module& m_;
  std::vector<Facts> facts_;
};

}  // namespace stark::oracle

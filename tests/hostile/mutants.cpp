// tests/hostile/mutants.cpp — chooses words and what they become: near values, small ones, and those of other rows of the same table.
// Room: tests. In: module. Out: Mutator.
#include "tests/hostile/mutants.h"

#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/operand.h"

namespace stark::tests {

uint64_t Mutator::next() {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return state_;
}

void Mutator::set(uint32_t* words, size_t count, const char* table) {
  const size_t at = below(count);
  const uint32_t before = words[at];
  uint32_t after = before;
  switch (below(10)) {
    case 0: after = before + 1; break;
    case 1: after = before - 1; break;
    case 2: after = before ^ 1u << below(8); break;
    case 3: after = before ^ 1u << below(32); break;
    case 4: after = static_cast<uint32_t>(below(12)); break;
    case 5: after = before + static_cast<uint32_t>(below(9)) * 4 - 16; break;  // another place, in the same way
    case 6: after = (before & ~3u) | static_cast<uint32_t>(below(4)); break;   // the same place, in another way
    case 7: after = below(20) == 0 ? spec::kNone : words[below(count)]; break;
    default: after = words[below(count)]; break;  // what stands elsewhere fits most often
  }
  words[at] = after;
  changes_.push_back({words + at, before, after, table, at});
}

// Tables are chosen by what they say about ownership, not by their size.
void Mutator::damage(spec::Module& m, size_t count) {
  const auto words = []<class T>(std::vector<T>& table) { return std::pair(reinterpret_cast<uint32_t*>(table.data()), table.size() * sizeof(T) / 4); };
  while (changes_.size() < count) {
    std::pair<uint32_t*, size_t> chosen{};
    const char* name = "";
    const auto take = [&](auto& table, const char* called) { chosen = words(table), name = called; };
    switch (below(24)) {
      case 0: take(m.types, "types"); break;
      case 1: take(m.regions, "regions"); break;
      case 2: take(m.fields, "fields"); break;
      case 3: take(m.variants, "variants"); break;
      case 4: take(m.type_uses, "type_uses"); break;
      case 5: take(m.signatures, "signatures"); break;
      case 6: take(m.outlives, "outlives"); break;
      case 7: take(m.vtables, "vtables"); break;
      case 8: take(m.vtable_functions, "vtable_functions"); break;
      case 9: take(m.functions, "functions"); break;
      case 10: take(m.registers, "registers"); break;
      case 11: take(m.places, "places"); break;
      case 12: take(m.loans, "loans"); break;
      case 13: take(m.blocks, "blocks"); break;
      case 14:
      case 15:
      case 16: take(m.states, "states"); break;
      case 17: take(m.constants, "constants"); break;
      case 18: take(m.dyn_methods, "dyn_methods"); break;
      default: take(m.code, "code"); break;
    }
    if (chosen.second > 0) set(chosen.first, chosen.second, name);
  }
}

namespace {

// Every table as words, the entry among them; `visit(words, count, name)`.
template <class Visit>
void for_each_table(spec::Module& m, Visit visit) {
  visit(&m.entry, 1, "entry");
#define ROWS(member, Row) visit(reinterpret_cast<uint32_t*>(m.member.data()), m.member.size() * sizeof(spec::Row) / 4, #member);
#define WORDS(member, Type) visit(reinterpret_cast<uint32_t*>(m.member.data()), m.member.size() * sizeof(Type) / 4, #member);
#include "bytecode-spec/sections.def"
}

}  // namespace

size_t Mutator::fields_of(const spec::Module& module) {
  size_t all = 0;
  for_each_table(const_cast<spec::Module&>(module), [&](const uint32_t*, size_t count, const char*) { all += count; });
  return all;
}

// A bit flipped; a little more or less; a small number; the kind of an operand; no index; what stands elsewhere in the table.
void Mutator::damage_field(spec::Module& module, size_t word, size_t variant) {
  for_each_table(module, [&](uint32_t* words, size_t count, const char* table) {
    if (!changes_.empty()) return;
    if (word >= count) return void(word -= count);
    const size_t at = word;
    const uint32_t before = words[at];
    uint32_t after = before;
    if (variant < 32) after = before ^ 1u << variant;
    else if (variant < 40) after = before + static_cast<uint32_t>(variant - 31);
    else if (variant < 48) after = before - static_cast<uint32_t>(variant - 39);
    else if (variant < 60) after = static_cast<uint32_t>(variant - 48);
    else if (variant < 64) after = (before & ~3u) | static_cast<uint32_t>(variant - 60);
    else if (variant == 64) after = spec::kNone;
    else after = words[below(count)];
    words[at] = after;
    changes_.push_back({words + at, before, after, table, at});
  });
}

void Mutator::mend() {
  for (size_t i = changes_.size(); i-- > 0;) *changes_[i].word = changes_[i].before;
  changes_.clear();
}

std::string Mutator::told() const {
  std::string text;
  for (const Change& one : changes_) text += fmt::format(" {}[{}]: {} -> {}", one.table, one.index, one.before, one.after);
  return text;
}

}  // namespace stark::tests

// vm/paranoid/loans.h — Loans: what is lent at run time, by address, and who may not use it any more.
// Room: vm/paranoid. In: borrows and accesses as they happen. Out: tags of loans, and of each whether it still holds.
// Law: a loan that an access stands against is poisoned for good; asking about a tag never changes anything.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace stark::vm::paranoid {

struct Stretch {
  uintptr_t begin = 0, end = 0;
  static Stretch of(const void* address, uint64_t bytes) { return {reinterpret_cast<uintptr_t>(address), reinterpret_cast<uintptr_t>(address) + bytes}; }
  bool is_empty() const { return begin >= end; }
  bool holds(const Stretch& other) const { return begin <= other.begin && other.end <= end; }
  bool meets(const Stretch& other) const { return begin < other.end && other.begin < end; }
};

// An instruction of a function.
struct Site {
  uint32_t function = 0, word = 0;
};

// A loan's number; 0 is that of a reference nothing is known of.
using Tag = uint32_t;

// Why a loan does not hold any more.
enum class End : uint8_t { NotYet, Read, Written, Moved, Dropped, Lent, StorageGone, Forgotten };
std::string_view text_of(End end);

// Whose use of memory it is.
struct User {
  Tag through = 0;     // the loan of the last reference on the way, or 0: the owner itself
  Stretch inside;      // what the cell holds whose guard lies on the way; who lent the cell as a whole expects that it changes
  std::span<const Tag> beside;  // loans that are on their way into the same instruction, which reads before anybody writes
};

struct Loan {
  Stretch memory;
  Tag through = 0;     // the loan of the reference it was made through
  Stretch inside;      // as of a User
  uint64_t serial = 0; // loans that it was made through have smaller ones
  bool is_mut = false;
  bool is_kept = false;  // while old loans are looked for
  End end = End::NotYet;
  Site made, ended;
};

class Loans {
 public:
  Loans() : all_(1) {}

  Tag lend(Stretch memory, bool is_mut, const User& user, Site made);
  // Memory is used by way of a loan, or by its owner (0): what was lent of it, and was not lent on to whoever uses it, is over. Reading leaves shared loans alone.
  void use(Stretch memory, End how, const User& user, Site where);
  // The memory is gone: so is every loan of it.
  void end_all(Stretch memory, End why, Site where);
  const Loan& operator[](Tag tag) const { return all_[tag]; }

  // While objects move: loans of memory outside of `stays` are taken out, those of what moved come back, the rest is forgotten.
  void begin_moving(Stretch stays);
  void moved(Stretch from, uintptr_t to);
  void end_moving();

  // Numbers of loans that nobody can name any more are used again. `mark` calls its argument with every tag that somebody holds.
  bool is_crowded() const { return all_.size() - free_.size() > crowd_; }
  template <class Mark>
  void give_up_unnamed(Mark mark) {
    mark([&](Tag tag) { keep(tag); });
    sweep();
  }

 private:
  // Loans that hold, by where they begin, those of about the same length together: so a search looks back no further than that length.
  using Index = std::multimap<uintptr_t, Tag>;
  static size_t class_of(const Stretch& memory);
  void enter(Tag tag) { index_[class_of(all_[tag].memory)].emplace(all_[tag].memory.begin, tag); }
  void leave(Tag tag);
  template <class Visit>
  void for_each_in(const Stretch& memory, Visit visit);
  bool is_above(Tag ancestor, Tag tag) const;
  void keep(Tag tag);
  void sweep();

  std::vector<Loan> all_;
  std::vector<Tag> free_;
  std::array<Index, 64> index_;
  std::vector<Tag> found_;
  Index waiting_;
  Stretch stays_;
  uint64_t serial_ = 0;
  size_t crowd_ = size_t{1} << 18;
};

}  // namespace stark::vm::paranoid

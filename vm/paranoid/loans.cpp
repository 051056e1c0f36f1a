// vm/paranoid/loans.cpp — an index of loans by address, and what each use of memory does to them.
// Room: vm/paranoid. Essay: vm/paranoid/README.md, "Loans". In: see loans.h.
#include "vm/paranoid/loans.h"

#include <algorithm>
#include <bit>

namespace stark::vm::paranoid {

std::string_view text_of(End end) {
  switch (end) {
    case End::NotYet: return "holds";
    case End::Read: return "read";
    case End::Written: return "written";
    case End::Moved: return "moved";
    case End::Dropped: return "dropped";
    case End::Lent: return "lent for writing";
    case End::StorageGone: return "given up";
    case End::Forgotten: break;
  }
  return "forgotten";
}

size_t Loans::class_of(const Stretch& memory) { return static_cast<size_t>(std::bit_width(memory.end - memory.begin)); }

void Loans::leave(Tag tag) {
  Index& index = index_[class_of(all_[tag].memory)];
  const auto [first, last] = index.equal_range(all_[tag].memory.begin);
  const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second == tag; });
  if (found != last) index.erase(found);
}

template <class Visit>
void Loans::for_each_in(const Stretch& memory, Visit visit) {
  found_.clear();
  for (size_t c = 0; c < index_.size(); ++c) {
    if (index_[c].empty()) continue;
    const uintptr_t longest = uintptr_t{1} << c;
    const uintptr_t from = memory.begin > longest ? memory.begin - longest : 0;
    for (auto at = index_[c].lower_bound(from); at != index_[c].end() && at->first < memory.end; ++at) {
      if (all_[at->second].memory.meets(memory)) found_.push_back(at->second);
    }
  }
  for (const Tag tag : found_) visit(tag);
}

bool Loans::is_above(Tag ancestor, Tag tag) const {
  while (tag != 0 && all_[tag].serial > all_[ancestor].serial) tag = all_[tag].through;
  return tag == ancestor;
}

// A shared loan that is there already is the same one.
Tag Loans::lend(Stretch memory, bool is_mut, const User& user, Site made) {
  if (memory.is_empty()) return 0;
  if (!is_mut) {
    const auto [first, last] = index_[class_of(memory)].equal_range(memory.begin);
    for (auto at = first; at != last; ++at) {
      const Loan& loan = all_[at->second];
      if (!loan.is_mut && loan.memory.end == memory.end && loan.through == user.through) return at->second;
    }
  }
  Tag tag = static_cast<Tag>(all_.size());
  if (free_.empty()) {
    all_.emplace_back();
  } else {
    tag = free_.back();
    free_.pop_back();
  }
  all_[tag] = {.memory = memory, .through = user.through, .inside = user.inside, .serial = ++serial_, .is_mut = is_mut, .made = made, .ended = {}};
  enter(tag);
  return tag;
}

void Loans::use(Stretch memory, End how, const User& user, Site where) {
  if (memory.is_empty()) return;
  for_each_in(memory, [&](Tag tag) {
    Loan& loan = all_[tag];
    if ((how == End::Read && !loan.is_mut) || is_above(tag, user.through)) return;
    if (user.inside.meets(loan.memory) && !user.inside.holds(loan.memory)) return;
    if (how == End::Read && std::ranges::any_of(user.beside, [&](Tag t) { return is_above(tag, t); })) return;
    loan.end = how;
    loan.ended = where;
    leave(tag);
  });
}

void Loans::end_all(Stretch memory, End why, Site where) {
  for_each_in(memory, [&](Tag tag) {
    all_[tag].end = why;
    all_[tag].ended = where;
    leave(tag);
  });
}

void Loans::begin_moving(Stretch stays) {
  waiting_.clear();
  stays_ = stays;
  for (Index& index : index_) {
    std::erase_if(index, [&](const auto& entry) {
      const bool leaves = !stays.meets(all_[entry.second].memory);
      if (leaves) waiting_.insert(entry);
      return leaves;
    });
  }
}

void Loans::moved(Stretch from, uintptr_t to) {
  const auto first = waiting_.lower_bound(from.begin), last = waiting_.lower_bound(from.end);
  for (auto at = first; at != last; ++at) {
    Loan& loan = all_[at->second];
    const auto follow = [&](Stretch s) { return Stretch{s.begin - from.begin + to, s.end - from.begin + to}; };
    loan.memory = follow(loan.memory);
    if (from.holds(loan.inside)) loan.inside = follow(loan.inside);
    else if (!loan.inside.is_empty() && !stays_.holds(loan.inside)) loan.end = End::Forgotten;  // the cell is in another object, which went elsewhere
    if (loan.end == End::NotYet) enter(at->second);
  }
  waiting_.erase(first, last);
}

void Loans::end_moving() {
  for (const auto& [begin, tag] : waiting_) all_[tag].end = End::Forgotten;
  waiting_.clear();
}

void Loans::keep(Tag tag) {
  while (tag != 0 && !all_[tag].is_kept) {
    all_[tag].is_kept = true;
    tag = all_[tag].through;
  }
}

// What is not kept is free; the next time comes when there are twice as many.
void Loans::sweep() {
  free_.clear();
  for (Tag tag = 1; tag < all_.size(); ++tag) {
    if (all_[tag].is_kept) {
      all_[tag].is_kept = false;
      continue;
    }
    if (all_[tag].end == End::NotYet) leave(tag);
    all_[tag] = {};
    all_[tag].end = End::Forgotten;
    free_.push_back(tag);
  }
  crowd_ = std::max(size_t{1} << 18, 2 * (all_.size() - free_.size()));
}

}  // namespace stark::vm::paranoid

// vm/paranoid/shadow.h — Shadow: for each byte of a machine's stack whether something is there, for each word of any memory which loan it stands for.
// Room: vm/paranoid. In: addresses. Out: what is known of them. Law: memory outside of the stack is always there; the collector says where its words went.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "vm/paranoid/loans.h"

namespace stark::vm::paranoid {

// Hollow: the word of a box is there, what was in the box is gone, wholly or partly. Retired: the register is not named again, but whoever
// borrowed it may look.
enum class Held : uint8_t { Gone, Retired, Here, Hollow };

// The loan that a word stands for, by its distance from the beginning of a value.
struct TagAt {
  uint32_t offset = 0;
  Tag tag = 0;
};

class Shadow {
 public:
  Shadow(const std::byte* stack, size_t bytes);

  const Stretch& stack() const { return stack_; }
  bool is_in_stack(const void* address) const { return stack_.holds(Stretch::of(address, 1)); }

  // All of it is held in this way, or better.
  bool is_here(const void* address, uint64_t bytes, Held least = Held::Retired) const;
  Held held(const void* address) const { return is_in_stack(address) ? static_cast<Held>(held_[at(address)]) : Held::Here; }
  void hold(const void* address, uint64_t bytes, Held held);

  Tag tag(const void* word) const;
  std::vector<TagAt> tags(const void* address, uint64_t bytes) const;
  // Words that are not named stand for nothing that is known.
  void set_tags(const void* address, uint64_t bytes, std::span<const TagAt> tags = {});
  void forget_tags() { elsewhere_.clear(), forget_stack_tags(); }

  void begin_moving() { waiting_.swap(elsewhere_), elsewhere_.clear(); }
  void moved(Stretch from, uintptr_t to);
  void end_moving() { waiting_.clear(); }

  // Every tag of the stack's first bytes and of what lies elsewhere.
  template <class Visit>
  void for_each_tag(const void* top, Visit visit) const {
    for (size_t w = 0; w < at(top) / kWord; ++w) visit(tags_[w]);
    for (const auto& [address, tag] : elsewhere_) visit(tag);
  }

 private:
  static constexpr size_t kWord = 8;
  struct Release {
    void operator()(void* memory) const { std::free(memory); }
  };
  size_t at(const void* address) const { return reinterpret_cast<uintptr_t>(address) - stack_.begin; }
  void forget_stack_tags();

  Stretch stack_;
  size_t highest_ = 0;  // what lies behind it has never been used
  // As large as the stack; pages that nobody touches cost nothing.
  std::unique_ptr<uint8_t[], Release> held_;
  std::unique_ptr<Tag[], Release> tags_;
  std::map<uintptr_t, Tag> elsewhere_, waiting_;
};

}  // namespace stark::vm::paranoid

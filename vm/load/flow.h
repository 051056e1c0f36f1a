// vm/load/flow.h — Flow: the slots of a function that can be reasoned about, its basic blocks, and which slots are read again.
// Room: vm/load, private. In: Improvable. Out: for each operation its slots; for each block what is live behind it.
// Law: a slot is a stretch of 1, 2, 4 or 8 bytes that is only ever read and written whole, and that nobody else can see.
#pragma once

#include "vm/load/improve.h"

namespace stark::vm {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

struct Slot {
  uint32_t offset = 0, size = 0;
  uint8_t root = 0;         // what the collector takes it for: 0 nothing, else SlotKind + 1
  bool is_scratch = false;
  bool is_tied = false;     // some operation cannot take it from elsewhere
  bool is_parameter = false;
};
struct SlotUse {
  uint32_t slot;
  bool is_write;
  uint32_t* field;
};
struct Block {
  uint32_t first = 0, end = 0;
  std::vector<uint32_t> next;
};

class Bits {
 public:
  explicit Bits(size_t count = 0) : words_((count + 63) / 64) {}
  bool has(uint32_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  void add(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void remove(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  bool operator==(const Bits&) const = default;
  std::vector<uint64_t>& words() { return words_; }

 private:
  std::vector<uint64_t> words_;
};

class Flow {
 public:
  explicit Flow(Improvable& it);
  // False where the function is too large to be worth it.
  bool is_usable() const { return is_usable_; }

  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  std::span<SlotUse> uses(size_t op) { return std::span(uses_).subspan(first_use_[op], first_use_[op + 1] - first_use_[op]); }
  uint32_t slot_at(uint32_t offset) const { return offset < slot_at_.size() ? slot_at_[offset] : kNoSlot; }
  // Slots that are read again behind the block. Call find_live after changing code.
  Bits live_behind(const Block& block) const;
  void find_live();
  // Steps back over an operation.
  void step_back(size_t op, Bits& live);

 private:
  void find_slots();
  void find_blocks();
  void note(const Access& access, std::vector<uint32_t>& owner);

  Improvable& it_;
  bool is_usable_ = true;
  std::vector<Slot> slots_;
  std::vector<uint32_t> slot_at_;  // by offset, of those that begin there
  std::vector<SlotUse> uses_;
  std::vector<size_t> first_use_;
  std::vector<Block> blocks_;
  std::vector<uint32_t> block_of_;  // by operation that begins one
  std::vector<Bits> live_in_;
};

}  // namespace stark::vm

// vm/natives/raw_memory.h — RawMemory: blocks outside of the managed heap that a program asked for and has not given back.
// Room: vm/natives. In: sizes and alignments. Out: addresses. Law: an address that is no block's is never freed, whoever asks;
// what is left when the program ends is freed then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace stark::vm {

// Where blocks come from. System: the system's allocator. Pool: sizes are rounded up to powers of two, and what is given back waits for
// the next of its size. Stack: one behind the other in one stretch; its end moves back when the last is given back. Pinned: the
// pages stay in memory, for devices that copy from them.
enum class RawSource : uint8_t { System, Pool, Stack, Pinned };

class RawMemory {
 public:
  static constexpr size_t kStackBytes = size_t{8} << 20;

  // What all blocks together take never passes `limit`.
  explicit RawMemory(size_t limit) : limit_(limit) {}
  ~RawMemory();
  RawMemory(const RawMemory&) = delete;
  RawMemory& operator=(const RawMemory&) = delete;

  // Null when there is not that much, or `align` is no power of two.
  std::byte* acquire(size_t size, size_t align, RawSource source);
  bool release(const std::byte* block);           // whether it was one
  size_t size_at(const std::byte* block) const;   // 0 where none begins
  // Copies between blocks. False, and nothing happens, where one of the stretches does not lie in a block.
  bool copy(const std::byte* from, std::byte* to, size_t size);

 private:
  struct Block {
    size_t size = 0, room = 0;  // asked for, and taken
    RawSource source{};
  };
  std::byte* take(size_t room, size_t align, RawSource source);
  void free(std::byte* block, const Block& facts);
  bool holds(const std::byte* from, size_t size) const;

  mutable std::mutex mutex_;
  std::map<const std::byte*, Block> blocks_;
  std::array<std::vector<std::byte*>, 64> pool_;        // by binary logarithm of their room
  std::unique_ptr<std::byte[]> stack_;
  std::vector<std::pair<size_t, bool>> stack_marks_;    // where each block of it begins, and whether it is still in use
  size_t stack_end_ = 0;
  size_t limit_, used_ = 0;
};

}  // namespace stark::vm

// vm/natives/raw_memory.h — RawMemory: blocks outside of the managed heap that a program asked for and has not given back.
// Room: vm/natives. In: sizes and alignments. Out: addresses. Law: an address that is no block's is never freed, whoever asks;
// what is left when the program ends is freed then.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

namespace stark::vm {

class RawMemory {
 public:
  // Bytes of all blocks together never pass `limit`.
  explicit RawMemory(size_t limit) : limit_(limit) {}
  ~RawMemory();
  RawMemory(const RawMemory&) = delete;
  RawMemory& operator=(const RawMemory&) = delete;

  // Null when there is not that much, or `align` is no power of two. Pinned: the pages stay in memory, for devices that copy from them.
  std::byte* acquire(size_t size, size_t align, bool pinned);
  bool release(std::byte* block);                 // whether it was one
  size_t size_at(const std::byte* block) const;   // 0 where none begins

 private:
  struct Block {
    size_t size = 0;
    bool pinned = false;
  };
  static void free(std::byte* block, const Block& facts);

  mutable std::mutex mutex_;
  std::map<const std::byte*, Block> blocks_;
  size_t limit_, used_ = 0;
};

}  // namespace stark::vm

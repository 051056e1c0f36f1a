// gc/space.h — Space: one stretch of memory that is filled front to back, with a bit for every object's start.
// Room: gc, private. In: sizes in multiples of 16 bytes. Out: addresses; and for any address, the object around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gc/type_info.h"

namespace stark::gc {

inline constexpr size_t kGrain = 16;
inline constexpr size_t kChunkAlign = 64 * kGrain;  // bytes that one word of start bits is about

class Space {
 public:
  // Null when the system has no room.
  static std::unique_ptr<Space> map(size_t bytes);
  ~Space();
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  // Null when it is full. For the collector, which fills a space alone.
  Object* take(size_t size) {
    if (static_cast<size_t>(stop_ - top_) < size) return nullptr;
    auto* object = reinterpret_cast<Object*>(top_);
    mark_start(top_);
    top_ += size;
    return object;
  }
  void mark_start(const std::byte* at) {
    const size_t grain = static_cast<size_t>(at - begin_) / kGrain;
    starts_[grain / 64] |= uint64_t{1} << (grain % 64);
  }
  // Chunks, which several threads fill at once: one begins where a word of start bits does, so that no two share a word; the last
  // one may also grow where it ends. Gives the end of `least` to `wanted` bytes behind `begin`, or null.
  std::byte* extend_from(std::byte* begin, size_t least, size_t wanted);
  std::byte* chunk_begin() const { return begin_ + (used() + kChunkAlign - 1) / kChunkAlign * kChunkAlign; }
  // The rest of a chunk that ends the space is free again.
  void give_back(std::byte* from, const std::byte* end) {
    if (end == top_) top_ = from;
  }
  bool contains(const void* address) const { return address >= begin_ && address < top_; }
  Object* base_of(const void* address) const;  // address is inside
  Object* next_object(const std::byte* from) const;  // the first that starts there or behind; null at the end

  std::byte* begin() const { return begin_; }
  std::byte* top() const { return top_; }
  size_t used() const { return static_cast<size_t>(top_ - begin_); }
  size_t capacity() const { return static_cast<size_t>(end_ - begin_); }
  // take() stops after this many more bytes, or at the end.
  void allow(size_t more);
  void reset();    // empty again
  void protect();  // unreadable from now on

 private:
  Space() = default;
  std::byte* begin_ = nullptr;
  std::byte* top_ = nullptr;
  std::byte* stop_ = nullptr;
  std::byte* end_ = nullptr;
  uint64_t* starts_ = nullptr;
  size_t mapped_ = 0;
};

}  // namespace stark::gc

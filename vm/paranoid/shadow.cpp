// vm/paranoid/shadow.cpp — bytes and words beside those of a machine's stack, and words of whatever lies elsewhere.
// Room: vm/paranoid. In: see shadow.h.
#include "vm/paranoid/shadow.h"

#include <algorithm>
#include <cstring>

#include "bytecode-spec/base/check.h"

namespace stark::vm::paranoid {

Shadow::Shadow(const std::byte* stack, size_t bytes)
    : stack_(Stretch::of(stack, bytes)), held_(static_cast<uint8_t*>(std::calloc(bytes, 1))), tags_(static_cast<Tag*>(std::calloc(bytes / kWord + 1, sizeof(Tag)))) {
  CHECK(held_ != nullptr && tags_ != nullptr);
}

bool Shadow::is_here(const void* address, uint64_t bytes, Held least) const {
  if (bytes == 0 || !is_in_stack(address)) return true;
  const uint8_t* first = held_.get() + at(address);
  return std::all_of(first, first + bytes, [&](uint8_t h) { return h >= static_cast<uint8_t>(least); });
}

void Shadow::hold(const void* address, uint64_t bytes, Held held) {
  if (bytes != 0 && is_in_stack(address)) std::memset(held_.get() + at(address), static_cast<int>(held), bytes);
}

Tag Shadow::tag(const void* word) const {
  if (is_in_stack(word)) return tags_[at(word) / kWord];
  const auto found = elsewhere_.find(reinterpret_cast<uintptr_t>(word));
  return found == elsewhere_.end() ? 0 : found->second;
}

std::vector<TagAt> Shadow::tags(const void* address, uint64_t bytes) const {
  std::vector<TagAt> found;
  if (is_in_stack(address)) {
    const size_t first = (at(address) + kWord - 1) / kWord, behind = (at(address) + bytes) / kWord;
    for (size_t w = first; w < behind; ++w) {
      if (tags_[w] != 0) found.push_back({static_cast<uint32_t>(w * kWord - at(address)), tags_[w]});
    }
    return found;
  }
  const auto begin = reinterpret_cast<uintptr_t>(address);
  for (auto it = elsewhere_.lower_bound(begin); it != elsewhere_.end() && it->first < begin + bytes; ++it) found.push_back({static_cast<uint32_t>(it->first - begin), it->second});
  return found;
}

void Shadow::set_tags(const void* address, uint64_t bytes, std::span<const TagAt> tags) {
  const auto begin = reinterpret_cast<uintptr_t>(address);
  if (is_in_stack(address)) {
    const size_t first = at(address) / kWord, behind = (at(address) + bytes + kWord - 1) / kWord;
    std::fill(tags_.get() + first, tags_.get() + behind, 0);
    highest_ = std::max(highest_, behind * kWord);
    for (const TagAt& t : tags) tags_[(at(address) + t.offset) / kWord] = t.tag;
    return;
  }
  elsewhere_.erase(elsewhere_.lower_bound(begin), elsewhere_.lower_bound(begin + bytes));
  for (const TagAt& t : tags) elsewhere_[begin + t.offset] = t.tag;
}

void Shadow::forget_stack_tags() { std::memset(tags_.get(), 0, (highest_ / kWord + 1) * sizeof(Tag)); }

void Shadow::moved(Stretch from, uintptr_t to) {
  const auto first = waiting_.lower_bound(from.begin), last = waiting_.lower_bound(from.end);
  for (auto it = first; it != last; ++it) elsewhere_[it->first - from.begin + to] = it->second;
  waiting_.erase(first, last);
}

}  // namespace stark::vm::paranoid

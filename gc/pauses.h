// gc/pauses.h — Pauses: how long collections took, by eighths of an octave.
// Room: gc, public face. In: nanoseconds. Out: percentiles, at most an eighth too long.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace stark::gc {

class Pauses {
 public:
  void add(uint64_t ns) {
    ++counts_[place_of(ns)];
    ++total_;
    longest_ = std::max(longest_, ns);
  }
  // Of all pauses, that share took no longer; 0 where there was none.
  uint64_t percentile(double share) const {
    if (total_ == 0) return 0;
    const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(share * static_cast<double>(total_) + 0.999999));
    uint64_t so_far = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      so_far += counts_[i];
      if (so_far >= rank) return std::min(top_of(i), longest_);
    }
    return longest_;
  }
  uint64_t longest() const { return longest_; }

 private:
  static constexpr unsigned kSteps = 3;  // bits behind the leading one that tell places apart
  static constexpr size_t kSmall = size_t{1} << kSteps;
  static size_t place_of(uint64_t ns) {
    if (ns < kSmall) return static_cast<size_t>(ns);
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSteps;
    return (size_t{shift} + 1) * kSmall + ((ns >> shift) & (kSmall - 1));
  }
  // The largest that has its place there.
  static uint64_t top_of(size_t place) {
    if (place < kSmall) return place;
    const size_t shift = place / kSmall - 1;
    return ((kSmall + place % kSmall + 1) << shift) - 1;
  }
  std::array<uint64_t, (64 - kSteps + 1) * kSmall> counts_{};
  uint64_t total_ = 0, longest_ = 0;
};

}  // namespace stark::gc

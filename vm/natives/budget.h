// vm/natives/budget.h — Budget: how many instructions a program may run, and until when; all its threads take from one.
// Room: vm/natives. In: what the host allows. Out: allowances. Law: one thread alone runs as many instructions as were allowed, no more and no fewer.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace stark::vm {

class Budget {
 public:
  using Clock = std::chrono::steady_clock;

  // Instructions of the bundle in all, and nanoseconds from now; nothing: as many as it likes.
  Budget(std::optional<uint64_t> fuel, std::optional<std::chrono::nanoseconds> deadline) { renew(fuel, deadline); }
  // Likewise from now on, while no thread takes.
  void renew(std::optional<uint64_t> fuel, std::optional<std::chrono::nanoseconds> deadline) {
    fuel_ = fuel;
    deadline_ = deadline;
    left_ = fuel.value_or(0);
    until_.reset();
    if (deadline) until_ = Clock::now() + *deadline;
  }

  // What was allowed in all.
  uint64_t fuel() const { return fuel_.value_or(0); }
  std::chrono::nanoseconds deadline() const { return deadline_.value_or(std::chrono::nanoseconds(0)); }
  bool is_late() const { return until_ && Clock::now() >= *until_; }
  const std::optional<Clock::time_point>& until() const { return until_; }

  // For one thread: `least` instructions, or some more so that it need not come back soon; 0 when there are not so many.
  uint64_t take(uint64_t least) {
    constexpr uint64_t kAtOnce = 10'000;  // tens of microseconds, which is how exactly a deadline is kept
    if (!fuel_) return count(std::max(least, kAtOnce));
    for (uint64_t left = left_.load(std::memory_order_relaxed);;) {
      if (left < least) return 0;
      const uint64_t given = std::max(least, std::min(left / 2, kAtOnce));  // others want some too
      if (left_.compare_exchange_weak(left, left - given, std::memory_order_relaxed)) return count(given);
    }
  }
  void give_back(uint64_t unused) {
    left_.fetch_add(unused, std::memory_order_relaxed);
    used_.fetch_sub(unused, std::memory_order_relaxed);
  }
  // What was taken and not given back.
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  uint64_t count(uint64_t given) {
    used_.fetch_add(given, std::memory_order_relaxed);
    return given;
  }
  std::optional<uint64_t> fuel_;
  std::optional<std::chrono::nanoseconds> deadline_;
  std::atomic<uint64_t> left_{0}, used_{0};
  std::optional<Clock::time_point> until_;
};

}  // namespace stark::vm

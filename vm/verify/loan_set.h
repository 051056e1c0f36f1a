// vm/verify/loan_set.h — a set of loans, ascending; a few are kept in place, since most sets have one or none.
// Room: vm/verify, private. In, out: numbers of loans, and behind them those of fixed regions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>

namespace stark::vm {

using Loans = std::span<const uint32_t>;

class LoanSet {
 public:
  LoanSet() = default;
  LoanSet(const LoanSet& from) { assign(from); }
  LoanSet(LoanSet&& from) noexcept { swap(from); }
  LoanSet& operator=(const LoanSet& from) {
    if (this != &from) assign(from);
    return *this;
  }
  LoanSet& operator=(LoanSet&& from) noexcept {
    swap(from);
    return *this;
  }
  void swap(LoanSet& other) noexcept {
    std::swap(count_, other.count_);
    std::swap(room_, other.room_);
    std::swap(here_, other.here_);
    std::swap(there_, other.there_);
  }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const uint32_t* begin() const { return data(); }
  const uint32_t* end() const { return data() + count_; }
  operator Loans() const { return {data(), count_}; }  // NOLINT: it is one

  // The room of a large set is given back.
  void clear() {
    count_ = 0;
    if (room_ > kKept) there_.reset(), room_ = kHere;
  }
  // `loans` ascend.
  void assign(Loans loans) {
    reserve(loans.size());
    std::ranges::copy(loans, data());
    count_ = static_cast<uint32_t>(loans.size());
  }
  bool contains(uint32_t loan) const { return std::binary_search(begin(), end(), loan); }
  // Whether it is new.
  bool insert(uint32_t loan) {
    const auto at = static_cast<uint32_t>(std::lower_bound(begin(), end(), loan) - begin());
    if (at < count_ && data()[at] == loan) return false;
    reserve(count_ + size_t{1});
    std::copy_backward(data() + at, data() + count_, data() + count_ + 1);
    data()[at] = loan;
    ++count_;
    return true;
  }
  bool erase(uint32_t loan) {
    uint32_t* at = std::lower_bound(data(), data() + count_, loan);
    if (at == end() || *at != loan) return false;
    std::copy(at + 1, data() + count_, at);
    --count_;
    return true;
  }
  // Ascending `more` comes in; whether something of it was new.
  bool merge(Loans more) {
    if (more.size() == 1) return insert(more[0]);
    if (std::ranges::includes(*this, more)) return false;
    if (empty() || more.front() > data()[count_ - 1]) {
      reserve(count_ + more.size());
      std::ranges::copy(more, data() + count_);
      count_ += static_cast<uint32_t>(more.size());
      return true;
    }
    LoanSet both;
    both.reserve(count_ + more.size());
    both.count_ = static_cast<uint32_t>(std::ranges::set_union(*this, more, both.data()).out - both.data());
    swap(both);
    return true;
  }

 private:
  static constexpr uint32_t kHere = 4, kKept = 256;

  const uint32_t* data() const { return there_ ? there_.get() : here_; }
  uint32_t* data() { return there_ ? there_.get() : here_; }
  void reserve(size_t count) {
    if (count <= room_) return;
    const size_t room = std::max(count, size_t{room_} * 2);
    auto wider = std::make_unique_for_overwrite<uint32_t[]>(room);
    std::copy(begin(), end(), wider.get());
    there_ = std::move(wider);
    room_ = static_cast<uint32_t>(room);
  }

  uint32_t count_ = 0, room_ = kHere;
  uint32_t here_[kHere] = {};
  std::unique_ptr<uint32_t[]> there_;  // where they are too many
};

}  // namespace stark::vm

// vm/verify/few.h — at most N items, kept in place.
// Room: vm/verify, private. Law: whoever adds one knows that there is room; the limits of a bundle say so.
#pragma once

#include <array>
#include <cstddef>

#include "bytecode-spec/base/check.h"

namespace stark::vm {

template <class T, size_t N>
class Few {
 public:
  void push_back(T item) {
    DCHECK(count_ < N);
    items_[count_++] = item;
  }
  void pop_back() { --count_; }
  void clear() { count_ = 0; }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const T& operator[](size_t i) const { return items_[i]; }
  const T& back() const { return items_[count_ - 1]; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + count_; }

 private:
  std::array<T, N> items_{};
  uint32_t count_ = 0;
};

}  // namespace stark::vm

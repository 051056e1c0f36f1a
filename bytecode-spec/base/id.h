// bytecode-spec/base/id.h — small typed ids: an index into one table that cannot be mistaken for an index into another.
// Room: base. Law: an id is 32 bits; kNone is the only value that names nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace stark {

template <class Tag>
struct Id {
  static constexpr uint32_t kNone = 0xFFFF'FFFFu;
  uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t v) : value(v) {}
  constexpr explicit Id(size_t v) : value(static_cast<uint32_t>(v)) {}
  constexpr explicit Id(int v) : value(static_cast<uint32_t>(v)) {}
  constexpr bool valid() const { return value != kNone; }
  constexpr size_t index() const { return value; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

}  // namespace stark

template <class Tag>
struct std::hash<stark::Id<Tag>> {
  size_t operator()(stark::Id<Tag> id) const noexcept { return std::hash<uint32_t>{}(id.value); }
};

// devices/kernel/render.h — kernels as text for drivers that compile C-like languages: OpenCL C and GLSL.
// Room: devices/kernel. In: a Kernel or the type of a product, a Dialect. Out: source text, and the words it is
// launched with. Law: the text depends on structure alone; extents, strides, offsets and scalars are launch words, so
// that one text serves every shape.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "devices/kernel/kernel.h"

namespace stark::devices::kernel {

enum class Dialect : uint8_t { OpenCl, Glsl };

inline constexpr int64_t kMaxIndex = 0x7FFF'0000;  // launch words are 32 bits

struct Source {
  std::string text;
  std::set<DType> types;        // of registers and elements: what the device must support
  std::vector<Op> unsupported;  // arithmetic the dialect has no words for
};
Source render(const Kernel& kernel, Dialect dialect);

// The words of one launch: extents, counts, then per access its offset and strides, the store last, then scalars.
// `slot_offsets` are in bytes; nothing when an index does not fit.
std::optional<std::vector<int32_t>> launch_words(const Kernel& kernel, std::span<const int64_t> slot_offsets,
                                                 std::span<const Scalar> scalars);

// c = a @ b in tiles of kTile × kTile; words: m, n, k, then offset, row, column of a, b, c.
inline constexpr int64_t kTile = 16;
Source render_product(DType dtype, Dialect dialect);

}  // namespace stark::devices::kernel

// devices/cpu/onednn.cpp — dnnl_sgemm behind a symbol table.
// Room: devices/cpu. In: a block of f32 product. Out: c, or false.
#include "devices/cpu/onednn.h"

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>

#include <array>
#include <optional>

#include "devices/library.h"

namespace stark::devices::cpu {
namespace {

struct Symbols {
#define DNNL_SYMBOL(name) decltype(&::name) name = nullptr;
#include "devices/cpu/symbols.def"
#undef DNNL_SYMBOL
};

std::optional<Symbols> open_symbols() {
  const auto library = Library::open(std::array{"libdnnl.so.2"}, "libdnnl2");
  if (!library) return std::nullopt;
  Symbols symbols;
#define DNNL_SYMBOL(name)                                              \
  {                                                                    \
    const auto address = library->symbol(#name);                       \
    if (!address) return std::nullopt;                                 \
    symbols.name = reinterpret_cast<decltype(symbols.name)>(*address); \
  }
#include "devices/cpu/symbols.def"
#undef DNNL_SYMBOL
  return symbols;
}

const std::optional<Symbols>& symbols() {
  static const std::optional<Symbols> table = open_symbols();
  return table;
}

// How the library wants a matrix: plain or transposed, with one stride.
struct Side {
  char transposed = 'N';
  int64_t stride = 0;
};
std::optional<Side> side(int64_t rows, int64_t columns, int64_t row, int64_t column) {
  if ((column == 1 || columns == 1) && (row >= columns || rows == 1)) return Side{'N', std::max(row, columns)};
  if ((row == 1 || rows == 1) && (column >= rows || columns == 1)) return Side{'T', std::max(column, rows)};
  return std::nullopt;
}

}  // namespace

bool onednn_present() { return symbols().has_value(); }

bool onednn_product(const ProductBlock& block) {
  const auto a = side(block.m, block.k, block.a_row, block.a_column);
  const auto b = side(block.k, block.n, block.b_row, block.b_column);
  if (!a || !b || !onednn_present()) return false;
  const dnnl_status_t status = symbols()->dnnl_sgemm(
      a->transposed, b->transposed, block.m, block.n, block.k, 1.0f, static_cast<const float*>(block.a), a->stride,
      static_cast<const float*>(block.b), b->stride, 0.0f, static_cast<float*>(block.c), block.c_row);
  return status == dnnl_success;
}

}  // namespace stark::devices::cpu
#else
namespace stark::devices::cpu {
bool onednn_present() { return false; }
bool onednn_product(const ProductBlock&) { return false; }
}  // namespace stark::devices::cpu
#endif

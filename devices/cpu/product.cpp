// devices/cpu/product.cpp — batches, short floats, and the choice between library and loops.
// Room: devices/cpu. In: a ProductStep and the memory of its slots. Out: c.
#include "devices/cpu/product.h"

#include "devices/cpu/onednn.h"

namespace stark::devices::cpu {
namespace {

// Below this many multiplications our own loops answer: a program of small products then never opens the library, which
// takes 40 ms, and starts at once.
constexpr int64_t kLibraryWork = 4 * 1024 * 1024;
constexpr int64_t kParallelWork = 1024 * 1024;
constexpr int64_t kRowsOfPiece = 128;

size_t at(DType dtype) { return static_cast<size_t>(dtype); }

void multiply(DType dtype, const ProductBlock& block, Pool& pool) {
  const int64_t work = block.m * block.n * block.k;
  if (dtype == DType::F32 && work >= kLibraryWork && onednn_product(block)) return;
  const ProductLoop loop = loops().product[at(dtype)];
  if (work < kParallelWork || block.m < 2 * kRowsOfPiece) return loop(block);
  const int64_t size = spec::dtype_bytes(dtype);
  pool.each((block.m + kRowsOfPiece - 1) / kRowsOfPiece, [&](int64_t piece) {
    ProductBlock part = block;
    const int64_t first = piece * kRowsOfPiece;
    part.m = std::min(kRowsOfPiece, block.m - first);
    part.a = static_cast<const std::byte*>(block.a) + first * block.a_row * size;
    part.c = static_cast<std::byte*>(block.c) + first * block.c_row * size;
    loop(part);
  });
}

// Short floats are multiplied as f32 and rounded once.
std::vector<float> widened(DType dtype, const std::byte* from, int64_t rows, int64_t columns, int64_t row,
                           int64_t column) {
  std::vector<float> dense(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i)
    loops().load[at(dtype)](dense.data() + i * columns, 1, from + i * row * spec::dtype_bytes(dtype), column, columns);
  return dense;
}

void multiply_short(DType dtype, const ProductBlock& block, Pool& pool) {
  const auto a = widened(dtype, static_cast<const std::byte*>(block.a), block.m, block.k, block.a_row, block.a_column);
  const auto b = widened(dtype, static_cast<const std::byte*>(block.b), block.k, block.n, block.b_row, block.b_column);
  std::vector<float> c(static_cast<size_t>(block.m * block.n));
  multiply(DType::F32, {block.m, block.n, block.k, a.data(), block.k, 1, b.data(), block.n, 1, c.data(), block.n},
           pool);
  for (int64_t i = 0; i < block.m; ++i)
    loops().store[at(dtype)](static_cast<std::byte*>(block.c) + i * block.c_row * spec::dtype_bytes(dtype), 1,
                             c.data() + i * block.n, 1, block.n);
}

int64_t batch_offset(const Matrix& matrix, const ProductStep& step, int64_t batch) {
  int64_t offset = matrix.offset;
  for (size_t d = step.batch_rank; d-- > 0;) {
    offset += batch % step.batch[d] * matrix.batch[d];
    batch /= step.batch[d];
  }
  return offset;
}

}  // namespace

bool can_multiply(DType dtype) { return loops().product[at(kernel::register_type(dtype))] != nullptr; }

void run_product(const ProductStep& step, std::span<const Memory> slots, Pool& pool) {
  const int64_t size = spec::dtype_bytes(step.dtype);
  for (int64_t batch = 0; batch < step.batch_count(); ++batch) {
    const auto place = [&](const Matrix& matrix) {
      return slots[matrix.slot] + batch_offset(matrix, step, batch) * size;
    };
    const ProductBlock block{step.m,        step.n,     step.k,        place(step.a), step.a.row, step.a.column,
                             place(step.b), step.b.row, step.b.column, place(step.c), step.c.row};
    if (kernel::register_type(step.dtype) != step.dtype)
      multiply_short(step.dtype, block, pool);
    else
      multiply(step.dtype, block, pool);
  }
}

}  // namespace stark::devices::cpu

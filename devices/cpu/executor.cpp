// devices/cpu/executor.cpp — binding of instructions to loops, and the order in which blocks of points are run.
// Room: devices/cpu. In: a Kernel. Out: its stores.
#include "devices/cpu/executor.h"

#include "devices/cpu/evaluator.h"

namespace stark::devices::cpu {
namespace {

using kernel::Op;
using kernel::ReduceKind;

constexpr int64_t kPiece = 32 * kBlock;       // points of one piece of parallel work
constexpr int64_t kPartial = 64 * kBlock;     // values of one partial reduction
constexpr int64_t kAlone = int64_t{1} << 17;  // below this, waking a thread costs more than it brings

size_t at(DType dtype) { return static_cast<size_t>(dtype); }

MapLoop loop_for(const kernel::Kernel& kernel, const kernel::Instruction& code) {
  const Loops& table = loops();
  const DType first = kernel.code[code.op == Op::Select ? code.b : code.a].type;
  if (code.op == Op::Cast) return table.cast[at(first)][at(code.type)];
  return table.map[static_cast<size_t>(code.op)][at(first)];
}

bool is_leaf(Op op) { return op < Op::Add; }

}  // namespace

std::optional<KernelCode> KernelCode::make(const kernel::Kernel& kernel, const kernel::Instruction** missing) {
  KernelCode result;
  result.kernel_ = kernel;
  result.body_ = kernel.body();
  for (const kernel::Instruction& instruction : kernel.code) {
    Code code{instruction, nullptr, spec::dtype_bytes(instruction.type), 0, false};
    code.constant = instruction.op == Op::Constant || instruction.op == Op::Scalar;
    if (!is_leaf(instruction.op)) {
      code.loop = loop_for(kernel, instruction);
      *missing = &instruction;
      if (code.loop == nullptr) return std::nullopt;
    }
    result.code_.push_back(code);
  }
  result.bind_registers();
  result.columns_ = result.walks_columns();
  return result;
}

// A scratch block is free again after the last instruction that reads it; constants keep theirs.
void KernelCode::bind_registers() {
  std::vector<size_t> last(code_.size(), 0);
  for (size_t i = 0; i < code_.size(); ++i) {
    const kernel::Instruction& code = code_[i].instruction;
    const uint8_t operands[] = {code.a, code.b, code.c};
    for (size_t k = 0; k < kernel::op_row(code.op).operands; ++k) last[operands[k]] = i;
  }
  last[kernel_.result] = code_.size();
  if (kernel_.reduced > 0 || kernel_.reduce != ReduceKind::None) last[kernel_.reduce_value] = code_.size();
  std::vector<size_t> busy_until;
  for (size_t i = 0; i < code_.size(); ++i) {
    size_t scratch = 0;
    while (scratch < busy_until.size() && busy_until[scratch] >= i) ++scratch;
    if (scratch == busy_until.size()) busy_until.push_back(0);
    busy_until[scratch] = code_[i].constant ? code_.size() : std::max(last[i], i);
    code_[i].scratch = static_cast<uint8_t>(scratch);
  }
  // Constants are filled before the first block: theirs must not be anyone's before them either.
  for (Code& code : code_)
    if (code.constant) {
      code.scratch = static_cast<uint8_t>(busy_until.size());
      busy_until.push_back(code_.size());
    }
  scratches_ = busy_until.size();
}

// Reducing an outer dim of row-major data goes down whole rows at a time rather than hop along columns.
bool KernelCode::walks_columns() const {
  const size_t kept = kernel_.kept();
  if (kept == 0 || kernel_.reduced == 0 || kernel_.extents[kept - 1] < 8) return false;
  bool any = false;
  for (const kernel::Access& access : kernel_.accesses) {
    const int64_t along = access.strides[kept - 1], down = access.strides[kernel_.rank - 1];
    if (down == 1 && along != 1) return false;
    any = any || (along == 1 && down != 1);
  }
  return any;
}

void KernelCode::run(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const {
  if (kernel_.reduce == ReduceKind::None)
    run_map(slots, scalars, pool);
  else
    run_reduce(slots, scalars, pool);
}

void KernelCode::run_map(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const {
  const int64_t points = kernel_.kept_count();
  const auto piece = [&](int64_t begin, int64_t end) {
    Evaluator evaluator(*this, slots, scalars, std::min(kBlock, end - begin));
    for (int64_t first = begin; first < end; first += kBlock) {
      const Block block{kernel_.rank, first, std::min(kBlock, end - first), {}};
      std::byte* direct = evaluator.direct(block);
      evaluator.evaluate(0, code_.size(), block, direct);
      if (direct == nullptr || evaluator.get(kernel_.result) != direct) evaluator.store(block);
    }
  };
  if (points < kAlone) return piece(0, points);
  pool.each((points + kPiece - 1) / kPiece,
            [&](int64_t index) { piece(index * kPiece, std::min(points, (index + 1) * kPiece)); });
}

namespace {

// The accumulators of one stretch of kept points.
struct Sums {
  alignas(64) std::byte values[kBlock * 8];
  int64_t best[kBlock];
};

Strides coordinates(const kernel::Kernel& kernel, int64_t reduced_point) {
  Strides point{};
  for (size_t d = kernel.rank; d-- > kernel.kept();) {
    point[d] = reduced_point % kernel.extents[d];
    reduced_point /= kernel.extents[d];
  }
  return point;
}

}  // namespace

void KernelCode::run_reduce(std::span<const Memory> slots, std::span<const Scalar> scalars, Pool& pool) const {
  const int64_t kept = kernel_.kept_count(), reduced = kernel_.reduced_count();
  const DType type = code_[kernel_.reduce_value].instruction.type;
  const ReduceLoops& reduce = loops().reduce[static_cast<size_t>(kernel_.reduce)][at(type)];
  const int64_t value_size = code_[kernel_.reduce_value].size, sum_size = code_[body_].size;
  const bool position = kernel_.reduce == ReduceKind::ArgMax || kernel_.reduce == ReduceKind::ArgMin;
  const int64_t extreme_size = position ? value_size : sum_size;

  // Values [begin, end) of one kept point into accumulator 0.
  const auto line = [&](Evaluator& evaluator, int64_t point, int64_t begin, int64_t end, std::byte* sum,
                        int64_t* best) {
    for (int64_t first = begin; first < end; first += kBlock) {
      const Block block{kernel_.rank, point * reduced + first, std::min(kBlock, end - first), {}};
      evaluator.evaluate(0, body_, block);
      reduce.row(evaluator.get(kernel_.reduce_value), block.count, sum, best, first);
    }
  };
  const auto finish = [&](Evaluator& evaluator, Sums& sums, int64_t first, int64_t count) {
    const Block block{kernel_.kept(), first, count, {}};
    evaluator.set(body_, position ? static_cast<const void*>(sums.best) : sums.values);
    evaluator.evaluate(body_, code_.size(), block);
    evaluator.store(block);
  };
  // A stretch of kept points from start to store.
  const auto stretch = [&](int64_t first, int64_t count) {
    Sums sums;
    Evaluator evaluator(*this, slots, scalars, std::min(kBlock, std::max(count, count * reduced)));
    reduce.start(sums.values, sums.best, count);
    if (columns_) {
      for (int64_t r = 0; r < reduced; ++r) {
        const Block block{kernel_.kept(), first, count, coordinates(kernel_, r)};
        evaluator.evaluate(0, body_, block);
        reduce.column(evaluator.get(kernel_.reduce_value), count, sums.values, sums.best, r);
      }
    } else if (reduced > kBlock) {
      for (int64_t i = 0; i < count; ++i)
        line(evaluator, first + i, 0, reduced, sums.values + i * extreme_size, sums.best + i);
    } else if (reduced > 0) {
      const Block block{kernel_.rank, first * reduced, count * reduced, {}};
      evaluator.evaluate(0, body_, block);
      const auto* values = static_cast<const std::byte*>(evaluator.get(kernel_.reduce_value));
      for (int64_t i = 0; i < count; ++i)
        reduce.row(values + i * reduced * value_size, reduced, sums.values + i * extreme_size, sums.best + i, 0);
    }
    finish(evaluator, sums, first, count);
  };

  if (!columns_ && kept < 64 && reduced >= kAlone) {
    // Few long lines: partial sums of a fixed length, joined in order.
    const int64_t partials = (reduced + kPartial - 1) / kPartial;
    struct Partial {
      alignas(8) std::byte value[8];
      int64_t best;
    };
    std::vector<Partial> parts(static_cast<size_t>(kept * partials));
    pool.each(kept * partials, [&](int64_t index) {
      Partial& part = parts[static_cast<size_t>(index)];
      Evaluator evaluator(*this, slots, scalars, kBlock);
      reduce.start(part.value, &part.best, 1);
      const int64_t begin = index % partials * kPartial;
      line(evaluator, index / partials, begin, std::min(reduced, begin + kPartial), part.value, &part.best);
    });
    for (int64_t point = 0; point < kept; ++point) {
      Sums sums;
      Evaluator evaluator(*this, slots, scalars, 1);
      reduce.start(sums.values, sums.best, 1);
      for (int64_t i = 0; i < partials; ++i) {
        const Partial& part = parts[static_cast<size_t>(point * partials + i)];
        reduce.merge(sums.values, sums.best, part.value, &part.best);
      }
      finish(evaluator, sums, point, 1);
    }
    return;
  }
  const int64_t step = columns_ ? kBlock : std::clamp<int64_t>(kBlock / std::max<int64_t>(reduced, 1), 1, kBlock);
  const int64_t stretches = (kept + step - 1) / step;
  const auto nth = [&](int64_t index) { stretch(index * step, std::min(step, kept - index * step)); };
  if (kept * reduced < kAlone || stretches < 2) {
    for (int64_t i = 0; i < stretches; ++i) nth(i);
  } else {
    const int64_t group = std::max<int64_t>(1, kPiece / std::max<int64_t>(1, step * reduced));
    pool.each((stretches + group - 1) / group, [&](int64_t index) {
      for (int64_t i = index * group; i < std::min(stretches, (index + 1) * group); ++i) nth(i);
    });
  }
}

}  // namespace stark::devices::cpu

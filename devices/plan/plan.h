// devices/plan/plan.h — Plan: the launch list of one graph for one set of layouts.
// Room: devices/plan. In: made by plan/planner.cpp. Out: read by backends and by Device::run.
// Law: steps run in order; slots are the inputs, then the outputs, then one arena of temporaries.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "devices/backend.h"
#include "devices/kernel/kernel.h"

namespace stark::devices {

// One side of a product: a matrix per batch.
struct Matrix {
  uint32_t slot = 0;
  int64_t offset = 0;  // elements
  Strides batch{};     // a stride per batch dim; 0 where the matrix is shared
  int64_t row = 0, column = 0;
};

// c = a @ b, for every batch. c is dense.
struct ProductStep {
  DType dtype = DType::F32;
  int64_t m = 0, n = 0, k = 0;
  size_t batch_rank = 0;
  Strides batch{};
  Matrix a, b, c;

  int64_t batch_count() const {
    int64_t count = 1;
    for (size_t i = 0; i < batch_rank; ++i) count *= batch[i];
    return count;
  }
};

using Step = std::variant<kernel::Kernel, ProductStep>;

struct Plan {
  std::vector<Layout> inputs;
  std::vector<bool> by_value;  // per input: a scalar
  std::vector<TensorType> outputs;
  std::vector<int> reuses;  // per output: the donated input it may overwrite, or -1
  std::vector<Step> steps;
  int64_t arena_bytes = 0;
  std::unique_ptr<Executable> executable;

  uint32_t output_slot(size_t output) const { return static_cast<uint32_t>(inputs.size() + output); }
  uint32_t arena_slot() const { return static_cast<uint32_t>(inputs.size() + outputs.size()); }
  size_t slot_count() const { return inputs.size() + outputs.size() + 1; }
};

// The slots a step reads and the one it writes.
std::vector<uint32_t> slots_read(const Step& step);
uint32_t slot_written(const Step& step);

namespace kernel {
// The launch words of one batch of a product, as render_product() reads them; nothing when an index does not fit.
std::optional<std::vector<int32_t>> product_words(const ProductStep& step, int64_t batch,
                                                  std::span<const Binding> slots);
}  // namespace kernel

}  // namespace stark::devices

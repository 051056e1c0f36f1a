// devices/plan/plan.cpp — questions about a Plan, and its text.
// Room: devices/plan. In: Plan. Out: slots, answers, text.
#include "devices/plan/plan.h"

#include <fmt/format.h>

#include "devices/kernel/render.h"

namespace stark::devices {

std::vector<uint32_t> slots_read(const Step& step) {
  if (const auto* product = std::get_if<ProductStep>(&step)) return {product->a.slot, product->b.slot};
  std::vector<uint32_t> slots;
  for (const kernel::Access& access : std::get<kernel::Kernel>(step).accesses)
    if (access.slot != kernel::kNoSlot) slots.push_back(access.slot);
  return slots;
}

uint32_t slot_written(const Step& step) {
  if (const auto* product = std::get_if<ProductStep>(&step)) return product->c.slot;
  return std::get<kernel::Kernel>(step).store.slot;
}

std::span<const TensorType> plan_outputs(const Plan& plan) { return plan.outputs; }

std::optional<size_t> plan_reuses(const Plan& plan, size_t output) {
  if (plan.reuses[output] < 0) return std::nullopt;
  return static_cast<size_t>(plan.reuses[output]);
}

std::string plan_text(const Plan& plan) {
  std::string text = fmt::format("plan of {} inputs, {} outputs, {} bytes of temporaries\n", plan.inputs.size(),
                                 plan.outputs.size(), plan.arena_bytes);
  for (const Step& step : plan.steps) {
    if (const auto* kernel = std::get_if<kernel::Kernel>(&step)) {
      text += kernel::text(*kernel);
      continue;
    }
    const auto& product = std::get<ProductStep>(step);
    text += fmt::format("product {} [{}, {}] @ [{}, {}], {} batches: slot {} = slot {} @ slot {}\n",
                        spec::dtype_name(product.dtype), product.m, product.k, product.k, product.n,
                        product.batch_count(), product.c.slot, product.a.slot, product.b.slot);
  }
  return text;
}

std::optional<std::vector<int32_t>> kernel::product_words(const ProductStep& step, int64_t batch,
                                                          std::span<const Binding> slots) {
  std::vector<int64_t> words = {step.m, step.n, step.k};
  bool fits = true;
  const auto matrix = [&](const Matrix& one, int64_t rows, int64_t columns) {
    int64_t offset = one.offset + slots[one.slot].offset / spec::dtype_bytes(step.dtype), rest = batch;
    for (size_t d = step.batch_rank; d-- > 0; rest /= step.batch[d]) offset += rest % step.batch[d] * one.batch[d];
    words.insert(words.end(), {offset, one.row, one.column});
    fits = fits && offset + rows * one.row + columns * one.column <= kMaxIndex;
  };
  matrix(step.a, step.m, step.k);
  matrix(step.b, step.k, step.n);
  matrix(step.c, step.m, step.n);
  if (!fits) return std::nullopt;
  return std::vector<int32_t>(words.begin(), words.end());
}

}  // namespace stark::devices

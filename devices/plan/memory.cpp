// devices/plan/memory.cpp — temporaries packed into one arena by lifetime, and outputs that may overwrite donated
// inputs. Room: devices/plan. In: a Plan whose steps name temporaries. Out: the same Plan, its slots final.
#include <algorithm>

#include "devices/plan/planner.h"

namespace stark::devices {
namespace {

constexpr int64_t kAlignment = 256;  // enough for the storage buffers of every backend

struct Life {
  int64_t bytes = 0, offset = 0;
  size_t first = SIZE_MAX, last = 0;
  bool alive() const { return first != SIZE_MAX; }
  bool meets(const Life& other) const { return first <= other.last && other.first <= last; }
};

template <class Visit>
void each_slot(Step& step, Visit visit) {
  if (auto* product = std::get_if<ProductStep>(&step)) {
    for (Matrix* matrix : {&product->a, &product->b, &product->c})
      visit(matrix->slot, matrix->offset, spec::dtype_bytes(product->dtype));
    return;
  }
  auto& kernel = std::get<kernel::Kernel>(step);
  for (kernel::Access& access : kernel.accesses)
    if (access.slot != kernel::kNoSlot) visit(access.slot, access.offset, spec::dtype_bytes(access.dtype));
  visit(kernel.store.slot, kernel.store.offset, spec::dtype_bytes(kernel.store.dtype));
}

bool is_temporary(uint32_t slot) { return slot >= kTemporary && slot != kernel::kNoSlot; }

// The lowest offset at which `life` meets none of those placed before it.
int64_t lowest_offset(std::span<const Life> placed, const Life& life) {
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (const Life& other : placed)
    if (other.alive() && other.meets(life)) taken.emplace_back(other.offset, other.offset + other.bytes);
  std::ranges::sort(taken);
  int64_t offset = 0;
  for (const auto& [begin, end] : taken) {
    if (offset + life.bytes <= begin) break;
    offset = std::max(offset, (end + kAlignment - 1) / kAlignment * kAlignment);
  }
  return offset;
}

}  // namespace

void pack_temporaries(Plan& plan, std::span<const int64_t> temporary_bytes) {
  std::vector<Life> lives(temporary_bytes.size());
  for (size_t i = 0; i < lives.size(); ++i) lives[i].bytes = temporary_bytes[i];
  for (size_t step = 0; step < plan.steps.size(); ++step)
    each_slot(plan.steps[step], [&](uint32_t slot, int64_t, int64_t) {
      if (!is_temporary(slot)) return;
      Life& life = lives[slot - kTemporary];
      life.first = std::min(life.first, step);
      life.last = std::max(life.last, step);
    });
  for (size_t i = 0; i < lives.size(); ++i) {
    if (!lives[i].alive()) continue;
    lives[i].offset = lowest_offset(std::span(lives).first(i), lives[i]);
    plan.arena_bytes = std::max(plan.arena_bytes, lives[i].offset + lives[i].bytes);
  }
  for (Step& step : plan.steps)
    each_slot(step, [&](uint32_t& slot, int64_t& offset, int64_t element) {
      if (!is_temporary(slot)) return;
      offset += lives[slot - kTemporary].offset / element;
      slot = plan.arena_slot();
    });
}

namespace {

// May this kernel read `input` and write the output in the same place, element by element?
bool in_step(const kernel::Kernel& kernel, uint32_t input) {
  if (kernel.reduced != 0 || kernel.reduce != kernel::ReduceKind::None) return false;
  return std::ranges::all_of(kernel.accesses, [&](const kernel::Access& access) {
    return access.slot != input || (access.offset == kernel.store.offset && access.strides == kernel.store.strides);
  });
}

// Every reader of the input comes before the one writer of the output, or is that writer and goes in step.
bool may_reuse(const Plan& plan, uint32_t input, uint32_t output) {
  bool written = false;
  for (const Step& step : plan.steps) {
    const auto reads = slots_read(step);
    const bool reads_input = std::ranges::find(reads, input) != reads.end();
    const bool writes = slot_written(step) == output;
    if (reads_input && written) return false;
    if (!writes) continue;
    const auto* kernel = std::get_if<kernel::Kernel>(&step);
    if (written || (reads_input && (kernel == nullptr || !in_step(*kernel, input)))) return false;
    written = true;
  }
  return written;
}

}  // namespace

void find_reuse(Plan& plan, std::span<const spec::InputMode> modes) {
  plan.reuses.assign(plan.outputs.size(), -1);
  for (size_t output = 0; output < plan.outputs.size(); ++output)
    for (size_t input = 0; input < modes.size(); ++input) {
      const Layout& layout = plan.inputs[input];
      const bool taken = std::ranges::find(plan.reuses, static_cast<int>(input)) != plan.reuses.end();
      const bool fits = modes[input] == spec::InputMode::Donated && !taken && layout.is_dense() &&
                        spec::dtype_bytes(layout.type.dtype) == spec::dtype_bytes(plan.outputs[output].dtype) &&
                        layout.type.shape.element_count() == plan.outputs[output].shape.element_count();
      if (!fits || !may_reuse(plan, static_cast<uint32_t>(input), plan.output_slot(output))) continue;
      plan.reuses[output] = static_cast<int>(input);
      break;
    }
}

}  // namespace stark::devices

// devices/run.cpp — the plans of a Device: prepare() and run().
// Room: devices. In: Programs, views, scalars. Out: work queued on the backend, every view checked first.
#include <algorithm>

#include "devices/backend.h"
#include "devices/device.h"
#include "devices/errors.h"
#include "devices/plan/cache.h"
#include "devices/plan/planner.h"

namespace stark::devices {
namespace {

// The bytes from a view's first element to its last, or nothing beyond 63 bits.
std::optional<int64_t> extent_bytes(const Layout& layout) {
  int64_t last = 0;
  for (size_t i = 0; i < layout.type.shape.rank(); ++i) {
    const int64_t dim = layout.type.shape[i];
    int64_t way = 0;
    if (dim == 0) return 0;
    if (layout.strides[i] < 0 || __builtin_mul_overflow(dim - 1, layout.strides[i], &way) ||
        __builtin_add_overflow(last, way, &last))
      return std::nullopt;
  }
  int64_t bytes = 0;
  if (__builtin_add_overflow(last, 1, &last) ||
      __builtin_mul_overflow(last, spec::dtype_bytes(layout.type.dtype), &bytes))
    return std::nullopt;
  return bytes;
}

bool same(const Layout& a, const Layout& b) {
  const size_t rank = a.type.shape.rank();
  if (a.type.dtype != b.type.dtype || b.type.shape.rank() != rank) return false;
  for (size_t i = 0; i < rank; ++i)
    if (a.type.shape[i] != b.type.shape[i] || a.strides[i] != b.strides[i]) return false;
  return true;
}

// Few plans have more operands than this; they pay for a vector.
constexpr size_t kFewSlots = 16;

}  // namespace

Result<void> Device::check_view(const TensorView& view, const Layout& layout, std::string_view role,
                                size_t index) const {
  if (view.buffer == nullptr || view.buffer->device() != this)
    return device_fail(DeviceError::WrongDevice, "{} {} does not lie on `{}`", role, index, name_);
  if (!same(view.layout, layout))
    return device_fail(DeviceError::BadOperand,
                       "{} {} is `{}`, and the plan was made for `{}` with other strides or dims", role, index,
                       view.layout.type.text(), layout.type.text());
  const auto bytes = extent_bytes(view.layout);
  const int64_t room = view.buffer->bytes();
  if (!bytes || view.offset < 0 || view.offset > room || *bytes > room - view.offset ||
      view.offset % spec::dtype_bytes(view.layout.type.dtype) != 0)
    return device_fail(DeviceError::OutOfBounds, "{} {}, `{}` at byte {}, does not lie inside its buffer of {} bytes",
                       role, index, view.layout.type.text(), view.offset, room);
  return {};
}

Result<Plan*> Device::prepare(const Program& program, std::span<const Layout> inputs) {
  const uint64_t hash = PlanCache::hash(program, inputs);
  if (Plan* plan = plans_->find(hash, program, inputs)) return plan;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!extent_bytes(inputs[i]))
      return device_fail(DeviceError::BadOperand, "input {}, `{}`, has strides beyond any memory", i,
                         inputs[i].type.text());
  auto plan = make_plan(program.graph(), inputs);
  if (!plan) return std::unexpected(plan.error());
  auto executable = backend_->compile(**plan);
  if (!executable) return std::unexpected(executable.error());
  (*plan)->executable = std::move(*executable);
  return plans_->insert(hash, program, std::move(*plan));
}

Result<void> Device::run(Plan& plan, std::span<const TensorView> inputs, std::span<const Scalar> scalars,
                         std::span<const TensorView> outputs) {
  if (inputs.size() != plan.inputs.size() || outputs.size() != plan.outputs.size())
    return device_fail(DeviceError::BadOperand, "a plan of {} inputs and {} outputs was given {} and {}",
                       plan.inputs.size(), plan.outputs.size(), inputs.size(), outputs.size());
  Binding few[kFewSlots];
  std::vector<Binding> many(plan.slot_count() > kFewSlots ? plan.slot_count() : 0);
  const std::span<Binding> slots = many.empty() ? std::span(few).first(plan.slot_count()) : std::span(many);
  size_t scalar = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (plan.by_value[i]) {
      if (scalar >= scalars.size() || scalars[scalar].dtype != plan.inputs[i].type.dtype)
        return device_fail(DeviceError::BadOperand, "input {} is a {} passed by value, and another or none was given",
                           i, spec::dtype_name(plan.inputs[i].type.dtype));
      ++scalar;
      continue;
    }
    if (auto fits = check_view(inputs[i], plan.inputs[i], "input", i); !fits) return fits;
    slots[i] = {&inputs[i].buffer->allocation(), inputs[i].offset};
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (auto fits = check_view(outputs[i], Layout::dense(plan.outputs[i]), "output", i); !fits) return fits;
    if (outputs[i].buffer->read_only())
      return device_fail(DeviceError::BadOperand, "output {} lies in memory that is only borrowed for reading", i);
    slots[inputs.size() + i] = {&outputs[i].buffer->allocation(), outputs[i].offset};
  }
  if (plan.arena_bytes > arena_.bytes()) {
    arena_.reset();
    auto arena = allocate(plan.arena_bytes);
    if (!arena) return std::unexpected(arena.error());
    arena_ = std::move(*arena);
  }
  slots[plan.arena_slot()] = {&arena_.allocation(), 0};
  return backend_->run(*plan.executable, plan, slots, scalars);
}

}  // namespace stark::devices

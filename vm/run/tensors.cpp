// vm/run/tensors.cpp — tensor instructions: operands of a site to and from the tensor runtime.
// Room: vm/run. In: TensorSite, a frame. Out: handles and elements in the frame, or a failure.
#include <fmt/format.h>

#include <array>

#include "vm/run/machine.h"

namespace stark::vm {
namespace {

// The tensor that an operand is, or refers to.
TensorObject* tensor_of(const TypeTables& types, const FrameValue& v, const std::byte* fp) {
  if (types.is(v.type, TypeKind::Ref)) return *load<TensorObject**>(fp + v.offset);
  return load<TensorObject*>(fp + v.offset);
}

}  // namespace

uint64_t Machine::scalar_bits(const FrameValue& v, const std::byte* fp) const {
  uint64_t bits = 0;
  std::memcpy(&bits, fp + v.offset, spec::row_of(v.kind).size);
  return bits;
}

int64_t Machine::integer(const FrameValue& v, const std::byte* fp) const {
  const uint32_t unused = 64 - 8 * spec::row_of(v.kind).size;
  const uint64_t bits = scalar_bits(v, fp) << unused;
  return spec::has(v.kind, spec::kSigned) ? static_cast<int64_t>(bits) >> unused : static_cast<int64_t>(bits >> unused);
}

bool Machine::tensor_op(Exec code, const TensorSite& site, std::byte* fp) {
  return profile_ != nullptr ? run_profiled(code, site, fp) : run_tensor_op(code, site, fp);
}

bool Machine::run_tensor_op(Exec code, const TensorSite& site, std::byte* fp) {
  Result<void> done;
  switch (code) {
    case Exec::Tensor: done = run_graph(site, fp); break;
    case Exec::TensorGet:
    case Exec::TensorSet: done = tensor_element(code, site, fp); break;
    case Exec::TensorNarrow: done = narrow(site, fp); break;
    default: done = make_tensor(code, site, fp);
  }
  if (!done) host_.fail(done.error());
  return done.has_value();
}

Result<void> Machine::run_graph(const TensorSite& site, std::byte* fp) {
  std::vector<GraphInput> inputs;
  for (const FrameValue& v : site.operands) {
    const bool is_scalar = v.kind != TypeKind::Tensor && v.kind != TypeKind::Ref;
    inputs.push_back(is_scalar ? GraphInput{nullptr, scalar_bits(v, fp)} : GraphInput{tensor_of(types(), v, fp), 0});
  }
  std::vector<TensorObject*> outputs(site.targets.size());
  const auto begin = host_.options.trace_device ? Clock::now() : Clock::time_point{};
  host_.heap.rest();
  const auto done = host_.tensors.run(site.index, inputs, outputs);
  host_.heap.wake();
  if (!done) return done;
  if (host_.options.trace_device) tell_graph(site, outputs, Clock::now() - begin);
  for (size_t o = 0; o < outputs.size(); ++o) store(fp + site.targets[o].offset, outputs[o]);
  return {};
}

// On which device, what, how large the results are, how long it took to give it to the device and, where it waits, to be done.
void Machine::tell_graph(const TensorSite& site, std::span<TensorObject* const> outputs, Clock::duration took) const {
  int64_t bytes = 0;
  for (const TensorObject* output : outputs) bytes += output->bytes();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  host_.out.tell(fmt::format("device {}: {}, {} bytes, {} us\n", device_name(outputs[0]->where), tensor_text(Exec::Tensor, site), bytes, us));
}

// Constants, fills and random tensors; unknown dims take the extents given.
Result<void> Machine::make_tensor(Exec code, const TensorSite& site, std::byte* fp) {
  spec::TensorType type = types().tensor_type(site.targets[0].type);
  size_t next = code == Exec::TensorFill ? 1 : 0;
  for (size_t d = 0; d < type.shape.rank(); ++d) {
    if (type.shape[d] != spec::kUnknownDim) continue;
    const int64_t extent = integer(site.operands[next++], fp);
    if (extent < 0) return fail("", fmt::format("dim {} of a tensor cannot have extent {}", d, extent));
    type.shape.set(d, extent);
  }
  host_.heap.rest();
  auto made = code == Exec::TensorConst  ? host_.tensors.constant(site.index, type)
              : code == Exec::TensorFill ? host_.tensors.fill(type, scalar_bits(site.operands[0], fp))
                                         : host_.tensors.random(type);
  host_.heap.wake();
  if (!made) return std::unexpected(made.error());
  store(fp + site.targets[0].offset, *made);
  return {};
}

Result<void> Machine::tensor_element(Exec code, const TensorSite& site, std::byte* fp) {
  TensorObject& tensor = *tensor_of(types(), site.operands[0], fp);
  std::array<int64_t, spec::kMaxRank> indices{};
  const size_t first = code == Exec::TensorGet ? 1 : 2;
  for (size_t i = first; i < site.operands.size(); ++i) indices[i - first] = integer(site.operands[i], fp);
  auto offset = TensorRuntime::offset_of(tensor, std::span(indices).first(site.operands.size() - first));
  if (!offset) return std::unexpected(offset.error());
  const auto bytes = static_cast<size_t>(spec::dtype_bytes(tensor.type().dtype));
  if (code == Exec::TensorGet) return host_.tensors.read(tensor, *offset, std::span(fp + site.targets[0].offset, bytes));
  return host_.tensors.write(tensor, *offset, std::span(fp + site.operands[1].offset, bytes));
}

Result<void> Machine::narrow(const TensorSite& site, std::byte* fp) {
  TensorObject* tensor = tensor_of(types(), site.operands[0], fp);
  if (auto fits = TensorRuntime::check_type(*tensor, types().tensor_type(site.targets[0].type)); !fits) return fits;
  store(fp + site.targets[0].offset, tensor);
  return {};
}

}  // namespace stark::vm

// tests/devices/conformance.cpp — layouts, runs and comparison with the tolerance of the operation's row.
// Room: tests. In: a Device, a graph, host tensors. Out: what differs, or nothing.
#include "tests/devices/conformance.h"

#include <fmt/format.h>

#include <cmath>

#include "devices/errors.h"
#include "devices/kernel/philox.h"

namespace stark::tests {
namespace {

using namespace devices;
using reference::Number;
using spec::DType;
using spec::KernelClass;

struct Placed {
  std::vector<std::byte> bytes;
  Layout layout;
  int64_t offset = 0;
};

void set_element(std::vector<std::byte>& bytes, const HostTensor& from, int64_t index, int64_t to) {
  const int64_t size = spec::dtype_bytes(from.type.dtype);
  std::copy_n(from.data.begin() + index * size, size, bytes.begin() + to * size);
}

// The elements of a tensor spread over a buffer as `lay` says; the gaps hold what must not be read.
Placed place(const HostTensor& tensor, Lay lay) {
  Placed placed{tensor.data, Layout::dense(tensor.type), 0};
  const size_t rank = tensor.type.shape.rank();
  if (lay == Lay::Dense || rank == 0 || tensor.count() == 0) return placed;
  Strides& strides = placed.layout.strides;
  if (lay == Lay::Transposed && rank >= 2) {
    std::swap(strides[rank - 1], strides[rank - 2]);
    strides[rank - 2] = 1;
    strides[rank - 1] = tensor.type.shape[rank - 2];
  }
  const int64_t gap = lay == Lay::Strided ? 3 : 1;
  for (size_t i = 0; i < rank; ++i) strides[i] *= gap;
  const int64_t size = spec::dtype_bytes(tensor.type.dtype);
  placed.offset = lay == Lay::Strided ? 2 * size : 0;
  placed.bytes.assign(static_cast<size_t>((tensor.count() * gap + 2) * size), std::byte{0x7F});
  for (int64_t i = 0; i < tensor.count(); ++i) {
    int64_t rest = i, at = placed.offset / size;
    for (size_t d = rank; d-- > 0; rest /= tensor.type.shape[d]) at += rest % tensor.type.shape[d] * strides[d];
    set_element(placed.bytes, tensor, i, at);
  }
  return placed;
}

double epsilon(DType dtype) {
  switch (dtype) {
    case DType::F64: return 0x1p-52;
    case DType::F16: return 0x1p-10;
    case DType::BF16: return 0x1p-7;
    default: return 0x1p-23;
  }
}

double smallest_normal(DType dtype) {
  return dtype == DType::F64 ? 0x1p-1022 : dtype == DType::F16 ? 0x1p-14 : 0x1p-126;
}

// The largest tolerance of the graph's operations; graphs of several add up their errors.
double tolerance(const spec::Graph& graph) {
  double units = 0;
  for (const spec::GraphNode& node : graph.nodes) units += spec::tensor_op_row(node.op).tolerance;
  const bool short_float = std::ranges::any_of(
      graph.values, [](const spec::TensorType& type) { return type.dtype == DType::F16 || type.dtype == DType::BF16; });
  return short_float ? units + 1 : units;
}

// Σ|terms| for sums and products of sums: the same graph on the magnitudes.
std::optional<std::vector<HostTensor>> magnitudes(const spec::Graph& graph, const std::vector<HostTensor>& inputs) {
  const bool adds = std::ranges::any_of(graph.nodes, [](const spec::GraphNode& node) {
    return node.op == spec::TensorOp::Sum || node.op == spec::TensorOp::Mean || node.op == spec::TensorOp::MatMul;
  });
  if (!adds) return std::nullopt;
  std::vector<HostTensor> sizes = inputs;
  for (HostTensor& tensor : sizes)
    for (int64_t i = 0; spec::is_float(tensor.type.dtype) && i < tensor.count(); ++i)
      tensor.set(i, {std::fabs(tensor.at(i).real), 0});
  auto result = reference::compute(graph, sizes);
  return result ? std::optional(std::move(*result)) : std::nullopt;
}

bool near(double want, double got, double bound) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  return std::fabs(want - got) <= bound;
}

// What an error is measured against where the row's operation mixes elements: the largest of them.
double largest(const HostTensor& tensor) {
  double size = 0;
  for (int64_t i = 0; i < tensor.count(); ++i)
    if (std::isfinite(tensor.at(i).real)) size = std::max(size, std::fabs(tensor.at(i).real));
  return size;
}

bool mixes(const spec::Graph& graph) {
  return graph.nodes.size() > 1 || spec::tensor_op_row(graph.nodes[0].op).kernel == KernelClass::Rows;
}

std::string compare(const HostTensor& want, const HostTensor& got, double units, const HostTensor* sizes,
                    double floor) {
  const DType dtype = want.type.dtype;
  for (int64_t i = 0; i < want.count(); ++i) {
    const Number a = want.at(i), b = got.at(i);
    if (!spec::is_float(dtype)) {
      if (a.whole != b.whole) return fmt::format("element {}: wanted {}, got {}", i, a.whole, b.whole);
      continue;
    }
    const double size = std::max({std::fabs(a.real), floor, sizes != nullptr ? std::fabs(sizes->at(i).real) : 0.0});
    const double bound = units == 0 ? 0 : units * epsilon(dtype) * size + smallest_normal(dtype);
    if (!near(a.real, b.real, bound))
      return fmt::format("element {}: wanted {:.9g}, got {:.9g}, allowed {:.3g}", i, a.real, b.real, bound);
  }
  return {};
}

std::string failure(const Error& error) { return error.code + ": " + error.message; }

}  // namespace

HostTensor sample(const spec::TensorType& type, uint64_t seed, bool special) {
  static constexpr double kSpecial[] = {0.0, -0.0, 1.0, -1.0, INFINITY, -INFINITY, NAN, 1e-30, 88.5, -88.5, 1e6, 0.5};
  HostTensor tensor = HostTensor::zeros(type);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const uint32_t word = kernel::philox_word(seed, static_cast<uint64_t>(i));
    if (spec::is_float(type.dtype)) {
      const double real = static_cast<double>(word >> 8) * 0x1p-24 * 8 - 4;
      tensor.set(i, {special && word % 3 == 0 ? kSpecial[word / 3 % std::size(kSpecial)] : real, 0});
    } else if (special) {
      tensor.set(i, {0, static_cast<int64_t>(uint64_t{word} * 0x9E37'79B9'7F4A'7C15ull)});
    } else {
      const int64_t small = static_cast<int64_t>(word % 11) - (spec::is_signed_integer(type.dtype) ? 5 : 0);
      tensor.set(i, {0, type.dtype == DType::Bool ? static_cast<int64_t>(word & 1) : small});
    }
  }
  return tensor;
}

Outcome Runner::run(const spec::Graph& graph, const std::vector<HostTensor>& inputs, Lay lay, bool reuse) {
  const auto wanted = reference::compute(graph, inputs);
  if (!wanted) return {false, "reference: " + failure(wanted.error())};
  auto program = Program::make(graph);
  if (!program) return {false, failure(program.error())};
  std::vector<Layout> layouts;
  std::vector<Placed> places;
  for (const HostTensor& input : inputs) {
    places.push_back(place(input, lay));
    layouts.push_back(places.back().layout);
  }
  auto plan = device_.prepare(**program, layouts);
  if (!plan) return {plan.error().code == "D05", failure(plan.error())};

  std::vector<Buffer> buffers;
  std::vector<TensorView> views, targets;
  std::vector<Scalar> scalars;
  buffers.reserve(inputs.size() + wanted->size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (graph.inputs[i] == spec::InputMode::Scalar) {
      Scalar scalar{inputs[i].type.dtype, 0};
      std::copy_n(inputs[i].data.begin(), inputs[i].data.size(), reinterpret_cast<std::byte*>(&scalar.bits));
      scalars.push_back(scalar);
      views.push_back({nullptr, 0, layouts[i]});
      continue;
    }
    auto buffer = device_.allocate(static_cast<int64_t>(places[i].bytes.size()));
    if (!buffer) return {false, failure(buffer.error())};
    buffers.push_back(std::move(*buffer));
    if (auto written = device_.write(buffers.back(), 0, places[i].bytes); !written)
      return {false, failure(written.error())};
    views.push_back({&buffers.back(), places[i].offset, layouts[i]});
  }
  for (size_t i = 0; i < wanted->size(); ++i) {
    const auto donor = plan_reuses(**plan, i);
    if (reuse && donor) {
      targets.push_back({views[*donor].buffer, views[*donor].offset, Layout::dense((*wanted)[i].type)});
      continue;
    }
    auto buffer = device_.allocate(static_cast<int64_t>((*wanted)[i].data.size()));
    if (!buffer) return {false, failure(buffer.error())};
    buffers.push_back(std::move(*buffer));
    targets.push_back(TensorView::dense(buffers.back(), (*wanted)[i].type));
  }
  if (auto done = device_.run(**plan, views, scalars, targets); !done) return {false, failure(done.error())};

  const auto sizes = magnitudes(graph, inputs);
  for (size_t i = 0; i < wanted->size(); ++i) {
    HostTensor got = HostTensor::zeros((*wanted)[i].type);
    if (plan_outputs(**plan)[i] != got.type) return {false, "the plan says " + plan_outputs(**plan)[i].text()};
    if (auto read = device_.read(*targets[i].buffer, targets[i].offset, got.data); !read)
      return {false, failure(read.error())};
    const std::string differs = compare((*wanted)[i], got, tolerance(graph), sizes ? &(*sizes)[i] : nullptr,
                                        mixes(graph) ? largest((*wanted)[i]) : 0);
    if (!differs.empty()) return {false, fmt::format("output {}: {}", i, differs)};
  }
  return {};
}

}  // namespace stark::tests

// devices/reference/reference.cpp — one plain function per kernel class, and the graph walker.
// Room: devices/reference. In: dense host tensors. Out: dense host tensors.
#include "devices/reference/reference.h"

#include <array>
#include <bit>
#include <cmath>

#include "bytecode-spec/tensor/shape_rules.h"
#include "devices/kernel/philox.h"
#include "devices/reference/arithmetic.h"

namespace stark::devices::reference {
namespace {

using spec::DType;
using spec::Shape;
using spec::TensorOp;
using Inputs = std::span<const HostTensor* const>;
using Attributes = std::span<const int64_t>;
using Point = std::array<int64_t, spec::kMaxRank>;

Point point_of(const Shape& shape, int64_t index) {
  Point point{};
  for (size_t i = shape.rank(); i-- > 0;) {
    point[i] = index % shape[i];
    index /= shape[i];
  }
  return point;
}

int64_t index_of(const Shape& shape, const Point& point) {
  int64_t index = 0;
  for (size_t i = 0; i < shape.rank(); ++i) index = index * shape[i] + point[i];
  return index;
}

// The element of `from` that broadcasting puts at `point` of `to`.
int64_t broadcast_index(const Shape& from, const Shape& to, const Point& point) {
  Point source{};
  const size_t lead = to.rank() - from.rank();
  for (size_t i = 0; i < from.rank(); ++i) source[i] = from[i] == 1 ? 0 : point[lead + i];
  return index_of(from, source);
}

void map(TensorOp op, Inputs inputs, HostTensor& result) {
  std::array<Number, 3> numbers;
  std::array<DType, 3> dtypes{};
  for (int64_t i = 0; i < result.count(); ++i) {
    const Point point = point_of(result.type.shape, i);
    for (size_t k = 0; k < inputs.size(); ++k) {
      numbers[k] = inputs[k]->at(broadcast_index(inputs[k]->type.shape, result.type.shape, point));
      dtypes[k] = inputs[k]->type.dtype;
    }
    result.set(i, apply(op, std::span(numbers).first(inputs.size()), dtypes, result.type.dtype));
  }
}

void matmul(Inputs inputs, HostTensor& result) {
  Shape a = inputs[0]->type.shape, b = inputs[1]->type.shape, c = result.type.shape;
  const bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) a = Shape{1, a[0]};
  if (column) b = Shape{b[0], 1};
  // The dims that vectors dropped from the result come back as ones.
  if (column) c.push(1);
  if (row) {
    Shape rowed;
    for (size_t i = 0; i + 1 < c.rank(); ++i) rowed.push(c[i]);
    rowed.push(1);
    rowed.push(c[c.rank() - 1]);
    c = rowed;
  }
  const size_t rank = c.rank();
  const int64_t depth = a[a.rank() - 1];
  for (int64_t i = 0; i < result.count(); ++i) {
    const Point at = point_of(c, i);
    Number sum;
    for (int64_t k = 0; k < depth; ++k) {
      Point left{}, right{};
      for (size_t d = 0; d + 2 < a.rank(); ++d) left[d] = a[d] == 1 ? 0 : at[rank - a.rank() + d];
      for (size_t d = 0; d + 2 < b.rank(); ++d) right[d] = b[d] == 1 ? 0 : at[rank - b.rank() + d];
      left[a.rank() - 2] = at[rank - 2], left[a.rank() - 1] = k;
      right[b.rank() - 2] = k, right[b.rank() - 1] = at[rank - 1];
      const Number x = inputs[0]->at(index_of(a, left)), y = inputs[1]->at(index_of(b, right));
      sum.real += x.real * y.real;
      sum.whole = static_cast<int64_t>(static_cast<uint64_t>(sum.whole) +
                                       static_cast<uint64_t>(x.whole) * static_cast<uint64_t>(y.whole));
    }
    result.set(i, sum);
  }
}

bool less(Number a, Number b, DType dtype) {
  if (spec::is_float(dtype)) return a.real < b.real;
  if (spec::is_unsigned_integer(dtype)) return static_cast<uint64_t>(a.whole) < static_cast<uint64_t>(b.whole);
  return a.whole < b.whole;
}

// One line of elements; the first NaN wins every maximum and minimum.
Number reduced(TensorOp op, std::span<const Number> line, DType from) {
  Number sum{op == TensorOp::Prod ? 1.0 : 0.0, op == TensorOp::Prod ? 1 : 0};
  size_t best = 0;
  const bool largest = op == TensorOp::Max || op == TensorOp::ArgMax;
  for (size_t i = 0; i < line.size(); ++i) {
    const auto whole = static_cast<uint64_t>(line[i].whole);
    const auto so_far = static_cast<uint64_t>(sum.whole);
    sum = op == TensorOp::Prod ? Number{sum.real * line[i].real, static_cast<int64_t>(so_far * whole)}
                               : Number{sum.real + line[i].real, static_cast<int64_t>(so_far + whole)};
    const bool better = largest ? less(line[best], line[i], from) : less(line[i], line[best], from);
    if (!std::isnan(line[best].real) && (better || std::isnan(line[i].real))) best = i;
  }
  switch (op) {
    case TensorOp::Mean: return {sum.real / static_cast<double>(line.size()), 0};
    case TensorOp::Sum:
    case TensorOp::Prod: return sum;
    case TensorOp::Max:
    case TensorOp::Min: return line[best];
    default: return {0, static_cast<int64_t>(best)};
  }
}

// Calls visit(line, the indices of its elements) for every line along `dim`, or once for all elements.
template <class Visit>
void each_line(const HostTensor& input, int64_t dim, Visit visit) {
  const Shape& shape = input.type.shape;
  const auto only = spec::resolve_dim(dim, shape.rank());
  const int64_t length = only ? shape[*only] : input.count();
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; only && i < shape.rank(); ++i) (i < *only ? outer : inner) *= i == *only ? 1 : shape[i];
  std::vector<Number> line(static_cast<size_t>(length));
  std::vector<int64_t> indices(line.size());
  for (int64_t at = 0; at < outer * inner; ++at) {
    for (int64_t i = 0; i < length; ++i) {
      indices[static_cast<size_t>(i)] = (at / inner * length + i) * inner + at % inner;
      line[static_cast<size_t>(i)] = input.at(indices[static_cast<size_t>(i)]);
    }
    visit(at, std::span<const Number>(line), std::span<const int64_t>(indices));
  }
}

void reduce(TensorOp op, const HostTensor& input, Attributes attributes, HostTensor& result) {
  each_line(input, attributes[0], [&](int64_t at, std::span<const Number> line, std::span<const int64_t>) {
    result.set(at, reduced(op, line, input.type.dtype));
  });
}

void rows(TensorOp op, const HostTensor& input, int64_t dim, HostTensor& result) {
  each_line(input, dim, [&](int64_t, std::span<const Number> line, std::span<const int64_t> indices) {
    const double count = static_cast<double>(line.size());
    double largest = -INFINITY, power = 0, sum = 0, squares = 0;
    for (Number number : line) {
      largest = std::isnan(number.real) || number.real > largest ? number.real : largest;
      sum += number.real;
    }
    for (Number number : line) {
      power += std::exp(number.real - largest);
      squares += (number.real - sum / count) * (number.real - sum / count);
    }
    const double deviation = std::sqrt(squares / count);
    for (size_t i = 0; i < line.size(); ++i) {
      const double shifted = line[i].real - largest;
      const double normal = deviation == 0 ? 0 : (line[i].real - sum / count) / deviation;
      const double value = op == TensorOp::Softmax      ? std::exp(shifted) / power
                           : op == TensorOp::LogSoftmax ? shifted - std::log(power)
                                                        : normal;
      result.set(indices[i], {value, 0});
    }
  });
}

void move(TensorOp op, Inputs inputs, Attributes attributes, HostTensor& result) {
  const Shape& to = result.type.shape;
  for (int64_t i = 0; i < result.count(); ++i) {
    Point point = point_of(to, i);
    const HostTensor* source = inputs[0];
    int64_t index = i;
    if (op == TensorOp::BroadcastTo) index = broadcast_index(source->type.shape, to, point);
    if (op == TensorOp::Transpose) {
      std::swap(point[*spec::resolve_dim(attributes[0], to.rank())],
                point[*spec::resolve_dim(attributes[1], to.rank())]);
      index = index_of(source->type.shape, point);
    }
    if (op == TensorOp::Slice) {
      int64_t& coordinate = point[*spec::resolve_dim(attributes[0], to.rank())];
      coordinate = attributes[1] + attributes[3] * coordinate;
      index = index_of(source->type.shape, point);
    }
    if (op == TensorOp::Concat) {
      const size_t dim = *spec::resolve_dim(attributes[0], to.rank());
      for (size_t k = 0; point[dim] >= source->type.shape[dim]; source = inputs[++k])
        point[dim] -= source->type.shape[dim];
      index = index_of(source->type.shape, point);
    }
    result.set(i, source->at(index));
  }
}

void generate(TensorOp op, Attributes attributes, HostTensor& result) {
  const DType dtype = result.type.dtype;
  const auto number = [&](int64_t bits) {
    return spec::is_float(dtype) ? Number{std::bit_cast<double>(bits), 0} : Number{0, bits};
  };
  for (int64_t i = 0; i < result.count(); ++i) {
    const Number first = number(attributes[1]);
    if (op == TensorOp::Fill) result.set(i, first);
    if (op == TensorOp::Iota) {
      const Number step = number(attributes[2]);
      const auto way = static_cast<uint64_t>(step.whole) * static_cast<uint64_t>(i);
      result.set(i, {first.real + step.real * static_cast<double>(i),
                     static_cast<int64_t>(static_cast<uint64_t>(first.whole) + way)});
    }
    if (op == TensorOp::Random) {
      const auto seed = static_cast<uint64_t>(attributes[1]);
      const uint64_t position = static_cast<uint64_t>(attributes[2]) + static_cast<uint64_t>(i);
      const double value = dtype == DType::F64   ? kernel::uniform_f64(seed, position)
                           : dtype == DType::F16 ? kernel::uniform_f16(seed, position)
                           : dtype == DType::F32 ? kernel::uniform_f32(seed, position)
                                                 : kernel::uniform_bf16(seed, position);
      result.set(i, {value, 0});
    }
  }
}

}  // namespace

HostTensor HostTensor::zeros(const spec::TensorType& type) {
  const int64_t bytes = *type.shape.element_count() * spec::dtype_bytes(type.dtype);
  return {type, std::vector<std::byte>(static_cast<size_t>(bytes))};
}

Result<HostTensor> compute(TensorOp op, Inputs inputs, Attributes attributes) {
  std::vector<spec::TensorType> types;
  for (const HostTensor* input : inputs) types.push_back(input->type);
  const auto type = spec::infer(op, types, attributes);
  if (!type) return std::unexpected(type.error());
  HostTensor result = HostTensor::zeros(*type);
  switch (spec::tensor_op_row(op).kernel) {
    case spec::KernelClass::Map: map(op, inputs, result); break;
    case spec::KernelClass::Product: matmul(inputs, result); break;
    case spec::KernelClass::Reduce: reduce(op, *inputs[0], attributes, result); break;
    case spec::KernelClass::Rows:
      rows(op, *inputs[0], attributes.empty() ? spec::kAllDims : attributes[0], result);
      break;
    case spec::KernelClass::Move: move(op, inputs, attributes, result); break;
    case spec::KernelClass::Generate: generate(op, attributes, result); break;
  }
  return result;
}

Result<std::vector<HostTensor>> compute(const spec::Graph& graph, std::span<const HostTensor> inputs) {
  std::vector<HostTensor> values(inputs.begin(), inputs.end());
  for (const spec::GraphNode& node : graph.nodes) {
    std::vector<const HostTensor*> operands;
    for (uint32_t operand : graph.operands_of(node)) operands.push_back(&values[operand]);
    auto value = compute(node.op, operands, graph.attributes_of(node));
    if (!value) return std::unexpected(value.error());
    values.push_back(std::move(*value));
  }
  std::vector<HostTensor> outputs;
  for (uint32_t output : graph.outputs) outputs.push_back(values[output]);
  return outputs;
}

}  // namespace stark::devices::reference

// devices/plan/emitter.cpp — from a graph of operations to the straight line of one kernel.
// Room: devices/plan. In: the expanded graph, the places of stored values. Out: a Kernel, its dims collapsed.
#include "devices/plan/emitter.h"

#include <bit>

#include "bytecode-spec/tensor/shape_rules.h"

namespace stark::devices {
namespace {

using kernel::Instruction;
using kernel::Kernel;
using kernel::Op;
using kernel::ReduceKind;
using spec::TensorOp;

class Emitter {
 public:
  Emitter(const Values& values, const Shape& shape, const Place& target, DType stored) : values_(values) {
    kernel_.rank = shape.rank();
    for (size_t i = 0; i < shape.rank(); ++i) kernel_.extents[i] = shape[i];
    kernel_.store = {target.slot, stored, target.offset, target.strides};
  }

  // The register that holds `value` at the point that `axes` leads to.
  uint8_t value(uint32_t value_index, const Axes& axes) {
    for (const Seen& seen : seen_)
      if (seen.value == value_index && seen.axes == axes) return seen.reg;
    const uint8_t reg = values_.places[value_index] ? load(value_index, axes) : computed(value_index, axes);
    seen_.push_back({value_index, axes, reg});
    return reg;
  }

  uint8_t computed(uint32_t value_index, const Axes& axes) {
    const DType element = values_.graph.values[value_index].dtype;
    if (values_.is_input(value_index))
      return push({Op::Scalar, kernel::register_type(element), 0, 0, 0, values_.scalar_number[value_index], 0});
    const spec::GraphNode& node = values_.node(value_index);
    const auto operands = values_.graph.operands_of(node);
    const auto attributes = values_.graph.attributes_of(node);
    const Shape& to = values_.graph.values[value_index].shape;
    switch (spec::tensor_op_row(node.op).kernel) {
      case spec::KernelClass::Map: return map(node.op, operands, kernel::register_type(element), to, axes);
      case spec::KernelClass::Generate: return generate(node.op, attributes, element, to, axes);
      default: break;
    }
    const auto moved = moved_axes(axes, node.op, attributes, to, values_.graph.values[operands[0]].shape);
    CHECK(moved);  // the planner stores what cannot be followed
    return value(operands[0], *moved);
  }

  uint8_t push(Instruction instruction) {
    for (size_t i = reduced_at_; i < kernel_.code.size(); ++i)
      if (kernel_.code[i] == instruction) return static_cast<uint8_t>(i);
    CHECK(kernel_.code.size() < 255);
    kernel_.code.push_back(instruction);
    return static_cast<uint8_t>(kernel_.code.size() - 1);
  }

  uint8_t cast(uint8_t reg, DType to) {
    return kernel_.code[reg].type == to ? reg : push({Op::Cast, to, reg, 0, 0, 0, 0});
  }

  uint8_t reduce(ReduceKind kind, uint8_t reg, size_t dims, DType accumulator) {
    kernel_.reduce = kind;
    kernel_.reduced = dims;
    kernel_.reduce_value = reg;
    reduced_at_ = kernel_.code.size();
    return push({Op::Reduced, accumulator, 0, 0, 0, 0, 0});
  }

  Kernel finish(uint8_t reg) {
    kernel_.result = reg;
    kernel::collapse(kernel_);
    return std::move(kernel_);
  }

 private:
  struct Seen {
    uint32_t value;
    Axes axes;
    uint8_t reg;
  };

  uint32_t access(const kernel::Access& wanted) {
    for (size_t i = 0; i < kernel_.accesses.size(); ++i)
      if (kernel_.accesses[i] == wanted) return static_cast<uint32_t>(i);
    kernel_.accesses.push_back(wanted);
    return static_cast<uint32_t>(kernel_.accesses.size() - 1);
  }

  uint8_t load(uint32_t value_index, const Axes& axes) {
    const DType element = values_.graph.values[value_index].dtype;
    const uint32_t index = access(access_through(*values_.places[value_index], element, axes));
    return push({Op::Load, kernel::register_type(element), 0, 0, 0, index, 0});
  }

  uint8_t map(TensorOp op, std::span<const uint32_t> operands, DType type, const Shape& to, const Axes& axes) {
    uint8_t registers[3] = {};
    for (size_t i = 0; i < operands.size(); ++i)
      registers[i] = value(operands[i], broadcast_axes(axes, to, values_.graph.values[operands[i]].shape));
    if (op == TensorOp::Cast) return cast(registers[0], type);
    return push({*kernel::map_op(op), type, registers[0], registers[1], registers[2], 0, 0});
  }

  uint8_t constant(DType type, uint64_t bits) { return push({Op::Constant, type, 0, 0, 0, 0, bits}); }

  // A `fill` or `iota` value, which travels as f64 bits for every float.
  uint8_t literal(DType element, int64_t attribute) {
    if (element == DType::Bool) return constant(DType::Bool, attribute != 0);
    const auto bits = static_cast<uint64_t>(attribute);
    if (kernel::register_type(element) != DType::F32) return constant(element, bits);
    return constant(DType::F32, std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(bits))));
  }

  uint8_t generate(TensorOp op, std::span<const int64_t> attributes, DType element, const Shape& to, const Axes& axes) {
    if (op == TensorOp::Fill) return literal(element, attributes[1]);
    const Place linear{kernel::kNoSlot, 0, dense_strides(to)};
    const uint32_t index = access(access_through(linear, DType::I64, axes));
    const uint8_t at = push({Op::Index, DType::I64, 0, 0, 0, index, 0});
    if (op == TensorOp::Random) {
      const uint8_t start = constant(DType::I64, static_cast<uint64_t>(attributes[2]));
      const uint8_t number = push({Op::Add, DType::I64, at, start, 0, 0, 0});
      return push({Op::Random, kernel::register_type(element), number, 0, 0, static_cast<uint32_t>(element),
                   static_cast<uint64_t>(attributes[1])});
    }
    // start + step · i, in f64 for floats, rounded once.
    const DType wide = spec::is_float(element) ? DType::F64 : DType::I64;
    const uint8_t step = constant(wide, static_cast<uint64_t>(attributes[2]));
    const uint8_t way = push({Op::Mul, wide, cast(at, wide), step, 0, 0, 0});
    const uint8_t start = constant(wide, static_cast<uint64_t>(attributes[1]));
    return cast(push({Op::Add, wide, start, way, 0, 0, 0}), kernel::register_type(element));
  }

  const Values& values_;
  Kernel kernel_;
  std::vector<Seen> seen_;
  size_t reduced_at_ = 0;
};

ReduceKind reduce_kind(TensorOp op) {
  switch (op) {
    case TensorOp::Prod: return ReduceKind::Prod;
    case TensorOp::Max: return ReduceKind::Max;
    case TensorOp::Min: return ReduceKind::Min;
    case TensorOp::ArgMax: return ReduceKind::ArgMax;
    case TensorOp::ArgMin: return ReduceKind::ArgMin;
    default: return ReduceKind::Sum;
  }
}

// Sums and products grow in the widest type of their family.
DType accumulator(ReduceKind kind, DType element, DType result) {
  if (kind == ReduceKind::ArgMax || kind == ReduceKind::ArgMin) return DType::I64;
  if (kind == ReduceKind::Max || kind == ReduceKind::Min) return kernel::register_type(element);
  return spec::is_float(element) ? DType::F64 : result;
}

}  // namespace

Kernel emit_map(const Values& values, uint32_t value, const Place& target) {
  const TensorType& type = values.graph.values[value];
  Emitter emitter(values, type.shape, target, type.dtype);
  return emitter.finish(emitter.computed(value, identity_axes(type.shape.rank())));
}

Kernel emit_copy(const Values& values, uint32_t value, const Place& target) {
  const TensorType& type = values.graph.values[value];
  Emitter emitter(values, type.shape, target, type.dtype);
  return emitter.finish(emitter.value(value, identity_axes(type.shape.rank())));
}

Kernel emit_reduce(const Values& values, uint32_t value, const Place& target) {
  const spec::GraphNode& node = values.node(value);
  const uint32_t operand = values.graph.operands_of(node)[0];
  const auto attributes = values.graph.attributes_of(node);
  const TensorType &from = values.graph.values[operand], &to = values.graph.values[value];
  const size_t rank = from.shape.rank();
  const auto only = spec::resolve_dim(attributes[0], rank);
  const auto is_reduced = [&](size_t dim) { return attributes[0] == spec::kAllDims || dim == only; };

  // The kernel walks the kept dims first, then the reduced ones.
  Shape space;
  Axes axes(rank);
  Place kept = target;
  kept.strides = {};
  for (size_t dim = 0, result_dim = 0; dim < rank; ++dim) {
    if (is_reduced(dim)) {
      result_dim += attributes[1] != 0 ? 1 : 0;
      continue;
    }
    axes[dim] = {static_cast<int>(space.rank()), 1, 0};
    kept.strides[space.rank()] = target.strides[result_dim++];
    space.push(from.shape[dim]);
  }
  int64_t count = 1;
  size_t reduced = 0;
  for (size_t dim = 0; dim < rank; ++dim) {
    if (!is_reduced(dim)) continue;
    axes[dim] = {static_cast<int>(space.rank()), 1, 0};
    space.push(from.shape[dim]);
    count *= from.shape[dim];
    ++reduced;
  }

  const ReduceKind kind = reduce_kind(node.op);
  const DType wide = accumulator(kind, from.dtype, to.dtype);
  Emitter emitter(values, space, kept, to.dtype);
  uint8_t body = emitter.value(operand, axes);
  const bool adds = kind == ReduceKind::Sum || kind == ReduceKind::Prod;
  if (adds && !spec::is_float(from.dtype)) body = emitter.cast(body, wide);
  uint8_t reg = emitter.reduce(kind, body, reduced, wide);
  if (node.op == TensorOp::Mean) {
    const uint8_t divisor =
        emitter.push({Op::Constant, DType::F64, 0, 0, 0, 0, std::bit_cast<uint64_t>(static_cast<double>(count))});
    // The mean of nothing is NaN; not every driver divides zero by zero.
    reg = count == 0 ? emitter.push({Op::Constant, DType::F64, 0, 0, 0, 0, 0x7FF8'0000'0000'0000ull})
                     : emitter.push({Op::Div, DType::F64, reg, divisor, 0, 0, 0});
  }
  return emitter.finish(emitter.cast(reg, kernel::register_type(to.dtype)));
}

}  // namespace stark::devices

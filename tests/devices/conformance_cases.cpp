// tests/devices/conformance_cases.cpp — the cases, row by row.
// Room: tests. In: —. Out: cases of every kernel class, and graphs that fuse.
#include "tests/devices/conformance_cases.h"

#include <bit>

#include "bytecode-spec/tensor/shape_rules.h"

namespace stark::tests {
namespace {

using spec::DType;
using spec::KernelClass;
using spec::Shape;
using spec::TensorOp;
using spec::TensorType;

int64_t bits(double value) { return std::bit_cast<int64_t>(value); }

void add_maps(std::vector<Case>& cases) {
  for (size_t i = 0; i < spec::kTensorOpCount; ++i) {
    const auto op = static_cast<TensorOp>(i);
    const spec::TensorOpRow& row = spec::tensor_op_row(op);
    if (row.kernel != KernelClass::Map || op == TensorOp::Cast) continue;
    const auto arity = static_cast<size_t>(row.arity);
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{7, 13}, Shape{2, 3, 5}, Shape{1499}})
      cases.push_back({op, std::vector(arity, shape), {}, true});
    if (arity == 2) cases.push_back({op, {{5, 1}, {7}}, {}, true}), cases.push_back({op, {{3, 4}, {}}, {}, false});
    if (arity == 3) cases.push_back({op, {{5, 1}, {7}, {}}, {}, true});
  }
  for (size_t to = 0; to < spec::kDTypeCount; ++to)
    cases.push_back({TensorOp::Cast, {{11, 3}}, {static_cast<int64_t>(to)}, true});
}

void add_reductions(std::vector<Case>& cases) {
  for (const TensorOp op : {TensorOp::Sum, TensorOp::Mean, TensorOp::Max, TensorOp::Min, TensorOp::Prod,
                            TensorOp::ArgMax, TensorOp::ArgMin}) {
    for (const int64_t keep : {0, 1}) {
      cases.push_back({op, {{7, 13}}, {0, keep}});
      cases.push_back({op, {{7, 13}}, {-1, keep}});
      cases.push_back({op, {{3, 5, 4}}, {1, keep}});
      cases.push_back({op, {{3, 5, 4}}, {spec::kAllDims, keep}});
    }
    cases.push_back({op, {{}}, {spec::kAllDims, 0}});
    cases.push_back({op, {{0, 3}}, {-1, 0}});
    cases.push_back({op, {{1, 17}}, {0, 0}, true});
    cases.push_back({op, {{4, 17}}, {1, 0}, op == TensorOp::Max || op == TensorOp::Min || op >= TensorOp::ArgMax});
    cases.push_back({op, {{2, 1499}}, {1, 0}});
  }
  for (const TensorOp op : {TensorOp::Sum, TensorOp::Mean, TensorOp::Prod}) cases.push_back({op, {{3, 0}}, {1, 0}});
  cases.push_back({TensorOp::Sum, {{150'001}}, {0, 0}});
  cases.push_back({TensorOp::ArgMax, {{150'001}}, {0, 0}});
  for (const TensorOp op : {TensorOp::Softmax, TensorOp::LogSoftmax})
    for (const int64_t dim : {-1, 0})
      cases.push_back({op, {{7, 10}}, {dim}}), cases.push_back({op, {{2, 3, 4}}, {dim}});
  cases.push_back({TensorOp::Softmax, {{0, 4}}, {1}});
  cases.push_back({TensorOp::Normalize, {{13, 11}}, {}});
}

void add_products(std::vector<Case>& cases) {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{1, 1}, {1, 1}},
                                                       {{2, 3}, {3, 4}},
                                                       {{17, 64}, {64, 32}},
                                                       {{31, 37}, {37, 29}},
                                                       {{5}, {5, 3}},
                                                       {{3, 5}, {5}},
                                                       {{7}, {7}},
                                                       {{0, 3}, {3, 4}},
                                                       {{3, 0}, {0, 4}},
                                                       {{4, 2, 3}, {4, 3, 5}},
                                                       {{2, 1, 3, 4}, {5, 4, 2}},
                                                       {{65, 67}, {67, 66}},
                                                       {{4, 2, 3}, {3}}};
  for (const auto& [a, b] : shapes) cases.push_back({TensorOp::MatMul, {a, b}, {}});
}

void add_moves(std::vector<Case>& cases) {
  cases.push_back({TensorOp::Reshape, {{6, 4}}, {3, 8}, true});
  cases.push_back({TensorOp::Reshape, {{6, 4}}, {-1, 1}, true});
  cases.push_back({TensorOp::Reshape, {{0, 4}}, {2, 0}});
  cases.push_back({TensorOp::Transpose, {{5, 7}}, {0, 1}, true});
  cases.push_back({TensorOp::Transpose, {{2, 3, 4}}, {0, -1}, true});
  cases.push_back({TensorOp::BroadcastTo, {{3, 1}}, {2, 3, 5}, true});
  cases.push_back({TensorOp::BroadcastTo, {{}}, {4}, true});
  cases.push_back({TensorOp::Slice, {{11, 3}}, {0, 2, 9, 3}, true});
  cases.push_back({TensorOp::Slice, {{11, 3}}, {-1, 1, spec::kSliceEnd, 1}, true});
  cases.push_back({TensorOp::Slice, {{11}}, {0, 4, 4, 1}});
  cases.push_back({TensorOp::Concat, {{2, 3}, {4, 3}, {1, 3}}, {0}, true});
  cases.push_back({TensorOp::Concat, {{2, 3}, {2, 5}}, {1}, true});
  cases.push_back({TensorOp::Copy, {{13, 3}}, {}, true});
}

constexpr double kThird = 1.0 / 3;

void add_generators(std::vector<Case>& cases) {
  cases.push_back({TensorOp::Fill, {}, {0, 1, 3, 5}});
  cases.push_back({TensorOp::Iota, {}, {0, 3, 2, 17}});
  cases.push_back({TensorOp::Random, {}, {0, 0x1234'5678'9ABC, 5, 7, 11}});
}

// `fill` and `iota` name their type, and write floats as bits.
std::vector<int64_t> attributes_for(const Case& one, DType dtype) {
  std::vector<int64_t> attributes = one.attributes;
  if (spec::tensor_op_row(one.op).kernel != KernelClass::Generate) return attributes;
  attributes[0] = static_cast<int64_t>(dtype);
  if (!spec::is_float(dtype) || one.op == TensorOp::Random) return attributes;
  attributes[1] = bits(static_cast<double>(attributes[1]) + kThird);
  if (one.op == TensorOp::Iota) attributes[2] = bits(0.5);
  return attributes;
}

struct Sketch {
  spec::GraphBuilder builder;
  uint32_t in(DType dtype, Shape shape, spec::InputMode mode = spec::InputMode::Borrowed) {
    return builder.input({dtype, shape}, mode);
  }
  uint32_t op(TensorOp op, std::vector<uint32_t> operands, std::vector<int64_t> attributes = {}) {
    return builder.add(op, operands, attributes).value();
  }
};

GraphCase chain() {
  Sketch s;
  const uint32_t a = s.in(DType::F32, {33, 65}), b = s.in(DType::F32, {65}),
                 k = s.in(DType::F32, {}, spec::InputMode::Scalar);
  const uint32_t scaled = s.op(TensorOp::Mul, {a, k});
  const uint32_t sum = s.op(TensorOp::Relu, {s.op(TensorOp::Add, {scaled, b})});
  s.builder.output(s.op(TensorOp::Sum, {s.op(TensorOp::Mul, {sum, sum})}, {1, 0}));
  s.builder.output(sum);
  return {"chain and reduction", std::move(s.builder).take()};
}

GraphCase donated() {
  Sketch s;
  const uint32_t a = s.in(DType::F32, {40, 50}, spec::InputMode::Donated), b = s.in(DType::F32, {40, 50});
  s.builder.output(s.op(TensorOp::Tanh, {s.op(TensorOp::Add, {a, b})}));
  return {"donated operand", std::move(s.builder).take()};
}

GraphCase donated_twice_read() {
  Sketch s;
  const uint32_t a = s.in(DType::F32, {9, 9}, spec::InputMode::Donated);
  s.builder.output(s.op(TensorOp::Add, {a, s.op(TensorOp::Transpose, {a}, {0, 1})}));
  return {"donated operand that is also read askew", std::move(s.builder).take()};
}

GraphCase network() {
  Sketch s;
  const uint32_t x = s.in(DType::F32, {19, 64}), w1 = s.in(DType::F32, {64, 32}), b1 = s.in(DType::F32, {32});
  const uint32_t w2 = s.in(DType::F32, {32, 10}), b2 = s.in(DType::F32, {10}), labels = s.in(DType::I64, {19});
  const uint32_t hidden = s.op(TensorOp::Relu, {s.op(TensorOp::Add, {s.op(TensorOp::MatMul, {x, w1}), b1})});
  const uint32_t scores = s.op(TensorOp::Add, {s.op(TensorOp::MatMul, {hidden, w2}), b2});
  s.builder.output(s.op(TensorOp::Softmax, {scores}, {-1}));
  const uint32_t hits = s.op(TensorOp::Eq, {s.op(TensorOp::ArgMax, {scores}, {1, 0}), labels});
  s.builder.output(s.op(TensorOp::Sum, {hits}, {spec::kAllDims, 0}));
  return {"two layers, softmax and accuracy", std::move(s.builder).take()};
}

GraphCase movement() {
  Sketch s;
  const uint32_t a = s.in(DType::F32, {6, 8});
  const uint32_t turned = s.op(TensorOp::Transpose, {s.op(TensorOp::Neg, {a})}, {0, 1});
  const uint32_t cut = s.op(TensorOp::Slice, {turned}, {0, 1, 8, 2});
  const uint32_t flat = s.op(TensorOp::Reshape, {cut}, {-1});
  const uint32_t joined = s.op(TensorOp::Concat, {flat, s.op(TensorOp::Abs, {flat})}, {0});
  s.builder.output(s.op(TensorOp::Reshape, {joined}, {2, 4, 6}));
  s.builder.output(turned);
  s.builder.output(a);
  s.builder.output(turned);
  return {"movement through fusion", std::move(s.builder).take()};
}

GraphCase generated() {
  Sketch s;
  const uint32_t at = s.op(TensorOp::Iota, {}, {static_cast<int64_t>(DType::I64), 0, 1, 12});
  const uint32_t real = s.op(TensorOp::Cast, {at}, {static_cast<int64_t>(DType::F32)});
  const uint32_t noise = s.op(TensorOp::Random, {}, {static_cast<int64_t>(DType::F32), 42, 0, 3, 12});
  s.builder.output(s.op(TensorOp::Add, {real, noise}));
  return {"generators fused into their user", std::move(s.builder).take()};
}

GraphCase wide() {
  Sketch s;
  uint32_t sum = s.in(DType::F32, {70});
  std::vector<uint32_t> more;
  for (int i = 0; i < 20; ++i) more.push_back(s.in(DType::F32, {70}));
  for (uint32_t other : more) sum = s.op(TensorOp::Add, {s.op(TensorOp::Mul, {sum, other}), other});
  s.builder.output(sum);
  return {"a chain too wide for one kernel", std::move(s.builder).take()};
}

}  // namespace

std::vector<Case> single_cases() {
  std::vector<Case> cases;
  add_maps(cases);
  add_reductions(cases);
  add_products(cases);
  add_moves(cases);
  add_generators(cases);
  return cases;
}

std::vector<GraphCase> graph_cases() {
  std::vector<GraphCase> cases;
  for (auto make : {chain, donated, donated_twice_read, network, movement, generated, wide}) cases.push_back(make());
  return cases;
}

std::optional<spec::Graph> build(const Case& one, DType dtype) {
  spec::GraphBuilder builder;
  std::vector<uint32_t> operands;
  for (size_t i = 0; i < one.shapes.size(); ++i) {
    const bool choice = one.op == TensorOp::Select && i == 0;
    operands.push_back(builder.input({choice ? DType::Bool : dtype, one.shapes[i]}));
  }
  const auto value = builder.add(one.op, operands, attributes_for(one, dtype));
  if (!value) return std::nullopt;
  builder.output(*value);
  return std::move(builder).take();
}

}  // namespace stark::tests

// tests/unit/tensor_spec_test.cpp — the rules of tensor types: shapes, infer(), and the proof of hostile graphs.
// Room: tests. In: spec/tensor. Out: doctest verdicts.
#include "bytecode-spec/tensor/graph.h"
#include "bytecode-spec/tensor/shape_rules.h"

#undef CHECK  // doctest has its own
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace stark::spec;

namespace {

std::string inferred(TensorOp op, std::vector<TensorType> inputs, std::vector<int64_t> attributes = {}) {
  auto type = infer(op, inputs, attributes);
  return type ? type->text() : type.error().code + ": " + type.error().message;
}

TensorType f32(std::initializer_list<int64_t> dims) { return {DType::F32, Shape(dims)}; }

Graph add_then_relu() {
  GraphBuilder builder;
  const uint32_t a = builder.input(f32({kUnknownDim, 4}));
  const uint32_t b = builder.input(f32({4}));
  const uint32_t sum = *builder.add(TensorOp::Add, std::array{a, b});
  builder.output(*builder.add(TensorOp::Relu, std::array{sum}));
  return std::move(builder).take();
}

std::string verdict(const Graph& graph) {
  auto checked = check(graph);
  return checked ? "ok" : checked.error().code;
}

}  // namespace

TEST_CASE("shapes count, print and compare") {
  CHECK(Shape{2, kUnknownDim}.text() == "[2, ?]");
  CHECK(Shape{}.element_count() == 1);
  CHECK(Shape{3, 0, int64_t{1} << 62}.element_count() == 0);
  CHECK_FALSE(Shape{int64_t{1} << 40, int64_t{1} << 40}.element_count());
  CHECK(Shape{int64_t{1} << 40, kUnknownDim, int64_t{1} << 40}.too_large(1));
  CHECK(compatible({2, kUnknownDim}, {kUnknownDim, 3}));
  CHECK(refines({2, 3}, {2, kUnknownDim}));
  CHECK_FALSE(refines({2, kUnknownDim}, {2, 3}));
  CHECK_FALSE(Shape::make(std::array<int64_t, 1>{-2}));
  CHECK(dtype_from_name("bf16") == DType::BF16);
}

TEST_CASE("elementwise rules broadcast") {
  CHECK(inferred(TensorOp::Add, {f32({5, 1}), f32({3})}) == "f32[5, 3]");
  CHECK(inferred(TensorOp::Add, {f32({kUnknownDim}), f32({3})}) == "f32[3]");
  CHECK(inferred(TensorOp::Lt, {f32({2}), f32({})}) == "bool[2]");
  CHECK(inferred(TensorOp::Add, {f32({2, 4}), f32({2, 3})}) ==
        "T02: cannot add `[2, 4]` and `[2, 3]`: dim -1 is 4 on the left and 3 on the right");
  CHECK(inferred(TensorOp::Add, {f32({2}), {DType::I32, {2}}}) ==
        "T03: cannot add `f32[2]` and `i32[2]`: their element types differ");
  CHECK(inferred(TensorOp::Exp, {{DType::I32, {2}}}) == "T03: `exp` needs floats, and `i32[2]` holds i32");
  CHECK(inferred(TensorOp::Select, {{DType::Bool, {2, 1}}, f32({3}), f32({})}) == "f32[2, 3]");
  CHECK(inferred(TensorOp::Neg, {f32({}), f32({})}) == "T01: `neg` takes 1 operand(s), found 2");
}

TEST_CASE("products say which side has what") {
  CHECK(inferred(TensorOp::MatMul, {f32({kUnknownDim, 64}), f32({64, 10})}) == "f32[?, 10]");
  CHECK(inferred(TensorOp::MatMul, {f32({kUnknownDim, 64}), f32({32, 10})}) ==
        "T02: cannot multiply `[?, 64]` by `[32, 10]`: the left has 64 columns and the right has 32 rows");
  CHECK(inferred(TensorOp::MatMul, {f32({7, 1, 2, 3}), f32({4, 3, 5})}) == "f32[7, 4, 2, 5]");
  CHECK(inferred(TensorOp::MatMul, {f32({3}), f32({3, 5})}) == "f32[5]");
  CHECK(inferred(TensorOp::MatMul, {f32({2, 3}), f32({3})}) == "f32[2]");
  CHECK(inferred(TensorOp::MatMul, {f32({3}), f32({3})}) == "f32[]");
}

TEST_CASE("reductions, movement and generators") {
  CHECK(inferred(TensorOp::Sum, {{DType::Bool, {4}}}, {kAllDims, 0}) == "i64[]");
  CHECK(inferred(TensorOp::Sum, {{DType::U8, {4}}}, {0, 1}) == "u64[1]");
  CHECK(inferred(TensorOp::ArgMax, {f32({kUnknownDim, 10})}, {-1, 0}) == "i64[?]");
  CHECK(inferred(TensorOp::Max, {f32({0, 3})}, {0, 0}).starts_with("T07"));
  CHECK(inferred(TensorOp::Sum, {f32({2, 3})}, {2, 0}) == "T04: `sum` over dim 2, and `[2, 3]` has 2 dims");
  CHECK(inferred(TensorOp::Reshape, {f32({6, 4})}, {-1, 8}) == "f32[3, 8]");
  CHECK(inferred(TensorOp::Reshape, {f32({6, 4})}, {5, 5}) ==
        "T02: cannot reshape `[6, 4]` to `[5, 5]`: the first has 24 elements and the second 25");
  CHECK(inferred(TensorOp::Slice, {f32({10})}, {0, 2, 9, 3}) == "f32[3]");
  CHECK(inferred(TensorOp::Slice, {f32({10})}, {0, 2, kSliceEnd, 1}) == "f32[8]");
  CHECK(inferred(TensorOp::Slice, {f32({10})}, {0, 2, 11, 1}) ==
        "T04: cannot take 2..11 of dim 0 of `[10]`, which has 10 elements");
  CHECK(inferred(TensorOp::Concat, {f32({1, 3}), f32({kUnknownDim, 3})}, {0}) == "f32[?, 3]");
  CHECK(inferred(TensorOp::Transpose, {f32({1, 2, 3})}, {-1, -2}) == "f32[1, 3, 2]");
  CHECK(inferred(TensorOp::BroadcastTo, {f32({3})}, {2, 3}) == "f32[2, 3]");
  CHECK(inferred(TensorOp::Fill, {}, {static_cast<int64_t>(DType::I8), 7, 2, 2}) == "i8[2, 2]");
  CHECK(inferred(TensorOp::Fill, {}, {99, 7}).starts_with("T04"));
  CHECK(inferred(TensorOp::Random, {}, {static_cast<int64_t>(DType::I8), 7, 0, 2}).starts_with("T03"));
  CHECK(inferred(TensorOp::Fill, {}, {0, 0, int64_t{1} << 40, int64_t{1} << 40}).starts_with("T06"));
}

TEST_CASE("a sound graph passes, and its concrete types follow") {
  const Graph graph = add_then_relu();
  CHECK(verdict(graph) == "ok");
  auto values = infer_concrete(graph, std::array{f32({3, 4}), f32({4})});
  REQUIRE(values);
  CHECK(values->back().text() == "f32[3, 4]");
  CHECK_FALSE(infer_concrete(graph, std::array{f32({3, 5}), f32({4})}));
  CHECK_FALSE(infer_concrete(graph, std::array{f32({3, 4})}));
}

TEST_CASE("every table of a hostile graph is looked at") {
  auto broken = [](auto change) {
    Graph graph = add_then_relu();
    change(graph);
    return verdict(graph);
  };
  CHECK(broken([](Graph& g) { g.operands[0] = 2; }) == "T09");
  CHECK(broken([](Graph& g) { g.operands[2] = 0xFFFF'FFFF; }) == "T09");
  CHECK(broken([](Graph& g) { g.nodes[1].first_operand = 1; }) == "T08");
  CHECK(broken([](Graph& g) { g.nodes[1].operand_count = 0xFFFF'FFFF; }) == "T08");
  CHECK(broken([](Graph& g) { g.nodes[0].operand_count = 1, g.nodes[1].first_operand = 1; }) == "T01");
  CHECK(broken([](Graph& g) { g.attributes.push_back(1); }) == "T08");
  CHECK(broken([](Graph& g) { g.nodes[0].op = static_cast<TensorOp>(250); }) == "T08");
  CHECK(broken([](Graph& g) { g.outputs[0] = 9; }) == "T08");
  CHECK(broken([](Graph& g) { g.values.pop_back(); }) == "T08");
  CHECK(broken([](Graph& g) { g.values[3].dtype = DType::F64; }) == "T10");
  CHECK(broken([](Graph& g) { g.values[2].dtype = static_cast<DType>(77); }) == "T10");
  CHECK(broken([](Graph& g) { g.values[3].shape = {3, 4}; }) == "T10");
  CHECK(broken([](Graph& g) { g.inputs[0] = InputMode::Scalar; }) == "T05");
  CHECK(broken([](Graph& g) { g.inputs[0] = static_cast<InputMode>(9); }) == "T10");
}

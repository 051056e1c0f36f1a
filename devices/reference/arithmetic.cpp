// devices/reference/arithmetic.cpp — elementwise operations, on f64 and on 64-bit integers.
// Room: devices/reference. In: Numbers. Out: a Number, not yet rounded to its type.
#include "devices/reference/arithmetic.h"

#include <cmath>
#include <limits>

namespace stark::devices::reference {
namespace {

using spec::DType;
using spec::TensorOp;

double real_op(TensorOp op, double a, double b) {
  switch (op) {
    case TensorOp::Add: return a + b;
    case TensorOp::Sub: return a - b;
    case TensorOp::Mul: return a * b;
    case TensorOp::Div: return a / b;
    case TensorOp::Pow: return std::pow(a, b);
    case TensorOp::Maximum: return std::isnan(a) || std::isnan(b) ? NAN : a > b ? a : b;
    case TensorOp::Minimum: return std::isnan(a) || std::isnan(b) ? NAN : a < b ? a : b;
    case TensorOp::Neg: return -a;
    case TensorOp::Abs: return std::fabs(a);
    case TensorOp::Sqrt: return std::sqrt(a);
    case TensorOp::Exp: return std::exp(a);
    case TensorOp::Log: return std::log(a);
    case TensorOp::Tanh: return std::tanh(a);
    case TensorOp::Sigmoid: return 1 / (1 + std::exp(-a));
    case TensorOp::Relu: return std::isnan(a) ? a : a > 0 ? a : 0;
    case TensorOp::Sin: return std::sin(a);
    case TensorOp::Cos: return std::cos(a);
    case TensorOp::Floor: return std::floor(a);
    default: return a;
  }
}

// In unsigned arithmetic, which wraps; the store cuts the result to its type.
int64_t whole_op(TensorOp op, int64_t a, int64_t b, bool is_unsigned) {
  const auto ua = static_cast<uint64_t>(a), ub = static_cast<uint64_t>(b);
  const bool less = is_unsigned ? ua < ub : a < b;
  const bool negative = !is_unsigned && a < 0;
  switch (op) {
    case TensorOp::Add: return static_cast<int64_t>(ua + ub);
    case TensorOp::Sub: return static_cast<int64_t>(ua - ub);
    case TensorOp::Mul: return static_cast<int64_t>(ua * ub);
    case TensorOp::Div:
      if (b == 0) return 0;
      if (is_unsigned) return static_cast<int64_t>(ua / ub);
      return b == -1 ? static_cast<int64_t>(0 - ua) : a / b;
    case TensorOp::Maximum: return less ? b : a;
    case TensorOp::Minimum: return less ? a : b;
    case TensorOp::Neg: return static_cast<int64_t>(0 - ua);
    case TensorOp::Abs: return negative ? static_cast<int64_t>(0 - ua) : a;
    case TensorOp::Relu: return negative ? 0 : a;
    default: return a;
  }
}

template <class T>
bool compare(TensorOp op, T a, T b) {
  switch (op) {
    case TensorOp::Eq: return a == b;
    case TensorOp::Ne: return a != b;
    case TensorOp::Lt: return a < b;
    case TensorOp::Le: return a <= b;
    case TensorOp::Gt: return a > b;
    default: return a >= b;
  }
}

}  // namespace

Number apply(TensorOp op, std::span<const Number> numbers, std::span<const DType> operands, DType result) {
  if (op == TensorOp::Select) return numbers[0].whole != 0 ? numbers[1] : numbers[2];
  if (op == TensorOp::Cast) return convert(numbers[0], operands[0], result);
  const Number a = numbers[0], b = numbers.size() > 1 ? numbers[1] : Number{};
  const bool is_unsigned = spec::is_unsigned_integer(operands[0]);
  if (op >= TensorOp::Eq && op <= TensorOp::Ge) {
    if (spec::is_float(operands[0])) return {0, compare(op, a.real, b.real)};
    if (is_unsigned) return {0, compare(op, static_cast<uint64_t>(a.whole), static_cast<uint64_t>(b.whole))};
    return {0, compare(op, a.whole, b.whole)};
  }
  if (spec::is_float(operands[0])) return {real_op(op, a.real, b.real), 0};
  return {0, whole_op(op, a.whole, b.whole, is_unsigned)};
}

}  // namespace stark::devices::reference

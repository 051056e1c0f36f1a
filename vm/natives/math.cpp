// vm/natives/math.cpp — functions of numbers.
// Room: vm/natives. In: a float. Out: a float.
#include <cmath>

#include "vm/natives/table.h"

namespace stark::vm::natives {

void F64Sqrt(NativeCall& call) { call.give(std::sqrt(call.get<double>(0))); }
void F64Sin(NativeCall& call) { call.give(std::sin(call.get<double>(0))); }
void F64Cos(NativeCall& call) { call.give(std::cos(call.get<double>(0))); }
void F64Exp(NativeCall& call) { call.give(std::exp(call.get<double>(0))); }
void F64Ln(NativeCall& call) { call.give(std::log(call.get<double>(0))); }
void F64Tan(NativeCall& call) { call.give(std::tan(call.get<double>(0))); }
void F64Asin(NativeCall& call) { call.give(std::asin(call.get<double>(0))); }
void F64Acos(NativeCall& call) { call.give(std::acos(call.get<double>(0))); }
void F64Atan(NativeCall& call) { call.give(std::atan(call.get<double>(0))); }
void F64Sinh(NativeCall& call) { call.give(std::sinh(call.get<double>(0))); }
void F64Cosh(NativeCall& call) { call.give(std::cosh(call.get<double>(0))); }
void F64Tanh(NativeCall& call) { call.give(std::tanh(call.get<double>(0))); }
void F64Log2(NativeCall& call) { call.give(std::log2(call.get<double>(0))); }
void F64Log10(NativeCall& call) { call.give(std::log10(call.get<double>(0))); }
void F64Cbrt(NativeCall& call) { call.give(std::cbrt(call.get<double>(0))); }
void F64Trunc(NativeCall& call) { call.give(std::trunc(call.get<double>(0))); }
void F64Atan2(NativeCall& call) { call.give(std::atan2(call.get<double>(0), call.get<double>(1))); }
void F64Hypot(NativeCall& call) { call.give(std::hypot(call.get<double>(0), call.get<double>(1))); }
void F64ToBits(NativeCall& call) { call.give(call.get<uint64_t>(0)); }
void F64FromBits(NativeCall& call) { call.give(call.get<uint64_t>(0)); }
void F64Abs(NativeCall& call) { call.give(std::fabs(call.get<double>(0))); }
void F64Floor(NativeCall& call) { call.give(std::floor(call.get<double>(0))); }
void F64Ceil(NativeCall& call) { call.give(std::ceil(call.get<double>(0))); }
void F64Round(NativeCall& call) { call.give(std::round(call.get<double>(0))); }
void F32Sqrt(NativeCall& call) { call.give(std::sqrt(call.get<float>(0))); }
void F32Abs(NativeCall& call) { call.give(std::fabs(call.get<float>(0))); }

}  // namespace stark::vm::natives

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
void F64Abs(NativeCall& call) { call.give(std::fabs(call.get<double>(0))); }
void F64Floor(NativeCall& call) { call.give(std::floor(call.get<double>(0))); }
void F64Ceil(NativeCall& call) { call.give(std::ceil(call.get<double>(0))); }
void F64Round(NativeCall& call) { call.give(std::round(call.get<double>(0))); }
void F32Sqrt(NativeCall& call) { call.give(std::sqrt(call.get<float>(0))); }
void F32Abs(NativeCall& call) { call.give(std::fabs(call.get<float>(0))); }

}  // namespace stark::vm::natives

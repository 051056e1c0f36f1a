// devices/cpu/product.h — a ProductStep on host memory: oneDNN for large f32, our own loops for the rest.
// Room: devices/cpu. In: a ProductStep and the memory of its slots. Out: c.
#pragma once

#include <span>

#include "devices/cpu/executor.h"
#include "devices/plan/plan.h"

namespace stark::devices::cpu {

bool can_multiply(DType dtype);
void run_product(const ProductStep& step, std::span<const Memory> slots, Pool& pool);

}  // namespace stark::devices::cpu

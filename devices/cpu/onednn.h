// devices/cpu/onednn.h — products through oneDNN, opened on first use.
// Room: devices/cpu. In: a block of f32 product. Out: c, or false when oneDNN is missing or cannot take the strides.
#pragma once

#include "devices/cpu/loops.h"

namespace stark::devices::cpu {

bool onednn_product(const ProductBlock& block);
bool onednn_present();

}  // namespace stark::devices::cpu

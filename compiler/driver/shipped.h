// compiler/driver/shipped.h — texts that are part of starkc: the standard library and the explanations.
// Room: driver, private. In: made from stdlib/ and explain.md files when starkc is built. Out: views that live forever.
#pragma once

#include <span>

#include "compiler/resolve/names.h"

namespace stark::driver {

std::span<const resolve::ShippedFile> library();
std::span<const resolve::ShippedFile> explanations();  // one explain.md per stage

}  // namespace stark::driver

// compiler/borrow/elaborate.h — settles every drop of a checked function.
// Room: borrow. In: Body, states before its blocks. Out: the function rewritten.
#pragma once

#include "compiler/borrow/flow.h"

namespace stark::borrow {

void elaborate(Body& body, const std::vector<State>& before);

}  // namespace stark::borrow

// tests/paranoid/assume.h — a bundle whose functions nobody has proven, ready to run all the same.
// Room: tests. In: Bundle, all of whose other proofs hold. Out: VerifiedModule, which is a lie. Law: the product has no such function.
#pragma once

#include "vm/verify/verify.h"

namespace stark::vm {

Result<VerifiedModule> assume_bodies(std::shared_ptr<const spec::Bundle> bundle);

}  // namespace stark::vm

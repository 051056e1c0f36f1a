// vm/verify/verify.h — proves a bundle safe, and makes the only value that can run: VerifiedModule.
// Room: vm/verify, public face; sees the spec alone. In: spec::Bundle. Out: VerifiedModule, or the first refusal (V01…).
// Law: no other code can make a VerifiedModule; every function is proven before any can run.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/reader.h"
#include "vm/verify/type_facts.h"

namespace stark::vm {

struct Types;

class VerifiedModule {
 public:
  const spec::Module& module() const { return bundle_->module; }
  const spec::Bundle& bundle() const { return *bundle_; }
  const TypeFacts& facts(uint32_t type) const { return types_[type]; }
  std::span<const TypeFacts> types() const { return types_; }
  const Types& all_types() const { return *all_types_; }
  // Type of the value at a place of a function, with the projections applied; index as in FunctionRow.
  uint32_t place_type(uint32_t function, uint32_t place) const { return place_types_[function][place]; }

 private:
  friend Result<VerifiedModule> verify(std::shared_ptr<const spec::Bundle> bundle);
  // Defined by tests alone, which show that what the proof refuses is found when it runs.
  friend Result<VerifiedModule> assume_bodies(std::shared_ptr<const spec::Bundle> bundle);
  VerifiedModule() = default;
  std::shared_ptr<const spec::Bundle> bundle_;
  std::shared_ptr<const Types> all_types_;
  std::span<const TypeFacts> types_;  // its facts
  std::vector<std::vector<uint32_t>> place_types_;
};

Result<VerifiedModule> verify(std::shared_ptr<const spec::Bundle> bundle);

}  // namespace stark::vm

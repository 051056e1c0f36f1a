// vm/verify/verify.cpp — the ordered list of proofs.
// Room: vm/verify. In: Bundle. Out: VerifiedModule, which nothing else can make.
#include "vm/verify/verify.h"

#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {

Result<VerifiedModule> verify(std::shared_ptr<const spec::Bundle> bundle) {
  const spec::Module& module = bundle->module;
  STARK_TRY(prove_structure(module));
  auto types = prove_types(module);
  if (!types) return std::unexpected(types.error());
  STARK_TRY(prove_signatures(module, *types));
  STARK_TRY(prove_vtables(module, *types));
  STARK_TRY(prove_statics(module, *types));
  STARK_TRY(prove_foreigns(module, *types));
  STARK_TRY(prove_graphs(module));
  VerifiedModule verified;
  for (uint32_t f = 0; f < module.functions.size(); ++f) {
    auto places = prove_function(*bundle, *types, f);
    if (!places) return std::unexpected(places.error());
    verified.place_types_.push_back(std::move(*places));
  }
  verified.all_types_ = std::make_shared<const Types>(std::move(*types));
  verified.types_ = verified.all_types_->facts;
  verified.bundle_ = std::move(bundle);
  return verified;
}

}  // namespace stark::vm

// tests/paranoid/assume.cpp — every proof but that of the functions' bodies, of which the types of their places are taken.
// Room: tests. In: see assume.h.
#include "tests/paranoid/assume.h"

#include "vm/verify/body.h"
#include "vm/verify/proofs.h"

namespace stark::vm {

Result<VerifiedModule> assume_bodies(std::shared_ptr<const spec::Bundle> bundle) {
  const spec::Module& module = bundle->module;
  STARK_TRY(prove_structure(module));
  auto types = prove_types(module);
  if (!types) return std::unexpected(types.error());
  STARK_TRY(prove_signatures(module, *types));
  STARK_TRY(prove_vtables(module, *types));
  STARK_TRY(prove_statics(module, *types));
  STARK_TRY(prove_foreigns(module, *types));
  VerifiedModule assumed;
  Body body(*bundle, *types);
  for (uint32_t f = 0; f < module.functions.size(); ++f) {
    STARK_TRY(open_body(body, f));
    auto& places = assumed.place_types_.emplace_back();
    for (const PlaceInfo& place : body.places) places.push_back(place.type.type);
  }
  assumed.all_types_ = std::make_shared<const Types>(std::move(*types));
  assumed.types_ = assumed.all_types_->facts;
  assumed.bundle_ = std::move(bundle);
  return assumed;
}

}  // namespace stark::vm

// compiler/borrow/packed.cpp — references into packed structs, where nothing needs to lie where it would by itself.
// Room: borrow. In: borrows. Out: diagnostics. The VM's proof asks the same (vm/verify/places.cpp, `most_align`).
#include <algorithm>

#include "compiler/borrow/diagnostics.h"
#include "compiler/borrow/names.h"
#include "compiler/borrow/packed.h"
#include "compiler/types/sizes.h"

namespace stark::borrow {

using mir::ProjectionKind;
using types::TypeKind;

void check_packed(const Body& body, const Instruction& borrow, diagnostics::Sink& sink) {
  if (body.function.locals[borrow.target.base.index()].kind == mir::LocalKind::Reservation) return;
  uint64_t most = spec::kMaxPack;
  std::string_view packed;
  TypedPlace at{body.type_of(borrow.source.base), body.regions.of_local[borrow.source.base.index()]};
  uint32_t variant = spec::kNone;
  for (const auto& step : borrow.source.steps) {
    const types::TypeData& data = body.table().get(at.type);
    const bool element = step.kind == ProjectionKind::Index || step.kind == ProjectionKind::ConstIndex;
    if (step.kind == ProjectionKind::Deref || (element && data.kind != TypeKind::Array)) most = spec::kMaxPack;
    if (data.kind == TypeKind::Struct && step.kind == ProjectionKind::Field) {
      const types::StructInfo& info = body.table().info(data.struct_id);
      if (info.form.pack != 0 && info.form.pack < most) most = info.form.pack, packed = info.name;
    }
    at = body.types.step(at, step, &variant);
  }
  if (most == spec::kMaxPack || types::Sizes(body.table()).align(at.type) <= most) return;
  sink.report<diag::PackedBorrowed>(borrow.span, Namer(body).name(borrow.source), packed).help("copy the field first: `let field = …;`, or `{ … }` around it");
}

}  // namespace stark::borrow

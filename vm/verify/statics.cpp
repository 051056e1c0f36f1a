// vm/verify/statics.cpp — proof 3c: every static is what its initialiser makes, and may be seen by whoever sees it.
// Room: vm/verify. Essay: vm/verify/README.md, "Statics". In: proven types and signatures. Out: nothing, or V16, V20, V40, V47.
#include <fmt/format.h>

#include "bytecode-spec/limits.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

using spec::Module;
using spec::TypeKind;

// It takes nothing, and what it gives borrows from nobody: no lifetime but 'static is there to be named.
bool makes(const Module& m, const spec::StaticRow& row) {
  const spec::SignatureRow& s = m.signatures[m.functions[row.initialiser].signature];
  return s.parameters.count == 0 && s.region_count == 0 && s.result.type == row.type;
}

Result<void> prove_static(const Module& m, const Types& types, uint32_t x) {
  const spec::StaticRow& row = m.statics[x];
  const TypeFacts& facts = types.facts[row.type];
  const auto kind = static_cast<TypeKind>(m.types[row.type].kind);
  const bool is_mutable = (row.flags & spec::kStaticMutable) != 0, is_local = (row.flags & spec::kStaticLocal) != 0;
  if (is_mutable && is_local) return refuse(Refusal::Static, fmt::format("static {} is mutable and a thread's own", x));
  if (!facts.is_sized || kind == TypeKind::Scope) return refuse(Refusal::Layout, fmt::format("static {} has a type that cannot be kept", x));
  if (!makes(m, row)) return refuse(Refusal::Static, fmt::format("the initialiser of static {} does not make a value of its type out of nothing", x));
  if (is_local && kind != TypeKind::Arc) return refuse(Refusal::Static, fmt::format("static {} is a thread's own and is no Arc", x));
  if (!is_mutable && !is_local && !facts.is_sync) return refuse(Refusal::BoundNotMet, fmt::format("static {} has a type that is not Sync", x));
  return {};
}

}  // namespace

Result<void> prove_statics(const Module& module, const Types& types) {
  uint64_t bytes = 0;
  for (uint32_t x = 0; x < module.statics.size(); ++x) {
    STARK_TRY(prove_static(module, types, x));
    bytes += types.facts[module.statics[x].type].size;
  }
  if (bytes > spec::kMaxStaticBytes) return refuse(Refusal::Limit, fmt::format("{} bytes of statics: the most is {}", bytes, spec::kMaxStaticBytes));
  return {};
}

}  // namespace stark::vm

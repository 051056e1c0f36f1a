// compiler/types/finalisers.cpp — what the collector may drop: values whose destructors cannot reach managed objects.
// Room: types. In: values on their way into a Gc or a dyn. Out: T0372. The verifier proves the same (vm/verify/README.md, "Cells").
#include "compiler/types/checker.h"

namespace stark::types {
namespace {

// Calls `visit` with every type that a value of `type` owns, until it says true.
template <class Visit>
bool any_owned(const TypeTable& table, TypeId type, Visit visit) {
  const TypeData& data = table.get(type);
  const auto fields = [&](const std::vector<Field>& all) { return std::ranges::any_of(all, [&](const Field& one) { return visit(one.type); }); };
  switch (data.kind) {
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Array:
    case TypeKind::Tuple: return std::ranges::any_of(data.parts, visit);
    case TypeKind::Struct: return fields(table.info(data.struct_id).fields);
    case TypeKind::Enum: return std::ranges::any_of(table.info(data.enum_id).variants, [&](const Variant& one) { return fields(one.fields); });
    default: return false;
  }
}

}  // namespace

// What a dyn or fn hides may reach them.
bool Checker::reaches_managed(TypeId type, std::set<TypeId>& seen) const {
  if (table_.get(type).special != Special::None || !seen.insert(type).second) return false;
  const TypeKind kind = table_.kind(type);
  if (kind == TypeKind::Gc || kind == TypeKind::Weak || kind == TypeKind::Dyn || kind == TypeKind::Fn) return true;
  return any_owned(table_, type, [&](TypeId part) { return reaches_managed(part, seen); });
}

// The type inside of `type` whose own destructor is in the way; none if there is none.
TypeId Checker::unsafe_destructor(TypeId type, std::set<TypeId>& seen) const {
  const TypeData& data = table_.get(type);
  if (data.special != Special::None || !seen.insert(type).second) return {};
  const bool own = (data.kind == TypeKind::Struct && table_.info(data.struct_id).drop_function != Id<int>::kNone) ||
                   (data.kind == TypeKind::Enum && table_.info(data.enum_id).drop_function != Id<int>::kNone);
  if (data.kind == TypeKind::Fiber) return type;  // what its frames hold may reach anything
  std::set<TypeId> reached;
  if (own && reaches_managed(type, reached)) return type;
  TypeId found;
  any_owned(table_, type, [&](TypeId part) { return (found = unsafe_destructor(part, seen)).valid(); });
  return found;
}

void Checker::check_finaliser(TypeId type, Span where) {
  std::set<TypeId> seen;
  const TypeId found = unsafe_destructor(type, seen);
  if (!found.valid()) return;
  sink_.report<diag::UnsafeFinaliser>(where, name(type), name(found))
      .here("made here")
      .note("the collector may have dropped a destructor's managed neighbours before it runs")
      .help("keep what the destructor needs in the value itself, or give the value one owner");
}

void Checker::check_finalisers() {
  if (defining_) return;
  for (size_t i = 0; i < body_->exprs.size(); ++i) {
    const Expr& one = body_->exprs[i];
    if (one.kind == ExprKind::Native && one.native == spec::Native::GcNew && table_.kind(one.type) == TypeKind::Gc) check_finaliser(table_.get(one.type).parts[0], one.span);
  }
}

}  // namespace stark::types

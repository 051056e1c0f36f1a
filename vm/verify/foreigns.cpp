// vm/verify/foreigns.cpp — proof 3d: every foreign function is declared as C could have it, and its calls pass what C takes.
// Room: vm/verify. Essay: vm/verify/README.md, "Foreign functions". In: proven types and signatures. Out: nothing, or V19, V35, V40, V50.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/limits.h"
#include "vm/verify/proofs.h"
#include "vm/verify/rules.h"

namespace stark::vm {
namespace {

using spec::Module;

TypeKind kind_of(const Module& m, uint32_t t) { return static_cast<TypeKind>(m.types[t].kind); }

// A reference is an address, where it is no more than that; the handle of a text is nothing that C could read.
bool is_passed(const Module& m, const Types& types, uint32_t t) {
  return types.facts[t].has_c_form || (kind_of(m, t) == TypeKind::Ref && types.facts[t].size == sizeof(void*) && kind_of(m, m.types[t].a) != TypeKind::Str);
}
bool is_returned(const Module& m, const Types& types, uint32_t t) { return types.facts[t].has_c_form || kind_of(m, t) == TypeKind::Unit; }

bool is_library_name(std::string_view name) {
  return std::ranges::none_of(name, [](char c) { return c == '/' || static_cast<unsigned char>(c) <= ' '; });
}

// What C widens a further argument to; nothing narrower is ever passed.
bool is_promoted(TypeKind k) {
  switch (k) {
    case TypeKind::I32:
    case TypeKind::I64:
    case TypeKind::Isize:
    case TypeKind::U32:
    case TypeKind::U64:
    case TypeKind::Usize:
    case TypeKind::F64:
    case TypeKind::Ptr: return true;
    default: return false;
  }
}

}  // namespace

Result<void> prove_foreigns(const Module& m, const Types& types) {
  for (uint32_t z = 0; z < m.foreigns.size(); ++z) {
    const spec::ForeignRow& row = m.foreigns[z];
    const spec::SignatureRow& s = m.signatures[row.signature];
    const auto refused = [&](std::string_view what) { return refuse(Refusal::Foreign, fmt::format("foreign function {} {}", z, what)); };
    if (row.name.count == 0) return refused("has no name");
    if (!is_library_name(m.text_of(row.library))) return refused("names a library by its path");
    for (uint32_t i = 0; i < s.parameters.count; ++i) {
      if (!is_passed(m, types, m.type_uses[s.parameters.first + i].type)) return refused(fmt::format("has a parameter {} that C does not have", i));
    }
    if (!is_returned(m, types, s.result.type)) return refused("has a result that C does not have");
    if ((row.flags & spec::kForeignVariadic) != 0 && s.parameters.count == 0) return refused("is variadic and has no parameter");
  }
  return {};
}

// The parameters by the signature, and behind them, of a variadic one, whatever C promotes to.
Result<void> Rules::call_foreign() {
  const spec::ForeignRow& foreign = b.m.foreigns[f.numbers[1]];
  if (!asks_for(b.m, spec::Capability::Ffi)) {
    return refuse_at(b, Refusal::UnsafeNotGranted, fmt::format("the foreign function `{}` is called by a bundle that does not ask for `ffi`", b.m.text_of(foreign.name)));
  }
  const CallShape& shape = b.types.shapes[foreign.signature];
  const size_t fixed = shape.parameters.size();
  if ((foreign.flags & spec::kForeignVariadic) == 0 || f.values.size() < fixed) return check_call(b, target(), shape, f.values);
  if (f.values.size() > spec::kMaxParameters) return refuse_at(b, Refusal::Limit, "a call with too many arguments");
  for (size_t i = fixed; i < f.values.size(); ++i) {
    if (!is_promoted(kind(i))) return refuse_at(b, Refusal::Foreign, fmt::format("the further argument {} is not what C promotes it to", i));
  }
  return check_call(b, target(), shape, f.values.first(fixed));
}

// What C calls takes what C could give, and gives what C could take; who calls, nobody knows.
Result<void> Rules::foreign_fn() {
  if (!asks_for(b.m, spec::Capability::Ffi)) return refuse_at(b, Refusal::UnsafeNotGranted, "a function is made callable for C by a bundle that does not ask for `ffi`");
  if (target_kind() != TypeKind::Ptr || row(b.type_of(target()).type).b != 0) return mistyped(b, op, "gives a pointer that is not mutable");
  const spec::SignatureRow& s = b.m.signatures[b.m.functions[f.numbers[1]].signature];
  bool good = is_returned(b.m, b.types, s.result.type);
  for (uint32_t i = 0; i < s.parameters.count; ++i) good &= b.types.facts[b.m.type_uses[s.parameters.first + i].type].has_c_form;
  if (!good) return refuse_at(b, Refusal::Foreign, "a function that C could not call");
  return arrive(b, target(), b.no_arrivals());
}

}  // namespace stark::vm

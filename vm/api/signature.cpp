// vm/api/signature.cpp — which exported functions can be called from C, and what they take.
// Room: vm/api. In: a verified module, a name. Out: Callable, or A01 and A02.
// Law: what C lends is lent for the time of the call alone: no parameter may ask for more.
#include <algorithm>

#include "bytecode-spec/tables.h"
#include "vm/api/handles.h"

namespace stark::api {

using spec::TypeKind;

namespace {

const spec::TypeRow& row_of(const spec::Module& m, uint32_t type) { return m.types[type]; }
TypeKind kind_of(const spec::Module& m, uint32_t type) { return static_cast<TypeKind>(m.types[type].kind); }

bool is_scalar(TypeKind kind) { return kind == TypeKind::Bool || kind == TypeKind::Char || spec::has(kind, spec::kNum); }

Form form_of_reference(const spec::Module& m, const spec::TypeRow& reference) {
  const bool is_mut = reference.b == 1;
  switch (kind_of(m, reference.a)) {
    case TypeKind::Str: return is_mut ? Form::None : Form::TextRef;
    case TypeKind::Tensor: return is_mut ? Form::TensorMut : Form::TensorRef;
    case TypeKind::Slice: return !spec::has(kind_of(m, row_of(m, reference.a).a), spec::kNum) ? Form::None : is_mut ? Form::SliceMut : Form::Slice;
    default: return Form::None;
  }
}

Form form_of(const spec::Module& m, uint32_t type) {
  const TypeKind kind = kind_of(m, type);
  if (is_scalar(kind)) return Form::Scalar;
  switch (kind) {
    case TypeKind::Unit: return Form::Unit;
    case TypeKind::Str: return Form::Text;
    case TypeKind::String: return Form::String;
    case TypeKind::Tensor: return Form::Tensor;
    case TypeKind::Ref: return form_of_reference(m, row_of(m, type));
    default: return Form::None;
  }
}

// Lifetime 0 is `'static`, which nothing that is lent lives for.
bool lives_too_long(const spec::Module& m, spec::TypeUse use, Form form) {
  const bool is_lent = form == Form::TextRef || form == Form::Slice || form == Form::SliceMut || form == Form::TensorRef || form == Form::TensorMut;
  return is_lent && m.regions[use.first_region] == 0;
}

bool is_result(Form form) {
  return form == Form::Unit || form == Form::Scalar || form == Form::Text || form == Form::TextRef || form == Form::String || form == Form::Tensor;
}

}  // namespace

std::optional<stark_type> type_of_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::Bool: return STARK_BOOL;
    case TypeKind::Char: return STARK_CHAR;
    case TypeKind::I8: return STARK_I8;
    case TypeKind::I16: return STARK_I16;
    case TypeKind::I32: return STARK_I32;
    case TypeKind::I64:
    case TypeKind::Isize: return STARK_I64;
    case TypeKind::U8: return STARK_U8;
    case TypeKind::U16: return STARK_U16;
    case TypeKind::U32: return STARK_U32;
    case TypeKind::U64:
    case TypeKind::Usize: return STARK_U64;
    case TypeKind::F32: return STARK_F32;
    case TypeKind::F64: return STARK_F64;
    default: return std::nullopt;
  }
}

Result<Callable> find_callable(const vm::VerifiedModule& module, std::string_view name) {
  const spec::Module& m = module.module();
  const auto found = std::ranges::lower_bound(m.exports, name, {}, [&](const spec::ExportRow& row) { return m.text_of(row.name); });
  if (found == m.exports.end() || m.text_of(found->name) != name) return api_fail(ApiError::NoFunction, fmt::format("the module exports no `{}`", name));
  const spec::SignatureRow& signature = m.signatures[m.functions[found->function].signature];
  for (uint32_t o = 0; o < signature.outlives.count; ++o) {
    const spec::OutlivesRow& row = m.outlives[signature.outlives.first + o];
    if (row.shorter == 0 && row.longer != 0) return api_fail(ApiError::Signature, fmt::format("`{}` asks for a lifetime that outlives `'static`", name));
  }
  Callable callable;
  callable.function = found->function;
  for (uint32_t i = 0; i < signature.parameters.count; ++i) {
    const spec::TypeUse use = m.type_uses[signature.parameters.first + i];
    const Form form = form_of(m, use.type);
    if (form == Form::None || form == Form::Unit || form == Form::String) return api_fail(ApiError::Signature, fmt::format("parameter {} of `{}` is of a type that C has no value for", i + 1, name));
    if (lives_too_long(m, use, form)) return api_fail(ApiError::Signature, fmt::format("parameter {} of `{}` is borrowed for `'static`", i + 1, name));
    callable.parameters.push_back(form);
    callable.types.push_back(use.type);
  }
  callable.result_type = signature.result.type;
  callable.result = form_of(m, callable.result_type);
  if (!is_result(callable.result)) return api_fail(ApiError::Signature, fmt::format("the result of `{}` is of a type that C has no value for", name));
  return callable;
}

}  // namespace stark::api

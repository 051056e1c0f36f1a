// vm/natives/c_interface.cpp — types of STARK as types of C.
// Room: vm/natives. In: see c_interface.h.
#include "vm/natives/c_interface.h"

#include <cstring>

#include "bytecode-spec/base/check.h"
#include "vm/objects/values.h"

namespace stark::vm {

CInterface::CInterface(const TypeTables& types, std::span<const FrameValue> arguments, size_t fixed, bool is_variadic, uint32_t result) : types_(types) {
  for (const FrameValue& v : arguments) arguments_.push_back(v.type == spec::kNone ? scalar(v.kind) : type_of(v.type));
  prepare(fixed, is_variadic, result);
}

CInterface::CInterface(const TypeTables& types, std::span<const uint32_t> parameters, uint32_t result) : types_(types) {
  for (uint32_t type : parameters) arguments_.push_back(type_of(type));
  prepare(0, false, result);
}

void CInterface::prepare(size_t fixed, bool is_variadic, uint32_t result) {
  ffi_type* given = types_.is(result, TypeKind::Unit) ? &ffi_type_void : type_of(result);
  const auto count = static_cast<unsigned>(arguments_.size());
  const ffi_status status = is_variadic ? ffi_prep_cif_var(&cif_, FFI_DEFAULT_ABI, static_cast<unsigned>(fixed), count, given, arguments_.data())
                                        : ffi_prep_cif(&cif_, FFI_DEFAULT_ABI, count, given, arguments_.data());
  CHECK(status == FFI_OK);  // the proof let through what C has, and no more
}

void CInterface::widen(const std::byte* value, void* to) const {
  switch (cif_.rtype->type) {
    case FFI_TYPE_UINT8: return store(to, static_cast<ffi_arg>(load<uint8_t>(value)));
    case FFI_TYPE_SINT8: return store(to, static_cast<ffi_sarg>(load<int8_t>(value)));
    case FFI_TYPE_UINT16: return store(to, static_cast<ffi_arg>(load<uint16_t>(value)));
    case FFI_TYPE_SINT16: return store(to, static_cast<ffi_sarg>(load<int16_t>(value)));
    case FFI_TYPE_UINT32: return store(to, static_cast<ffi_arg>(load<uint32_t>(value)));
    case FFI_TYPE_SINT32: return store(to, static_cast<ffi_sarg>(load<int32_t>(value)));
    case FFI_TYPE_VOID: return;
    default: std::memcpy(to, value, cif_.rtype->size);
  }
}

ffi_type* CInterface::scalar(TypeKind kind) {
  switch (kind) {
    case TypeKind::Bool:
    case TypeKind::U8: return &ffi_type_uint8;
    case TypeKind::I8: return &ffi_type_sint8;
    case TypeKind::U16: return &ffi_type_uint16;
    case TypeKind::I16: return &ffi_type_sint16;
    case TypeKind::U32: return &ffi_type_uint32;
    case TypeKind::I32: return &ffi_type_sint32;
    case TypeKind::Usize:
    case TypeKind::U64: return &ffi_type_uint64;
    case TypeKind::Isize:
    case TypeKind::I64: return &ffi_type_sint64;
    case TypeKind::F32: return &ffi_type_float;
    case TypeKind::F64: return &ffi_type_double;
    default: takes_addresses_ = true; return &ffi_type_pointer;
  }
}

ffi_type* CInterface::type_of(uint32_t type) {
  if (!types_.is(type, TypeKind::Struct)) return scalar(types_.kind(type));
  const spec::Range fields = types_.fields(type);
  const uint32_t first = types_.field_type(fields, 0);
  if (fields.count == 1 && !types_.is(first, TypeKind::Array)) return type_of(first);
  std::vector<ffi_type*> parts;
  for (uint32_t f = 0; f < fields.count; ++f) add_parts(types_.field_type(fields, f), parts);
  parts.push_back(nullptr);
  elements_.push_back(std::move(parts));
  structs_.push_back({0, 0, FFI_TYPE_STRUCT, elements_.back().data()});
  return &structs_.back();
}

// libffi knows no arrays: their elements stand one after the other.
void CInterface::add_parts(uint32_t type, std::vector<ffi_type*>& out) {
  if (!types_.is(type, TypeKind::Array)) return out.push_back(type_of(type));
  std::vector<ffi_type*> once;
  add_parts(types_.row(type).a, once);
  for (uint64_t i = 0; i < types_.array_length(type); ++i) out.insert(out.end(), once.begin(), once.end());
}

}  // namespace stark::vm

// vm/objects/type_tables.h — TypeTables: the rows and facts of a program's types, side by side.
// Room: vm/objects. In: a module and what the verifier computed. Out: answers about a type by its index.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "bytecode-spec/tables.h"
#include "bytecode-spec/tensor/shape.h"
#include "vm/verify/type_facts.h"

namespace stark::vm {

using spec::TypeKind;

struct TypeTables {
  const spec::Module* module = nullptr;
  std::span<const TypeFacts> all_facts;

  const TypeFacts& facts(uint32_t type) const { return all_facts[type]; }
  const spec::TypeRow& row(uint32_t type) const { return module->types[type]; }
  TypeKind kind(uint32_t type) const { return static_cast<TypeKind>(row(type).kind); }
  uint32_t size(uint32_t type) const { return facts(type).size; }
  bool is(uint32_t type, TypeKind wanted) const { return kind(type) == wanted; }

  uint64_t array_length(uint32_t type) const { return uint64_t{row(type).c} << 32 | row(type).b; }
  // Of structs and tuples; of a variant of an enum.
  spec::Range fields(uint32_t type) const { return {row(type).a, row(type).b}; }
  const spec::VariantRow& variant(uint32_t type, uint32_t v) const { return module->variants[row(type).a + v]; }
  uint32_t field_type(spec::Range fields, uint32_t f) const { return module->fields[fields.first + f].type.type; }
  uint32_t variant_offset(uint32_t type, uint32_t v, uint32_t f) const {
    return facts(type).field_offsets[facts(type).variant_first[v] + f];
  }
  // Which variant the enum at an address is.
  uint32_t tag(uint32_t type, const std::byte* at) const {
    uint32_t value = 0;
    std::memcpy(&value, at, std::min(facts(type).tag_bytes, 4u));
    return value;
  }
  // The function that runs before a value's fields are dropped, or kNone.
  uint32_t drop_function(uint32_t type) const {
    const bool nominal = is(type, TypeKind::Struct) || is(type, TypeKind::Enum);
    return nominal ? row(type).c : spec::kNone;
  }
  spec::TensorType tensor_type(uint32_t type) const {
    return {static_cast<spec::DType>(row(type).c), *spec::Shape::make(std::span(module->dims).subspan(row(type).a, row(type).b))};
  }
  bool is_fat(uint32_t ref) const { return size(ref) == 16; }
};

}  // namespace stark::vm

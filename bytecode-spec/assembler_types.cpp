// bytecode-spec/assembler_types.cpp — reads the lines of types, signatures, vtables and constants.
// Room: bytecode-spec. In: words. Out: rows of the types, fields, variants, methods, signatures, vtables and constants.
#include "bytecode-spec/assembler_parts.h"
#include "bytecode-spec/tables.h"

namespace stark::spec::skasm {

uint32_t Assembler::drop_function() {
  const std::string word = next();
  return word == "-" ? kNone : id("f", word);
}
Range Assembler::take_fields() {
  expect("{");
  std::vector<FieldRow> list;
  while (more() && !peek("}")) {
    const Text name = text();
    list.push_back({name, use(next())});
  }
  expect("}");
  return append(m().fields, list);
}

std::vector<std::string_view> Assembler::kind_texts() {
  std::vector<std::string_view> texts;
  for (const TypeKindRow& row : type_kinds()) texts.push_back(row.text);
  return texts;
}

void Assembler::take_type() {
  if (id("t") != m().types.size()) return fail_with("types are not numbered in order");
  TypeRow row;
  row.kind = code_of(kind_texts(), next(), "kind of type");
  const size_t at = m().types.size();
  m().types.push_back(row);
  switch (static_cast<TypeKind>(row.kind)) {
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Fn:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Gc:
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Atomic:
    case TypeKind::Weak: row.a = id("t"); break;
    case TypeKind::Array: {
      row.a = id("t");
      const auto length = number<uint64_t>(next());
      row.b = static_cast<uint32_t>(length);
      row.c = static_cast<uint32_t>(length >> 32);
      break;
    }
    case TypeKind::Guard:
      row.a = id("t");
      for (const auto kind : {GuardKind::RefMut, GuardKind::Mutex, GuardKind::Read, GuardKind::Write, GuardKind::View}) {
        if (accept(guard_text(kind))) row.b = static_cast<uint32_t>(kind);
      }
      break;
    case TypeKind::Ref:
    case TypeKind::Ptr:
      row.a = id("t");
      row.b = accept("mut") ? 1 : 0;
      break;
    case TypeKind::Tuple: {
      std::vector<FieldRow> list;
      while (more()) list.push_back({{}, {id("t"), 0}});
      const Range fields = append(m().fields, list);
      row.a = fields.first;
      row.b = fields.count;
      break;
    }
    case TypeKind::Struct:
    case TypeKind::Enum: take_nominal(row); break;
    case TypeKind::Tensor: {
      const auto [dtype, dims] = take_tensor();
      row.a = dims.first;
      row.b = dims.count;
      row.c = dtype;
      break;
    }
    case TypeKind::Opaque: row.a = code_of(opaques(), next(), "opaque"); break;
    case TypeKind::Dyn: take_dyn(row); break;
    default: break;
  }
  m().types[at] = row;
}
void Assembler::take_dyn(TypeRow& row) {
  row.name = text();
  expect("flags");
  row.c = number(next());
  expect("{");
  std::vector<DynMethodRow> methods;
  while (more() && !peek("}")) {
    const Text name = text();
    methods.push_back({name, id("s")});
  }
  expect("}");
  const Range range = append(m().dyn_methods, methods);
  row.a = range.first;
  row.b = range.count;
}
void Assembler::take_vtable() {
  if (id("y") != m().vtables.size()) return fail_with("vtables are not numbered in order");
  VTableRow row;
  row.type = id("t");
  row.dyn = id("t");
  expect("(");
  std::vector<uint32_t> functions;
  while (more() && !peek(")")) functions.push_back(id("f"));
  expect(")");
  row.functions = append(m().vtable_functions, functions);
  m().vtables.push_back(row);
}
// What does not stand there is 0; `?` and a number says all of it.
uint32_t Assembler::take_representation() {
  if (peek("{")) return 0;
  Representation form;
  if (accept("?")) return number(next());
  if (accept("regions")) form.lifetimes = number(next());
  if (accept("packed")) form.pack = number(next());
  if (accept("align")) form.align = number(next());
  if (accept("tag")) form.tag = number(next());
  return encode(form);
}
void Assembler::take_nominal(TypeRow& row) {
  row.name = text();
  expect("drop");
  row.c = drop_function();
  row.d = take_representation();
  Range members;
  if (row.kind == static_cast<uint32_t>(TypeKind::Struct)) {
    members = take_fields();
  } else {
    expect("{");
    std::vector<VariantRow> variants;
    while (more() && !peek("}")) {
      const Text name = text();
      variants.push_back({name, take_fields()});
    }
    expect("}");
    members = append(m().variants, variants);
  }
  row.a = members.first;
  row.b = members.count;
}
std::pair<uint32_t, Range> Assembler::take_tensor() {
  const std::string word = next();
  const auto dtype = dtype_from_name(word);
  if (!dtype) fail_with(fmt::format("`{}` is no element type", word));
  expect("[");
  std::vector<int64_t> dims;
  while (more() && !peek("]")) {
    const std::string dim = next();
    dims.push_back(dim == "?" ? kUnknownDim : number<int64_t>(dim));
  }
  expect("]");
  return {dtype ? static_cast<uint32_t>(*dtype) : 0, append(m().dims, dims)};
}

void Assembler::take_signature() {
  if (id("s") != m().signatures.size()) return fail_with("signatures are not numbered in order");
  expect("(");
  std::vector<TypeUse> parameters;
  while (more() && !peek(")")) parameters.push_back(use(next()));
  expect(")");
  SignatureRow row;
  row.parameters = append(m().type_uses, parameters);
  row.result = use(next());
  expect("regions");
  row.region_count = number(next());
  std::vector<OutlivesRow> pairs;
  while (more()) {
    const std::string pair = next();
    const size_t colon = pair.find(':');
    if (colon == std::string::npos) return fail_with("outlives pairs are written 1:2");
    pairs.push_back({number(std::string_view(pair).substr(0, colon)), number(std::string_view(pair).substr(colon + 1))});
  }
  row.outlives = append(m().outlives, pairs);
  m().signatures.push_back(row);
}

void Assembler::take_constant() {
  if (id("c") != m().constants.size()) return fail_with("constants are not numbered in order");
  ConstantRow row;
  row.kind = code_of(kind_texts(), next(), "kind of type");
  if (static_cast<TypeKind>(row.kind) == TypeKind::Str) {
    const Text range = text();
    row.bits = uint64_t{range.first} << 32 | range.count;
  } else {
    row.bits = number<uint64_t>(next());
  }
  m().constants.push_back(row);
}

}  // namespace stark::spec::skasm

// compiler/codegen/tables.cpp — builds the shared tables of a module.
// Room: codegen. In: compiler types and values. Out: rows of spec::Module.
#include "compiler/codegen/tables.h"

namespace stark::codegen {

using spec::kNone;
using spec::TypeKind;

namespace {

template <class T>
spec::Range append(std::vector<T>& table, const auto& items) {
  const spec::Range range{static_cast<uint32_t>(table.size()), static_cast<uint32_t>(items.size())};
  for (const auto& item : items) table.push_back(static_cast<T>(item));
  return range;
}

uint32_t representation(spec::Representation form, uint32_t lifetimes) {
  form.lifetimes = lifetimes;
  return spec::encode(form);
}

}  // namespace

spec::Text Tables::text(const std::string& text) {
  if (text.empty()) return {};
  const auto [at, is_new] = texts_.try_emplace(text);
  if (is_new) at->second = append(m_.text, std::vector<uint8_t>(text.begin(), text.end()));
  return at->second;
}

uint32_t Tables::add_row(TypeKind kind, uint32_t a, uint32_t b, uint32_t c, uint32_t d, spec::Text name) {
  m_.types.push_back({static_cast<uint32_t>(kind), a, b, c, d, name});
  return static_cast<uint32_t>(m_.types.size() - 1);
}

void Tables::static_row(const mir::Static& one) {
  const uint32_t flags = (one.is_mut ? spec::kStaticMutable : 0u) | (one.is_local ? spec::kStaticLocal : 0u);
  m_.statics.push_back({text(one.name), type(one.type), one.initialiser.value, flags});
}

void Tables::foreign(const mir::Foreign& one) {
  const spec::Text name = text(one.name), library = text(one.library);
  m_.foreigns.push_back({name, library, signature(one.signature), one.is_variadic ? spec::kForeignVariadic : 0u});
}

spec::Range Tables::dims(std::span<const int64_t> list) { return append(m_.dims, list); }

uint32_t Tables::type(types::TypeId id) {
  if (const auto at = types_.find(id); at != types_.end()) return at->second;
  const types::TypeData& data = p_.types->get(id);
  if (data.special == types::Special::Never) return types_[id] = type(p_.types->scalar(TypeKind::Unit));  // nobody ever sees that result
  uint32_t row = kNone;
  if (data.kind == TypeKind::Struct) {
    const auto& info = p_.types->info(data.struct_id);
    row = add_row(TypeKind::Struct, 0, 0, info.drop_function, representation(info.form, info.region_count), text(info.name));
    unfinished_.push_back(id);
  } else if (data.kind == TypeKind::Enum) {
    const auto& info = p_.types->info(data.enum_id);
    row = add_row(TypeKind::Enum, 0, 0, info.drop_function, representation(info.form, info.region_count), text(info.name));
    unfinished_.push_back(id);
  } else if (data.kind == TypeKind::Dyn) {
    const auto& info = p_.types->info(data.dyn_id);
    const uint32_t flags = (info.is_send ? spec::kDynSend : 0u) | (info.is_sync ? spec::kDynSync : 0u);
    row = add_row(TypeKind::Dyn, 0, 0, flags, 0, text(info.name));
    unfinished_.push_back(id);
  } else {
    row = structural(id, data);
  }
  return types_[id] = row;
}

uint32_t Tables::structural(types::TypeId id, const types::TypeData& data) {
  if (data.kind == TypeKind::Fn) return add_row(data.kind, type(p_.types->fn_dyn(id)));
  std::vector<uint32_t> parts;
  for (types::TypeId part : data.parts) parts.push_back(type(part));
  switch (data.kind) {
    case TypeKind::Vec:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Gc:
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Atomic:
    case TypeKind::Weak: return add_row(data.kind, parts[0]);
    case TypeKind::Array: return add_row(data.kind, parts[0], static_cast<uint32_t>(data.length), static_cast<uint32_t>(data.length >> 32));
    case TypeKind::Guard: return add_row(data.kind, parts[0], static_cast<uint32_t>(data.length));
    case TypeKind::Ptr:
    case TypeKind::Ref: return add_row(data.kind, parts[0], data.is_mut ? 1 : 0);
    case TypeKind::Tuple: {
      const auto first = static_cast<uint32_t>(m_.fields.size());
      for (uint32_t part : parts) m_.fields.push_back({{}, {part, 0}});
      return add_row(data.kind, first, static_cast<uint32_t>(parts.size()));
    }
    case TypeKind::Tensor: {
      const spec::Range range = dims(data.dims);
      return add_row(data.kind, range.first, range.count, static_cast<uint32_t>(data.dtype));
    }
    case TypeKind::Opaque: return add_row(data.kind, static_cast<uint32_t>(data.opaque));
    default: return add_row(data.kind);
  }
}

spec::Range Tables::fields(const std::vector<types::Field>& list) {
  std::vector<spec::FieldRow> rows;
  for (const types::Field& f : list) rows.push_back({text(f.name), use(f.type, f.regions)});
  return append(m_.fields, rows);
}

void Tables::finish_types() {
  while (!unfinished_.empty()) {
    const types::TypeId id = unfinished_.front();
    unfinished_.pop_front();
    const types::TypeData& data = p_.types->get(id);
    const spec::Range range = members(data);
    m_.types[types_[id]].a = range.first;
    m_.types[types_[id]].b = range.count;
  }
}

spec::Range Tables::members(const types::TypeData& data) {
  if (data.kind == TypeKind::Struct) return fields(p_.types->info(data.struct_id).fields);
  if (data.kind == TypeKind::Dyn) {
    const auto methods = p_.types->info(data.dyn_id).methods;
    std::vector<spec::DynMethodRow> rows;
    for (const auto& method : methods) rows.push_back({text(method.name), signature(method.signature)});
    return append(m_.dyn_methods, rows);
  }
  std::vector<spec::VariantRow> variants;
  for (const auto& v : p_.types->info(data.enum_id).variants) variants.push_back({text(v.name), fields(v.fields)});
  return append(m_.variants, variants);
}

void Tables::vtable(const mir::VTable& vtable) {
  std::vector<uint32_t> functions;
  for (mir::FunctionId f : vtable.functions) functions.push_back(f.value);
  const uint32_t concrete = type(vtable.concrete), dyn = type(vtable.dyn);
  m_.vtables.push_back({concrete, dyn, append(m_.vtable_functions, functions)});
}

uint32_t Tables::regions(const std::vector<uint32_t>& list) {
  if (list.empty()) return 0;
  const auto [at, is_new] = region_lists_.try_emplace(list);
  if (is_new) at->second = append(m_.regions, list).first;
  return at->second;
}

spec::TypeUse Tables::use(types::TypeId id, const std::vector<uint32_t>& list) {
  std::vector<uint32_t> full = list;
  full.resize(p_.types->region_slots(id));
  return {type(id), regions(full)};
}

uint32_t Tables::add_constant(TypeKind kind, uint64_t bits) {
  const auto [at, is_new] = constants_.try_emplace({static_cast<uint32_t>(kind), bits}, static_cast<uint32_t>(m_.constants.size()));
  if (is_new) m_.constants.push_back({static_cast<uint32_t>(kind), 0, bits});
  return at->second;
}

uint32_t Tables::text_constant(const std::string& value) {
  const spec::Text range = text(value);
  return add_constant(TypeKind::Str, uint64_t{range.first} << 32 | range.count);
}

uint32_t Tables::constant(const mir::Constant& constant) {
  const TypeKind kind = p_.types->kind(constant.type);
  return kind == TypeKind::Str ? text_constant(constant.text) : add_constant(kind, constant.bits);
}

uint32_t Tables::signature(const mir::Signature& s) {
  std::vector<spec::TypeUse> parameters;
  for (size_t i = 0; i < s.parameters.size(); ++i) {
    parameters.push_back(use(s.parameters[i], i < s.parameter_regions.size() ? s.parameter_regions[i] : std::vector<uint32_t>{}));
  }
  const spec::TypeUse result = use(s.result, s.result_regions);
  std::vector<uint32_t> key{result.type, result.first_region, s.region_count};
  for (const spec::TypeUse& parameter : parameters) key.insert(key.end(), {parameter.type, parameter.first_region});
  key.push_back(kNone);
  for (const auto& [longer, shorter] : s.outlives) key.insert(key.end(), {longer, shorter});
  const auto [at, is_new] = signatures_.try_emplace(key, static_cast<uint32_t>(m_.signatures.size()));
  if (!is_new) return at->second;
  const spec::Range uses = append(m_.type_uses, parameters);
  const auto first = static_cast<uint32_t>(m_.outlives.size());
  for (const auto& [longer, shorter] : s.outlives) m_.outlives.push_back({longer, shorter});
  m_.signatures.push_back({uses, result, s.region_count, {first, static_cast<uint32_t>(s.outlives.size())}});
  return at->second;
}

void Tables::graph(const spec::Graph& g) {
  spec::GraphRow row;
  std::vector<spec::TensorTypeRow> values;
  for (const auto& value : g.values) values.push_back({static_cast<uint32_t>(value.dtype), dims(value.shape.dims())});
  row.values = append(m_.tensor_types, values);
  row.inputs = append(m_.input_modes, g.inputs);
  std::vector<spec::NodeRow> nodes;
  for (const auto& node : g.nodes) {
    nodes.push_back({static_cast<uint32_t>(node.op), {node.first_operand, node.operand_count}, {node.first_attribute, node.attribute_count}});
  }
  row.nodes = append(m_.nodes, nodes);
  row.operands = append(m_.operands, g.operands);
  row.attributes = append(m_.attributes, g.attributes);
  row.outputs = append(m_.outputs, g.outputs);
  m_.graphs.push_back(row);
}

uint32_t Tables::file(const std::string& name) {
  const auto [at, is_new] = files_.try_emplace(name, static_cast<uint32_t>(m_.files.size()));
  if (is_new) m_.files.push_back(text(name));
  return at->second;
}

}  // namespace stark::codegen

// compiler/types/nominals.cpp — uses of structs and enums: their fields for these arguments, whether they are copied, how they are dropped.
// Room: types. In: a definition and arguments. Out: TypeId, and facts in the type table.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

std::vector<std::string> Checker::generic_names(const SyntaxTree& t, NodeId generics) const {
  std::vector<std::string> found;
  if (!generics.valid()) return found;
  for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters)))
    if (t.kind(parameter) == NodeKind::GenericType || t.kind(parameter) == NodeKind::GenericConst) found.emplace_back(t.get(parameter).text);
  return found;
}

Environment Checker::generic_environment(const SyntaxTree& t, NodeId generics, std::span<const GenericArgument> arguments, Environment base) const {
  const auto found = generic_names(t, generics);
  for (size_t i = 0; i < found.size() && i < arguments.size(); ++i) base.generics[found[i]] = arguments[i];
  return base;
}

const Nominal* Checker::nominal_exact(TypeId type) const {
  const auto found = nominal_of_.find(type.value);
  return found == nominal_of_.end() ? nullptr : &nominals_[found->second];
}

const Nominal* Checker::nominal(TypeId type) const { return nominal_exact(shallow(type)); }

bool Checker::is_nominal(TypeId type, std::string_view shipped) const {
  const Nominal* used = nominal(type);
  return used != nullptr && shipped_name(used->definition) == shipped;
}

TypeId Checker::library_type(std::string_view word, std::vector<TypeId> arguments) {
  std::vector<GenericArgument> given;
  for (TypeId one : arguments) given.push_back({GenericArgument::Kind::Type, one, 0, {}});
  return nominal_type(names_.find_in(names_.library, word, false), std::move(given));
}

// What tells an argument from others, whatever it is called.
std::string Checker::argument_key(const GenericArgument& argument) {
  if (argument.kind == GenericArgument::Kind::Type) return fmt::format(",{}", argument.type.value);
  if (argument.kind == GenericArgument::Kind::Number) return fmt::format(",#{}", argument.number);
  return fmt::format(",[{}]", fmt::join(argument.dims, " "));
}

std::string Checker::argument_text(const GenericArgument& argument) {
  if (argument.kind == GenericArgument::Kind::Type) return name(argument.type);
  if (argument.kind == GenericArgument::Kind::Number) return table_.number_text(argument.number);
  std::string dims;
  for (int64_t dim : argument.dims) dims += (dims.empty() ? "" : ", ") + table_.number_text(dim);
  return fmt::format("[{}]", dims);
}

// What a struct or enum declares: parameters, and what it asks of them.
const Declared& Checker::nominal_info(DefinitionId definition) {
  const auto known = nominal_infos_.find(definition.value);
  if (known != nominal_infos_.end()) return *known->second;
  Declared& out = *(nominal_infos_[definition.value] = std::make_unique<Declared>());
  const Definition& made = names_.get(definition);
  at(made.tree, made.module, {}, [&] { declare_generics(child(made.node, 1), child(made.node, 2), out); });
  return out;
}

// A type whose fields ask for it again with ever larger arguments. Told once: what is around it is endless as well.
bool Checker::endless(DefinitionId definition, std::span<const GenericArgument> arguments) {
  uint64_t weight = 0;
  for (const GenericArgument& one : arguments) weight += one.kind == GenericArgument::Kind::Type ? table_.weight(one.type) : 0;
  if (weight >= kMaxTypeWeight) return table_.refuse(), true;
  const bool deep = std::ranges::any_of(arguments, [&](const GenericArgument& one) { return one.kind == GenericArgument::Kind::Type && table_.depth(one.type) > kMaxNesting; });
  if (!deep) return false;
  const Definition& made = names_.get(definition);
  if (!std::exchange(told_endless_, true)) sink_.report<diag::RecursionLimit>(made.span, made.name);
  return true;
}

// The library's parameters are what they are declared as; a program's type parameter may be used as a dim, which is told where it is.
bool Checker::number_for_type(std::span<const GenericParameter> parameters, std::span<const GenericArgument> given, ModuleId module, Span where) {
  if (!names_.get(module).shipped) return false;
  for (size_t i = 0; i < parameters.size() && i < given.size(); ++i) {
    if (given[i].kind != GenericArgument::Kind::Number || parameters[i].argument.kind != GenericArgument::Kind::Type) continue;
    sink_.report<diag::NotANumber>(where, argument_text(given[i]));
    return true;
  }
  return false;
}

TypeId Checker::nominal_type(DefinitionId definition, std::vector<GenericArgument> arguments) {
  std::string key = std::to_string(definition.value);
  bool unknown = false, open = false;
  for (GenericArgument& argument : arguments) {
    argument = deep(argument);
    key += argument_key(argument);
    open |= is_open(argument);
    if (argument.kind != GenericArgument::Kind::Type) continue;
    unknown |= contains_infer(argument.type);
  }
  if (const auto known = nominal_ids_.find(key); known != nominal_ids_.end()) return known->second;
  if (endless(definition, arguments)) return table_.error();
  std::string shown;
  for (const GenericArgument& argument : arguments) shown += (shown.empty() ? "" : ", ") + argument_text(argument);
  const Definition& made = names_.get(definition);
  const SyntaxTree& t = *made.tree;
  const bool is_enum = made.kind == DefinitionKind::Enum;
  const NodeId generics = t.child(made.node, 1);
  Environment environment = generic_environment(t, generics, arguments, {});
  if (!arguments.empty()) {
    const Declared& declared = nominal_info(definition);
    Bindings bound;
    for (size_t i = 0; i < declared.parameters.size() && i < arguments.size(); ++i) bound[declared.parameters[i].number] = arguments[i];
    auto assumed = std::make_shared<std::vector<Bound>>(where_.environment.bounds && (open || unknown) ? *where_.environment.bounds : std::vector<Bound>());
    if (open || unknown)
      for (const Bound& one : declared.bounds)
        if (!one.callable) assumed->push_back({substitute(one.subject, bound), substitute(one.use, bound), std::nullopt, one.span});
    if (!assumed->empty()) environment.bounds = assumed;
  }
  uint32_t regions = 0;
  if (generics.valid())
    for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters)))
      if (t.kind(parameter) == NodeKind::GenericLifetime) environment.lifetimes[std::string(t.get(parameter).text)] = ++regions;
  const auto parameter_names = generic_names(t, generics);
  for (size_t i = 0; i < arguments.size() && i < parameter_names.size(); ++i)
    if (arguments[i].kind == GenericArgument::Kind::Type)
      for (uint32_t k = table_.region_slots(arguments[i].type); k > 0; --k) environment.generic_regions[parameter_names[i]].push_back(++regions);
  const std::string full = shown.empty() ? made.name : fmt::format("{}<{}>", made.name, shown);
  StructId struct_id;
  EnumId enum_id;
  TypeId type;
  if (is_enum) enum_id = table_.add_enum({full, {}, regions, false, Id<int>::kNone, made.span}), type = table_.enum_type(enum_id);
  else struct_id = table_.add_struct({full, {}, regions, false, Id<int>::kNone, made.span}), type = table_.struct_type(struct_id);
  nominal_ids_[key] = type;
  for (const GenericArgument& argument : arguments)
    if (argument.kind == GenericArgument::Kind::Type) table_.hold(type, argument.type);
  nominal_of_[type.value] = static_cast<uint32_t>(nominals_.size());
  nominals_.push_back({definition, arguments});
  environment.self = type;
  const size_t asked_before = obligations_.size();
  auto aliases = std::exchange(open_aliases_, {});  // `type A = S;` may stand in a field of S
  at(&t, made.module, std::move(environment), [&] {
    if (!is_enum) {
      std::vector<Field> fields;
      fill_fields(t, child(made.node, slot::Struct::fields), fields, "struct");
      table_.info(struct_id).fields = std::move(fields);
      return;
    }
    for (NodeId variant : list(child(made.node, slot::Enum::variants))) {
      if (kind(variant) != NodeKind::Variant) continue;
      Variant out{std::string(node(variant).text), {}, node(variant).name};
      fill_fields(t, child(variant, slot::Variant::fields), out.fields, "enum");
      table_.info(enum_id).variants.push_back(std::move(out));
    }
  });
  open_aliases_ = std::move(aliases);
  set_layout(type, layout(t, made.node));
  if (unknown && obligations_.size() != asked_before) nominal_ids_.erase(key);  // its fields depend on this body's inference
  if (std::set<TypeId> seen; infinite(type, type, seen)) sink_.report<diag::InfiniteType>(made.span, made.name).help("put the inner value into a `Box`: `Box<…>` has one size, whatever is in it");
  else if (!impls_ready_) unsettled_.push_back(type);
  else settle_nominal(type, open || unknown);
  return type;
}

// Copy and Drop, which need every impl to be known.
void Checker::settle_nominal(TypeId type, bool open) {
  const TypeData& data = table_.get(type);
  const bool is_enum = data.kind == TypeKind::Enum;
  if (!open) {
    bool copy = implements(type, "Copy");
    const auto all_copy = [&](const std::vector<Field>& fields) { return std::ranges::all_of(fields, [&](const Field& field) { return copies(field.type); }); };
    if (copy && !is_enum) copy = all_copy(table_.info(data.struct_id).fields);
    if (copy && is_enum) copy = std::ranges::all_of(table_.info(data.enum_id).variants, [&](const Variant& variant) { return all_copy(variant.fields); });
    (is_enum ? table_.info(data.enum_id).is_copy : table_.info(data.struct_id).is_copy) = copy;
  }
}

// A finished body has values of this type, so what drops them and their parts is part of the program.
void Checker::use_type(TypeId type) {
  std::vector<TypeId> open{type};
  while (!open.empty()) {
    const TypeId one = open.back();
    open.pop_back();
    if (!one.valid() || !used_types_.insert(one.value).second) continue;
    const TypeData data = table_.get(one);
    if (data.special != Special::None) continue;
    open.insert(open.end(), data.parts.begin(), data.parts.end());
    const auto fields = [&](const std::vector<Field>& list) {
      for (const Field& field : list) open.push_back(field.type);
    };
    if (data.kind == TypeKind::Struct) {
      fields(table_.info(data.struct_id).fields);
      const uint32_t drop = drop_function(one);
      table_.info(data.struct_id).drop_function = drop;
    } else if (data.kind == TypeKind::Enum) {
      for (const Variant& variant : table_.info(data.enum_id).variants) fields(variant.fields);
      const uint32_t drop = drop_function(one);
      table_.info(data.enum_id).drop_function = drop;
    }
  }
}

uint32_t Checker::drop_function(TypeId type) {
  const Selection found = select(type, {names_.find_in(names_.library, "Drop", false), {}, {}});
  if (found.kind != Selection::Kind::Impl || !impls_[found.impl].functions.contains("drop")) return Id<int>::kNone;
  return instance(make_instance(impl_callee(found.impl, found.bound, type, "drop")));
}

// Is it met again inside of itself, by value? Each type on the way is looked into once.
bool Checker::infinite(TypeId type, TypeId looked_for, std::set<TypeId>& seen) const {
  if (!seen.insert(type).second) return false;
  const TypeData& data = table_.get(type);
  const auto any = [&](const std::vector<Field>& fields) {
    return std::ranges::any_of(fields, [&](const Field& f) { return f.type == looked_for || infinite(f.type, looked_for, seen); });
  };
  if (data.special != Special::None) return false;
  if (data.kind == TypeKind::Struct) return any(table_.info(data.struct_id).fields);
  if (data.kind == TypeKind::Enum) return std::ranges::any_of(table_.info(data.enum_id).variants, [&](const Variant& v) { return any(v.fields); });
  if (data.kind == TypeKind::Tuple || data.kind == TypeKind::Array)
    return std::ranges::any_of(data.parts, [&](TypeId p) { return p == looked_for || infinite(p, looked_for, seen); });
  return false;
}

void Checker::fill_fields(const SyntaxTree& t, NodeId fields, std::vector<Field>& out, std::string_view place) {
  for (NodeId field : t.children_of(fields)) {
    if (t.kind(field) != NodeKind::Field) continue;
    const LoweredType lowered = lower_value(t.child(field, slot::Field::type), {Elision::Kind::Refuse, nullptr, 0, place});
    std::string field_name(t.get(field).text);
    if (field_name.empty()) field_name = std::to_string(out.size());
    const bool twice = std::ranges::any_of(out, [&](const Field& f) { return f.name == field_name; });
    if (twice) sink_.report<diag::DuplicateField>(t.get(field).name, field_name);
    out.push_back({field_name, lowered.type, lowered.regions, t.get(field).span});
  }
}

}  // namespace stark::types

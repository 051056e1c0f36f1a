// compiler/types/declare.cpp — structs, enums and impls as declared; their uses with arguments; functions to be checked.
// Room: types. In: Names. Out: types and instances.
#include <algorithm>

#include "bytecode-spec/base/check.h"
#include "compiler/types/checker.h"

namespace stark::types {

Checker::Checker(const SourceMap& sources, const resolve::Names& names, TypeTable& table, diagnostics::Sink& sink)
    : sources_(sources), names_(names), table_(table), sink_(sink), unit_(table.scalar(TypeKind::Unit)),
      bool_(table.scalar(TypeKind::Bool)), str_(table.scalar(TypeKind::Str)), usize_(table.scalar(TypeKind::Usize)),
      i32_(table.scalar(TypeKind::I32)), f64_(table.scalar(TypeKind::F64)) {}

Typed check(const SourceMap& sources, const resolve::Names& names, TypeTable& table, diagnostics::Sink& sink) {
  return Checker(sources, names, table, sink).run();
}

Typed Checker::run() {
  collect_impls();
  check_declarations();
  for (size_t done = 0; done < instances_.size(); ++done) check_body(static_cast<uint32_t>(done));
  return std::move(typed_);
}

void Checker::collect_impls() {
  for (const resolve::ImplBlock& block : names_.impls) {
    ImplInfo info{block.module, block.tree, block.node, {}, {}};
    const NodeId trait_node = block.tree->child(block.node, slot::Impl::trait_path);
    at(block.tree, block.module, {}, [&] {
      if (trait_node.valid() && kind(trait_node) == NodeKind::PathType) {
        const NodeId segments = child(child(trait_node, slot::PathType::path), slot::Path::segments);
        size_t used = 0;
        info.trait = find_path(list(segments), false, used, true);
        if (info.trait.valid() && names_.get(info.trait).kind != DefinitionKind::Trait) info.trait = {};
      }
      for (NodeId item : list(child(block.node, slot::Impl::items)))
        if (kind(item) == NodeKind::Fn) info.functions.emplace(node(item).text, item);
    });
    for (const auto& [function, item] : info.functions) impls_by_function_[function].push_back(static_cast<uint32_t>(impls_.size()));
    if (info.trait.valid()) {
      const Definition& trait = names_.get(info.trait);
      for (NodeId item : trait.tree->children_of(trait.tree->child(trait.node, slot::Trait::items)))
        if (trait.tree->kind(item) == NodeKind::Fn && !info.functions.contains(std::string(trait.tree->get(item).text)))
          impls_by_function_[std::string(trait.tree->get(item).text)].push_back(static_cast<uint32_t>(impls_.size()));
    }
    impls_.push_back(std::move(info));
  }
}

// Everything of the user's program that is not generic is checked whether it is used or not.
void Checker::check_declarations() {
  const auto no_generics = [&](const SyntaxTree& t, NodeId generics) { return generic_names(t, generics).empty(); };
  for (size_t i = 0; i < names_.definitions.size(); ++i) {
    const Definition& made = names_.definitions[i];
    if (names_.get(made.module).shipped) continue;
    const SyntaxTree* t = made.tree;
    if (made.kind == DefinitionKind::Struct && no_generics(*t, t->child(made.node, slot::Struct::generics))) nominal_type(DefinitionId(i), {});
    if (made.kind == DefinitionKind::Enum && no_generics(*t, t->child(made.node, slot::Enum::generics))) nominal_type(DefinitionId(i), {});
    if (made.kind == DefinitionKind::Const)
      at(t, made.module, {}, [&] {
        if (child(made.node, slot::Const::type).valid()) type_of(child(made.node, slot::Const::type));
      });
  }
  for (size_t i = 0; i < names_.definitions.size(); ++i) {
    const Definition& made = names_.definitions[i];
    if (names_.get(made.module).shipped || made.kind != DefinitionKind::Function) continue;
    if (!no_generics(*made.tree, made.tree->child(made.node, slot::Fn::generics))) continue;
    if (!made.tree->child(made.node, slot::Fn::body).valid()) continue;
    Callee callee{DefinitionId(i), Id<int>::kNone, made.tree, made.node, made.module, {}, {}, made.name};
    const uint32_t number = instance({callee, {}, Instance::Made::Written, {}});
    if (made.name == "main" && made.module == names_.root) typed_.entry = number;
  }
  check_impl_traits();
}

void Checker::check_impl_traits() {
  for (uint32_t i = 0; i < impls_.size(); ++i) {
    const ImplInfo info = impls_[i];
    if (names_.get(info.module).shipped) continue;
    const NodeId generics = info.tree->child(info.node, slot::Impl::generics);
    if (!generic_names(*info.tree, generics).empty()) continue;
    TypeId self;
    at(info.tree, info.module, {}, [&] { self = type_of(child(info.node, slot::Impl::self_type)); });
    if (info.trait.valid()) {
      const Definition& trait = names_.get(info.trait);
      for (NodeId item : trait.tree->children_of(trait.tree->child(trait.node, slot::Trait::items))) {
        const std::string function(trait.tree->get(item).text);
        if (trait.tree->kind(item) != NodeKind::Fn || trait.tree->child(item, slot::Fn::body).valid() || info.functions.contains(function)) continue;
        sink_.report<diag::MissingMethod>(info.tree->get(info.tree->child(info.node, slot::Impl::trait_path)).span, trait.name, name(self), function)
            .help(fmt::format("write `fn {}` in this `impl`", function));
      }
    }
    for (const auto& [function, item] : info.functions) {
      if (!generic_names(*info.tree, info.tree->child(item, slot::Fn::generics)).empty()) continue;
      if (!info.tree->child(item, slot::Fn::body).valid()) continue;
      Environment environment;
      environment.self = self;
      instance({{{}, i, info.tree, item, info.module, {}, environment, name(self) + "::" + function}, {}, Instance::Made::Written, {}});
    }
  }
}

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

bool Checker::derives(const SyntaxTree& t, NodeId attributes, std::string_view trait) const {
  for (NodeId attribute : t.children_of(attributes)) {
    if (t.kind(attribute) != NodeKind::Attribute || t.get(attribute).text != "derive") continue;
    for (NodeId word : t.children_of(t.child(attribute, slot::Attribute::arguments)))
      if (t.get(word).text == trait) return true;
  }
  return false;
}

const Nominal* Checker::nominal(TypeId type) const {
  const auto found = nominal_of_.find(shallow(type).value);
  return found == nominal_of_.end() ? nullptr : &nominals_[found->second];
}

bool Checker::derived(TypeId type, std::string_view trait) {
  const Nominal* used = nominal(type);
  if (used == nullptr) return false;
  const Definition& made = names_.get(used->definition);
  return derives(*made.tree, made.tree->child(made.node, 0), trait);
}

std::string Checker::argument_text(const GenericArgument& argument) {
  if (argument.kind == GenericArgument::Kind::Type) return name(argument.type);
  if (argument.kind == GenericArgument::Kind::Number) return std::to_string(argument.number);
  std::string dims;
  for (int64_t dim : argument.dims) dims += (dims.empty() ? "" : ", ") + (dim < 0 ? "?" : std::to_string(dim));
  return fmt::format("[{}]", dims);
}

TypeId Checker::nominal_type(DefinitionId definition, std::vector<GenericArgument> arguments) {
  std::string key = std::to_string(definition.value), shown;
  bool open = false;
  for (GenericArgument& argument : arguments) {
    argument = deep(argument);
    key += argument.kind == GenericArgument::Kind::Type ? fmt::format(",{}", argument.type.value) : argument_text(argument);
    shown += (shown.empty() ? "" : ", ") + argument_text(argument);
    if (argument.kind != GenericArgument::Kind::Type) continue;
    open |= contains_infer(argument.type);
  }
  if (const auto known = nominal_ids_.find(key); known != nominal_ids_.end()) return known->second;
  const Definition& made = names_.get(definition);
  const SyntaxTree& t = *made.tree;
  const bool is_enum = made.kind == DefinitionKind::Enum;
  const NodeId generics = t.child(made.node, is_enum ? static_cast<uint32_t>(slot::Enum::generics) : static_cast<uint32_t>(slot::Struct::generics));
  Environment environment = generic_environment(t, generics, arguments, {});
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
  nominal_of_[type.value] = static_cast<uint32_t>(nominals_.size());
  nominals_.push_back({definition, arguments});
  environment.self = type;
  at(&t, made.module, environment, [&] {
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
  settle_copy(definition, type);
  if (infinite(type, type)) sink_.report<diag::InfiniteType>(made.span, made.name).help("put the inner value into a `Vec`");
  else if (!open) {
    const uint32_t drop = drop_function(type);
    (is_enum ? table_.info(enum_id).drop_function : table_.info(struct_id).drop_function) = drop;
  }
  return type;
}

bool Checker::infinite(TypeId type, TypeId looked_for, int depth) const {
  if (depth > 32) return true;
  const TypeData& data = table_.get(type);
  const auto any = [&](const std::vector<Field>& fields) {
    return std::ranges::any_of(fields, [&](const Field& f) { return f.type == looked_for || infinite(f.type, looked_for, depth + 1); });
  };
  if (data.special != Special::None) return false;
  if (data.kind == TypeKind::Struct) return any(table_.info(data.struct_id).fields);
  if (data.kind == TypeKind::Enum) return std::ranges::any_of(table_.info(data.enum_id).variants, [&](const Variant& v) { return any(v.fields); });
  if (data.kind == TypeKind::Tuple || data.kind == TypeKind::Array)
    return std::ranges::any_of(data.parts, [&](TypeId p) { return p == looked_for || infinite(p, looked_for, depth + 1); });
  return false;
}

void Checker::fill_fields(const SyntaxTree& t, NodeId fields, std::vector<Field>& out, std::string_view place) {
  for (NodeId field : t.children_of(fields)) {
    if (t.kind(field) != NodeKind::Field) continue;
    const LoweredType lowered = lower(t.child(field, slot::Field::type), {Elision::Kind::Refuse, nullptr, 0, place});
    std::string field_name(t.get(field).text);
    if (field_name.empty()) field_name = std::to_string(out.size());
    const bool twice = std::ranges::any_of(out, [&](const Field& f) { return f.name == field_name; });
    if (twice) sink_.report<diag::DuplicateField>(t.get(field).name, field_name);
    out.push_back({field_name, lowered.type, lowered.regions, t.get(field).span});
  }
}

void Checker::settle_copy(DefinitionId definition, TypeId type) {
  const Definition& made = names_.get(definition);
  bool copy = derives(*made.tree, made.tree->child(made.node, 0), "Copy");
  for (const ImplInfo& info : impls_) {
    if (copy || !info.trait.valid() || names_.get(info.trait).name != "Copy") continue;
    Environment bound;
    const auto generics = generic_names(*info.tree, info.tree->child(info.node, slot::Impl::generics));
    copy = match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), type, bound, generics);
  }
  if (!copy) return;
  const TypeData data = table_.get(type);
  const Field* wrong = nullptr;
  const auto look = [&](const std::vector<Field>& fields) {
    for (const Field& field : fields)
      if (!table_.is_copy(field.type)) wrong = &field;
  };
  if (data.kind == TypeKind::Struct) look(table_.info(data.struct_id).fields);
  else for (const Variant& variant : table_.info(data.enum_id).variants) look(variant.fields);
  if (wrong != nullptr && nominal(type)->arguments.empty())
    sink_.report<diag::CannotCopy>(made.span, made.name, wrong->name).label(wrong->span, fmt::format("`{}` is moved, not copied", name(wrong->type)));
  if (data.kind == TypeKind::Struct) table_.info(data.struct_id).is_copy = wrong == nullptr;
  else table_.info(data.enum_id).is_copy = wrong == nullptr;
}

uint32_t Checker::drop_function(TypeId type) {
  Callee callee;
  for (uint32_t i : impls_by_function_["drop"]) {
    const ImplInfo& info = impls_[i];
    if (!info.trait.valid() || names_.get(info.trait).name != "Drop") continue;
    Environment bound;
    const NodeId generics = info.tree->child(info.node, slot::Impl::generics);
    const auto found = generic_names(*info.tree, generics);
    if (!match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), type, bound, found)) continue;
    if (!info.functions.contains("drop")) continue;
    std::vector<GenericArgument> arguments;
    for (const std::string& generic : found) arguments.push_back(bound.generics[generic]);
    bound.self = type;
    return instance({{{}, i, info.tree, info.functions.at("drop"), info.module, {}, bound, name(type) + "::drop"}, arguments, Instance::Made::Written, {}});
  }
  return Id<int>::kNone;
}

bool Checker::implements(TypeId given, std::string_view trait) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special != Special::None) return true;
  if (trait == "Sized" || trait == "Send" || trait == "Sync") return true;
  if (trait == "Copy") return table_.is_copy(type);
  if (trait == "Display") return printable(type, false);
  if (trait == "Debug") return printable(type, true);
  if (derived(type, trait)) return true;
  for (const ImplInfo& info : impls_) {
    if (!info.trait.valid() || names_.get(info.trait).name != trait) continue;
    Environment bound;
    const auto found = generic_names(*info.tree, info.tree->child(info.node, slot::Impl::generics));
    if (match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), type, bound, found)) return true;
  }
  const bool scalar = data.parts.empty() && data.kind != TypeKind::Struct && data.kind != TypeKind::Enum && data.kind != TypeKind::Tensor && data.kind != TypeKind::Opaque;
  const bool parts = std::ranges::all_of(data.parts, [&](TypeId part) { return implements(part, trait); });
  if (trait == "Clone") return data.kind == TypeKind::Tensor || scalar || (parts && data.kind != TypeKind::Opaque && nominal(type) == nullptr && !data.is_mut);
  if (trait == "PartialEq" || trait == "Eq" || trait == "PartialOrd" || trait == "Ord" || trait == "Hash")
    return scalar || (parts && data.kind == TypeKind::Ref);
  if (trait == "Default") return scalar;
  return false;
}

uint32_t Checker::instance(Instance wanted) {
  std::string key = fmt::format("{}:{}:{}:{}", static_cast<const void*>(wanted.callee.tree), wanted.callee.node.value,
                                static_cast<int>(wanted.made), wanted.self.value);
  if (wanted.callee.environment.self.valid()) key += fmt::format(":{}", wanted.callee.environment.self.value);
  std::string shown;
  for (GenericArgument& argument : wanted.arguments) {
    argument = deep(argument);
    const bool is_type = argument.kind == GenericArgument::Kind::Type;
    key += is_type ? fmt::format(",{}", argument.type.value) : argument_text(argument);
    shown += (shown.empty() ? "" : ", ") + argument_text(argument);
  }
  const auto [place, added] = instance_ids_.emplace(key, static_cast<uint32_t>(instances_.size()));
  if (!added) return place->second;
  TypedFunction function;
  function.name = wanted.callee.name;
  const bool method = wanted.callee.impl != Id<int>::kNone || wanted.callee.trait.valid();
  if (!shown.empty() && !method) function.name += fmt::format("<{}>", shown);
  typed_.functions.push_back(std::move(function));
  instances_.push_back(std::move(wanted));
  return place->second;
}

bool Checker::has_self(const SyntaxTree& t, NodeId function) const {
  const auto parameters = t.children_of(t.child(function, slot::Fn::parameters));
  return !parameters.empty() && t.kind(parameters[0]) == NodeKind::SelfParameter;
}

FunctionSignature Checker::signature(const Callee& callee) {
  FunctionSignature out;
  at(callee.tree, callee.module, callee.environment, [&] {
    Environment& environment = where_.environment;
    const auto lifetimes = [&](const SyntaxTree& t, NodeId generics) {
      if (!generics.valid()) return;
      for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters)))
        if (t.kind(parameter) == NodeKind::GenericLifetime) environment.lifetimes[std::string(t.get(parameter).text)] = ++out.region_count;
    };
    if (callee.impl != Id<int>::kNone && !callee.trait.valid()) lifetimes(*callee.tree, callee.tree->child(impls_[callee.impl].node, slot::Impl::generics));
    lifetimes(*callee.tree, callee.tree->child(callee.node, slot::Fn::generics));
    for (auto& [generic, argument] : environment.generics)
      if (argument.kind == GenericArgument::Kind::Type)
        for (uint32_t k = table_.region_slots(shallow(argument.type)); k > 0; --k) environment.generic_regions[generic].push_back(++out.region_count);
    const Elision elided{Elision::Kind::Fresh, &out.region_count, 0, {}};
    if (callee.impl != Id<int>::kNone && !callee.trait.valid())
      environment.self_regions = lower(child(impls_[callee.impl].node, slot::Impl::self_type), elided).regions;
    else if (environment.self.valid())
      for (uint32_t k = table_.region_slots(shallow(environment.self)); k > 0; --k) environment.self_regions.push_back(++out.region_count);
    Region self_region = 0;
    std::vector<Region> seen;
    for (NodeId parameter : list(child(callee.node, slot::Fn::parameters))) {
      LoweredType lowered;
      if (kind(parameter) == NodeKind::SelfParameter) {
        const NodeId declared = child(parameter, slot::SelfParameter::type);
        lowered = declared.valid() ? lower(declared, elided) : LoweredType{environment.self.valid() ? environment.self : table_.error(), environment.self_regions};
        if (tree().has(parameter, parse::kReference)) {
          self_region = region_of(child(parameter, slot::SelfParameter::lifetime), span(parameter), elided);
          lowered.regions.insert(lowered.regions.begin(), self_region);
          lowered.type = table_.ref(lowered.type, tree().has(parameter, parse::kMut));
        }
      } else if (kind(parameter) == NodeKind::Parameter) {
        const NodeId declared = child(parameter, slot::Parameter::type);
        if (declared.valid()) lowered = lower(declared, elided);
        else lowered.type = table_.error();
      } else {
        lowered.type = table_.error();
      }
      for (Region region : lowered.regions)
        if (region != 0 && std::ranges::find(seen, region) == seen.end()) seen.push_back(region);
      out.parameters.push_back(lowered.type);
      out.parameter_regions.push_back(lowered.regions);
    }
    Elision result_elision{Elision::Kind::Refuse, nullptr, 0, "function's result"};
    if (self_region != 0) result_elision = {Elision::Kind::Fixed, nullptr, self_region, {}};
    else if (seen.size() == 1) result_elision = {Elision::Kind::Fixed, nullptr, seen[0], {}};
    const NodeId result = child(callee.node, slot::Fn::result);
    const LoweredType lowered = result.valid() ? lower(result, result_elision) : LoweredType{unit_, {}};
    out.result = lowered.type;
    out.result_regions = lowered.regions;
    const NodeId generics = child(callee.node, slot::Fn::generics);
    for (NodeId parameter : generics.valid() ? list(child(generics, slot::Generics::parameters)) : std::span<const NodeId>())
      if (kind(parameter) == NodeKind::GenericLifetime)
        for (NodeId bound : list(child(parameter, slot::GenericLifetime::bounds)))
          if (kind(bound) == NodeKind::Lifetime)
            out.outlives.emplace_back(environment.lifetimes[std::string(node(parameter).text)], region_of(bound, span(bound), {}));
    const NodeId where = child(callee.node, slot::Fn::where_clause);
    for (NodeId predicate : where.valid() ? list(child(where, slot::Where::predicates)) : std::span<const NodeId>())
      if (kind(child(predicate, slot::WherePredicate::type)) == NodeKind::Lifetime)
        for (NodeId bound : list(child(predicate, slot::WherePredicate::bounds)))
          out.outlives.emplace_back(region_of(child(predicate, slot::WherePredicate::type), span(predicate), {}), region_of(bound, span(bound), {}));
  });
  return out;
}

void Checker::check_body(uint32_t number) {
  Instance wanted = instances_[number];
  TypedFunction function;
  function.name = typed_.functions[number].name;
  if (wanted.made != Instance::Made::Written) {
    derive_body(function, wanted);
    typed_.functions[number] = std::move(function);
    return;
  }
  Callee& callee = wanted.callee;
  std::vector<std::string> all;
  if (callee.impl != Id<int>::kNone && !callee.trait.valid()) all = generic_names(*callee.tree, callee.tree->child(impls_[callee.impl].node, slot::Impl::generics));
  for (const std::string& own : generic_names(*callee.tree, callee.tree->child(callee.node, slot::Fn::generics))) all.push_back(own);
  for (size_t i = 0; i < all.size() && i < wanted.arguments.size(); ++i) callee.environment.generics[all[i]] = wanted.arguments[i];
  function.signature = signature(callee);
  function.file = callee.tree->file;
  function.span = callee.tree->get(callee.node).name;
  function.is_pub = callee.tree->has(callee.node, parse::kPub);
  body_ = &function;
  errors_before_ = sink_.errors();
  scopes_.clear(), loops_.clear(), variables_.clear(), pending_.clear();
  next_loop_ = 0;
  result_ = function.signature.result;
  shipped_ = names_.get(callee.module).shipped;
  at(callee.tree, callee.module, callee.environment, [&] {
    const ScopeGuard scope(*this);
    size_t i = 0;
    for (NodeId parameter : list(child(callee.node, slot::Fn::parameters))) {
      const TypeId declared = function.signature.parameters[i++];
      if (kind(parameter) == NodeKind::SelfParameter) {
        const bool is_mut = tree().has(parameter, parse::kMut) && !tree().has(parameter, parse::kReference);
        function.parameters.push_back(bind(add_local("self", declared, is_mut, span(parameter)), span(parameter)));
      } else if (kind(parameter) == NodeKind::Parameter) {
        const PatternId bound = pattern(child(parameter, slot::Parameter::pattern), declared, Mode::Move);
        irrefutable(bound, declared, span(parameter));
        function.parameters.push_back(bound);
      } else {
        function.parameters.push_back(add_pattern(PatternKind::Wild, declared, span(parameter)));
      }
    }
    const NodeId body = child(callee.node, slot::Fn::body);
    const Node& block_node = node(body);
    const bool no_value = kind(body) == NodeKind::Block && !child(body, slot::Block::value).valid();
    if (typed_.entry == number && !is_error(result_)) {
      const Nominal* returned = nominal(result_);
      const bool good = result_ == unit_ || result_ == i32_ || (returned != nullptr && names_.get(returned->definition).name == "Result");
      if (!good) sink_.report<diag::BadMain>(node(child(callee.node, slot::Fn::result)).span, name(result_));
    }
    ExprId value = block(body, result_);
    if (no_value && !diverges(value) && !is_error(result_) && shallow(result_) != unit_) {
      sink_.report<diag::MissingValue>({block_node.span.file, block_node.span.end - 1, block_node.span.end}, name(result_))
          .help("end the body with the value, without `;` after it");
    } else {
      value = coerce(value, result_);
    }
    function.body = value;
  });
  finish_body();
  body_ = nullptr;
  typed_.functions[number] = std::move(function);
}

}  // namespace stark::types

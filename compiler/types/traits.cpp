// compiler/types/traits.cpp — traits and implementations: their tables, and which implementation a type has.
// Room: types. In: trait and impl items. Out: Selection. One impl is chosen by its header and its bounds, never by the order of the text.
#include <algorithm>

#include "bytecode-spec/base/check.h"
#include "compiler/types/checker.h"

namespace stark::types {

// --- tables

TraitInfo& Checker::trait_info(DefinitionId trait) {
  TraitInfo& out = traits_[trait.value];
  if (out.filled) return out;
  out.filled = true;
  const Definition& made = names_.get(trait);
  out.definition = trait, out.tree = made.tree, out.module = made.module;
  GenericParameter self = new_parameter("Self", made.node, false);
  self.hidden = true;
  out.declared.parameters.push_back(std::move(self));
  const TypeId self_type = out.declared.parameters[0].argument.type;
  for (NodeId item : made.tree->children_of(made.tree->child(made.node, slot::Trait::items))) {
    const std::string word(made.tree->get(item).text);
    if (made.tree->kind(item) == NodeKind::Fn) out.functions.emplace(word, item), out.function_order.emplace_back(word, item);
    if (made.tree->kind(item) == NodeKind::TypeAlias) out.types.emplace(word, item);
    if (made.tree->kind(item) == NodeKind::Const) out.constants.emplace(word, item);
  }
  Environment environment;
  environment.self = self_type;
  environment.trait = trait;
  environment.generics["Self"] = out.declared.parameters[0].argument;
  at(made.tree, made.module, environment, [&] {
    // The parameters must stand before anything may name the trait again, as `trait Shape: Scale<Self>` does.
    const NodeId generics = child(made.node, slot::Trait::generics);
    declare_parameters(generics, out.declared);
    std::vector<Bound> bounds;
    lower_bounds(self_type, child(made.node, slot::Trait::supertraits), bounds);
    for (const Bound& one : bounds)
      if (!one.callable) out.supertraits.push_back(one.use);
    for (const GenericParameter& one : out.declared.parameters)
      if (!one.hidden && kind(one.node) == NodeKind::GenericType) lower_bounds(one.argument.type, child(one.node, slot::GenericType::bounds), out.declared.bounds);
  });
  return out;
}

TraitUse Checker::own_use(const TraitInfo& info) const {
  TraitUse out{info.definition, {}, {}};
  for (size_t i = 1; i < info.declared.parameters.size(); ++i) out.arguments.push_back(info.declared.parameters[i].argument);
  return out;
}

Environment Checker::trait_environment(const TraitInfo& info) {
  Environment out;
  out.self = info.declared.parameters[0].argument.type;
  out.trait = info.definition;
  for (const GenericParameter& one : info.declared.parameters) out.generics[one.name] = one.argument;
  auto bounds = std::make_shared<std::vector<Bound>>(info.declared.bounds);
  bounds->push_back({out.self, own_use(info), std::nullopt, {}});
  out.bounds = bounds;
  for (const auto& [word, id] : info.types) {  // what the trait asks of its associated types may be assumed
    const NodeId asked = info.tree->child(id, slot::TypeAlias::bounds);
    if (!asked.valid()) continue;
    const TypeId subject = table_.projection(out.self, type_arguments(own_use(info)), info.definition.value, word);
    at(info.tree, info.module, out, [&] { lower_bounds(subject, asked, *bounds); });
  }
  return out;
}

Environment Checker::impl_environment(uint32_t impl) {
  const ImplInfo& info = impls_[impl];
  Environment out;
  out.self = info.self;
  out.impl = impl;
  for (const GenericParameter& one : info.declared.parameters) out.generics[one.name] = one.argument;
  out.bounds = std::make_shared<const std::vector<Bound>>(info.declared.bounds);
  return out;
}

std::vector<TypeId> Checker::type_arguments(const TraitUse& use) {
  std::vector<TypeId> out;
  for (const GenericArgument& one : use.arguments) out.push_back(one.kind == GenericArgument::Kind::Type ? one.type : table_.error());
  return out;
}

void Checker::collect_impls() {
  for (const resolve::ImplBlock& block : names_.impls) {
    ImplInfo info;
    info.module = block.module, info.tree = block.tree, info.node = block.node;
    info.derived = block.derived, info.exact = block.exact, info.otherwise = block.otherwise;
    for (NodeId item : block.tree->children_of(block.tree->child(block.node, slot::Impl::items))) {
      const std::string word(block.tree->get(item).text);
      auto* map = block.tree->kind(item) == NodeKind::Fn ? &info.functions : block.tree->kind(item) == NodeKind::TypeAlias ? &info.types : block.tree->kind(item) == NodeKind::Const ? &info.constants : nullptr;
      if (map == nullptr) continue;
      const auto [place, added] = map->emplace(word, item);
      if (!added) sink_.report<diag::DuplicateMember>(block.tree->get(item).name, word).label(block.tree->get(place->second).name, "first written here");
    }
    // In Core v1 `Eq` has `eq` itself: such an impl is one of PartialEq, and an empty one of Eq.
    if (names_.edition == Edition::CoreV1 && !names_.get(block.module).shipped && resolve::trait_word(*block.tree, block.node) == "Eq" && info.functions.contains("eq")) {
      impls_.push_back(info);
      impls_.back().instead = "PartialEq";
      info.functions.clear();
    }
    impls_.push_back(std::move(info));
  }
  for (const bool otherwise : {false, true})
    for (uint32_t i = 0; i < impls_.size(); ++i)
      if (impls_[i].otherwise == otherwise) fill_impl(i);
}

// Header: parameters, bounds, trait, Self.
void Checker::fill_impl(uint32_t number) {
  ImplInfo& info = impls_[number];
  at(info.tree, info.module, {}, [&] {
    where_.environment.impl = number;
    const NodeId generics = child(info.node, slot::Impl::generics);
    // Self may stand in bounds, and its own form only needs the names of parameters.
    Declared declared;
    declare_parameters(generics, declared);
    auto assumed = std::make_shared<std::vector<Bound>>();
    where_.environment.bounds = assumed;
    info.declared.parameters = declared.parameters;
    info.self = written_type(child(info.node, slot::Impl::self_type));
    where_.environment.self = info.self;
    for (const GenericParameter& one : declared.parameters)
      if (kind(one.node) == NodeKind::GenericType) lower_bounds(one.argument.type, child(one.node, slot::GenericType::bounds), *assumed);
    const NodeId where = child(info.node, slot::Impl::where_clause);
    for (NodeId predicate : where.valid() ? list(child(where, slot::Where::predicates)) : std::span<const NodeId>()) {
      if (kind(predicate) != NodeKind::WherePredicate || kind(child(predicate, slot::WherePredicate::type)) == NodeKind::Lifetime) continue;
      lower_bounds(written_type(child(predicate, slot::WherePredicate::type)), child(predicate, slot::WherePredicate::bounds), *assumed);
    }
    info.declared.bounds = *assumed;
    const NodeId trait_node = child(info.node, slot::Impl::trait_path);
    if (trait_node.valid() && kind(trait_node) == NodeKind::PathType) {
      if (!info.instead.empty()) info.trait = names_.find_in(names_.library, info.instead, false), info.trait_arguments = trait_use(info.trait, {}, info.self, span(trait_node)).arguments;
      else if (auto use = trait_use(trait_node, info.self)) info.trait = use->trait, info.trait_arguments = use->arguments;
      else info.self = table_.error();
    }
    for (GenericParameter& one : info.declared.parameters) {
      settle_parameter(one, info.self);
      for (const GenericArgument& argument : info.trait_arguments)
        if (argument.kind == GenericArgument::Kind::Type) settle_parameter(one, argument.type);
    }
  });
  info.head = head_of(info.self);
  if (info.otherwise && std::ranges::any_of(impls_by_trait_[info.trait.value].of(info.head), [&](uint32_t other) { return impls_[other].head == info.head; })) {
    info.self = table_.error(), info.trait = {};
    info.functions.clear();
    return;
  }
  const auto list_words = [&](auto& index, const std::unordered_map<std::string, NodeId>& items) {
    for (const auto& [word, item] : items) index[word].add(info.head, number);
  };
  list_words(impls_by_type_, info.types);
  if (info.trait.valid()) impls_by_trait_[info.trait.value].add(info.head, number);
  list_words(impls_by_function_, info.trait.valid() ? trait_info(info.trait).functions : info.functions);
  list_words(impls_by_constant_, info.trait.valid() ? trait_info(info.trait).constants : info.constants);
}

void ImplIndex::add(uint64_t head, uint32_t impl) {
  all_.push_back(impl);
  (head == 0 ? blanket_ : own_[head]).push_back(impl);
  merged_.clear();
}

const std::vector<uint32_t>& ImplIndex::of(uint64_t head) const {
  if (head == 0) return all_;
  const auto own = own_.find(head);
  if (own == own_.end()) return blanket_;
  if (blanket_.empty()) return own->second;
  const auto [place, added] = merged_.try_emplace(head);
  if (added) std::ranges::merge(own->second, blanket_, std::back_inserter(place->second));
  return place->second;
}

// A number that two types can share only if they have the same outermost form; 0 fits everything.
uint64_t Checker::head_of(TypeId given) const {
  const TypeId type = shallow(given);
  const TypeData& data = table_.get(type);
  if (data.special != Special::None) return 0;
  if (const Nominal* used = nominal(type)) return (uint64_t{1} << 32) | used->definition.value;
  return static_cast<uint64_t>(data.kind) + 1 + (data.is_mut ? 256 : 0);
}

// An impl for every `T` is one for types with a size; what has none takes its own, if there is one among these.
bool Checker::is_for_sized(TypeId self, const std::vector<uint32_t>& candidates) const {
  if (!is_kind(self, TypeKind::Slice) && object_use(self) == nullptr) return false;
  const uint64_t head = head_of(self);
  return std::ranges::any_of(candidates, [&](uint32_t i) { return impls_[i].head == head; });
}

// --- what is assumed

// Calls `visit` for each trait that is known to hold of `type` here by a bound, with supertraits; stops when it returns true.
bool Checker::each_assumed(TypeId type, const std::function<bool(const TraitUse&)>& visit) {
  if (!where_.environment.bounds) return false;
  const std::shared_ptr<const std::vector<Bound>> bounds = where_.environment.bounds;
  std::vector<TraitUse> open;
  for (size_t i = 0; i < bounds->size(); ++i)
    if ((*bounds)[i].subject == type && !(*bounds)[i].callable) open.push_back((*bounds)[i].use);
  const TypeData& data = table_.get(type);
  if (data.special == Special::Projection) {  // `type Item: Display;`
    const TraitInfo& info = trait_info(DefinitionId(data.trait));
    const auto found = info.types.find(table_.word(data.length));
    const NodeId asked = found == info.types.end() ? NodeId() : info.tree->child(found->second, slot::TypeAlias::bounds);
    if (asked.valid()) {
      std::vector<Bound> more;
      Environment environment;
      environment.self = data.parts[0];
      environment.generics["Self"] = {GenericArgument::Kind::Type, data.parts[0], 0, {}};
      auto holds = std::make_shared<std::vector<Bound>>(*bounds);
      TraitUse own{DefinitionId(data.trait), {}};
      for (size_t i = 1; i < data.parts.size(); ++i) own.arguments.push_back({GenericArgument::Kind::Type, data.parts[i], 0, {}});
      holds->push_back({data.parts[0], std::move(own), std::nullopt, {}});
      environment.bounds = std::move(holds);
      for (size_t i = 1; i < info.declared.parameters.size() && i < data.parts.size(); ++i) environment.generics[info.declared.parameters[i].name] = {GenericArgument::Kind::Type, data.parts[i], 0, {}};
      at(info.tree, info.module, environment, [&] { lower_bounds(type, asked, more); });
      for (Bound& one : more)
        if (!one.callable) open.push_back(std::move(one.use));
    }
  }
  for (size_t i = 0; i < open.size() && i < 256; ++i) {
    if (visit(open[i])) return true;
    supertraits_of(open[i], type, open);
  }
  return false;
}

void Checker::supertraits_of(const TraitUse& use, TypeId self, std::vector<TraitUse>& out) {
  const TraitInfo& info = trait_info(use.trait);
  const Bindings bound = trait_bindings(info, use, self);
  for (const TraitUse& above : std::vector<TraitUse>(info.supertraits)) {
    TraitUse made = substitute(above, bound);
    for (const auto& equal : use.equal) made.equal.push_back(equal);
    out.push_back(std::move(made));
  }
}

Bindings Checker::trait_bindings(const TraitInfo& info, const TraitUse& use, TypeId self) {
  Bindings bound;
  bound[info.declared.parameters[0].number] = {GenericArgument::Kind::Type, self, 0, {}};
  for (size_t i = 1; i < info.declared.parameters.size() && i - 1 < use.arguments.size(); ++i) bound[info.declared.parameters[i].number] = use.arguments[i - 1];
  return bound;
}

// --- selection

std::string_view Checker::shipped_name(DefinitionId definition) const {
  const Definition& made = names_.get(definition);
  return names_.get(made.module).shipped ? std::string_view(made.name) : "";
}

bool Checker::copies(TypeId given) {
  const TypeId type = shallow(given);
  const TypeData& data = table_.get(type);
  if (data.special == Special::Parameter || data.special == Special::Projection) return implements(type, "Copy");
  if (data.special == Special::None && (data.kind == TypeKind::Tuple || data.kind == TypeKind::Array)) return std::ranges::all_of(data.parts, [&](TypeId part) { return copies(part); });
  if (nominal(type) != nullptr && is_open(type)) return implements(type, "Copy");
  return table_.is_copy(type);
}

// What holds of a type by its form, without an `impl`.
std::optional<bool> Checker::builtin(std::string_view trait, TypeId type) {
  const TypeData& data = table_.get(type);
  const bool plain = data.special == Special::None;
  const int variable = data.special == Special::Infer ? infer_what(type) : 0;
  const bool integer = variable == 1 || (plain && data.kind >= TypeKind::I8 && data.kind <= TypeKind::Usize);
  const bool floating = variable == 2 || (plain && (data.kind == TypeKind::F32 || data.kind == TypeKind::F64));
  const bool text = plain && (data.kind == TypeKind::Str || data.kind == TypeKind::Char || data.kind == TypeKind::Bool);
  const auto all_parts = [&](std::string_view of) { return std::ranges::all_of(data.parts, [&](TypeId part) { return implements(part, of); }); };
  if (trait == "Sized") return !(plain && (data.kind == TypeKind::Slice || object_use(type) != nullptr));
  if (trait == "Integer") return integer;
  if (trait == "Float") return floating;
  if (trait == "Number") return integer || floating;
  if (trait == "Scalar") return integer || text;
  if (variable == 1 || variable == 2) {
    if (trait == "Copy" || trait == "Clone" || trait == "Display" || trait == "Debug") return true;
  }
  if (!plain) return std::nullopt;
  if (trait == "Copy" && (nominal(type) == nullptr || closure_of(type) != nullptr)) return copies(type);
  if (trait == "Clone") {
    if (closure_of(type) != nullptr) return table_.is_copy(type);
    if (data.kind == TypeKind::Ref) return !data.is_mut;
    if (data.kind == TypeKind::Tensor || data.kind == TypeKind::Gc || data.kind == TypeKind::Weak || data.kind == TypeKind::Arc) return true;
    if (data.kind == TypeKind::Tuple || data.kind == TypeKind::Array) return all_parts("Clone");
    if (integer || floating || text || data.kind == TypeKind::String || data.kind == TypeKind::Unit || data.kind == TypeKind::Device || data.kind == TypeKind::Fn) return true;
  }
  if (trait == "Display" || trait == "Debug") {
    if (data.kind == TypeKind::Ref || data.kind == TypeKind::Guard || data.kind == TypeKind::Gc || data.kind == TypeKind::Arc) return implements(data.parts[0], trait);
    if (integer || floating || text || data.kind == TypeKind::String || data.kind == TypeKind::Device) return true;
    if (data.kind == TypeKind::Tensor) return true;
    if (data.kind == TypeKind::Unit) return trait == "Debug";
    if (data.kind == TypeKind::Tuple && trait == "Debug" && natively_printable(type, true)) return true;
    if ((data.kind == TypeKind::Array || data.kind == TypeKind::Vec || data.kind == TypeKind::Slice) && natively_printable(type, trait == "Debug")) return true;
  }
  return std::nullopt;
}

bool Checker::implements(TypeId type, std::string_view trait) {
  const DefinitionId found = names_.find_in(names_.library, trait, false);
  return found.valid() && static_cast<bool>(select(type, {found, {}, {}}));
}

Selection Checker::select(TypeId given, const TraitUse& use, int depth) {
  const TypeId self = shallow(given);
  const TypeData& data = table_.get(self);
  Selection out;
  if (data.special == Special::Error || data.special == Special::Never) return out.kind = Selection::Kind::Builtin, out;
  if (depth > 48) return out;
  const bool cachable = data.special == Special::None && !where_.environment.bounds && use.arguments.empty();
  const uint64_t key = (uint64_t{self.value} << 32) | use.trait.value;
  if (cachable)
    if (const auto known = selections_.find(key); known != selections_.end()) return known->second;
  each_assumed(self, [&](const TraitUse& known) {
    if (known.trait != use.trait || !arguments_alike(known.arguments, use.arguments)) return false;
    out.kind = Selection::Kind::Assumed;
    out.assumed = known;
    return true;
  });
  if (out) return out;
  if (shipped_name(use.trait) == "TransmuteSafe" && use.arguments.size() == 1 && transmutes(self, use.arguments[0].type)) return out.kind = Selection::Kind::Builtin, out;
  const std::string_view shipped = shipped_name(use.trait);
  if (shipped == "Send" || shipped == "Sync") {
    const auto known = marker_of(shipped == "Sync", self);
    out.kind = !known ? Selection::Kind::Unknown : *known ? Selection::Kind::Builtin : Selection::Kind::None;
    return out;
  }
  if (const auto known = builtin(shipped, self)) {
    out.kind = *known ? Selection::Kind::Builtin : Selection::Kind::None;
    if (*known || shipped == "Copy") return out;
  }
  if (data.special == Special::Infer && infer_what(self) == 0) return out.kind = Selection::Kind::Unknown, out;
  if (const ObjectUse* object = object_use(self); object != nullptr && object->use.trait.valid()) {
    std::vector<TraitUse> open{object->use};
    for (size_t i = 0; i < open.size() && i < 64; ++i) {
      if (open[i].trait == use.trait) return out.kind = Selection::Kind::Assumed, out.assumed = open[i], out;
      supertraits_of(open[i], self, open);
    }
  }
  size_t found = 0;
  bool sure = true;
  const auto candidates = impls_by_trait_.find(use.trait.value);
  if (candidates != impls_by_trait_.end())
    for (uint32_t i : candidates->second.of(head_of(self))) {
      if (impls_[i].head == 0 && is_for_sized(self, candidates->second.of(head_of(self)))) continue;
      Bindings bound;
      Fit how = fit(impls_[i].self, self, bound);
      for (size_t k = 0; how != Fit::No && k < use.arguments.size() && k < impls_[i].trait_arguments.size(); ++k)
        how = std::min(how, fit(impls_[i].trait_arguments[k], use.arguments[k], bound));
      if (how == Fit::No || (impls_[i].exact && how != Fit::Yes) || !bounds_hold(impls_[i].declared.bounds, bound, depth + 1)) continue;
      if (++found == 1) out.kind = Selection::Kind::Impl, out.impl = i, out.bound = std::move(bound);
      sure &= how == Fit::Yes;
    }
  if (found > 1) {
    out = {};
    out.kind = Selection::Kind::Unknown;
  }
  if (cachable && sure && !contains_infer(self)) selections_.emplace(key, out);
  return out;
}

bool Checker::arguments_alike(const std::vector<GenericArgument>& a, const std::vector<GenericArgument>& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i].kind != b[i].kind) return false;
    if (a[i].kind == GenericArgument::Kind::Type ? alike(a[i].type, b[i].type) == Fit::No : !(a[i] == b[i])) return false;
  }
  return true;
}

// Is this a parameter of whoever declares the bounds, rather than one of the code around?
bool Checker::is_declared(const std::vector<Bound>& bounds, uint64_t number) {
  return std::ranges::any_of(bounds, [&](const Bound& one) { return table_.get(one.subject).special == Special::Parameter && table_.get(one.subject).length == number; });
}

void Checker::loosen(const GenericArgument& argument, Bindings& bound) {
  if (argument.kind != GenericArgument::Kind::Type || !is_open(argument.type)) return;
  const TypeData data = table_.get(argument.type);
  if (data.special == Special::Parameter) bound.emplace(static_cast<uint32_t>(data.length), GenericArgument{GenericArgument::Kind::Type, table_.error(), 0, {}});
  for (TypeId part : data.parts) loosen({GenericArgument::Kind::Type, part, 0, {}}, bound);
}

// Do the bounds hold for this choice of parameters? Parameters that only an associated type or a result tells are found here.
bool Checker::bounds_hold(const std::vector<Bound>& given, Bindings& bound, int depth) {
  std::vector<Bound> open(given);
  for (size_t done = 0, waited = 0; done < open.size(); ++done) {
    const Bound one = open[done];
    const TypeData& about = table_.get(one.subject);
    if (about.special == Special::Parameter && !bound.contains(static_cast<uint32_t>(about.length)) && is_declared(given, about.length)) {
      if (waited++ < given.size()) open.push_back(one);  // another bound tells what it is, or the call will
      continue;
    }
    const TypeId subject = shallow(substitute(one.subject, bound));
    if (one.callable) {
      const auto actual = callable_of(subject);
      if (!actual) {
        if (table_.get(subject).special == Special::Infer && infer_what(subject) == 0) continue;
        return false;
      }
      if (actual->parameters.size() != one.callable->parameters.size()) return false;
      for (size_t i = 0; i < actual->parameters.size(); ++i)
        if (fit(substitute(one.callable->parameters[i], bound), actual->parameters[i], bound) == Fit::No) return false;
      if (fit(substitute(one.callable->result, bound), actual->result, bound) == Fit::No) return false;
      continue;
    }
    Bindings lenient = bound;  // parameters that only this bound would tell fit anything
    for (const GenericArgument& argument : one.use.arguments) loosen(argument, lenient);
    const TraitUse use = substitute(one.use, lenient);
    const Selection found = select(subject, use, depth);
    if (!found) return false;
    for (const auto& [word, pattern] : use.equal) {
      const TypeId actual = project(subject, {use.trait, use.arguments, {}}, word);
      if (fit(pattern, actual, bound) == Fit::No) return false;
    }
  }
  return true;
}

// --- associated types

// The type `word` of `self`'s implementation of a trait.
TypeId Checker::project(TypeId given, const TraitUse& use, std::string_view word) {
  const TypeId self = shallow(given);
  const TypeData& data = table_.get(self);
  if (data.special == Special::Error) return self;
  const Selection found = select(self, {use.trait, use.arguments, {}});
  if (found.kind == Selection::Kind::Impl) return associated_type(found.impl, found.bound, word);
  if (found.kind == Selection::Kind::Assumed)
    for (const auto& [equal, type] : found.assumed.equal)
      if (equal == word) return type;
  if (found.kind == Selection::Kind::Assumed && (data.special == Special::Parameter || data.special == Special::Projection))
    return table_.projection(self, type_arguments(found.assumed), use.trait.value, word);
  const bool open = data.special == Special::Infer && infer_what(self) == 0;
  if ((open || found.kind == Selection::Kind::Unknown) && body_ != nullptr) {
    const TypeId later = fresh();
    obligations_.push_back({self, {use.trait, use.arguments, {{std::string(word), later}}}, std::nullopt, {}, {}, true});
    return later;
  }
  if (data.special == Special::None) return table_.error();
  return table_.projection(self, type_arguments(use), use.trait.value, word);
}

TypeId Checker::associated_type(uint32_t impl, const Bindings& bound, std::string_view word) {
  const std::pair<uint32_t, std::string> key(impl, word);
  auto known = associated_types_.find(key);
  if (known == associated_types_.end()) {
    const ImplInfo& info = impls_[impl];
    TypeId type = table_.error();
    if (const auto own = info.types.find(std::string(word)); own != info.types.end()) {
      if (!open_associated_.insert(key).second) return sink_.report<diag::DefinedByItself>(info.tree->get(own->second).name, word), table_.error();
      type = at(info.tree, info.module, impl_environment(impl), [&] { return written_type(child(own->second, slot::TypeAlias::type)); });
      open_associated_.erase(key);
    }
    known = associated_types_.insert_or_assign(key, type).first;
  }
  return substitute(known->second, bound);
}

// The impls that give `self` a type of this name: those for its own form before those for every type.
std::vector<std::pair<uint32_t, Bindings>> Checker::impls_with_type(TypeId self, std::string_view word) {
  std::vector<std::pair<uint32_t, Bindings>> out;
  const auto candidates = impls_by_type_.find(std::string(word));
  if (candidates == impls_by_type_.end()) return out;
  const uint64_t head = head_of(self);
  for (const bool own : {true, false})
    for (uint32_t i : candidates->second.of(head)) {
      if ((impls_[i].head != 0) != own || (own && impls_[i].head != head)) continue;
      Bindings bound;
      if (fit(impls_[i].self, self, bound) == Fit::Yes && bounds_hold(impls_[i].declared.bounds, bound, 1)) out.emplace_back(i, std::move(bound));
    }
  return out;
}

// `T::Item`, `Self::Output`: of whichever trait has such a type and holds of `self`.
TypeId Checker::associated_type_named(TypeId given, std::string_view word, Span where) {
  const TypeId self = shallow(given);
  if (is_error(self)) return self;
  TypeId out;
  each_assumed(self, [&](const TraitUse& use) {
    if (!trait_info(use.trait).types.contains(std::string(word))) return false;
    for (const auto& [equal, type] : use.equal)
      if (equal == word) return out = type, true;
    const TypeData& data = table_.get(self);
    out = data.special == Special::Parameter || data.special == Special::Projection ? table_.projection(self, type_arguments(use), use.trait.value, word) : project(self, use, word);
    return true;
  });
  if (out.valid()) return out;
  for (const auto& [i, bound] : impls_with_type(self, word)) return associated_type(i, bound, word);
  sink_.report<diag::UnknownAssociated>(where, name(self), word);
  return table_.error();
}

}  // namespace stark::types

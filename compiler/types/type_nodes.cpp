// compiler/types/type_nodes.cpp — from types as written to TypeId and lifetimes, and back: does a type fit a written one.
// Room: types. In: type nodes and an environment. Out: LoweredType.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {
namespace {

constexpr std::string_view kKindTexts[] = {
#define TYPE_KIND(name, text, size, align, flags) text,
#include "bytecode-spec/types.def"
};
constexpr std::string_view kOpaqueTexts[] = {
#define OPAQUE(name, text) text,
#include "bytecode-spec/opaques.def"
};

}  // namespace

TypeId Checker::scalar_named(std::string_view word) const {
  if (word == "array" || word == "slice" || word == "tuple" || word == "struct" || word == "enum" || word == "ref" || word == "ptr" || word == "opaque" || word == "fn" || word == "()") return {};
  for (size_t i = 0; i < std::size(kKindTexts); ++i)
    if (kKindTexts[i] == word && word != "Vec" && word != "Tensor" && word != "Box" && word != "dyn" && word != "guard" && !cell_named(word)) return table_.scalar(static_cast<TypeKind>(i));
  for (size_t i = 0; i < std::size(kOpaqueTexts); ++i)
    if (kOpaqueTexts[i] == word) return table_.opaque(static_cast<spec::Opaque>(i));
  return {};
}

Region Checker::region_of(NodeId lifetime, Span where, const Elision& elision) {
  if (lifetime.valid() && node(lifetime).text != "'_") {
    if (node(lifetime).text == "'static" || elision.kind == Elision::Kind::Ignore) {
      const auto known = where_.environment.lifetimes.find(std::string(node(lifetime).text));
      return known == where_.environment.lifetimes.end() ? 0 : known->second;
    }
    const auto known = where_.environment.lifetimes.find(std::string(node(lifetime).text));
    if (known != where_.environment.lifetimes.end()) return known->second;
    sink_.report<diag::UnknownLifetime>(node(lifetime).span, node(lifetime).text).help(fmt::format("declare it: `<{}>`", node(lifetime).text));
    return 0;
  }
  switch (elision.kind) {
    case Elision::Kind::Ignore: return 0;
    case Elision::Kind::Fresh: return ++*elision.next;
    case Elision::Kind::Fixed: return elision.fixed;
    case Elision::Kind::Refuse:
      auto report = sink_.report<diag::MissingLifetime>(where, elision.place);
      for (Span lender : elision.lenders) report.label(lender, elision.lenders.size() == 1 ? "it may come from here, by more than one lifetime" : "it may come from here");
      const bool is_result = elision.signature != nullptr;
      if (is_result && elision.lenders.empty()) report.help("no parameter borrows: what is not there for ever (`&'static …`) can only be given back as a value");
      else report.help("say how long the reference lives: `&'a …`, with `<'a>` declared");
      return 0;
  }
  return 0;
}

LoweredType Checker::lower(NodeId id, const Elision& elision) {
  if (!id.valid()) return {table_.error(), {}};
  LoweredType out = lower_node(id, elision);
  too_heavy(span(id));
  return out;
}

LoweredType Checker::lower_node(NodeId id, const Elision& elision) {
  const auto gather = [&](NodeId parts, std::vector<Region>& regions) {
    std::vector<TypeId> types;
    for (NodeId part : list(parts)) {
      LoweredType one = lower_value(part, elision);
      types.push_back(one.type);
      regions.insert(regions.end(), one.regions.begin(), one.regions.end());
    }
    return types;
  };
  LoweredType out;
  switch (kind(id)) {
    case NodeKind::PathType: return lower_path(id, elision);
    case NodeKind::RefType: {
      const Region region = region_of(child(id, slot::RefType::lifetime), span(id), elision);
      out = lower(child(id, slot::RefType::type), elision);
      out.regions.insert(out.regions.begin(), region);
      out.type = table_.ref(out.type, tree().has(id, parse::kMut));
      return out;
    }
    case NodeKind::TupleType: out.type = table_.tuple(gather(child(id, slot::TupleType::parts), out.regions)); return out;
    case NodeKind::ArrayType: {
      out = lower_value(child(id, slot::ArrayType::element), elision);
      const auto length = constant_integer(child(id, slot::ArrayType::length));
      out.type = length && (*length >= 0 || is_symbol(*length)) ? table_.array(out.type, static_cast<uint64_t>(*length)) : table_.error();
      return out;
    }
    case NodeKind::SliceType: out = lower_value(child(id, slot::SliceType::element), elision); out.type = table_.slice(out.type); return out;
    case NodeKind::NeverType: return {table_.never(), {}};
    case NodeKind::InferType: return {may_guess() ? fresh() : table_.error(), {}};
    case NodeKind::OptionType:
      out = lower_value(child(id, slot::OptionType::type), elision);
      out.type = library_type("Option", {out.type});
      return out;
    case NodeKind::DynType: return lower_object(id, elision);
    case NodeKind::ImplType: {
      const std::string key = fmt::format("impl@{}", id.value);
      const auto hidden = where_.environment.generics.find(key);
      if (hidden == where_.environment.generics.end() && hiding_ != nullptr) return {hidden_parameter(id, *hiding_), {}};
      if (hidden == where_.environment.generics.end()) return sink_.report<diag::ImplTraitPlace>(span(id)), LoweredType{table_.error(), {}};
      return {hidden->second.type, where_.environment.generic_regions[key]};
    }
    case NodeKind::FnType: return lower_function_type(id, elision);
    case NodeKind::ForType: return lower(child(id, slot::ForType::type), elision);
    case NodeKind::PointerType: return lower_pointer(id, elision);
    case NodeKind::ShapeType: sink_.report<diag::NotAType>(span(id), sources_.text(span(id))); return {table_.error(), {}};
    default: return {table_.error(), {}};
  }
}

LoweredType Checker::by_value(LoweredType made) {
  const TypeId type = shallow(made.type);
  const TypeData& data = table_.get(type);
  if (data.special == Special::None && (data.kind == TypeKind::Slice || object_use(type) != nullptr)) made.type = table_.box(type);
  return made;
}

LoweredType Checker::lower_value(NodeId id, const Elision& elision) { return by_value(lower(id, elision)); }

// Whether the parameter says `?Sized`.
bool Checker::admits_unsized(const SyntaxTree& t, NodeId generics, size_t index) {
  if (!generics.valid()) return false;
  for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters))) {
    if (t.kind(parameter) == NodeKind::GenericLifetime || index-- > 0) continue;
    const NodeId bounds = t.kind(parameter) == NodeKind::GenericType ? t.child(parameter, slot::GenericType::bounds) : NodeId();
    return bounds.valid() && std::ranges::any_of(t.children_of(bounds), [&](NodeId one) { return t.has(one, parse::kRelaxed); });
  }
  return false;
}

DefinitionId Checker::find_path(std::span<const NodeId> segments, bool values, size_t& used, bool report) {
  ModuleId from = where_.module;
  bool inside = false;
  for (used = 0; used < segments.size(); ++used) {
    const std::string_view word = node(segments[used]).text;
    if (word == "crate" && used == 0) { from = names_.package_root(from), inside = true; continue; }
    if (word == "self" && used == 0) { from = names_.self_of(from), inside = true; continue; }
    if (word == "super") { from = names_.super_of(from), inside = true; if (from.valid()) continue; return {}; }
    if (word == "std" && used == 0) { from = names_.library, inside = true; continue; }
    const bool last = used + 1 == segments.size();
    const DefinitionId found = inside ? names_.find_in(from, word, values && last) : names_.find(from, word, values && last);
    if (!found.valid()) {
      if (!report) return {};
      std::vector<std::string_view> words = names_.known(from);
      for (const Scope& scope : scopes_)
        for (const auto& [local_name, local_id] : scope) words.push_back(local_name);
      const std::string_view near = diagnostics::nearest(word, words);
      auto made = values ? sink_.report<diag::UnknownName>(node(segments[used]).name, word) : sink_.report<diag::UnknownType>(node(segments[used]).name, word);
      const std::string other = inside ? std::string() : names_.elsewhere(from, word);
      if (!other.empty()) made.help(fmt::format("import it: `use {};`", other));
      else if (word == "Rc") made.help("a shared handle is a `Gc<T>` here, cycles and all; between threads it is an `Arc<T>`");
      else if (!near.empty()) made.help(fmt::format("there is `{}`", near));
      return {};
    }
    if (report && !names_.visible(found, where_.module))
      sink_.report<diag::PrivateItem>(node(segments[used]).name, word).label(names_.get(found).span, "declared here without `pub`");
    if (names_.get(found).kind != DefinitionKind::Module) return ++used, found;
    from = names_.get(found).inside, inside = true;
    if (last) return ++used, found;
  }
  return {};
}

LoweredType Checker::lower_path(NodeId id, const Elision& elision) {
  const NodeId path = child(id, slot::PathType::path);
  const auto segments = list(child(path, slot::Path::segments));
  if (child(path, slot::Path::self_type).valid()) return lower_qualified(path, elision);
  const std::string first(node(segments[0]).text);
  const NodeId arguments = child(segments.back(), slot::Segment::arguments);
  const bool is_self = first == "Self" && where_.environment.self.valid();
  const auto generic = where_.environment.generics.find(first);
  if (segments.size() == 1) {
    if (first.empty()) return {table_.error(), {}};
    if (is_self) return {where_.environment.self, where_.environment.self_regions};
    if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Type) return {generic->second.type, regions_of_generic(first)};
    const DefinitionId own = names_.find(where_.module, first, false);
    bool known = false;
    if (!own.valid() || names_.get(own).kind == DefinitionKind::Module || names_.get(own).kind == DefinitionKind::Trait) {
      LoweredType built_in = lower_builtin(first, arguments, span(id), elision, known);
      if (known) return built_in;
    }
  } else if (is_self || (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Type)) {
    LoweredType at_type = is_self ? LoweredType{where_.environment.self, where_.environment.self_regions} : LoweredType{generic->second.type, regions_of_generic(first)};
    for (size_t i = 1; i < segments.size(); ++i) at_type = lower_projection(at_type, node(segments[i]).text, span(id), elision, is_self && i == 1);
    return at_type;
  }
  if (const auto known = past_library(segments); known.size() == 1 && segments.size() > 1) {
    bool built_in = false;
    LoweredType out = lower_builtin(node(known[0]).text, arguments, span(id), elision, built_in);
    if (built_in) return out;
  }
  size_t used = 0;
  const DefinitionId found = find_path(segments, false, used, true);
  if (!found.valid() || used != segments.size()) {
    if (found.valid()) sink_.report<diag::NotAType>(span(id), sources_.text(span(id)));
    return {table_.error(), {}};
  }
  return lower_named(found, arguments, span(id), elision);
}

// `std::vec::Vec::new`: from the first name on that the language itself has; the whole path where there is none.
std::span<const NodeId> Checker::past_library(std::span<const NodeId> segments) const {
  if (segments.empty() || node(segments[0]).text != "std") return segments;
  for (size_t i = 1; i < segments.size(); ++i)
    if (resolve::is_built_in(node(segments[i]).text)) return segments.subspan(i);
  return segments;
}

// `<T as Trait>::Name`
LoweredType Checker::lower_qualified(NodeId path, const Elision& elision) {
  const auto segments = list(child(path, slot::Path::segments));
  const LoweredType subject = lower(child(path, slot::Path::self_type), elision);
  const NodeId trait = child(path, slot::Path::trait_type);
  const std::string_view word = node(segments[0]).text;
  if (!trait.valid()) return lower_projection(subject, word, span(path), elision);
  const auto use = trait_use(trait, subject.type);
  if (!use) return {table_.error(), {}};
  if (!trait_info(use->trait).types.contains(std::string(word))) return sink_.report<diag::UnknownAssociated>(span(path), names_.get(use->trait).name, word), LoweredType{table_.error(), {}};
  LoweredType out{project(subject.type, *use, word), {}};
  const uint32_t slots = table_.region_slots(shallow(out.type));
  if (slots != 0) out.regions = projected_regions(shallow(subject.type), subject.regions, word, elision);
  out.regions.resize(slots, subject.regions.empty() ? 0 : subject.regions[0]);
  return out;
}

std::vector<Region> Checker::regions_of_generic(const std::string& word) const {
  const auto found = where_.environment.generic_regions.find(word);
  return found == where_.environment.generic_regions.end() ? std::vector<Region>() : found->second;
}

// `Self::Item`, `I::Item`: its lifetimes are those of the impl that it comes from, as the subject has them.
LoweredType Checker::lower_projection(const LoweredType& subject, std::string_view word, Span where, const Elision& elision, bool of_self) {
  const TypeId self = shallow(subject.type);
  const Environment& environment = where_.environment;
  if (of_self && environment.impl != Id<int>::kNone && !environment.trait.valid() && environment.self.valid() && self == shallow(environment.self)) {
    const ImplInfo& info = impls_[environment.impl];
    if (const auto own = info.types.find(std::string(word)); own != info.types.end())
      return at(info.tree, info.module, Environment(environment), [&] { return lower(child(own->second, slot::TypeAlias::type), elision); });
  }
  LoweredType out{associated_type_named(self, word, where), {}};
  const uint32_t slots = table_.region_slots(shallow(out.type));
  if (slots == 0) return out;
  out.regions = projected_regions(self, subject.regions, word, elision);
  const Region other = subject.regions.empty() ? region_of({}, where, elision) : subject.regions[0];
  out.regions.resize(slots, other);
  return out;
}

// The lifetimes of `self`'s associated type, told by lowering the impl's header with a number for each lifetime.
std::vector<Region> Checker::projected_regions(TypeId self, const std::vector<Region>& actual, std::string_view word, const Elision& elision) {
  for (const auto& [i, found] : impls_with_type(self, word)) {
    const auto item = impls_[i].types.find(std::string(word));
    Bindings bound = found;
    const ImplInfo& info = impls_[i];
    if (!projecting_.insert({i, self.value}).second) continue;  // `impl<I: Iterator> IntoIterator for I { type Item = I::Item; }`
    FunctionSignature numbers;  // of the impl
    std::map<Region, Region> unnamed;
    std::vector<Region> header, regions;
    at(info.tree, info.module, {}, [&] {
      Environment& environment = where_.environment;
      environment.impl = i, environment.self = self;
      for (const GenericParameter& one : info.declared.parameters) {
        const auto chosen = bound.find(one.number);
        if (chosen == bound.end()) continue;
        environment.generics[one.name] = chosen->second;
        if (chosen->second.kind == GenericArgument::Kind::Type) environment.generic_regions[one.name] = loose_regions(chosen->second.type, numbers);
      }
      bind_lifetimes(*info.tree, child(info.node, slot::Impl::generics), numbers);
      const Elision elided{Elision::Kind::Fresh, &numbers.region_count, 0, {}, &numbers};
      header = lower(child(info.node, slot::Impl::self_type), elided).regions;
      environment.self_regions = header;
      regions = lower(child(item->second, slot::TypeAlias::type), elided).regions;
    });
    projecting_.erase({i, self.value});
    for (Region& region : regions) {
      const auto place = std::ranges::find(header, region);
      const auto position = static_cast<size_t>(place - header.begin());
      if (place != header.end() && position < actual.size()) {
        region = actual[position];
      } else if (region != 0 && elision.signature != nullptr) {  // a closure's result in `impl<B, F: FnMut() -> B>`: the body tells
        FunctionSignature& around = *elision.signature;
        const auto [known, added] = unnamed.emplace(region, around.region_count + 1);
        if (added) around.loose.push_back(++around.region_count);
        region = known->second;
      } else {
        region = actual.empty() ? 0 : actual[0];
      }
    }
    return regions;
  }
  return {};
}

LoweredType Checker::lower_builtin(std::string_view word, NodeId arguments, Span where, const Elision& elision, bool& known) {
  known = true;
  if (word == "Vec") {
    if (list(arguments).size() != 1) {
      if (arguments.valid() || !may_guess()) return sink_.report<diag::GenericCount>(where, word, 1, list(arguments).size()), LoweredType{table_.error(), {}};
      return {table_.vec(fresh()), {}};
    }
    LoweredType out = lower_value(list(arguments)[0], elision);
    out.type = table_.vec(out.type);
    return out;
  }
  if (word == "Tensor") return lower_tensor(list(arguments), where);
  if (word == "TensorView") return lower_view(arguments, where, elision);
  if (word == "Box") return lower_box(arguments, where, elision);
  if (const auto cell = cell_named(word)) return lower_cell(*cell, word, arguments, where, elision);
  if (word == "Scope" || word == "Fiber") {
    const NodeId lifetime = list(arguments).empty() ? NodeId() : list(arguments)[0];
    return {table_.scalar(word == "Scope" ? TypeKind::Scope : TypeKind::Fiber), {region_of(lifetime, where, elision)}};
  }
  const TypeId scalar = scalar_named(word);
  known = scalar.valid();
  return {scalar, {}};
}

LoweredType Checker::lower_named(DefinitionId definition, NodeId arguments, Span where, const Elision& elision) {
  const Definition& made = names_.get(definition);
  if (made.kind == DefinitionKind::Trait) return lower_bare_object(definition, arguments, where, elision);
  if (made.kind != DefinitionKind::Alias && made.kind != DefinitionKind::Struct && made.kind != DefinitionKind::Enum)
    return sink_.report<diag::NotAType>(where, made.name), LoweredType{table_.error(), {}};
  const SyntaxTree& t = *made.tree;
  if (made.kind == DefinitionKind::Alias) {
    const auto generics = generic_names(t, t.child(made.node, slot::TypeAlias::generics));
    std::vector<Region> regions;
    std::vector<GenericArgument> given;
    for (NodeId argument : list(arguments))
      if (kind(argument) != NodeKind::Lifetime) given.push_back(generic_argument(argument, elision, regions));
    while (given.empty() && may_guess() && generics.size() > given.size()) {
      for (size_t i = 0; i < generics.size(); ++i) given.push_back({GenericArgument::Kind::Type, fresh(), 0, {}});
    }
    if (given.size() != generics.size()) return sink_.report<diag::GenericCount>(where, made.name, generics.size(), given.size()), LoweredType{table_.error(), {}};
    return lower_alias(definition, given, elision);
  }
  const NodeId generics = t.child(made.node, 1);
  const auto wanted = generic_names(t, generics);
  LoweredType out;
  size_t lifetimes = 0, lifetimes_given = 0;
  if (generics.valid())
    for (NodeId parameter : t.children_of(t.child(generics, slot::Generics::parameters))) lifetimes += t.kind(parameter) == NodeKind::GenericLifetime ? 1 : 0;
  for (NodeId argument : list(arguments))
    if (kind(argument) == NodeKind::Lifetime) out.regions.push_back(region_of(argument, where, elision)), ++lifetimes_given;
  for (; lifetimes_given < lifetimes; ++lifetimes_given) out.regions.push_back(region_of({}, where, elision));
  std::vector<GenericArgument> given;
  for (NodeId argument : list(arguments))
    if (kind(argument) != NodeKind::Lifetime) {
      GenericArgument one = generic_argument(argument, elision, out.regions);
      if (one.kind == GenericArgument::Kind::Type && !admits_unsized(t, generics, given.size())) one.type = by_value({one.type, {}}).type;
      given.push_back(std::move(one));
    }
  if (given.size() > wanted.size() || (given.size() < wanted.size() && !may_guess()) || (given.size() < wanted.size() && !given.empty())) {
    sink_.report<diag::GenericCount>(where, made.name, wanted.size(), given.size());
    return {table_.error(), {}};
  }
  if (!given.empty() && number_for_type(nominal_info(definition).parameters, given, made.module, where)) return {table_.error(), {}};
  if (given.size() < wanted.size()) {
    const Declared& declared = nominal_info(definition);
    while (given.size() < wanted.size()) {
      const bool number = given.size() < declared.parameters.size() && declared.parameters[given.size()].argument.kind == GenericArgument::Kind::Number;
      given.push_back(number ? fresh_number() : GenericArgument{GenericArgument::Kind::Type, fresh(), 0, {}});
    }
  }
  out.type = nominal_type(definition, std::move(given));
  out.regions.resize(table_.region_slots(shallow(out.type)), 0);
  return out;
}

// An alias is read in its own place. What it stands for is kept, so that aliases of aliases are read once each.
LoweredType Checker::lower_alias(DefinitionId definition, const std::vector<GenericArgument>& given, const Elision& elision) {
  const Definition& made = names_.get(definition);
  std::string key = std::to_string(definition.value);
  for (const GenericArgument& one : given) key += argument_key(one);
  if (const auto known = aliases_.find(key); known != aliases_.end()) return {known->second, {}};
  if (!open_aliases_.insert(definition.value).second) return sink_.report<diag::DefinedByItself>(made.span, made.name), LoweredType{table_.error(), {}};
  LoweredType out;
  at(made.tree, made.module, generic_environment(*made.tree, made.tree->child(made.node, slot::TypeAlias::generics), given, {}),
     [&] { out = lower(child(made.node, slot::TypeAlias::type), elision); });
  open_aliases_.erase(definition.value);
  const bool lasting = out.regions.empty() && !mentions_variables(out.type) && std::ranges::none_of(given, [&](const GenericArgument& one) { return one.kind == GenericArgument::Kind::Type && mentions_variables(one.type); });
  if (lasting || is_error(out.type)) aliases_[key] = out.type;
  return out;
}

GenericArgument Checker::generic_argument(NodeId id, const Elision& elision, std::vector<Region>& regions) {
  GenericArgument out;
  const NodeKind what = kind(id);
  if (what == NodeKind::Literal || what == NodeKind::Unary || what == NodeKind::Block) {
    out.kind = GenericArgument::Kind::Number;
    out.number = constant_integer(id).value_or(0);
    return out;
  }
  if (what == NodeKind::ShapeType) {
    out.kind = GenericArgument::Kind::Shape;
    out.dims = dims_of(id).value_or(std::vector<int64_t>());
    return out;
  }
  if (what == NodeKind::PathType) {
    const auto segments = list(child(child(id, slot::PathType::path), slot::Path::segments));
    const std::string word(segments.size() == 1 ? node(segments[0]).text : "");
    const auto generic = where_.environment.generics.find(word);
    if (generic != where_.environment.generics.end() && generic->second.kind != GenericArgument::Kind::Type) return generic->second;
    const DefinitionId value = word.empty() ? DefinitionId() : names_.find(where_.module, word, true);
    if (value.valid() && names_.get(value).kind == DefinitionKind::Const) {
      out.kind = GenericArgument::Kind::Number;
      out.number = constant_integer(id).value_or(0);
      return out;
    }
  }
  LoweredType lowered = lower(id, elision);
  out.type = lowered.type;
  regions.insert(regions.end(), lowered.regions.begin(), lowered.regions.end());
  return out;
}

std::optional<std::vector<int64_t>> Checker::dims_of(NodeId id) {
  std::vector<int64_t> dims;
  if (kind(id) == NodeKind::PathType) {
    const auto segments = list(child(child(id, slot::PathType::path), slot::Path::segments));
    const auto generic = where_.environment.generics.find(std::string(node(segments[0]).text));
    if (generic != where_.environment.generics.end() && segments.size() == 1) {
      if (generic->second.kind == GenericArgument::Kind::Shape) return generic->second.dims;
      if (const TypeData& data = table_.get(generic->second.type); generic->second.kind == GenericArgument::Kind::Type && data.special == Special::Parameter)
        return std::vector<int64_t>{kShapeSymbols + static_cast<int64_t>(data.length)};  // `Tensor<T, S>`: S is a shape
    }
  }
  if (kind(id) == NodeKind::SliceType) {  // `[N]` reads as a slice of N
    const auto dim = constant_integer(child(id, slot::SliceType::element));
    if (!dim) return std::nullopt;
    return std::vector<int64_t>{*dim};
  }
  if (kind(id) != NodeKind::ShapeType) {
    sink_.report<diag::BadShape>(span(id), "a shape is written `[64, ?]`");
    return std::nullopt;
  }
  for (NodeId dim : list(child(id, slot::ShapeType::dims))) {
    if (kind(dim) == NodeKind::UnknownDim) {
      dims.push_back(spec::kUnknownDim);
    } else if (kind(dim) == NodeKind::RestPattern) {
      sink_.report<diag::Unsupported>(span(dim), "tensors whose number of dims is not known");
      return std::nullopt;
    } else {
      const auto value = constant_integer(dim);
      if (!value) return std::nullopt;
      if (*value < 0 && !is_symbol(*value)) return sink_.report<diag::BadShape>(span(dim), fmt::format("a dim cannot be {}", *value)), std::nullopt;
      dims.push_back(*value);
    }
  }
  if (dims.size() > spec::kMaxRank)
    return sink_.report<diag::BadShape>(span(id), fmt::format("a tensor has at most {} dims", spec::kMaxRank)), std::nullopt;
  return dims;
}

LoweredType Checker::lower_tensor(std::span<const NodeId> given, Span where, std::string_view word) {
  if (given.empty()) return {table_.tensor(spec::DType::F32, {spec::kUnknownDim, spec::kUnknownDim}), {}};  // a matrix
  if (given.size() != 2) return sink_.report<diag::GenericCount>(where, word, 2, given.size()), LoweredType{table_.error(), {}};
  const TypeId element = shallow(type_of(given[0]));
  if (is_open(element)) {
    const auto dims = dims_of(given[1]);
    return {dims ? table_.generic_tensor(element, *dims) : table_.error(), {}};
  }
  const auto dtype = dtype_of(element, span(given[0]));
  const auto dims = dims_of(given[1]);
  if (!dtype || !dims) return {table_.error(), {}};
  return {table_.tensor(*dtype, *dims), {}};
}

std::optional<spec::DType> Checker::dtype_of(TypeId given, Span where) {
  const TypeId type = shallow(given);
  if (is_error(type)) return std::nullopt;
  const auto found = table_.get(type).special == Special::None ? spec::dtype_from_name(table_.name(type)) : std::nullopt;
  if (!found) sink_.report<diag::BadElement>(where, name(type)).help("elements are numbers or bool: `Tensor<f32, [2, 3]>`");
  return found;
}

// Integers made of literals, constants and `+ - * / %`.
std::optional<int64_t> Checker::constant_integer(NodeId id, bool report) {
  const auto refuse = [&](std::string_view why) -> std::optional<int64_t> {
    if (report) sink_.report<diag::NotConstant>(span(id), why);
    return std::nullopt;
  };
  if (++depth_ > 128) return --depth_, refuse("it is defined by itself");
  struct Up { int& depth; ~Up() { --depth; } } up{depth_};
  switch (kind(id)) {
    case NodeKind::Literal: {
      if (node(id).token != TokenKind::Integer) return refuse("it is no integer");
      std::string digits(node(id).text);
      std::erase(digits, '_');
      const bool based = digits.size() > 1 && digits[0] == '0' && std::isalpha(static_cast<unsigned char>(digits[1]));
      const int base = !based ? 10 : digits[1] == 'x' ? 16 : digits[1] == 'b' ? 2 : 8;
      return static_cast<int64_t>(std::strtoull(digits.c_str() + (based ? 2 : 0), nullptr, base));
    }
    case NodeKind::Unary: {
      const auto inner = constant_integer(child(id, slot::Unary::operand), report);
      if (!inner || node(id).token != TokenKind::Minus) return inner ? refuse("only `-` can stand here") : inner;
      return -*inner;
    }
    case NodeKind::Block: return child(id, slot::Block::value).valid() ? constant_integer(child(id, slot::Block::value), report) : refuse("the block has no value");
    case NodeKind::Cast: return constant_integer(child(id, slot::Cast::expression), report);
    case NodeKind::Binary: {
      const auto a = constant_integer(child(id, slot::Binary::left), report);
      const auto b = a ? constant_integer(child(id, slot::Binary::right), report) : std::nullopt;
      if (!b) return std::nullopt;
      if (is_symbol(*a) || is_symbol(*b)) return new_parameter(std::string(sources_.text(span(id))), id, true).argument.number;
      int64_t out = 0;
      switch (node(id).token) {
        case TokenKind::Plus: if (__builtin_add_overflow(*a, *b, &out)) return refuse("it overflows"); return out;
        case TokenKind::Minus: if (__builtin_sub_overflow(*a, *b, &out)) return refuse("it overflows"); return out;
        case TokenKind::Star: if (__builtin_mul_overflow(*a, *b, &out)) return refuse("it overflows"); return out;
        case TokenKind::Slash: if (*b == 0) return refuse("it divides by zero"); return *a / *b;
        case TokenKind::Percent: if (*b == 0) return refuse("it divides by zero"); return *a % *b;
        default: return refuse("only `+ - * / %` can stand here");
      }
    }
    case NodeKind::PathExpr:
    case NodeKind::PathType: {
      const auto segments = list(child(child(id, 0), slot::Path::segments));
      if (segments.size() == 1) {
        const auto generic = where_.environment.generics.find(std::string(node(segments[0]).text));
        if (generic != where_.environment.generics.end()) {
          if (generic->second.kind == GenericArgument::Kind::Number) return generic->second.number;
          if (const TypeData& data = table_.get(generic->second.type); generic->second.kind == GenericArgument::Kind::Type && data.special == Special::Parameter)
            return kNumberSymbols + static_cast<int64_t>(data.length);  // a named dim
        }
        if (find_local(node(segments[0]).text).valid()) return refuse("a variable is known only at run time");
      }
      size_t used = 0;
      const DefinitionId found = find_path(segments, true, used, report);
      if (!found.valid()) return std::nullopt;
      const Definition& made = names_.get(found);
      if (made.kind != DefinitionKind::Const) return refuse("it is no `const`");
      const auto [known, first] = integers_.try_emplace({made.tree, made.node.value}, std::nullopt);
      if (!first) return known->second ? known->second : refuse("it is defined by itself");
      const auto value = at(made.tree, made.module, {}, [&] { return constant_integer(child(made.node, slot::Const::value), report); });
      if (value) known->second = value;
      else integers_.erase({made.tree, made.node.value});
      return value;
    }
    case NodeKind::Error: return std::nullopt;
    default: return refuse("an integer made of literals and constants can stand here");
  }
}

}  // namespace stark::types

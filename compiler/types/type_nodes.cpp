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
  if (word == "array" || word == "slice" || word == "tuple" || word == "struct" || word == "enum" || word == "ref" || word == "opaque" || word == "fn" || word == "()") return {};
  for (size_t i = 0; i < std::size(kKindTexts); ++i)
    if (kKindTexts[i] == word && word != "Vec" && word != "Tensor") return table_.scalar(static_cast<TypeKind>(i));
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
      sink_.report<diag::MissingLifetime>(where, elision.place).help("say how long the reference lives: `&'a …`, with `<'a>` declared");
      return 0;
  }
  return 0;
}

LoweredType Checker::lower(NodeId id, const Elision& elision) {
  if (!id.valid()) return {table_.error(), {}};
  const auto gather = [&](NodeId parts, std::vector<Region>& regions) {
    std::vector<TypeId> types;
    for (NodeId part : list(parts)) {
      LoweredType one = lower(part, elision);
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
      out = lower(child(id, slot::ArrayType::element), elision);
      const auto length = constant_integer(child(id, slot::ArrayType::length));
      out.type = length && *length >= 0 ? table_.array(out.type, static_cast<uint64_t>(*length)) : table_.error();
      return out;
    }
    case NodeKind::SliceType: out = lower(child(id, slot::SliceType::element), elision); out.type = table_.slice(out.type); return out;
    case NodeKind::NeverType: return {table_.never(), {}};
    case NodeKind::InferType: return {body_ != nullptr ? fresh() : table_.error(), {}};
    case NodeKind::OptionType: {
      GenericArgument argument;
      out = lower(child(id, slot::OptionType::type), elision);
      argument.type = out.type;
      out.type = nominal_type(names_.find(names_.library, "Option", false), {argument});
      return out;
    }
    case NodeKind::DynType: sink_.report<diag::Unsupported>(span(id), "trait objects"); return {table_.error(), {}};
    case NodeKind::ImplType: sink_.report<diag::Unsupported>(span(id), "`impl Trait` types"); return {table_.error(), {}};
    case NodeKind::FnType: sink_.report<diag::Unsupported>(span(id), "function types"); return {table_.error(), {}};
    case NodeKind::ForType: sink_.report<diag::Unsupported>(span(id), "`for<…>` types"); return {table_.error(), {}};
    case NodeKind::PointerType: sink_.report<diag::Unsupported>(span(id), "raw pointers"); return {table_.error(), {}};
    case NodeKind::ShapeType: sink_.report<diag::NotAType>(span(id), sources_.text(span(id))); return {table_.error(), {}};
    default: return {table_.error(), {}};
  }
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
      if (!near.empty()) made.help(fmt::format("there is `{}`", near));
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
  const auto segments = list(child(child(id, slot::PathType::path), slot::Path::segments));
  if (segments.empty()) return {table_.error(), {}};
  const std::string first(node(segments[0]).text);
  const NodeId arguments = child(segments.back(), slot::Segment::arguments);
  if (segments.size() == 1) {
    if (first == "Self" && where_.environment.self.valid()) return {where_.environment.self, where_.environment.self_regions};
    if (const auto generic = where_.environment.generics.find(first); generic != where_.environment.generics.end()) {
      const auto regions = where_.environment.generic_regions.find(first);
      if (generic->second.kind == GenericArgument::Kind::Type)
        return {generic->second.type, regions == where_.environment.generic_regions.end() ? std::vector<Region>() : regions->second};
    }
    const DefinitionId own = names_.find(where_.module, first, false);
    bool known = false;
    if (!own.valid() || names_.get(own).kind == DefinitionKind::Module || names_.get(own).kind == DefinitionKind::Trait) {
      LoweredType built_in = lower_builtin(first, arguments, span(id), elision, known);
      if (known) return built_in;
    }
  }
  size_t used = 0;
  const DefinitionId found = find_path(segments, false, used, true);
  if (!found.valid() || used != segments.size()) {
    if (found.valid()) sink_.report<diag::NotAType>(span(id), sources_.text(span(id)));
    return {table_.error(), {}};
  }
  return lower_named(found, arguments, span(id), elision);
}

LoweredType Checker::lower_builtin(std::string_view word, NodeId arguments, Span where, const Elision& elision, bool& known) {
  known = true;
  if (word == "Vec") {
    if (list(arguments).size() != 1) {
      if (arguments.valid() || body_ == nullptr) return sink_.report<diag::GenericCount>(where, word, 1, list(arguments).size()), LoweredType{table_.error(), {}};
      return {table_.vec(fresh()), {}};
    }
    LoweredType out = lower(list(arguments)[0], elision);
    out.type = table_.vec(out.type);
    return out;
  }
  if (word == "Tensor") return lower_tensor(arguments, where);
  const TypeId scalar = scalar_named(word);
  known = scalar.valid();
  return {scalar, {}};
}

LoweredType Checker::lower_named(DefinitionId definition, NodeId arguments, Span where, const Elision& elision) {
  const Definition& made = names_.get(definition);
  const SyntaxTree& t = *made.tree;
  if (made.kind == DefinitionKind::Trait) return sink_.report<diag::Unsupported>(where, "trait objects"), LoweredType{table_.error(), {}};
  if (made.kind == DefinitionKind::Alias) {
    const auto generics = generic_names(t, t.child(made.node, slot::TypeAlias::generics));
    std::vector<Region> regions;
    std::vector<GenericArgument> given;
    for (NodeId argument : list(arguments))
      if (kind(argument) != NodeKind::Lifetime) given.push_back(generic_argument(argument, elision, regions));
    if (given.size() != generics.size()) return sink_.report<diag::GenericCount>(where, made.name, generics.size(), given.size()), LoweredType{table_.error(), {}};
    if (++depth_ > 64) return --depth_, LoweredType{table_.error(), {}};
    LoweredType out;
    at(&t, made.module, generic_environment(t, t.child(made.node, slot::TypeAlias::generics), given, {}),
       [&] { out = lower(child(made.node, slot::TypeAlias::type), elision); });
    --depth_;
    return out;
  }
  if (made.kind != DefinitionKind::Struct && made.kind != DefinitionKind::Enum)
    return sink_.report<diag::NotAType>(where, made.name), LoweredType{table_.error(), {}};
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
    if (kind(argument) != NodeKind::Lifetime) given.push_back(generic_argument(argument, elision, out.regions));
  if (given.size() > wanted.size() || (given.size() < wanted.size() && body_ == nullptr) || (given.size() < wanted.size() && !given.empty())) {
    sink_.report<diag::GenericCount>(where, made.name, wanted.size(), given.size());
    return {table_.error(), {}};
  }
  while (given.size() < wanted.size()) given.push_back({GenericArgument::Kind::Type, fresh(), 0, {}});
  out.type = nominal_type(definition, std::move(given));
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
    if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Shape) return generic->second.dims;
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
      if (*value < 0) return sink_.report<diag::BadShape>(span(dim), fmt::format("a dim cannot be {}", *value)), std::nullopt;
      dims.push_back(*value);
    }
  }
  if (dims.size() > spec::kMaxRank)
    return sink_.report<diag::BadShape>(span(id), fmt::format("a tensor has at most {} dims", spec::kMaxRank)), std::nullopt;
  return dims;
}

LoweredType Checker::lower_tensor(NodeId arguments, Span where) {
  const auto given = list(arguments);
  if (given.size() != 2) return sink_.report<diag::GenericCount>(where, "Tensor", 2, given.size()), LoweredType{table_.error(), {}};
  const TypeId element = type_of(given[0]);
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
      const auto a = constant_integer(child(id, slot::Binary::left), report), b = constant_integer(child(id, slot::Binary::right), report);
      if (!a || !b) return std::nullopt;
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
        if (generic != where_.environment.generics.end() && generic->second.kind == GenericArgument::Kind::Number) return generic->second.number;
        if (find_local(node(segments[0]).text).valid()) return refuse("a variable is known only at run time");
      }
      size_t used = 0;
      const DefinitionId found = find_path(segments, true, used, report);
      if (!found.valid()) return std::nullopt;
      const Definition& made = names_.get(found);
      if (made.kind != DefinitionKind::Const) return refuse("it is no `const`");
      return at(made.tree, made.module, {}, [&] { return constant_integer(child(made.node, slot::Const::value), report); });
    }
    case NodeKind::Error: return std::nullopt;
    default: return refuse("an integer made of literals and constants can stand here");
  }
}

// Does `type` fit the written `pattern`, in which `names` stand for anything? What they stand for goes into `bound`.
bool Checker::match_type(const SyntaxTree& t, ModuleId module, NodeId pattern_id, TypeId given, Environment& bound, std::span<const std::string> generics) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  switch (t.kind(pattern_id)) {
    case NodeKind::PathType: return match_path(t, module, pattern_id, type, bound, generics);
    case NodeKind::RefType:
      return data.kind == TypeKind::Ref && data.is_mut == t.has(pattern_id, parse::kMut) &&
             match_type(t, module, t.child(pattern_id, slot::RefType::type), data.parts[0], bound, generics);
    case NodeKind::SliceType:
      return data.kind == TypeKind::Slice && match_type(t, module, t.child(pattern_id, slot::SliceType::element), data.parts[0], bound, generics);
    case NodeKind::ArrayType: {
      if (data.kind != TypeKind::Array) return false;
      const NodeId length = t.child(pattern_id, slot::ArrayType::length);
      if (t.kind(length) == NodeKind::PathExpr) {
        const std::string word(t.get(t.children_of(t.child(t.child(length, 0), slot::Path::segments))[0]).text);
        if (std::ranges::find(generics, word) != generics.end())
          bound.generics[word] = {GenericArgument::Kind::Number, {}, static_cast<int64_t>(data.length), {}};
      }
      return match_type(t, module, t.child(pattern_id, slot::ArrayType::element), data.parts[0], bound, generics);
    }
    case NodeKind::TupleType: {
      const auto parts = t.children_of(t.child(pattern_id, slot::TupleType::parts));
      if (parts.empty()) return type == unit_;
      if (data.kind != TypeKind::Tuple || parts.size() != data.parts.size()) return false;
      for (size_t i = 0; i < parts.size(); ++i)
        if (!match_type(t, module, parts[i], data.parts[i], bound, generics)) return false;
      return true;
    }
    case NodeKind::OptionType: {
      const Nominal* used = nominal(type);
      return used != nullptr && names_.get(used->definition).name == "Option" &&
             match_type(t, module, t.child(pattern_id, slot::OptionType::type), used->arguments[0].type, bound, generics);
    }
    default: return false;
  }
}

bool Checker::match_path(const SyntaxTree& t, ModuleId module, NodeId pattern_id, TypeId type, Environment& bound, std::span<const std::string> generics) {
  const auto segments = t.children_of(t.child(t.child(pattern_id, slot::PathType::path), slot::Path::segments));
  const std::string word(t.get(segments.back()).text);
  const TypeData data = table_.get(type);
  if (segments.size() == 1 && std::ranges::find(generics, word) != generics.end()) {
    const auto known = bound.generics.find(word);
    if (known != bound.generics.end()) return known->second.kind == GenericArgument::Kind::Type && unify(known->second.type, type);
    bound.generics[word] = {GenericArgument::Kind::Type, type, 0, {}};
    return true;
  }
  if (data.special != Special::None) return false;
  const NodeId argument_list = t.child(segments.back(), slot::Segment::arguments);
  std::vector<NodeId> arguments;
  if (argument_list.valid())
    for (NodeId argument : t.children_of(argument_list))
      if (t.kind(argument) != NodeKind::Lifetime) arguments.push_back(argument);
  const auto word_of = [&](NodeId argument) {
    if (t.kind(argument) != NodeKind::PathType) return std::string();
    return std::string(t.get(t.children_of(t.child(t.child(argument, slot::PathType::path), slot::Path::segments))[0]).text);
  };
  const auto is_generic = [&](const std::string& one) { return std::ranges::find(generics, one) != generics.end(); };
  if (word == "Vec" && data.kind == TypeKind::Vec && arguments.size() == 1) return match_type(t, module, arguments[0], data.parts[0], bound, generics);
  if (word == "Tensor" && data.kind == TypeKind::Tensor && arguments.size() == 2) {
    if (!match_type(t, module, arguments[0], element_type(data.dtype), bound, generics)) return false;
    const std::string shape = word_of(arguments[1]);
    if (is_generic(shape)) return bound.generics[shape] = {GenericArgument::Kind::Shape, {}, 0, data.dims}, true;
    if (t.kind(arguments[1]) != NodeKind::ShapeType) return true;
    const auto dims = t.children_of(t.child(arguments[1], slot::ShapeType::dims));
    if (dims.size() != data.dims.size()) return false;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (t.kind(dims[i]) == NodeKind::PathExpr) {
        const std::string dim(t.get(t.children_of(t.child(t.child(dims[i], 0), slot::Path::segments))[0]).text);
        if (is_generic(dim)) {
          bound.generics[dim] = {GenericArgument::Kind::Number, {}, data.dims[i], {}};
          continue;
        }
      }
      if (t.kind(dims[i]) == NodeKind::UnknownDim) continue;
      const auto wanted = at(&t, module, bound, [&] { return constant_integer(dims[i], false); });
      if (wanted && data.dims[i] != spec::kUnknownDim && *wanted != data.dims[i]) return false;
    }
    return true;
  }
  const Nominal* used = nominal(type);
  DefinitionId found;
  at(&t, module, {}, [&] {
    size_t count = 0;
    found = find_path(segments, false, count, false);
  });
  if (used == nullptr) {
    if (found.valid() && names_.get(found).kind == DefinitionKind::Alias) return at(&t, module, bound, [&] { return type_of(pattern_id); }) == type;
    const TypeId scalar = scalar_named(word);
    return scalar.valid() && scalar == type;
  }
  if (found != used->definition) return false;
  const std::vector<GenericArgument> actual = used->arguments;
  if (arguments.size() != actual.size()) return arguments.empty();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string one = word_of(arguments[i]);
    if (actual[i].kind == GenericArgument::Kind::Type) {
      if (!match_type(t, module, arguments[i], actual[i].type, bound, generics)) return false;
    } else if (is_generic(one)) {
      bound.generics[one] = actual[i];
    }
  }
  return true;
}

}  // namespace stark::types

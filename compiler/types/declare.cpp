// compiler/types/declare.cpp — every declaration of the program is checked, used or not: types, traits, impls, generic functions.
// Room: types. In: Names. Out: diagnostics, and instances of what is not generic.
#include <algorithm>

#include "compiler/types/checker.h"
#include "compiler/types/sizes.h"

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
  impls_ready_ = true;
  for (size_t i = 0; i < unsettled_.size(); ++i) settle_nominal(unsettled_[i], is_open(unsettled_[i]));
  check_declarations();
  size_t done = 0;
  const auto check_bodies = [&] {
    for (; done < instances_.size(); ++done) check_body(static_cast<uint32_t>(done));
  };
  check_bodies();
  tell_main_error();
  check_bodies();
  table_.settle();
  if (sink_.errors() == 0) check_static_cycles();
  if (sink_.errors() == 0) check_sizes();
  return std::move(typed_);
}

// Values that no bundle can have are told here, where the program's own places are known.
void Checker::check_sizes() {
  Sizes sizes(table_);
  std::set<TypeId> seen;
  const auto look = [&](TypeId type, Span where) {
    if (!type.valid() || !seen.insert(type).second) return;
    if (const std::string why = sizes.too_much(type); !why.empty()) sink_.report<diag::TypeTooLarge>(where, why);
  };
  for (const TypedFunction& function : typed_.functions) {
    for (const BodyLocal& one : function.locals) look(one.type, one.span);
    for (const Expr& one : function.exprs) look(one.type, one.span);
  }
}

// The VM knows nothing of `Display` in the program: an error out of `main` that has its own becomes the text it shows.
void Checker::tell_main_error() {
  if (typed_.entry == Id<int>::kNone || sink_.errors() > 0) return;
  const TypeId result = typed_.functions[typed_.entry].signature.result;
  const Nominal* carrier = nominal(result);
  if (!is_nominal(result, "Result") || carrier->arguments.size() != 2 || table_.region_slots(result) > 0) return;
  const TypeId error = carrier->arguments[1].type;
  if (natively_printable(error, false) || !implements(error, "Display")) return;
  const uint32_t told = instance(make_instance(library_callee("tell_error", error)));
  TypedFunction out;
  out.name = "main, whose error is told";
  out.file = typed_.functions[typed_.entry].file, out.span = typed_.functions[typed_.entry].span;
  out.signature.result = library_type("Result", {unit_, str_});
  const auto call = [&](TypeId type, uint32_t function, std::vector<ExprId> parts) {
    Expr expr;
    expr.kind = ExprKind::Call, expr.type = type, expr.span = out.span, expr.index = function, expr.parts = std::move(parts);
    out.exprs.push_back(std::move(expr));
    return ExprId(out.exprs.size() - 1);
  };
  const ExprId inner = call(result, typed_.entry, {});
  out.body = call(out.signature.result, told, {inner});
  typed_.entry = add_made(std::move(out));
}

void Checker::check_declarations() {
  const auto each = [&](auto visit) {
    for (size_t i = 0; i < names_.definitions.size(); ++i)
      if (!names_.get(names_.definitions[i].module).shipped) visit(DefinitionId(i), names_.definitions[i]);
  };
  each([&](DefinitionId id, const Definition& made) {
    if (made.kind == DefinitionKind::Struct || made.kind == DefinitionKind::Enum) check_nominal(id);
    if (made.kind == DefinitionKind::Trait) trait_info(id);
  });
  check_coherence();
  each([&](DefinitionId, const Definition& made) {
    if (made.kind == DefinitionKind::Const) check_constant(made);
    if (made.kind == DefinitionKind::Static) static_number(*made.tree, made.node, made.module);
    if (made.kind == DefinitionKind::Alias && generic_names(*made.tree, made.tree->child(made.node, slot::TypeAlias::generics)).empty())
      at(made.tree, made.module, {}, [&] { written_type(child(made.node, slot::TypeAlias::type)); });
  });
  each([&](DefinitionId id, const Definition& made) {
    if (made.kind == DefinitionKind::Trait) check_trait(id);
    if (made.tree != nullptr && made.node.valid() && made.tree->has(made.node, parse::kForeign)) return check_foreign(made);
    if (made.kind != DefinitionKind::Function) return;
    const bool has_body = made.tree->child(made.node, slot::Fn::body).valid();
    Callee callee;
    callee.tree = made.tree, callee.node = made.node, callee.module = made.module, callee.name = made.name;
    const FunctionInfo& info = function_info(callee);
    if (!has_body) sink_.report<diag::NoBody>(made.span, made.name);
    if (!has_body) return;
    if (made.tree->has(made.node, parse::kExtern)) check_called_by_c(made, info);
    if (!info.parameters.empty()) return check_definition(callee);
    const uint32_t number = instance({callee, {}});
    if (made.name == "main" && made.module == names_.root) typed_.entry = number;
  });
  for (uint32_t i = 0; i < impls_.size(); ++i)
    if (!names_.get(impls_[i].module).shipped) check_impl(i);
}

// Its fields with its own parameters in them.
void Checker::check_nominal(DefinitionId id) {
  const Declared& declared = nominal_info(id);
  std::vector<GenericArgument> own;
  for (const GenericParameter& one : declared.parameters) own.push_back(one.argument);
  Environment environment;
  environment.bounds = std::make_shared<const std::vector<Bound>>(declared.bounds);
  const Definition& made = names_.get(id);
  const TypeId type = at(made.tree, made.module, declared.parameters.empty() ? Environment() : environment, [&] { return nominal_type(id, own); });
  check_layout(made, type);
  const Selection copy = at(made.tree, made.module, declared.parameters.empty() ? Environment() : environment, [&] { return select(type, {names_.find_in(names_.library, "Copy", false), {}, {}}); });
  if (!own.empty() || copy.kind != Selection::Kind::Impl) return;
  const auto look = [&](const std::vector<Field>& fields) {
    for (const Field& field : fields)
      if (!copies(field.type)) {
        sink_.report<diag::CannotCopy>(made.span, made.name, field.name).label(field.span, fmt::format("`{}` is moved, not copied", name(field.type)));
        return;
      }
  };
  const TypeData& data = table_.get(type);
  if (data.kind == TypeKind::Struct) look(table_.info(data.struct_id).fields);
  else if (data.kind == TypeKind::Enum)
    for (const Variant& variant : std::vector<Variant>(table_.info(data.enum_id).variants)) look(variant.fields);
  if (data.special == Special::None && drop_function(type) != Id<int>::kNone) sink_.report<diag::CopyAndDrop>(made.span, made.name);
}

// Two impls of one trait that one type could have.
void Checker::check_coherence() {
  for (const auto& [trait, numbers] : impls_by_trait_) {
    for (uint32_t a : numbers.of(0))
      for (uint32_t b : numbers.of(impls_[a].head)) {
        const ImplInfo &one = impls_[a], &other = impls_[b];
        if (b <= a || (names_.get(one.module).shipped && names_.get(other.module).shipped)) continue;
        if (is_error(one.self) || is_error(other.self) || !overlap(a, b)) continue;
        const ImplInfo& later = names_.get(other.module).shipped ? one : other;
        const ImplInfo& first = &later == &one ? other : one;
        auto report = sink_.report<diag::OverlappingImpls>(later.tree->get(later.node).span, names_.get(DefinitionId(trait)).name, name(later.self));
        if (!names_.get(first.module).shipped) report.label(first.tree->get(first.node).span, "the other one is here");
        else report.note(fmt::format("the library implements it for `{}`", name(first.self)));
      }
  }
}

bool Checker::overlap(uint32_t a, uint32_t b) {
  for (const auto& [general, special] : {std::pair(a, b), std::pair(b, a)}) {
    Bindings bound;
    Fit how = fit(impls_[general].self, impls_[special].self, bound);
    for (size_t i = 0; how != Fit::No && i < impls_[general].trait_arguments.size() && i < impls_[special].trait_arguments.size(); ++i)
      how = std::min(how, fit(impls_[general].trait_arguments[i], impls_[special].trait_arguments[i], bound));
    if (how != Fit::Yes) continue;
    const bool holds = at(impls_[special].tree, impls_[special].module, impl_environment(special), [&] { return bounds_hold(impls_[general].declared.bounds, bound, 1); });
    if (holds) return true;
  }
  return false;
}

void Checker::check_constant(const Definition& made) {
  at_code(made.tree, made.module, {}, [&] {
    const NodeId declared = child(made.node, slot::Const::type), value = child(made.node, slot::Const::value);
    const TypeId type = declared.valid() ? type_of(declared) : table_.error();
    if (!value.valid()) return;
    TypedFunction scratch;
    BodyState before = std::exchange(static_cast<BodyState&>(*this), BodyState());
    body_ = &scratch, defining_ = true, result_ = type, errors_before_ = sink_.errors();
    {
      const ScopeGuard scope(*this);
      checked(value, type);
    }
    finish_body();
    static_cast<BodyState&>(*this) = std::move(before);
  });
}

void Checker::check_trait(DefinitionId id) {
  const TraitInfo& info = trait_info(id);
  for (const auto& [word, item] : std::vector<std::pair<std::string, NodeId>>(info.function_order)) {
    Callee callee;
    callee.tree = info.tree, callee.node = item, callee.module = info.module, callee.trait = id, callee.name = names_.get(id).name + "::" + word;
    callee.self = trait_info(id).declared.parameters[0].argument.type;
    function_info(callee);
    if (trait_info(id).tree->child(item, slot::Fn::body).valid()) check_definition(callee);
  }
}

// Everything that the trait asks for, in the form it asks for; then each function.
void Checker::check_impl(uint32_t number) {
  const ImplInfo info = impls_[number];
  if (is_error(info.self)) return;
  if (info.trait.valid()) check_members(info);
  if (info.trait.valid()) check_supertraits(number);
  if (info.trait.valid()) check_marker(number);
  for (const auto& [word, item] : info.functions) {
    Callee callee = impl_callee(number, {}, info.self, word);
    const FunctionInfo& shape = function_info(callee);
    if (info.trait.valid()) check_signature(info, word, callee, shape);
    if (!info.tree->child(item, slot::Fn::body).valid()) {
      if (!names_.get(info.module).shipped) sink_.report<diag::NoBody>(info.tree->get(item).span, word);
      continue;
    }
    if (!shape.parameters.empty()) check_definition(callee);
    else if (!info.derived) instance({callee, {}});
  }
}

void Checker::check_members(const ImplInfo& info) {
  const TraitInfo& trait = trait_info(info.trait);
  const Span where = info.tree->get(info.tree->child(info.node, slot::Impl::trait_path)).span;
  const std::string& trait_name = names_.get(info.trait).name;
  for (const auto& [word, item] : trait.functions)
    if (!trait.tree->child(item, slot::Fn::body).valid() && !info.functions.contains(word))
      sink_.report<diag::MissingMethod>(where, trait_name, name(info.self), word).help(fmt::format("write `fn {}` in this `impl`", word)).label(trait.tree->get(item).name, "asked for here");
  for (const auto& [word, item] : trait.types)
    if (!info.types.contains(word)) sink_.report<diag::MissingMethod>(where, trait_name, name(info.self), word).help(fmt::format("write `type {} = …;` in this `impl`", word));
  for (const auto& [word, item] : trait.constants)
    if (!info.constants.contains(word) && !trait.tree->child(item, slot::Const::value).valid())
      sink_.report<diag::MissingMethod>(where, trait_name, name(info.self), word).help(fmt::format("write `const {}: … = …;` in this `impl`", word));
  const auto unknown = [&](const auto& own, const auto& asked) {
    for (const auto& [word, item] : own) {
      if (asked.contains(word)) continue;
      std::vector<std::string_view> words;
      for (const auto& [known, id] : asked) words.push_back(known);
      auto report = sink_.report<diag::NotInTrait>(info.tree->get(item).name, trait_name, word);
      const std::string_view near = diagnostics::nearest(word, words);
      if (!near.empty()) report.help(fmt::format("there is `{}`", near));
    }
  };
  unknown(info.functions, trait.functions);
  unknown(info.types, trait.types);
  unknown(info.constants, trait.constants);
}

void Checker::check_supertraits(uint32_t number) {
  const ImplInfo& info = impls_[number];
  const TraitInfo& trait = trait_info(info.trait);
  const Bindings bound = trait_bindings(trait, {info.trait, info.trait_arguments, {}}, info.self);
  const Span where = info.tree->get(info.tree->child(info.node, slot::Impl::trait_path)).span;
  at(info.tree, info.module, impl_environment(number), [&] {
    for (const TraitUse& above : std::vector<TraitUse>(trait.supertraits)) {
      const TraitUse use = substitute(above, bound);
      if (select(impls_[number].self, use)) continue;
      sink_.report<diag::MissingBound>(where, name(impls_[number].self), names_.get(use.trait).name)
          .note(fmt::format("`{}` is a supertrait of `{}`", names_.get(use.trait).name, names_.get(impls_[number].trait).name));
    }
  });
}

// The impl's function must be callable as the trait promises.
void Checker::check_signature(const ImplInfo& info, const std::string& word, const Callee& callee, const FunctionInfo& own) {
  const TraitInfo& trait = trait_info(info.trait);
  const auto item = trait.functions.find(word);
  if (item == trait.functions.end()) return;
  Callee asked_callee;
  asked_callee.tree = trait.tree, asked_callee.node = item->second, asked_callee.module = trait.module, asked_callee.trait = info.trait;
  const FunctionInfo& asked = function_info(asked_callee);
  const Span where = info.tree->get(callee.node).name;
  if (is_formatter(info.trait) && own.types.size() == 2) return;  // `fmt` has two forms
  if (is_formatter(info.trait) && own.types.size() == 1 && is_kind(own.result, TypeKind::String) && names_.edition == Edition::CoreV1) return;  // and a third there
  if (own.types.size() != asked.types.size() || own.has_self != asked.has_self) {
    sink_.report<diag::SignatureDiffers>(where, word, names_.get(info.trait).name).here(fmt::format("the trait's has {} parameters{}", asked.types.size(), asked.has_self && !own.has_self ? ", the first is `self`" : ""));
    return;
  }
  Bindings bound = trait_bindings(trait, {info.trait, info.trait_arguments, {}}, info.self);
  for (size_t i = asked.own, k = own.own; i < asked.parameters.size() && k < own.parameters.size(); ++i, ++k) bound[asked.parameters[i].number] = own.parameters[k].argument;
  at(info.tree, info.module, impl_environment(callee.impl), [&] {
    const auto differs = [&](TypeId mine, TypeId theirs, Span span_of) {
      if (!mine.valid() || !theirs.valid()) return false;
      const TypeId wanted = substitute(theirs, bound);
      if (alike(mine, wanted) != Fit::No || is_open(wanted)) return false;
      sink_.report<diag::SignatureDiffers>(span_of, word, names_.get(info.trait).name).here(fmt::format("expected `{}`, found `{}`", name(wanted), name(mine))).label(trait.tree->get(item->second).name, "the trait asks for it here");
      return true;
    };
    for (size_t i = 0; i < own.types.size(); ++i)
      if (differs(own.types[i], asked.types[i], info.tree->get(own.nodes[i]).span)) return;
    differs(own.result, asked.result, where);
  });
}

bool Checker::is_formatter(DefinitionId trait) const { return shipped_name(trait) == "Display" || shipped_name(trait) == "Debug"; }

}  // namespace stark::types

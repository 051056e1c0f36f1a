// compiler/types/methods.cpp — method calls: looking through references, the order of search, what every type can do.
// Room: types. In: method call nodes. Out: typed expressions. At each step: by value, behind the reference, borrowed, borrowed mutably.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;

std::string Checker::head(TypeId given) {
  const TypeId type_id = shallow(given);
  const TypeData& data = table_.get(type_id);
  if (data.special != Special::None) return "";
  if (data.kind == TypeKind::Vec) return "Vec";
  if (data.kind == TypeKind::Box) return "Box";
  if (data.kind == TypeKind::Cell) return "Cell";
  if (data.kind == TypeKind::RefCell) return "RefCell";
  if (data.kind == TypeKind::Gc) return "Gc";
  if (data.kind == TypeKind::Weak) return "Weak";
  if (data.kind == TypeKind::Arc) return "Arc";
  if (data.kind == TypeKind::Mutex) return "Mutex";
  if (data.kind == TypeKind::RwLock) return "RwLock";
  if (data.kind == TypeKind::OnceSlot) return "OnceSlot";
  if (data.kind == TypeKind::Atomic) return "Atomic";
  if (data.kind == TypeKind::Slice) return "slice";
  if (data.kind == TypeKind::Tensor) return "Tensor";
  if (nominal_exact(type_id) != nullptr) return "";
  return table_.name(type_id);
}

bool Checker::receives(const SyntaxTree& t, NodeId function, Receiver want) const {
  const auto parameters = t.children_of(t.child(function, slot::Fn::parameters));
  const bool self = !parameters.empty() && t.kind(parameters[0]) == NodeKind::SelfParameter;
  if (want == Receiver::Any) return true;
  if (!self) return false;
  if (!t.has(parameters[0], parse::kReference)) return want == Receiver::Value;
  return want == (t.has(parameters[0], parse::kMut) ? Receiver::Mutable : Receiver::Shared);
}

// A function of an impl, inherent ones first, or of a bound; `out.bound` then holds what stands for the impl's parameters.
bool Checker::find_method(TypeId given, std::string_view word, Callee& out, Receiver want, DefinitionId only, Owner which) {
  const TypeId self = shallow(given);
  const TypeData& data = table_.get(self);
  if (data.special == Special::Error || data.special == Special::Never || (data.special == Special::Infer && infer_what(self) == 0)) return false;
  const std::string key(word);
  if (which != Owner::Trait && !only.valid() && find_in_impls(self, key, out, want, false, {})) return true;
  if (which == Owner::Type) return false;
  if (find_assumed(self, key, out, want, only)) return true;
  return find_in_impls(self, key, out, want, true, only);
}

bool Checker::find_in_impls(TypeId self, const std::string& word, Callee& out, Receiver want, bool of_trait, DefinitionId only) {
  const auto candidates = impls_by_function_.find(word);
  if (candidates == impls_by_function_.end()) return false;
  for (uint32_t i : candidates->second.of(head_of(self))) {
    const ImplInfo& info = impls_[i];
    if (info.trait.valid() != of_trait || (only.valid() && info.trait != only)) continue;
    if (of_trait && !only.valid() && !shipped_ && shipped_name(info.trait) == "Borrow") continue;  // or `cell.borrow()` would mean that, of any type
    if (of_trait && info.head == 0 && is_for_sized(self, candidates->second.of(head_of(self)))) continue;
    const auto own = info.functions.find(word);
    if (own != info.functions.end()) {
      if (!receives(*info.tree, own->second, want)) continue;
    } else {
      if (!of_trait) continue;
      const TraitInfo& trait = trait_info(info.trait);
      const NodeId item = trait.functions.at(word);
      if (!receives(*trait.tree, item, want) || !trait.tree->child(item, slot::Fn::body).valid()) continue;
    }
    Bindings bound;
    if (fit(info.self, self, bound) == Fit::No || !bounds_hold(info.declared.bounds, bound, 1)) continue;
    if (of_trait && trait_info(info.trait).declared.parameters.size() > 1) {  // which of the trait's forms is told by the arguments
      TraitUse use{info.trait, {}};
      for (size_t k = 1; k < trait_info(info.trait).declared.parameters.size(); ++k) use.arguments.push_back({GenericArgument::Kind::Type, fresh(), 0, {}});
      out = trait_callee(use, self, word);
      return true;
    }
    out = impl_callee(i, bound, self, word);
    return true;
  }
  return false;
}

bool Checker::find_assumed(TypeId self, const std::string& word, Callee& out, Receiver want, DefinitionId only) {
  const auto take = [&](const TraitUse& use) {
    const TraitInfo& info = trait_info(use.trait);
    const auto item = info.functions.find(word);
    if (item == info.functions.end() || (only.valid() && use.trait != only) || !receives(*info.tree, item->second, want)) return false;
    out = trait_callee(use, self, word);
    return true;
  };
  if (each_assumed(self, take)) return true;
  const ObjectUse* object = object_use(self);
  if (object == nullptr || !object->use.trait.valid()) return false;
  std::vector<TraitUse> open{object->use};
  for (size_t i = 0; i < open.size() && i < 64; ++i) {
    if (take(open[i])) return true;
    supertraits_of(open[i], self, open);
  }
  return false;
}

// A trait's function for a type that has the trait, whichever impl that means in the end.
Callee Checker::trait_callee(const TraitUse& use, TypeId self, std::string_view word) {
  const TraitInfo& info = trait_info(use.trait);
  Callee out;
  out.tree = info.tree, out.node = info.functions.at(std::string(word)), out.module = info.module;
  out.trait = use.trait, out.abstract = true, out.self = self;
  out.bound = trait_bindings(info, use, self);
  out.name = fmt::format("{}::{}", names_.get(use.trait).name, word);
  return out;
}

ExprId Checker::method_call(NodeId id, TypeId expected) {
  const ExprId receiver = expression(child(id, slot::MethodCall::receiver));
  const NodeId generics = child(id, slot::MethodCall::generics);
  const std::vector<Argument> arguments = arguments_of(list(child(id, slot::MethodCall::arguments)));
  if (is_error(get(receiver).type)) return give_up(arguments, span(id));
  const auto key = std::pair(where_.tree, id.value);
  const auto chosen = chosen_traits_.find(key);
  only_trait_ = !defining_ && chosen != chosen_traits_.end() && arguments_ != nullptr ? substitute(chosen->second, *arguments_) : TraitUse();
  const ExprId out = call_method(receiver, node(id).text, arguments, list(generics), expected, Span{node(id).name});
  if (defining_ && get(out).kind == ExprKind::Call && get(out).method != Id<int>::kNone && pending_[get(out).method].callee.abstract)
    remember_trait(key, pending_[get(out).method].callee);
  if (get(out).kind != ExprKind::Error && get(out).kind != ExprKind::Local) get(out).span = span(id);
  return out;
}

// Which trait a call on a parameter means, with the trait's own arguments as the definition knows them.
void Checker::remember_trait(std::pair<const SyntaxTree*, uint32_t> call, const Callee& callee) {
  TraitUse use{callee.trait, {}, {}};
  const TraitInfo& info = trait_info(callee.trait);
  for (size_t i = 1; i < info.declared.parameters.size(); ++i) {
    const auto found = callee.bound.find(info.declared.parameters[i].number);
    if (found == callee.bound.end() || (found->second.kind == GenericArgument::Kind::Type && contains_infer(found->second.type))) break;
    use.arguments.push_back(found->second);
  }
  chosen_traits_[call] = std::move(use);
}

// One step further inside: behind a reference, into a box, through `Deref`. None if there is none.
ExprId Checker::step_inside(ExprId place) {
  const TypeId here = type(place);
  const TypeData& data = table_.get(here);
  if (data.special != Special::None) return {};
  if (points(here)) return deref(place);
  if (nominal(here) == nullptr || closure_of(here) != nullptr) return {};
  const TraitUse use{names_.find_in(names_.library, "Deref", false), {}};
  if (!select(here, use)) return {};
  const Span where = get(place).span;
  const ExprId out = deref(pending_call(trait_callee(use, here, "deref"), table_.ref(project(here, use, "Target"), false), where, {borrow(place, false, where)}));
  overloaded_places_[out.value] = {"DerefMut", "deref_mut", place, {}};
  return out;
}

ExprId Checker::call_method(ExprId receiver, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where, bool report) {
  TypeId start = type(receiver);
  const TraitUse chosen = std::exchange(only_trait_, TraitUse());
  const DefinitionId only = chosen.trait;
  const auto found = [&](Receiver want, TypeId self, Owner owner, Callee& callee) {
    if (!find_method(self, method, callee, want, only, owner)) return false;
    for (size_t i = 0; callee.abstract && callee.trait == only && i < chosen.arguments.size(); ++i) callee.bound[trait_info(only).declared.parameters[i + 1].number] = chosen.arguments[i];
    return true;
  };
  if (is_infer(start) && infer_what(start) != 3) {
    settle_obligations();
    start = shallow(start);
    if (is_infer(start) && infer_what(start) == 0) {
      sink_.report<diag::UnknownYet>(get(receiver).span, fmt::format("its method `{}` is called", method)).help("write its type where it is made, for example `let x: Vec<i32> = …`");
      return give_up(arguments, where);
    }
    if (is_infer(start)) unify(start, infer_what(start) == 1 ? i32_ : f64_);
  }
  if (arguments.size() == 1 && arguments[0].node.valid() && kind(arguments[0].node) == NodeKind::Range && !is_kind(peel(start), TypeKind::Str) && !is_kind(peel(start), TypeKind::String)) {
    if (method == "get") method = "get_range";  // of a run: a part of it, as `v[from..to]` is
    else if (method == "get_mut") method = "get_range_mut";
  }
  for (ExprId place = receiver; place.valid(); place = step_inside(place)) {
    const TypeId here = type(place);
    if (is_never(here) || is_error(here)) return give_up(arguments, where);
    const Span at_receiver = get(receiver).span;
    const TypeData& data = table_.get(here);
    const bool reference = data.special == Special::None && data.kind == TypeKind::Ref;
    for (const Owner owner : {Owner::Type, Owner::Trait}) {  // what a type itself can do comes before what traits give it
      Callee callee;
      if (found(Receiver::Value, here, owner, callee)) return call_callee(callee, place, arguments, generics, expected, where);
      if (reference && found(Receiver::Shared, data.parts[0], owner, callee)) return call_callee(callee, borrow(deref(place), false, at_receiver, true), arguments, generics, expected, where);
      if (reference && data.is_mut && found(Receiver::Mutable, data.parts[0], owner, callee)) return call_callee(callee, borrow(deref(place), true, at_receiver, true), arguments, generics, expected, where);
      if (found(Receiver::Shared, here, owner, callee)) return call_callee(callee, borrow(place, false, at_receiver, true), arguments, generics, expected, where);
      if (found(Receiver::Mutable, here, owner, callee)) return call_callee(callee, borrow(place, true, at_receiver, true), arguments, generics, expected, where);
      if (owner == Owner::Trait) break;
      if (const ExprId out = native_method(place, method, arguments, generics, expected, where); out.valid()) return out;
    }
    if (const ExprId out = slice_method(place, method, arguments, generics, expected, where); out.valid()) return out;
  }
  if (!report) return error(where);
  unknown_method(start, method, where);
  return give_up(arguments, where);
}

// What the VM and the compiler themselves offer for a type.
ExprId Checker::native_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where) {
  const TypeId here = type(place);
  if (is_view(here))
    if (const ExprId out = view_method(place, method, nodes_of(arguments), where); out.valid()) return out;
  if (is_tensor(here))
    if (const ExprId out = tensor_method(place, method, nodes_of(arguments), generics, where); out.valid()) return out;
  if (const ExprId out = builtin_method(place, method, arguments, where); out.valid()) return out;
  std::vector<std::string> heads{head(here)};
  if (is_kind(here, TypeKind::String)) heads.emplace_back("str");
  for (const std::string& one : heads) {
    if (one.empty()) continue;
    const spec::NativeFacts* native = spec::find_native(fmt::format("{}::{}", one, method));
    if (native == nullptr || native->signature.parameters.empty() || native->signature.parameters[0].name != "self") continue;
    const spec::Pattern& self = native->signature.parameters[0].type;
    ExprId passed = self.kind == spec::PatternKind::Ref ? borrow(place, self.is_mut, get(place).span, true) : place;
    if (one != heads[0]) passed = coerce(passed, table_.ref(str_, false));
    return call_native(*native, passed, arguments, expected, where);
  }
  return {};
}

// A `Vec`, an array and a `String` can do what the slice or text in them can.
ExprId Checker::slice_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where) {
  const TypeId here = type(place);
  const TypeData& data = table_.get(here);
  if (data.special != Special::None) return {};
  const bool run = data.kind == TypeKind::Vec || data.kind == TypeKind::Array;
  if (!run && data.kind != TypeKind::String) return {};
  const TypeId inner = run ? table_.slice(data.parts[0]) : str_;
  Callee callee;
  for (const bool is_mut : {false, true}) {
    if (!find_method(inner, method, callee, is_mut ? Receiver::Mutable : Receiver::Shared)) continue;
    const ExprId reference = borrow(place, is_mut, get(place).span, true);
    return call_callee(callee, coerce(reference, table_.ref(inner, is_mut)), arguments, generics, expected, where);
  }
  if (!run) return {};
  const spec::NativeFacts* native = spec::find_native(fmt::format("slice::{}", method));
  if (native == nullptr || native->signature.parameters.empty() || native->signature.parameters[0].name != "self") return {};
  const bool is_mut = native->signature.parameters[0].type.is_mut;
  return call_native(*native, coerce(borrow(place, is_mut, get(place).span, true), table_.ref(inner, is_mut)), arguments, expected, where);
}

// Functions that the type has and that could have been meant: only what is spelled alike is looked for.
std::vector<std::string_view> Checker::near_functions(TypeId self, std::string_view wanted, std::initializer_list<Receiver> how) {
  std::vector<std::string_view> out;
  for (const auto& [word, candidates] : impls_by_function_) {
    if (!diagnostics::is_near(wanted, word)) continue;
    Callee found;
    if (std::ranges::any_of(how, [&](Receiver one) { return find_method(self, word, found, one); })) out.push_back(word);
  }
  return out;
}

// What other languages call what the type has under another name.
std::string Checker::known_elsewhere(TypeId self, std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"length", "len"}, {"lenght", "len"}, {"size", "len"}, {"count", "len"}, {"append", "push"}, {"add", "push"}, {"add", "insert"}, {"push_back", "push"}, {"pop_back", "pop"},
      {"put", "insert"}, {"set", "insert"}, {"delete", "remove"}, {"erase", "remove"}, {"has", "contains"}, {"has", "contains_key"}, {"includes", "contains"}, {"contains", "contains_key"},
      {"indexOf", "find"}, {"index_of", "find"}, {"at", "get"}, {"forEach", "for_each"}, {"each", "for_each"}, {"reduce", "fold"}, {"select", "filter"}, {"toString", "to_string"}, {"str", "to_string"},
      {"substring", "get"}, {"substr", "get"}, {"upper", "to_uppercase"}, {"lower", "to_lowercase"}, {"toUpperCase", "to_uppercase"}, {"toLowerCase", "to_lowercase"}, {"strip", "trim"},
      {"startsWith", "starts_with"}, {"startswith", "starts_with"}, {"endsWith", "ends_with"}, {"endswith", "ends_with"}, {"isEmpty", "is_empty"}, {"empty", "is_empty"}, {"concat", "extend"},
      {"front", "first"}, {"back", "last"}, {"head", "first"}, {"sqrtf", "sqrt"}, {"power", "pow"}, {"copy", "clone"}, {"unwrap_or_default", "unwrap_or"}};
  for (const auto& [theirs, ours] : kNames) {
    if (theirs != word) continue;
    const std::string own = head(self);
    const bool is_native = !own.empty() && std::ranges::any_of(spec::natives(), [&](const spec::NativeFacts& one) { return one.head == own && one.name == ours; });
    Callee found;
    const auto has = [&](Receiver how) { return find_method(self, ours, found, how); };
    if (is_native || has(Receiver::Shared) || has(Receiver::Mutable) || has(Receiver::Value)) return std::string(ours);
  }
  return {};
}

void Checker::unknown_method(TypeId start, std::string_view method, Span where) {
  const TypeId last = peel(start);
  std::vector<std::string_view> words = near_functions(last, method, {Receiver::Value, Receiver::Shared, Receiver::Mutable});
  const std::string own = head(last);
  for (const spec::NativeFacts& native : spec::natives())
    if (native.head == own && !own.empty()) words.push_back(native.name);
  if (is_tensor(last))
    for (const spec::TensorOpRow& row : spec::kTensorOpRows) words.push_back(row.name);
  auto made = sink_.report<diag::UnknownMethod>(where, name(last), method);
  const TypeData& data = table_.get(last);
  const bool run = data.special == Special::None && (data.kind == TypeKind::Vec || data.kind == TypeKind::Array || data.kind == TypeKind::Slice || select(table_.ref(last, false), {names_.find_in(names_.library, "IntoIterator", false), {}}).kind == Selection::Kind::Impl);
  if (run && trait_info(names_.find_in(names_.library, "Iterator", false)).functions.contains(std::string(method))) {
    made.help(fmt::format("iterators have it: write `.iter().{}(…)`", method));
    return;
  }
  if (const std::string_view near = diagnostics::nearest(method, words); !near.empty()) {
    made.help(fmt::format("there is `{}`", near));
    return;
  }
  if (const std::string known = known_elsewhere(last, method); !known.empty()) {
    made.help(fmt::format("that is called `{}` here", known));
    return;
  }
  for (const auto& [number, trait] : traits_) {
    if (!trait.functions.contains(std::string(method))) continue;
    if (data.special == Special::Parameter) made.help(fmt::format("trait `{}` has it: ask for it with `{}: {}`", names_.get(trait.definition).name, name(last), names_.get(trait.definition).name));
    else if (nominal(last) != nullptr) made.help(fmt::format("trait `{}` has it, and `{}` does not implement `{}`", names_.get(trait.definition).name, name(last), names_.get(trait.definition).name));
    return;
  }
  if (is_kind(last, TypeKind::Struct))
    for (const Field& field : table_.info(table_.get(last).struct_id).fields)
      if (field.name == method && callable_of(field.type)) made.help(fmt::format("`{}` is a field that can be called: write `(value.{})(…)`", method, method));
}

// What needs no declaration: clone, len, to_string, into and the like.
ExprId Checker::builtin_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, Span where) {
  const TypeId here = type(place);
  const TypeData& data = table_.get(here);
  if (!arguments.empty() || data.special == Special::Infer) return {};
  const bool run = data.special == Special::None && (data.kind == TypeKind::Array || data.kind == TypeKind::Slice);
  if (method == "len" && run) return add(ExprKind::Length, usize_, where, {place});
  if (method == "is_empty" && run) {
    const ExprId out = add(ExprKind::Binary, bool_, where, {add(ExprKind::Length, usize_, where, {place}), constant_number(0, usize_, where)});
    get(out).op = Opcode::Eq;
    return out;
  }
  if (method == "clone" && (data.kind != TypeKind::Ref || data.special != Special::None) && implements(here, "Clone")) return clone_of(place, where);
  if (method == "clone" && data.special == Special::None && data.kind == TypeKind::Ref && !data.is_mut && !implements(data.parts[0], "Clone")) return place;
  if ((method == "to_string" || method == "fmt") && data.kind != TypeKind::Ref && implements(here, "Display")) return displayed(place, where);
  if (method == "into" && data.special == Special::None && data.kind == TypeKind::String) {
    const ExprId out = add(ExprKind::Native, str_, where, {borrow(place, false, where)});
    get(out).native = spec::Native::StringToStr;
    return out;
  }
  return {};
}

ExprId Checker::clone_of(ExprId place, Span where) {
  const TypeId here = type(place);
  const TypeData& data = table_.get(here);
  if (data.special == Special::Error || data.special == Special::Never || (copies(here) && !contains_infer(here))) return place;
  if (data.special == Special::Infer && infer_what(here) != 0) return place;
  if (data.special == Special::None && data.kind == TypeKind::Tensor) return tensor_operation(spec::TensorOp::Copy, {borrow(place, false, where)}, {}, where);
  if (is_view(here)) return view_of(place, where);
  if (data.special == Special::None && data.kind == TypeKind::String) {
    const ExprId out = add(ExprKind::Native, here, where, {borrow(place, false, where)});
    get(out).native = spec::Native::StringClone;
    return out;
  }
  if (data.special == Special::None && data.kind == TypeKind::Tuple) {
    std::vector<ExprId> parts;
    for (uint32_t i = 0; i < data.parts.size(); ++i) {
      const ExprId field = add(ExprKind::Field, data.parts[i], where, {place});
      get(field).index = i;
      parts.push_back(clone_of(field, where));
    }
    return add(ExprKind::Make, here, where, std::move(parts));
  }
  if (data.special == Special::None && data.kind == TypeKind::Array && data.length <= 64) {
    std::vector<ExprId> parts;
    for (uint64_t i = 0; i < data.length; ++i) parts.push_back(clone_of(add(ExprKind::Element, data.parts[0], where, {place, constant_number(i, usize_, where)}), where));
    return add(ExprKind::Make, here, where, std::move(parts));
  }
  if (data.special == Special::None && (data.kind == TypeKind::Gc || data.kind == TypeKind::Weak || data.kind == TypeKind::Arc)) {
    const ExprId out = add(ExprKind::Native, here, where, {borrow(place, false, where)});
    get(out).native = data.kind == TypeKind::Gc ? spec::Native::GcClone : data.kind == TypeKind::Arc ? spec::Native::ArcClone : spec::Native::WeakClone;
    return out;
  }
  Callee callee;
  if (find_method(here, "clone", callee, Receiver::Shared)) return call_callee(callee, borrow(place, false, where), {}, {}, {}, where);
  if (contains_infer(here)) return call_callee(trait_callee({names_.find_in(names_.library, "Clone", false), {}}, here, "clone"), borrow(place, false, where), {}, {}, {}, where);
  missing_bound({here, {names_.find_in(names_.library, "Clone", false), {}}, std::nullopt, where, {}, false}, here);
  return error(where);
}

}  // namespace stark::types

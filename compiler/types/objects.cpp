// compiler/types/objects.cpp — trait objects, function types and boxes: their types, and values on their way into them.
// Room: types. In: `dyn` and `fn` types as written. Out: types with the functions that each method means.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

const ObjectUse* Checker::object_use(TypeId type) const {
  const auto found = objects_.find(type.value);
  return found == objects_.end() ? nullptr : &found->second;
}

LoweredType Checker::lower_box(NodeId arguments, Span where, const Elision& elision) {
  const auto given = list(arguments);
  if (given.size() != 1) {
    if (arguments.valid() || !may_guess()) return sink_.report<diag::GenericCount>(where, "Box", 1, given.size()), LoweredType{table_.error(), {}};
    return {table_.box(fresh()), {}};
  }
  LoweredType out = lower(given[0], elision);
  out.type = table_.box(out.type);
  return out;
}

// What holds or shares one value, and their guards.
std::optional<Checker::CellName> Checker::cell_named(std::string_view word) {
  struct Row {
    std::string_view word;
    CellName cell;
  };
  using spec::GuardKind;
  static constexpr Row kRows[] = {
      {"Cell", {TypeKind::Cell}}, {"RefCell", {TypeKind::RefCell}}, {"Ref", {TypeKind::Guard, GuardKind::Ref}}, {"RefMut", {TypeKind::Guard, GuardKind::RefMut}},
      {"Gc", {TypeKind::Gc}}, {"Weak", {TypeKind::Weak}}, {"Arc", {TypeKind::Arc}}, {"Mutex", {TypeKind::Mutex}}, {"RwLock", {TypeKind::RwLock}},
      {"OnceSlot", {TypeKind::OnceSlot}}, {"Atomic", {TypeKind::Atomic}}, {"MutexGuard", {TypeKind::Guard, GuardKind::Mutex}},
      {"RwLockReadGuard", {TypeKind::Guard, GuardKind::Read}}, {"RwLockWriteGuard", {TypeKind::Guard, GuardKind::Write}}};
  const auto row = std::ranges::find(kRows, word, &Row::word);
  return row == std::end(kRows) ? std::nullopt : std::optional(row->cell);
}

TypeId Checker::cell_of(CellName cell, TypeId element) { return cell.kind == TypeKind::Guard ? table_.guard(cell.guard, element) : table_.cell(cell.kind, element); }

LoweredType Checker::lower_cell(CellName cell, std::string_view word, NodeId arguments, Span where, const Elision& elision) {
  LoweredType out;
  std::vector<NodeId> given;
  NodeId lifetime;
  for (NodeId one : list(arguments)) (kind(one) == NodeKind::Lifetime ? void(lifetime = one) : given.push_back(one));
  if (given.empty() && !arguments.valid() && may_guess()) {
    out.type = cell_of(cell, fresh());
  } else if (given.size() != 1) {
    return sink_.report<diag::GenericCount>(where, word, 1, given.size()), LoweredType{table_.error(), {}};
  } else {
    out = cell.kind == TypeKind::Arc ? lower(given[0], elision) : lower_value(given[0], elision);
    out.type = cell_of(cell, out.type);
  }
  if (cell.kind == TypeKind::Guard) out.regions.insert(out.regions.begin(), region_of(lifetime, where, elision));
  if (cell.kind == TypeKind::Gc || cell.kind == TypeKind::Weak) out.regions.clear();
  return out;
}

// Cells around a box of what has no size: what goes into the innermost cell goes into the box first.
bool Checker::holds_boxed(TypeId given) const {
  TypeId here = shallow(given);
  for (const TypeData* data = &table_.get(here); data->special == Special::None && data->parts.size() == 1; data = &table_.get(here)) {
    const bool cell = data->kind == TypeKind::Gc || data->kind == TypeKind::Arc || data->kind == TypeKind::RefCell || data->kind == TypeKind::Cell || data->kind == TypeKind::Mutex || data->kind == TypeKind::RwLock;
    if (!cell && data->kind != TypeKind::Box) return false;
    here = shallow(data->parts[0]);
    if (!cell) return object_use(here) != nullptr || is_kind(here, TypeKind::Slice);
  }
  return false;
}

// An object that names no lifetime borrows nothing where it is kept; where it is passed, the body tells how long it is needed.
Region Checker::region_of_object(const Elision& elision) {
  if (elision.kind != Elision::Kind::Fresh) return 0;
  if (elision.signature != nullptr) elision.signature->handles.push_back(*elision.next + 1);
  return ++*elision.next;
}

// `dyn Shape + Send + 'a`.
LoweredType Checker::lower_object(NodeId id, const Elision& elision) {
  ObjectUse use;
  Region region = 0;
  bool named = false;
  size_t traits = 0;
  for (NodeId one : list(child(id, slot::DynType::bounds))) {
    if (kind(one) == NodeKind::Lifetime) {
      region = region_of(one, span(one), elision);
      named = true;
      continue;
    }
    if (kind(one) != NodeKind::PathType) continue;
    const NodeId last = list(child(child(one, slot::PathType::path), slot::Path::segments)).back();
    if (const auto callable = callable_bound(last)) {
      use.callable = callable;
      ++traits;
      continue;
    }
    auto found = trait_use(one, TypeId());
    if (!found) return {table_.error(), {}};
    const std::string_view marker = shipped_name(found->trait);
    if (marker == "Send" || marker == "Sync") {
      (marker == "Send" ? use.is_send : use.is_sync) = true;
      continue;
    }
    use.use = std::move(*found);
    if (++traits > 1) return sink_.report<diag::ObjectTraits>(span(one), names_.get(use.use.trait).name), LoweredType{table_.error(), {}};
  }
  if (traits == 0) return sink_.report<diag::NotATrait>(span(id), sources_.text(span(id))), LoweredType{table_.error(), {}};
  if (use.use.trait.valid() && !make_future_object(use, span(id)) && !object_safe(use.use.trait, span(id))) return {table_.error(), {}};
  if (use.is_future && is_error(use.callable->result)) return {table_.error(), {}};
  if (!named) region = region_of_object(elision);
  return {object_type(std::move(use)), {region}};
}

// A trait's name where a type stands (C10): an object in a box, unless something that points to it is written around it.
LoweredType Checker::lower_bare_object(DefinitionId trait, NodeId arguments, Span where, const Elision& elision) {
  ObjectUse use;
  use.use = trait_use(trait, arguments, TypeId(), where);
  if (!make_future_object(use, where) && !object_safe(trait, where)) return {table_.error(), {}};
  if (use.is_future && is_error(use.callable->result)) return {table_.error(), {}};
  return {object_type(std::move(use)), {region_of_object(elision)}};
}

// `dyn Future<Output = T>`: its body, which is called once, with the box that it is in.
bool Checker::make_future_object(ObjectUse& use, Span where) {
  if (shipped_name(use.use.trait) != "Future") return false;
  const bool is_told = !use.use.equal.empty();
  if (!is_told) sink_.report<diag::NotObjectSafe>(where, "Future", "Output").help("say what it gives: `dyn Future<Output = …>`");
  use.callable = Callable{Calling::Once, {}, is_told ? use.use.equal[0].second : table_.error()};
  use.is_future = true;
  use.use = {};
  return true;
}

// A future on its way into a box that hides which one it is: a closure that awaits it. None if it is a body already.
ExprId Checker::coerce_future(ExprId value, TypeId source, const ObjectUse& use, TypeId wanted) {
  if (!use.is_future || callable_of(source)) return {};
  const Span where = get(value).span;
  obligations_.push_back({source, {names_.find_in(names_.library, "Future", false), {}, {{"Output", use.callable->result}}}, std::nullopt, where, {}, false});
  const ExprId out = call_library(use.is_send ? "hide_sent_future" : "hide_future", value, where);
  unify(get(out).type, wanted);
  return out;
}

LoweredType Checker::lower_function_type(NodeId id, const Elision& elision) {
  if (tree().has(id, parse::kExtern)) return lower_foreign_fn(id);
  std::vector<TypeId> parameters;
  for (NodeId one : list(child(id, slot::FnType::parameters))) parameters.push_back(type_of(one));
  const NodeId result = child(id, slot::FnType::result);
  const TypeId type = table_.fn(std::move(parameters), result.valid() ? type_of(result) : unit_);
  std::vector<Region> regions;
  for (uint32_t k = table_.region_slots(type); k > 0; --k) regions.push_back(region_of_object(elision));
  return {type, regions};
}

// What keeps a trait from being used as `dyn`: functions that name Self or have type parameters. Reported once.
bool Checker::object_safe(DefinitionId trait, Span where) {
  const TraitInfo& info = trait_info(trait);
  for (const auto& [word, item] : std::vector<std::pair<std::string, NodeId>>(info.function_order)) {
    if (object_method(trait, item) != ObjectMethod::Unsafe) continue;
    sink_.report<diag::NotObjectSafe>(where, names_.get(trait).name, word).label(info.tree->get(item).name, "this function names `Self` or has type parameters").help("add `where Self: Sized` to it, or use the trait as a bound: `T: …`");
    return false;
  }
  return true;
}

Checker::ObjectMethod Checker::object_method(DefinitionId trait, NodeId item) {
  const TraitInfo& info = trait_info(trait);
  Callee callee;
  callee.tree = info.tree, callee.node = item, callee.module = info.module, callee.trait = trait;
  const FunctionInfo& shape = function_info(callee);
  const TypeId self = info.declared.parameters[0].argument.type;
  for (const Bound& one : shape.bounds)
    if (one.subject == self && shipped_name(one.use.trait) == "Sized") return ObjectMethod::Hidden;
  if (!shape.has_self) return ObjectMethod::Unsafe;
  if (shape.parameters.size() != shape.own) return shape.nodes.empty() || info.tree->child(item, slot::Fn::body).valid() ? ObjectMethod::Hidden : ObjectMethod::Unsafe;
  const TypeData& first = table_.get(shape.types[0]);
  if (first.special != Special::None) return info.tree->child(item, slot::Fn::body).valid() ? ObjectMethod::Hidden : ObjectMethod::Unsafe;  // takes Self by value
  const auto names_self = [&](TypeId type) { return type.valid() && mentions(type, self); };
  for (size_t i = 1; i < shape.types.size(); ++i)
    if (names_self(shape.types[i])) return ObjectMethod::Unsafe;
  return names_self(shape.result) ? ObjectMethod::Unsafe : ObjectMethod::Slot;
}

bool Checker::mentions(TypeId type, TypeId wanted) {
  if (type == wanted) return true;
  const TypeData& data = table_.get(type);
  if (data.special == Special::Projection) return false;
  if (const Nominal* used = nominal_exact(type))
    for (const GenericArgument& one : std::vector<GenericArgument>(used->arguments))
      if (one.kind == GenericArgument::Kind::Type && mentions(one.type, wanted)) return true;
  return std::ranges::any_of(data.parts, [&](TypeId part) { return mentions(part, wanted); });
}

std::string Checker::object_name(const ObjectUse& use) { return plain_object_name(use) + (use.is_send ? " + Send" : "") + (use.is_sync ? " + Sync" : ""); }

std::string Checker::plain_object_name(const ObjectUse& use) {
  if (use.is_future) return fmt::format("Future<Output = {}>", name(use.callable->result));
  if (use.callable) {
    std::string out(calling_text(use.callable->calling));
    out += "(";
    for (size_t i = 0; i < use.callable->parameters.size(); ++i) out += (i ? ", " : "") + name(use.callable->parameters[i]);
    out += ")";
    return use.callable->result == unit_ ? out : out + " -> " + name(use.callable->result);
  }
  std::string inner;
  for (const GenericArgument& one : use.use.arguments) inner += (inner.empty() ? "" : ", ") + argument_text(one);
  for (const auto& [word, type] : use.use.equal) inner += (inner.empty() ? "" : ", ") + fmt::format("{} = {}", word, name(type));
  return names_.get(use.use.trait).name + (inner.empty() ? "" : "<" + inner + ">");
}

TypeId Checker::object_type(ObjectUse use) {
  for (GenericArgument& one : use.use.arguments) one = deep(one);
  std::string key = use.callable ? "" : std::to_string(use.use.trait.value);
  for (const GenericArgument& one : use.use.arguments) key += argument_key(one);
  for (auto& [word, type] : use.use.equal) type = deep(type), key += fmt::format(",{}={}", word, type.value);
  if (use.callable) {
    key += calling_text(use.callable->calling);
    for (TypeId& one : use.callable->parameters) one = deep(one), key += fmt::format(",{}", one.value);
    use.callable->result = deep(use.callable->result);
    key += fmt::format("->{}", use.callable->result.value);
  }
  key += use.is_future ? "+Future" : "";
  key += use.is_send ? "+Send" : "";
  key += use.is_sync ? "+Sync" : "";
  const auto known = object_ids_.find(key);
  if (known != object_ids_.end()) return known->second;
  DynInfo info;
  info.name = object_name(use);
  info.is_send = use.is_send;
  info.is_sync = use.is_sync;
  const DynId id = table_.add_dyn(std::move(info));
  const TypeId type = table_.dyn_type(id);
  object_ids_[key] = type;
  objects_[type.value] = std::move(use);
  return type;
}

TypeId Checker::substitute_object(ObjectUse use, const Bindings& bound) {
  if (use.callable) use.callable = substitute(*use.callable, bound);
  use.use = substitute(use.use, bound);
  return object_type(std::move(use));
}

bool Checker::fit_objects(TypeId pattern, TypeId given, Bindings& bound) {
  const ObjectUse *p = object_use(pattern), *g = object_use(given);
  if (p == nullptr || g == nullptr) return p == g;
  if (p->is_send != g->is_send || p->is_sync != g->is_sync || p->is_future != g->is_future) return false;
  const ObjectUse a = *p, b = *g;
  if (a.use.trait != b.use.trait || a.callable.has_value() != b.callable.has_value() || a.use.arguments.size() != b.use.arguments.size()) return false;
  for (size_t i = 0; i < a.use.arguments.size(); ++i)
    if (fit(a.use.arguments[i], b.use.arguments[i], bound) == Fit::No) return false;
  if (!a.callable) return true;
  if (a.callable->parameters.size() != b.callable->parameters.size() || a.callable->calling != b.callable->calling) return false;
  for (size_t i = 0; i < a.callable->parameters.size(); ++i)
    if (fit(a.callable->parameters[i], b.callable->parameters[i], bound) == Fit::No) return false;
  return fit(a.callable->result, b.callable->result, bound) != Fit::No;
}

Callable Checker::function_callable(TypeId type) {
  const TypeData& data = table_.get(shallow(type));
  Callable out;
  out.parameters.assign(data.parts.begin(), data.parts.end() - 1);
  out.result = data.parts.back();
  return out;
}

// --- methods of an object, in the order of its table: its trait's, then those of the supertraits

std::vector<Checker::ObjectSlot> Checker::object_slots(TypeId object) {
  std::vector<ObjectSlot> out;
  const ObjectUse use = *object_use(object);
  if (use.callable) return out;
  std::vector<TraitUse> open{use.use};
  std::vector<uint32_t> seen;
  for (size_t i = 0; i < open.size() && i < 64; ++i) {
    const TraitUse one = open[i];
    if (std::ranges::find(seen, one.trait.value) != seen.end()) continue;
    seen.push_back(one.trait.value);
    for (const auto& [word, item] : std::vector<std::pair<std::string, NodeId>>(trait_info(one.trait).function_order))
      if (object_method(one.trait, item) == ObjectMethod::Slot) out.push_back({one, word});
    supertraits_of(one, object, open);
  }
  return out;
}

// The signatures of an object's methods are made when its first value is: they may name types that are not finished before.
void Checker::fill_object(TypeId object) {
  const DynId id = table_.get(object).dyn_id;
  if (!filled_objects_.insert(object.value).second) return;
  const ObjectUse use = *object_use(object);
  std::vector<DynMethod> methods;
  if (use.callable) {
    methods.push_back({"call", callable_signature(*use.callable, table_.ref(object, use.callable->calling == Calling::Mutable), object, use.callable->calling == Calling::Once)});
  } else {
    for (const ObjectSlot& one : object_slots(object)) {
      const Callee callee = trait_callee(one.use, object, one.method);
      const Instance made = make_instance(callee);
      Environment environment = body_environment(made.callee, made.arguments);
      environment.bounds = std::make_shared<const std::vector<Bound>>();
      Signature declared = signature(callee, environment);
      declared.outlives.insert(declared.outlives.end(), declared.implied.begin(), declared.implied.end());  // no body will ask for them
      methods.push_back({one.method, std::move(declared)});
    }
  }
  table_.info(id).methods = std::move(methods);
}

Signature Checker::callable_signature(const Callable& callable, TypeId self, TypeId object, bool once) {
  Signature made;
  const auto declare = [&](TypeId type) {
    made.parameters.push_back(type);
    std::vector<Region> regions;
    for (uint32_t k = table_.region_slots(type); k > 0; --k) regions.push_back(++made.region_count);
    made.parameter_regions.push_back(std::move(regions));
  };
  declare(once ? table_.box(object) : self);
  for (TypeId one : callable.parameters) declare(one);
  made.result = callable.result;
  if (const uint32_t slots = table_.region_slots(made.result); slots > 0) {  // from all that is passed, and from what the object holds
    const Region all = ++made.region_count;
    made.result_regions.assign(slots, all);
    for (Region region = once ? 1 : 2; region < all; ++region) made.outlives.emplace_back(region, all);
  }
  return made;
}

// `Box<Circle>` to `Box<dyn Shape>`, `&Circle` to `&dyn Shape`, a closure to `fn(i32) -> i32`: none if it is no such case.
ExprId Checker::coerce_object(ExprId value, TypeId found, TypeId wanted) {
  const TypeData &from = table_.get(found), &to = table_.get(wanted);
  const Span where = get(value).span;
  if (to.special != Special::None) return {};
  if (to.kind == TypeKind::Fn) {
    const auto callable = callable_of(found);
    if (!callable || (from.special == Special::None && from.kind == TypeKind::Fn)) return {};
    Obligation asked{found, {}, function_callable(wanted), where, {}, false};
    asked.callable->calling = Calling::Shared;
    obligations_.push_back(std::move(asked));
    settle_obligations();
    return unsize(ExprKind::MakeFn, value, found, wanted);
  }
  if (to.kind != TypeKind::Box && to.kind != TypeKind::Ref && to.kind != TypeKind::Arc) return {};
  const TypeId target = shallow(to.parts[0]);
  const ObjectUse* object = object_use(target);
  if (object == nullptr) return {};
  if (from.special != Special::None || from.kind != to.kind) return {};
  if (to.is_mut && !from.is_mut) return {};
  const TypeId source = shallow(from.parts[0]);
  if (source == target || object_use(source) != nullptr) return {};
  if (is_infer(source) && infer_what(source) == 0) return {};  // a literal takes its default later
  const ObjectUse use = *object;
  if (const ExprId hidden = coerce_future(value, source, use, wanted); hidden.valid()) return hidden;
  Obligation asked{source, use.use, use.callable, where, {}, false};
  obligations_.push_back(std::move(asked));
  for (const std::string_view marker : {"Send", "Sync"})
    if (marker == "Send" ? use.is_send : use.is_sync) obligations_.push_back({source, {names_.find_in(names_.library, marker, false), {}, {}}, std::nullopt, where, {}, false});
  settle_obligations();
  if (to.kind == TypeKind::Ref && from.is_mut && !to.is_mut) value = borrow(deref(value), false, where);
  else if (to.kind == TypeKind::Ref && from.is_mut) value = borrow(deref(value), true, where);
  return unsize(ExprKind::Unsize, value, source, wanted);
}

ExprId Checker::unsize(ExprKind what, ExprId value, TypeId concrete, TypeId wanted) {
  const ExprId out = add(what, wanted, get(value).span, {value});
  unsized_.push_back({out, concrete});
  return out;
}

// The functions behind a finished conversion: one instance for each method.
void Checker::finish_unsized() {
  if (defining_ || sink_.errors() != errors_before_) return;
  for (const auto& [id, given] : std::vector<std::pair<ExprId, TypeId>>(unsized_)) {
    const TypeId concrete = deep(given);
    const TypeId wanted = get(id).type;
    const bool is_fn = get(id).kind == ExprKind::MakeFn;
    const TypeId object = is_fn ? table_.fn_dyn(wanted) : table_.get(wanted).parts[0];
    if (!is_fn) fill_object(object);
    if (is_kind(concrete, TypeKind::Str)) {  // its methods take letters and a length, and an object has one address
      sink_.report<diag::TextObject>(get(id).span, name(object)).help("put a `String` there: `String::from(…)`");
      continue;
    }
    if (is_fn && table_.needs_drop(concrete)) {
      sink_.report<diag::FnOwns>(get(id).span, name(concrete)).help("use `Box<dyn Fn(…)>`, which owns what it captured");
      continue;
    }
    TypedVTable made{concrete, object, {}};
    if (closure_of(concrete) != nullptr) {
      made.functions.push_back(callable_method(concrete, object));
    } else if (!is_fn && !object_use(object)->callable) {
      for (const ObjectSlot& one : object_slots(object)) {
        const Selection found = select(concrete, {one.use.trait, one.use.arguments});
        const std::string_view trait = shipped_name(one.use.trait);
        if (found.kind == Selection::Kind::Builtin && (trait == "Display" || trait == "Debug")) {  // what the VM prints by itself has no impl
          made.functions.push_back(instance(make_instance(library_callee(trait == "Display" ? "display_of" : "debug_of", concrete))));
          continue;
        }
        if (found.kind != Selection::Kind::Impl) {
          if (sink_.errors() == errors_before_) missing_bound({concrete, one.use, std::nullopt, get(id).span, {}, false}, concrete);
          break;
        }
        made.functions.push_back(instance(make_instance(impl_callee(found.impl, found.bound, concrete, one.method))));
      }
    }
    check_finaliser(concrete, get(id).span);
    get(id).index = vtable(std::move(made));
  }
}

uint32_t Checker::vtable(TypedVTable made) {
  for (size_t i = 0; i < typed_.vtables.size(); ++i)
    if (typed_.vtables[i].concrete == made.concrete && typed_.vtables[i].object == made.object) return static_cast<uint32_t>(i);
  typed_.vtables.push_back(std::move(made));
  return static_cast<uint32_t>(typed_.vtables.size() - 1);
}

// A call on an object's method: which entry of its table.
void Checker::finish_object_call(ExprId id, const Callee& callee) {
  const TypeId object = callee.self;
  fill_object(object);
  const auto slots = object_slots(object);
  const std::string_view word = callee.tree->get(callee.node).text;
  for (size_t i = 0; i < slots.size(); ++i)
    if (slots[i].method == word && slots[i].use.trait == callee.trait) {
      get(id).kind = ExprKind::CallObject;
      get(id).index = static_cast<uint32_t>(i);
      return;
    }
  sink_.report<diag::UnknownMethod>(get(id).span, name(object), word).help("it cannot be called through `dyn`: its type is not known there");
}

}  // namespace stark::types

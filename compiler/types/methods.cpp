// compiler/types/methods.cpp — method calls: looking through references, the order of search, what every type can do.
// Room: types. In: method call nodes. Out: typed expressions.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;

std::string_view Checker::head(TypeId given) {
  const TypeId type_id = shallow(given);
  const TypeData data = table_.get(type_id);
  if (data.special != Special::None) return "";
  if (data.kind == TypeKind::Vec) return "Vec";
  if (data.kind == TypeKind::Tensor) return "Tensor";
  static std::string text;
  text = table_.name(type_id);
  return text;
}

// A function of an impl whose Self fits; `out.environment` then holds Self and the impl's generic arguments.
bool Checker::find_method(TypeId given, std::string_view method, Callee& out, bool need_self) {
  const TypeId self = shallow(given);
  if (table_.get(self).special != Special::None) return false;
  const auto candidates = impls_by_function_.find(std::string(method));
  if (candidates == impls_by_function_.end()) return false;
  for (uint32_t i : candidates->second) {
    const ImplInfo& info = impls_[i];
    Environment bound;
    const auto generics = generic_names(*info.tree, info.tree->child(info.node, slot::Impl::generics));
    if (!match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), self, bound, generics)) continue;
    bound.self = self;
    const auto own = info.functions.find(std::string(method));
    out = {{}, i, info.tree, {}, info.module, {}, bound, fmt::format("{}::{}", name(self), method)};
    if (own != info.functions.end()) {
      out.node = own->second;
    } else {
      const Definition& trait = names_.get(info.trait);
      for (NodeId item : trait.tree->children_of(trait.tree->child(trait.node, slot::Trait::items)))
        if (trait.tree->kind(item) == NodeKind::Fn && trait.tree->get(item).text == method) out.node = item;
      out.tree = trait.tree, out.module = trait.module, out.trait = info.trait;
      if (!out.node.valid() || !out.tree->child(out.node, slot::Fn::body).valid()) continue;
    }
    if (need_self && !has_self(*out.tree, out.node)) continue;
    return true;
  }
  return false;
}

ExprId Checker::receiver_for(ExprId place, bool by_reference, bool is_mut, Span where) {
  if (!by_reference) return place;
  return borrow(place, is_mut, where, true);
}

ExprId Checker::method_call(NodeId id, TypeId expected) {
  const ExprId receiver = expression(child(id, slot::MethodCall::receiver));
  const NodeId generics = child(id, slot::MethodCall::generics);
  const auto arguments = list(child(id, slot::MethodCall::arguments));
  if (is_error(get(receiver).type)) {
    for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
    return error(span(id));
  }
  const ExprId out = call_method(receiver, node(id).text, arguments, list(generics), expected, Span{node(id).name});
  if (get(out).kind != ExprKind::Error && get(out).kind != ExprKind::Local) get(out).span = span(id);
  return out;
}

ExprId Checker::call_method(ExprId receiver, std::string_view method, std::span<const NodeId> arguments, std::span<const NodeId> generics, TypeId expected, Span where, bool report) {
  const TypeId start = type(receiver);
  if (is_infer(start)) {
    if (infer_what(start) == 0) return sink_.report<diag::UnknownYet>(get(receiver).span, fmt::format("its method `{}` is called", method)), error(where);
    unify(start, infer_what(start) == 1 ? i32_ : f64_);
  }
  for (ExprId place = receiver;; place = deref(place)) {
    const TypeId here = type(place);
    if (is_never(here) || is_error(here)) return error(where);
    Callee callee;
    if (find_method(here, method, callee, true)) {
      const NodeId self = callee.tree->children_of(callee.tree->child(callee.node, slot::Fn::parameters))[0];
      const ExprId passed = receiver_for(place, callee.tree->has(self, parse::kReference), callee.tree->has(self, parse::kMut), get(receiver).span);
      return call_callee(callee, passed, arguments, generics, expected, where);
    }
    if (is_tensor(here)) {
      const ExprId out = tensor_method(place, method, arguments, generics, where);
      if (out.valid()) return out;
    }
    if (const ExprId out = builtin_method(place, method, arguments, where); out.valid()) return out;
    std::vector<std::string> heads{std::string(head(here))};
    if (is_kind(here, TypeKind::String)) heads.emplace_back("str");
    for (const std::string& one : heads) {
      const spec::NativeFacts* native = spec::find_native(fmt::format("{}::{}", one, method));
      if (native == nullptr || native->signature.parameters.empty() || native->signature.parameters[0].name != "self") continue;
      const spec::Pattern& self = native->signature.parameters[0].type;
      ExprId passed = receiver_for(place, self.kind == spec::PatternKind::Ref, self.is_mut, get(receiver).span);
      if (one != heads[0]) passed = coerce(passed, table_.ref(str_, false));
      return call_native(*native, passed, arguments, expected, where);
    }
    if (!is_kind(here, TypeKind::Ref)) break;
  }
  if (!report) return error(where);
  for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
  std::vector<std::string_view> words;
  const TypeId last = peel(start);
  for (const auto& [word, candidates] : impls_by_function_) {
    Callee one;
    if (find_method(last, word, one, true)) words.push_back(word);
  }
  const std::string own(head(last));
  for (const spec::NativeFacts& native : spec::natives())
    if (native.head == own) words.push_back(native.name);
  if (is_tensor(last))
    for (const spec::TensorOpRow& row : spec::kTensorOpRows) words.push_back(row.name);
  auto made = sink_.report<diag::UnknownMethod>(where, name(last), method);
  const std::string_view near = diagnostics::nearest(method, words);
  if (!near.empty()) made.help(fmt::format("there is `{}`", near));
  return error(where);
}

// What needs no declaration: clone, len, to_string, into and the like.
ExprId Checker::builtin_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, Span where) {
  const TypeId here = type(place);
  const TypeData data = table_.get(here);
  if (!arguments.empty()) return {};
  const bool run = data.kind == TypeKind::Array || data.kind == TypeKind::Slice;
  if (method == "len" && run) return add(ExprKind::Length, usize_, where, {place});
  if (method == "is_empty" && run) {
    const ExprId out = add(ExprKind::Binary, bool_, where, {add(ExprKind::Length, usize_, where, {place}), constant_number(0, usize_, where)});
    get(out).op = Opcode::Eq;
    return out;
  }
  if (method == "clone" && data.kind != TypeKind::Opaque && (data.kind != TypeKind::Ref || !implements(data.parts[0], "Clone"))) return clone_of(place, where);
  if (method == "to_string" && data.kind != TypeKind::Ref) return displayed(place, where);
  if (method == "into" && data.kind == TypeKind::String) {
    const ExprId out = add(ExprKind::Native, str_, where, {borrow(place, false, where)});
    get(out).native = spec::Native::StringToStr;
    return out;
  }
  if (method == "into" && data.kind == TypeKind::Str) {
    const ExprId out = add(ExprKind::Native, table_.scalar(TypeKind::String), where, {coerce(place, table_.ref(str_, false))});
    get(out).native = spec::Native::StringFrom;
    return out;
  }
  return {};
}

ExprId Checker::clone_of(ExprId place, Span where) {
  const TypeId here = type(place);
  const TypeData data = table_.get(here);
  if (data.special != Special::None || (table_.is_copy(here) && !contains_infer(here))) return place;
  if (data.kind == TypeKind::Tensor) return tensor_operation(spec::TensorOp::Copy, {borrow(place, false, where)}, {}, where);
  Callee callee;
  if (find_method(here, "clone", callee, true)) return call_callee(callee, borrow(place, false, where), {}, {}, {}, where);
  if (data.kind == TypeKind::String) {
    const ExprId out = add(ExprKind::Native, here, where, {borrow(place, false, where)});
    get(out).native = spec::Native::StringClone;
    return out;
  }
  if (data.kind == TypeKind::Tuple) {
    std::vector<ExprId> parts;
    for (uint32_t i = 0; i < data.parts.size(); ++i) {
      const ExprId field = add(ExprKind::Field, data.parts[i], where, {place});
      get(field).index = i;
      parts.push_back(clone_of(field, where));
    }
    return add(ExprKind::Make, here, where, std::move(parts));
  }
  if (nominal(here) != nullptr && derived(here, "Clone")) {
    Instance wanted;
    wanted.made = Instance::Made::Clone;
    wanted.self = here;
    const Definition& made = names_.get(nominal(here)->definition);
    wanted.callee.tree = made.tree, wanted.callee.node = made.node, wanted.callee.module = made.module;
    wanted.callee.name = name(here) + "::clone";
    const ExprId out = add(ExprKind::Call, here, where, {borrow(place, false, where)});
    get(out).method = static_cast<uint32_t>(pending_.size());
    pending_.push_back(std::move(wanted));
    return out;
  }
  auto report = sink_.report<diag::MissingBound>(where, name(here), "Clone");
  if (nominal(here) != nullptr) report.help("derive it: `#[derive(Clone)]`");
  return error(where);
}

// Bodies of derived `clone` and `eq`: one match over the variants, or one struct after the other.
void Checker::derive_body(TypedFunction& function, const Instance& wanted) {
  body_ = &function;
  errors_before_ = sink_.errors();
  variables_.clear(), pending_.clear(), scopes_.clear(), loops_.clear();
  shipped_ = true;
  const bool equal = wanted.made == Instance::Made::Equal;
  const TypeId self = wanted.self, reference = table_.ref(self, false);
  const Span where = wanted.callee.tree->get(wanted.callee.node).name;
  function.file = wanted.callee.tree->file;
  function.span = where;
  FunctionSignature& made = function.signature;
  for (int i = 0; i < (equal ? 2 : 1); ++i) {
    made.parameters.push_back(reference);
    std::vector<Region> regions;
    for (uint32_t k = table_.region_slots(reference); k > 0; --k) regions.push_back(++made.region_count);
    made.parameter_regions.push_back(regions);
  }
  made.result = equal ? bool_ : self;
  if (!equal) made.result_regions.assign(made.parameter_regions[0].begin() + 1, made.parameter_regions[0].end());
  at(wanted.callee.tree, wanted.callee.module, {}, [&] {
    const ScopeGuard scope(*this);
    std::vector<BodyLocalId> holders;
    for (size_t i = 0; i < made.parameters.size(); ++i) {
      holders.push_back(add_local("", reference, false, where));
      function.parameters.push_back(bind(holders.back(), where));
    }
    const TypeData data = table_.get(self);
    const auto fields_of = [&](const std::vector<Field>& fields, PatternId out, std::vector<BodyLocalId>& locals) {
      for (uint32_t i = 0; i < fields.size(); ++i) {
        const BodyLocalId one = add_local("", table_.ref(fields[i].type, false), false, where);
        const PatternId part = add_pattern(PatternKind::Bind, fields[i].type, where);
        get(part).local = one, get(part).by_reference = true;
        locals.push_back(one);
        get(out).numbers.push_back(i);
        get(out).parts.push_back(part);
      }
    };
    const auto both = [&](const std::vector<Field>& fields, std::vector<BodyLocalId>& a, std::vector<BodyLocalId>& b) {
      ExprId all = constant_number(1, bool_, where);
      for (size_t i = 0; i < fields.size(); ++i)
        all = add(ExprKind::And, bool_, where, {all, comparison(Opcode::Eq, deref(local(a[i], where)), deref(local(b[i], where)), where)});
      return all;
    };
    std::vector<std::vector<Field>> shapes;
    if (data.kind == TypeKind::Struct) shapes.push_back(table_.info(data.struct_id).fields);
    else for (const Variant& variant : table_.info(data.enum_id).variants) shapes.push_back(variant.fields);
    const bool is_enum = data.kind == TypeKind::Enum;
    std::vector<Arm> arms;
    for (uint32_t v = 0; v < shapes.size(); ++v) {
      const PatternId mine = add_pattern(is_enum ? PatternKind::Variant : PatternKind::Fields, self, where);
      get(mine).index = v;
      std::vector<BodyLocalId> a, b;
      fields_of(shapes[v], mine, a);
      ExprId value;
      if (!equal) {
        std::vector<ExprId> parts;
        for (BodyLocalId one : a) parts.push_back(clone_of(deref(local(one, where)), where));
        value = is_enum ? make_variant(self, v, std::move(parts), where) : add(ExprKind::Make, self, where, std::move(parts));
      } else {
        const PatternId other = add_pattern(is_enum ? PatternKind::Variant : PatternKind::Fields, self, where);
        get(other).index = v;
        fields_of(shapes[v], other, b);
        const PatternId wild = add_pattern(PatternKind::Wild, self, where);
        value = add(ExprKind::Match, bool_, where, {deref(local(holders[1], where))});
        const ExprId same = both(shapes[v], a, b), different = constant_number(0, bool_, where);
        get(value).arms = {{other, {}, same}, {wild, {}, different}};
      }
      arms.push_back({mine, {}, value});
    }
    const ExprId out = add(ExprKind::Match, made.result, where, {deref(local(holders[0], where))});
    get(out).arms = std::move(arms);
    function.body = out;
  });
  finish_body();
  body_ = nullptr;
}

}  // namespace stark::types

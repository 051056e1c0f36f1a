// compiler/types/statics.cpp — statics: their places, their initialisers, and which of them cannot be made.
// Room: types. In: paths that name statics. Out: places behind references that live for ever; a function that makes each value.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

// Known by its declaration; its initialiser is checked with the other bodies.
uint32_t Checker::static_number(const SyntaxTree& in, NodeId item, ModuleId module) {
  const auto [known, added] = static_numbers_.try_emplace({&in, item.value}, static_cast<uint32_t>(typed_.statics.size()));
  if (!added) return known->second;
  const uint32_t number = known->second;
  TypedStatic made;
  made.name = std::string(in.get(item).text), made.span = in.get(item).name;
  made.is_mut = in.has(item, parse::kMut), made.is_local = in.has(item, parse::kLocal);
  const NodeId declared = in.child(item, slot::Static::type);
  typed_.statics.push_back(made);
  const TypeId type = declared.valid() ? at(&in, module, {}, [&] { return type_of(declared); }) : table_.error();
  typed_.statics[number].type = type;
  typed_.statics[number].function = add_made({});
  instances_.back().of_static = number;
  statics_.push_back({&in, item, module});
  return number;
}

// A static is behind a reference, one that is `mut` behind a pointer; what a thread has for itself is behind a handle, in its key.
ExprId Checker::static_value(const PathTarget& target, Span where) {
  const uint32_t number = static_number(*target.tree, target.node, target.module);
  const TypedStatic one = typed_.statics[number];
  if (is_error(one.type)) return error(where);
  const TypeId reached = one.is_local ? table_.cell(TypeKind::Arc, one.type) : one.is_mut ? table_.cell(TypeKind::Ptr, one.type, true) : table_.ref(one.type, false);
  const ExprId out = add(ExprKind::Static, reached, where);
  get(out).index = number;
  if (one.is_local) return add(ExprKind::Make, library_type("LocalKey", {one.type}), where, {out});
  if (one.is_mut) demand_unsafe(where, fmt::format("using `{}`, which any thread may be changing,", one.name));
  return add(ExprKind::Deref, one.type, where, {out});
}

// What nobody may change: `COUNT = 1`, `&mut TABLE`.
void Checker::refuse_static(ExprId place) {
  for (ExprId id = place; is_place(id) && get(id).kind != ExprKind::Local; id = get(id).parts[0]) {
    if (get(id).kind != ExprKind::Deref) continue;
    const ExprId holder = get(id).parts[0];
    if (get(holder).kind == ExprKind::Static && is_kind(get(holder).type, TypeKind::Ref)) {
      sink_.report<diag::StaticChanged>(get(place).span, typed_.statics[get(holder).index].name)
          .label(typed_.statics[get(holder).index].span, "declared here without `mut`")
          .help("what threads change together is a `Mutex`, a `RwLock` or an atomic");
    }
    if (!is_kind(get(holder).type, TypeKind::Box)) return;
  }
}

// The function that makes it. All lifetimes in what it returns are 'static; all threads see it.
void Checker::check_static(uint32_t number) {
  const TypedStatic one = typed_.statics[number];
  const StaticItem item = statics_[number];
  TypedFunction function;
  function.name = one.name, function.file = item.tree->file, function.span = one.span;
  function.signature.result = one.is_local && !is_error(one.type) ? table_.cell(TypeKind::Arc, one.type) : one.type;
  function.signature.result_regions.assign(is_error(one.type) ? 0 : table_.region_slots(one.type), 0);
  BodyState before = std::exchange(static_cast<BodyState&>(*this), BodyState());
  body_ = &function;
  shipped_ = names_.get(item.module).shipped;
  errors_before_ = is_error(one.type) ? ~size_t{0} : sink_.errors();
  result_ = one.type;
  at_code(item.tree, item.module, {}, [&] {
    const ScopeGuard scope(*this);
    const NodeId value = child(item.node, slot::Static::value);
    function.body = value.valid() ? checked(value, one.type) : error(span(item.node));
    if (one.is_local) {
      const ExprId inside = function.body;
      function.body = add(ExprKind::Native, function.signature.result, one.span, {inside});
      get(function.body).native = spec::Native::ArcNew;
    }
    finish_body();
    const bool is_shared = !one.is_mut && !one.is_local && !is_error(one.type);
    const NodeId declared = child(item.node, slot::Static::type);
    const Span where = declared.valid() ? span(declared) : one.span;
    if (is_shared && marker_of(true, one.type) == false) missing_bound({one.type, {names_.find_in(names_.library, "Sync", false), {}, {}}, std::nullopt, where, {}, false}, one.type);
  });
  static_cast<BodyState&>(*this) = std::move(before);
  typed_.functions[one.function] = std::move(function);
}

namespace {

// What a body calls by name, and the statics that it uses.
struct Uses {
  std::vector<uint32_t> functions, statics;
};

Uses uses_of(const TypedFunction& function) {
  Uses out;
  std::vector<ExprId> open{function.body};
  std::vector<bool> seen(function.exprs.size());
  while (!open.empty()) {
    const ExprId id = open.back();
    open.pop_back();
    if (!id.valid() || seen[id.index()]) continue;
    seen[id.index()] = true;
    const Expr& one = function.get(id);
    if (one.kind == ExprKind::Call) out.functions.push_back(one.index);
    if (one.kind == ExprKind::Static) out.statics.push_back(one.index);
    open.insert(open.end(), one.parts.begin(), one.parts.end());
    for (const TypedStatement& statement : one.statements) open.insert(open.end(), {statement.value, statement.otherwise});
    for (const Arm& arm : one.arms) open.insert(open.end(), {arm.guard, arm.body});
  }
  return out;
}

}  // namespace

// A static whose initialiser, or a function that it calls, needs the static itself. What goes by way of objects shows when it runs.
void Checker::check_static_cycles() {
  std::vector<std::optional<Uses>> known(typed_.functions.size());
  const auto uses = [&](uint32_t function) -> const Uses& {
    if (!known[function]) known[function] = uses_of(typed_.functions[function]);
    return *known[function];
  };
  std::vector<bool> told(typed_.statics.size());
  for (uint32_t start = 0; start < typed_.statics.size(); ++start) {
    std::vector<bool> seen(typed_.functions.size());
    std::vector<uint32_t> open{typed_.statics[start].function}, on_the_way;
    bool found = false;
    while (!open.empty() && !found) {
      const uint32_t function = open.back();
      open.pop_back();
      if (seen[function]) continue;
      seen[function] = true;
      for (uint32_t next : uses(function).functions) open.push_back(next);
      for (uint32_t next : uses(function).statics) {
        found |= next == start;
        on_the_way.push_back(next);
        open.push_back(typed_.statics[next].function);
      }
    }
    if (!found || told[start]) continue;
    auto report = sink_.report<diag::StaticCycle>(typed_.statics[start].span, typed_.statics[start].name);
    for (uint32_t other : on_the_way) {
      if (other == start || told[other]) continue;
      told[other] = true;
      report.label(typed_.statics[other].span, "by way of this one");
    }
    report.help("let one of them be made without the other, or make it when it is first asked for: `LazyLock::new(|| …)`");
  }
}

}  // namespace stark::types

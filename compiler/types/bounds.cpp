// compiler/types/bounds.cpp — what calls ask of their generic arguments: kept until it can be told, and a source of inference itself.
// Room: types. In: bounds with the call's types in them. Out: types found out; a diagnostic for each bound that fails.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

void Checker::require(const std::vector<Bound>& bounds, const Bindings& bound, Span where) {
  for (const Bound& one : std::vector<Bound>(bounds)) {
    Obligation made;
    made.subject = substitute(one.subject, bound);
    if (one.callable) made.callable = substitute(*one.callable, bound);
    else made.use = substitute(one.use, bound);
    made.where = where;
    made.asked = one.span;
    obligations_.push_back(std::move(made));
  }
}

// Goes through what is open until nothing new is learned.
void Checker::settle_obligations() {
  if (settling_) return;
  settling_ = true;
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < obligations_.size();) {
      const Obligation one = obligations_[i];
      if (!settle(one)) {
        ++i;
        continue;
      }
      obligations_.erase(obligations_.begin() + static_cast<ptrdiff_t>(i));
      moved = true;
    }
  }
  settling_ = false;
}

// True when nothing is left to do about it.
bool Checker::settle(const Obligation& one) {
  const TypeId subject = shallow(one.subject);
  if (is_error(subject) || is_never(subject)) return true;
  if (one.callable) return settle_callable(one, subject);
  if (is_infer(subject) && infer_what(subject) == 0) return false;
  const std::string_view shipped = shipped_name(one.use.trait);
  if ((shipped == "Send" || shipped == "Sync") && !one.quiet && contains_infer(subject)) return markers_.push_back(one), true;
  const Selection found = select(subject, {one.use.trait, one.use.arguments, {}});
  if (found.kind == Selection::Kind::Unknown) return false;
  if (!found) {
    if (is_infer(subject) && infer_what(subject) != 3 && !defaulting_) return false;
    if (!one.quiet) missing_bound(one, subject);
    for (const auto& [word, type] : one.use.equal)
      if (is_infer(type)) unify(type, table_.error());
    return true;
  }
  if (found.kind == Selection::Kind::Impl) {
    const bool only = impls_[found.impl].head != 0;  // `{integer}` may still become another integer, unless no other has the trait
    if (is_infer(subject) && !defaulting_ && !only) return false;
    Bindings bound = found.bound;
    const ImplInfo& info = impls_[found.impl];
    unify(instantiate(info.self, bound), subject);
    for (size_t i = 0; i < info.trait_arguments.size() && i < one.use.arguments.size(); ++i)
      if (info.trait_arguments[i].kind == GenericArgument::Kind::Type && one.use.arguments[i].kind == GenericArgument::Kind::Type)
        unify(instantiate(impls_[found.impl].trait_arguments[i].type, bound), one.use.arguments[i].type);
    for (const auto& [word, type] : one.use.equal) equate(associated_type(found.impl, bound, word), type, one, word);
    if (contains_infer(subject)) require(impls_[found.impl].declared.bounds, bound, one.where);  // they tell more of the subject
    return true;
  }
  if (found.kind == Selection::Kind::Assumed)
    for (size_t i = 0; i < found.assumed.arguments.size() && i < one.use.arguments.size(); ++i)
      if (found.assumed.arguments[i].kind == GenericArgument::Kind::Type && one.use.arguments[i].kind == GenericArgument::Kind::Type) unify(found.assumed.arguments[i].type, one.use.arguments[i].type);
  for (const auto& [word, type] : one.use.equal) equate(project(subject, one.use, word), type, one, word);
  return true;
}

void Checker::equate(TypeId actual, TypeId wanted, const Obligation& one, std::string_view word) {
  if (unify(actual, wanted) || one.quiet) return;
  sink_.report<diag::AssociatedMismatch>(one.where, name(one.subject), word, name(actual), name(wanted)).label(one.asked, "required here");
}

bool Checker::settle_callable(const Obligation& one, TypeId subject) {
  if (is_infer(subject) && infer_what(subject) == 0 && !callable_of(subject)) return false;
  const auto actual = callable_of(subject);
  if (!actual) return missing_callable(one, subject), true;
  if (actual->parameters.size() != one.callable->parameters.size()) {
    sink_.report<diag::ClosureArity>(one.where, one.callable->parameters.size(), actual->parameters.size()).label(one.asked, "required here");
    return true;
  }
  for (size_t i = 0; i < actual->parameters.size(); ++i)
    if (!unify(actual->parameters[i], one.callable->parameters[i])) {
      sink_.report<diag::Mismatch>(one.where, name(one.callable->parameters[i]), name(actual->parameters[i])).here("the parameter of what is called").label(one.asked, "required here");
      return true;
    }
  const TypeId result = shallow(actual->result);
  if (!is_never(result) && !unify(result, one.callable->result))
    sink_.report<diag::Mismatch>(one.where, name(one.callable->result), name(result)).here("the result of what is called").label(one.asked, "required here");
  if (is_infer(subject) && infer_what(subject) == 3) closures_[infer_number(subject)].asked = std::min(closures_[infer_number(subject)].asked, one.callable->calling);
  else if (actual->calling > one.callable->calling) wrong_calling(one.where, actual->calling, one.callable->calling);
  return true;
}

std::string_view Checker::calling_text(Calling calling) { return calling == Calling::Shared ? "Fn" : calling == Calling::Mutable ? "FnMut" : "FnOnce"; }

void Checker::wrong_calling(Span where, Calling actual, Calling wanted) {
  sink_.report<diag::ClosureKind>(where, calling_text(wanted), calling_text(actual))
      .help(actual == Calling::Once ? "it gives away what it captured, so it can be called only once: use a reference, or `.clone()` inside"
                                    : "it changes what it captured: ask for `FnMut`, or keep the state in a `Cell` or `RefCell`");
}

void Checker::missing_callable(const Obligation& one, TypeId subject) {
  std::string form(calling_text(one.callable->calling));
  form += "(";
  for (size_t i = 0; i < one.callable->parameters.size(); ++i) form += (i ? ", " : "") + name(one.callable->parameters[i]);
  form += ")";
  if (shallow(one.callable->result) != unit_) form += " -> " + name(one.callable->result);
  sink_.report<diag::MissingBound>(one.where, name(subject), form).label(one.asked, "required here").help("pass a closure: `|x| …`, or the name of a function");
}

void Checker::missing_bound(const Obligation& one, TypeId subject) {
  std::string form = names_.get(one.use.trait).name;
  std::string inner;
  for (const GenericArgument& argument : one.use.arguments) inner += (inner.empty() ? "" : ", ") + argument_text(argument);
  if (!inner.empty() && !(one.use.arguments.size() == 1 && one.use.arguments[0].kind == GenericArgument::Kind::Type && shallow(one.use.arguments[0].type) == subject)) form += "<" + inner + ">";
  if (form == "Iterator" && is_integer(subject)) return void(sink_.report<diag::NotIterable>(one.where, name(subject)));
  if (!told_bounds_.insert({subject.value, form}).second) return;  // said once in a body, it need not be said at every call
  auto report = sink_.report<diag::MissingBound>(one.where, name(subject), form);
  report.label(one.asked, "required here");
  const TypeData& data = table_.get(subject);
  if (data.special == Special::Parameter) report.help(fmt::format("ask for it: `{}: {}`", name(subject), form));
  else if (form == "Send" || form == "Sync") report.help(marker_reason(form == "Sync", subject));
  else if (nominal(subject) != nullptr && resolve::is_derivable(form)) report.help(fmt::format("derive it: `#[derive({})]`", form));
  else if (nominal(subject) != nullptr) report.help(fmt::format("write `impl {} for {} {{ … }}`", form, name(subject)));
}

// The pattern with a fresh variable for every parameter that is not chosen yet.
TypeId Checker::instantiate(TypeId pattern, Bindings& bound) {
  const std::function<void(TypeId)> choose = [&](TypeId type) {
    if (!is_open(type)) return;
    const TypeData& data = table_.get(type);
    if (data.special == Special::Parameter) {
      const auto number = static_cast<uint32_t>(data.length);
      if (!bound.contains(number)) bound[number] = {GenericArgument::Kind::Type, fresh(), 0, {}};
    }
    for (TypeId part : data.parts) choose(part);
    if (const Nominal* used = nominal_exact(type))
      for (const GenericArgument& argument : std::vector<GenericArgument>(used->arguments))
        if (argument.kind == GenericArgument::Kind::Type) choose(argument.type);
  };
  choose(pattern);
  return substitute(pattern, bound);
}

// The end of a body: what is still open takes defaults, then must hold.
void Checker::finish_obligations(bool last) {
  settle_obligations();
  defaulting_ = true;
  for (size_t round = 0; round < 8 && !obligations_.empty(); ++round) {
    for (const Obligation& one : std::vector<Obligation>(obligations_)) {
      default_literals(one.subject);
      for (const GenericArgument& argument : one.use.arguments)
        if (argument.kind == GenericArgument::Kind::Type) default_literals(argument.type);
    }
    settle_obligations();
  }
  defaulting_ = false;
  if (!last) return;
  for (const Obligation& one : obligations_) {
    if (one.quiet || sink_.errors() != errors_before_) continue;
    if (is_infer(one.subject)) {
      sink_.report<diag::UnknownYet>(one.where, one.callable ? "what is called here cannot be told" : fmt::format("it must implement `{}`, and nothing tells its type", names_.get(one.use.trait).name))
          .help("write its type, for example `let x: Vec<i32> = …`");
    } else if (!one.callable) {
      sink_.report<diag::AmbiguousImpl>(one.where, name(one.subject), names_.get(one.use.trait).name).help("write the type that is meant");
    }
  }
  obligations_.clear();
}

void Checker::default_literals(TypeId given) {
  if (!given.valid()) return;
  any_part(given, [&](TypeId type) {
    const int what = is_infer(type) ? infer_what(type) : 0;
    if (what == 1 || what == 2) learn(infer_number(type), what == 1 ? i32_ : f64_);
    return false;
  });
}

}  // namespace stark::types

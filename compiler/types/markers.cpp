// compiler/types/markers.cpp — `Send` and `Sync`: what may go to another thread, and what may be seen from one.
// Room: types. In: types. Out: yes or no by their parts, and which part it is that says no. The VM's verifier finds the same by itself.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

struct Checker::MarkerSearch {
  std::vector<std::pair<bool, TypeId>> open;  // being asked: a type that holds itself adds nothing new
  bool unknown = false;                       // something is not told yet
  std::vector<std::pair<bool, TypeId>> why;   // after a no: from the part that says it outwards
};

std::optional<bool> Checker::marker_of(bool sync, TypeId type) {
  MarkerSearch search;
  const bool holds = has_marker(sync, type, search);
  if (holds && search.unknown) return std::nullopt;
  return holds;
}

bool Checker::has_marker(bool sync, TypeId given, MarkerSearch& search) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special == Special::Infer) return search.unknown |= infer_what(type) == 0 || infer_what(type) == 3, true;
  if (data.special == Special::Error || data.special == Special::Never) return true;
  const std::pair key(sync, type);
  if (std::ranges::find(search.open, key) != search.open.end()) return true;
  search.open.push_back(key);
  bool holds = false;
  if (data.special == Special::None) {
    const auto written = marker_impl(sync, type);
    holds = written ? *written : parts_have_marker(sync, type, search);
  } else {
    const DefinitionId trait = names_.find_in(names_.library, sync ? "Sync" : "Send", false);
    each_assumed(type, [&](const TraitUse& known) { return holds |= known.trait == trait; });
  }
  search.open.pop_back();
  if (!holds) search.why.push_back(key);
  return holds;
}

// What an impl of Send or Sync says must be so by the parts, which is what the VM goes by; `unsafe` may say more.
void Checker::check_marker(uint32_t number) {
  const ImplInfo info = impls_[number];
  const std::string_view word = shipped_name(info.trait);
  const bool sync = word == "Sync";
  if ((word != "Send" && !sync) || names_.get(info.module).shipped || info.tree->has(info.node, parse::kNegative) || nominal(info.self) == nullptr) return;
  at(info.tree, info.module, impl_environment(number), [&] {
    MarkerSearch search;
    if (parts_have_marker(sync, info.self, search)) return;
    const Span where = info.tree->get(info.tree->child(info.node, slot::Impl::trait_path)).span;
    if (info.tree->has(info.node, parse::kUnsafe)) sink_.report<diag::MarkerUnproven>(where, name(info.self), word).help("what is sent must be so by its parts: `starkc explain T0382`");
    else sink_.report<diag::MarkerUnsafe>(where, name(info.self), word);
  });
}

// By `impl Send for …` or `impl !Send for …` of a struct or enum of the program.
std::optional<bool> Checker::marker_impl(bool sync, TypeId type) {
  if (nominal(type) == nullptr) return std::nullopt;
  const DefinitionId trait = names_.find_in(names_.library, sync ? "Sync" : "Send", false);
  const auto candidates = impls_by_trait_.find(trait.value);
  if (candidates == impls_by_trait_.end()) return std::nullopt;
  const uint64_t head = head_of(type);
  for (uint32_t i : candidates->second.of(head)) {
    if (impls_[i].head != head) continue;
    Bindings bound;
    if (fit(impls_[i].self, type, bound) == Fit::No) continue;
    if (impls_[i].tree->has(impls_[i].node, parse::kNegative)) return false;
    return bounds_hold(impls_[i].declared.bounds, bound, 1);
  }
  return std::nullopt;
}

bool Checker::parts_have_marker(bool sync, TypeId type, MarkerSearch& search) {
  const TypeData data = table_.get(type);
  const auto all = [&](bool wanted) { return std::ranges::all_of(data.parts, [&](TypeId part) { return has_marker(wanted, part, search); }); };
  const auto fields = [&](const std::vector<Field>& list) { return std::ranges::all_of(list, [&](const Field& one) { return has_marker(sync, one.type, search); }); };
  switch (data.kind) {
    case TypeKind::Ref: return all(!data.is_mut || sync);
    case TypeKind::Ptr:
    case TypeKind::Fiber:
    case TypeKind::Fn: return false;
    case TypeKind::Cell:
    case TypeKind::RefCell: return !sync && all(false);
    case TypeKind::Guard: return types::is_view(data) || (sync && data.length > static_cast<uint64_t>(spec::GuardKind::RefMut) && all(true));
    case TypeKind::Gc:
    case TypeKind::Weak:
    case TypeKind::Arc: return all(false) && all(true);
    case TypeKind::Mutex: return all(false);
    case TypeKind::RwLock:
    case TypeKind::OnceSlot: return all(false) && (!sync || all(true));
    case TypeKind::Dyn: {
      const ObjectUse use = *object_use(type);
      if (sync ? use.is_sync : use.is_send) return true;
      if (!use.use.trait.valid()) return false;
      std::vector<TraitUse> open{use.use};
      for (size_t i = 0; i < open.size() && i < 64; ++i) {
        if (shipped_name(open[i].trait) == (sync ? "Sync" : "Send")) return true;
        supertraits_of(open[i], type, open);
      }
      return false;
    }
    case TypeKind::Struct: return fields(std::vector<Field>(table_.info(data.struct_id).fields));
    case TypeKind::Enum: return std::ranges::all_of(std::vector<Variant>(table_.info(data.enum_id).variants), [&](const Variant& one) { return fields(one.fields); });
    default: return all(sync);
  }
}

// The way from the type to the part that says no.
std::string Checker::marker_reason(bool sync, TypeId type) {
  MarkerSearch search;
  has_marker(sync, type, search);
  if (search.why.empty()) return "";
  const auto text = [](bool is_sync) { return is_sync ? "shared between threads" : "sent to another thread"; };
  const auto [last_sync, last] = search.why.front();
  std::string out = fmt::format("`{}` cannot be {}", name(last), text(last_sync));
  if (const ClosureInfo* info = closure_of(type); info != nullptr && search.why.size() > 1) {
    for (const Field& one : table_.info(table_.get(shallow(type)).struct_id).fields)
      if (one.type == search.why[search.why.size() - 2].second) return out + fmt::format(", and the closure captures `{}` of type `{}`", sources_.text(one.span), name(one.type));
  }
  for (size_t i = 1; i + 1 < search.why.size(); ++i) out += fmt::format("; it is in `{}`", name(search.why[i].second));
  const TypeData& data = table_.get(last);
  if (data.special == Special::Parameter) return fmt::format("ask for it: `{}: {}`", name(last), last_sync ? "Sync" : "Send");
  return out;
}

// When every closure is finished. A use of generic code needs no second look: its bounds were asked for at the call.
void Checker::finish_markers() {
  const bool is_use = !defining_ && !where_.environment.generics.empty();
  for (const Obligation& one : std::exchange(markers_, {})) {
    if (is_use) continue;
    const TypeId subject = deep(one.subject);
    if (marker_of(shipped_name(one.use.trait) == "Sync", subject) == false) missing_bound(one, subject);
  }
}

}  // namespace stark::types

// compiler/lower/patterns.cpp — patterns: the tests that a value must pass, and the names that its parts are bound to.
// Room: lower. In: typed patterns and the place that is matched. Out: branches to where the next pattern is tried; locals.
#include <algorithm>

#include "compiler/lower/function.h"

namespace stark::lower {

bool FunctionLowering::binds(PatternId id) const {
  const Pattern& pattern = get(id);
  return pattern.kind == PatternKind::Bind || pattern.rest.valid() || std::ranges::any_of(pattern.parts, [&](PatternId part) { return binds(part); });
}

// Does a name in it refer to a part, so that the whole must live as long?
bool FunctionLowering::binds_by_reference(PatternId id) const {
  const Pattern& pattern = get(id);
  return (pattern.kind == PatternKind::Bind && pattern.by_reference) || (pattern.rest.valid() && binds_by_reference(pattern.rest)) ||
         std::ranges::any_of(pattern.parts, [&](PatternId part) { return binds_by_reference(part); });
}

// Does a name in it refer to a part that may be changed?
bool FunctionLowering::binds_mutably(PatternId id) const {
  const Pattern& pattern = get(id);
  return (pattern.kind == PatternKind::Bind && pattern.by_mutable) || (pattern.rest.valid() && binds_mutably(pattern.rest)) ||
         std::ranges::any_of(pattern.parts, [&](PatternId part) { return binds_mutably(part); });
}

// Can a value fail to match?
bool FunctionLowering::is_tested(PatternId id) const {
  const Pattern& pattern = get(id);
  if (pattern.kind == PatternKind::Wild) return false;
  const bool transparent = pattern.kind == PatternKind::Bind || pattern.kind == PatternKind::Fields || pattern.kind == PatternKind::Deref;
  return !transparent || std::ranges::any_of(pattern.parts, [&](PatternId part) { return is_tested(part); });
}

// What tests put down is needed at once and never again, so all tests of one type share one local.
Place FunctionLowering::scratch(TypeId type, Span span) {
  const auto [known, added] = scratches_.try_emplace(type);
  if (added) {
    known->second = new_local("", type, mir::LocalKind::Temporary, true, span);
    scopes_.front().locals.push_back(known->second);
  }
  return place_of(known->second);
}

void FunctionLowering::require(Opcode op, Operand left, Operand right, BlockId fail, Span span) {
  const Place truth = scratch(boolean(), span);
  Instruction& made = emit(op, span);
  made.target = truth;
  made.operands = {std::move(left), std::move(right)};
  const BlockId good = new_block();
  branch(use(truth, boolean(), span), good, fail, span);
  start(good);
}

void FunctionLowering::compare(Opcode op, const Pattern& pattern, const Place& from, ExprId value_id, BlockId fail) {
  const bool behind = table_.kind(pattern.type) == TypeKind::Str && !from.steps.empty() && from.steps.back().kind == ProjectionKind::Deref;
  Operand left = use(from, pattern.type, pattern.span);
  if (behind) {
    const Place shown = scratch(table_.ref(pattern.type, false), pattern.span);
    borrow_of(from, false, shown, pattern.span);
    left = use(shown, table_.ref(pattern.type, false), pattern.span);
  }
  if (behind || table_.kind(pattern.type) == TypeKind::Ref) {  // a &str is compared as the text it shows
    const Place shown = scratch(table_.scalar(TypeKind::Str), pattern.span);
    Instruction& call = emit(Opcode::CallNative, pattern.span);
    call.index = static_cast<uint32_t>(spec::Native::StrToStr);
    call.target = shown;
    call.operands = {std::move(left)};
    left = use(shown, table_.scalar(TypeKind::Str), pattern.span);
  }
  Operand right = operand(value_id);
  require(op, std::move(left), std::move(right), fail, pattern.span);
}

void FunctionLowering::test_variant(const Pattern& pattern, const Place& from, BlockId fail) {
  const auto& info = table_.info(table_.get(pattern.type).enum_id);
  if (info.variants.size() > 1) {
    const TypeId number = table_.scalar(TypeKind::U32);
    const Place tag = scratch(number, pattern.span);
    Instruction& made = emit(Opcode::Tag, pattern.span);
    made.target = tag;
    made.source = from;
    require(Opcode::Eq, use(tag, number, pattern.span), constant(number, pattern.index, pattern.span), fail, pattern.span);  // a switch would have an edge for each of the other variants
  }
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    Place inner = step(from, {ProjectionKind::Variant, pattern.index}, pattern.type, false, pattern.span);
    inner.steps.push_back({ProjectionKind::Field, pattern.numbers[i]});
    test(pattern.parts[i], inner, fail);
  }
}

// --- arrays and slices

Operand FunctionLowering::length_of(const Place& run, TypeId type, Span span) {
  const TypeId number = table_.scalar(TypeKind::Usize);
  if (table_.kind(type) == TypeKind::Array) return constant(number, table_.get(type).length, span);
  const Place length = place_of(temporary(number, span));
  Instruction& made = emit(Opcode::Len, span);
  made.target = length;
  made.source = run;
  return use(length, number, span);
}

// How far `back` elements from the end stand.
Operand FunctionLowering::from_end(const Place& run, TypeId type, size_t back, Span span) {
  const TypeId number = table_.scalar(TypeKind::Usize);
  if (table_.kind(type) == TypeKind::Array) return constant(number, table_.get(type).length - back, span);
  Operand length = length_of(run, type, span);
  const Place at = place_of(temporary(number, span));
  Instruction& made = emit(Opcode::Sub, span);
  made.target = at;
  made.operands = {std::move(length), constant(number, back, span)};
  return use(at, number, span);
}

// The element that part `i` of the pattern is for: counted from the front, or behind a `..` from the end.
Place FunctionLowering::element(const Pattern& pattern, const Place& from, size_t i, bool is_mut) {
  if (i < pattern.index) return step(from, {ProjectionKind::ConstIndex, static_cast<uint32_t>(i)}, pattern.type, is_mut, pattern.span);
  const Operand at = from_end(from, pattern.type, pattern.parts.size() - i, pattern.span);
  if (at.kind == OperandKind::Constant) return step(from, {ProjectionKind::ConstIndex, static_cast<uint32_t>(at.constant.bits)}, pattern.type, is_mut, pattern.span);
  return step(from, {ProjectionKind::Index, at.place.base.value}, pattern.type, is_mut, pattern.span);
}

void FunctionLowering::test_run(const Pattern& pattern, const Place& from, BlockId fail) {
  const TypeId number = table_.scalar(TypeKind::Usize);
  if (table_.kind(pattern.type) == TypeKind::Slice && !(pattern.open && pattern.parts.empty()))
    require(pattern.open ? Opcode::Ge : Opcode::Eq, length_of(from, pattern.type, pattern.span), constant(number, pattern.parts.size(), pattern.span), fail, pattern.span);
  for (size_t i = 0; i < pattern.parts.size(); ++i)
    if (is_tested(pattern.parts[i])) test(pattern.parts[i], element(pattern, from, i, false), fail);
}

Place FunctionLowering::native(spec::Native which, TypeId result, std::vector<Operand> operands, Span span) {
  const Place out = place_of(temporary(result, span));
  Instruction& call = emit(Opcode::CallNative, span);
  call.index = static_cast<uint32_t>(which);
  call.target = out;
  call.operands = std::move(operands);
  return out;
}

// Parts that are changed while others are: the run is split, so that each end is a run of its own.
void FunctionLowering::bind_split(const Pattern& pattern, const Place& from) {
  const Span span = pattern.span;
  const TypeId run = table_.slice(table_.get(pattern.type).parts[0]), reference = table_.ref(run, true), pair = table_.tuple({reference, reference});
  const size_t back = pattern.parts.size() - pattern.index;
  const Place whole = place_of(temporary(reference, span));
  borrow_of(from, true, whole, span);
  const auto half = [](Place both, uint32_t number) { return both.steps.push_back({ProjectionKind::Field, number}), both; };
  const auto inside = [](Place holder) { return holder.steps.push_back({ProjectionKind::Deref, 0}), holder; };
  const auto split = [&](const Place& at, Operand position) { return native(spec::Native::SliceSplitAtMut, pair, {use(at, reference, span), std::move(position)}, span); };
  const Place first = split(whole, constant(table_.scalar(TypeKind::Usize), pattern.index, span));
  const Place tail = half(first, 1);
  Operand position = from_end(inside(tail), run, back, span);
  const Place second = split(tail, std::move(position));
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    const bool front = i < pattern.index;
    const Projection at{ProjectionKind::ConstIndex, static_cast<uint32_t>(front ? i : i - pattern.index)};
    if (binds(pattern.parts[i])) bind(pattern.parts[i], step(inside(half(front ? first : second, front ? 0 : 1)), at, run, true, span));
  }
  if (pattern.rest.valid()) bind_rest(get(pattern.rest), use(half(second, 0), reference, span));
}

void FunctionLowering::bind_run(const Pattern& pattern, const Place& from) {
  const bool is_mut = std::ranges::any_of(pattern.parts, [&](PatternId part) { return binds_mutably(part); }) || (pattern.rest.valid() && binds_mutably(pattern.rest));
  const bool ends = pattern.rest.valid() || (table_.kind(pattern.type) == TypeKind::Slice && pattern.index < pattern.parts.size());
  if (is_mut && ends) return bind_split(pattern, from);
  for (size_t i = 0; i < pattern.parts.size(); ++i)
    if (binds(pattern.parts[i])) bind(pattern.parts[i], element(pattern, from, i, is_mut));
  if (!pattern.rest.valid()) return;
  const Span span = pattern.span;
  const Pattern& rest = get(pattern.rest);
  const size_t back = pattern.parts.size() - pattern.index;
  if (!rest.by_reference) {  // the elements between, into an array of their own
    std::vector<Operand> elements;
    for (uint64_t i = 0; i < table_.get(rest.type).length; ++i)
      elements.push_back(taken(step(from, {ProjectionKind::ConstIndex, static_cast<uint32_t>(pattern.index + i)}, pattern.type, false, span), table_.get(pattern.type).parts[0], span));
    if (pass_ == Pass::BeforeGuard) return;
    const Place whole = place_of(declare(rest.local));
    Instruction& made = emit(Opcode::Make, span);
    made.target = whole;
    made.operands = std::move(elements);
    return;
  }
  const TypeId reference = table_.ref(table_.slice(table_.get(pattern.type).parts[0]), false);
  const Place whole = place_of(temporary(reference, span));
  borrow_of(from, false, whole, span);
  Operand to = from_end(from, pattern.type, back, span);
  const Place part = native(spec::Native::SliceRange, reference, {use(whole, reference, span), constant(table_.scalar(TypeKind::Usize), pattern.index, span), std::move(to)}, span);
  bind_rest(rest, use(part, reference, span));
}

void FunctionLowering::bind_rest(const Pattern& rest, Operand reference) {
  if (pass_ == Pass::AfterGuard) return;  // a reference is bound before the guard
  const auto known = locals_.find(rest.local.value);
  const bool here = known != locals_.end() && std::ranges::find(scopes_.back().locals, known->second) != scopes_.back().locals.end();
  set(place_of(here ? known->second : declare(rest.local)), std::move(reference), rest.span);
}

// --- tests and names

void FunctionLowering::test(PatternId id, const Place& from, BlockId fail) {
  const Pattern& pattern = get(id);
  switch (pattern.kind) {
    case PatternKind::Wild: return;
    case PatternKind::Bind:
      if (!pattern.parts.empty()) test(pattern.parts[0], from, fail);
      return;
    case PatternKind::Constant: return compare(Opcode::Eq, pattern, from, pattern.value, fail);
    case PatternKind::Range:
      if (pattern.value.valid()) compare(Opcode::Ge, pattern, from, pattern.value, fail);
      if (pattern.last.valid()) compare(pattern.inclusive ? Opcode::Le : Opcode::Lt, pattern, from, pattern.last, fail);
      return;
    case PatternKind::Fields:
      for (size_t i = 0; i < pattern.parts.size(); ++i) test(pattern.parts[i], step(from, {ProjectionKind::Field, pattern.numbers[i]}, pattern.type, false, pattern.span), fail);
      return;
    case PatternKind::Variant: return test_variant(pattern, from, fail);
    case PatternKind::Slice: return test_run(pattern, from, fail);
    case PatternKind::Deref: return test(pattern.parts[0], step(from, {ProjectionKind::Deref, 0}, pattern.type, false, pattern.span), fail);
    case PatternKind::Or: {
      const BlockId good = new_block();
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        const BlockId next = i + 1 == pattern.parts.size() ? fail : new_block();
        test(pattern.parts[i], from, next);
        bind(pattern.parts[i], from);
        jump(good, pattern.span);
        if (i + 1 < pattern.parts.size()) start(next);
      }
      start(good);
      return;
    }
  }
}

// A part of what is taken apart, moved if it cannot be copied.
Operand FunctionLowering::taken(const Place& from, TypeId type, Span span) {
  Operand out = use(from, type, span);
  out.by_pattern = true;
  return out;
}

void FunctionLowering::bind_local(const Pattern& pattern, const Place& from) {
  const types::BodyLocal& named = in_.locals[pattern.local.index()];
  if (special(named.type)) return;
  const bool moves = !pattern.by_reference && !table_.is_copy(named.type);
  if (pass_ == Pass::AfterGuard && !moves) return;
  if (pass_ == Pass::BeforeGuard && moves) {  // a guard may look at it, through a reference
    Place seen = place_of(temporary(table_.ref(named.type, false), pattern.span));
    borrow_of(from, false, seen, pattern.span);
    seen.steps.push_back({ProjectionKind::Deref, 0});
    aliases_.insert_or_assign(pattern.local.value, std::move(seen));
    return;
  }
  aliases_.erase(pattern.local.value);
  bool here = false;
  if (const auto known = locals_.find(pattern.local.value); known != locals_.end())
    for (LocalId one : scopes_.back().locals) here |= one == known->second;
  const LocalId id = here ? locals_.at(pattern.local.value) : declare(pattern.local);
  if (pattern.by_reference) borrow_of(from, pattern.by_mutable, place_of(id), pattern.span);
  else set(place_of(id), taken(from, named.type, pattern.span), pattern.span);
}

// Alternatives bind while they are tested; everything else binds here, when the whole pattern has matched.
void FunctionLowering::bind(PatternId id, const Place& from) {
  const Pattern& pattern = get(id);
  switch (pattern.kind) {
    case PatternKind::Bind:
      bind_local(pattern, from);
      if (!pattern.parts.empty()) bind(pattern.parts[0], from);
      return;
    case PatternKind::Fields:
      for (size_t i = 0; i < pattern.parts.size(); ++i)
        if (binds(pattern.parts[i])) bind(pattern.parts[i], step(from, {ProjectionKind::Field, pattern.numbers[i]}, pattern.type, binds_mutably(pattern.parts[i]), pattern.span));
      return;
    case PatternKind::Variant:
      for (size_t i = 0; i < pattern.parts.size(); ++i) {
        if (!binds(pattern.parts[i])) continue;
        Place inner = step(from, {ProjectionKind::Variant, pattern.index}, pattern.type, binds_mutably(pattern.parts[i]), pattern.span);
        inner.steps.push_back({ProjectionKind::Field, pattern.numbers[i]});
        bind(pattern.parts[i], inner);
      }
      return;
    case PatternKind::Deref:
      if (binds(pattern.parts[0])) bind(pattern.parts[0], step(from, {ProjectionKind::Deref, 0}, pattern.type, binds_mutably(pattern.parts[0]), pattern.span));
      return;
    case PatternKind::Slice: return bind_run(pattern, from);
    default: return;
  }
}

}  // namespace stark::lower

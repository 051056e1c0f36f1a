// compiler/lower/function.cpp — blocks, locals, scopes; one function from entry to return.
// Room: lower. In: TypedFunction. Out: mir::Function.
#include "compiler/lower/function.h"

#include "bytecode-spec/base/check.h"
#include "bytecode-spec/tables.h"

namespace stark::lower {

BlockId FunctionLowering::new_block() {
  out_.blocks.emplace_back();
  return BlockId(out_.blocks.size() - 1);
}

Instruction& FunctionLowering::emit(Opcode op, Span span) {
  auto& code = out_.blocks[current_.index()].code;
  if (!code.empty() && code.back().kind == Instruction::Kind::Op && spec::ends_block(code.back().op)) {
    start(new_block());  // nothing leads here; it is removed at the end
    return emit(op, span);
  }
  Instruction made;
  made.op = op;
  made.span = span;
  code.push_back(std::move(made));
  return code.back();
}

void FunctionLowering::jump(BlockId to, Span span) { emit(Opcode::Jump, span).blocks = {to}; }

void FunctionLowering::branch(Operand test, BlockId yes, BlockId no, Span span) {
  Instruction& made = emit(Opcode::Branch, span);
  made.operands = {std::move(test)};
  made.blocks = {yes, no};
}

LocalId FunctionLowering::new_local(std::string name, TypeId type, mir::LocalKind kind, bool is_mut, Span span) {
  CHECK(type.valid() && !special(type));
  out_.locals.push_back({std::move(name), type, kind, is_mut, span});
  return LocalId(out_.locals.size() - 1);
}

LocalId FunctionLowering::temporary(TypeId type, Span span) {
  const LocalId id = new_local("", special(type) ? unit() : type, mir::LocalKind::Temporary, true, span);
  scopes_[extend_to_.value_or(scopes_.size() - 1)].locals.push_back(id);
  return id;
}

void FunctionLowering::leave_scope(size_t index, Span span) {
  const Scope& scope = scopes_[index];
  for (size_t i = scope.locals.size(); i-- > 0;) {
    if (table_.needs_drop(out_.locals[scope.locals[i].index()].type)) emit(Opcode::Drop, span).source = place_of(scope.locals[i]);
    end_scope_of(scope.locals[i], span);
  }
}

void FunctionLowering::end_scope_of(LocalId local, Span span) {
  auto& code = out_.blocks[current_.index()].code;
  if (!code.empty() && code.back().kind == Instruction::Kind::Op && spec::ends_block(code.back().op)) start(new_block());
  Instruction end;
  end.kind = Instruction::Kind::ScopeEnd;
  end.span = span;
  end.source = place_of(local);
  out_.blocks[current_.index()].code.push_back(std::move(end));
}

void FunctionLowering::pop_scope(Span span) {
  leave_scope(scopes_.size() - 1, span);
  scopes_.pop_back();
}

void FunctionLowering::leave_to(size_t depth, Span span) {
  for (size_t i = scopes_.size(); i-- > depth;) leave_scope(i, span);
}

Operand FunctionLowering::constant(TypeId type, uint64_t bits, Span span) {
  Operand out;
  out.kind = OperandKind::Constant;
  out.constant.type = type;
  out.constant.bits = bits;
  out.span = span;
  return out;
}

Operand FunctionLowering::text(std::string words, Span span) {
  Operand out = constant(table_.scalar(TypeKind::Str), 0, span);
  out.constant.text = std::move(words);
  return out;
}

Operand FunctionLowering::use(const Place& from, TypeId type, Span span) {
  Operand out;
  out.kind = table_.is_copy(type) ? OperandKind::Copy : OperandKind::Move;
  out.place = from;
  out.span = span;
  return out;
}

void FunctionLowering::set(const Place& target, Operand value, Span span) {
  Instruction& made = emit(Opcode::Set, span);
  made.target = target;
  made.operands = {std::move(value)};
}

mir::Function FunctionLowering::run() {
  out_.name = in_.name;
  out_.file = in_.file;
  out_.span = in_.span;
  out_.signature = in_.signature;
  start(new_block());
  push_scope();
  std::vector<std::pair<PatternId, LocalId>> open;
  for (size_t i = 0; i < in_.parameters.size(); ++i) {
    const Pattern& pattern = get(in_.parameters[i]);
    const bool plain = pattern.kind == PatternKind::Bind && !pattern.by_reference && pattern.parts.empty();
    std::string name;
    bool is_mut = false;
    if (plain) name = in_.locals[pattern.local.index()].name, is_mut = in_.locals[pattern.local.index()].is_mut;
    const LocalId id = new_local(name, in_.signature.parameters[i], mir::LocalKind::Parameter, is_mut, pattern.span);
    scopes_.back().locals.push_back(id);
    if (plain) locals_[pattern.local.value] = id;
    else open.emplace_back(in_.parameters[i], id);
  }
  for (const auto& [pattern, id] : open) bind(pattern, place_of(id));
  if (makes_static_) find_kept(in_.body);
  const Span span = get(in_.body).span;
  const Span end = {span.file, span.end > span.begin ? span.end - 1 : span.begin, span.end};
  if (in_.signature.result == unit() || special(get(in_.body).type)) {
    effect(in_.body);
    leave_to(0, end);
    Operand nothing = constant(unit(), 0, end);
    if (in_.signature.result == unit()) emit(Opcode::Return, end).operands = {std::move(nothing)};
    else emit(Opcode::Panic, end).operands = {text("this end cannot be reached", end)};
  } else {
    result_ = new_local("", in_.signature.result, mir::LocalKind::Temporary, true, end);
    const Place result = place_of(*result_);
    lower(in_.body, &result);
    leave_to(0, end);
    Operand value = use(result, in_.signature.result, end);
    emit(Opcode::Return, end).operands = {std::move(value)};
  }
  set_literals();
  remove_dead_blocks();
  return std::move(out_);
}

// A literal that is borrowed is set once, at the entry, and belongs to no scope.
Place FunctionLowering::literal_place(const Expr& expr) {
  const auto known = literals_.find(expr.text);
  if (known != literals_.end()) return place_of(known->second);
  const LocalId made = new_local("", expr.type, mir::LocalKind::Temporary, false, expr.span);
  literals_.emplace(expr.text, made);
  return place_of(made);
}

void FunctionLowering::set_literals() {
  std::vector<Instruction> first;
  for (const auto& [words, id] : literals_) {
    Instruction made;
    made.op = Opcode::Set;
    made.span = out_.locals[id.index()].span;
    made.target = place_of(id);
    made.operands = {text(words, made.span)};
    first.push_back(std::move(made));
  }
  auto& code = out_.blocks[0].code;
  code.insert(code.begin(), std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
}

void FunctionLowering::return_value(const Expr& expr) {
  const bool has_value = !expr.parts.empty() && expr.parts[0].valid();
  if (in_.signature.result == unit() || special(in_.signature.result) || !has_value) {
    if (has_value) effect(expr.parts[0]);
    leave_to(0, expr.span);
    Operand nothing = constant(unit(), 0, expr.span);
    emit(Opcode::Return, expr.span).operands = {std::move(nothing)};
    return;
  }
  if (!result_) result_ = new_local("", in_.signature.result, mir::LocalKind::Temporary, true, expr.span);
  const Place result = place_of(*result_);
  lower(expr.parts[0], &result);
  leave_to(0, expr.span);
  Operand value = use(result, in_.signature.result, expr.span);
  emit(Opcode::Return, expr.span).operands = {std::move(value)};
}

void FunctionLowering::remove_dead_blocks() {
  std::vector<uint32_t> number(out_.blocks.size(), ~0u);
  std::vector<BlockId> order, open{BlockId(0)};
  number[0] = 0;
  while (!open.empty()) {
    const BlockId one = open.back();
    open.pop_back();
    auto& code = out_.blocks[one.index()].code;
    const bool ends = !code.empty() && code.back().kind == Instruction::Kind::Op && spec::ends_block(code.back().op);
    if (!ends) {  // only a block that nothing falls out of can stay open
      Instruction stop;
      stop.op = Opcode::Panic;
      stop.span = out_.span;
      stop.operands = {text("this end cannot be reached", out_.span)};
      code.push_back(std::move(stop));
    }
    for (BlockId to : code.back().blocks)
      if (number[to.index()] == ~0u) number[to.index()] = 0, open.push_back(to);
  }
  std::vector<mir::Block> kept;
  for (size_t i = 0; i < out_.blocks.size(); ++i)
    if (number[i] != ~0u) number[i] = static_cast<uint32_t>(kept.size()), kept.push_back(std::move(out_.blocks[i]));
  for (mir::Block& one : kept)
    for (BlockId& to : one.code.back().blocks) to = BlockId(number[to.index()]);
  out_.blocks = std::move(kept);
}

uint32_t Shared::graph(const types::TypedFunction& function, const Expr& expr) {
  spec::Graph made;
  std::string key = fmt::format("{}", static_cast<int>(expr.operation));
  for (ExprId part : expr.parts) {
    TypeId type = function.get(part).type;
    const bool by_reference = table.kind(type) == TypeKind::Ref;
    while (table.kind(type) == TypeKind::Ref) type = table.get(type).parts[0];
    spec::TensorType input;
    const types::TypeData& data = table.get(type);
    input.dtype = data.kind == TypeKind::Tensor ? data.dtype : spec::dtype_from_name(table.name(type)).value_or(spec::DType::F32);
    if (data.kind == TypeKind::Tensor) input.shape = spec::Shape::make(data.dims).value_or(spec::Shape());
    made.operands.push_back(static_cast<uint32_t>(made.values.size()));
    made.values.push_back(input);
    made.inputs.push_back(by_reference ? spec::InputMode::Borrowed : spec::InputMode::Scalar);
    key += fmt::format(";{}{}", by_reference ? "&" : "", input.text());
  }
  const types::TypeData& result = table.get(expr.type);
  made.values.push_back({result.dtype, spec::Shape::make(result.dims).value_or(spec::Shape())});
  made.attributes = expr.attributes;
  for (int64_t attribute : expr.attributes) key += fmt::format(",{}", attribute);
  made.nodes.push_back({expr.operation, 0, static_cast<uint32_t>(made.operands.size()), 0, static_cast<uint32_t>(made.attributes.size())});
  made.outputs = {static_cast<uint32_t>(made.inputs.size())};
  const auto [found, added] = graphs.emplace(key, static_cast<uint32_t>(program.graphs.size()));
  if (added) program.graphs.push_back(std::move(made));
  return found->second;
}

namespace {
struct Keeper : mir::Asset {
  std::shared_ptr<const void> held;
};
}  // namespace

mir::Program lower(const SourceMap& sources, const types::Typed& typed, types::TypeTable& table) {
  mir::Program program;
  program.types = &table;
  Shared shared{program, table, typed, {}};
  std::set<uint32_t> initialisers;
  for (const types::TypedStatic& one : typed.statics) {
    initialisers.insert(one.function);
    const TypeId type = one.is_local ? typed.functions[one.function].signature.result : one.type;
    program.statics.push_back({one.name, type, mir::FunctionId(one.function), one.is_mut, one.is_local});
  }
  for (const types::TypedForeign& one : typed.foreigns) program.foreigns.push_back({one.name, one.library, one.signature, one.is_variadic});
  for (size_t i = 0; i < typed.functions.size(); ++i) {
    program.functions.push_back(FunctionLowering(shared, typed.functions[i], initialisers.contains(static_cast<uint32_t>(i))).run());
    if (typed.functions[i].is_pub && !sources.shipped(typed.functions[i].file)) program.exports.push_back(mir::FunctionId(i));
  }
  for (const types::TypedVTable& made : typed.vtables) {
    mir::VTable out{made.concrete, made.object, {}};
    for (uint32_t function : made.functions) out.functions.push_back(mir::FunctionId(function));
    program.vtables.push_back(std::move(out));
  }
  if (typed.entry != Id<int>::kNone) program.entry = mir::FunctionId(typed.entry);
  for (const types::TensorAsset& asset : typed.assets) {
    program.segments.push_back({asset.name, asset.bytes});
    auto keeper = std::make_unique<Keeper>();
    keeper->held = asset.keeper;
    program.assets.push_back(std::move(keeper));
  }
  return program;
}

}  // namespace stark::lower

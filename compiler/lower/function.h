// compiler/lower/function.h — the state of lowering one function.
// Room: lower, private. In: TypedFunction. Out: mir::Function.
// Law: every local is pushed into exactly one scope when it comes to life; leaving a scope drops in reverse order.
#pragma once

#include <map>
#include <set>
#include <optional>
#include <string>

#include "compiler/lower/lower.h"

namespace stark::lower {

using mir::BlockId;
using mir::Instruction;
using mir::LocalId;
using mir::Operand;
using mir::OperandKind;
using mir::Place;
using mir::Projection;
using spec::Opcode;
using spec::ProjectionKind;
using types::Expr;
using types::ExprId;
using types::ExprKind;
using types::Pattern;
using types::PatternId;
using types::PatternKind;
using types::TypeId;
using types::TypeKind;

// What all functions of a program share: graphs are kept once.
struct Shared {
  mir::Program& program;
  types::TypeTable& table;
  const types::Typed& typed;
  std::map<std::string, uint32_t> graphs;
  uint32_t graph(const types::TypedFunction& function, const Expr& expr);
};

class FunctionLowering {
 public:
  FunctionLowering(Shared& shared, const types::TypedFunction& function, bool makes_static) : shared_(shared), table_(shared.table), in_(function), makes_static_(makes_static) {}
  mir::Function run();

 private:
  struct Scope {
    std::vector<LocalId> locals;
  };
  struct LoopInfo {
    BlockId next, exit;
    size_t depth = 0;  // scopes outside of the loop
    std::optional<Place> target;
  };

  // building (function.cpp)
  const Expr& get(ExprId id) const { return in_.get(id); }
  const Pattern& get(PatternId id) const { return in_.get(id); }
  BlockId new_block();
  void start(BlockId block) { current_ = block; }
  Instruction& emit(Opcode op, Span span);
  void jump(BlockId to, Span span);
  void branch(Operand condition, BlockId yes, BlockId no, Span span);
  LocalId new_local(std::string name, TypeId type, mir::LocalKind kind, bool is_mut, Span span);
  LocalId temporary(TypeId type, Span span);
  Place place_of(LocalId local) const { return {local, {}}; }
  void push_scope() { scopes_.emplace_back(); }
  void pop_scope(Span span);
  void leave_scope(size_t index, Span span);
  void end_scope_of(LocalId local, Span span);
  void leave_to(size_t depth, Span span);
  void remove_dead_blocks();
  void set_literals();
  Place literal_place(const Expr& expr);
  bool special(TypeId type) const { return table_.get(type).special != types::Special::None; }
  TypeId unit() { return table_.scalar(TypeKind::Unit); }
  TypeId boolean() { return table_.scalar(TypeKind::Bool); }
  Operand constant(TypeId type, uint64_t bits, Span span);
  Operand text(std::string text, Span span);
  Operand use(const Place& place, TypeId type, Span span);
  void set(const Place& target, Operand value, Span span);

  // values (values.cpp)
  void lower(ExprId id, const Place* target);
  void effect(ExprId id) { lower(id, nullptr); }
  void value(const Expr& expr, const Place& target);
  void never_returns(const Expr& expr);
  Operand operand(ExprId id);
  bool is_shown_text(const Expr& expr) const;
  void show_text(const Expr& expr, const Place& target);
  std::optional<uint32_t> root_of(ExprId id) const;
  bool changes(ExprId id, std::optional<uint32_t> local) const;
  std::vector<Operand> operands(std::span<const ExprId> parts);
  LocalId reserve(const Place& source, TypeId type, Span span);
  Place place(ExprId id, bool is_mut);
  void need(spec::Capability capability);
  Place step(Place base, Projection projection, TypeId type, bool is_mut, Span span);
  std::optional<Operand> known_static(const Expr& expr);
  void find_kept(ExprId id);
  Place kept(ExprId id);
  void borrow(const Expr& expr, const Place& target);
  void borrow_of(const Place& source, bool is_mut, const Place& target, Span span);
  void assign(const Expr& expr);
  void return_value(const Expr& expr);
  bool is_place(ExprId id) const;
  // control (control.cpp, patterns.cpp)
  void block(const Expr& expr, const Place* target);
  void let(const types::TypedStatement& statement);
  void if_expression(const Expr& expr, const Place* target);
  void match(const Expr& expr, const Place* target);
  void loop(const Expr& expr, const Place* target);
  void leave_loop(const Expr& expr);
  void condition(ExprId id, BlockId yes, BlockId no);
  void test(PatternId id, const Place& place, BlockId fail);
  void test_variant(const Pattern& pattern, const Place& place, BlockId fail);
  void compare(Opcode op, const Pattern& pattern, const Place& place, ExprId value, BlockId fail);
  void bind(PatternId id, const Place& place);
  bool binds(PatternId id) const;
  bool binds_by_reference(PatternId id) const;
  bool binds_mutably(PatternId id) const;
  bool is_tested(PatternId id) const;
  Place scratch(TypeId type, Span span);
  void require(Opcode op, Operand left, Operand right, BlockId fail, Span span);
  Operand length_of(const Place& run, TypeId type, Span span);
  Operand from_end(const Place& run, TypeId type, size_t back, Span span);
  Place element(const Pattern& pattern, const Place& from, size_t i, bool is_mut);
  void test_run(const Pattern& pattern, const Place& from, BlockId fail);
  Place native(spec::Native which, TypeId result, std::vector<Operand> operands, Span span);
  void bind_split(const Pattern& pattern, const Place& from);
  void bind_run(const Pattern& pattern, const Place& from);
  void bind_rest(const Pattern& rest, Operand reference);
  Operand taken(const Place& from, TypeId type, Span span);
  void bind_local(const Pattern& pattern, const Place& place);
  LocalId declare(types::BodyLocalId id);

  Shared& shared_;
  types::TypeTable& table_;
  const types::TypedFunction& in_;
  const bool makes_static_;
  std::set<uint32_t> kept_;             // of a static: values that it refers to, which live as long
  mir::Function out_;
  BlockId current_;
  std::vector<Scope> scopes_;
  std::map<uint32_t, LocalId> locals_;  // by BodyLocalId
  std::map<uint32_t, LoopInfo> loops_;
  std::optional<LocalId> result_;
  std::map<TypeId, LocalId> scratches_;       // see scratch()
  std::map<std::string, LocalId> literals_;   // texts that are borrowed: they live as long as the function runs
  enum class Pass : uint8_t { All, BeforeGuard, AfterGuard } pass_ = Pass::All;
  std::map<uint32_t, Place> aliases_;         // what a guard sees in place of a binding that moves only after it
  std::optional<size_t> extend_to_;     // scope that the temporaries of a `let`'s borrows live in
};

}  // namespace stark::lower

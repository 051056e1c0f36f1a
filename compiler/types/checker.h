// compiler/types/checker.h — the state that the parts of the type checker share.
// Room: types, private. In: Names. Out: Typed.
// Law: every ExprId handed out has a type; after a mistake that type is Error, which fits everything and reports nothing.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "compiler/types/diagnostics.h"
#include "compiler/types/typed.h"

namespace stark::types {

using parse::Node;
using parse::NodeId;
using parse::NodeKind;
using parse::SyntaxTree;
using parse::TokenKind;
using resolve::Definition;
using resolve::DefinitionId;
using resolve::DefinitionKind;
using resolve::ModuleId;
namespace slot = parse::slot;

// What generic names and lifetimes mean at a place of the program.
struct Environment {
  std::unordered_map<std::string, GenericArgument> generics;
  std::unordered_map<std::string, std::vector<Region>> generic_regions;  // of type parameters, where they matter
  std::unordered_map<std::string, Region> lifetimes;
  TypeId self;
  std::vector<Region> self_regions;
};

// What to do with a reference that names no lifetime.
struct Elision {
  enum class Kind : uint8_t { Ignore, Fresh, Fixed, Refuse };
  Kind kind = Kind::Ignore;
  uint32_t* next = nullptr;  // Fresh: the last region given out
  Region fixed = 0;
  std::string_view place;    // Refuse: for the message
};

struct LoweredType {
  TypeId type;
  std::vector<Region> regions;
};

// A use of a struct's or enum's declaration with arguments.
struct Nominal {
  DefinitionId definition;
  std::vector<GenericArgument> arguments;
};

struct ImplInfo {
  ModuleId module;
  const SyntaxTree* tree = nullptr;
  NodeId node;
  DefinitionId trait;
  std::unordered_map<std::string, NodeId> functions;
};

// A function in a form that calls understand, whichever of the many places it stands in.
struct Callee {
  DefinitionId definition;                        // a free function …
  uint32_t impl = Id<int>::kNone;                 // … or a function of impls_[impl] …
  const SyntaxTree* tree = nullptr;
  NodeId node;
  ModuleId module;
  DefinitionId trait;                             // … or a trait's default, with Self in the environment
  Environment environment;
  std::string name;
};

struct Instance {
  Callee callee;
  std::vector<GenericArgument> arguments;  // of the impl, then of the function
  enum class Made : uint8_t { Written, Clone, Equal } made = Made::Written;
  TypeId self;  // of what was derived
};

enum class Mode : uint8_t { Move, Shared, Mutable };  // how a pattern's names bind

class Checker {
 public:
  Checker(const SourceMap& sources, const resolve::Names& names, TypeTable& table, diagnostics::Sink& sink);
  Typed run();

 private:
  // --- where we are
  struct Where {
    const SyntaxTree* tree = nullptr;
    ModuleId module;
    Environment environment;
  };
  struct LoopState {
    std::string_view label;
    uint32_t number = 0;
    enum class Kind : uint8_t { Loop, Other, Block } kind = Kind::Other;
    TypeId result;
    bool broken = false;
  };
  template <class Do>
  auto at(const SyntaxTree* tree, ModuleId module, Environment environment, Do&& work) {
    Where before = std::exchange(where_, Where{tree, module, std::move(environment)});
    struct Back {
      Checker& checker;
      Where& before;
      ~Back() { checker.where_ = std::move(before); }
    } back{*this, before};
    return work();
  }
  const SyntaxTree& tree() const { return *where_.tree; }
  const Node& node(NodeId id) const { return where_.tree->get(id); }
  NodeKind kind(NodeId id) const { return where_.tree->kind(id); }
  NodeId child(NodeId id, uint32_t which) const { return where_.tree->child(id, which); }
  std::span<const NodeId> list(NodeId id) const { return id.valid() ? where_.tree->children_of(id) : std::span<const NodeId>(); }
  Span span(NodeId id) const { return node(id).span; }

  // --- declarations (declare.cpp)
  void collect_impls();
  void check_declarations();
  void check_impl_traits();
  TypeId nominal_type(DefinitionId definition, std::vector<GenericArgument> arguments);
  void fill_fields(const SyntaxTree& tree, NodeId fields, std::vector<Field>& out, std::string_view place);
  bool derives(const SyntaxTree& tree, NodeId attributes, std::string_view trait) const;
  bool implements(TypeId type, std::string_view trait);
  bool derived(TypeId type, std::string_view trait);
  void settle_copy(DefinitionId definition, TypeId type);
  uint32_t drop_function(TypeId type);
  bool infinite(TypeId type, TypeId looked_for, int depth = 0) const;
  const Nominal* nominal(TypeId type) const;
  Environment generic_environment(const SyntaxTree& tree, NodeId generics, std::span<const GenericArgument> arguments, Environment base) const;
  std::vector<std::string> generic_names(const SyntaxTree& tree, NodeId generics) const;
  FunctionSignature signature(const Callee& callee);
  uint32_t instance(Instance wanted);
  void check_body(uint32_t number);
  void derive_body(TypedFunction& function, const Instance& instance);
  bool has_self(const SyntaxTree& tree, NodeId function) const;

  // --- types as written (type_nodes.cpp)
  TypeId type_of(NodeId id) { return lower(id, {}).type; }
  LoweredType lower(NodeId id, const Elision& elision);
  LoweredType lower_path(NodeId id, const Elision& elision);
  LoweredType lower_named(DefinitionId definition, NodeId arguments, Span span, const Elision& elision);
  LoweredType lower_builtin(std::string_view name, NodeId arguments, Span span, const Elision& elision, bool& known);
  LoweredType lower_tensor(NodeId arguments, Span span);
  std::optional<std::vector<int64_t>> dims_of(NodeId id);
  GenericArgument generic_argument(NodeId id, const Elision& elision, std::vector<Region>& regions);
  Region region_of(NodeId lifetime, Span span, const Elision& elision);
  std::optional<int64_t> constant_integer(NodeId id, bool report = true);
  TypeId scalar_named(std::string_view name) const;
  bool match_type(const SyntaxTree& tree, ModuleId module, NodeId pattern, TypeId type, Environment& bound, std::span<const std::string> names);
  bool match_path(const SyntaxTree& tree, ModuleId module, NodeId pattern, TypeId type, Environment& bound, std::span<const std::string> names);
  DefinitionId find_path(std::span<const NodeId> segments, bool values, size_t& used, bool report);

  // --- inference (infer.cpp)
  TypeId fresh(int what = 0);  // 0 any, 1 integer, 2 float
  TypeId shallow(TypeId type) const;
  TypeId deep(TypeId type);
  bool unify(TypeId a, TypeId b);
  bool is_infer(TypeId type) const { return table_.get(shallow(type)).special == Special::Infer; }
  int infer_what(TypeId type) const { return static_cast<int>(table_.get(shallow(type)).length % 4); }
  bool is_kind(TypeId type, TypeKind wanted) const;
  bool is_error(TypeId type) const { return table_.get(shallow(type)).special == Special::Error; }
  bool is_never(TypeId type) const { return table_.get(shallow(type)).special == Special::Never; }
  bool is_numeric(TypeId type) const;
  bool is_integer(TypeId type) const;
  bool is_float(TypeId type) const;
  bool contains_infer(TypeId type);
  void finish_body();
  void finish_literal(Expr& expr);
  std::string method_name(const Callee& callee);
  GenericArgument deep(GenericArgument argument);

  // --- expressions
  ExprId add(ExprKind what, TypeId type, Span where, std::vector<ExprId> parts = {});
  ExprId error(Span where) { return add(ExprKind::Error, table_.error(), where); }
  ExprId unit(Span where) { return add(ExprKind::Make, unit_, where); }
  ExprId constant_text(std::string text, Span where);
  ExprId constant_number(uint64_t value, TypeId type, Span where);
  ExprId unsupported(NodeId id, std::string_view what);
  Expr& get(ExprId id) { return body_->exprs[id.index()]; }
  TypeId type(ExprId id) { return shallow(get(id).type); }
  bool is_place(ExprId id);
  ExprId deref(ExprId reference);
  ExprId borrow(ExprId place, bool is_mut, Span where, bool two_phase = false);
  ExprId local(BodyLocalId id, Span where);
  BodyLocalId add_local(std::string name, TypeId type, bool is_mut, Span where);
  PatternId add_pattern(PatternKind what, TypeId type, Span where);
  PatternId bind(BodyLocalId id, Span where);
  std::string name(TypeId type) { return table_.name(deep(type)); }
  std::string argument_text(const GenericArgument& argument);

  ExprId expression(NodeId id, TypeId expected = {});
  ExprId expression_unlimited(NodeId id, TypeId expected);
  ExprId checked(NodeId id, TypeId expected);  // with coercion
  ExprId coerce(ExprId value, TypeId expected, std::string_view why = {});
  ExprId try_coerce(ExprId value, TypeId expected);
  void mismatch(ExprId value, TypeId expected, std::string_view why);
  // (expressions.cpp)
  ExprId literal(NodeId id, TypeId expected);
  ExprId path_expression(NodeId id, TypeId expected);
  ExprId field_expression(NodeId id);
  ExprId field_of(ExprId base, std::string_view field, Span where, bool report = true);
  ExprId index_expression(NodeId id);
  ExprId struct_literal(NodeId id, TypeId expected);
  ExprId tuple(NodeId id, TypeId expected);
  ExprId array(NodeId id, TypeId expected);
  ExprId repeat(NodeId id, TypeId expected);
  ExprId cast(NodeId id);
  ExprId try_expression(NodeId id);
  ExprId reference(NodeId id, TypeId expected);
  // (operators.cpp)
  ExprId unary(NodeId id, TypeId expected);
  ExprId binary(NodeId id, TypeId expected);
  ExprId arithmetic(spec::Opcode op, TokenKind token, ExprId left, ExprId right, Span where);
  ExprId comparison(spec::Opcode op, ExprId left, ExprId right, Span where);
  ExprId assign(NodeId id);
  ExprId compound_assign(NodeId id);
  ExprId auto_deref(ExprId value);
  // (control.cpp)
  ExprId block(NodeId id, TypeId expected);
  ExprId block_inner(NodeId id, TypeId expected);
  void statement(NodeId id, ExprId block);
  void let(NodeId id, ExprId block);
  ExprId if_expression(NodeId id, TypeId expected);
  ExprId condition(NodeId id);
  ExprId match_expression(NodeId id, TypeId expected);
  ExprId loop_expression(NodeId id, TypeId expected);
  ExprId for_expression(NodeId id);
  ExprId for_range(NodeId id, NodeId range);
  ExprId for_elements(NodeId id, ExprId reference);
  ExprId for_iterator(NodeId id, ExprId iterable);
  ExprId jump(NodeId id);
  LoopState* find_loop(NodeId id, bool is_break);
  bool diverges(ExprId id) { return is_never(get(id).type); }
  void push_let(ExprId block, BodyLocalId local_id, ExprId value);
  ExprId counting_loop(NodeId id, ExprId outer, ExprId test, ExprId step, ExprId element);
  // (calls.cpp)
  ExprId call(NodeId id, TypeId expected);
  ExprId call_callee(Callee callee, ExprId receiver, std::span<const NodeId> arguments, std::span<const NodeId> generics, TypeId expected, Span where);
  ExprId call_native(const spec::NativeFacts& facts, ExprId receiver, std::span<const NodeId> arguments, TypeId expected, Span where);
  ExprId call_variant(DefinitionId variant, std::span<const NodeId> arguments, TypeId expected, Span where);
  ExprId call_tuple_struct(TypeId type, std::span<const NodeId> arguments, Span where);
  ExprId associated(TypeId self, NodeId segment, std::span<const NodeId> arguments, TypeId expected, Span where);
  std::vector<NodeId> arrange(std::string_view callee, std::span<const std::string> names, const std::vector<bool>& optional, std::span<const NodeId> arguments, Span where, bool& good);
  TypeId pattern_type(const spec::Pattern& pattern, std::map<std::string, GenericArgument>& bound);
  void bind_pattern(const spec::Pattern& pattern, TypeId actual, std::map<std::string, GenericArgument>& bound);
  bool find_method(TypeId self, std::string_view method, Callee& out, bool need_self);
  void check_bounds(const Callee& callee, std::span<const std::string> names, const Environment& environment, Span where);
  ExprId make_variant(TypeId type, uint32_t variant, std::vector<ExprId> parts, Span where);
  // (methods.cpp)
  ExprId method_call(NodeId id, TypeId expected);
  ExprId call_method(ExprId receiver, std::string_view method, std::span<const NodeId> arguments, std::span<const NodeId> generics, TypeId expected, Span where, bool report = true);
  ExprId receiver_for(ExprId place, bool by_reference, bool is_mut, Span where);
  ExprId builtin_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, Span where);
  ExprId clone_of(ExprId place, Span where);
  std::string_view head(TypeId type);
  // (tensors.cpp)
  ExprId tensor_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, std::span<const NodeId> generics, Span where);
  ExprId tensor_function(NodeId path_segment, std::string_view function, std::span<const NodeId> arguments, TypeId expected, Span where);
  ExprId tensor_operation(spec::TensorOp op, std::vector<ExprId> operands, std::vector<int64_t> attributes, Span where);
  ExprId tensor_operand(ExprId value, spec::DType dtype);
  ExprId tensor_reduction(spec::TensorOp op, ExprId place, std::span<const NodeId> arguments, Span where);
  ExprId tensor_element(ExprId place, std::span<const NodeId> indices, Span where);
  ExprId tensor_set(NodeId target, ExprId place, ExprId value, std::span<const NodeId> indices, Span where);
  ExprId looked_at(ExprId reference, ExprId value, Span where);
  ExprId tensor_shape(ExprId place, Span where);
  ExprId tensor_length(ExprId place, Span where);
  ExprId tensor_from_array(NodeId argument, TypeId expected, std::optional<spec::DType> dtype, Span where);
  ExprId tensor_made(std::string_view function, spec::DType dtype, const std::vector<int64_t>& dims, std::vector<ExprId> extents, NodeId value, Span where);
  std::vector<ExprId> tensor_indices(std::span<const NodeId> indices);
  std::optional<int64_t> dim_argument(NodeId id);
  bool is_tensor(TypeId type) const { return is_kind(type, TypeKind::Tensor); }
  spec::TensorType tensor_type(TypeId type) const;
  TypeId tensor_id(const spec::TensorType& type);
  TypeId element_type(spec::DType dtype);
  std::optional<spec::DType> dtype_of(TypeId type, Span where);
  void tensor_error(const Error& error, std::span<const ExprId> operands, Span where);
  TypeId peel(TypeId type) const;
  // (format.cpp)
  ExprId f_string(NodeId id);
  ExprId macro(NodeId id, TypeId expected);
  ExprId format_arguments(std::span<const NodeId> arguments, Span where);
  ExprId print_call(std::string_view name, std::span<const NodeId> arguments, Span where);
  void hole(ExprId value, std::string_view spec, Span where, std::string& out, std::vector<ExprId>& parts);
  ExprId displayed(ExprId value, Span where);
  bool printable(TypeId type, bool debug, int depth = 0);
  ExprId assertion(NodeId id, std::string_view macro_name);
  ExprId panic(ExprId text, Span where);
  // (weights.cpp)
  ExprId weights(NodeId id, TypeId expected);
  // (patterns.cpp, exhaustive.cpp)
  PatternId pattern(NodeId id, TypeId type, Mode mode);
  PatternId pattern_path(NodeId id, TypeId type, Mode mode);
  PatternId pattern_bind(NodeId id, TypeId type, Mode mode);
  PatternId pattern_fields(NodeId id, PatternId made, const std::vector<Field>& fields, Mode mode);
  PatternId pattern_positions(std::span<const NodeId> parts, PatternId made, const std::vector<TypeId>& types, Mode mode, Span where);
  PatternId pattern_or(NodeId id, TypeId type, Mode mode);
  ExprId pattern_value(NodeId id, TypeId type);
  Pattern& get(PatternId id) { return body_->patterns[id.index()]; }
  void irrefutable(PatternId id, TypeId type, Span where);
  void exhaustive(const std::vector<Arm>& arms, TypeId type, Span where);
  std::optional<std::string> uncovered(const std::vector<std::vector<PatternId>>& rows, std::vector<TypeId> types, int depth);
  std::optional<std::string> uncovered_constructors(const std::vector<std::vector<PatternId>>& rows, const std::vector<TypeId>& types, int depth);

  using Scope = std::unordered_map<std::string, BodyLocalId>;
  struct ScopeGuard {
    explicit ScopeGuard(Checker& checker) : checker_(checker) { checker_.scopes_.emplace_back(); }
    ~ScopeGuard() { checker_.scopes_.pop_back(); }
    ScopeGuard(const ScopeGuard&) = delete;
    Checker& checker_;
  };
  BodyLocalId find_local(std::string_view name) const;

  const SourceMap& sources_;
  const resolve::Names& names_;
  TypeTable& table_;
  diagnostics::Sink& sink_;
  Typed typed_;
  Where where_;
  TypeId unit_, bool_, str_, usize_, i32_, f64_;
  std::vector<ImplInfo> impls_;
  std::unordered_map<std::string, std::vector<uint32_t>> impls_by_function_;
  std::vector<Nominal> nominals_;                       // by number
  std::unordered_map<uint32_t, uint32_t> nominal_of_;   // TypeId → nominals_
  std::map<std::string, TypeId> nominal_ids_;
  std::vector<Instance> instances_;
  std::map<std::string, uint32_t> instance_ids_;
  std::vector<TypeId> variables_;                       // what inference knows; invalid: nothing yet
  std::vector<Instance> pending_;                       // callees of the body, by Expr::method
  // of the body being checked
  TypedFunction* body_ = nullptr;
  std::vector<Scope> scopes_;
  std::vector<LoopState> loops_;
  uint32_t next_loop_ = 0;
  size_t errors_before_ = 0;
  TypeId result_;
  bool shipped_ = false;
  int depth_ = 0;
};

}  // namespace stark::types

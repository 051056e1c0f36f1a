// compiler/types/checker.h — the state that the parts of the type checker share.
// Room: types, private. In: Names. Out: Typed.
// Law: every ExprId handed out has a type; after a mistake that type is Error, which fits everything and reports nothing.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <unordered_set>

#include "compiler/resolve/derive.h"
#include "compiler/types/diagnostics.h"
#include "compiler/types/generics.h"

namespace stark::types {

// What to do with a reference that names no lifetime.
struct Elision {
  enum class Kind : uint8_t { Ignore, Fresh, Fixed, Refuse };
  Kind kind = Kind::Ignore;
  uint32_t* next = nullptr;  // Fresh: the last region given out
  Region fixed = 0;
  std::string_view place;    // Refuse: for the message
  FunctionSignature* signature = nullptr;  // Fresh, Fixed, Refuse: where lifetimes that nothing names are declared
  std::span<const Span> lenders = {};  // Refuse: what the reference might come from
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

enum class Mode : uint8_t { Move, Shared, Mutable };  // how a pattern's names bind
enum class Fit : uint8_t { No, Maybe, Yes };
enum class Owner : uint8_t { Any, Type, Trait };  // whose function: an inherent one, or a trait's
enum class Receiver : uint8_t { Any, Value, Shared, Mutable };  // how a function takes `self`; Any: or not at all

// An argument of a call: as written, or made here.
struct Argument {
  NodeId node;
  ExprId value;
  std::string_view name;
  Span span, name_span;
  NodeId original;  // with its name
  bool valid() const { return node.valid() || value.valid(); }
};

// What a path in an expression names.
struct PathTarget {
  enum class Kind : uint8_t { Error, Local, Number, Function, Variant, TupleStruct, Native, TensorFunction, Constant, Static, Box };
  Kind kind = Kind::Error;
  BodyLocalId local;
  int64_t number = 0;
  Callee callee;
  DefinitionId definition;           // Variant
  TypeId type;                       // the type before `::`, or the struct
  const spec::NativeFacts* native = nullptr;
  std::span<const NodeId> generics;
  NodeId node, segment;              // TensorFunction: both segments. Constant, Static: its item
  const SyntaxTree* tree = nullptr;  // Constant, Static
  ModuleId module;
  Environment environment;
  bool assumed = false;              // known by a bound alone
};

// A bound that a body asks for and that may not be decided yet.
struct Obligation {
  TypeId subject;
  TraitUse use;
  std::optional<Callable> callable;
  Span where, asked;
  bool quiet = false;  // it only tells an associated type; whether it holds is asked elsewhere
};

// How the body of a closure uses a place from outside.
enum class Usage : uint8_t { Shared, Mutable, Move };
struct CaptureStep {
  ExprKind kind{};  // Field or Deref
  uint32_t index = 0;
  friend bool operator==(const CaptureStep&, const CaptureStep&) = default;
};
struct Capture {
  uint32_t root = 0;  // local
  std::vector<CaptureStep> path;
  ExprId place;
  Usage usage = Usage::Shared;
};
struct ClosureState {
  Span where;
  bool moves = false, done = false;
  bool is_async = false;  // a body that runs when it is awaited
  bool is_function = false;  // that of an async function, which takes all parameters with it
  size_t first_local = 0, last_local = ~size_t{0};  // locals of its own
  std::vector<PatternId> patterns;
  std::vector<TypeId> types;
  TypeId result, type;
  ExprId body, expr;
  Calling asked = Calling::Once, calling = Calling::Shared;
  std::vector<Capture> captures;
  uint32_t function = 0;
};

struct LoopState {
  std::string_view label;
  uint32_t number = 0;
  enum class Kind : uint8_t { Loop, Other, Block } kind = Kind::Other;
  TypeId result;
  bool broken = false;
};
using Scope = std::unordered_map<std::string, BodyLocalId>;

// A place that a trait's function reaches: `a[i]` by `Index`, `*p` by `Deref`.
struct OverloadedPlace {
  std::string_view trait, method;  // what changes it
  ExprId base, index;
  std::optional<spec::Native> native{};  // … where that is no trait's
};

// The result of a function with `-> impl Trait` that is called with closures: told when those are.
struct DeferredOpaque {
  Callee callee;
  TypeId later;
  Span where;
  std::optional<Callable> callable{};  // what its declaration promises
  TypeId output{};                     // … of a future: what it gives
};

// A `?` whose way out is not made yet: in a closure, what is returned may be told behind it.
struct OpenTry {
  ExprId leave;       // to be made
  BodyLocalId wrong;  // holds the error; none for an Option
  Span where;
};

// Of the body being checked. One body may ask for another while it is not finished, so this is put aside as a whole.
struct BodyState {
  TypedFunction* body_ = nullptr;
  const Bindings* arguments_ = nullptr;  // what stands for the parameters of the function, by number
  std::vector<Scope> scopes_;
  std::vector<LoopState> loops_;
  uint32_t next_loop_ = 0;
  size_t errors_before_ = 0;
  TypeId result_;
  bool shipped_ = false, defining_ = false, in_closure_ = false, in_async_ = false, unsafe_ = false, settling_ = false, defaulting_ = false;
  std::vector<TypeId> variables_;      // what inference knows; invalid: nothing yet
  std::unordered_map<uint32_t, TypeId> deepened_;  // types with variables, and what they are as far as is known now
  std::set<uint32_t> number_variables_;  // lengths and dims to be told
  Bindings numbers_;                     // those that are
  std::vector<Instance> pending_;      // callees of the body, by Expr::method
  std::vector<Obligation> obligations_;
  std::set<std::pair<uint32_t, std::string>> told_bounds_;  // missing ones that were reported
  std::map<uint64_t, ClosureState> closures_;  // by number of the variable
  std::vector<uint64_t> closure_order_;        // inner ones first
  std::unordered_map<uint32_t, OverloadedPlace> overloaded_places_;
  std::vector<DeferredOpaque> deferred_opaques_;
  std::vector<OpenTry> open_tries_;
  Declared* hiding_ = nullptr;  // a function whose parameters are being read: `impl Trait` in them declares a parameter
  std::vector<Obligation> markers_;  // `Send` and `Sync` of closures, asked when their captures are known
  std::vector<ExprId> further_;      // arguments behind the parameters of variadic functions
  std::vector<std::pair<ExprId, TypeId>> unsized_;  // conversions into objects, and what from
};

class Checker : private BodyState {
 public:
  Checker(const SourceMap& sources, const resolve::Names& names, TypeTable& table, diagnostics::Sink& sink);
  Typed run();

 private:
  // --- where we are
  struct Where {
    const SyntaxTree* tree = nullptr;
    ModuleId module;
    Environment environment;
    bool holes = false;  // types written here may leave out what inference will tell
  };
  template <class Do>
  auto at(const SyntaxTree* tree, ModuleId module, Environment environment, Do&& work) {
    Where before = std::exchange(where_, Where{tree, module, std::move(environment), false});
    struct Back {
      Checker& checker;
      Where& before;
      ~Back() { checker.where_ = std::move(before); }
    } back{*this, before};
    return work();
  }
  // The same for code, where a type may have holes: `Vec::new()`.
  template <class Do>
  auto at_code(const SyntaxTree* tree, ModuleId module, Environment environment, Do&& work) {
    return at(tree, module, std::move(environment), [&] { return where_.holes = true, work(); });
  }
  bool may_guess() const { return body_ != nullptr && where_.holes; }
  const SyntaxTree& tree() const { return *where_.tree; }
  const Node& node(NodeId id) const { return where_.tree->get(id); }
  NodeKind kind(NodeId id) const { return where_.tree->kind(id); }
  NodeId child(NodeId id, uint32_t which) const { return where_.tree->child(id, which); }
  std::span<const NodeId> list(NodeId id) const { return id.valid() ? where_.tree->children_of(id) : std::span<const NodeId>(); }
  Span span(NodeId id) const { return node(id).span; }

  // --- declarations (declare.cpp)
  void tell_main_error();
  void check_declarations();
  void check_nominal(DefinitionId id);
  void check_coherence();
  void check_sizes();
  bool overlap(uint32_t a, uint32_t b);
  void check_constant(const Definition& made);
  // (statics.cpp)
  uint32_t static_number(const SyntaxTree& in, NodeId item, ModuleId module);
  ExprId static_value(const PathTarget& target, Span where);
  void refuse_static(ExprId place);
  void check_static(uint32_t number);
  void check_static_cycles();
  void check_trait(DefinitionId id);
  void check_impl(uint32_t number);
  void check_members(const ImplInfo& info);
  void check_supertraits(uint32_t number);
  void check_marker(uint32_t number);
  void check_signature(const ImplInfo& info, const std::string& word, const Callee& callee, const FunctionInfo& own);
  bool is_formatter(DefinitionId trait) const;
  // (nominals.cpp)
  TypeId nominal_type(DefinitionId definition, std::vector<GenericArgument> arguments);
  TypeId library_type(std::string_view word, std::vector<TypeId> arguments);
  const Declared& nominal_info(DefinitionId definition);
  void settle_nominal(TypeId type, bool open);
  void fill_fields(const SyntaxTree& tree, NodeId fields, std::vector<Field>& out, std::string_view place);
  uint32_t drop_function(TypeId type);
  bool infinite(TypeId type, TypeId looked_for, std::set<TypeId>& seen) const;
  bool endless(DefinitionId definition, std::span<const GenericArgument> arguments);
  bool number_for_type(std::span<const GenericParameter> parameters, std::span<const GenericArgument> given, ModuleId module, Span where);
  void use_type(TypeId type);
  void use_types();
  // `#[repr(…)]` (layouts.cpp)
  struct Layout {
    spec::Representation form;
    bool transparent = false, c = false;
    NodeId unknown, tag_word;
  };
  static Layout layout(const SyntaxTree& tree, NodeId item);
  void set_layout(TypeId type, Layout wanted);
  bool is_plain(TypeId type) const;
  bool holds_aligned(TypeId type) const;
  void check_layout(const Definition& made, TypeId type);
  void check_enum_layout(const Definition& made, TypeId type, const Layout& wanted);
  const Nominal* nominal(TypeId type) const;
  const Nominal* nominal_exact(TypeId type) const;
  bool is_nominal(TypeId type, std::string_view shipped) const;
  Environment generic_environment(const SyntaxTree& tree, NodeId generics, std::span<const GenericArgument> arguments, Environment base) const;
  std::vector<std::string> generic_names(const SyntaxTree& tree, NodeId generics) const;
  static std::string argument_key(const GenericArgument& argument);
  std::string argument_text(const GenericArgument& argument);
  // (functions.cpp)
  Callee library_callee(std::string_view word, TypeId argument);
  Callee impl_callee(uint32_t impl, const Bindings& bound, TypeId self, std::string_view word);
  Instance make_instance(Callee callee);
  uint32_t instance(Instance wanted);
  std::string environment_key(const GenericParameter& one, const SyntaxTree& t) const;
  Environment body_environment(const Callee& callee, std::span<const GenericArgument> arguments);
  void bind_lifetimes(const SyntaxTree& t, NodeId generics, FunctionSignature& out);
  FunctionSignature signature(const Callee& callee, const Environment& given);
  std::vector<Region> loose_regions(TypeId type, FunctionSignature& out);
  std::vector<Region> self_regions(const Callee& callee, const Elision& elided);
  LoweredType lower_parameter(NodeId parameter, const Elision& elided, Region& self_region);
  void declared_outlives(const Callee& callee, FunctionSignature& out);
  void implied_outlives(TypeId type, const std::vector<Region>& regions, FunctionSignature& out, std::set<TypeId>& open) const;
  void check_definition(Callee callee);
  void check_body(uint32_t number);
  bool is_exported(const Callee& callee);
  void check_function(TypedFunction& function, const Callee& callee, const Environment& environment, bool defining);
  void parameters_of(TypedFunction& function, const Callee& callee);
  bool called_once(const Callee& callee, size_t parameter);
  ExprId function_body(NodeId body);
  void check_result(const Callee& callee);
  void opaque_bounds(NodeId result);
  void settle_opaque(FunctionSignature& out, TypeId type);

  // --- generics (generics.cpp)
  GenericParameter new_parameter(std::string word, NodeId id, bool is_number);
  void declare_parameters(NodeId generics, Declared& out);
  void declare_generics(NodeId generics, NodeId where, Declared& out);
  void lower_bounds(TypeId subject, NodeId bounds, std::vector<Bound>& out);
  std::optional<Callable> callable_bound(NodeId segment);
  std::optional<TraitUse> trait_use(NodeId path_type, TypeId self);
  TraitUse trait_use(DefinitionId trait, NodeId arguments, TypeId self, Span where);
  const FunctionInfo& function_info(const Callee& callee);
  TypeId hidden_parameter(NodeId impl_type, Declared& own);
  void settle_parameter(GenericParameter& parameter, TypeId type);
  bool is_open(TypeId type);
  bool is_open(const GenericArgument& argument);
  int64_t substitute_number(int64_t number, const Bindings& bound) const;
  std::vector<int64_t> substitute_dims(const std::vector<int64_t>& dims, const Bindings& bound) const;
  GenericArgument substitute(GenericArgument argument, const Bindings& bound);
  TypeId substitute(TypeId type, const Bindings& bound);
  TraitUse substitute(const TraitUse& use, const Bindings& bound);
  Callable substitute(const Callable& callable, const Bindings& bound);
  TypeId tensor_of(TypeId element, std::vector<int64_t> dims);
  Fit fit_number(int64_t pattern, int64_t given, Bindings& bound) const;
  Fit fit_dims(const std::vector<int64_t>& pattern, const std::vector<int64_t>& given, Bindings& bound) const;
  Fit fit(const GenericArgument& pattern, const GenericArgument& given, Bindings& bound);
  Fit fit(TypeId pattern, TypeId given, Bindings& bound);
  Fit alike(TypeId left, TypeId right);

  // --- traits (traits.cpp)
  TraitInfo& trait_info(DefinitionId trait);
  TraitUse own_use(const TraitInfo& info) const;
  Environment trait_environment(const TraitInfo& info);
  Environment impl_environment(uint32_t impl);
  std::vector<TypeId> type_arguments(const TraitUse& use);
  void collect_impls();
  void fill_impl(uint32_t number);
  uint64_t head_of(TypeId given) const;
  bool is_for_sized(TypeId self, const std::vector<uint32_t>& candidates) const;
  bool each_assumed(TypeId type, const std::function<bool(const TraitUse&)>& visit);
  void supertraits_of(const TraitUse& use, TypeId self, std::vector<TraitUse>& out);
  Bindings trait_bindings(const TraitInfo& info, const TraitUse& use, TypeId self);
  std::string_view shipped_name(DefinitionId definition) const;
  bool copies(TypeId given);
  std::optional<bool> builtin(std::string_view trait, TypeId type);
  // markers.cpp: whether a type may go to another thread, or be seen from one; nothing where that is not known yet.
  std::optional<bool> marker_of(bool sync, TypeId type);
  struct MarkerSearch;
  bool has_marker(bool sync, TypeId type, MarkerSearch& search);
  bool parts_have_marker(bool sync, TypeId type, MarkerSearch& search);
  std::optional<bool> marker_impl(bool sync, TypeId type);
  std::string marker_reason(bool sync, TypeId type);
  void finish_markers();
  bool implements(TypeId type, std::string_view trait);
  Selection select(TypeId given, const TraitUse& use, int depth = 0);
  bool arguments_alike(const std::vector<GenericArgument>& a, const std::vector<GenericArgument>& b);
  bool is_declared(const std::vector<Bound>& bounds, uint64_t number);
  void loosen(const GenericArgument& argument, Bindings& bound);
  bool bounds_hold(const std::vector<Bound>& given, Bindings& bound, int depth);
  TypeId project(TypeId given, const TraitUse& use, std::string_view word);
  TypeId associated_type(uint32_t impl, const Bindings& bound, std::string_view word);
  std::vector<std::pair<uint32_t, Bindings>> impls_with_type(TypeId self, std::string_view word);
  TypeId associated_type_named(TypeId given, std::string_view word, Span where);

  // --- bounds of calls (bounds.cpp)
  void require(const std::vector<Bound>& bounds, const Bindings& bound, Span where);
  void settle_obligations();
  bool settle(const Obligation& one);
  bool settle_callable(const Obligation& one, TypeId subject);
  void equate(TypeId actual, TypeId wanted, const Obligation& one, std::string_view word);
  static std::string_view calling_text(Calling calling);
  void wrong_calling(Span where, Calling actual, Calling wanted);
  void missing_callable(const Obligation& one, TypeId subject);
  void missing_bound(const Obligation& one, TypeId subject);
  TypeId instantiate(TypeId pattern, Bindings& bound);
  void finish_obligations(bool last);
  void default_literals(TypeId given);

  // --- types as written (type_nodes.cpp)
  // A type as that of a value: what has no size stands in a box (C10, C21).
  LoweredType lower_value(NodeId id, const Elision& elision);
  LoweredType by_value(LoweredType type);
  TypeId type_of(NodeId id) { return lower_value(id, {}).type; }
  TypeId written_type(NodeId id) { return lower(id, {}).type; }
  static bool admits_unsized(const SyntaxTree& tree, NodeId generics, size_t index);
  LoweredType lower(NodeId id, const Elision& elision);
  LoweredType lower_node(NodeId id, const Elision& elision);
  LoweredType lower_path(NodeId id, const Elision& elision);
  LoweredType lower_qualified(NodeId path, const Elision& elision);
  std::vector<Region> regions_of_generic(const std::string& word) const;
  LoweredType lower_projection(const LoweredType& subject, std::string_view word, Span where, const Elision& elision, bool of_self = false);
  std::vector<Region> projected_regions(TypeId self, const std::vector<Region>& actual, std::string_view word, const Elision& elision);
  LoweredType lower_named(DefinitionId definition, NodeId arguments, Span span, const Elision& elision);
  LoweredType lower_alias(DefinitionId definition, const std::vector<GenericArgument>& given, const Elision& elision);
  LoweredType lower_builtin(std::string_view name, NodeId arguments, Span span, const Elision& elision, bool& known);
  LoweredType lower_tensor(std::span<const NodeId> given, Span span, std::string_view word = "Tensor");
  std::optional<std::vector<int64_t>> dims_of(NodeId id);
  GenericArgument generic_argument(NodeId id, const Elision& elision, std::vector<Region>& regions);
  Region region_of(NodeId lifetime, Span span, const Elision& elision);
  static Region region_of_object(const Elision& elision);
  std::optional<int64_t> constant_integer(NodeId id, bool report = true);
  TypeId scalar_named(std::string_view name) const;
  std::span<const NodeId> past_library(std::span<const NodeId> segments) const;
  DefinitionId find_path(std::span<const NodeId> segments, bool values, size_t& used, bool report);

  // --- trait objects and function types (objects.cpp)
  const ObjectUse* object_use(TypeId type) const;
  // pointers.cpp: raw pointers, and what may be done in `unsafe` alone
  LoweredType lower_pointer(NodeId id, const Elision& elision);
  void demand_unsafe(Span where, std::string_view what);
  bool is_unsafe(const Callee& callee);
  ExprId follow_pointer(ExprId pointer, Span where);
  ExprId cast_pointer(ExprId value, TypeId to, Span where);  // invalid: this is no cast of a pointer
  ExprId coerce_pointer(ExprId value, TypeId expected);      // likewise
  std::optional<uint64_t> plain_bytes(TypeId type, bool any_bits);
  bool transmutes(TypeId from, TypeId to);

  LoweredType lower_object(NodeId id, const Elision& elision);
  LoweredType lower_bare_object(DefinitionId trait, NodeId arguments, Span where, const Elision& elision);
  LoweredType lower_function_type(NodeId id, const Elision& elision);
  LoweredType lower_box(NodeId arguments, Span where, const Elision& elision);
  struct CellName {
    TypeKind kind;
    spec::GuardKind guard{};
  };
  static std::optional<CellName> cell_named(std::string_view word);
  TypeId cell_of(CellName cell, TypeId element);
  LoweredType lower_cell(CellName cell, std::string_view word, NodeId arguments, Span where, const Elision& elision);
  bool holds_boxed(TypeId type) const;
  bool points(TypeId type) const;  // what `*` goes through: references, boxes, guards, Gc
  TypeId object_type(ObjectUse use);
  TypeId substitute_object(ObjectUse use, const Bindings& bound);
  bool make_future_object(ObjectUse& use, Span where);
  ExprId coerce_future(ExprId value, TypeId source, const ObjectUse& use, TypeId wanted);
  bool fit_objects(TypeId pattern, TypeId given, Bindings& bound);
  Callable function_callable(TypeId type);
  ExprId coerce_object(ExprId value, TypeId found, TypeId wanted);
  enum class ObjectMethod : uint8_t { Slot, Hidden, Unsafe };  // callable through `dyn`; only elsewhere; forbids `dyn`
  struct ObjectSlot {
    TraitUse use;
    std::string method;
  };
  bool object_safe(DefinitionId trait, Span where);
  ObjectMethod object_method(DefinitionId trait, NodeId item);
  bool mentions(TypeId type, TypeId wanted);
  std::string object_name(const ObjectUse& use);
  std::string plain_object_name(const ObjectUse& use);
  std::vector<ObjectSlot> object_slots(TypeId object);
  void fill_object(TypeId object);
  Signature callable_signature(const Callable& callable, TypeId self, TypeId object, bool once);
  ExprId unsize(ExprKind what, ExprId value, TypeId concrete, TypeId wanted);
  void finish_unsized();
  uint32_t vtable(TypedVTable made);
  void finish_object_call(ExprId id, const Callee& callee);

  // --- inference (infer.cpp)
  TypeId fresh(int what = 0);  // 0 any, 1 integer, 2 float, 3 a closure's own
  TypeId shallow(TypeId type) const;
  TypeId deep(TypeId type);
  GenericArgument deep(GenericArgument argument);
  bool unify(TypeId a, TypeId b);
  bool unify(TypeId a, TypeId b, size_t& steps);
  void learn(uint64_t number, TypeId type);
  bool any_part(TypeId given, const std::function<bool(TypeId)>& holds);
  TypeId deep_parts(TypeId type);
  GenericArgument fresh_number();
  int64_t known_number(int64_t number) const;
  bool unify_numbers(int64_t left, int64_t right);
  bool unify_dims(const std::vector<int64_t>& a, const std::vector<int64_t>& b);
  bool is_infer(TypeId type) const { return table_.get(shallow(type)).special == Special::Infer; }
  int infer_what(TypeId type) const { return static_cast<int>(table_.get(shallow(type)).length % 4); }
  uint64_t infer_number(TypeId type) const { return table_.get(shallow(type)).length / 4; }
  bool is_kind(TypeId type, TypeKind wanted) const;
  bool is_error(TypeId type) const { return table_.get(shallow(type)).special == Special::Error; }
  bool is_never(TypeId type) const { return table_.get(shallow(type)).special == Special::Never; }
  bool is_numeric(TypeId type);
  bool is_integer(TypeId type);
  bool is_float(TypeId type);
  bool mentions_variables(TypeId type);
  bool contains_infer(TypeId type);
  void too_heavy(Span where);
  TypeId settled(TypeId given, Span where, std::string_view what);
  void finish_body();
  void finish_call(ExprId id);
  void finish_trait_call(ExprId id, const Callee& callee, const FunctionInfo& asked);
  bool finish_builtin(ExprId id, const Callee& callee);
  void finish_formatter(ExprId id, Callee chosen);
  void finish_string(ExprId id, Callee chosen);
  void finish_literal(Expr& expr);

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

  ExprId expression(NodeId id, TypeId expected = {});
  ExprId expression_unlimited(NodeId id, TypeId expected);
  ExprId checked(NodeId id, TypeId expected);  // with coercion
  // `asked`: where the type is written that is expected; pointed to where that is in the text of the program.
  ExprId coerce(ExprId value, TypeId expected, std::string_view why = {}, Span asked = {});
  ExprId try_coerce(ExprId value, TypeId expected);
  ExprId coerce_inside(ExprId value, TypeId wanted);
  ExprId vec_of_array(ExprId value, TypeId wanted);
  Span value_span(ExprId value);
  void mismatch(ExprId value, TypeId expected, std::string_view why, Span asked = {});
  bool is_shown(Span span) const { return span.file.valid() && !sources_.shipped(span.file); }
  // (expressions.cpp)
  ExprId literal(NodeId id, TypeId expected);
  ExprId byte_text(NodeId id);
  ExprId path_expression(NodeId id, TypeId expected);
  ExprId scalar_constant(TypeId type, std::string_view which, Span where);
  ExprId constant_value(const PathTarget& target, Span where);
  ExprId field_expression(NodeId id);
  ExprId field_of(ExprId base, std::string_view field, Span where, bool report = true);
  ExprId index_base(ExprId base);
  ExprId index_expression(NodeId id);
  ExprId overloaded_index(ExprId base, NodeId index, Span where);
  void mutable_place(ExprId place);
  ExprId slice(ExprId base, NodeId range, bool is_mut, Span where);
  ExprId discriminant(ExprId value, TypeId to, Span where);
  ExprId tuple(NodeId id, TypeId expected);
  ExprId array(NodeId id, TypeId expected);
  ExprId repeat(NodeId id, TypeId expected);
  ExprId cast(NodeId id);
  ExprId trapping_cast(ExprId value, TypeId to, Span where);
  ExprId try_expression(NodeId id, TypeId expected);
  void hand_on(const OpenTry& failure);
  ExprId try_failure(ExprId wrong, TypeId wanted, Span where);
  ExprId reference(NodeId id, TypeId expected);
  ExprId range(NodeId id, TypeId expected);
  // (structs.cpp)
  diagnostics::Builder unknown_field(Span where, TypeId type, std::string_view word, std::span<const Field> fields);
  ExprId struct_literal(NodeId id, TypeId expected);
  // (operators.cpp)
  ExprId unary(NodeId id, TypeId expected);
  ExprId binary(NodeId id, TypeId expected);
  ExprId arithmetic(spec::Opcode op, TokenKind token, ExprId left, ExprId right, Span where);
  bool can_overload(TypeId given);
  ExprId overloaded(std::string_view trait_name, std::string_view method, ExprId left, const Argument& right, std::string_view verb, Span where);
  ExprId overloaded_unary(std::string_view trait_name, std::string_view method, ExprId value, Span where);
  ExprId overloaded_assign(ExprId place, std::string_view trait_name, std::string_view method, NodeId right, Span where);
  TypeId single_operand(TypeId self, DefinitionId trait);
  ExprId comparison(spec::Opcode op, ExprId left, ExprId right, Span where);
  ExprId compared(spec::Opcode op, ExprId left, ExprId right, Span where);
  ExprId negated(ExprId value);
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
  bool coerce_arms(std::vector<Arm>& arms, TypeId wanted);
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
  std::vector<Argument> arguments_of(std::span<const NodeId> nodes);
  std::vector<NodeId> nodes_of(const std::vector<Argument>& arguments);
  ExprId argument_value(const Argument& argument, TypeId expected);
  ExprId give_up(const std::vector<Argument>& arguments, Span where);
  std::vector<Argument> arrange(std::string_view callee, std::span<const std::string> names, const std::vector<bool>& optional, const std::vector<Argument>& arguments, Span where, bool& good, Span declared = {});
  std::vector<NodeId> arrange_nodes(std::string_view callee, std::span<const std::string> parameters, const std::vector<bool>& optional, std::span<const NodeId> arguments, Span where, bool& good);
  void choose_generics(const Callee& callee, const FunctionInfo& info, std::span<const NodeId> generics, Bindings& bound, Span where);
  bool exact(TypeId given);
  bool same_head(TypeId a, TypeId b) const;
  void hint_object(TypeId result, TypeId expected, const Bindings& bound, Span where);
  ExprId call_callee(Callee callee, ExprId receiver, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where);
  ExprId pending_call(Callee callee, TypeId result, Span where, std::vector<ExprId> parts);
  ExprId pass_argument(Callee& callee, const FunctionInfo& info, size_t i, const Argument& value);
  TypeId opaque_cycle(const Callee& callee, Span where);
  TypeId defer_opaque(const Callee& callee, Span where);
  bool contains_closure(TypeId given);
  void finish_opaques();
  TypeId opaque_result(const Callee& callee, Span where);
  ExprId call_variant(DefinitionId variant, const std::vector<Argument>& arguments, TypeId expected, Span where);
  ExprId call_tuple_struct(TypeId type, const std::vector<Argument>& arguments, TypeId expected, Span where);
  bool associated(TypeId self, NodeId segment, PathTarget& out);
  bool tensor_impl_function(NodeId tensor, NodeId segment, PathTarget& out);
  bool find_constant(TypeId given, std::string_view word, PathTarget& out);
  PathTarget path_target(NodeId path, Span where);
  PathTarget defined_target(std::span<const NodeId> segments, Span where);
  ExprId call_target(const PathTarget& target, const std::vector<Argument>& arguments, TypeId expected, Span where);
  ExprId call(NodeId id, TypeId expected);
  ExprId make_variant(TypeId type, uint32_t variant, std::vector<ExprId> parts, Span where);
  // (foreign.cpp)
  std::string no_c_form(TypeId given, bool is_result);
  std::string no_c_struct(TypeId type);
  void check_foreign(const Definition& made);
  uint32_t foreign_number(const Callee& callee);
  ExprId call_foreign(const Callee& callee, const std::vector<Argument>& arguments, Span where);
  LoweredType lower_foreign_fn(NodeId id);
  void check_called_by_c(const Definition& made, const FunctionInfo& info);
  const FunctionSignature* foreign_fn(TypeId given) const;
  ExprId foreign_fn_value(const PathTarget& target, TypeId expected, Span where);
  ExprId further_argument(ExprId value);
  void finish_further();
  // (natives.cpp)
  ExprId call_native(const spec::NativeFacts& facts, ExprId receiver, const std::vector<Argument>& arguments, TypeId expected, Span where);
  TypeId pattern_type(const spec::Pattern& pattern, std::map<std::string, GenericArgument>& bound);
  void bind_pattern(const spec::Pattern& pattern, TypeId actual, std::map<std::string, GenericArgument>& bound);
  // (methods.cpp)
  std::string head(TypeId type);
  bool receives(const SyntaxTree& t, NodeId function, Receiver want) const;
  bool find_method(TypeId given, std::string_view word, Callee& out, Receiver want, DefinitionId only = {}, Owner which = Owner::Any);
  bool find_in_impls(TypeId self, const std::string& word, Callee& out, Receiver want, bool of_trait, DefinitionId only);
  bool find_assumed(TypeId self, const std::string& word, Callee& out, Receiver want, DefinitionId only);
  Callee trait_callee(const TraitUse& use, TypeId self, std::string_view word);
  ExprId method_call(NodeId id, TypeId expected);
  void remember_trait(std::pair<const SyntaxTree*, uint32_t> call, const Callee& callee);
  ExprId step_inside(ExprId place);
  ExprId call_method(ExprId receiver, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where, bool report = true);
  ExprId native_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where);
  ExprId slice_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, std::span<const NodeId> generics, TypeId expected, Span where);
  std::vector<std::string_view> near_functions(TypeId self, std::string_view wanted, std::initializer_list<Receiver> how);
  std::string known_elsewhere(TypeId self, std::string_view word);
  void unknown_method(TypeId start, std::string_view method, Span where);
  ExprId builtin_method(ExprId place, std::string_view method, const std::vector<Argument>& arguments, Span where);
  ExprId clone_of(ExprId place, Span where);
  // (closures.cpp, captures.cpp, outline.cpp)
  struct ClosureInfo {
    Callable callable;
    uint32_t function = 0;
  };
  std::optional<Callable> callable_of(TypeId given);
  const ClosureInfo* closure_of(TypeId type) const;
  std::optional<Callable> closure_hint(TypeId expected);
  ExprId closure(NodeId id, TypeId expected);
  ExprId closure_of_body(ClosureState state, TypeId type, NodeId body);
  // (async.cpp)
  bool runs_later(const Callee& callee) const;
  ExprId async_block(NodeId id);
  ExprId async_function(const Callee& callee, NodeId body);
  ExprId call_library(std::string_view function, ExprId argument, Span where);
  ExprId await(NodeId id);
  TypeId promised_output(TypeId type);
  ExprId await_promised(ExprId operand, DefinitionId future, TypeId output, Span where);
  ExprId function_value(const PathTarget& target, TypeId expected, Span where);
  TypeId argument_type(const PathTarget& target, size_t i);
  size_t variant_arity(DefinitionId variant) const;
  ExprId call_value(ExprId value, const std::vector<Argument>& arguments, Span where);
  using Usage = types::Usage;
  void finish_closures();
  bool captured_path(const ClosureState& state, ExprId id, std::vector<CaptureStep>& path, uint32_t& root);
  void capture_place(ClosureState& state, ExprId id, Usage usage);
  void add_capture(ClosureState& state, ExprId id, std::vector<CaptureStep> path, uint32_t root, Usage usage);
  void capture_value(ClosureState& state, ExprId id);
  void capture_matched(ClosureState& state, ExprId scrutinee, const std::vector<PatternId>& patterns);
  Usage pattern_usage(PatternId id);
  void make_closure_type(uint64_t number, ClosureState& state);
  void outline_closures();
  // (finalisers.cpp)
  bool reaches_managed(TypeId type, std::set<TypeId>& seen) const;
  TypeId unsafe_destructor(TypeId type, std::set<TypeId>& seen) const;
  void check_finaliser(TypeId type, Span where);
  void check_finalisers();
  // (callables.cpp)
  uint32_t add_made(TypedFunction function);
  uint32_t callable_method(TypeId closure, TypeId object);
  void outline(const ClosureState& state);
  ExprId captured_field(const ClosureState& state, class Outliner& outliner, ExprId id);
  void make_closure_value(const ClosureState& state);
  void finish_closure_call(ExprId id);
  // (tensors.cpp)
  ExprId tensor_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, std::span<const NodeId> generics, Span where);
  ExprId tensor_function(NodeId path_segment, std::string_view function, std::span<const NodeId> arguments, TypeId expected, Span where);
  ExprId tensor_operation(spec::TensorOp op, std::vector<ExprId> operands, std::vector<int64_t> attributes, Span where);
  ExprId tensor_operand(ExprId value, spec::DType dtype);
  ExprId tensor_reduction(spec::TensorOp op, ExprId place, std::span<const NodeId> arguments, Span where);
  ExprId tensor_element(ExprId place, std::span<const NodeId> indices, Span where);
  ExprId tensor_set(NodeId target, ExprId place, ExprId value, std::span<const NodeId> indices, Span where);
  ExprId looked_at(ExprId reference, ExprId value, Span where);
  ExprId tensor_field(ExprId place, std::string_view field, Span where);
  ExprId tensor_strides(ExprId place, Span where);
  ExprId tensor_shape(ExprId place, Span where);
  ExprId tensor_length(ExprId place, Span where);
  ExprId tensor_from_array(NodeId argument, TypeId expected, std::optional<spec::DType> dtype, Span where);
  ExprId tensor_made(std::string_view function, spec::DType dtype, const std::vector<int64_t>& dims, std::vector<ExprId> extents, NodeId value, Span where);
  std::vector<ExprId> tensor_indices(std::span<const NodeId> indices);
  std::optional<int64_t> dim_argument(NodeId id);
  // (views.cpp)
  bool is_view(TypeId type) const;
  ExprId view_of(ExprId place, Span where);
  ExprId view_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, Span where);
  ExprId view_slice(ExprId view, std::span<const NodeId> arguments, Span where);
  ExprId tensor_part(ExprId place, std::span<const NodeId> indices, Span where);
  struct ViewBound {
    ExprId value;  // of i64
    std::optional<int64_t> number;  // where it is known
  };
  ViewBound view_bound(NodeId id, bool is_after = false);
  ViewBound view_number(int64_t number, Span where);
  ExprId view_change(spec::Native native, ExprId view, const spec::TensorType& made, std::vector<ExprId> numbers, Span where);
  ExprId view_range(ExprId view, int64_t dim, const ViewBound& start, const ViewBound& end, int64_t step, Span where);
  ExprId view_row(ExprId view, int64_t dim, const ViewBound& index, Span where);
  LoweredType lower_view(NodeId arguments, Span where, const Elision& elision);
  bool widens(const TypeData& from, const TypeData& to) const;
  bool is_tensor(TypeId type) const { return is_kind(type, TypeKind::Tensor); }
  spec::TensorType tensor_type(TypeId type) const;
  bool vague_tensor(TypeId type) const;
  TypeId tensor_id(const spec::TensorType& type);
  TypeId element_type(spec::DType dtype);
  std::optional<spec::DType> dtype_of(TypeId type, Span where);
  void tensor_error(const Error& error, std::span<const ExprId> operands, Span where);
  TypeId peel(TypeId type) const;
  // (format.cpp)
  ExprId f_string(NodeId id);
  ExprId format_arguments(std::span<const NodeId> arguments, Span where);
  ExprId print_call(std::string_view name, std::span<const NodeId> arguments, Span where);
  void hole(ExprId value, std::string_view spec, Span where, std::string& out, std::vector<ExprId>& parts);
  ExprId displayed(ExprId value, Span where, std::string_view spec = {});
  bool natively_printable(TypeId type, bool debug, int depth = 0);
  void not_printable(TypeId type, bool debug, Span where);
  ExprId formatted(const Callee& callee, ExprId value, Span where);
  // (macros.cpp)
  ExprId macro(NodeId id, TypeId expected);
  ExprId vec_macro(NodeId id, TypeId expected);
  ExprId offset_of(std::span<const NodeId> arguments, Span where);
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
  PatternId pattern_slice(NodeId id, TypeId type, Mode mode);
  PatternId pattern_bytes(NodeId literal, TypeId type);
  PatternId pattern_rest(NodeId id, TypeId run, uint64_t length, Mode mode);
  PatternId pattern_or(NodeId id, TypeId type, Mode mode);
  PatternId pattern_constant(DefinitionId constant, TypeId type, Span where);
  ExprId pattern_value(NodeId id, TypeId type);
  Pattern& get(PatternId id) { return body_->patterns[id.index()]; }
  bool is_wrong(PatternId id);
  void irrefutable(PatternId id, TypeId type, Span where);
  void exhaustive(const std::vector<Arm>& arms, TypeId type, Span where);

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
  // declarations
  std::vector<ImplInfo> impls_;
  bool impls_ready_ = false;
  std::vector<TypeId> unsettled_;  // nominal types made before every impl was known
  std::map<uint32_t, TraitInfo> traits_;
  std::unordered_map<std::string, ImplIndex> impls_by_function_, impls_by_type_, impls_by_constant_;
  std::set<std::pair<uint32_t, uint32_t>> projecting_;  // impls whose lifetimes are being told, with the type
  std::map<uint32_t, ImplIndex> impls_by_trait_;
  std::map<std::pair<const SyntaxTree*, uint32_t>, std::unique_ptr<FunctionInfo>> function_infos_;
  std::unordered_map<uint32_t, std::unique_ptr<Declared>> nominal_infos_;
  std::map<std::pair<uint32_t, std::string>, TypeId> associated_types_;
  std::set<std::pair<uint32_t, std::string>> open_associated_;  // those being worked out
  std::unordered_map<uint64_t, Selection> selections_;
  std::unordered_set<uint32_t> used_types_;  // of finished bodies
  std::vector<uint8_t> open_, closed_;  // by TypeId: 0 not asked yet, 1 no parameter (variable) in it, 2 some
  // uses
  std::deque<Nominal> nominals_;                        // by number; what stands in it never moves
  std::unordered_map<uint32_t, uint32_t> nominal_of_;   // TypeId → nominals_
  std::unordered_map<std::string, TypeId> nominal_ids_;
  std::unordered_map<uint32_t, ObjectUse> objects_;     // by TypeId
  std::unordered_map<std::string, TypeId> object_ids_;
  std::set<uint32_t> filled_objects_;
  std::unordered_map<uint32_t, ClosureInfo> closure_infos_;  // by StructId
  std::map<std::pair<TypeId, Calling>, uint32_t> adapters_;   // functions that call a closure as another kind does
  struct StaticItem {
    const SyntaxTree* tree = nullptr;
    NodeId node;
    ModuleId module;
  };
  std::vector<StaticItem> statics_;  // by number, as Typed::statics
  std::map<std::pair<const SyntaxTree*, uint32_t>, uint32_t> static_numbers_;
  std::map<std::pair<const SyntaxTree*, uint32_t>, uint32_t> foreign_numbers_;
  std::map<std::string, TypeId> foreign_fn_ids_;
  std::map<TypeId, FunctionSignature> foreign_fns_;  // by what a pointer to such a function points to
  std::vector<Instance> instances_;
  std::unordered_map<std::string, uint32_t> instance_ids_;
  std::set<std::pair<const SyntaxTree*, uint32_t>> faulty_;  // generic functions whose definition is wrong
  std::map<std::pair<const SyntaxTree*, uint32_t>, TraitUse> chosen_traits_;  // method calls on parameters, as their definition says
  TraitUse only_trait_;
  bool checking_main_ = false;
  static constexpr uint32_t kMaxNesting = 128;  // of generic arguments, or of constants, inside each other
  static constexpr size_t kMaxConstants = 4096, kMaxConstantParts = 200'000;  // that one constant is made of: uses, expressions
  bool told_endless_ = false;
  std::set<uint32_t> open_aliases_;  // by definition: those being read
  std::unordered_map<std::string, TypeId> aliases_;  // by definition and arguments: those that hold no lifetime
  std::set<std::tuple<const SyntaxTree*, uint32_t, uint32_t>> open_constants_;  // by node and Self: those being put in place
  std::map<std::pair<const SyntaxTree*, uint32_t>, std::optional<int64_t>> integers_;  // constants in types; none while being worked out
  size_t constants_used_ = 0, constants_begin_ = 0;  // inside of the outermost constant; expressions before it
  size_t depth_of_instances_ = 0;
  int depth_ = 0;
};

}  // namespace stark::types

// compiler/types/generics.h — what generic declarations declare: parameters, bounds, traits, impls, signatures with parameters in them.
// Room: types, private. In: syntax trees. Out: tables that the checker fills once for each declaration.
// Law: types here may hold parameters; substitute() replaces them; nothing here depends on a use.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

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

// What stands for parameters, by number.
using Bindings = std::unordered_map<uint32_t, GenericArgument>;

struct GenericParameter {
  std::string name;
  GenericArgument argument;  // the parameter itself: a type, or a number's symbol
  uint32_t number = 0;
  NodeId node;               // GenericType, GenericConst, or the ImplType of an argument
  bool hidden = false;       // `Self` of a trait, `impl Trait` of an argument: no list of arguments names it
};

// A trait with its arguments, as in `Iterator<Item = T>`.
struct TraitUse {
  DefinitionId trait;
  std::vector<GenericArgument> arguments;
  std::vector<std::pair<std::string, TypeId>> equal{};
};

// What can be called, as `Fn(A, B) -> R` says it.
enum class Calling : uint8_t { Shared, Mutable, Once };  // Fn, FnMut, FnOnce
struct Callable {
  Calling calling = Calling::Shared;
  std::vector<TypeId> parameters;
  TypeId result;
};

// What a `dyn` type promises: a trait, or that it can be called.
struct ObjectUse {
  TraitUse use;
  std::optional<Callable> callable;  // then `use` is empty
  bool is_send = false, is_sync = false;
  bool is_future = false;  // what is called once is awaited
};

struct Bound {
  TypeId subject;
  TraitUse use;
  std::optional<Callable> callable;  // then `use` is empty
  Span span;
};

// Generic parameters of one declaration and what is asked of them.
struct Declared {
  std::vector<GenericParameter> parameters;
  std::vector<Bound> bounds;
};

// What generic names, lifetimes and Self mean at a place of the program, and what may be assumed there.
struct Environment {
  std::unordered_map<std::string, GenericArgument> generics;
  std::unordered_map<std::string, std::vector<Region>> generic_regions;  // of type parameters, where they matter
  std::unordered_map<std::string, Region> lifetimes;
  TypeId self;
  std::vector<Region> self_regions;
  uint32_t impl = Id<int>::kNone;   // inside of this impl
  DefinitionId trait;               // inside of this trait
  std::shared_ptr<const std::vector<Bound>> bounds;  // while a generic declaration is checked
};

struct TraitInfo {
  DefinitionId definition;
  const SyntaxTree* tree = nullptr;
  ModuleId module;
  Declared declared;  // Self first
  std::vector<TraitUse> supertraits;
  std::vector<std::pair<std::string, NodeId>> function_order;
  std::unordered_map<std::string, NodeId> functions, types, constants;
  bool filled = false;
};

struct ImplInfo {
  ModuleId module;
  const SyntaxTree* tree = nullptr;
  NodeId node;
  bool derived = false, exact = false, otherwise = false;
  std::string_view instead;  // the trait that it means, where that is not the one it names
  DefinitionId trait;
  std::vector<GenericArgument> trait_arguments;
  Declared declared;
  TypeId self;
  uint64_t head = 0;  // of self; see Checker::head_of
  std::unordered_map<std::string, NodeId> functions, types, constants;
};

// Impls that share a trait or a word, each list in the order of the text; and quickly those that a type with a given head could have.
class ImplIndex {
 public:
  void add(uint64_t head, uint32_t impl);
  // Those of this head and those for every type; with 0, all.
  const std::vector<uint32_t>& of(uint64_t head) const;

 private:
  std::vector<uint32_t> all_, blanket_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> own_;
  mutable std::unordered_map<uint64_t, std::vector<uint32_t>> merged_;  // made when asked for
};

// A function's types in terms of its parameters: those of its impl or trait, then its own.
struct FunctionInfo {
  std::vector<GenericParameter> parameters;
  size_t own = 0;                   // parameters from here on are the function's
  std::vector<Bound> bounds;        // of its own parameters; those of its impl are asked when the impl is chosen
  std::vector<Bound> all_bounds;    // and these may be assumed inside
  std::vector<NodeId> nodes;        // Parameter and SelfParameter
  std::vector<std::string> words;
  std::vector<TypeId> types;
  TypeId result;
  bool has_self = false;
  bool is_variadic = false;         // `...` stands behind its parameters
};

// A function in a form that calls understand, whichever of the many places it stands in.
struct Callee {
  const SyntaxTree* tree = nullptr;
  NodeId node;
  ModuleId module;
  uint32_t impl = Id<int>::kNone;  // of this impl, or of its trait for this impl
  DefinitionId trait;              // a trait's default body; or, with `abstract`, whatever implements it
  bool abstract = false;           // known by its bound alone
  TypeId self;
  Bindings bound;
  std::string name;
};

struct Instance {
  Callee callee;
  std::vector<GenericArgument> arguments;  // one for each of FunctionInfo::parameters
  bool outlined = false;                   // a closure's: its body is there already
  bool checked = false;
  uint32_t of_static = Id<int>::kNone;     // the initialiser of a static
};

// Which implementation was found for a type and a trait.
struct Selection {
  enum class Kind : uint8_t { None, Unknown, Builtin, Assumed, Impl };
  Kind kind = Kind::None;
  uint32_t impl = Id<int>::kNone;
  Bindings bound;
  TraitUse assumed;
  explicit operator bool() const { return kind != Kind::None; }
};

}  // namespace stark::types

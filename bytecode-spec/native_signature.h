// bytecode-spec/native_signature.h — the signatures of natives.def as trees, for whoever checks calls against them.
// Room: bytecode-spec, public face. In: the signature texts. Out: NativeSignature, parsed once.
// Law: a text that does not parse is a bug of ours and stops the program; the trees know neither compiler nor VM types.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bytecode-spec/module.h"

namespace stark::spec {

enum class PatternKind : uint8_t {
  Scalar,    // scalar: any TypeKind without parts: (), bool, numbers, char, str, String, Device
  Variable,  // name
  Ref,       // parts[0], is_mut
  Vec,       // parts[0]
  Slice,     // parts[0]
  Option,    // parts[0]
  Tuple,     // parts
  Tensor,    // parts[0]: Scalar or Variable; dims, or dims_variable
  Opaque,    // opaque
  Dyn,       // any trait object, behind a reference or Box; is_mut: one that borrows nothing
  Cell,      // parts[0]; scalar: Box, Cell, RefCell, Guard (guard), Ptr (is_mut), Gc, Weak, Arc, Mutex, RwLock, OnceSlot or Atomic
  Scope,
  Task,      // Box of a dyn with one method that takes the Box alone: lender, stays
  Fiber,
};

// Whom the body of a Task may borrow from: nobody, what a scope outlives, or what the fiber that the result is borrows from.
enum class Lender : uint8_t { Nobody, Scope, Fiber };

// `*const T` of a parameter that is never followed says which type is meant, where no value does.
struct Pattern {
  PatternKind kind = PatternKind::Scalar;
  TypeKind scalar = TypeKind::Unit;
  bool is_mut = false;
  GuardKind guard{};
  Lender lender{};
  bool stays = false;          // Task: on the thread that made it, so it need not be Send
  Opaque opaque{};
  std::string name;            // Variable
  std::string dims_variable;   // Tensor<T, S>: "S"; empty when dims are written
  std::vector<int64_t> dims;   // Tensor<f32, [?, 3]>; -1 is any extent
  std::vector<Pattern> parts;
};

inline bool is_view(const Pattern& pattern) { return pattern.kind == PatternKind::Cell && pattern.scalar == TypeKind::Guard && pattern.guard == GuardKind::View; }

struct NativeParameter {
  std::string name;  // "self" for a method's receiver
  Pattern type;
  std::optional<std::string> default_literal;  // as written: `-1`, `""`
};

struct NativeSignature {
  std::vector<std::string> variables;
  std::vector<std::string> copied;  // variables whose types must be Copy
  std::vector<NativeParameter> parameters;
  Pattern result;
};

struct NativeFacts {
  Native native{};
  std::string_view text;    // "Vec::push"
  std::string_view head;    // "Vec", or "" for a free function
  std::string_view name;    // "push"
  std::string_view source;  // the signature's text
  std::optional<Capability> capability;
  NativeSignature signature;
};

NativeSignature parse_native_signature(std::string_view text);
// One per row of natives.def, in its order; all are parsed at the first call.
std::span<const NativeFacts> natives();
// One of them, parsed when it is first asked for.
const NativeFacts& facts(Native native);
// The row with this text, or null.
const NativeFacts* find_native(std::string_view text);

}  // namespace stark::spec

// compiler/types/type_table.h — every type of a program, interned: equal types have equal ids.
// Room: types, public face. In: requests by structure. Out: TypeId, and facts about it.
// Law: types here are erased of lifetimes; region_slots() says how many lifetimes a use of one carries, in pre-order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytecode-spec/base/id.h"
#include "bytecode-spec/module.h"
#include "compiler/source/span.h"

namespace stark::types {

using TypeId = Id<struct TypeTag>;
using StructId = Id<struct StructTag>;  // structs
using EnumId = Id<struct EnumTag>;      // enums
using DynId = Id<struct DynTag>;        // trait objects
using spec::TypeKind;

// A lifetime in a declaration: 0 is 'static, 1… the declaration's own parameters.
using Region = uint32_t;

struct Field {
  std::string name;
  TypeId type;
  std::vector<Region> regions;  // one per region slot of `type`, in the declaring struct's parameters
  Span span;
};

struct StructInfo {
  std::string name;  // as written in the program, with generic arguments: "Pair<i32, str>"
  std::vector<Field> fields;
  uint32_t region_count = 0;
  bool is_copy = false;         // derives or implements Copy
  uint32_t drop_function = Id<int>::kNone;  // mir::FunctionId of `Drop::drop`, or none
  Span span;
  spec::Representation form{};  // `#[repr(packed)]`, `#[repr(align(4))]`
  bool is_c = false;            // `#[repr(C)]` or `#[repr(transparent)]`
};

struct Variant {
  std::string name;
  std::vector<Field> fields;
  Span span;
};

struct EnumInfo {
  std::string name;  // "Option<i32>"
  std::vector<Variant> variants;
  uint32_t region_count = 0;
  bool is_copy = false;
  uint32_t drop_function = Id<int>::kNone;
  Span span;
  spec::Representation form{};  // `#[repr(u8)]`
};

// Lifetimes of a signature: 0 'static, 1 … region_count. One list per parameter, one entry per region slot of its type.
struct Signature {
  std::vector<TypeId> parameters;
  std::vector<std::vector<Region>> parameter_regions;
  TypeId result;
  std::vector<Region> result_regions;
  uint32_t region_count = 0;
  std::vector<std::pair<Region, Region>> outlives;  // (longer, shorter)
  // What the borrow check may add to `outlives` where the body needs it: lifetimes that stand in no text, so that no text can relate
  // them; and pairs that hold of every value of the parameters' types, such as that what is behind `&'a` outlives 'a.
  std::vector<Region> loose{};
  std::vector<std::pair<Region, Region>> implied{};
  std::vector<Region> handles{};  // of objects and `fn` values that name none, which may also have to live for ever
  Region sealed = 0;  // of a closure's own borrow: what it lends stays inside
};

// Parameter 0 is `&dyn`, `&mut dyn` or `Box<dyn>` of the very type: its last lifetime is the object's, which bounds all that
// the hidden value borrows.
struct DynMethod {
  std::string name;
  Signature signature;
};

struct DynInfo {
  std::string name;  // of the trait, with generic arguments: "Shape", "Into<i32>"
  std::vector<DynMethod> methods;
  bool is_send = false, is_sync = false;
  Span span;
};

// What the table keeps of one type. The special ones exist in the compiler alone and reach no bundle; those from `Infer` on never
// leave the types stage. Infer: a type not yet known, numbered by `length`. Parameter: a generic parameter while its declaration is
// checked, numbered by `length`. Projection: `parts[0]`'s associated type `word(length)` of trait `trait`, whose arguments are the other parts.
enum class Special : uint8_t { None, Never, Error, Infer, Parameter, Projection };

// A number (a length, a dim) that is a generic parameter while its declaration is checked lies far below any real one; so does a
// whole shape.
inline constexpr int64_t kNumberSymbols = INT64_MIN, kShapeSymbols = INT64_MIN + (int64_t{1} << 33);
constexpr bool is_number_symbol(int64_t value) { return value < kNumberSymbols + (int64_t{1} << 32); }
constexpr bool is_shape_symbol(int64_t value) { return value >= kShapeSymbols && value < kShapeSymbols + (int64_t{1} << 32); }
constexpr bool is_symbol(int64_t value) { return is_number_symbol(value) || is_shape_symbol(value); }

struct TypeData {
  TypeKind kind = TypeKind::Unit;
  Special special = Special::None;
  bool is_mut = false;                // Ref, Guard, Ptr
  std::vector<TypeId> parts{};          // Ref, Ptr: pointee. Vec, Array, Slice, Box, Cell, RefCell, Guard, Gc, Weak: element. Tuple: fields. Fn: parameters, then result
  uint64_t length = 0;                // Array; Guard: spec::GuardKind
  StructId struct_id{};               // Struct
  EnumId enum_id{};                   // Enum
  DynId dyn_id{};                     // Dyn
  spec::DType dtype{};                // Tensor
  std::vector<int64_t> dims{};        // Tensor; spec::kUnknownDim where not known when compiling
  spec::Opaque opaque{};              // Opaque
  uint32_t trait = 0;                 // Projection
  friend bool operator==(const TypeData&, const TypeData&) = default;
};

// A type of more parts than this is refused: what walks through types takes time by their parts.
inline constexpr uint32_t kMaxTypeWeight = 10'000;

// A guard that shows a tensor without a `*` in the text.
inline bool is_view(const TypeData& data) {
  return data.special == Special::None && data.kind == TypeKind::Guard && data.length == static_cast<uint64_t>(spec::GuardKind::View);
}

class TypeTable {
 public:
  TypeTable();

  TypeId intern(TypeData data);  // error() if it would be too heavy
  TypeId scalar(TypeKind kind);  // any kind without parts
  TypeId ref(TypeId pointee, bool is_mut);
  TypeId vec(TypeId element);
  TypeId array(TypeId element, uint64_t length);
  TypeId slice(TypeId element);
  TypeId box(TypeId element);
  // Box, Cell, RefCell, Guard (`Ref` and, where it is mutable, `RefMut`), Gc, Weak, Ptr.
  TypeId cell(TypeKind kind, TypeId element, bool is_mut = false);
  TypeId guard(spec::GuardKind kind, TypeId element);
  TypeId tuple(std::vector<TypeId> fields);
  TypeId fn(std::vector<TypeId> parameters, TypeId result);
  TypeId tensor(spec::DType dtype, std::vector<int64_t> dims);
  TypeId opaque(spec::Opaque which);
  TypeId parameter(std::string name);  // a new one
  TypeId projection(TypeId self, std::vector<TypeId> arguments, uint32_t trait, std::string_view name);
  TypeId generic_tensor(TypeId element, std::vector<int64_t> dims);  // the element is a parameter
  TypeId never() const;
  TypeId error() const;
  StructId add_struct(StructInfo info);
  EnumId add_enum(EnumInfo info);
  DynId add_dyn(DynInfo info);
  TypeId struct_type(StructId id);
  TypeId enum_type(EnumId id);
  TypeId dyn_type(DynId id);
  // The trait object that a `fn` type is a shared handle of: one method, `call(&self, …)`. Every reference among the parameters
  // has a lifetime of its own, and what the result borrows may come from any of them or from the environment.
  TypeId fn_dyn(TypeId fn);

  // The reference stays good however many types follow.
  const TypeData& get(TypeId id) const { return types_[id.index()]; }
  TypeKind kind(TypeId id) const { return get(id).kind; }
  StructInfo& info(StructId id) { return structs_[id.index()]; }
  const StructInfo& info(StructId id) const { return structs_[id.index()]; }
  EnumInfo& info(EnumId id) { return enums_[id.index()]; }
  const EnumInfo& info(EnumId id) const { return enums_[id.index()]; }
  DynInfo& info(DynId id) { return dyns_[id.index()]; }
  const DynInfo& info(DynId id) const { return dyns_[id.index()]; }
  size_t size() const { return types_.size(); }

  uint32_t depth(TypeId id) const { return extents_[id.index()].depth; }  // of parts and generic arguments inside each other
  uint32_t weight(TypeId id) const { return extents_[id.index()].weight; }  // how many types it is when it is written out
  void hold(TypeId id, TypeId argument);  // `argument` is a generic argument of the struct or enum `id`
  TypeId refuse() { return refused_ = true, error(); }
  // Whether a type was refused because it is heavier than kMaxTypeWeight, since this was last asked; such a type is error().
  bool refused() { return std::exchange(refused_, false); }
  static uint32_t number_bytes(TypeKind kind);  // 0 of what is no number
  bool is_copy(TypeId id) const;
  // A shared reference to text: address and length of bytes, behind which lies no handle that could be read.
  bool shows_text(TypeId id) const { return kind(id) == TypeKind::Ref && !get(id).is_mut && kind(get(id).parts[0]) == TypeKind::Str && get(get(id).parts[0]).special == Special::None; }
  bool needs_drop(TypeId id) const;  // it, or a part of it, owns something that must be freed or dropped
  uint32_t region_slots(TypeId id) const { return extents_[id.index()].regions; }
  // Structs and enums stay as they are from now on, so that answers about them are kept.
  void settle() { settled_ = true; }
  // The text a user knows the type by: `Tensor<f32, [?, 64]>`, `&mut Vec<str>`.
  std::string name(TypeId id) const;
  std::string number_text(int64_t number) const;  // a dim or length: "3", "?", "N"
  const std::string& word(uint64_t number) const { return words_[number]; }

 private:
  // What follows from a type's parts alone.
  struct Extent {
    uint32_t depth = 1, weight = 1, regions = 0;
  };
  Extent extent(const TypeData& data) const;
  bool owns_something(TypeId id, std::vector<TypeId>& seen) const;
  void grow();

  std::deque<TypeData> types_;  // so that what get() returned stays where it is
  std::vector<StructInfo> structs_;
  std::vector<EnumInfo> enums_;
  std::vector<DynInfo> dyns_;
  std::map<TypeId, TypeId> fn_dyns_;
  std::vector<Extent> extents_;
  bool refused_ = false;
  bool settled_ = false;
  mutable std::vector<uint8_t> drops_;   // by TypeId, when settled: 0 not asked yet, 1 no, 2 yes
  mutable std::vector<uint32_t> seen_;   // by TypeId: the last question that looked into it
  mutable uint32_t question_ = 0;
  std::vector<TypeId> slots_;   // by hash, open addressing; at most half of them taken
  std::vector<std::string> parameters_, words_;  // names of parameters; of associated types
};

}  // namespace stark::types

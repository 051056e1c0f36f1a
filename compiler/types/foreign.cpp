// compiler/types/foreign.cpp — functions of C: what a declaration in an `extern` block may say, and calls of it.
// Room: types. Rulings: compiler/README.md. In: extern blocks, calls. Out: TypedForeign, typed expressions, or what C does not have.
#include <algorithm>

#include "bytecode-spec/limits.h"
#include "bytecode-spec/tables.h"
#include "compiler/types/checker.h"
#include "compiler/types/sizes.h"

namespace stark::types {
namespace {

// `"m"` without its quotes.
std::string_view unquoted(std::string_view text) { return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : text; }

// The word behind another in an attribute, as in `link(name = "m")`; behind none, the first.
std::string attribute_word(const SyntaxTree& t, NodeId item, std::string_view attribute, std::string_view before) {
  for (NodeId one : t.children_of(t.child(item, 0))) {
    if (t.kind(one) != NodeKind::Attribute || t.get(one).text != attribute) continue;
    bool is_next = before.empty();
    for (NodeId word : t.children_of(t.child(one, slot::Attribute::arguments))) {
      if (is_next) return std::string(unquoted(t.get(word).text));
      is_next = t.get(word).text == before;
    }
  }
  return {};
}

}  // namespace

// Why C cannot be given a value of this type, or give one; empty if it can.
std::string Checker::no_c_form(TypeId given, bool is_result) {
  const TypeId type = shallow(given);
  const TypeData data = table_.get(type);
  if (data.special == Special::Error || (data.special == Special::Never && is_result)) return {};
  if (data.special != Special::None) return "it is not known";
  if (TypeTable::number_bytes(data.kind) != 0 || data.kind == TypeKind::Bool || data.kind == TypeKind::Ptr) return {};
  switch (data.kind) {
    case TypeKind::Unit: return is_result ? "" : "it has no size";
    case TypeKind::Ref:
      if (is_result) return "C does not say how long it would be there: take a pointer";
      if (is_kind(data.parts[0], TypeKind::Str)) return "C's texts end with a zero: pass `CString::as_ptr`";
      return is_kind(data.parts[0], TypeKind::Slice) || object_use(shallow(data.parts[0])) != nullptr ? "it is more than an address: pass `as_ptr()`, and the length beside it" : "";
    case TypeKind::Str:
    case TypeKind::String: return "C's texts end with a zero: pass `CString::as_ptr`";
    case TypeKind::Char: return "C has no letters of four bytes: pass a `u32`";
    case TypeKind::Enum: return "C could hold a number that is no variant: pass a `c_int`";
    case TypeKind::Fn: return "it carries what it has captured, which C has no place for";
    case TypeKind::Array: return "C passes arrays by address: pass a pointer to the first element";
    case TypeKind::Struct: return no_c_struct(type);
    default: return "only numbers, pointers and structs that are `repr(C)` have one";
  }
}

std::string Checker::no_c_struct(TypeId type) {
  const StructInfo& info = table_.info(table_.get(type).struct_id);
  if (std::set<TypeId> seen; infinite(type, type, seen)) return {};  // told already
  if (!info.is_c) return "it is not `repr(C)`";
  if (info.form.pack != 0 || info.form.align != 0) return "what is `packed` or `align` goes to C by its address";
  if (info.drop_function != Id<int>::kNone || implements(type, "Drop")) return "it has a destructor";
  if (info.fields.empty()) return "it has no fields";
  for (const Field& field : info.fields) {
    TypeId part = shallow(field.type);
    while (is_kind(part, TypeKind::Array) && table_.get(part).length > 0) part = shallow(table_.get(part).parts[0]);
    if (is_kind(part, TypeKind::Ref)) return fmt::format("its field `{}` is a reference", field.name);
    if (!no_c_form(part, false).empty()) return fmt::format("its field `{}` is a `{}`", field.name, name(field.type));
  }
  const uint64_t bytes = Sizes(table_).bytes(type);
  return bytes > spec::kMaxForeignBytes ? fmt::format("it has {} bytes, and by value {} can go", bytes, spec::kMaxForeignBytes) : "";
}

// A declaration in an extern block, whether it is used or not.
void Checker::check_foreign(const Definition& made) {
  const SyntaxTree& t = *made.tree;
  const auto refuse = [&](Span where, std::string what) { return sink_.report<diag::BadForeign>(where, std::move(what)); };
  if (made.kind != DefinitionKind::Function) return void(refuse(made.span, "an `extern` block declares functions, and nothing else"));
  const NodeId block = names_.foreign_block(t, made.node);
  const std::string_view abi = unquoted(t.get(block).text);
  if (!abi.empty() && abi != "C" && abi != "system") refuse(t.get(block).name, fmt::format("`\"{}\"` is no calling convention that is known here", abi)).help("write `extern \"C\"`");
  const std::string linked = attribute_word(t, block, "link", "kind"), library = attribute_word(t, block, "link", "name");
  if (!linked.empty() && linked != "dylib") refuse(t.get(t.child(block, 0)).span, fmt::format("a library of kind `{}` cannot be opened while the program runs", linked));
  if (std::ranges::any_of(library, [](char c) { return c == '/' || static_cast<unsigned char>(c) <= ' '; }))
    refuse(t.get(t.child(block, 0)).span, fmt::format("`{}` is a path, and a bundle names libraries as a linker does", library)).help("write `m` for `libm.so`; where it lies, `starkvm run --allow=ffi=PATH` says");
  if (const NodeId body = t.child(made.node, slot::Fn::body); body.valid()) refuse(made.span, "a function of C has its body elsewhere");
  Callee callee;
  callee.tree = made.tree, callee.node = made.node, callee.module = made.module, callee.name = made.name;
  const FunctionInfo& info = function_info(callee);
  if (!info.parameters.empty()) refuse(made.span, "a function of C has no generic parameters");
  if (info.has_self) refuse(made.span, "a function of C has no `self`");
  if (info.is_variadic && info.nodes.empty()) refuse(made.span, "before `...` C wants a parameter");
  for (size_t i = 0; i < info.nodes.size(); ++i) {
    if (t.kind(info.nodes[i]) != NodeKind::Parameter) continue;
    if (const NodeId value = t.child(info.nodes[i], slot::Parameter::default_value); value.valid()) refuse(t.get(value).span, "a parameter of C has no default");
    if (const std::string why = no_c_form(info.types[i], false); !why.empty()) sink_.report<diag::NoCForm>(t.get(t.child(info.nodes[i], slot::Parameter::type)).span, name(info.types[i]), why);
  }
  if (!info.result.valid()) return void(refuse(t.get(t.child(made.node, slot::Fn::result)).span, "what C returns has one type"));
  if (const std::string why = no_c_form(info.result, true); !why.empty()) sink_.report<diag::NoCForm>(t.get(t.child(made.node, slot::Fn::result)).span, name(info.result), why);
}

uint32_t Checker::foreign_number(const Callee& callee) {
  const auto [known, added] = foreign_numbers_.try_emplace({callee.tree, callee.node.value}, static_cast<uint32_t>(typed_.foreigns.size()));
  if (!added) return known->second;
  const SyntaxTree& t = *callee.tree;
  TypedForeign made;
  const std::string linked = attribute_word(t, callee.node, "link_name", "");
  made.name = linked.empty() ? std::string(t.get(callee.node).text) : linked;
  made.library = attribute_word(t, names_.foreign_block(t, callee.node), "link", "name");
  made.signature = signature(callee, {});
  made.is_variadic = function_info(callee).is_variadic;
  typed_.foreigns.push_back(std::move(made));
  return known->second;
}

ExprId Checker::call_foreign(const Callee& callee, const std::vector<Argument>& arguments, Span where) {
  const FunctionInfo& info = function_info(callee);
  demand_unsafe(where, fmt::format("calling `{}`", callee.name));
  if (!info.parameters.empty() || !info.result.valid()) return give_up(arguments, where);
  const size_t fixed = info.types.size(), declared = info.is_variadic ? std::min(arguments.size(), fixed) : arguments.size();
  const auto behind = arguments.begin() + static_cast<ptrdiff_t>(declared);
  bool good = true;
  const std::vector<Argument> values = arrange(callee.name, info.words, std::vector<bool>(fixed), {arguments.begin(), behind}, where, good);
  if (!good) return error(where);
  std::vector<ExprId> parts;
  for (size_t i = 0; i < fixed; ++i) parts.push_back(coerce(argument_value(values[i], info.types[i]), info.types[i]));
  for (const Argument& one : std::vector<Argument>(behind, arguments.end())) {
    parts.push_back(further_argument(argument_value(one, {})));
    further_.push_back(parts.back());
  }
  const ExprId out = add(ExprKind::CallForeign, info.result, where, std::move(parts));
  if (defining_) return out;
  const uint32_t number = foreign_number(callee);
  get(out).index = number;
  return out;
}

// --- functions that C calls

// `extern "C" fn(A) -> R`: a pointer to something that only C calls, so that in a bundle it is like every other pointer.
LoweredType Checker::lower_foreign_fn(NodeId id) {
  FunctionSignature made;
  std::string text;
  if (tree().has(id, parse::kRest)) sink_.report<diag::BadForeign>(span(id), "what C calls has as many parameters as it says");
  for (NodeId one : list(child(id, slot::FnType::parameters))) {
    made.parameters.push_back(type_of(one));
    text += (text.empty() ? "" : ", ") + name(made.parameters.back());
  }
  const NodeId result = child(id, slot::FnType::result);
  made.result = result.valid() ? type_of(result) : unit_;
  text = fmt::format("extern \"C\" fn({}){}", text, made.result == unit_ ? "" : " -> " + name(made.result));
  std::string key;
  for (TypeId one : made.parameters) key += fmt::format("{},", one.value);
  const auto [known, added] = foreign_fn_ids_.try_emplace(fmt::format("{}>{}", key, made.result.value));
  if (added) {
    StructInfo opaque{text, {{"opaque", table_.scalar(TypeKind::U8), {}, span(id)}}, 0, false, Id<int>::kNone, span(id), {}, false};
    known->second = table_.struct_type(table_.add_struct(std::move(opaque)));
    foreign_fns_[known->second] = std::move(made);
  }
  return {table_.cell(TypeKind::Ptr, known->second), {}};
}

const FunctionSignature* Checker::foreign_fn(TypeId given) const {
  if (!given.valid()) return nullptr;
  const TypeData& data = table_.get(shallow(given));
  if (data.special != Special::None || data.kind != TypeKind::Ptr) return nullptr;
  const auto found = foreign_fns_.find(shallow(data.parts[0]));
  return found == foreign_fns_.end() ? nullptr : &found->second;
}

// `extern "C" fn f(…) { … }`: with the types that C has; it may be called like every other function.
void Checker::check_called_by_c(const Definition& made, const FunctionInfo& info) {
  const SyntaxTree& t = *made.tree;
  const auto check = [&](TypeId type, NodeId where, bool is_result) {
    const bool is_reference = !is_result && is_kind(type, TypeKind::Ref);
    const std::string why = is_reference ? "C does not say how long it is there: take a pointer" : no_c_form(type, is_result);
    if (!why.empty()) sink_.report<diag::NoCForm>(t.get(where).span, name(type), why);
  };
  for (size_t i = 0; i < info.nodes.size(); ++i)
    if (t.kind(info.nodes[i]) == NodeKind::Parameter) check(info.types[i], t.child(info.nodes[i], slot::Parameter::type), false);
  if (const NodeId result = t.child(made.node, slot::Fn::result); info.result.valid() && result.valid()) check(info.result, result, true);
}

// A function where a pointer for C is wanted.
ExprId Checker::foreign_fn_value(const PathTarget& target, TypeId expected, Span where) {
  const auto refuse = [&](std::string_view why) {
    sink_.report<diag::NotForC>(where, sources_.text(where), why);
    return error(where);
  };
  if (target.kind != PathTarget::Kind::Function) return refuse("it is no function of the program");
  const SyntaxTree& t = *target.callee.tree;
  if (t.has(target.callee.node, parse::kForeign)) return refuse("it is a function of C, whose address is not told here");
  if (!t.has(target.callee.node, parse::kExtern)) return refuse("it is not declared as `extern \"C\" fn`");
  const FunctionInfo& info = function_info(target.callee);
  if (!info.parameters.empty() || !info.result.valid()) return refuse("it is generic");
  const FunctionSignature wanted = *foreign_fn(expected);
  if (wanted.parameters != info.types || wanted.result != info.result) return refuse(fmt::format("what is wanted here is `{}`", name(expected)));
  const ExprId out = add(ExprKind::ForeignFn, expected, where);
  if (defining_) return out;
  const uint32_t number = instance({target.callee, {}});
  get(out).index = number;
  return out;
}

// What refers to something goes as its address.
ExprId Checker::further_argument(ExprId value) {
  const TypeData data = table_.get(type(value));
  if (data.special != Special::None || data.kind != TypeKind::Ref || !no_c_form(type(value), false).empty()) return value;
  const ExprId pointer = cast_pointer(value, table_.cell(TypeKind::Ptr, data.parts[0], data.is_mut), get(value).span);
  return pointer.valid() ? pointer : value;
}

// Behind `...` C widens what is small before it passes it. Here nothing changes its type unseen, so the program says so.
void Checker::finish_further() {
  for (ExprId id : further_) {
    const Expr& one = get(id);
    const TypeData& data = table_.get(one.type);
    if (data.special == Special::Error) continue;
    const bool is_small = data.special == Special::None && (data.kind == TypeKind::F32 || data.kind == TypeKind::Bool || (spec::has(data.kind, spec::kInt) && spec::row_of(data.kind).size < 4));
    if (is_small) {
      sink_.report<diag::FurtherArgument>(one.span, name(one.type), data.kind == TypeKind::F32 ? "c_double" : "c_int").help(fmt::format("write `as {}`", data.kind == TypeKind::F32 ? "c_double" : "c_int"));
    } else if (data.special != Special::None || (!spec::has(data.kind, spec::kNum) && data.kind != TypeKind::Ptr)) {
      const std::string why = no_c_form(one.type, false);
      sink_.report<diag::NoCForm>(one.span, name(one.type), why.empty() ? "behind `...` only numbers and pointers can stand" : why);
    }
  }
  further_.clear();
}

}  // namespace stark::types

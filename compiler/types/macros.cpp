// compiler/types/macros.cpp — panics, assertions, `vec!` and the other macros that the language has built in.
// Room: types. In: macro nodes. Out: typed expressions.
#include <algorithm>

#include "compiler/types/checker.h"
#include "compiler/types/sizes.h"

namespace stark::types {

using spec::Opcode;

ExprId Checker::panic(ExprId text, Span where) { return add(ExprKind::Panic, table_.never(), where, {text}); }

ExprId Checker::assertion(NodeId id, std::string_view macro_name) {
  const auto arguments = list(child(id, slot::MacroCall::arguments));
  const Span where = span(id);
  const bool single = macro_name == "assert";
  const size_t needed = single ? 1 : 2;
  if (arguments.size() < needed) return sink_.report<diag::ArgumentCount>(where, fmt::format("{}!", macro_name), needed, arguments.size()), error(where);
  const ExprId outer = add(ExprKind::Block, unit_, where, {ExprId()});
  ExprId test, text;
  const auto custom = [&] { return format_arguments(arguments.subspan(needed), where); };
  if (single) {
    test = condition(arguments[0]);
    text = arguments.size() > 1 ? custom() : constant_text(fmt::format("assertion failed: {}", sources_.text(span(arguments[0]))), where);
  } else {
    ExprId left = auto_deref(expression(arguments[0])), right = auto_deref(expression(arguments[1], get(left).type));
    right = auto_deref(right);
    const auto hold = [&](ExprId value) {
      const bool copied = is_infer(get(value).type) || copies(get(value).type);
      if (is_place(value) && !copied) return value;
      const BodyLocalId holder = add_local("", get(value).type, false, where);
      push_let(outer, holder, value);
      return local(holder, get(value).span);
    };
    if (!is_error(get(left).type) && !is_error(get(right).type)) unify(get(left).type, get(right).type);
    left = hold(left), right = hold(right);
    test = comparison(macro_name == "assert_eq" ? Opcode::Eq : Opcode::Ne, left, right, where);
    if (get(test).kind == ExprKind::Error) return test;
    if (arguments.size() > needed) {
      text = custom();
    } else {
      std::string words = macro_name == "assert_eq" ? "assertion failed: left == right (left: " : "assertion failed: left != right (left: ";
      std::vector<ExprId> parts;
      const bool shown = natively_printable(get(left).type, true) || implements(get(left).type, "Debug");
      if (shown) hole(left, "?", where, words, parts), words += ", right: ", hole(right, "?", where, words, parts), words += ")";
      else words = "assertion failed: left and right differ";
      text = add(ExprKind::Format, str_, where, std::move(parts));
      get(text).text = words;
    }
  }
  const ExprId choice = add(ExprKind::If, unit_, where, {test, unit(where), panic(text, where)});
  get(outer).parts[0] = choice;
  return outer;
}

ExprId Checker::macro(NodeId id, TypeId expected) {
  const std::string_view word = node(id).text;
  const auto arguments = list(child(id, slot::MacroCall::arguments));
  const Span where = span(id);
  if (word == "println" || word == "print" || word == "eprintln" || word == "eprint") {
    const ExprId text = arguments.empty() ? constant_text("", where) : format_arguments(arguments, where);
    const ExprId out = add(ExprKind::Native, unit_, where, {text});
    get(out).native = spec::find_native(word)->native;
    return out;
  }
  if (word == "format") return arguments.empty() ? constant_text("", where) : format_arguments(arguments, where);
  if (word == "panic") return panic(arguments.empty() ? constant_text("explicit panic", where) : format_arguments(arguments, where), where);
  if (word == "assert" || word == "assert_eq" || word == "assert_ne") return assertion(id, word);
  if (word == "todo" || word == "unimplemented" || word == "unreachable") {
    const std::string_view base = word == "unreachable" ? "internal error: entered unreachable code" : word == "todo" ? "not yet implemented" : "not implemented";
    if (arguments.empty()) return panic(constant_text(std::string(base), where), where);
    const ExprId text = add(ExprKind::Format, str_, where, {format_arguments(arguments, where)});
    get(text).text = fmt::format("{}: {{0}}", base);
    return panic(text, where);
  }
  if (word == "offset_of") return offset_of(arguments, where);
  if (word == "weights") return weights(id, expected);
  if (word.starts_with("debug_assert")) return assertion(id, word.substr(6));
  if ((word == "write" || word == "writeln") && !arguments.empty()) {
    const ExprId target = expression(arguments[0]);
    ExprId text = arguments.size() > 1 ? format_arguments(arguments.subspan(1), where) : constant_text("", where);
    if (word == "writeln") {
      const ExprId line = add(ExprKind::Format, str_, where, {text});
      get(line).text = "{0}\n";
      text = line;
    }
    return call_method(target, "write_str", {{{}, text, {}, where, {}, {}}}, {}, {}, where);
  }
  if (word != "vec") {
    for (NodeId argument : arguments) expression(argument);
    return error(where);
  }
  return vec_macro(id, expected);
}

// `offset_of!(Header, inner.length)`: how many bytes lie before a field.
ExprId Checker::offset_of(std::span<const NodeId> arguments, Span where) {
  if (arguments.size() != 2 || kind(arguments[0]) != NodeKind::PathExpr) return sink_.report<diag::ArgumentCount>(where, "offset_of!", 2, arguments.size()), error(where);
  const PathTarget target = path_target(child(arguments[0], slot::PathExpr::path), span(arguments[0]));
  if (target.kind == PathTarget::Kind::Error) return error(where);
  if (target.kind != PathTarget::Kind::TupleStruct) return sink_.report<diag::NotAStruct>(span(arguments[0]), sources_.text(span(arguments[0]))), error(where);
  std::vector<std::pair<std::string, Span>> fields;
  NodeId at = arguments[1];
  for (; kind(at) == NodeKind::FieldExpr; at = child(at, slot::FieldExpr::receiver)) fields.emplace_back(node(at).text, span(at));
  fields.emplace_back(sources_.text(span(at)), span(at));
  TypeId type = shallow(target.type);
  uint64_t offset = 0;
  for (size_t i = fields.size(); i-- > 0;) {
    const auto& [field, here] = fields[i];
    const TypeData data = table_.get(type);
    if (data.special == Special::Error) return error(where);
    if (std::set<TypeId> seen; infinite(type, type, seen)) return error(where);
    if (data.special != Special::None || data.kind != TypeKind::Struct) return sink_.report<diag::NotAStruct>(here, name(type)), error(where);
    const auto& all = table_.info(data.struct_id).fields;
    const auto found = std::ranges::find(all, field, &Field::name);
    if (found == all.end()) return sink_.report<diag::UnknownField>(here, name(type), field), error(where);
    offset += Sizes(table_).offset(data.struct_id, static_cast<size_t>(found - all.begin()));
    type = shallow(found->type);
  }
  return constant_number(offset, usize_, where);
}

ExprId Checker::vec_macro(NodeId id, TypeId expected) {
  const auto arguments = list(child(id, slot::MacroCall::arguments));
  const Span where = span(id);
  TypeId element;
  if (expected.valid() && is_kind(expected, TypeKind::Vec)) element = table_.get(shallow(expected)).parts[0];
  if (!element.valid()) element = fresh();
  const TypeId type_id = table_.vec(element);
  const ExprId out = add(ExprKind::Block, type_id, where, {ExprId()});
  const BodyLocalId holder = add_local("", type_id, true, where);
  const auto native = [&](spec::Native which, TypeId result, std::vector<ExprId> parts) {
    const ExprId made = add(ExprKind::Native, result, where, std::move(parts));
    get(made).native = which;
    return made;
  };
  const auto push = [&](ExprId value) { return native(spec::Native::VecPush, unit_, {borrow(local(holder, where), true, where, true), value}); };
  if (arguments.size() == 1 && kind(arguments[0]) == NodeKind::Repeat) {
    const ExprId value = checked(child(arguments[0], slot::Repeat::element), element);
    const ExprId count = checked(child(arguments[0], slot::Repeat::length), usize_);
    const BodyLocalId item = add_local("", element, false, where), end = add_local("", usize_, false, where), counter = add_local("", usize_, true, where);
    push_let(out, item, value);
    push_let(out, end, count);
    push_let(out, counter, constant_number(0, usize_, where));
    push_let(out, holder, native(spec::Native::VecWithCapacity, type_id, {local(end, where)}));
    const ExprId test = add(ExprKind::Binary, bool_, where, {local(counter, where), local(end, where)});
    get(test).op = Opcode::Lt;
    const ExprId up = add(ExprKind::AssignOp, unit_, where, {local(counter, where), constant_number(1, usize_, where)});
    get(up).op = Opcode::Add;
    const ExprId loop = add(ExprKind::Loop, unit_, where, {test, push(clone_of(local(item, where), where)), up});
    get(loop).index = next_loop_++;
    get(out).statements.push_back({TypedStatement::Kind::Expression, loop, {}, {}});
  } else {
    push_let(out, holder, arguments.empty() ? native(spec::Native::VecNew, type_id, {}) : native(spec::Native::VecWithCapacity, type_id, {constant_number(arguments.size(), usize_, where)}));
    for (NodeId argument : arguments) {
      const ExprId value = checked(argument, element);
      const ExprId pushed = push(value);
      get(out).statements.push_back({TypedStatement::Kind::Expression, pushed, {}, {}});
    }
  }
  const ExprId result = local(holder, where);
  get(out).parts[0] = result;
  return out;
}

}  // namespace stark::types

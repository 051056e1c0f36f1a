// compiler/types/format.cpp — f-strings, print, format!, panics, assertions and the other macros.
// Room: types. In: nodes. Out: Format expressions: a template with `{0}`, `{1:spec}`… for the parts in order, `{{` and `}}` for braces.
#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;

namespace {

std::string escape_braces(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += c;
    if (c == '{' || c == '}') out += c;
  }
  return out;
}

// [[fill]align][sign]['#']['0'][width]['.' precision][type]
std::string_view wrong_format(std::string_view spec) {
  size_t i = 0;
  const auto align = [](char c) { return c == '<' || c == '>' || c == '^'; };
  size_t fill = 1;
  while (fill < spec.size() && (spec[fill] & 0xC0) == 0x80) ++fill;
  if (fill < spec.size() && align(spec[fill])) i = fill + 1;
  else if (!spec.empty() && align(spec[0])) i = 1;
  if (i < spec.size() && (spec[i] == '+' || spec[i] == '-')) ++i;
  if (i < spec.size() && spec[i] == '#') ++i;
  while (i < spec.size() && spec[i] >= '0' && spec[i] <= '9') ++i;
  if (i < spec.size() && spec[i] == '.') {
    const size_t dot = i++;
    while (i < spec.size() && spec[i] >= '0' && spec[i] <= '9') ++i;
    if (i == dot + 1) return "a precision has digits after the `.`";
  }
  if (i < spec.size() && std::string_view("?xXboeE").contains(spec[i])) ++i;
  return i == spec.size() ? "" : "it is written like `>8.3`, `05`, `x` or `?`";
}

}  // namespace

bool Checker::printable(TypeId given, bool debug, int depth) {
  const TypeId type_id = shallow(given);
  const TypeData data = table_.get(type_id);
  if (data.special != Special::None || depth > 16) return true;
  const auto all = [&](const std::vector<TypeId>& parts) { return std::ranges::all_of(parts, [&](TypeId part) { return printable(part, debug, depth + 1); }); };
  switch (data.kind) {
    case TypeKind::Struct:
    case TypeKind::Enum: {
      if (debug && derived(type_id, "Debug")) return true;
      for (const ImplInfo& info : impls_) {
        if (!info.trait.valid() || names_.get(info.trait).name != (debug ? "Debug" : "Display")) continue;
        Environment bound;
        const auto generics = generic_names(*info.tree, info.tree->child(info.node, slot::Impl::generics));
        if (match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), type_id, bound, generics)) return true;
      }
      return false;
    }
    case TypeKind::Opaque:
    case TypeKind::Fn: return false;
    case TypeKind::Unit: return debug;
    case TypeKind::Tuple: return debug && all(data.parts);
    default: return all(data.parts);
  }
}

// A value as `fmt` of its type shows it, or as the VM does.
ExprId Checker::displayed(ExprId value, Span where) {
  std::string text;
  std::vector<ExprId> parts;
  hole(value, "", where, text, parts);
  const ExprId out = add(ExprKind::Format, str_, where, std::move(parts));
  get(out).text = std::move(text);
  return out;
}

void Checker::hole(ExprId value, std::string_view spec_text, Span where, std::string& out, std::vector<ExprId>& parts) {
  if (is_error(get(value).type) || is_never(get(value).type)) return;
  if (const std::string_view wrong = wrong_format(spec_text); !wrong.empty()) {
    sink_.report<diag::BadFormat>(where, spec_text, wrong);
    return;
  }
  bool debug = spec_text.ends_with('?');
  while (is_kind(get(value).type, TypeKind::Ref)) value = deref(value);
  const TypeId here = shallow(get(value).type);
  std::string kept(spec_text);
  if (nominal(here) != nullptr) {
    Callee callee;
    bool found = false;
    for (uint32_t i : impls_by_function_["fmt"]) {
      const ImplInfo& info = impls_[i];
      if (!info.trait.valid() || names_.get(info.trait).name != (debug ? "Debug" : "Display") || !info.functions.contains("fmt")) continue;
      Environment bound;
      const auto generics = generic_names(*info.tree, info.tree->child(info.node, slot::Impl::generics));
      if (!match_type(*info.tree, info.module, info.tree->child(info.node, slot::Impl::self_type), here, bound, generics)) continue;
      bound.self = here;
      callee = {{}, i, info.tree, info.functions.at("fmt"), info.module, {}, bound, fmt::format("{}::fmt", name(here))};
      found = true;
      break;
    }
    if (found) {
      const auto parameters = callee.tree->children_of(callee.tree->child(callee.node, slot::Fn::parameters));
      if (parameters.size() != 1) {
        sink_.report<diag::Unsupported>(where, "`fmt` functions with a formatter").help("write `fn fmt(&self) -> str`");
        return;
      }
      value = call_callee(callee, borrow(value, false, where), {}, {}, {}, where);
      if (debug) kept.pop_back(), debug = false;
    } else if (!printable(here, debug)) {
      auto report = debug ? sink_.report<diag::NotDebug>(where, name(here)) : sink_.report<diag::NotDisplay>(where, name(here));
      if (debug) report.help("derive it: `#[derive(Debug)]`");
      else report.help(derived(here, "Debug") ? "print it with `{:?}`" : fmt::format("write `impl Display for {} {{ fn fmt(&self) -> str {{ … }} }}`", name(here)));
      return;
    }
  } else if (!printable(here, debug)) {
    auto report = debug ? sink_.report<diag::NotDebug>(where, name(here)) : sink_.report<diag::NotDisplay>(where, name(here));
    if (!debug && printable(here, true)) report.help("print it with `{:?}`");
    return;
  }
  const TypeData data = table_.get(shallow(get(value).type));
  const bool by_value = data.special == Special::Infer || (data.parts.empty() && data.kind != TypeKind::Struct && data.kind != TypeKind::Enum &&
                                                           data.kind != TypeKind::Tensor && data.kind != TypeKind::String && data.kind != TypeKind::Opaque);
  const bool behind = get(value).kind == ExprKind::Deref && data.kind == TypeKind::Str;
  if (behind) value = auto_deref(get(value).parts[0]);
  else if (!by_value) value = borrow(value, false, where);
  out += fmt::format("{{{}{}{}}}", parts.size(), kept.empty() ? "" : ":", kept);
  parts.push_back(value);
}

ExprId Checker::f_string(NodeId id) {
  std::string text;
  std::vector<ExprId> parts;
  for (NodeId part : list(child(id, slot::FString::parts))) {
    if (kind(part) == NodeKind::FText) {
      text += escape_braces(lex::unescape(node(part).text, true));
    } else if (kind(part) == NodeKind::FHole) {
      const NodeId inner = child(part, slot::FHole::expression);
      hole(expression(inner), node(part).text, span(inner), text, parts);
    }
  }
  const ExprId out = add(ExprKind::Format, str_, span(id), std::move(parts));
  get(out).text = std::move(text);
  return out;
}

// `"text {} and {name:>4}", value`: the text's holes take the arguments in order, or a variable by name.
ExprId Checker::format_arguments(std::span<const NodeId> arguments, Span where) {
  const NodeId first = arguments[0];
  if (kind(first) != NodeKind::Literal || node(first).token != TokenKind::Text) {
    if (arguments.size() > 1) sink_.report<diag::FormatCount>(where, 0, arguments.size() - 1);
    return displayed(expression(first), span(first));
  }
  const std::string whole = lex::literal_value(node(first).text);
  std::string text;
  std::vector<ExprId> parts;
  size_t next = 1;
  size_t holes = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    const char c = whole[i];
    if ((c == '{' || c == '}') && i + 1 < whole.size() && whole[i + 1] == c) {
      text += c, text += c, ++i;
    } else if (c == '{') {
      const size_t end = std::min(whole.find('}', i), whole.size());
      const std::string inside = whole.substr(i + 1, end - i - 1);
      const size_t colon = inside.find(':');
      const std::string word = inside.substr(0, colon), spec_text = colon == inside.npos ? "" : inside.substr(colon + 1);
      i = end;
      if (word.empty()) {
        ++holes;
        if (next < arguments.size()) hole(expression(arguments[next]), spec_text, span(arguments[next]), text, parts);
        ++next;
      } else if (const BodyLocalId found = find_local(word); found.valid()) {
        hole(local(found, span(first)), spec_text, span(first), text, parts);
      } else {
        sink_.report<diag::UnknownName>(span(first), word);
      }
    } else {
      text += c;
      if (c == '}') text += c;
    }
  }
  if (holes + 1 != arguments.size()) sink_.report<diag::FormatCount>(where, holes, arguments.size() - 1);
  for (; next < arguments.size(); ++next) expression(arguments[next]);
  if (parts.empty()) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
      plain += text[i];
      if ((text[i] == '{' || text[i] == '}') && i + 1 < text.size()) ++i;
    }
    return constant_text(plain, where);
  }
  const ExprId out = add(ExprKind::Format, str_, where, std::move(parts));
  get(out).text = std::move(text);
  return out;
}

ExprId Checker::print_call(std::string_view function, std::span<const NodeId> arguments, Span where) {
  ExprId text;
  if (arguments.empty()) {
    text = constant_text("", where);
  } else if (arguments.size() == 1) {
    const ExprId value = expression(arguments[0]);
    if (is_error(get(value).type)) return value;
    text = is_kind(get(value).type, TypeKind::Str) ? value : displayed(value, span(arguments[0]));
  } else {
    text = format_arguments(arguments, where);
  }
  const ExprId out = add(ExprKind::Native, unit_, where, {text});
  get(out).native = spec::find_native(function)->native;
  return out;
}

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
      const bool copied = is_infer(get(value).type) || table_.is_copy(type(value));
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
      const bool shown = printable(get(left).type, true);
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
  if (word == "weights") return weights(id, expected);
  if (word.starts_with("debug_assert")) return assertion(id, word.substr(6));
  if (word == "write" || word == "writeln") return unsupported(id, fmt::format("`{}!`", word));
  if (word != "vec") {
    for (NodeId argument : arguments) expression(argument);
    return error(where);
  }
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

// compiler/types/format.cpp — f-strings, templates, print: which values the VM shows by itself, and which by their `fmt`.
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

// Can the VM print it without calling anything?
bool Checker::natively_printable(TypeId given, bool debug, int depth) {
  const TypeId type_id = shallow(given);
  const TypeData& data = table_.get(type_id);
  if (data.special != Special::None) return data.special == Special::Infer ? infer_what(type_id) != 3 : data.special == Special::Error || data.special == Special::Never;
  if (depth > 16) return false;
  const auto all = [&] { return std::ranges::all_of(data.parts, [&](TypeId part) { return natively_printable(part, debug, depth + 1); }); };
  switch (data.kind) {
    case TypeKind::Struct:
    case TypeKind::Enum:
    case TypeKind::Opaque:
    case TypeKind::Fiber:
    case TypeKind::Dyn:
    case TypeKind::Fn: return false;
    case TypeKind::Unit: return debug;
    case TypeKind::Tuple: return debug && all();
    default: return all();
  }
}

void Checker::not_printable(TypeId type, bool debug, Span where) {
  auto report = debug ? sink_.report<diag::NotDebug>(where, name(type)) : sink_.report<diag::NotDisplay>(where, name(type));
  const std::string shown = name(type);
  if (table_.get(shallow(type)).special == Special::Parameter) report.help(fmt::format("ask for it: `{}: {}`", shown, debug ? "Debug" : "Display"));
  else if (!debug && implements(type, "Debug")) report.help("print it with `{:?}`");
  else if (debug && nominal(type) != nullptr) report.help("derive it: `#[derive(Debug)]`");
  else if (nominal(type) != nullptr) report.help(fmt::format("write `impl Display for {} {{ fn fmt(&self) -> str {{ … }} }}`", shown));
}

// A value as `fmt` of its type shows it, or as the VM does.
ExprId Checker::displayed(ExprId value, Span where, std::string_view spec_text) {
  std::string text;
  std::vector<ExprId> parts;
  hole(value, spec_text, where, text, parts);
  const ExprId out = add(ExprKind::Format, str_, where, std::move(parts));
  get(out).text = std::move(text);
  return out;
}

void Checker::hole(ExprId value, std::string_view spec_text, Span where, std::string& out, std::vector<ExprId>& parts) {
  if (is_infer(get(value).type)) settle_obligations();
  if (is_error(get(value).type) || is_never(get(value).type)) return;
  if (const std::string_view wrong = wrong_format(spec_text); !wrong.empty()) {
    sink_.report<diag::BadFormat>(where, spec_text, wrong);
    return;
  }
  const bool debug = spec_text.ends_with('?');
  while (is_kind(get(value).type, TypeKind::Ref) || is_kind(get(value).type, TypeKind::Guard) || is_kind(get(value).type, TypeKind::Gc) || is_kind(get(value).type, TypeKind::Arc)) value = deref(value);
  const TypeId here = type(value);
  std::string kept(spec_text);
  if (names_.edition == Edition::CoreV1 && kept.empty() && !natively_printable(here, false) && natively_printable(here, true) && !implements(here, "Display")) {
    out += fmt::format("{{{}:?}}", parts.size());  // containers show what is in them
    parts.push_back(borrow(value, false, where));
    return;
  }
  if (!natively_printable(here, debug)) {
    const DefinitionId trait = names_.find_in(names_.library, debug ? "Debug" : "Display", false);
    if (!select(here, {trait, {}})) return not_printable(here, debug, where);
    value = pending_call(trait_callee({trait, {}}, here, "fmt"), str_, where, {borrow(value, false, where)});
    if (debug) kept.pop_back();
  }
  const TypeData& data = table_.get(type(value));
  const bool by_value = data.special != Special::None || (data.parts.empty() && data.kind != TypeKind::Tensor && data.kind != TypeKind::String);
  const bool behind = get(value).kind == ExprKind::Deref && data.kind == TypeKind::Str && data.special == Special::None && table_.shows_text(type(get(value).parts[0]));
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

}  // namespace stark::types

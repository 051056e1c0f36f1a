// compiler/types/layouts.cpp — `#[repr(…)]`: how structs and enums are to lie in memory, and what of that is not possible.
// Room: types. In: attributes of declarations. Out: spec::Representation of each use, diagnostics.
#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>

#include "bytecode-spec/tables.h"
#include "compiler/types/checker.h"

namespace stark::types {
namespace {

// `4`, as `align` and `packed` take it; 0 of anything else.
uint32_t power_of_two(std::string_view text) {
  uint32_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = wrong == std::errc() && end == text.data() + text.size() && std::has_single_bit(value) && value <= 1u << 29;
  return good ? value : 0;
}

// Of an integer's name; 0 of any other word.
uint32_t integer_bytes(std::string_view word) {
  for (const spec::TypeKindRow& row : spec::type_kinds())
    if (row.text == word && (row.flags & spec::kInt) != 0) return row.size;
  return 0;
}

}  // namespace

// Fields always lie in the order in which they are written, each aligned as C aligns it: `repr(C)` asks for what is so anyway.
Checker::Layout Checker::layout(const SyntaxTree& t, NodeId item) {
  Layout out;
  for (NodeId attribute : t.children_of(t.child(item, 0))) {
    if (t.kind(attribute) != NodeKind::Attribute || t.get(attribute).text != "repr") continue;
    const auto words = t.children_of(t.child(attribute, slot::Attribute::arguments));
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string_view text = t.get(words[i]).text;
      const bool sized = i + 1 < words.size() && std::isdigit(static_cast<unsigned char>(t.get(words[i + 1]).text[0])) != 0;
      const uint32_t size = sized ? power_of_two(t.get(words[i + 1]).text) : 0;
      if (text == "C") out.c = true;
      else if (text == "transparent") out.transparent = true;
      else if (text == "packed" && (!sized || size != 0)) out.form.pack = std::min(std::max(size, 1u), spec::kMaxPack);
      else if (text == "align" && size != 0) out.form.align = size;
      else if (const uint32_t bytes = integer_bytes(text); bytes != 0) out.form.tag = bytes, out.tag_word = words[i];
      else out.unknown = words[i];
      i += sized ? 1 : 0;
    }
  }
  return out;
}

void Checker::check_layout(const Definition& made, TypeId type) {
  const Layout wanted = layout(*made.tree, made.node);
  const auto refuse = [&](Span where, std::string_view word, std::string_view why) { sink_.report<diag::BadRepresentation>(where, word, why); };
  const auto word = [&](NodeId id) { return made.tree->get(id).text; };
  if (wanted.unknown.valid()) return refuse(made.tree->get(wanted.unknown).span, word(wanted.unknown), "layouts are `C`, `transparent`, `packed`, `packed(2)`, `align(4)`, and of enums `u8` to `i64`");
  const TypeData data = table_.get(shallow(type));
  if (data.special != Special::None) return;
  const bool packed = wanted.form.pack != 0, aligned = wanted.form.align != 0;
  if (aligned && wanted.form.align > spec::kMaxAlign) return refuse(made.span, fmt::format("align({})", wanted.form.align), fmt::format("values are aligned to {} bytes at most", spec::kMaxAlign));
  if (packed && aligned) return refuse(made.span, "packed, align", "one asks for the opposite of the other");
  if (wanted.transparent && (wanted.c || packed || aligned)) return refuse(made.span, "transparent", "it is the field's layout, and no other");
  if (data.kind == TypeKind::Enum) return check_enum_layout(made, type, wanted);
  if (wanted.tag_word.valid()) return refuse(made.span, word(wanted.tag_word), "it is for enums");
  const std::vector<Field>& fields = table_.info(data.struct_id).fields;
  if (wanted.transparent && fields.size() != 1) return refuse(made.span, "transparent", fmt::format("that is for one field, and `{}` has {}", made.name, fields.size()));
  for (const Field& field : packed ? fields : std::vector<Field>()) {
    if (wanted.form.pack < 8 && !is_plain(field.type)) return refuse(field.span, "packed", fmt::format("`{}` is more than plain data", name(field.type)));
    if (holds_aligned(field.type)) return refuse(field.span, "packed", fmt::format("`{}` asks for `align`", name(field.type)));
  }
}

void Checker::check_enum_layout(const Definition& made, TypeId type, const Layout& wanted) {
  const auto refuse = [&](std::string_view word, std::string_view why) { sink_.report<diag::BadRepresentation>(made.span, word, why); };
  const auto& variants = table_.info(table_.get(shallow(type)).enum_id).variants;
  const bool plain = std::ranges::all_of(variants, [](const Variant& v) { return v.fields.empty(); });
  if (wanted.form.pack != 0 || wanted.form.align != 0 || wanted.transparent) return refuse(wanted.form.pack != 0 ? "packed" : wanted.transparent ? "transparent" : "align", "it is for structs");
  if (!wanted.c && !wanted.tag_word.valid()) return;
  const std::string_view word = wanted.c ? "C" : made.tree->get(wanted.tag_word).text;
  if (!plain) return refuse(word, wanted.c ? "an enum whose variants have fields is nothing that C knows" : "the variants of this enum have fields");
  if (wanted.form.tag == 1 && variants.size() > 256) return refuse(word, fmt::format("{} variants need more", variants.size()));
  int64_t expected = 0;
  for (NodeId one : made.tree->children_of(made.tree->child(made.node, slot::Enum::variants))) {
    if (made.tree->kind(one) != NodeKind::Variant) continue;
    const NodeId written = made.tree->child(one, slot::Variant::discriminant);
    const auto number = written.valid() ? at(made.tree, made.module, {}, [&] { return constant_integer(written); }) : std::optional(expected);
    if (number && *number != expected)
      return void(sink_.report<diag::OtherNumbers>(made.tree->get(written).span, made.name).help("`as` gives the numbers that are written; C is given them as integers"));
    ++expected;
  }
}

// A struct that asks for `align`, or one with such a field.
bool Checker::holds_aligned(TypeId given) const {
  const TypeData& data = table_.get(shallow(given));
  const auto any = [&](const auto& parts) { return std::ranges::any_of(parts, [&](TypeId part) { return holds_aligned(part); }); };
  if (data.special != Special::None) return false;
  if (data.kind == TypeKind::Array || data.kind == TypeKind::Tuple) return any(data.parts);
  if (data.kind != TypeKind::Struct) return false;
  const StructInfo& info = table_.info(data.struct_id);
  return info.form.align != 0 || std::ranges::any_of(info.fields, [&](const Field& f) { return holds_aligned(f.type); });
}

// Numbers and what is made of them: no references, no owners, nothing managed.
bool Checker::is_plain(TypeId given) const {
  const TypeData& data = table_.get(shallow(given));
  if (data.special != Special::None) return data.special != Special::Parameter;
  if (TypeTable::number_bytes(data.kind) != 0 || data.kind == TypeKind::Bool || data.kind == TypeKind::Char || data.kind == TypeKind::Unit || data.kind == TypeKind::Device) return true;
  const auto all = [&](const std::vector<Field>& fields) { return std::ranges::all_of(fields, [&](const Field& f) { return is_plain(f.type); }); };
  if (data.kind == TypeKind::Struct) return all(table_.info(data.struct_id).fields);
  if (data.kind == TypeKind::Enum) return std::ranges::all_of(table_.info(data.enum_id).variants, [&](const Variant& v) { return all(v.fields); });
  const bool compound = data.kind == TypeKind::Array || data.kind == TypeKind::Tuple;
  return compound && std::ranges::all_of(data.parts, [&](TypeId part) { return is_plain(part); });
}

// What is impossible is told where the declaration is checked, and is laid out as if nothing were asked.
void Checker::set_layout(TypeId type, Layout wanted) {
  const TypeData& data = table_.get(type);
  if (wanted.form.align > spec::kMaxAlign) wanted.form.align = 0;
  if (data.kind == TypeKind::Enum) {
    table_.info(data.enum_id).form.tag = wanted.form.tag == 4 ? 0 : wanted.form.tag;
    return;
  }
  table_.info(data.struct_id).form = {0, wanted.form.pack, wanted.form.align, 0};
  table_.info(data.struct_id).is_c = wanted.c || wanted.transparent;
}

}  // namespace stark::types

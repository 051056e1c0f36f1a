// compiler/types/structs.cpp — values of structs and of variants with named fields.
// Room: types. In: struct literals. Out: typed expressions.
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/types/checker.h"

namespace stark::types {

// With the field that was meant, or all of them where they are few.
diagnostics::Builder Checker::unknown_field(Span where, TypeId type, std::string_view word, std::span<const Field> fields) {
  constexpr size_t kFew = 6;
  std::vector<std::string_view> words;
  for (const Field& one : fields) words.push_back(one.name);
  auto report = sink_.report<diag::UnknownField>(where, name(type), word);
  if (const std::string_view near = diagnostics::nearest(word, words); !near.empty()) {
    report.help(fmt::format("there is `{}`", near));
  } else if (words.size() == 1) {
    report.help(fmt::format("its one field is `{}`", words[0]));
  } else if (!words.empty() && words.size() <= kFew) {
    report.help(fmt::format("its fields are `{}`", fmt::join(words, "`, `")));
  }
  return report;
}

ExprId Checker::struct_literal(NodeId id, TypeId expected) {
  const NodeId path_node = child(id, slot::StructLiteral::path);
  const auto segments = list(child(path_node, slot::Path::segments));
  TypeId type;
  const std::vector<Field>* fields = nullptr;
  NodeId declared_fields;
  uint32_t variant = 0;
  bool is_variant = false;
  size_t used = 0;
  DefinitionId found;
  const Nominal* self = where_.environment.self.valid() ? nominal(where_.environment.self) : nullptr;
  if (segments.size() == 1 && node(segments[0]).text == "Self" && self != nullptr) found = self->definition, type = where_.environment.self, used = 1;
  else found = find_path(segments, false, used, false);
  if (!found.valid()) found = find_path(segments, true, used, true);  // a variant that was imported
  const auto take_variant = [&](DefinitionId id_of) {
    if (!id_of.valid()) return;
    const Definition& one = names_.get(id_of);
    is_variant = true;
    variant = one.number;
    declared_fields = one.tree->child(one.node, slot::Variant::fields);
  };
  if (!found.valid()) {
    for (NodeId init : list(child(id, slot::StructLiteral::fields))) expression(child(init, slot::FieldInit::value));
    return error(span(id));
  }
  if (names_.get(found).kind == DefinitionKind::Enum && used < segments.size()) take_variant(names_.variant(found, node(segments[used]).text));
  else if (names_.get(found).kind == DefinitionKind::Variant) {
    const DefinitionId owner_id = names_.get(found).parent;
    take_variant(found);
    found = owner_id;
    used = segments.size();
  }
  const Definition& made = names_.get(found);
  if (made.kind == DefinitionKind::Alias && !type.valid()) {
    type = lower_named(found, {}, span(path_node), {}).type;
    if (const Nominal* real = nominal(type)) found = real->definition;
  }
  const Definition& owner = names_.get(found);
  if (owner.kind != DefinitionKind::Struct && !is_variant) return sink_.report<diag::NotAStruct>(span(path_node), sources_.text(span(path_node))), error(span(id));
  if (!type.valid()) {
    const bool imported = is_variant && used == segments.size();
    const NodeId given = imported ? NodeId() : child(segments[is_variant ? used - 1 : segments.size() - 1], slot::Segment::arguments);
    type = lower_named(found, given, span(path_node), {}).type;
    if (expected.valid() && nominal(expected) != nullptr && nominal(expected)->definition == found && exact(expected)) unify(type, expected);
  }
  if (is_error(type)) return error(span(id));
  const TypeData& data = table_.get(shallow(type));
  std::vector<Field> copy = is_variant ? table_.info(data.enum_id).variants[variant].fields : table_.info(data.struct_id).fields;
  fields = &copy;
  if (!is_variant) declared_fields = owner.tree->child(owner.node, slot::Struct::fields);
  std::vector<ExprId> parts(fields->size());
  bool is_misspelt = false;  // then a field that is missing may be the one that was meant
  for (NodeId init : list(child(id, slot::StructLiteral::fields))) {
    size_t i = 0;
    while (i < fields->size() && (*fields)[i].name != node(init).text) ++i;
    const NodeId value = child(init, slot::FieldInit::value);
    if (i == fields->size()) {
      unknown_field(node(init).name, type, node(init).text, *fields);
      is_misspelt = true;
      expression(value);
      continue;
    }
    if (parts[i].valid()) sink_.report<diag::DuplicateField>(node(init).name, node(init).text);
    parts[i] = checked(value, (*fields)[i].type);
  }
  const NodeId base = child(id, slot::StructLiteral::base);
  ExprId base_value;
  if (base.valid()) {
    base_value = checked(base, type);
    if (!is_place(base_value)) return unsupported(base, "struct bases that are not variables");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].valid()) continue;
    const NodeId default_value = owner.tree->child(owner.tree->children_of(declared_fields)[i], slot::Field::default_value);
    if (base_value.valid()) {
      parts[i] = add(ExprKind::Field, (*fields)[i].type, span(base), {base_value});
      get(parts[i]).index = static_cast<uint32_t>(i);
    } else if (default_value.valid()) {
      auto scopes = std::exchange(scopes_, {});
      scopes_.emplace_back();
      at_code(owner.tree, owner.module, {}, [&] { parts[i] = checked(default_value, (*fields)[i].type); });
      scopes_ = std::move(scopes);
    } else {
      if (!is_misspelt) sink_.report<diag::MissingField>(span(path_node), name(type), (*fields)[i].name).label((*fields)[i].span, "the field is declared here");
      parts[i] = error(span(id));
    }
  }
  if (is_variant) return make_variant(type, variant, std::move(parts), span(id));
  return add(ExprKind::Make, type, span(id), std::move(parts));
}

}  // namespace stark::types

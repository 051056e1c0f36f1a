// compiler/resolve/derive.cpp — what `#[derive(…)]` stands for: implementations, written as STARK text and read like the user's own.
// Room: resolve. In: a struct or enum with its attributes. Out: the text of one `impl` for each derived trait.
#include "compiler/resolve/derive.h"

#include <fmt/format.h>

#include <algorithm>

namespace stark::resolve {
namespace {

namespace slot = parse::slot;

struct FieldText {
  std::string name;  // "0", "1"… in the tuple form
};
struct VariantText {
  std::string name;  // empty for a struct
  bool braces = false, is_default = false;
  std::vector<FieldText> fields;
};

class Deriver {
 public:
  Deriver(const SourceMap& sources, const SyntaxTree& tree, NodeId id) : sources_(sources), tree_(tree), id_(id), is_enum_(tree.kind(id) == NodeKind::Enum) {
    if (!is_enum_) {
      add(id, tree.child(id, slot::Struct::fields), "");
      return;
    }
    for (NodeId variant : tree.children_of(tree.child(id, slot::Enum::variants)))
      if (tree.kind(variant) == NodeKind::Variant) add(variant, tree.child(variant, slot::Variant::fields), std::string(tree.get(variant).text));
  }

  std::string text(std::string_view trait) const {
    if (trait == "Copy" || trait == "Eq") return wrap(trait, "");
    if (trait == "Clone") return wrap(trait, fmt::format("fn clone(&self) -> Self {{ {} }}", each([&](const VariantText& one) { return build(one, [](const std::string& a) { return "std::Clone::clone(" + a + ")"; }); })));
    if (trait == "Default") return wrap(trait, fmt::format("fn default() -> Self {{ {} }}", default_value()));
    if (trait == "PartialEq") return wrap(trait, fmt::format("fn eq(&self, other: &Self) -> bool {{ {} }}", pairwise("true", "false", [](const FieldPairs& pairs) { return joined(pairs); })));
    if (trait == "PartialOrd") return wrap(trait, "fn partial_cmp(&self, other: &Self) -> Option<std::Ordering> { " + ordered("std::PartialOrd::partial_cmp", "Some(std::Ordering::Equal)") + " }");
    if (trait == "Ord") return wrap(trait, "fn cmp(&self, other: &Self) -> std::Ordering { " + ordered("std::Ord::cmp", "std::Ordering::Equal") + " }");
    if (trait == "Hash") return wrap(trait, "fn hash<HasherOfDerive: std::Hasher>(&self, state: &mut HasherOfDerive) { " + hashed() + " }");
    return wrap(trait, "fn fmt(&self) -> str { " + each([&](const VariantText& one) { return shown(one, trait == "Debug" ? ":?" : ""); }) + " }");
  }

 private:
  using FieldPairs = std::vector<std::pair<std::string, std::string>>;

  void add(NodeId owner, NodeId fields, std::string name) {
    VariantText made{std::move(name), tree_.has(owner, parse::kBraces), false, {}};
    for (NodeId attribute : tree_.children_of(tree_.child(owner, 0)))
      if (tree_.kind(attribute) == NodeKind::Attribute && tree_.get(attribute).text == "default") made.is_default = true;
    for (NodeId field : tree_.children_of(fields)) {
      if (tree_.kind(field) != NodeKind::Field) continue;
      const std::string word(tree_.get(field).text);
      if (!word.empty()) made.braces = true;
      made.fields.push_back({word.empty() ? std::to_string(made.fields.size()) : word});
    }
    variants_.push_back(std::move(made));
  }

  std::string path(const VariantText& one) const { return is_enum_ ? "Self::" + one.name : "Self"; }

  // `Self::Line { from: mine0, to: mine1 }`
  std::string pattern(const VariantText& one, std::string_view prefix) const {
    if (one.fields.empty()) return path(one) + (one.braces ? " {}" : "");
    std::string out = path(one) + (one.braces ? " { " : "(");
    for (size_t i = 0; i < one.fields.size(); ++i) out += fmt::format("{}{}{}{}", i ? ", " : "", one.braces ? one.fields[i].name + ": " : "", prefix, i);
    return out + (one.braces ? " }" : ")");
  }

  template <class Value>
  std::string build(const VariantText& one, Value value) const {
    if (one.fields.empty()) return path(one) + (one.braces ? " {}" : "");
    std::string out = path(one) + (one.braces ? " { " : "(");
    for (size_t i = 0; i < one.fields.size(); ++i) out += fmt::format("{}{}{}", i ? ", " : "", one.braces ? one.fields[i].name + ": " : "", value(fmt::format("mine{}", i)));
    return out + (one.braces ? " }" : ")");
  }

  template <class Body>
  std::string each(Body body) const {
    if (variants_.empty()) return "panic!(\"a value of a type without values\")";
    std::string out = "match self { ";
    for (const VariantText& one : variants_) out += pattern(one, "mine") + " => " + body(one) + ", ";
    return out + "}";
  }

  // Two values of the same variant, field by field; `other_way` for two variants.
  template <class Body>
  std::string pairwise(std::string_view same, std::string_view other_way, Body body) const {
    if (variants_.empty()) return std::string(same);
    return each([&](const VariantText& one) {
      FieldPairs pairs;
      for (size_t i = 0; i < one.fields.size(); ++i) pairs.emplace_back(fmt::format("mine{}", i), fmt::format("theirs{}", i));
      std::string out = fmt::format("match other {{ {} => {}, ", pattern(one, "theirs"), pairs.empty() ? std::string(same) : body(pairs));
      if (variants_.size() > 1) out += fmt::format("_ => {}, ", other_way);
      return out + "}";
    });
  }

  static std::string joined(const FieldPairs& pairs) {
    std::string out;
    for (const auto& [a, b] : pairs) out += (out.empty() ? "" : " && ") + fmt::format("*{} == *{}", a, b);
    return out;
  }

  std::string rank(std::string_view of) const {
    std::string out = fmt::format("match {} {{ ", of);
    for (size_t i = 0; i < variants_.size(); ++i) {
      const VariantText& one = variants_[i];
      out += path(one) + (one.fields.empty() && !one.braces ? "" : one.braces ? " { .. }" : "(..)") + fmt::format(" => {}u64, ", i);
    }
    return out + "}";
  }

  std::string ordered(std::string_view compare, std::string_view equal) const {
    std::string out;
    if (variants_.size() > 1) out = fmt::format("let rank = {}; let other_rank = {}; if rank != other_rank {{ return {}(&rank, &other_rank); }} ", rank("self"), rank("other"), compare);
    return out + pairwise(equal, equal, [&](const FieldPairs& pairs) {
      std::string inner;
      for (size_t i = pairs.size(); i-- > 0;) {
        const std::string here = fmt::format("{}({}, {})", compare, pairs[i].first, pairs[i].second);
        inner = inner.empty() ? here : fmt::format("match {} {{ {} => {}, found => found }}", here, equal, inner);
      }
      return inner;
    });
  }

  std::string hashed() const {
    std::string out;
    if (variants_.size() > 1) out = fmt::format("state.write_u64({}); ", rank("self"));
    return out + each([](const VariantText& one) {
      std::string inner = "{ ";
      for (size_t i = 0; i < one.fields.size(); ++i) inner += fmt::format("std::Hash::hash(mine{}, &mut *state); ", i);
      return inner + "}";
    });
  }

  std::string shown(const VariantText& one, std::string_view spec) const {
    const std::string title = one.name.empty() ? std::string(tree_.get(id_).text) : one.name;
    if (one.fields.empty()) return fmt::format("\"{}\"", title);
    std::string out = "f\"" + title + (one.braces ? " {{ " : "(");
    for (size_t i = 0; i < one.fields.size(); ++i) out += fmt::format("{}{}{{mine{}{}}}", i ? ", " : "", one.braces ? one.fields[i].name + ": " : "", i, spec);
    return out + (one.braces ? " }}\"" : ")\"");
  }

  std::string default_value() const {
    const VariantText* chosen = nullptr;
    for (const VariantText& one : variants_)
      if (!is_enum_ || one.is_default) chosen = &one;
    if (chosen == nullptr) return "panic!(\"no variant is marked with #[default]\")";
    return build(*chosen, [](const std::string&) { return std::string("std::Default::default()"); });
  }

  // `impl<T: Shape> std::Clone for Pair<T> where T: std::Clone { … }`
  std::string wrap(std::string_view trait, const std::string& body) const {
    const NodeId generics = tree_.child(id_, is_enum_ ? static_cast<uint32_t>(slot::Enum::generics) : static_cast<uint32_t>(slot::Struct::generics));
    const NodeId where = tree_.child(id_, is_enum_ ? static_cast<uint32_t>(slot::Enum::where_clause) : static_cast<uint32_t>(slot::Struct::where_clause));
    std::string declared, used, bounds;
    if (generics.valid()) {
      for (NodeId parameter : tree_.children_of(tree_.child(generics, slot::Generics::parameters))) {
        const std::string name(tree_.get(parameter).text);
        std::string written(sources_.text(tree_.get(parameter).span));
        if (const size_t equals = written.find('='); equals != written.npos) written.resize(equals);  // a default stands in no impl
        declared += (declared.empty() ? "" : ", ") + written;
        used += (used.empty() ? "" : ", ") + name;
        if (tree_.kind(parameter) == NodeKind::GenericType) bounds += fmt::format("{}: std::{}, ", name, trait);
      }
    }
    if (where.valid()) {
      std::string_view written = sources_.text(tree_.get(where).span);
      if (written.starts_with("where")) written.remove_prefix(5);
      bounds += written;
    }
    return fmt::format("impl{} std::{} for {}{}{} {{ {} }}\n", declared.empty() ? "" : "<" + declared + ">", trait, tree_.get(id_).text,
                       used.empty() ? "" : "<" + used + ">", bounds.empty() ? "" : " where " + bounds, body);
  }

  const SourceMap& sources_;
  const SyntaxTree& tree_;
  NodeId id_;
  bool is_enum_;
  std::vector<VariantText> variants_;
};

constexpr std::string_view kDerivable[] = {"Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Debug", "Display", "Default"};

}  // namespace

std::vector<std::string_view> derivable() { return {std::begin(kDerivable), std::end(kDerivable)}; }

bool is_derivable(std::string_view trait) { return std::ranges::find(kDerivable, trait) != std::end(kDerivable); }

std::string derive(const SourceMap& sources, const SyntaxTree& tree, NodeId item, std::string_view trait) { return Deriver(sources, tree, item).text(trait); }

std::string compared_by_order(const SourceMap& sources, const SyntaxTree& tree, NodeId impl) {
  const auto text = [&](uint32_t part) { return tree.child(impl, part).valid() ? std::string(sources.text(tree.get(tree.child(impl, part)).span)) : std::string(); };
  std::string out;
  for (const auto& [trait, body] : {std::pair("PartialOrd", "fn partial_cmp(&self, other: &Self) -> Option<std::Ordering> { Some(std::Ord::cmp(self, other)) }"),
                                    std::pair("PartialEq", "fn eq(&self, other: &Self) -> bool { std::Ord::cmp(self, other) == std::Ordering::Equal }"), std::pair("Eq", "")})
    out += fmt::format("impl{} std::{} for {} {} {{ {} }}\n", text(slot::Impl::generics), trait, text(slot::Impl::self_type), text(slot::Impl::where_clause), body);
  return out;
}

}  // namespace stark::resolve

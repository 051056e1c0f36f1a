// compiler/resolve/redeclared.cpp — items that say again what is built in: they are compared with the library's declarations, and declare nothing.
// Room: resolve. In: items of a program, stdlib/declared.stark. Out: which items are such.
// Two declarations are the same if their texts are, without comments, attributes, `pub` and bodies. What differs is the program's own.
#include <algorithm>
#include <cctype>

#include "compiler/resolve/resolver.h"

namespace stark::resolve {
namespace {

namespace slot = parse::slot;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '\''; }

// The text without comments and needless spaces, commas before a bracket that closes, and `pub`.
std::string squeezed(std::string_view text) {
  std::string out;
  bool gap = false;
  for (size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("//")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at).starts_with("/*")) {
      at = std::min(text.find("*/", at + 2), text.size() - 2) + 2;
    } else if (std::isspace(static_cast<unsigned char>(text[at])) != 0) {
      ++at;
    } else if (text.substr(at).starts_with("pub") && (at + 3 == text.size() || !is_word(text[at + 3])) && (out.empty() || gap || !is_word(out.back()))) {
      at += 3;
    } else {
      if (gap && !out.empty() && is_word(out.back()) && is_word(text[at])) out += ' ';
      if (std::string_view("}])>").contains(text[at]) && out.ends_with(',')) out.pop_back();
      out += text[at++];
      gap = false;
      continue;
    }
    gap = true;
  }
  return out;
}

// An item's text with some stretches replaced.
std::string without(std::string_view text, uint32_t begin, std::vector<std::pair<Span, std::string_view>> cuts) {
  std::ranges::sort(cuts, {}, [](const auto& cut) { return cut.first.begin; });
  std::string out;
  uint32_t at = begin;
  for (const auto& [span, instead] : cuts) {
    if (span.begin < at) continue;  // inside of what was cut
    out += text.substr(at - begin, span.begin - at);
    out += instead;
    at = span.end;
  }
  return squeezed(out += text.substr(at - begin));
}

std::span<const NodeId> members_of(const SyntaxTree& tree, NodeId id) {
  if (tree.kind(id) == NodeKind::Impl) return tree.children_of(tree.child(id, slot::Impl::items));
  if (tree.kind(id) == NodeKind::Trait) return tree.children_of(tree.child(id, slot::Trait::items));
  return {};
}

}  // namespace

// What an item declares: its text without bodies. `header`: without its members too.
std::string Resolver::declaration(const SyntaxTree& tree, NodeId id, bool header) const {
  std::vector<std::pair<Span, std::string_view>> cuts;
  const auto cut_from = [&](NodeId item) {
    for (NodeId attribute : tree.children_of(tree.child(item, 0))) cuts.emplace_back(tree.get(attribute).span, "");
    if (tree.kind(item) != NodeKind::Fn) return;
    if (const NodeId body = tree.child(item, slot::Fn::body); body.valid()) cuts.emplace_back(tree.get(body).span, ";");
  };
  cut_from(id);
  for (NodeId member : members_of(tree, id)) header ? void(cuts.emplace_back(tree.get(member).span, "")) : cut_from(member);
  const Span whole = tree.get(id).span;
  return without(sources_.text(whole), whole.begin, std::move(cuts));
}

// Reads stdlib/declared.stark.
void Resolver::read_declared() {
  declared_read_ = true;
  if (declared_text_.empty()) return;
  const FileId file = sources_.add("<std>/declared.stark", std::string(declared_text_), true);
  names_.trees.push_back(std::make_unique<SyntaxTree>(parse::parse(sources_, lex::lex(sources_, file, sink_), sink_)));
  const SyntaxTree& tree = *names_.trees.back();
  const auto note = [&](const std::string& around, NodeId id) {
    const std::string key = around + declaration(tree, id, true);
    declared_words_[around + std::string(tree.get(id).text)] = tree.get(id).span;
    declared_[key];
    if (tree.kind(id) != NodeKind::Impl) declared_[key] = {declaration(tree, id, false)};
    else
      for (NodeId member : members_of(tree, id)) declared_[key].insert(declaration(tree, member, false));
  };
  for (NodeId id : tree.children_of(tree.child(tree.root, slot::File::items))) {
    if (tree.kind(id) != NodeKind::Mod) note("", id);
    else
      for (NodeId inside : tree.children_of(tree.child(id, slot::Mod::items))) note(std::string(tree.get(id).text) + ": ", inside);
  }
}

bool Resolver::redeclares(const SyntaxTree& tree, NodeId id, const std::string& around) {
  if (!declared_read_) read_declared();
  const auto known = declared_.find(around + declaration(tree, id, true));
  if (known == declared_.end()) return false;
  const auto members = members_of(tree, id);
  const auto same = [&](NodeId one) { return known->second.contains(declaration(tree, one, false)); };
  if (tree.kind(id) == NodeKind::Impl ? !std::ranges::all_of(members, same) : !same(id)) return false;
  const auto has_body = [&](NodeId one) { return tree.kind(one) == NodeKind::Fn && tree.child(one, slot::Fn::body).valid(); };
  if (has_body(id) || std::ranges::any_of(members, has_body)) {
    const Span where = tree.get(id).name.end > tree.get(id).name.begin ? tree.get(id).name : tree.get(id).span;
    sink_.report<diag::Redeclared>({where.file, where.begin, std::min(where.end, where.begin + 4)}).help("the bodies are not looked at; leave the declaration out");
  }
  return true;
}

// `module std::…` says again what the library has there, and nothing else.
void Resolver::library_module(const SyntaxTree& tree, NodeId id) {
  const std::string path(tree.get(id).text);
  for (NodeId item : tree.children_of(tree.child(id, slot::Mod::items))) {
    if (tree.kind(item) == NodeKind::Error || tree.kind(item) == NodeKind::Use || redeclares(tree, item, path + ": ")) continue;
    const std::string_view name = tree.get(item).text;
    auto report = sink_.report<diag::NotInLibrary>(name.empty() ? tree.get(item).span : tree.get(item).name, path, name.empty() ? "impl" : name);
    const auto known = declared_words_.find(path + ": " + std::string(name));
    if (known == declared_words_.end()) report.help("declare what is your own in a module of your own");
    else report.label(known->second, "declared like this");
  }
}

}  // namespace stark::resolve

// compiler/types/weights.cpp — weights!(…): the fields of a struct from the tensors of a safetensors file.
// Room: types. In: the macro and the expected type. Out: TensorConst expressions, and the file's bytes as assets.
#include "compiler/types/safetensors.h"

#include "compiler/types/checker.h"

namespace stark::types {

namespace {

std::string shape_text(const std::vector<int64_t>& dims) {
  std::string out = "[";
  for (int64_t dim : dims) out += (out.size() > 1 ? ", " : "") + (dim < 0 ? std::string("?") : std::to_string(dim));
  return out + "]";
}

}  // namespace

ExprId Checker::weights(NodeId id, TypeId expected) {
  const auto arguments = list(child(id, slot::MacroCall::arguments));
  const Span where = span(id);
  const auto text_of = [&](NodeId part) { return lex::literal_value(node(part).text); };
  for (NodeId part : arguments)
    if (kind(part) != NodeKind::Literal || node(part).token != TokenKind::Text) return sink_.report<diag::NotConstant>(span(part), "the path is a text literal"), error(where);
  if (arguments.empty() || arguments.size() > 2) return sink_.report<diag::ArgumentCount>(where, "weights!", 1, arguments.size()), error(where);
  const std::string shown = text_of(arguments[0]);
  const auto path = std::filesystem::path(sources_.path(tree().file)).parent_path() / shown;
  const auto file = open_safetensors(path);
  if (!file) {
    const Span at_path = span(arguments[0]);
    if (file.error().code == "path") sink_.report<diag::WeightsPath>(at_path, shown, file.error().message).help("the path is relative to this source file");
    else if (file.error().code == "corrupt") sink_.report<diag::WeightsCorrupt>(at_path, shown, file.error().message);
    else sink_.report<diag::WeightsHeader>(at_path, shown, file.error().message);
    return expected.valid() ? add(ExprKind::Error, expected, where) : error(where);
  }
  const auto tensor = [&](const std::string& key, TypeId type_id, Span declared) {
    const auto found = file->tensors.find(key);
    const auto also = [&](diagnostics::Builder report) {
      if (declared.file.valid()) report.label(declared, "the program expects it here");
      return report;
    };
    if (found == file->tensors.end()) {
      std::vector<std::string_view> words;
      for (const auto& [word, one] : file->tensors) words.push_back(word);
      const std::string_view near = diagnostics::nearest(key, words);
      auto report = also(sink_.report<diag::WeightsMissing>(where, shown, key));
      if (!near.empty()) report.help(fmt::format("it holds `{}`", near));
      return add(ExprKind::Error, type_id, where);
    }
    const StoredTensor& stored = found->second;
    const TypeData wanted = table_.get(shallow(type_id));
    if (stored.known != wanted.dtype) {
      also(sink_.report<diag::WeightsDType>(where, key, stored.known ? std::string(spec::dtype_name(*stored.known)) : stored.dtype, spec::dtype_name(wanted.dtype)));
      return add(ExprKind::Error, type_id, where);
    }
    bool fits = stored.shape.size() == wanted.dims.size();
    for (size_t i = 0; fits && i < stored.shape.size(); ++i) fits = wanted.dims[i] == spec::kUnknownDim || wanted.dims[i] == stored.shape[i];
    if (!fits) {
      also(sink_.report<diag::WeightsShape>(where, key, shape_text(stored.shape), shape_text(wanted.dims)));
      return add(ExprKind::Error, type_id, where);
    }
    const TypeId exact = table_.tensor(wanted.dtype, stored.shape);
    size_t asset = 0;
    while (asset < typed_.assets.size() && typed_.assets[asset].bytes.data() != stored.bytes.data()) ++asset;
    if (asset == typed_.assets.size()) typed_.assets.push_back({fmt::format("{}:{}", shown, key), file->mapping, stored.bytes});
    const ExprId out = add(ExprKind::TensorConst, exact, where);
    get(out).index = static_cast<uint32_t>(asset);
    return coerce(out, type_id);
  };
  if (arguments.size() == 2) {
    const std::string key = text_of(arguments[1]);
    TypeId wanted = expected.valid() ? shallow(expected) : TypeId();
    if (!wanted.valid() || !is_tensor(wanted)) {
      const auto found = file->tensors.find(key);
      if (found != file->tensors.end() && !found->second.known) return sink_.report<diag::WeightsDType>(where, key, found->second.dtype, "a known element type"), error(where);
      wanted = found == file->tensors.end() ? table_.tensor(spec::DType::F32, {}) : table_.tensor(*found->second.known, found->second.shape);
    }
    return tensor(key, wanted, {});
  }
  std::function<ExprId(TypeId, const std::string&, Span)> fill = [&](TypeId type_id, const std::string& prefix, Span declared) -> ExprId {
    if (is_tensor(type_id)) return tensor(prefix, type_id, declared);
    if (!is_kind(type_id, TypeKind::Struct)) {
      auto report = sink_.report<diag::WeightsType>(where, name(type_id));
      report.help("weights fill a struct of tensors; for one tensor write `weights!(\"file\", \"name\")`");
      if (declared.file.valid()) report.label(declared, "declared here");
      return error(where);
    }
    const std::vector<Field> fields = table_.info(table_.get(shallow(type_id)).struct_id).fields;
    std::vector<ExprId> parts;
    for (const Field& field : fields) parts.push_back(fill(field.type, prefix.empty() ? field.name : fmt::format("{}.{}", prefix, field.name), field.span));
    return add(ExprKind::Make, type_id, where, std::move(parts));
  };
  if (!expected.valid() || is_infer(expected)) return sink_.report<diag::UnknownYet>(where, "weights need a type to be read as"), error(where);
  return is_tensor(expected) ? (sink_.report<diag::WeightsType>(where, name(expected)).help("for one tensor write `weights!(\"file\", \"name\")`"), error(where)) : fill(shallow(expected), "", {});
}

}  // namespace stark::types

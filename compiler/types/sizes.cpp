// compiler/types/sizes.cpp — sizes of values by the rules of vm/verify/layouts.cpp, which has the last word.
// Room: types. In: types. Out: bytes, depth and lifetimes, against the limits of bytecode-spec/limits.h.
#include "compiler/types/sizes.h"

#include <fmt/format.h>

#include "bytecode-spec/limits.h"
#include "bytecode-spec/tables.h"

namespace stark::types {

std::string Sizes::too_much(TypeId type) {
  if (table_.region_slots(type) > spec::kMaxRegionArguments) return fmt::format("it has {} lifetimes, and at most {} are possible", table_.region_slots(type), spec::kMaxRegionArguments);
  const Layout whole = of(type);
  if (whole.depth > spec::kMaxTypeDepth) return fmt::format("values lie more than {} deep in each other", spec::kMaxTypeDepth);
  if (whole.bytes > spec::kMaxTypeBytes) return fmt::format("a value has more than {} bytes", spec::kMaxTypeBytes);
  return {};
}

Sizes::Layout Sizes::of(TypeId type) {
  if (type.index() < known_.size() && known_[type.index()].align != 0) return known_[type.index()];
  const Layout made = laid_out(table_.get(type));
  if (type.index() >= known_.size()) known_.resize(table_.size());
  return known_[type.index()] = made;
}

uint64_t Sizes::offset(StructId type, size_t field) {
  const StructInfo& info = table_.info(type);
  Layout before{0, 1, 1};
  for (size_t f = 0; f <= field; ++f) place(before, of(info.fields[f].type), info.form.pack != 0 ? info.form.pack : spec::kMaxPack);
  return before.bytes - of(info.fields[field].type).bytes;
}

// One part behind the others. What is too large already stays so.
void Sizes::place(Layout& whole, const Layout& part, uint64_t most) const {
  const uint64_t align = std::min(part.align, most);
  whole.align = std::max(whole.align, align);
  whole.depth = std::max(whole.depth, part.depth + 1);
  whole.bytes = std::min((whole.bytes + align - 1) / align * align + part.bytes, spec::kMaxTypeBytes + 1);
}

Sizes::Layout Sizes::laid_out(const TypeData& data) {
  if (data.special != Special::None) return {0, 1, 1};
  const spec::TypeKindRow& row = spec::row_of(data.kind);
  Layout out{row.size, std::max<uint64_t>(1, row.align), 1};
  const auto fields = [&](const std::vector<Field>& list) {
    for (const Field& field : list) place(out, of(field.type));
  };
  switch (data.kind) {
    case TypeKind::Array: {
      const Layout element = of(data.parts[0]);
      out = {element.bytes, element.align, element.depth + 1};
      const bool fits = element.bytes == 0 || data.length <= spec::kMaxTypeBytes / element.bytes;
      out.bytes = fits ? element.bytes * data.length : spec::kMaxTypeBytes + 1;
      break;
    }
    case TypeKind::Tuple:
      for (TypeId part : data.parts) place(out, of(part));
      break;
    case TypeKind::Cell: place(out, of(data.parts[0])); break;
    case TypeKind::RefCell:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
      out = {8, 8, 1};
      place(out, of(data.parts[0]));
      break;
    case TypeKind::Struct: {
      const StructInfo& info = table_.info(data.struct_id);
      for (const Field& field : info.fields) place(out, of(field.type), info.form.pack != 0 ? info.form.pack : spec::kMaxPack);
      out.align = std::max<uint64_t>(out.align, info.form.align);
      break;
    }
    case TypeKind::Enum:
      out.bytes = out.align = table_.info(data.enum_id).form.tag != 0 ? table_.info(data.enum_id).form.tag : 4;
      for (const Variant& variant : table_.info(data.enum_id).variants) fields(variant.fields);
      break;
    case TypeKind::Ref: out.bytes = 16, out.align = 8; break;
    default: break;
  }
  out.bytes = (out.bytes + out.align - 1) / out.align * out.align;
  return out;
}

}  // namespace stark::types

// vm/verify/structure.cpp — proof 1: every index and range lies in its table, every code is known, every name is text.
// Room: vm/verify. In: Module. Out: nothing, or V40, V43, V45, V46. Later proofs index the tables without looking again.
#include <fmt/format.h>

#include "bytecode-spec/base/utf8.h"
#include "bytecode-spec/limits.h"
#include "bytecode-spec/tables.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

using spec::kNone;
using spec::Module;
using spec::Range;
using spec::TypeKind;

// Collects the first failure, so that the checks below read as a list.
class Checker {
 public:
  explicit Checker(const Module& module) : m_(module) {}

  void range(Range r, size_t size, std::string_view what) {
    if (uint64_t{r.first} + r.count > size) fail_with(Refusal::Index, fmt::format("{} {}+{} of {}", what, r.first, r.count, size));
  }
  void index(uint32_t i, size_t size, std::string_view what) {
    if (i >= size) fail_with(Refusal::Index, fmt::format("{} {} of {}", what, i, size));
  }
  void index_or_none(uint32_t i, size_t size, std::string_view what) {
    if (i != kNone) index(i, size, what);
  }
  void code(uint32_t value, size_t size, std::string_view what) {
    if (value >= size) fail_with(Refusal::Structure, fmt::format("{} {} is not known", what, value));
  }
  void name(Range r, std::string_view what) {
    range(r, m_.text.size(), what);
    if (ok() && !is_utf8(m_.text_of(r))) fail_with(Refusal::Name, fmt::format("{} is not UTF-8", what));
    if (ok() && m_.text_of(r).find('\0') != std::string_view::npos) fail_with(Refusal::Name, fmt::format("{} contains NUL", what));
  }
  void limit(uint64_t value, uint64_t most, std::string_view what) {
    if (value > most) fail_with(Refusal::Limit, fmt::format("{} {}: the most is {}", value, what, most));
  }
  // Rows that use the same stretch of a table make a small file long work: together they have no more than the table.
  void share(uint64_t used, size_t size, std::string_view what) {
    if (used > size) fail_with(Refusal::Index, fmt::format("{} {} used of {}: rows share them", used, what, size));
  }
  void fail_with(Refusal which, std::string found) {
    if (result_) result_ = refuse(which, std::move(found));
  }
  bool ok() const { return result_.has_value(); }
  Result<void> take() { return std::move(result_); }

 private:
  const Module& m_;
  Result<void> result_;
};

void check_representation(Checker& c, const spec::TypeRow& row, bool is_struct) {
  const spec::Representation form = spec::representation(row);
  const bool known = spec::encode(form) == row.d && form.pack <= spec::kMaxPack && form.align <= spec::kMaxAlign && form.tag <= spec::kMaxTag;
  const bool fits = is_struct ? form.tag == 0 : form.pack == 0 && form.align == 0;
  if (!known || !fits) c.fail_with(Refusal::Structure, fmt::format("a representation {:#x} is not known", row.d));
}

void check_type(Checker& c, const Module& m, uint32_t i) {
  const spec::TypeRow& row = m.types[i];
  c.code(row.kind, spec::type_kinds().size(), "type kind");
  if (!c.ok()) return;
  const auto kind = static_cast<TypeKind>(row.kind);
  if (kind == TypeKind::Struct || kind == TypeKind::Enum || kind == TypeKind::Dyn) c.name(row.name, "type name");
  // Structural types stand after their parts, so that they cannot contain themselves.
  const auto part = [&](uint32_t t) { c.index(t, i, "part of a type"); };
  switch (kind) {
    case TypeKind::Vec:
    case TypeKind::Array:
    case TypeKind::Slice:
    case TypeKind::Box:
    case TypeKind::Fn:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Gc:
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Atomic:
    case TypeKind::Weak: part(row.a); break;
    case TypeKind::Guard:
      part(row.a);
      c.code(row.b, static_cast<uint32_t>(spec::GuardKind::Count), "kind of guard");
      if (c.ok() && row.b == static_cast<uint32_t>(spec::GuardKind::View) && static_cast<TypeKind>(m.types[row.a].kind) != TypeKind::Tensor) c.fail_with(Refusal::Structure, "a view of what is no tensor");
      break;
    case TypeKind::Ptr:
    case TypeKind::Ref:
      part(row.a);
      c.code(row.b, 2, "mutability");
      break;
    case TypeKind::Tuple:
      c.range({row.a, row.b}, m.fields.size(), "fields");
      if (c.ok()) {
        for (uint32_t f = 0; f < row.b; ++f) part(m.fields[row.a + f].type.type);
      }
      break;
    case TypeKind::Struct:
    case TypeKind::Enum:
      c.range({row.a, row.b}, kind == TypeKind::Struct ? m.fields.size() : m.variants.size(), "members");
      c.index_or_none(row.c, m.functions.size(), "drop function");
      c.limit(spec::lifetimes_declared(row), spec::kMaxRegionArguments, "lifetime parameters");
      check_representation(c, row, kind == TypeKind::Struct);
      break;
    case TypeKind::Tensor:
      c.range({row.a, row.b}, m.dims.size(), "dims");
      c.limit(row.b, spec::kMaxRank, "dims");
      c.code(row.c, spec::kDTypeCount, "element type");
      break;
    case TypeKind::Opaque: c.code(row.a, spec::opaques().size(), "opaque"); break;
    case TypeKind::Dyn:
      c.range({row.a, row.b}, m.dyn_methods.size(), "methods");
      c.limit(row.b, spec::kMaxMethods, "methods");
      c.code(row.c, 4, "flags of a dyn");
      break;
    default: break;
  }
}

void check_types(Checker& c, const Module& m) {
  for (uint32_t i = 0; i < m.types.size() && c.ok(); ++i) check_type(c, m, i);
  for (const auto& field : m.fields) {
    c.name(field.name, "field name");
    c.index(field.type.type, m.types.size(), "type");
  }
  for (const auto& variant : m.variants) {
    c.name(variant.name, "variant name");
    c.range(variant.fields, m.fields.size(), "fields");
  }
  for (const auto& use : m.type_uses) c.index(use.type, m.types.size(), "type");
  for (int64_t dim : m.dims) {
    if (dim < spec::kUnknownDim) c.fail_with(Refusal::TensorSize, fmt::format("a dim of {}", dim));
  }
}

// How many rows of another table all rows of this one name, in the range that is their `part`.
template <class Rows, class Row>
uint64_t named(const Rows& rows, Range Row::*part) {
  uint64_t total = 0;
  for (const Row& row : rows) total += (row.*part).count;
  return total;
}

// Each row of a table belongs to one row of another at most.
void check_shares(Checker& c, const Module& m) {
  using spec::FunctionRow, spec::GraphRow, spec::SignatureRow;
  uint64_t fields = named(m.variants, &spec::VariantRow::fields), dims = named(m.tensor_types, &spec::TensorTypeRow::dims), variants = 0, methods = 0;
  for (const auto& type : m.types) {
    switch (static_cast<TypeKind>(type.kind)) {
      case TypeKind::Tuple:
      case TypeKind::Struct: fields += type.b; break;
      case TypeKind::Enum: variants += type.b; break;
      case TypeKind::Tensor: dims += type.b; break;
      case TypeKind::Dyn: methods += type.b; break;
      default: break;
    }
  }
  c.share(fields, m.fields.size(), "fields");
  c.share(variants, m.variants.size(), "variants");
  c.share(dims, m.dims.size(), "dims");
  c.share(methods, m.dyn_methods.size(), "methods");
  c.share(named(m.signatures, &SignatureRow::parameters), m.type_uses.size(), "parameters");
  c.share(named(m.signatures, &SignatureRow::outlives), m.outlives.size(), "outlives pairs");
  c.share(named(m.functions, &FunctionRow::registers), m.registers.size(), "registers");
  c.share(named(m.functions, &FunctionRow::places), m.places.size(), "places");
  c.share(named(m.functions, &FunctionRow::loans), m.loans.size(), "loans");
  c.share(named(m.functions, &FunctionRow::blocks), m.blocks.size(), "blocks");
  c.share(named(m.functions, &FunctionRow::code), m.code.size(), "words of code");
  c.share(named(m.functions, &FunctionRow::lines), m.lines.size(), "lines");
  c.share(named(m.graphs, &GraphRow::values), m.tensor_types.size(), "values of graphs");
  c.share(named(m.graphs, &GraphRow::inputs), m.input_modes.size(), "inputs of graphs");
  c.share(named(m.graphs, &GraphRow::nodes), m.nodes.size(), "nodes of graphs");
  c.share(named(m.graphs, &GraphRow::operands), m.operands.size(), "operands of graphs");
  c.share(named(m.graphs, &GraphRow::attributes), m.attributes.size(), "attributes of graphs");
  c.share(named(m.graphs, &GraphRow::outputs), m.outputs.size(), "outputs of graphs");
}

void check_vtables(Checker& c, const Module& m) {
  for (const auto& method : m.dyn_methods) {
    c.name(method.name, "method name");
    c.index(method.signature, m.signatures.size(), "signature");
  }
  uint64_t slots = 0;  // rows may share their functions, and each is proven
  for (const auto& vtable : m.vtables) {
    c.index(vtable.type, m.types.size(), "type");
    c.index(vtable.dyn, m.types.size(), "type");
    c.range(vtable.functions, m.vtable_functions.size(), "functions of a vtable");
    slots += vtable.functions.count;
  }
  c.limit(slots, spec::kMaxVTableFunctions, "functions of vtables");
  for (uint32_t function : m.vtable_functions) c.index(function, m.functions.size(), "function");
}

void check_signatures(Checker& c, const Module& m) {
  for (const auto& s : m.signatures) {
    c.range(s.parameters, m.type_uses.size(), "parameters");
    c.limit(s.parameters.count, spec::kMaxParameters, "parameters");
    c.index(s.result.type, m.types.size(), "type");
    c.limit(s.region_count, spec::kMaxRegionArguments, "lifetimes");
    c.range(s.outlives, m.outlives.size(), "outlives pairs");
    c.limit(s.outlives.count, spec::kMaxOutlives, "outlives pairs");
    if (!c.ok()) return;
    for (uint32_t i = 0; i < s.outlives.count; ++i) {
      const auto& pair = m.outlives[s.outlives.first + i];
      c.index(pair.longer, s.region_count + 1, "lifetime");
      c.index(pair.shorter, s.region_count + 1, "lifetime");
    }
  }
}

void check_function(Checker& c, const Module& m, const spec::FunctionRow& f) {
  c.name(f.name, "function name");
  c.index(f.signature, m.signatures.size(), "signature");
  c.range(f.registers, m.registers.size(), "registers");
  c.range(f.places, m.places.size(), "places");
  c.range(f.loans, m.loans.size(), "loans");
  c.range(f.blocks, m.blocks.size(), "blocks");
  c.range(f.code, m.code.size(), "code");
  c.range(f.lines, m.lines.size(), "lines");
  c.index_or_none(f.file, m.files.size(), "file");
  c.limit(f.registers.count, spec::kMaxRegisters, "registers");
  c.limit(f.region_count, spec::kMaxRegions, "regions");
  if (!c.ok()) return;
  for (uint32_t i = 0; i < f.registers.count; ++i) {
    const auto& r = m.registers[f.registers.first + i];
    c.index(r.type.type, m.types.size(), "type");
    c.code(r.flags, 8, "register flags");
  }
  for (uint32_t i = 0; i < f.loans.count; ++i) {
    const auto& loan = m.loans[f.loans.first + i];
    c.index(loan.place(), f.registers.count + f.places.count, "place");
  }
}

void check_constant(Checker& c, const Module& m, const spec::ConstantRow& row) {
  c.code(row.kind, spec::type_kinds().size(), "constant kind");
  if (row.reserved != 0) c.fail_with(Refusal::Structure, "a reserved word of a constant is set");
  if (!c.ok()) return;
  const auto kind = static_cast<TypeKind>(row.kind);
  if (kind == TypeKind::Str) {
    const Range text{static_cast<uint32_t>(row.bits >> 32), static_cast<uint32_t>(row.bits)};
    c.range(text, m.text.size(), "text");
    if (c.ok() && !is_utf8(m.text_of(text))) c.fail_with(Refusal::Name, "a text constant is not UTF-8");
    return;
  }
  const bool plain = kind == TypeKind::Unit || kind == TypeKind::Bool || kind == TypeKind::Char || kind == TypeKind::Device || spec::has(kind, spec::kNum);
  if (!plain) c.fail_with(Refusal::Structure, fmt::format("a constant of kind {}", spec::row_of(kind).text));
  if (kind == TypeKind::Device && static_cast<uint32_t>(row.bits) >= spec::kDeviceKinds) c.fail_with(Refusal::Structure, "a device constant of an unknown kind");
  if (kind == TypeKind::Bool && row.bits > 1) c.fail_with(Refusal::Structure, "a bool constant that is neither true nor false");
  if (kind == TypeKind::Char && (row.bits > 0x10FFFF || (row.bits >= 0xD800 && row.bits < 0xE000))) {
    c.fail_with(Refusal::Structure, "a char constant that is no Unicode scalar value");
  }
}

void check_graphs(Checker& c, const Module& m) {
  for (const auto& t : m.tensor_types) {
    c.code(t.dtype, spec::kDTypeCount, "element type");
    c.range(t.dims, m.dims.size(), "dims");
    c.limit(t.dims.count, spec::kMaxRank, "dims");
  }
  for (const auto& g : m.graphs) {
    c.range(g.values, m.tensor_types.size(), "graph values");
    c.range(g.inputs, m.input_modes.size(), "graph inputs");
    c.range(g.nodes, m.nodes.size(), "graph nodes");
    c.range(g.operands, m.operands.size(), "graph operands");
    c.range(g.attributes, m.attributes.size(), "graph attributes");
    c.range(g.outputs, m.outputs.size(), "graph outputs");
  }
}

void check_statics(Checker& c, const Module& m) {
  c.limit(m.statics.size(), spec::kMaxStatics, "statics");
  for (size_t x = 0; x < m.statics.size() && c.ok(); ++x) {
    const spec::StaticRow& row = m.statics[x];
    c.name(row.name, "name of a static");
    c.index(row.type, m.types.size(), "type");
    c.index(row.initialiser, m.functions.size(), "initialiser");
    c.code(row.flags, 4, "flags of a static");
  }
}

void check_foreigns(Checker& c, const Module& m) {
  c.limit(m.foreigns.size(), spec::kMaxForeigns, "foreign functions");
  for (size_t z = 0; z < m.foreigns.size() && c.ok(); ++z) {
    const spec::ForeignRow& row = m.foreigns[z];
    c.name(row.name, "name of a foreign function");
    c.name(row.library, "name of a library");
    c.index(row.signature, m.signatures.size(), "signature");
    c.code(row.flags, 2, "flags of a foreign function");
  }
}

void check_exports(Checker& c, const Module& m) {
  c.index_or_none(m.entry, m.functions.size(), "entry function");
  for (size_t i = 0; i < m.exports.size() && c.ok(); ++i) {
    c.name(m.exports[i].name, "export name");
    c.index(m.exports[i].function, m.functions.size(), "function");
    // Sorted by name, so that looking for duplicates needs one comparison.
    if (c.ok() && i > 0 && m.text_of(m.exports[i - 1].name) >= m.text_of(m.exports[i].name)) {
      c.fail_with(Refusal::Name, fmt::format("the export `{}` is out of order or stands twice", m.text_of(m.exports[i].name)));
    }
  }
  c.limit(m.capabilities.size(), spec::capabilities().size(), "capabilities");  // each is looked for among them wherever it is needed
  for (uint32_t capability : m.capabilities) c.code(capability, spec::capabilities().size(), "capability");
  for (const auto& file : m.files) c.name(file, "file name");
  for (const auto& segment : m.segments) c.name(segment.name, "segment name");
}

}  // namespace

Result<void> prove_structure(const Module& module) {
  Checker c(module);
  check_types(c, module);
  if (c.ok()) check_shares(c, module);
  check_signatures(c, module);
  check_vtables(c, module);
  for (size_t i = 0; i < module.functions.size() && c.ok(); ++i) check_function(c, module, module.functions[i]);
  for (size_t i = 0; i < module.constants.size() && c.ok(); ++i) check_constant(c, module, module.constants[i]);
  check_graphs(c, module);
  check_exports(c, module);
  check_statics(c, module);
  check_foreigns(c, module);
  return c.take();
}

}  // namespace stark::vm

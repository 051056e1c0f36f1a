// compiler/types/tensors.cpp — tensor operators, methods and elements; every result's type is what the shape rules say.
// Room: types. In: tensor expressions. Out: typed expressions of kind Tensor, TensorGet, TensorSet, TensorNarrow.
#include <algorithm>

#include "bytecode-spec/tensor/shape_rules.h"
#include "compiler/types/checker.h"

namespace stark::types {

using spec::Opcode;
using spec::TensorOp;

spec::TensorType Checker::tensor_type(TypeId given) const {
  const TypeData& data = table_.get(peel(given));
  spec::TensorType out;
  if (data.kind == TypeKind::Tensor) {
    out.dtype = data.dtype;
    std::vector<int64_t> dims = data.dims;
    for (int64_t& dim : dims)
      if (is_symbol(dim)) dim = spec::kUnknownDim;  // while a generic declaration is checked
    if (const auto shape = spec::Shape::make(dims)) out.shape = *shape;
  } else if (const auto dtype = spec::dtype_from_name(table_.name(peel(given)))) {
    out.dtype = *dtype;
  }
  return out;
}

// A tensor whose element or rank is a parameter: its uses are checked when they are known.
bool Checker::vague_tensor(TypeId given) const {
  const TypeData& data = table_.get(peel(given));
  return data.special == Special::None && data.kind == TypeKind::Tensor && (!data.parts.empty() || (data.dims.size() == 1 && is_shape_symbol(data.dims[0])));
}

TypeId Checker::tensor_id(const spec::TensorType& made) {
  return table_.tensor(made.dtype, {made.shape.dims().begin(), made.shape.dims().end()});
}

TypeId Checker::element_type(spec::DType dtype) {
  const TypeId scalar = scalar_named(spec::dtype_name(dtype));
  return scalar.valid() ? scalar : table_.error();
}

void Checker::tensor_error(const Error& wrong, std::span<const ExprId> operands, Span where) {
  auto report = sink_.report<diag::TensorRule>(where, wrong.message);
  for (ExprId operand : operands) {
    ExprId origin = operand;
    while (get(origin).kind == ExprKind::Borrow || get(origin).kind == ExprKind::Deref) origin = get(origin).parts[0];
    report.label(get(origin).span, fmt::format("`{}`", name(peel(get(operand).type))));
    if (get(origin).kind == ExprKind::Local) {
      const BodyLocal& holder = body_->locals[get(origin).index];
      if (!holder.name.empty() && holder.span != get(origin).span) report.label(holder.span, fmt::format("`{}` comes from here", holder.name));
    } else if (get(origin).kind == ExprKind::Field) {
      const TypeId owner = peel(get(get(origin).parts[0]).type);
      if (is_kind(owner, TypeKind::Struct)) report.label(table_.info(table_.get(owner).struct_id).fields[get(origin).index].span, "declared here");
    }
  }
}

// A reference to a tensor, or a scalar of its element type; none if it is neither.
ExprId Checker::tensor_operand(ExprId value, spec::DType dtype) {
  if (is_tensor(peel(get(value).type))) {
    while (!is_tensor(get(value).type) && !(is_kind(get(value).type, TypeKind::Ref) && is_tensor(table_.get(type(value)).parts[0]))) value = deref(value);
    if (is_kind(get(value).type, TypeKind::Ref)) return table_.get(type(value)).is_mut ? borrow(deref(value), false, get(value).span) : value;
    return borrow(value, false, get(value).span);
  }
  value = auto_deref(value);
  const TypeId wanted = element_type(dtype);
  if (get(value).kind == ExprKind::Constant && is_infer(get(value).type) && is_float(wanted)) {
    get(value).type = wanted;  // `t * 2`: a literal takes the element type
    return value;
  }
  return is_numeric(get(value).type) || is_kind(get(value).type, TypeKind::Bool) ? (unify(get(value).type, wanted) ? value : ExprId()) : ExprId();
}

ExprId Checker::tensor_operation(TensorOp op, std::vector<ExprId> operands, std::vector<int64_t> attributes, Span where) {
  std::vector<spec::TensorType> types;
  for (ExprId operand : operands) {
    if (vague_tensor(get(operand).type)) return error(where);
    types.push_back(tensor_type(get(operand).type));
  }
  const auto made = spec::infer(op, types, attributes);
  if (!made) return tensor_error(made.error(), operands, where), error(where);
  const ExprId out = add(ExprKind::Tensor, tensor_id(*made), where, std::move(operands));
  get(out).operation = op;
  get(out).attributes = std::move(attributes);
  return out;
}

std::optional<int64_t> Checker::dim_argument(NodeId id) {
  const auto value = constant_integer(id);
  return value;
}

ExprId Checker::tensor_reduction(TensorOp op, ExprId place, std::span<const NodeId> arguments, Span where) {
  bool good = true;
  const std::string words[] = {"dim", "keepdim"};
  const auto values = arrange_nodes(spec::tensor_op_name(op), words, {true, true}, arguments, where, good);
  if (!good) return error(where);
  int64_t keep = 0;
  if (values[1].valid()) {
    const Node& flag = node(values[1]);
    if (flag.token != TokenKind::True && flag.token != TokenKind::False) return sink_.report<diag::NotConstant>(flag.span, "write `true` or `false`"), error(where);
    keep = flag.token == TokenKind::True ? 1 : 0;
  }
  const ExprId operand = borrow(place, false, get(place).span);
  if (!values[0].valid()) {
    const ExprId all = tensor_operation(op, {operand}, {spec::kAllDims, keep}, where);
    if (get(all).kind == ExprKind::Error || keep != 0) return all;
    return add(ExprKind::TensorGet, element_type(tensor_type(get(all).type).dtype), where, {borrow(all, false, where)});
  }
  const auto dim = dim_argument(values[0]);
  return dim ? tensor_operation(op, {operand}, {*dim, keep}, where) : error(where);
}

std::vector<ExprId> Checker::tensor_indices(std::span<const NodeId> indices) {
  std::vector<ExprId> out;
  for (NodeId index : indices) {
    ExprId value = auto_deref(expression(index));
    if (!is_integer(get(value).type) && !is_error(get(value).type)) mismatch(value, usize_, "an index is an integer");
    out.push_back(value);
  }
  return out;
}

ExprId Checker::tensor_element(ExprId place, std::span<const NodeId> indices, Span where) {
  if (vague_tensor(get(place).type)) return tensor_indices(indices), error(where);
  const spec::TensorType held = tensor_type(get(place).type);
  if (std::ranges::any_of(indices, [&](NodeId index) { return kind(index) == NodeKind::Range; })) return tensor_part(place, indices, where);
  if (indices.size() != held.shape.rank()) {
    sink_.report<diag::TensorIndices>(where, name(get(place).type), held.shape.rank(), indices.size());
    return error(where);
  }
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto number = kind(indices[i]) == NodeKind::Literal ? constant_integer(indices[i], false) : std::nullopt;
    if (number && held.shape[i] != spec::kUnknownDim && *number >= held.shape[i]) sink_.report<diag::IndexRange>(span(indices[i]), *number, held.shape[i]);
  }
  std::vector<ExprId> parts{borrow(place, false, get(place).span)};
  for (ExprId index : tensor_indices(indices)) parts.push_back(index);
  return add(ExprKind::TensorGet, element_type(held.dtype), where, std::move(parts));
}

ExprId Checker::tensor_set(NodeId target, ExprId place, ExprId value, std::span<const NodeId> indices, Span where) {
  if (vague_tensor(get(place).type)) return tensor_indices(indices), error(where);
  const spec::TensorType held = tensor_type(get(place).type);
  if (indices.size() != held.shape.rank()) return sink_.report<diag::TensorIndices>(span(target), name(get(place).type), held.shape.rank(), indices.size()), error(where);
  const std::vector<ExprId> numbers = tensor_indices(indices);
  std::vector<ExprId> parts{borrow(place, true, get(place).span, true), coerce(value, element_type(held.dtype))};
  parts.insert(parts.end(), numbers.begin(), numbers.end());
  return add(ExprKind::TensorSet, unit_, where, std::move(parts));
}

// `t.data`, `t.shape`, `t.device`: read like fields; elements of `data` are written through it.
ExprId Checker::tensor_field(ExprId place, std::string_view field, Span where) {
  if (field == "shape") return tensor_shape(place, where);
  if (field != "data" && field != "device") return {};
  if (field == "data" && vague_tensor(get(place).type)) return error(where);
  const TypeId held = field == "data" ? table_.ref(table_.slice(element_type(tensor_type(get(place).type).dtype)), false) : table_.scalar(TypeKind::Device);
  const ExprId out = add(ExprKind::Native, held, where, {borrow(place, false, where)});
  get(out).native = field == "data" ? spec::Native::TensorData : spec::Native::TensorDevice;
  if (field == "device") return out;
  const ExprId elements = deref(out);
  overloaded_places_[elements.value] = {{}, {}, place, {}, spec::Native::TensorDataMut};
  return elements;
}

// How many elements lie between two neighbours along each dim.
ExprId Checker::tensor_strides(ExprId place, Span where) {
  std::vector<ExprId> parts;
  for (size_t i = 0; i < tensor_type(get(place).type).shape.rank(); ++i) {
    parts.push_back(add(ExprKind::Native, usize_, where, {borrow(place, false, where), constant_number(i, usize_, where)}));
    get(parts.back()).native = spec::Native::TensorStride;
  }
  const TypeId type = table_.array(usize_, parts.size());
  return add(ExprKind::Make, type, where, std::move(parts));
}

ExprId Checker::tensor_shape(ExprId place, Span where) {
  const spec::TensorType held = tensor_type(get(place).type);
  const ExprId reference_id = borrow(place, false, where);
  std::vector<ExprId> parts;
  for (size_t i = 0; i < held.shape.rank(); ++i) {
    if (held.shape[i] != spec::kUnknownDim) {
      parts.push_back(constant_number(static_cast<uint64_t>(held.shape[i]), i32_, where));
      continue;
    }
    const ExprId extent = add(ExprKind::Native, i32_, where, {borrow(place, false, where), constant_number(i, usize_, where)});
    get(extent).native = spec::Native::TensorExtent;
    parts.push_back(extent);
  }
  const TypeId type = table_.array(i32_, parts.size());
  return looked_at(reference_id, add(ExprKind::Make, type, where, std::move(parts)), where);
}

// What is known when compiling still looks at the tensor: asking a moved one for its shape is an error.
ExprId Checker::looked_at(ExprId reference, ExprId value, Span where) {
  const ExprId out = add(ExprKind::Block, get(value).type, where, {ExprId()});
  get(out).statements.push_back({TypedStatement::Kind::Expression, reference, {}, {}});
  get(out).parts[0] = value;
  return out;
}

ExprId Checker::tensor_length(ExprId place, Span where) {
  const spec::TensorType held = tensor_type(get(place).type);
  ExprId product;
  uint64_t known = 1;
  for (size_t i = 0; i < held.shape.rank(); ++i) {
    if (held.shape[i] != spec::kUnknownDim) { known *= static_cast<uint64_t>(held.shape[i]); continue; }
    const ExprId extent = add(ExprKind::Native, i32_, where, {borrow(place, false, where), constant_number(i, usize_, where)});
    get(extent).native = spec::Native::TensorExtent;
    const ExprId wide = add(ExprKind::Cast, usize_, where, {extent});
    if (!product.valid()) { product = wide; continue; }
    product = add(ExprKind::Binary, usize_, where, {product, wide});
    get(product).op = Opcode::Mul;
  }
  if (!product.valid()) return looked_at(borrow(place, false, where), constant_number(known, usize_, where), where);
  if (known == 1) return product;
  const ExprId out = add(ExprKind::Binary, usize_, where, {product, constant_number(known, usize_, where)});
  get(out).op = Opcode::Mul;
  return out;
}

ExprId Checker::tensor_method(ExprId place, std::string_view method, std::span<const NodeId> arguments, std::span<const NodeId> generics, Span where) {
  if (vague_tensor(get(place).type)) return give_up(arguments_of(arguments), where);
  const spec::TensorType held = tensor_type(get(place).type);
  if (method == "shape" && arguments.empty()) return tensor_shape(place, where);
  if (method == "strides" && arguments.empty()) return tensor_strides(place, where);
  if ((method == "as_ptr" || method == "as_mut_ptr") && arguments.empty()) return call_method(tensor_field(place, "data", where), method, {}, {}, {}, where);
  if (method == "len" && arguments.empty()) return tensor_length(place, where);
  if (method == "rank" && arguments.empty()) return constant_number(held.shape.rank(), usize_, where);
  if (method == "clone" && arguments.empty()) return clone_of(place, where);
  if (method == "contiguous" && arguments.empty()) return place;
  if (method == "clone_contiguous" && arguments.empty()) return clone_of(place, where);
  if (method == "slice") return view_slice(view_of(place, where), arguments, where);
  if (method == "as_shape") {
    const auto dims = generics.size() == 1 ? dims_of(generics[0]) : std::nullopt;
    if (!dims) return generics.size() == 1 ? error(where) : (sink_.report<diag::ShapeUnknown>(where, "write it: `as_shape::<[?, 64]>()`"), error(where));
    const TypeId wanted = table_.tensor(held.dtype, *dims);
    bool fits = dims->size() == held.shape.rank();
    for (size_t i = 0; fits && i < dims->size(); ++i) fits = (*dims)[i] == spec::kUnknownDim || held.shape[i] == spec::kUnknownDim || (*dims)[i] == held.shape[i];
    if (!fits) return sink_.report<diag::TensorRule>(where, fmt::format("`{}` can never be `{}`", name(get(place).type), name(wanted))).label(get(place).span, fmt::format("`{}`", name(get(place).type))), error(where);
    const TypeId failure = library_type("ShapeError", {});
    const TypeId result = library_type("Result", {wanted, failure});
    const ExprId out = add(ExprKind::Block, result, where, {ExprId()});
    const BodyLocalId holder = add_local("", get(place).type, false, where);
    push_let(out, holder, place);
    ExprId test = constant_number(1, bool_, where);
    for (size_t i = 0; i < dims->size(); ++i) {
      if ((*dims)[i] == spec::kUnknownDim || held.shape[i] != spec::kUnknownDim) continue;
      const ExprId extent = add(ExprKind::Native, i32_, where, {borrow(local(holder, where), false, where), constant_number(i, usize_, where)});
      get(extent).native = spec::Native::TensorExtent;
      const ExprId same = add(ExprKind::Binary, bool_, where, {extent, constant_number(static_cast<uint64_t>((*dims)[i]), i32_, where)});
      get(same).op = Opcode::Eq;
      test = add(ExprKind::And, bool_, where, {test, same});
    }
    const ExprId found = tensor_shape(local(holder, where), where);
    const ExprId text = add(ExprKind::Format, str_, where, {borrow(found, false, where)});
    std::string words = fmt::format("expected the shape {}, found {{0}}", argument_text({GenericArgument::Kind::Shape, {}, 0, *dims}));
    get(text).text = words;
    const ExprId problem = add(ExprKind::Make, failure, where, {text});
    const ExprId good = make_variant(result, 0, {add(ExprKind::TensorNarrow, wanted, where, {local(holder, where)})}, where);
    const ExprId bad = make_variant(result, 1, {problem}, where);
    const ExprId choice = add(ExprKind::If, result, where, {test, good, bad});
    get(out).parts[0] = choice;
    return out;
  }
  const auto op = spec::tensor_op_from_name(method);
  if (!op) return {};
  const spec::TensorOpRow& row = spec::tensor_op_row(*op);
  const auto reference_id = [&] { return borrow(place, false, get(place).span); };
  const auto values_of = [&](std::vector<std::string> words, bool optional, bool& good) {
    return arrange_nodes(row.name, words, std::vector<bool>(words.size(), optional), arguments, where, good);
  };
  bool good = true;
  switch (row.kernel) {
    case spec::KernelClass::Reduce: return tensor_reduction(*op, place, arguments, where);
    case spec::KernelClass::Product:
    case spec::KernelClass::Map: {
      if (*op == TensorOp::Cast) {
        const auto dtype = generics.size() == 1 ? dtype_of(type_of(generics[0]), span(generics[0])) : std::nullopt;
        if (generics.size() != 1) sink_.report<diag::GenericCount>(where, "cast", 1, generics.size());
        return dtype ? tensor_operation(*op, {reference_id()}, {static_cast<int64_t>(*dtype)}, where) : error(where);
      }
      const auto values = values_of(row.arity == 1 ? std::vector<std::string>{} : row.arity == 2 ? std::vector<std::string>{"other"} : std::vector<std::string>{"then", "otherwise"}, false, good);
      if (!good) return error(where);
      std::vector<ExprId> operands{reference_id()};
      std::optional<spec::DType> dtype;
      if (*op != TensorOp::Select) dtype = held.dtype;
      for (NodeId value : values) {
        const ExprId given = expression(value);
        if (!dtype && is_tensor(peel(get(given).type))) dtype = tensor_type(get(given).type).dtype;
        const ExprId operand = tensor_operand(given, dtype.value_or(spec::DType::F32));
        if (!operand.valid()) return is_error(get(given).type) ? error(where) : (sink_.report<diag::BadOperands>(span(value), fmt::format("apply `{}` to", method), name(get(place).type), name(get(given).type)), error(where));
        operands.push_back(operand);
      }
      return tensor_operation(*op, std::move(operands), {}, where);
    }
    case spec::KernelClass::Rows: {
      if (row.attributes.empty()) return values_of({}, true, good), good ? tensor_operation(*op, {reference_id()}, {}, where) : error(where);
      const auto values = values_of({"dim"}, true, good);
      if (!good) return error(where);
      const auto dim = values[0].valid() ? dim_argument(values[0]) : std::optional<int64_t>(-1);
      return dim ? tensor_operation(*op, {reference_id()}, {*dim}, where) : error(where);
    }
    default: break;
  }
  std::vector<int64_t> attributes;
  if (*op == TensorOp::Reshape || *op == TensorOp::BroadcastTo) {
    if (arguments.size() != 1 || kind(arguments[0]) != NodeKind::Array) return sink_.report<diag::ShapeUnknown>(where, "write it as an array of constants: `[2, 3]`"), error(where);
    for (NodeId part : list(child(arguments[0], slot::Array::parts))) {
      const auto dim = constant_integer(part);
      if (!dim) return error(where);
      attributes.push_back(*dim);
    }
    return tensor_operation(*op, {reference_id()}, attributes, where);
  }
  if (*op == TensorOp::Transpose) {
    const auto values = values_of({"first", "second"}, true, good);
    if (!good) return error(where);
    const auto first = values[0].valid() ? dim_argument(values[0]) : std::optional<int64_t>(-2), second = values[1].valid() ? dim_argument(values[1]) : std::optional<int64_t>(-1);
    return first && second ? tensor_operation(*op, {reference_id()}, {*first, *second}, where) : error(where);
  }
  if (*op == TensorOp::Concat) {
    const auto values = arrange_nodes("concat", std::vector<std::string>{"other", "dim"}, {false, true}, arguments, where, good);
    if (!good) return error(where);
    const ExprId other = tensor_operand(expression(values[0]), held.dtype);
    const auto dim = values[1].valid() ? dim_argument(values[1]) : std::optional<int64_t>(0);
    return other.valid() && dim ? tensor_operation(*op, {reference_id(), other}, {*dim}, where) : error(where);
  }
  return *op == TensorOp::Copy ? tensor_operation(*op, {reference_id()}, {}, where) : ExprId();
}

// --- constructors

ExprId Checker::tensor_made(std::string_view function, spec::DType dtype, const std::vector<int64_t>& dims, std::vector<ExprId> extents, NodeId value, Span where) {
  const TypeId type_id = table_.tensor(dtype, dims);
  if (function == "rand") return add(ExprKind::TensorRandom, type_id, where, std::move(extents));
  const TypeId element = element_type(dtype);
  if (is_error(element)) return sink_.report<diag::Unsupported>(where, fmt::format("tensors of {} made from values", spec::dtype_name(dtype))), error(where);
  std::vector<ExprId> parts;
  if (value.valid()) parts.push_back(checked(value, element));
  else {
    const ExprId number = add(ExprKind::Constant, element, where);
    get(number).literal.magnitude = function == "ones" ? 1 : 0;
    parts.push_back(number);
  }
  parts.insert(parts.end(), extents.begin(), extents.end());
  return add(ExprKind::TensorFill, type_id, where, std::move(parts));
}

ExprId Checker::tensor_function(NodeId segment, std::string_view function, std::span<const NodeId> arguments, TypeId expected, Span where) {
  const auto generics = list(child(segment, slot::Segment::arguments));
  std::optional<spec::DType> dtype;
  std::optional<std::vector<int64_t>> dims;
  if (!generics.empty() && kind(generics[0]) != NodeKind::InferType) {
    dtype = dtype_of(type_of(generics[0]), span(generics[0]));
    if (!dtype) return error(where);
  }
  if (generics.size() > 1 && kind(generics[1]) != NodeKind::InferType) {
    dims = dims_of(generics[1]);
    if (!dims) return error(where);
  }
  const TypeId wanted = expected.valid() ? peel(expected) : TypeId();
  const bool hinted = wanted.valid() && is_tensor(wanted);
  const bool from_generics = dims.has_value();
  const auto default_type = [&] { return dtype ? *dtype : hinted ? tensor_type(wanted).dtype : spec::DType::F32; };
  if (function == "from_array" && arguments.size() == 1) return tensor_from_array(arguments[0], hinted ? wanted : TypeId(), dtype, where);
  if (function == "from_vec") return call_native(*spec::find_native("Tensor::from_vec"), {}, arguments_of(arguments), {}, where);
  const bool filled = function == "full";
  if (function != "zeros" && function != "ones" && function != "rand" && !filled) {
    for (NodeId argument : arguments) expression(kind(argument) == NodeKind::NamedArgument ? child(argument, 0) : argument);
    const std::string_view near = diagnostics::nearest(function, std::vector<std::string_view>{"zeros", "ones", "rand", "full", "from_array", "from_vec"});
    auto report = sink_.report<diag::UnknownFunction>(where, "Tensor", function);
    if (!near.empty()) report.help(fmt::format("there is `{}`", near));
    return error(where);
  }
  bool good = true;
  std::vector<std::string> words{"shape"};
  if (filled) words.emplace_back("value");
  std::vector<NodeId> values(2);
  if (arguments.size() == (filled ? 1u : 0u)) {
    if (filled) values[1] = arguments[0];
    if (!dims && hinted) dims = table_.get(wanted).dims;
    if (!dims) return sink_.report<diag::ShapeUnknown>(where, "write it: `Tensor::zeros([2, 3])`"), error(where);
    for (int64_t dim : *dims)
      if (dim == spec::kUnknownDim) return sink_.report<diag::ShapeUnknown>(where, "one of its dims is `?`").help("give the shape as a value: `Tensor::zeros([rows, 3])`"), error(where);
    return tensor_made(function, default_type(), *dims, {}, values[1], where);
  }
  values = arrange_nodes(fmt::format("Tensor::{}", function), words, std::vector<bool>(words.size(), false), arguments, where, good);
  values.resize(2);
  if (!good) return error(where);
  if (kind(values[0]) != NodeKind::Array) return sink_.report<diag::ShapeUnknown>(span(values[0]), "write it as an array: `[rows, 3]`"), error(where);
  std::vector<int64_t> made;
  std::vector<ExprId> extents;
  for (NodeId part : list(child(values[0], slot::Array::parts))) {
    const auto number = constant_integer(part, false);
    if (number && *number < 0) return sink_.report<diag::BadShape>(span(part), fmt::format("a dim cannot be {}", *number)), error(where);
    made.push_back(number.value_or(spec::kUnknownDim));
    if (number) continue;
    ExprId extent = auto_deref(expression(part));
    if (!is_integer(get(extent).type) && !is_error(get(extent).type)) mismatch(extent, i32_, "an extent is an integer");
    extents.push_back(extent);
  }
  if (made.size() > spec::kMaxRank) return sink_.report<diag::BadShape>(span(values[0]), fmt::format("a tensor has at most {} dims", spec::kMaxRank)), error(where);
  if (from_generics && *dims != made) {
    bool fits = dims->size() == made.size();
    for (size_t i = 0; fits && i < made.size(); ++i) fits = (*dims)[i] == spec::kUnknownDim || (*dims)[i] == made[i];
    if (!fits) return sink_.report<diag::BadShape>(span(values[0]), fmt::format("this shape is {}, and the type says {}", argument_text({GenericArgument::Kind::Shape, {}, 0, made}), argument_text({GenericArgument::Kind::Shape, {}, 0, *dims}))), error(where);
  }
  return tensor_made(function, default_type(), made, std::move(extents), values[1], where);
}

// The rows of nested arrays in order; every level has one length.
ExprId Checker::tensor_from_array(NodeId argument, TypeId expected, std::optional<spec::DType> dtype, Span where) {
  std::vector<int64_t> dims;
  std::vector<NodeId> leaves;
  bool ragged = false;
  std::function<void(NodeId, size_t)> walk = [&](NodeId id, size_t depth) {
    if (kind(id) == NodeKind::RefExpr) id = child(id, slot::RefExpr::expression);
    if (kind(id) != NodeKind::Array) {
      ragged |= depth != dims.size();
      leaves.push_back(id);
      return;
    }
    const auto parts = list(child(id, slot::Array::parts));
    const auto length = static_cast<int64_t>(parts.size());
    if (depth == dims.size() && leaves.empty()) dims.push_back(length);
    else if (depth >= dims.size() || dims[depth] != length) {
      if (!ragged) sink_.report<diag::RaggedArray>(span(id), depth < dims.size() ? dims[depth] : 0, length);
      ragged = true;
    }
    for (NodeId part : parts) walk(part, depth + 1);
  };
  walk(argument, 0);
  if (dims.empty()) {
    if (!ragged) sink_.report<diag::BadShape>(span(argument), "an array of elements is needed here: `[[1.0, 2.0], [3.0, 4.0]]`");
    return error(where);
  }
  if (ragged || dims.size() > spec::kMaxRank) return error(where);
  TypeId element = dtype ? element_type(*dtype) : expected.valid() ? element_type(tensor_type(expected).dtype) : TypeId();
  std::vector<ExprId> values;
  for (NodeId leaf : leaves) {
    const bool literal_leaf = kind(leaf) == NodeKind::Literal || kind(leaf) == NodeKind::Unary;
    ExprId value = auto_deref(expression(leaf, element.valid() ? element : literal_leaf && node(leaf).token != TokenKind::True && node(leaf).token != TokenKind::False ? table_.scalar(TypeKind::F32) : TypeId()));
    if (!element.valid()) element = get(value).type;
    values.push_back(coerce(value, element));
  }
  if (!element.valid()) element = table_.scalar(TypeKind::F32);
  if (is_infer(element)) unify(element, infer_what(element) == 1 ? i32_ : table_.scalar(TypeKind::F32));
  const auto held = dtype_of(element, span(argument));
  if (!held) return error(where);
  const TypeId type_id = table_.tensor(*held, dims);
  const ExprId out = add(ExprKind::Block, type_id, where, {ExprId()});
  const BodyLocalId holder = add_local("", type_id, true, where);
  push_let(out, holder, add(ExprKind::TensorFill, type_id, where, {constant_number(0, element, where)}));
  std::vector<int64_t> index(dims.size());
  for (ExprId value : values) {
    std::vector<ExprId> parts{borrow(local(holder, where), true, where, true), value};
    for (int64_t i : index) parts.push_back(constant_number(static_cast<uint64_t>(i), usize_, where));
    const ExprId set = add(ExprKind::TensorSet, unit_, where, std::move(parts));
    get(out).statements.push_back({TypedStatement::Kind::Expression, set, {}, {}});
    for (size_t d = dims.size(); d-- > 0;) {
      if (++index[d] < dims[d]) break;
      index[d] = 0;
    }
  }
  const ExprId result = local(holder, where);
  get(out).parts[0] = result;
  return out;
}

}  // namespace stark::types

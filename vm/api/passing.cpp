// vm/api/passing.cpp — arguments checked, lent, and given back.
// Room: vm/api. In: see passing.h. Out: CallArguments, or A03 to A05, A08, A09.
#include "vm/api/passing.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bytecode-spec/base/utf8.h"
#include "bytecode-spec/tables.h"

namespace stark::api {

std::unexpected<Error> Passing::misfit(size_t i, std::string_view what) const { return api_fail(ApiError::Argument, fmt::format("argument {} {}", i + 1, what)); }

Result<void> Passing::check() {
  if (values_.size() != callable_.parameters.size()) return api_fail(ApiError::Arguments, fmt::format("{} arguments for {} parameters", values_.size(), callable_.parameters.size()));
  arguments_.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    arguments_[i].size = types().size(callable_.types[i]);
    Result<void> fits;
    switch (callable_.parameters[i]) {
      case Form::Scalar: fits = check_scalar(i); break;
      case Form::TextRef:
      case Form::Text: fits = check_text(i); break;
      case Form::Slice:
      case Form::SliceMut: fits = check_slice(i); break;
      default: fits = check_tensor(i);
    }
    if (!fits) return fits;
  }
  return check_aliases();
}

Result<void> Passing::check_scalar(size_t i) {
  const stark_value& value = values_[i];
  const spec::TypeKind kind = types().kind(callable_.types[i]);
  if (value.type != type_of_kind(kind)) return misfit(i, fmt::format("is no `{}`", spec::row_of(kind).text));
  void* to = &arguments_[i].value;
  const uint32_t bits = 8 * arguments_[i].size;
  if (kind == spec::TypeKind::Bool) {
    const uint8_t byte = value.as.boolean ? 1 : 0;
    std::memcpy(to, &byte, 1);
  } else if (kind == spec::TypeKind::Char) {
    const uint32_t c = value.as.character;
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return misfit(i, "is no letter of Unicode");
    std::memcpy(to, &c, sizeof c);
  } else if (kind == spec::TypeKind::F32) {
    std::memcpy(to, &value.as.f32, sizeof value.as.f32);
  } else if (kind == spec::TypeKind::F64) {
    std::memcpy(to, &value.as.f64, sizeof value.as.f64);
  } else if (spec::has(kind, spec::kSigned)) {
    if (bits < 64 && (value.as.integer < -(int64_t{1} << (bits - 1)) || value.as.integer >= int64_t{1} << (bits - 1))) return misfit(i, fmt::format("is {}, which is no `{}`", value.as.integer, spec::row_of(kind).text));
    std::memcpy(to, &value.as.integer, arguments_[i].size);
  } else {
    if (bits < 64 && value.as.natural >> bits != 0) return misfit(i, fmt::format("is {}, which is no `{}`", value.as.natural, spec::row_of(kind).text));
    std::memcpy(to, &value.as.natural, arguments_[i].size);
  }
  return {};
}

Result<void> Passing::check_text(size_t i) {
  const auto& text = values_[i].as.text;
  if (values_[i].type != STARK_TEXT || (text.bytes == nullptr && text.length > 0)) return misfit(i, "is no text");
  if (!is_utf8({text.bytes, text.length})) return misfit(i, "is not UTF-8");
  static const char kEmpty = 0;
  const char* bytes = text.bytes != nullptr ? text.bytes : &kEmpty;
  arguments_[i].value = {reinterpret_cast<std::byte*>(const_cast<char*>(bytes)), text.length};
  arguments_[i].is_new_text = callable_.parameters[i] == Form::Text;
  if (!arguments_[i].is_new_text) reach(bytes, text.length, false);
  return {};
}

Result<void> Passing::check_slice(size_t i) {
  if (values_[i].type != STARK_ARRAY) return misfit(i, "is no array");
  const stark_array& array = *values_[i].as.array;
  const uint32_t element = types().row(types().row(callable_.types[i]).a).a;
  if (array.type != type_of_kind(types().kind(element))) return misfit(i, fmt::format("is no array of `{}`", spec::row_of(types().kind(element)).text));
  const auto layout = layout_of(array);
  if (!layout) return std::unexpected(layout.error());
  if (array.rank != 1 || !layout->is_dense()) return misfit(i, "is no array of one dim without gaps");
  alignas(8) static std::byte none[8];
  const auto count = static_cast<uint64_t>(array.shape[0]);
  arguments_[i].value = {count > 0 ? static_cast<std::byte*>(array.data) : none, count};
  reach(array.data, count * types().size(element), callable_.parameters[i] == Form::SliceMut);
  return {};
}

Result<void> Passing::check_tensor(size_t i) {
  const bool is_taken = callable_.parameters[i] != Form::TensorRef;
  const uint32_t type = callable_.parameters[i] == Form::Tensor ? callable_.types[i] : types().row(callable_.types[i]).a;
  vm::TensorObject shown;  // for what an array will be
  const vm::TensorObject* object = &shown;
  if (values_[i].type == STARK_TENSOR) {
    const stark_tensor* handle = values_[i].as.tensor;
    if (handle == nullptr || handle->object == nullptr) return misfit(i, "is an empty tensor");
    if (handle->core.get() != &core_) return misfit(i, "is a tensor of another instance");
    object = handle->object;
    reach(handle, 1, is_taken);
    const auto* host = static_cast<const std::byte*>(object->buffer().host());
    if (host != nullptr) reach(host + object->offset, static_cast<size_t>(object->bytes()), is_taken);
  } else if (values_[i].type == STARK_ARRAY) {
    auto layout = layout_of(*values_[i].as.array);
    if (!layout) return std::unexpected(layout.error());
    shown.layout = *layout;
    int64_t last = 0;
    for (size_t d = 0; d < layout->type.shape.rank(); ++d) last += (layout->type.shape[d] - 1) * layout->strides[d];
    if (shown.elements() > 0) reach(values_[i].as.array->data, static_cast<size_t>((last + 1) * spec::dtype_bytes(layout->type.dtype)), is_mutable(i));
  } else {
    return misfit(i, "is neither a tensor nor an array");
  }
  if (auto fits = vm::TensorRuntime::check_type(*object, types().tensor_type(type)); !fits) return misfit(i, "does not fit: " + fits.error().message);
  return {};
}

// Two that only look may look at the same.
Result<void> Passing::check_aliases() const {
  for (size_t a = 0; a < stretches_.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      if (!stretches_[a].is_taken && !stretches_[b].is_taken) continue;
      if (stretches_[a].begin >= stretches_[b].end || stretches_[b].begin >= stretches_[a].end) continue;
      return api_fail(ApiError::Aliased, "two arguments share memory, and one of them is written or taken");
    }
  }
  return {};
}

Result<void> Passing::make_all() {
  for (size_t i = 0; i < values_.size(); ++i) {
    const Form form = callable_.parameters[i];
    if (form != Form::Tensor && form != Form::TensorRef && form != Form::TensorMut) continue;
    void* word = nullptr;
    if (values_[i].type == STARK_ARRAY) {
      if (auto made = lend(i); !made) return drop_all(), made;
      word = form == Form::Tensor ? static_cast<void*>(lent_.back().object) : &lent_.back().object;
    } else {
      word = form == Form::Tensor ? static_cast<void*>(values_[i].as.tensor->object) : &values_[i].as.tensor->object;
    }
    arguments_[i].value.address = static_cast<std::byte*>(word);
  }
  return {};
}

Result<void> Passing::lend(size_t i) {
  const stark_array& array = *values_[i].as.array;
  const Form form = callable_.parameters[i];
  Lent& lent = lent_.emplace_back(&array, *layout_of(array));
  lent.is_mutable = is_mutable(i);
  lent.is_taken = form == Form::Tensor;
  lent.is_lent = may_lend(form) && (form == Form::TensorRef || lent.layout.is_dense());
  auto made = lent.is_lent ? core_.runtime.tensors.lend(lent.loan, array.data, lent.layout, lent.is_mutable)
                           : core_.runtime.tensors.from_bytes(lent.layout.type, gather(array, lent.layout));
  if (!made) return std::unexpected(made.error());
  lent.object = *made;
  return {};
}

void Passing::drop_all() {
  for (Lent& lent : lent_) core_.runtime.tensors.drop(std::exchange(lent.object, nullptr));
  lent_.clear();
}

void Passing::take_all() {
  for (size_t i = 0; i < values_.size(); ++i) {
    if (callable_.parameters[i] == Form::Tensor && values_[i].type == STARK_TENSOR) values_[i].as.tensor->object = nullptr;
  }
  for (Lent& lent : lent_) {
    if (lent.is_taken) lent.object = nullptr;
  }
}

Result<void> Passing::give_back(bool is_over) {
  if (is_over) {  // what `&mut` leads to may be half way
    for (size_t i = 0; i < values_.size(); ++i) {
      if (is_mutable(i) && values_[i].type == STARK_TENSOR) values_[i].as.tensor->object = nullptr;
    }
    return {};
  }
  Result<void> all;
  for (Lent& lent : lent_) {
    const vm::TensorObject* last = lent.is_mutable ? lent.object : nullptr;
    if (!lent.is_mutable) core_.runtime.tensors.drop(std::exchange(lent.object, nullptr));
    if (lent.is_lent) {
      if (auto done = core_.runtime.tensors.end_loan(lent.loan, last); !done) all = done;
    }
    if (!lent.is_mutable) continue;
    if (auto done = write_back(lent); !done) all = done;
    core_.runtime.tensors.drop(std::exchange(lent.object, nullptr));
  }
  return all;
}

Result<void> Passing::write_back(const Lent& lent) {
  if (lent.object->type() != lent.layout.type) return api_fail(ApiError::Extents, fmt::format("the tensor is {} now, and the array is {}", lent.object->type().text(), lent.layout.type.text()));
  const auto bytes = static_cast<size_t>(lent.object->bytes());
  if (lent.layout.is_dense()) return core_.runtime.tensors.copy_out(*lent.object, {static_cast<std::byte*>(lent.array->data), bytes});
  std::vector<std::byte> rows(bytes);
  if (auto done = core_.runtime.tensors.copy_out(*lent.object, rows); !done) return done;
  scatter(rows, *lent.array, lent.layout);
  return {};
}

}  // namespace stark::api

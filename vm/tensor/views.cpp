// vm/tensor/views.cpp — views: other layouts of elements that another tensor owns, made without copying.
// Room: vm/tensor. In: a tensor or view, dims, bounds. Out: TensorObjects whose buffer is shared. Law: shapes are what the shape rules say.
#include "bytecode-spec/tensor/shape_rules.h"
#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {

using spec::TensorOp;

namespace {

// Dims count from the end where they are negative; infer() has refused those that are not there.
size_t dim_of(const TensorObject& view, int64_t dim) { return static_cast<size_t>(dim < 0 ? dim + static_cast<int64_t>(view.type().shape.rank()) : dim); }

Result<void> check_claim(const spec::TensorType& made, const spec::TensorType& wanted) {
  TensorObject shown;
  shown.layout.type = made;
  return TensorRuntime::check_type(shown, wanted);
}

}  // namespace

TensorObject* TensorRuntime::view_of(const TensorObject& tensor) {
  const auto inside = enter();
  auto view = std::make_unique<TensorObject>();
  view->layout = tensor.layout;
  view->offset = tensor.offset;
  view->device = tensor.device;
  view->where = tensor.where;
  view->shared = &tensor.buffer();
  return release(std::move(view));
}

Result<void> TensorRuntime::slice_view(TensorObject& view, int64_t dim, int64_t start, int64_t end, int64_t step, const spec::TensorType& wanted) {
  const spec::TensorType types[] = {view.type()};
  const int64_t attributes[] = {dim, start, end, step};
  auto made = spec::infer(TensorOp::Slice, types, attributes);
  if (!made) return std::unexpected(made.error());
  if (auto fits = check_claim(*made, wanted); !fits) return fits;
  int64_t& stride = view.layout.strides[dim_of(view, dim)];
  view.offset += start * stride * spec::dtype_bytes(made->dtype);
  if (made->shape[dim_of(view, dim)] > 1) stride *= step;  // of one element the step leads nowhere, and may be huge
  view.layout.type = *made;
  return {};
}

Result<void> TensorRuntime::transpose_view(TensorObject& view, int64_t first, int64_t second, const spec::TensorType& wanted) {
  const spec::TensorType types[] = {view.type()};
  const int64_t attributes[] = {first, second};
  auto made = spec::infer(TensorOp::Transpose, types, attributes);
  if (!made) return std::unexpected(made.error());
  if (auto fits = check_claim(*made, wanted); !fits) return fits;
  std::swap(view.layout.strides[dim_of(view, first)], view.layout.strides[dim_of(view, second)]);
  view.layout.type = *made;
  return {};
}

// One index of a dim, which goes.
Result<void> TensorRuntime::row_view(TensorObject& view, int64_t dim, int64_t index, const spec::TensorType& wanted) {
  const spec::TensorType types[] = {view.type()};
  const int64_t attributes[] = {dim, index, index == INT64_MAX ? index : index + 1, 1};
  auto made = spec::infer(TensorOp::Slice, types, attributes);
  if (!made) return std::unexpected(made.error());
  const size_t gone = dim_of(view, dim);
  std::vector<int64_t> dims(made->shape.dims().begin(), made->shape.dims().end());
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(gone));
  made->shape = *spec::Shape::make(dims);
  if (auto fits = check_claim(*made, wanted); !fits) return fits;
  auto& strides = view.layout.strides;
  view.offset += index * strides[gone] * spec::dtype_bytes(made->dtype);
  std::copy(strides.begin() + static_cast<ptrdiff_t>(gone) + 1, strides.end(), strides.begin() + static_cast<ptrdiff_t>(gone));
  strides.back() = 0;
  view.layout.type = *made;
  return {};
}

Result<std::vector<std::byte>> TensorRuntime::row_major(const TensorObject& tensor) {
  const auto inside = enter();
  std::vector<std::byte> bytes(static_cast<size_t>(tensor.bytes()));
  if (tensor.layout.is_dense()) {
    if (auto done = read(tensor, 0, bytes); !done) return std::unexpected(done.error());
    return bytes;
  }
  const spec::TensorType types[] = {tensor.type()};
  auto program = devices::Program::single(TensorOp::Copy, types, {});
  if (!program) return std::unexpected(program.error());
  const devices::Layout layouts[] = {tensor.layout};
  auto plan = tensor.device->prepare(**program, layouts);
  if (!plan) return std::unexpected(plan.error());
  auto copy = allocate(tensor.where, tensor.type());
  if (!copy) return std::unexpected(copy.error());
  const devices::TensorView in[] = {tensor.view()}, out[] = {(*copy)->view()};
  if (auto done = tensor.device->run(**plan, in, {}, out); !done) return std::unexpected(done.error());
  if (auto done = read(**copy, 0, bytes); !done) return std::unexpected(done.error());
  return bytes;
}

}  // namespace stark::vm

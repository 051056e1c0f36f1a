// vm/natives/dataset.cpp — Dataset and Batches: rows of a file as tensors, a batch at a time.
// Room: vm/natives. In: a path, numbers of rows. Out: opaque handles; tensors of the current batch.
#include <fmt/format.h>

#include "vm/natives/csv.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

// Which rows of which file; nothing is read before batches ask.
struct Dataset final : OpaqueObject {
  std::string path, target;
  int64_t skip = 0;
  int64_t take = -1;  // -1: all
};

struct Batches final : OpaqueObject {
  explicit Batches(CsvRows r) : rows(std::move(r)) {}
  CsvRows rows;
  int64_t left = -1;
  uint64_t size = 1;
  int64_t id = -1;
  std::vector<float> inputs;
  std::vector<int64_t> targets;
};

Dataset& dataset_of(NativeCall& call) { return *call.get<Dataset*>(0); }
Batches& batches_behind(NativeCall& call) { return **call.get<Batches**>(0); }

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

bool may_read(NativeCall& call, const std::string& path) {
  if (call.host.options.grants.has_path(spec::Capability::FsRead, path)) return true;
  call.host.fail(Exit::Permission, fmt::format("reading `{}` is not allowed", path), fmt::format("run with `--allow=fs-read={}`", path));
  return false;
}

}  // namespace

namespace natives {

void DatasetFromCsv(NativeCall& call) {
  auto dataset = std::make_unique<Dataset>();
  dataset->path = call.text(0);
  dataset->target = call.text(1);
  if (!may_read(call, dataset->path)) return;
  // A file that is missing, or lacks the column, is told here rather than at the first batch.
  if (auto opened = CsvRows::open(call.host.options.grants, dataset->path, dataset->target); !opened) return call.host.fail(opened.error());
  call.give_opaque(std::move(dataset));
}

void DatasetSkip(NativeCall& call) {
  Dataset& d = dataset_of(call);
  const int64_t rows = call.get<int64_t>(1);
  if (rows < 0) return call.host.fail(Exit::Panic, fmt::format("cannot skip {} rows", rows));
  d.skip = rows > INT64_MAX - d.skip ? INT64_MAX : d.skip + rows;
  if (d.take >= 0) d.take = std::max<int64_t>(0, d.take - rows);
  call.give(&d);
}

void DatasetTake(NativeCall& call) {
  Dataset& d = dataset_of(call);
  const int64_t rows = call.get<int64_t>(1);
  if (rows < 0) return call.host.fail(Exit::Panic, fmt::format("cannot take {} rows", rows));
  d.take = d.take < 0 ? rows : std::min(d.take, rows);
  call.give(&d);
}

void DatasetBatches(NativeCall& call) {
  const Dataset& d = **call.get<Dataset**>(0);
  const uint64_t size = call.get<uint64_t>(1);
  if (size == 0) return call.host.fail(Exit::Panic, "a batch of 0 rows");
  if (!may_read(call, d.path)) return;
  auto rows = CsvRows::open(call.host.options.grants, d.path, d.target);
  if (!rows) return call.host.fail(rows.error());
  auto batches = std::make_unique<Batches>(std::move(*rows));
  batches->left = batches->rows.skip(d.skip) ? d.take : 0;
  batches->size = size;
  call.give_opaque(std::move(batches));
}

void BatchesAdvance(NativeCall& call) {
  Batches& b = batches_behind(call);
  b.inputs.clear();
  b.targets.clear();
  while (b.targets.size() < b.size && b.left != 0) {
    const auto more = b.rows.next(b.inputs, b.targets);
    if (!more) return call.host.fail(more.error());
    if (!*more) {
      b.left = 0;
    } else if (b.left > 0) {
      --b.left;
    }
  }
  if (!b.targets.empty()) ++b.id;
  call.give_bool(!b.targets.empty());
}

void BatchesId(NativeCall& call) { call.give(batches_behind(call).id); }

void BatchesInputs(NativeCall& call) {
  const Batches& b = batches_behind(call);
  const auto rows = static_cast<int64_t>(b.targets.size());
  call.give_tensor(call.host.tensors.from_bytes({spec::DType::F32, {rows, static_cast<int64_t>(b.rows.inputs())}}, bytes_of(b.inputs)));
}

void BatchesTargets(NativeCall& call) {
  const Batches& b = batches_behind(call);
  call.give_tensor(call.host.tensors.from_bytes({spec::DType::I64, {static_cast<int64_t>(b.targets.size())}}, bytes_of(b.targets)));
}

}  // namespace natives
}  // namespace stark::vm

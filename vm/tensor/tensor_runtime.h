// vm/tensor/tensor_runtime.h — TensorRuntime: tensors of one running program: made, computed with, moved, printed.
// Room: vm/tensor; the only one of the VM that sees devices. In: graphs and segments of a bundle. Out: TensorObjects.
// Law: one thread at a time is inside: devices and plans are shared. No device is opened before a tensor needs it; every failure is an Error with a T… or D… code.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bytecode-spec/reader.h"
#include "devices/registry.h"
#include "vm/tensor/tensor_object.h"

namespace stark::vm {

// One input of a graph: a tensor, or the bits of a scalar.
struct GraphInput {
  TensorObject* tensor = nullptr;
  uint64_t bits = 0;
};

struct TensorOptions {
  std::string device = "cpu";  // the default one
  uint64_t seed = 0;
  std::optional<int64_t> limit;  // bytes of tensors, on each device
  // Once for each allocation of a tensor; false: there is no memory. For tests alone.
  bool (*may_allocate)(void* user) = nullptr;
  void* user = nullptr;
};

// Memory that is lent. Shared: it is only looked at, and copied by whoever writes.
struct Loan {
  void* memory = nullptr;
  devices::Buffer shared;
};

struct TensorStats {
  uint64_t graphs = 0;
  int64_t live = 0;
  struct OnDevice {
    uint64_t graphs = 0, operations = 0;
    devices::MemoryUse memory;
  };
  std::map<std::string, OnDevice> devices = {};  // those that were opened
};

class TensorRuntime {
 public:
  TensorRuntime(const spec::Bundle& bundle, TensorOptions options);
  ~TensorRuntime();

  // Donated inputs are taken: the runtime deletes them, or makes results of them.
  Result<void> run(uint32_t graph, std::span<const GraphInput> inputs, std::span<TensorObject*> outputs);
  Result<TensorObject*> constant(uint32_t segment, const spec::TensorType& type);
  Result<TensorObject*> fill(const spec::TensorType& type, uint64_t bits);
  Result<TensorObject*> random(const spec::TensorType& type);
  Result<TensorObject*> from_bytes(const spec::TensorType& type, std::span<const std::byte> bytes);
  // Bytes from the first element on.
  Result<void> read(const TensorObject& tensor, int64_t offset, std::span<std::byte> to);
  Result<void> write(TensorObject& tensor, int64_t offset, std::span<const std::byte> from);
  // Where the elements lie in this machine's own memory; on other devices they do not. Mutable: nobody else's are changed.
  Result<std::byte*> host_elements(TensorObject& tensor, bool is_mutable);
  Result<void> fill_in_place(TensorObject& tensor, uint64_t bits);
  // Takes the tensor; the result is the same one where it is there already.
  Result<TensorObject*> to_device(TensorObject* tensor, DeviceValue device);
  Result<DeviceValue> default_device();
  void drop(TensorObject* tensor);

  // views.cpp: another look at the elements of a tensor that outlives it. An index or a bound outside of it, and a layout that is not
  // `wanted`, are Errors that leave the view as it is.
  TensorObject* view_of(const TensorObject& tensor);
  Result<void> slice_view(TensorObject& view, int64_t dim, int64_t start, int64_t end, int64_t step, const spec::TensorType& wanted);
  Result<void> transpose_view(TensorObject& view, int64_t first, int64_t second, const spec::TensorType& wanted);
  Result<void> row_view(TensorObject& view, int64_t dim, int64_t index, const spec::TensorType& wanted);

  // lent.cpp: tensors on the default device over memory of whoever embeds the program, which is there until end_loan().
  Result<TensorObject*> lend(Loan& loan, void* memory, const devices::Layout& layout, bool is_mutable);
  // No tensor looks at that memory any more: those that are left, but for `last`, get memory of their own.
  Result<void> end_loan(const Loan& loan, const TensorObject* last);
  // Every element, row by row; what the elements lie in already stays.
  Result<void> copy_out(const TensorObject& tensor, std::span<std::byte> to);

  // As NumPy prints arrays; `precision` digits after the point where given.
  std::string text(const TensorObject& tensor, int precision = -1);
  // Byte offset of an element. An index outside its dim is an Error.
  static Result<int64_t> offset_of(const TensorObject& tensor, std::span<const int64_t> indices);
  // Whether a tensor of this type is one of `wanted`.
  static Result<void> check_type(const TensorObject& tensor, const spec::TensorType& wanted);

  TensorStats stats();

 private:
  devices::Registry& registry();
  Result<devices::Device*> open(DeviceValue where);
  Result<devices::Buffer> new_buffer(devices::Device& device, int64_t bytes);
  Result<std::unique_ptr<TensorObject>> allocate(DeviceValue where, const spec::TensorType& type);
  Result<void> own_buffer(TensorObject& tensor);  // copies what is shared
  Result<std::vector<std::byte>> row_major(const TensorObject& tensor);  // every element, in this machine's memory
  Result<const devices::Program*> program(uint32_t graph);
  TensorObject* release(std::unique_ptr<TensorObject> tensor);
  std::unique_lock<std::recursive_mutex> enter() { return std::unique_lock(mutex_); }

  std::recursive_mutex mutex_;
  TensorObject* first_ = nullptr;  // those that the program has; what nobody drops, as in statics, goes with the runtime
  const spec::Bundle& bundle_;
  TensorOptions options_;
  TensorStats stats_;
  std::map<const devices::Device*, TensorStats::OnDevice> used_;
  std::unique_ptr<devices::Registry> registry_;
  std::map<std::pair<uint32_t, uint32_t>, devices::Device*> open_;
  std::vector<std::unique_ptr<const devices::Program>> programs_;
  std::map<std::pair<uint32_t, devices::Device*>, devices::Buffer> segments_;
  uint64_t random_offset_ = 0;
};

// `cpu`, `cuda:1`: the registry's name of a device, and back.
std::string device_name(DeviceValue device);
Result<DeviceValue> device_of_name(std::string_view name);

// Graph of a bundle as the tables of spec::Graph.
spec::Graph copy_graph(const spec::Module& module, uint32_t graph);

struct DeviceRow {
  std::string name, description;
};
// Opens every driver; what is not here is told in `missing`.
std::vector<DeviceRow> list_devices(std::vector<std::string>& missing);
// Codes of tensors and devices, and what they mean.
std::vector<std::pair<std::string_view, std::string_view>> device_codes();

// print.cpp: elements in host memory.
std::string array_text(const spec::TensorType& type, const std::byte* elements, int precision);

}  // namespace stark::vm

// devices/opencl/backend.cpp — a device of an OpenCL platform: one context, one in-order queue, programs by their text.
// Room: devices/opencl. In: plans. Out: work queued; reads wait.
#include <unordered_map>

#include "devices/errors.h"
#include "devices/kernel/render.h"
#include "devices/opencl/driver.h"
#include "devices/plan/plan.h"

namespace stark::devices::opencl {
namespace {

constexpr size_t kGroup = 64, kMaxItems = size_t{1} << 16;

struct ClExecutable final : Executable {
  std::vector<cl_kernel> kernels;  // one per step; owned by the backend
};

class ClBackend final : public Backend {
 public:
  ClBackend(const Symbols& symbols, Found found) : cl_(symbols), found_(std::move(found)) {}
  ~ClBackend() override {
    for (const auto& [text, built] : built_) {
      cl_.clReleaseKernel(built.kernel);
      cl_.clReleaseProgram(built.program);
    }
    if (queue_ != nullptr) cl_.clReleaseCommandQueue(queue_);
    if (context_ != nullptr) cl_.clReleaseContext(context_);
  }

  Result<void> start() {
    cl_int error = CL_SUCCESS;
    context_ = cl_.clCreateContext(nullptr, 1, &found_.device, nullptr, nullptr, &error);
    if (error == CL_SUCCESS) queue_ = cl_.clCreateCommandQueue(context_, found_.device, 0, &error);
    cl_.clGetDeviceInfo(found_.device, CL_DEVICE_TYPE, sizeof type_, &type_, nullptr);
    cl_device_fp_config wide = 0;
    cl_.clGetDeviceInfo(found_.device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof wide, &wide, nullptr);
    has_f64_ = wide != 0;
    return ok(error, "create a context");
  }

  std::string description() const override { return found_.description; }
  DeviceKind kind() const override { return (type_ & CL_DEVICE_TYPE_GPU) != 0 ? DeviceKind::Gpu : DeviceKind::Other; }

  Result<Allocation> allocate(int64_t bytes) override {
    cl_int error = CL_SUCCESS;
    cl_mem memory = cl_.clCreateBuffer(context_, CL_MEM_READ_WRITE, static_cast<size_t>(bytes), nullptr, &error);
    if (error != CL_SUCCESS)
      return device_fail(DeviceError::OutOfMemory, "`{}` has no room for {} bytes (OpenCL error {})",
                         found_.description, bytes, error);
    return Allocation{nullptr, reinterpret_cast<uint64_t>(memory), bytes, bytes, false};
  }
  // The driver counts references of queued commands; the memory goes when they are done.
  void release(const Allocation& allocation) override { cl_.clReleaseMemObject(memory(allocation)); }

  Result<void> write(const Allocation& to, int64_t offset, std::span<const std::byte> bytes) override {
    return ok(cl_.clEnqueueWriteBuffer(queue_, memory(to), CL_TRUE, static_cast<size_t>(offset), bytes.size(),
                                       bytes.data(), 0, nullptr, nullptr),
              "write a buffer");
  }
  Result<void> read(const Allocation& from, int64_t offset, std::span<std::byte> bytes) override {
    return ok(cl_.clEnqueueReadBuffer(queue_, memory(from), CL_TRUE, static_cast<size_t>(offset), bytes.size(),
                                      bytes.data(), 0, nullptr, nullptr),
              "read a buffer");
  }
  Result<void> copy(const Allocation& from, int64_t from_offset, const Allocation& to, int64_t to_offset,
                    int64_t bytes) override {
    return ok(cl_.clEnqueueCopyBuffer(queue_, memory(from), memory(to), static_cast<size_t>(from_offset),
                                      static_cast<size_t>(to_offset), static_cast<size_t>(bytes), 0, nullptr, nullptr),
              "copy a buffer");
  }
  Result<void> synchronize() override { return ok(cl_.clFinish(queue_), "finish"); }

  Result<std::unique_ptr<Executable>> compile(const Plan& plan) override {
    auto executable = std::make_unique<ClExecutable>();
    for (const Step& step : plan.steps) {
      const auto* product = std::get_if<ProductStep>(&step);
      const kernel::Source source = product != nullptr
                                        ? kernel::render_product(product->dtype, kernel::Dialect::OpenCl)
                                        : kernel::render(std::get<kernel::Kernel>(step), kernel::Dialect::OpenCl);
      if (!has_f64_ && source.types.contains(DType::F64))
        return device_fail(DeviceError::Unsupported,
                           "`{}` cannot run this: it needs f64, which the device does not have", found_.description);
      const auto built = build(source.text);
      if (!built) return std::unexpected(built.error());
      executable->kernels.push_back(*built);
    }
    return executable;
  }

  Result<void> run(Executable& executable, const Plan& plan, std::span<const Binding> slots,
                   std::span<const Scalar> scalars) override {
    std::vector<int64_t> offsets;
    for (const Binding& slot : slots) offsets.push_back(slot.offset);
    auto kernel = static_cast<ClExecutable&>(executable).kernels.begin();
    for (const Step& step : plan.steps) {
      const auto* product = std::get_if<ProductStep>(&step);
      auto done = product != nullptr ? launch_product(*kernel++, *product, slots)
                                     : launch(*kernel++, std::get<kernel::Kernel>(step), slots, offsets, scalars);
      if (!done) return done;
    }
    return {};
  }

 private:
  struct Built {
    cl_program program;
    cl_kernel kernel;
  };

  static cl_mem memory(const Allocation& allocation) { return reinterpret_cast<cl_mem>(allocation.handle); }

  Result<void> ok(cl_int error, std::string_view what) const {
    if (error == CL_SUCCESS) return {};
    return device_fail(DeviceError::DriverFailed, "`{}` could not {} (OpenCL error {})", found_.description, what,
                       error);
  }

  Result<cl_kernel> build(const std::string& text) {
    if (const auto known = built_.find(text); known != built_.end()) return known->second.kernel;
    cl_int error = CL_SUCCESS;
    const char* lines = text.c_str();
    cl_program program = cl_.clCreateProgramWithSource(context_, 1, &lines, nullptr, &error);
    if (error == CL_SUCCESS) error = cl_.clBuildProgram(program, 1, &found_.device, "", nullptr, nullptr);
    if (error != CL_SUCCESS) {
      std::string log(4096, '\0');
      if (program != nullptr)
        cl_.clGetProgramBuildInfo(program, found_.device, CL_PROGRAM_BUILD_LOG, log.size(), log.data(), nullptr);
      return device_fail(DeviceError::BuildFailed, "`{}` refused a kernel: {}\n{}", found_.description, log.c_str(),
                         text);
    }
    cl_kernel kernel = cl_.clCreateKernel(program, "run", &error);
    if (auto created = ok(error, "create a kernel"); !created) return std::unexpected(created.error());
    built_.emplace(text, Built{program, kernel});
    return kernel;
  }

  Result<void> start_kernel(cl_kernel kernel, std::vector<int32_t> words, std::span<const cl_mem> buffers,
                            std::span<const size_t> items, std::span<const size_t> group) {
    words.resize(256);
    cl_int error = cl_.clSetKernelArg(kernel, 0, words.size() * sizeof(int32_t), words.data());
    for (size_t i = 0; i < buffers.size() && error == CL_SUCCESS; ++i)
      error = cl_.clSetKernelArg(kernel, static_cast<cl_uint>(i + 1), sizeof(cl_mem), &buffers[i]);
    if (error == CL_SUCCESS)
      error = cl_.clEnqueueNDRangeKernel(queue_, kernel, static_cast<cl_uint>(items.size()), nullptr, items.data(),
                                         group.data(), 0, nullptr, nullptr);
    return ok(error, "launch a kernel");
  }

  Result<void> launch(cl_kernel kernel, const kernel::Kernel& step, std::span<const Binding> slots,
                      std::span<const int64_t> offsets, std::span<const Scalar> scalars) {
    auto words = kernel::launch_words(step, offsets, scalars);
    if (!words) return too_large();
    std::vector<cl_mem> buffers;
    for (const kernel::Access& access : step.accesses)
      if (access.slot != kernel::kNoSlot) buffers.push_back(memory(*slots[access.slot].allocation));
    buffers.push_back(memory(*slots[step.store.slot].allocation));
    const auto points = static_cast<size_t>(step.kept_count());
    const size_t items = std::min((points + kGroup - 1) / kGroup * kGroup, kMaxItems);
    return start_kernel(kernel, std::move(*words), buffers, std::array{items}, std::array{kGroup});
  }

  Result<void> launch_product(cl_kernel kernel, const ProductStep& step, std::span<const Binding> slots) {
    const auto rounded = [](int64_t count) {
      return static_cast<size_t>((count + kernel::kTile - 1) / kernel::kTile * kernel::kTile);
    };
    const auto tile = static_cast<size_t>(kernel::kTile);
    const cl_mem buffers[] = {memory(*slots[step.a.slot].allocation), memory(*slots[step.b.slot].allocation),
                              memory(*slots[step.c.slot].allocation)};
    for (int64_t batch = 0; batch < step.batch_count(); ++batch) {
      auto words = kernel::product_words(step, batch, slots);
      if (!words) return too_large();
      auto done = start_kernel(kernel, std::move(*words), buffers, std::array{rounded(step.n), rounded(step.m)},
                               std::array{tile, tile});
      if (!done) return done;
    }
    return {};
  }

  Result<void> too_large() const {
    return device_fail(DeviceError::TooLarge, "a tensor has more elements than kernels on `{}` can index",
                       found_.description);
  }

  const Symbols& cl_;
  Found found_;
  cl_context context_ = nullptr;
  cl_command_queue queue_ = nullptr;
  cl_device_type type_ = 0;
  bool has_f64_ = false;
  std::unordered_map<std::string, Built> built_;
};

Result<std::vector<std::string>> enumerate() {
  const auto& opened = driver();
  if (!opened) return std::unexpected(opened.error());
  std::vector<std::string> descriptions;
  for (const Found& found : opened->devices) descriptions.push_back(found.description);
  return descriptions;
}

Result<std::unique_ptr<Backend>> open(size_t index) {
  auto backend = std::make_unique<ClBackend>(driver()->symbols, driver()->devices[index]);
  if (auto started = backend->start(); !started) return std::unexpected(started.error());
  return backend;
}

}  // namespace

extern const BackendEntry kEntry;
const BackendEntry kEntry = {"opencl", true, enumerate, open};

}  // namespace stark::devices::opencl

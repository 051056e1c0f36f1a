// devices/opencl/driver.cpp — opening the loader and asking every platform for its devices.
// Room: devices/opencl. In: libOpenCL.so.1. Out: Driver, or what to install.
#include "devices/opencl/driver.h"

#include <algorithm>
#include <array>

#include "devices/errors.h"
#include "devices/library.h"

namespace stark::devices::opencl {
namespace {

constexpr const char* kPackages = "ocl-icd-libopencl1 pocl-opencl-icd (or the ICD of your GPU)";

std::string text_of(const Symbols& cl, cl_device_id device, cl_device_info what) {
  size_t size = 0;
  if (cl.clGetDeviceInfo(device, what, 0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
  std::string text(size, '\0');
  cl.clGetDeviceInfo(device, what, size, text.data(), nullptr);
  text.resize(text.find('\0'));
  return text;
}

Result<Symbols> open_symbols() {
  const auto library = Library::open(std::array{"libOpenCL.so.1"}, kPackages);
  if (!library) return std::unexpected(library.error());
  Symbols symbols;
#define CL_SYMBOL(name)                                                \
  {                                                                    \
    const auto address = library->symbol(#name);                       \
    if (!address) return std::unexpected(address.error());             \
    symbols.name = reinterpret_cast<decltype(symbols.name)>(*address); \
  }
#include "devices/opencl/symbols.def"
#undef CL_SYMBOL
  return symbols;
}

Result<Driver> open_driver() {
  const auto symbols = open_symbols();
  if (!symbols) return std::unexpected(symbols.error());
  Driver driver{*symbols, {}};
  const Symbols& cl = driver.symbols;
  std::array<cl_platform_id, 16> platforms{};
  cl_uint platform_count = 0;
  cl.clGetPlatformIDs(platforms.size(), platforms.data(), &platform_count);
  for (const cl_device_type type : {CL_DEVICE_TYPE_GPU, CL_DEVICE_TYPE_ACCELERATOR, CL_DEVICE_TYPE_CPU})
    for (cl_uint p = 0; p < std::min<cl_uint>(platform_count, platforms.size()); ++p) {
      std::array<cl_device_id, 32> devices{};
      cl_uint count = 0;
      if (cl.clGetDeviceIDs(platforms[p], type, devices.size(), devices.data(), &count) != CL_SUCCESS) continue;
      for (cl_uint i = 0; i < std::min<cl_uint>(count, devices.size()); ++i)
        driver.devices.push_back({devices[i], fmt::format("{}, {}", text_of(cl, devices[i], CL_DEVICE_NAME),
                                                          text_of(cl, devices[i], CL_DEVICE_VERSION))});
    }
  if (driver.devices.empty())
    return device_fail_help(DeviceError::DriverMissing, "the OpenCL loader is installed and knows no device",
                            fmt::format("on Debian: apt install {}", kPackages));
  return driver;
}

}  // namespace

const Result<Driver>& driver() {
  static const Result<Driver> opened = open_driver();
  return opened;
}

}  // namespace stark::devices::opencl

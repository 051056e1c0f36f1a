// devices/opencl/driver.h — the OpenCL loader, opened on first use, and the devices behind it.
// Room: devices/opencl. In: —. Out: function pointers; platform devices in a fixed order.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include <string>
#include <vector>

#include "bytecode-spec/base/error.h"

namespace stark::devices::opencl {

struct Symbols {
#define CL_SYMBOL(name) decltype(&::name) name = nullptr;
#include "devices/opencl/symbols.def"
#undef CL_SYMBOL
};

struct Found {
  cl_device_id device;
  std::string description;
};

struct Driver {
  Symbols symbols;
  std::vector<Found> devices;  // GPUs first
};

const Result<Driver>& driver();

}  // namespace stark::devices::opencl

// devices/vulkan/driver.h — the Vulkan loader, opened on first use, one instance, and the devices behind it.
// Room: devices/vulkan. In: —. Out: function pointers; physical devices in the loader's order; SPIR-V from GLSL.
#pragma once

#include <vulkan/vulkan.h>

#include <string>
#include <vector>

#include "bytecode-spec/base/error.h"

namespace stark::devices::vulkan {

struct Symbols {
#define VK_SYMBOL(name) PFN_##name name = nullptr;
#include "devices/vulkan/symbols.def"
#undef VK_SYMBOL
};

struct Driver {
  Symbols symbols;
  VkInstance instance = VK_NULL_HANDLE;
  std::vector<VkPhysicalDevice> devices;
  std::vector<std::string> descriptions;
};

const Result<Driver>& driver();

Result<std::vector<uint32_t>> compile_glsl(const std::string& text);

}  // namespace stark::devices::vulkan

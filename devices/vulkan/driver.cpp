// devices/vulkan/driver.cpp — opening the loader and making an instance.
// Room: devices/vulkan. In: libvulkan.so.1. Out: Driver, or what to install.
#include "devices/vulkan/driver.h"

#include <array>

#include "devices/errors.h"
#include "devices/library.h"

namespace stark::devices::vulkan {
namespace {

constexpr const char* kPackages = "libvulkan1 mesa-vulkan-drivers";

Result<Driver> open_driver() {
  const auto library = Library::open(std::array{"libvulkan.so.1"}, kPackages);
  if (!library) return std::unexpected(library.error());
  Driver driver;
#define VK_SYMBOL(name)                                           \
  {                                                               \
    const auto address = library->symbol(#name);                  \
    if (!address) return std::unexpected(address.error());        \
    driver.symbols.name = reinterpret_cast<PFN_##name>(*address); \
  }
#include "devices/vulkan/symbols.def"
#undef VK_SYMBOL
  VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, "stark", 0, "stark", 0, VK_API_VERSION_1_2};
  VkInstanceCreateInfo create{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application, 0, nullptr, 0, nullptr};
  uint32_t count = 16;
  std::array<VkPhysicalDevice, 16> found{};
  const bool made = driver.symbols.vkCreateInstance(&create, nullptr, &driver.instance) == VK_SUCCESS;
  if (made && driver.symbols.vkEnumeratePhysicalDevices(driver.instance, &count, found.data()) >= 0)
    for (uint32_t i = 0; i < count; ++i) {
      VkPhysicalDeviceProperties properties;
      driver.symbols.vkGetPhysicalDeviceProperties(found[i], &properties);
      if (properties.apiVersion < VK_API_VERSION_1_2) continue;
      driver.devices.push_back(found[i]);
      driver.descriptions.emplace_back(properties.deviceName);
    }
  if (driver.devices.empty())
    return device_fail_help(DeviceError::DriverMissing,
                            "the Vulkan loader is installed and knows no device of Vulkan 1.2",
                            fmt::format("on Debian: apt install {}", kPackages));
  return driver;
}

}  // namespace

const Result<Driver>& driver() {
  static const Result<Driver> opened = open_driver();
  return opened;
}

}  // namespace stark::devices::vulkan

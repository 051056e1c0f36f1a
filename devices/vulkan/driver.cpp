// devices/vulkan/driver.cpp — opening the loader, making an instance, and glslang in this process.
// Room: devices/vulkan. In: libvulkan.so.1; GLSL. Out: Driver, or what to install; SPIR-V.
#include "devices/vulkan/driver.h"

#include <glslang/Include/glslang_c_interface.h>
#include <glslang/Public/resource_limits_c.h>

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

Result<std::vector<uint32_t>> compile_glsl(const std::string& text) {
  static const int ready = glslang_initialize_process();
  glslang_input_t input{};
  input.language = GLSLANG_SOURCE_GLSL;
  input.stage = GLSLANG_STAGE_COMPUTE;
  input.client = GLSLANG_CLIENT_VULKAN;
  input.client_version = GLSLANG_TARGET_VULKAN_1_2;
  input.target_language = GLSLANG_TARGET_SPV;
  input.target_language_version = GLSLANG_TARGET_SPV_1_5;
  input.code = text.c_str();
  input.default_version = 450;
  input.default_profile = GLSLANG_NO_PROFILE;
  input.messages = static_cast<glslang_messages_t>(GLSLANG_MSG_SPV_RULES_BIT | GLSLANG_MSG_VULKAN_RULES_BIT);
  input.resource = glslang_default_resource();
  glslang_shader_t* shader = glslang_shader_create(&input);
  glslang_program_t* program = glslang_program_create();
  std::vector<uint32_t> words;
  bool good = ready != 0 && glslang_shader_preprocess(shader, &input) != 0 && glslang_shader_parse(shader, &input) != 0;
  if (good) {
    glslang_program_add_shader(program, shader);
    good = glslang_program_link(program, input.messages) != 0;
  }
  if (good) {
    glslang_program_SPIRV_generate(program, GLSLANG_STAGE_COMPUTE);
    words.resize(glslang_program_SPIRV_get_size(program));
    glslang_program_SPIRV_get(program, words.data());
  }
  const std::string log = good ? std::string() : glslang_shader_get_info_log(shader);
  glslang_program_delete(program);
  glslang_shader_delete(shader);
  if (!good) return device_fail(DeviceError::BuildFailed, "glslang refused a kernel: {}\n{}", log, text);
  return words;
}

}  // namespace stark::devices::vulkan

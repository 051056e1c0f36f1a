// devices/vulkan/shaders.cpp — glslang in this process: SPIR-V of a kernel's text.
// Room: devices/vulkan. In: GLSL. Out: SPIR-V, or what glslang says.
#include <glslang/Include/glslang_c_interface.h>
#include <glslang/Public/resource_limits_c.h>

#include <iosfwd>

#include "devices/errors.h"
#include "devices/vulkan/driver.h"

// glslang calls these around the words that it made. Doing nothing in them leaves SPIRV-Tools, half the size of starkvm, out of
// the program: the driver checks and optimises what it is given anyway.
namespace spv {
class SpvBuildLogger;
}
namespace glslang {
class TIntermediate;
struct SpvOptions;
void SpirvToolsValidate(const TIntermediate&, std::vector<unsigned int>&, spv::SpvBuildLogger*, bool) {}
void SpirvToolsTransform(const TIntermediate&, std::vector<unsigned int>&, spv::SpvBuildLogger*, const SpvOptions*) {}
void SpirvToolsDisassemble(std::ostream&, const std::vector<unsigned int>&) {}
void SpirvToolsStripDebugInfo(const TIntermediate&, std::vector<unsigned int>&, spv::SpvBuildLogger*) {}
}  // namespace glslang

namespace stark::devices::vulkan {

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

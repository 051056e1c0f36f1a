// devices/vulkan/commands.h — Commands: dispatches gathered in one list, sent when somebody wants to see what they did.
// Room: devices/vulkan. In: pipelines, words, buffers. Out: work done in the order it was given.
// Law: memory that an unsent dispatch uses is neither read, written nor freed; uses() and retire() are for whoever would.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "devices/vulkan/driver.h"

namespace stark::devices::vulkan {

struct Memory {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  std::byte* host = nullptr;
  uint64_t list = 0;  // the last list with a dispatch that uses it
};

struct Pipeline {
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSetLayout sets = VK_NULL_HANDLE;
};

class Commands {
 public:
  static constexpr size_t kWordBytes = size_t{1} << 20;

  // `words`: memory of kWordBytes for the dispatches' numbers.
  Result<void> start(const Symbols& symbols, VkDevice device, uint32_t family, Memory words, const std::string& name);

  // One dispatch, after everything recorded before it. `words` are its numbers, `used` the buffers it binds behind them.
  Result<void> record(const Pipeline& pipeline, std::span<const int32_t> words, std::span<Memory* const> used, uint32_t x,
                      uint32_t y);
  // Frees what start() made; what is recorded and was never wanted is forgotten.
  void stop();
  // Everything recorded is done afterwards.
  Result<void> finish();

  bool uses(const Memory& memory) const { return open_ && memory.list == number_; }
  // To be destroyed; now, or when no dispatch uses it any more.
  void retire(const Memory& memory);
  bool has_retired() const { return !retired_.empty(); }

 private:
  Result<void> begin();
  Result<void> ok(VkResult result, std::string_view what) const;
  void destroy(const Memory& memory);

  const Symbols* vk_ = nullptr;
  VkDevice device_ = VK_NULL_HANDLE;
  std::string name_;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool lists_ = VK_NULL_HANDLE;
  VkCommandBuffer list_ = VK_NULL_HANDLE;
  VkDescriptorPool sets_ = VK_NULL_HANDLE;
  Memory words_;
  size_t used_words_ = 0;
  bool open_ = false;
  uint64_t number_ = 0;
  std::vector<Memory> retired_;
};

}  // namespace stark::devices::vulkan

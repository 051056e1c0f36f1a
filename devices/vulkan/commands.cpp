// devices/vulkan/commands.cpp — recording, sending and waiting; the pool of descriptor sets and the dispatches' numbers.
// Room: devices/vulkan. In: see commands.h. A list ends when it is wanted, or when its sets or words run out.
#include "devices/vulkan/commands.h"

#include <cstring>

#include "devices/errors.h"

namespace stark::devices::vulkan {
namespace {

constexpr uint32_t kMaxSets = 1024, kMaxBuffers = 16384;

}  // namespace

Result<void> Commands::ok(VkResult result, std::string_view what) const {
  if (result == VK_SUCCESS) return {};
  return device_fail(DeviceError::DriverFailed, "`{}` could not {} (Vulkan error {})", name_, what, static_cast<int>(result));
}

Result<void> Commands::start(const Symbols& symbols, VkDevice device, uint32_t family, Memory words, const std::string& name) {
  vk_ = &symbols;
  device_ = device;
  words_ = words;
  name_ = name;
  vk_->vkGetDeviceQueue(device_, family, 0, &queue_);
  VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                               VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, family};
  if (auto made = ok(vk_->vkCreateCommandPool(device_, &pool, nullptr, &lists_), "make a command pool"); !made) return made;
  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, lists_,
                                       VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  if (auto made = ok(vk_->vkAllocateCommandBuffers(device_, &allocate, &list_), "make a command list"); !made) return made;
  VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kMaxBuffers};
  VkDescriptorPoolCreateInfo sets{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, kMaxSets, 1, &size};
  return ok(vk_->vkCreateDescriptorPool(device_, &sets, nullptr, &sets_), "make a descriptor pool");
}

void Commands::stop() {
  if (vk_ == nullptr) return;
  for (const Memory& memory : retired_) destroy(memory);
  vk_->vkDestroyDescriptorPool(device_, sets_, nullptr);
  vk_->vkDestroyCommandPool(device_, lists_, nullptr);
  destroy(words_);
}

Result<void> Commands::begin() {
  used_words_ = 0;
  vk_->vkResetDescriptorPool(device_, sets_, 0);
  VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                 VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
  if (auto begun = ok(vk_->vkBeginCommandBuffer(list_, &begin), "begin a command list"); !begun) return begun;
  open_ = true;
  ++number_;
  return {};
}

Result<void> Commands::finish() {
  if (!open_) return {};
  open_ = false;
  auto done = ok(vk_->vkEndCommandBuffer(list_), "end a command list");
  VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 1, &list_, 0, nullptr};
  if (done) done = ok(vk_->vkQueueSubmit(queue_, 1, &submit, VK_NULL_HANDLE), "submit");
  if (done) done = ok(vk_->vkQueueWaitIdle(queue_), "wait");
  for (const Memory& memory : retired_) destroy(memory);
  retired_.clear();
  return done;
}

void Commands::retire(const Memory& memory) {
  if (uses(memory)) {
    retired_.push_back(memory);
  } else {
    destroy(memory);
  }
}

void Commands::destroy(const Memory& memory) {
  vk_->vkDestroyBuffer(device_, memory.buffer, nullptr);
  vk_->vkFreeMemory(device_, memory.memory, nullptr);
}

Result<void> Commands::record(const Pipeline& pipeline, std::span<const int32_t> words, std::span<Memory* const> used,
                              uint32_t x, uint32_t y) {
  if (!open_)
    if (auto begun = begin(); !begun) return begun;
  VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr, sets_, 1, &pipeline.sets};
  VkDescriptorSet set = VK_NULL_HANDLE;
  const bool full = (used_words_ + words.size()) * 4 > kWordBytes;
  if (full || vk_->vkAllocateDescriptorSets(device_, &allocate, &set) != VK_SUCCESS) {
    if (used_words_ == 0) return device_fail(DeviceError::DriverFailed, "`{}` could not make a descriptor set", name_);
    if (auto done = finish(); !done) return done;
    return record(pipeline, words, used, x, y);
  }
  std::vector<VkDescriptorBufferInfo> buffers{{words_.buffer, 0, VK_WHOLE_SIZE}};
  for (Memory* memory : used) {
    memory->list = number_;
    buffers.push_back({memory->buffer, 0, VK_WHOLE_SIZE});
  }
  std::vector<VkWriteDescriptorSet> writes;
  for (uint32_t i = 0; i < buffers.size(); ++i)
    writes.push_back({VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, nullptr, set, i, 0, 1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                      nullptr, &buffers[i], nullptr});
  vk_->vkUpdateDescriptorSets(device_, static_cast<uint32_t>(writes.size()), writes.data(), 0, nullptr);
  const auto base = static_cast<int32_t>(used_words_);
  std::memcpy(words_.host + used_words_ * 4, words.data(), words.size() * 4);
  used_words_ += words.size();
  VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_SHADER_WRITE_BIT,
                          VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
  vk_->vkCmdPipelineBarrier(list_, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1,
                            &barrier, 0, nullptr, 0, nullptr);
  vk_->vkCmdBindPipeline(list_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.pipeline);
  vk_->vkCmdBindDescriptorSets(list_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, &set, 0, nullptr);
  vk_->vkCmdPushConstants(list_, pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &base);
  vk_->vkCmdDispatch(list_, x, y, 1);
  return {};
}

}  // namespace stark::devices::vulkan

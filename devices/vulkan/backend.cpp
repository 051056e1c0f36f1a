// devices/vulkan/backend.cpp — a Vulkan device: mapped buffers, compute pipelines by their text.
// Room: devices/vulkan. In: plans. Out: work recorded; whoever touches what it uses waits for it.
#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "devices/errors.h"
#include "devices/kernel/render.h"
#include "devices/plan/plan.h"
#include "devices/vulkan/commands.h"
#include "devices/vulkan/driver.h"

namespace stark::devices::vulkan {
namespace {

constexpr int64_t kGroup = 64, kMaxGroups = 4096;
// Software drivers stop a shader's loop after 65535 turns, silently; a reduction by whole groups would lift this.
constexpr int64_t kMaxReduced = 60000;

struct VkExecutable final : Executable {
  std::vector<Pipeline> pipelines;  // one per step; owned by the backend
};

class VkBackend final : public Backend {
 public:
  VkBackend(const Driver& driver, size_t index)
      : vk_(driver.symbols), physical_(driver.devices[index]), description_(driver.descriptions[index]) {}

  ~VkBackend() override {
    if (device_ == VK_NULL_HANDLE) return;
    for (const auto& [text, built] : built_) {
      vk_.vkDestroyPipeline(device_, built.pipeline, nullptr);
      vk_.vkDestroyPipelineLayout(device_, built.layout, nullptr);
      vk_.vkDestroyDescriptorSetLayout(device_, built.sets, nullptr);
    }
    commands_.stop();
    vk_.vkDestroyDevice(device_, nullptr);
  }

  Result<void> start() {
    uint32_t count = 16;
    std::array<VkQueueFamilyProperties, 16> families{};
    vk_.vkGetPhysicalDeviceQueueFamilyProperties(physical_, &count, families.data());
    uint32_t family = 0;
    while (family < count && (families[family].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) ++family;
    if (family == count) return device_fail(DeviceError::Unsupported, "`{}` has no queue that computes", description_);
    features11_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    features12_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    features11_.pNext = &features12_;
    features_.pNext = &features11_;
    vk_.vkGetPhysicalDeviceFeatures2(physical_, &features_);
    const float priority = 1;
    VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, family, 1, &priority};
    VkDeviceCreateInfo create{
        VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features_, 0, 1, &queue, 0, nullptr, 0, nullptr, nullptr};
    if (auto made = ok(vk_.vkCreateDevice(physical_, &create, nullptr, &device_), "make a device"); !made) return made;
    auto words = make_memory(Commands::kWordBytes);
    if (!words) return std::unexpected(words.error());
    return commands_.start(vk_, device_, family, *words, description_);
  }

  std::string description() const override { return description_; }
  DeviceKind kind() const override { return DeviceKind::Gpu; }

  Result<Allocation> allocate(int64_t bytes) override {
    const int64_t rounded = (bytes + 15) / 16 * 16;
    auto memory = make_memory(static_cast<VkDeviceSize>(rounded));
    if (!memory && commands_.has_retired()) {  // what waits for its last use may be room enough
      if (auto done = commands_.finish(); !done) return std::unexpected(done.error());
      memory = make_memory(static_cast<VkDeviceSize>(rounded));
    }
    if (!memory) return std::unexpected(memory.error());
    return Allocation{nullptr, reinterpret_cast<uint64_t>(new Memory(*memory)), bytes, rounded, false};
  }
  void release(const Allocation& allocation) override {
    const Memory* memory = of(allocation);
    commands_.retire(*memory);
    delete memory;
  }
  Result<void> write(const Allocation& to, int64_t offset, std::span<const std::byte> bytes) override {
    if (auto done = settle(to); !done) return done;
    std::memcpy(of(to)->host + offset, bytes.data(), bytes.size());
    return {};
  }
  Result<void> read(const Allocation& from, int64_t offset, std::span<std::byte> bytes) override {
    if (auto done = settle(from); !done) return done;
    std::memcpy(bytes.data(), of(from)->host + offset, bytes.size());
    return {};
  }
  Result<void> copy(const Allocation& from, int64_t from_offset, const Allocation& to, int64_t to_offset,
                    int64_t bytes) override {
    if (auto done = settle(from); !done) return done;
    if (auto done = settle(to); !done) return done;
    std::memmove(of(to)->host + to_offset, of(from)->host + from_offset, static_cast<size_t>(bytes));
    return {};
  }
  Result<void> synchronize() override { return commands_.finish(); }

  Result<std::unique_ptr<Executable>> compile(const Plan& plan) override {
    auto executable = std::make_unique<VkExecutable>();
    for (const Step& step : plan.steps) {
      const auto* product = std::get_if<ProductStep>(&step);
      const kernel::Source source = product != nullptr
                                        ? kernel::render_product(product->dtype, kernel::Dialect::Glsl)
                                        : kernel::render(std::get<kernel::Kernel>(step), kernel::Dialect::Glsl);
      if (!source.unsupported.empty())
        return device_fail(DeviceError::Unsupported, "`{}` cannot run `{}` on f64: shaders have no such function",
                           description_, kernel::op_row(source.unsupported[0]).name);
      const auto* code = std::get_if<kernel::Kernel>(&step);
      if (code != nullptr && code->reduced_count() > kMaxReduced)
        return device_fail(DeviceError::Unsupported, "`{}` cannot reduce {} elements to one: its loops end after {}",
                           description_, code->reduced_count(), kMaxReduced);
      for (DType dtype : source.types)
        if (!supports(dtype))
          return device_fail(DeviceError::Unsupported,
                             "`{}` cannot run this: it needs {}, which the device does not have", description_,
                             spec::dtype_name(dtype));
      const auto pipeline = build(source.text);
      if (!pipeline) return std::unexpected(pipeline.error());
      executable->pipelines.push_back(*pipeline);
    }
    return executable;
  }

  Result<void> run(Executable& executable, const Plan& plan, std::span<const Binding> slots,
                   std::span<const Scalar> scalars) override {
    std::vector<int64_t> offsets;
    for (const Binding& slot : slots) offsets.push_back(slot.offset);
    auto pipeline = static_cast<VkExecutable&>(executable).pipelines.begin();
    for (const Step& step : plan.steps) {
      if (const auto* product = std::get_if<ProductStep>(&step)) {
        const auto groups = [](int64_t count) {
          return static_cast<uint32_t>((count + kernel::kTile - 1) / kernel::kTile);
        };
        const uint32_t used[] = {product->a.slot, product->b.slot, product->c.slot};
        for (int64_t batch = 0; batch < product->batch_count(); ++batch)
          if (auto done = record(*pipeline, kernel::product_words(*product, batch, slots), used, slots,
                                 groups(product->n), groups(product->m));
              !done)
            return done;
      } else {
        const auto& code = std::get<kernel::Kernel>(step);
        std::vector<uint32_t> used;
        for (const kernel::Access& access : code.accesses)
          if (access.slot != kernel::kNoSlot) used.push_back(access.slot);
        used.push_back(code.store.slot);
        const auto groups = static_cast<uint32_t>(std::min((code.kept_count() + kGroup - 1) / kGroup, kMaxGroups));
        if (auto done = record(*pipeline, kernel::launch_words(code, offsets, scalars), used, slots, groups, 1); !done)
          return done;
      }
      ++pipeline;
    }
    return {};
  }

 private:
  static Memory* of(const Allocation& allocation) { return reinterpret_cast<Memory*>(allocation.handle); }

  // Nothing that was recorded uses this memory any more.
  Result<void> settle(const Allocation& allocation) {
    return commands_.uses(*of(allocation)) ? commands_.finish() : Result<void>{};
  }

  Result<void> ok(VkResult result, std::string_view what) const {
    if (result == VK_SUCCESS) return {};
    return device_fail(DeviceError::DriverFailed, "`{}` could not {} (Vulkan error {})", description_, what,
                       static_cast<int>(result));
  }

  bool supports(DType dtype) const {
    switch (spec::dtype_bytes(dtype)) {
      case 1: return features12_.storageBuffer8BitAccess != 0 && features12_.shaderInt8 != 0;
      case 2: return features11_.storageBuffer16BitAccess != 0 && features_.features.shaderInt16 != 0;
      case 8: return dtype == DType::F64 ? features_.features.shaderFloat64 != 0 : features_.features.shaderInt64 != 0;
      default: return true;
    }
  }

  Result<Memory> make_memory(VkDeviceSize bytes) {
    Memory memory;
    VkBufferCreateInfo create{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                              nullptr,
                              0,
                              bytes,
                              VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
                              VK_SHARING_MODE_EXCLUSIVE,
                              0,
                              nullptr};
    if (auto made = ok(vk_.vkCreateBuffer(device_, &create, nullptr, &memory.buffer), "make a buffer"); !made)
      return std::unexpected(made.error());
    VkMemoryRequirements needs;
    vk_.vkGetBufferMemoryRequirements(device_, memory.buffer, &needs);
    VkPhysicalDeviceMemoryProperties types;
    vk_.vkGetPhysicalDeviceMemoryProperties(physical_, &types);
    constexpr VkMemoryPropertyFlags kWanted =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    for (uint32_t i = 0; i < types.memoryTypeCount && result != VK_SUCCESS; ++i) {
      if ((needs.memoryTypeBits >> i & 1) == 0 || (types.memoryTypes[i].propertyFlags & kWanted) != kWanted) continue;
      VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, i};
      result = vk_.vkAllocateMemory(device_, &allocate, nullptr, &memory.memory);
    }
    void* host = nullptr;
    if (result == VK_SUCCESS) result = vk_.vkBindBufferMemory(device_, memory.buffer, memory.memory, 0);
    if (result == VK_SUCCESS) result = vk_.vkMapMemory(device_, memory.memory, 0, VK_WHOLE_SIZE, 0, &host);
    memory.host = static_cast<std::byte*>(host);
    if (result == VK_SUCCESS) return memory;
    vk_.vkDestroyBuffer(device_, memory.buffer, nullptr);
    return device_fail(DeviceError::OutOfMemory, "`{}` has no room for {} bytes", description_, bytes);
  }

  Result<Pipeline> build(const std::string& text) {
    if (const auto known = built_.find(text); known != built_.end()) return known->second;
    const auto words = compile_glsl(text);
    if (!words) return std::unexpected(words.error());
    Pipeline made;
    std::vector<VkDescriptorSetLayoutBinding> bindings;
    for (uint32_t i = 0; text.find(fmt::format("binding = {})", i)) != std::string::npos; ++i)
      bindings.push_back({i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
    VkDescriptorSetLayoutCreateInfo sets{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr, 0,
                                         static_cast<uint32_t>(bindings.size()), bindings.data()};
    VkResult result = vk_.vkCreateDescriptorSetLayout(device_, &sets, nullptr, &made.sets);
    VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
    VkPipelineLayoutCreateInfo layout{
        VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &made.sets, 1, &push};
    if (result == VK_SUCCESS) result = vk_.vkCreatePipelineLayout(device_, &layout, nullptr, &made.layout);
    VkShaderModule shader = VK_NULL_HANDLE;
    VkShaderModuleCreateInfo module{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0, words->size() * 4,
                                    words->data()};
    if (result == VK_SUCCESS) result = vk_.vkCreateShaderModule(device_, &module, nullptr, &shader);
    VkComputePipelineCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    create.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                    nullptr,
                    0,
                    VK_SHADER_STAGE_COMPUTE_BIT,
                    shader,
                    "main",
                    nullptr};
    create.layout = made.layout;
    if (result == VK_SUCCESS)
      result = vk_.vkCreateComputePipelines(device_, VK_NULL_HANDLE, 1, &create, nullptr, &made.pipeline);
    vk_.vkDestroyShaderModule(device_, shader, nullptr);
    if (auto done = ok(result, "build a pipeline"); !done) return std::unexpected(done.error());
    built_.emplace(text, made);
    return made;
  }

  Result<void> record(const Pipeline& pipeline, const std::optional<std::vector<int32_t>>& words,
                      std::span<const uint32_t> used, std::span<const Binding> slots, uint32_t x, uint32_t y) {
    if (!words)
      return device_fail(DeviceError::TooLarge, "a tensor has more elements than kernels on `{}` can index",
                         description_);
    std::vector<Memory*> memories;
    for (uint32_t slot : used) memories.push_back(of(*slots[slot].allocation));
    return commands_.record(pipeline, *words, memories, x, y);
  }

  const Symbols& vk_;
  VkPhysicalDevice physical_;
  std::string description_;
  VkPhysicalDeviceFeatures2 features_{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, nullptr, {}};
  VkPhysicalDeviceVulkan11Features features11_{};
  VkPhysicalDeviceVulkan12Features features12_{};
  VkDevice device_ = VK_NULL_HANDLE;
  Commands commands_;
  std::unordered_map<std::string, Pipeline> built_;
};

Result<std::vector<std::string>> enumerate() {
  const auto& opened = driver();
  if (!opened) return std::unexpected(opened.error());
  return opened->descriptions;
}

Result<std::unique_ptr<Backend>> open(size_t index) {
  auto backend = std::make_unique<VkBackend>(*driver(), index);
  if (auto started = backend->start(); !started) return std::unexpected(started.error());
  return backend;
}

}  // namespace

extern const BackendEntry kEntry;
const BackendEntry kEntry = {"vulkan", true, enumerate, open};

}  // namespace stark::devices::vulkan

// vm/api/module.cpp — runtimes and modules: bundles opened and proven.
// Room: vm/api. In: a path or bytes. Out: stark_module, immutable from then on.
#include <algorithm>
#include <cstring>

#include "vm/api/handles.h"

using namespace stark;
using namespace stark::api;

namespace {

// Handles of C own a share of the module; instances own others.
struct SharedModule : stark_module {
  std::shared_ptr<stark_module> self;
};

stark_status* prove(std::shared_ptr<SharedModule> made, Result<spec::Bundle> bundle, stark_module** out) {
  if (!bundle) return status_of(bundle.error());
  auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (!verified) return status_of(verified.error());
  made->verified.emplace(std::move(*verified));
  const spec::Module& m = made->verified->module();
  for (const spec::ExportRow& row : m.exports) made->exports.emplace_back(m.text_of(row.name));
  made->self = made;
  *out = made.get();
  return nullptr;
}

}  // namespace

namespace stark::api {
std::shared_ptr<const stark_module> share(const stark_module* module) { return static_cast<const SharedModule*>(module)->self; }
}  // namespace stark::api

extern "C" {

stark_status* stark_runtime_new(stark_runtime** runtime) {
  return guarded([&]() -> stark_status* { return *runtime = new stark_runtime, nullptr; });
}
void stark_runtime_free(stark_runtime* runtime) { delete runtime; }

stark_status* stark_module_open(stark_runtime*, const char* path, stark_module** module) {
  *module = nullptr;
  return guarded([&] { return prove(std::make_shared<SharedModule>(), spec::open_bundle(path), module); });
}

stark_status* stark_module_from_bytes(stark_runtime*, const void* bytes, size_t length, stark_module** module) {
  *module = nullptr;
  return guarded([&] {
    // Segments begin at multiples of 64 from the first byte, and kernels read them in place.
    constexpr size_t kAlign = 64;
    auto made = std::make_shared<SharedModule>();
    made->bytes.resize(length + kAlign);
    const size_t skip = (kAlign - reinterpret_cast<uintptr_t>(made->bytes.data()) % kAlign) % kAlign;
    std::copy_n(static_cast<const std::byte*>(bytes), length, made->bytes.data() + skip);
    return prove(made, spec::decode_bundle(std::span<const std::byte>(made->bytes).subspan(skip, length)), module);
  });
}

void stark_module_free(stark_module* module) {
  if (module != nullptr) std::shared_ptr<stark_module>(std::move(static_cast<SharedModule*>(module)->self)).reset();
}
size_t stark_module_export_count(const stark_module* module) { return module->exports.size(); }
const char* stark_module_export(const stark_module* module, size_t index) {
  return index < module->exports.size() ? module->exports[index].c_str() : nullptr;
}
stark_status* stark_module_check(const stark_module* module, const char* function) {
  return guarded([&]() -> stark_status* {
    const auto found = find_callable(*module->verified, function);
    return found ? nullptr : status_of(found.error());
  });
}

}  // extern "C"

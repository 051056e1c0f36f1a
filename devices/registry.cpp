// devices/registry.cpp — the backends that were built in, and devices by name.
// Room: devices. In: backends.inc, generated from STARK_BACKENDS. Out: Devices.
#include "devices/registry.h"

#include <charconv>

#include "devices/backend.h"
#include "devices/errors.h"

namespace stark::devices {

#define STARK_BACKEND(name)         \
  namespace name {                  \
  extern const BackendEntry kEntry; \
  }
#include "backends.inc"
#undef STARK_BACKEND

namespace {

const BackendEntry* const kBackends[] = {
#define STARK_BACKEND(name) &name::kEntry,
#include "backends.inc"
#undef STARK_BACKEND
};

std::string device_name(const BackendEntry& backend, size_t index) {
  return backend.numbered ? fmt::format("{}:{}", backend.name, index) : std::string(backend.name);
}

std::string all_names() {
  std::string names;
  for (const BackendEntry* backend : kBackends)
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", backend->name);
  return names;
}

struct Wanted {
  const BackendEntry* backend = nullptr;
  size_t index = 0;
};

// `opencl:1` or `opencl`; a number only where the backend counts its devices.
std::optional<Wanted> parse(std::string_view name) {
  const size_t colon = name.find(':');
  for (const BackendEntry* backend : kBackends) {
    if (backend->name != name.substr(0, colon)) continue;
    if (colon == std::string_view::npos) return Wanted{backend, 0};
    const std::string_view digits = name.substr(colon + 1);
    size_t index = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && !digits.empty();
    if (!backend->numbered || !whole) return std::nullopt;
    return Wanted{backend, index};
  }
  return std::nullopt;
}

}  // namespace

Registry::Registry() = default;
Registry::~Registry() = default;

std::vector<DeviceInfo> Registry::list(std::vector<Error>* missing) {
  std::vector<DeviceInfo> devices;
  for (const BackendEntry* backend : kBackends) {
    const auto found = backend->enumerate();
    if (!found && missing != nullptr) missing->push_back(found.error());
    for (size_t i = 0; found && i < found->size(); ++i) devices.push_back({device_name(*backend, i), (*found)[i]});
  }
  return devices;
}

Result<Device*> Registry::open(std::string_view name) {
  const auto wanted = parse(name);
  if (!wanted)
    return device_fail_help(
        DeviceError::UnknownDevice, fmt::format("there is no device `{}`", name),
        fmt::format("the backends are {}; a device of several is named like `opencl:0`", all_names()));
  const std::string full = device_name(*wanted->backend, wanted->index);
  for (const auto& device : devices_)
    if (device->name() == full) return device.get();
  const auto found = wanted->backend->enumerate();
  if (!found) return std::unexpected(found.error());
  if (wanted->index >= found->size())
    return device_fail(DeviceError::NoSuchDevice, "there is no device `{}`: `{}` has {} device(s), counted from 0",
                       full, wanted->backend->name, found->size());
  auto backend = wanted->backend->open(wanted->index);
  if (!backend) return std::unexpected(backend.error());
  devices_.push_back(std::make_unique<Device>(full, std::move(*backend)));
  return devices_.back().get();
}

std::vector<std::string_view> backend_names() {
  std::vector<std::string_view> names;
  for (const BackendEntry* backend : kBackends) names.push_back(backend->name);
  return names;
}

}  // namespace stark::devices

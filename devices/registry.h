// devices/registry.h — Registry: which devices there are, and opening one by its name.
// Room: devices. In: a name such as `cpu` or `vulkan:0`. Out: a Device that lives as long as the Registry.
// Law: making a Registry touches no driver; a backend's driver is opened when one of its devices is first asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/device.h"

namespace stark::devices {

struct DeviceInfo {
  std::string name;         // "opencl:0"
  std::string description;  // what the driver calls it
};

class Registry {
 public:
  Registry();
  ~Registry();

  // Opens every driver that is there; for `starkvm devices`, not for start-up. What is missing is left out, or told in
  // `missing` when given.
  std::vector<DeviceInfo> list(std::vector<Error>* missing = nullptr);

  // `cpu`, `opencl:1`, or `opencl` for its first. Opened once; the same pointer afterwards.
  Result<Device*> open(std::string_view name);

 private:
  std::vector<std::unique_ptr<Device>> devices_;
};

// The names of the backends built in, in the order of STARK_BACKENDS.
std::vector<std::string_view> backend_names();

}  // namespace stark::devices

// devices/library.cpp — dlopen and dlsym.
// Room: devices. In: file names, symbol names. Out: function pointers, or D02.
#include "devices/library.h"

#include <dlfcn.h>

#include "devices/errors.h"

namespace stark::devices {

Result<Library> Library::open(std::span<const char* const> names, std::string_view package) {
  Library library;
  library.package_ = package;
  for (const char* name : names) {
    library.name_ = name;
    library.handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library.handle_ != nullptr) return library;
  }
  return device_fail_help(DeviceError::DriverMissing, fmt::format("the library `{}` is not installed", names[0]),
                          fmt::format("on Debian: apt install {}", package));
}

Result<void*> Library::symbol(const char* name) const {
  if (void* address = dlsym(handle_, name)) return address;
  return device_fail_help(DeviceError::DriverMissing, fmt::format("`{}` is too old: it has no `{}`", name_, name),
                          fmt::format("on Debian: apt install {}", package_));
}

}  // namespace stark::devices

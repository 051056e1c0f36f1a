// devices/errors.h — the codes of device errors and the one way to make such an Error.
// Room: devices. In: errors.def. Out: std::unexpected<Error> with a D… code.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "bytecode-spec/base/error.h"

namespace stark::devices {

enum class DeviceError : uint8_t {
#define DEVICE_ERROR(id, code, text) id,
#include "devices/errors.def"
#undef DEVICE_ERROR
};

struct DeviceErrorRow {
  std::string_view code, text;
};

inline constexpr std::array kDeviceErrorRows = {
#define DEVICE_ERROR(id, code, text) DeviceErrorRow{code, text},
#include "devices/errors.def"
#undef DEVICE_ERROR
};

template <class... Args>
std::unexpected<Error> device_fail(DeviceError error, fmt::format_string<Args...> format, Args&&... args) {
  return fail(std::string(kDeviceErrorRows[static_cast<size_t>(error)].code),
              fmt::format(format, std::forward<Args>(args)...));
}

// The same, with a mend.
inline std::unexpected<Error> device_fail_help(DeviceError error, std::string message, std::string help) {
  return fail(std::string(kDeviceErrorRows[static_cast<size_t>(error)].code), std::move(message), std::move(help));
}

}  // namespace stark::devices

// vm/natives/host.cpp — failures from errors, and the printer that knows tensors.
// Room: vm/natives. In: see host.h.
#include "vm/natives/host.h"

namespace stark::vm {

// D04 is a device without room, D12 one that may give no more; other device errors end with the device's status, everything else is a panic.
void Host::fail(const Error& error) {
  const bool device = error.code.starts_with('D');
  const Exit exit = error.code == "D04" ? Exit::Memory : error.code == "D12" ? Exit::Limit : device ? Exit::Device : Exit::Panic;
  fail(exit, device ? "[" + error.code + "] " + error.message : error.message, error.code == "D12" ? "raise it with `--device-limit`" : error.help);
}

Printer Host::printer() {
  const auto print_tensor = [](void* user, std::string& to, const void* handle, const FormatSpec& spec) {
    auto* host = static_cast<Host*>(user);
    const int precision = spec.precision ? static_cast<int>(*spec.precision) : -1;
    to += host->tensors.text(*static_cast<const TensorObject*>(handle), precision);
  };
  return {program.types(), print_tensor, this};
}

}  // namespace stark::vm

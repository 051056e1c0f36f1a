// vm/tensor/tables.cpp — what the rest of the VM may know of devices without seeing them: their names, their codes.
// Room: vm/tensor. In: the registry, the tables of errors. Out: rows of text.
#include "bytecode-spec/tensor/errors.h"
#include "devices/errors.h"
#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {

std::vector<DeviceRow> list_devices(std::vector<std::string>& missing) {
  devices::Registry registry;
  std::vector<Error> errors;
  std::vector<DeviceRow> rows;
  for (const devices::DeviceInfo& d : registry.list(&errors)) rows.push_back({d.name, d.description});
  for (const Error& e : errors) missing.push_back(e.message);
  return rows;
}

std::vector<std::pair<std::string_view, std::string_view>> device_codes() {
  std::vector<std::pair<std::string_view, std::string_view>> codes;
  for (const auto& row : spec::kTensorErrorRows) codes.emplace_back(row.code, row.text);
  for (const auto& row : devices::kDeviceErrorRows) codes.emplace_back(row.code, row.text);
  return codes;
}

}  // namespace stark::vm

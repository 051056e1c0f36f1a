// vm/main.cpp — starkvm: reads the command line and calls the command.
// Room: vm. In: argv. Out: the exit status of vm/README.md's table.
#include <fmt/format.h>

#include "vm/commands.h"
#include "vm/natives/host.h"

namespace stark::vm {

int complain(const Error& error) {
  std::string text = error.code.empty() ? fmt::format("error: {}\n", error.message) : fmt::format("error[{}]: {}\n", error.code, error.message);
  if (!error.help.empty()) text += fmt::format("  help: {}\n", error.help);
  write_all(2, text);
  switch (error.code.empty() ? '?' : error.code[0]) {
    case 'S': return static_cast<int>(Exit::Malformed);
    case 'V': return static_cast<int>(Exit::Refused);
    case 'D': return static_cast<int>(Exit::Device);
    default: return static_cast<int>(Exit::Usage);
  }
}

}  // namespace stark::vm

int main(int argc, char** argv) {
  using namespace stark::vm;
  int status = 0;
  const auto options = read_options(argc, argv, &status);
  if (!options) return status;
  const std::string& command = options->command;
  if (command == "verify") return verify_command(*options);
  if (command == "bench") return bench_command(*options);
  if (command == "inspect") return inspect_command(*options);
  if (command == "dis") return dis_command(*options);
  if (command == "devices") return devices_command(*options);
  if (command == "explain") return explain_command(*options);
  return run_command(*options);
}

// vm/options.h — Options: a command line of starkvm, read.
// Room: vm. In: argv and STARK_… variables. Out: a command with its flags, or the status to leave with.
// Law: `-` and `_` are alike in flags; what follows the bundle's path belongs to the program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stark::vm {

struct Options {
  std::string command = "run";
  std::string file;  // or the code to explain
  std::vector<std::string> files;      // of bench
  std::vector<std::string> arguments;  // of the program
  std::string device = "cpu";
  uint64_t seed = 0;
  bool gc_stress = false;
  bool paranoid = false;
  uint64_t heap_limit = 0;   // bytes; 0: none
  uint64_t stack_limit = 0;
  uint64_t threads = 0;  // that take tasks; 0: as many as there are processors
  uint64_t thread_limit = 4096;
  std::optional<uint64_t> fuel;         // instructions
  std::optional<uint64_t> deadline_ms;
  std::optional<uint64_t> output_limit, device_limit;  // bytes
  std::optional<uint64_t> handle_limit;
  std::string stats;         // "", "text", "short", "json"
  std::vector<std::string> trace;
  std::vector<std::string> profile;  // paths
  uint64_t profile_rate = 1000;      // looks a second; 0: at every opportunity
  bool sandbox = false;
  std::vector<std::string> allow;
  bool json = false;
  bool names = false;
};

// Nothing where the program is to end at once with `status` (help, usage errors).
std::optional<Options> read_options(int argc, char** argv, int* status);

}  // namespace stark::vm

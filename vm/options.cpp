// vm/options.cpp — reads command lines with CLI11.
// Room: vm. In: see options.h.
#include "vm/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

namespace stark::vm {
namespace {

constexpr std::array kCommands = {"run", "verify", "bench", "inspect", "dis", "devices", "explain"};
constexpr std::array kTakeValues = {"--device", "--heap-limit", "--stack-limit", "--thread-limit", "--threads", "--fuel", "--deadline", "--output-limit", "--handle-limit", "--device-limit", "--trace", "--profile", "--profile-rate", "--allow", "--seed"};
constexpr int kUsage = 64;

// Flags with `_` become flags with `-`.
std::string normalised(std::string word) {
  if (!word.starts_with("--")) return word;
  const size_t end = std::min(word.find('='), word.size());
  std::replace(word.begin(), word.begin() + static_cast<ptrdiff_t>(end), '_', '-');
  return word;
}

// What stands before the program's own arguments, with `run` put in where it was left out.
std::vector<std::string> split(int argc, char** argv, std::vector<std::string>& rest) {
  std::vector<std::string> words;
  int i = 1;
  const bool named = argc > 1 && std::ranges::find(kCommands, std::string_view(argv[1])) != kCommands.end();
  if (!named && argc > 1 && argv[1][0] != '-') words.emplace_back("run");
  const bool runs = !named || std::string_view(argv[1]) == "run";
  if (named) words.emplace_back(argv[i++]);
  while (i < argc) {
    words.push_back(normalised(argv[i++]));
    const std::string& word = words.back();
    if (std::ranges::find(kTakeValues, word) != kTakeValues.end() && i < argc) {
      words.emplace_back(argv[i++]);
    } else if (runs && !word.starts_with('-')) {
      break;  // the bundle
    }
  }
  rest.assign(argv + i, argv + argc);
  return words;
}

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int* status) {
  Options o;
  CLI::App app{"Runs STARK bundles: proves a .skbc file safe, then runs it on whatever this machine has.", "starkvm"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "starkvm 0.1.0");
  app.footer("`starkvm FILE.skbc [args…]` means `run`. Every flag is also a variable: --heap-limit is STARK_HEAP_LIMIT.");
  const auto on_file = [&](CLI::App* command) { command->add_option("FILE", o.file, "a .skbc bundle")->required(); };
  CLI::App* run = app.add_subcommand("run", "run a bundle; what follows its path are the program's arguments");
  on_file(run);
  run->add_option("--device", o.device, "where tensors are made: cpu, opencl:0, vulkan:0, …")->envname("STARK_DEVICE");
  run->add_option("--seed", o.seed, "of random tensors")->envname("STARK_SEED");
  run->add_flag("--gc-stress", o.gc_stress, "collect at every allocation")->envname("STARK_GC_STRESS");
  run->add_flag("--paranoid", o.paranoid, "look at every instruction twice: what the proof promised is checked again as it happens")->envname("STARK_PARANOID");
  run->add_option("--heap-limit", o.heap_limit, "most bytes of managed objects (64m, 2g)")->envname("STARK_HEAP_LIMIT")->transform(CLI::AsSizeValue(false));
  run->add_option("--stack-limit", o.stack_limit, "most bytes of frames")->envname("STARK_STACK_LIMIT")->transform(CLI::AsSizeValue(false));
  run->add_option("--threads", o.threads, "threads that run tasks, as many as there are processors if it is not given")->envname("STARK_THREADS");
  run->add_option("--thread-limit", o.thread_limit, "most threads at once beside the first")->envname("STARK_THREAD_LIMIT");
  run->add_option("--fuel", o.fuel, "most instructions of the bundle")->envname("STARK_FUEL");
  run->add_option("--deadline", o.deadline_ms, "most milliseconds of running")->envname("STARK_DEADLINE");
  run->add_option("--output-limit", o.output_limit, "most bytes printed (64k, 1m)")->envname("STARK_OUTPUT_LIMIT")->transform(CLI::AsSizeValue(false));
  run->add_option("--handle-limit", o.handle_limit, "most files, threads and scopes open at once")->envname("STARK_HANDLE_LIMIT");
  run->add_option("--device-limit", o.device_limit, "most bytes of tensors on each device (64m, 2g)")->envname("STARK_DEVICE_LIMIT")->transform(CLI::AsSizeValue(false));
  run->add_flag("--stats{text}", o.stats, "times and figures on standard error; also --stats=short, --stats=json")->envname("STARK_STATS");
  run->add_option("--trace", o.trace, "ops, calls, gc, device")->delimiter(',')->envname("STARK_TRACE");
  run->add_option("--profile", o.profile, "where its time goes: FILE.svg a flame graph, FILE.folded its stacks, FILE.json a trace; may be given again")->allow_extra_args(false)->envname("STARK_PROFILE");
  run->add_option("--profile-rate", o.profile_rate, "looks a second, 1000 if it is not given; 0: at every call, return and turn of a loop")->envname("STARK_PROFILE_RATE");
  run->add_flag("--sandbox", o.sandbox, "nothing is allowed but what --allow names")->envname("STARK_SANDBOX");
  run->add_option("--allow", o.allow, "fs-read=PATH, fs-write, net, env, ffi, unsafe")->delimiter(',')->envname("STARK_ALLOW");
  on_file(app.add_subcommand("verify", "prove a bundle, hashes of its data included"));
  CLI::App* bench = app.add_subcommand("bench", "how long something takes");
  bench->require_subcommand(1);
  bench->add_subcommand("verify", "opening and proving each bundle")->add_option("FILE", o.files, ".skbc bundles")->required();
  CLI::App* inspect = app.add_subcommand("inspect", "what is in a bundle");
  on_file(inspect);
  inspect->add_flag("--json", o.json, "as JSON");
  on_file(app.add_subcommand("dis", "a bundle as assembly text"));
  CLI::App* devices = app.add_subcommand("devices", "the devices of this machine");
  devices->add_flag("--json", o.json, "as JSON");
  devices->add_flag("--names", o.names, "one name a line, for scripts");
  app.add_subcommand("explain", "what an error code means")->add_option("CODE", o.file, "S…, V…, T…, D…, A…")->required();

  std::vector<std::string> words = split(argc, argv, o.arguments);
  std::ranges::reverse(words);  // the order that CLI11 wants
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    *status = code == 0 ? 0 : kUsage;
    return std::nullopt;
  }
  o.command = app.get_subcommands().front()->get_name();
  return o;
}

}  // namespace stark::vm

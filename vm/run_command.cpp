// vm/run_command.cpp — `starkvm run` and `starkvm verify`: open, prove, run, tell how long it took.
// Room: vm. In: Options. Out: the program's exit status, or the coded reason why it did not start.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <thread>

#include "bytecode-spec/reader.h"
#include "vm/commands.h"
#include "vm/observing.h"
#include "vm/run/machine.h"
#include "vm/verify/verify.h"

namespace stark::vm {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Result<VerifiedModule> open_and_verify(const std::string& file, bool hashes, int64_t* opened = nullptr) {
  auto bundle = spec::open_bundle(file);
  if (opened != nullptr) *opened = now_ns();
  if (!bundle) return std::unexpected(bundle.error());
  if (hashes) {
    if (auto ok = spec::check_segment_hashes(*bundle); !ok) return std::unexpected(ok.error());
  }
  return verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
}

Result<HostOptions> host_options(const Options& o) {
  HostOptions h;
  if (o.heap_limit != 0) h.heap.limit = o.heap_limit;
  if (o.stack_limit != 0) h.set_stack(o.stack_limit);
  h.thread_limit = o.thread_limit;
  h.task_threads = o.threads != 0 ? o.threads : std::max(1u, std::thread::hardware_concurrency());
  h.fuel = o.fuel;
  h.output_limit = o.output_limit.value_or(UINT64_MAX);
  h.handle_limit = o.handle_limit.value_or(UINT64_MAX);
  if (o.device_limit) h.tensors.limit = static_cast<int64_t>(std::min<uint64_t>(*o.device_limit, INT64_MAX));
  if (o.deadline_ms) h.deadline = std::chrono::milliseconds(std::min<uint64_t>(*o.deadline_ms, uint64_t{1} << 40));
  h.heap.stress = h.heap.poison = h.heap.verify = o.gc_stress;
  h.tensors.device = o.device;
  h.tensors.seed = o.seed;
  if (auto device = device_of_name(o.device); !device) return std::unexpected(device.error());
  h.grants = o.sandbox ? Grants::none() : Grants::of_user();
  for (const std::string& allow : o.allow) {
    if (auto ok = h.grants.allow(allow); !ok) return std::unexpected(ok.error());
  }
  h.arguments.push_back(o.file);
  h.arguments.insert(h.arguments.end(), o.arguments.begin(), o.arguments.end());
  for (const std::string& t : o.trace) {
    if (t != "ops" && t != "calls" && t != "gc" && t != "device") return fail("", fmt::format("`{}` cannot be traced", t), "one of: ops calls gc device");
    h.trace_ops |= t == "ops";
    h.trace_calls |= t == "calls";
    h.trace_device |= t == "device";
  }
  return h;
}

// Ends the program where it waits for something beyond its deadline; where it runs it ends by itself, and tells where it was.
class Watchdog {
 public:
  explicit Watchdog(Runtime& runtime) {
    if (runtime.budget.until()) thread_ = std::jthread([&runtime](const std::stop_token& stop) { watch(runtime, stop); });
  }

 private:
  static void watch(Runtime& runtime, const std::stop_token& stop) {
    constexpr std::chrono::milliseconds kToEndByItself{50};
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    if (stopped.wait_until(lock, stop, *runtime.budget.until() + kToEndByItself, [&] { return stop.stop_requested(); }) || stop.stop_requested()) return;
    runtime.out.tell("error: out of time while the program waits\n  help: raise it with `--deadline`\n");
    std::quick_exit(static_cast<int>(Exit::Limit));
  }

  std::jthread thread_;
};

// Which functions of C it would call; of many, the first.
std::string wanted_foreigns(const spec::Module& module) {
  constexpr size_t kShown = 8;
  std::string text;
  for (size_t z = 0; z < module.foreigns.size() && z < kShown; ++z) text += fmt::format("  note: it calls {}\n", foreign_text(module, module.foreigns[z]));
  if (module.foreigns.size() > kShown) text += fmt::format("  note: and {} more\n", module.foreigns.size() - kShown);
  return text;
}

}  // namespace

int run_command(const Options& o) {
  Times times;
  times.begin = now_ns();
  auto verified = open_and_verify(o.file, false, &times.opened);
  if (!verified) return complain(verified.error());
  auto settings = host_options(o);
  if (!settings) return complain(settings.error());
  if (const auto capability = settings->grants.missing(verified->module())) {
    const std::string_view name = spec::capabilities()[static_cast<size_t>(*capability)];
    const std::string why = *capability == spec::Capability::Ffi ? wanted_foreigns(verified->module()) : "";
    write_all(2, fmt::format("error[V19]: `{}` asks for `{}`, which is not allowed here\n{}  help: run with `--allow={}` if you trust where it comes from\n", o.file, name, why, name));
    return static_cast<int>(Exit::Permission);
  }
  const uint32_t entry = verified->module().entry;
  if (entry == spec::kNone) {
    write_all(2, fmt::format("error: `{}` has no `main`: it is a library\n", o.file));
    return static_cast<int>(Exit::Usage);
  }
  times.proven = now_ns();
  auto profiling = Profiling::begin(o.profile, o.profile_rate);
  if (!profiling) return complain(profiling.error());
  settings->profile = (*profiling)->recorder();
  const bool traced = settings->trace_ops || settings->trace_calls;
  const Translation translation{.inlines = !settings->trace_calls, .meters = settings->is_metered(), .looks = settings->profile != nullptr, .watches = o.paranoid};
  Program program(std::move(*verified), Machine::handlers(traced), translation);
  Runtime runtime(program, std::move(*settings));
  GcTrace gc_trace(runtime.out);
  if (std::ranges::find(o.trace, "gc") != o.trace.end()) runtime.heap.add_listener(&gc_trace);
  Host host(runtime);
  Machine machine(host);
  const Watchdog watchdog(runtime);
  const int status = machine.run(entry);
  times.end = now_ns();
  host.out.flush();
  (*profiling)->finish();
  if (!o.stats.empty() && o.stats != "false") {
    machine.return_fuel();
    print_stats(o, host, times);
  }
  // Threads that still run end with the program, as they stand.
  if (runtime.threads.running.load() + runtime.threads.leaving.load() + runtime.threads.workers.load() != 0) std::quick_exit(status);
  return status;
}

int verify_command(const Options& o) {
  const int64_t begin = now_ns();
  auto verified = open_and_verify(o.file, true);
  if (!verified) return complain(verified.error());
  const spec::Module& m = verified->module();
  const double ms = static_cast<double>(now_ns() - begin) / 1e6;
  write_all(1, fmt::format("{}: proven safe: {} functions, {} code words, {} graphs, {} segments in {:.2f} ms\n", o.file, m.functions.size(),
                           m.code.size(), m.graphs.size(), m.segments.size(), ms));
  return 0;
}

}  // namespace stark::vm

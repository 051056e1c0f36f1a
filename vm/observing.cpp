// vm/observing.cpp — profiles, traces of collections, and the figures of `--stats`.
// Room: vm. In: see observing.h.
#include "vm/observing.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>

namespace stark::vm {
namespace {

// What is to be finished when some thread ends the process with quick_exit.
std::atomic<Profiling*> g_running{nullptr};

void finish_running() {
  if (Profiling* profiling = g_running.load()) profiling->finish();
}

double ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }
double ms(std::chrono::nanoseconds d) { return ms(d.count()); }
double us(std::chrono::nanoseconds d) { return static_cast<double>(d.count()) / 1e3; }

uint64_t peak_memory() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<uint64_t>(use.ru_maxrss) << 10;
}

struct Figures {
  double open, prove, load, translate, first, total;  // milliseconds
  Translated translated;
  gc::Stats gc;
  double paused, p50, p99, longest;
  TensorStats tensors;
  uint64_t instructions, fibers, threads, peak;
};

Figures figures(Host& host, const Times& t) {
  Figures f{};
  f.translated = host.program.translated();
  f.open = ms(t.opened - t.begin), f.prove = ms(t.proven - t.opened), f.load = ms(t.proven - t.begin), f.translate = ms(f.translated.time);
  f.first = ms((host.out.first_ns() != 0 ? host.out.first_ns() : t.end) - t.begin), f.total = ms(t.end - t.begin);
  f.gc = host.heap.stats();
  const gc::Pauses pauses = host.heap.heap().pauses();
  const auto share = [&](double s) { return ms(static_cast<int64_t>(pauses.percentile(s))); };
  f.paused = ms(static_cast<int64_t>(f.gc.pause_ns_total)), f.p50 = share(0.5), f.p99 = share(0.99), f.longest = ms(static_cast<int64_t>(f.gc.pause_ns_longest));
  f.tensors = host.tensors.stats();
  const Threads& threads = host.runtime.threads;
  f.instructions = host.runtime.budget.used(), f.fibers = threads.fibers.load();
  f.threads = threads.next_id.load() - 1 - f.fibers;
  f.peak = peak_memory();
  return f;
}

// A null where nobody counted.
std::string counted(const Host& host, uint64_t instructions) { return host.options.is_metered() ? fmt::format("{}", instructions) : "null"; }

std::string as_json(const Options& o, const Host& host, const Figures& f) {
  std::string devices;
  for (const auto& [name, d] : f.tensors.devices) {
    devices += fmt::format("{}\"{}\": {{\"graphs\": {}, \"operations\": {}, \"live_bytes\": {}, \"peak_bytes\": {}}}", devices.empty() ? "" : ", ", name, d.graphs, d.operations,
                           d.memory.live, d.memory.peak);
  }
  return fmt::format(
      "{{\"open_ms\": {:.3f}, \"prove_ms\": {:.3f}, \"load_ms\": {:.3f}, \"translate_ms\": {:.3f}, \"functions_translated\": {}, \"first_result_ms\": {:.3f}, \"total_ms\": {:.3f}, "
      "\"instructions\": {}, \"threads\": {}, \"fibers\": {}, \"peak_memory_bytes\": {}, \"device\": \"{}\", \"graphs_run\": {}, \"devices\": {{{}}}, "
      "\"gc\": {{\"collections\": {}, \"allocations\": {}, \"allocated_bytes\": {}, \"live_bytes\": {}, \"moved_bytes\": {}, \"pause_ms\": {:.3f}, "
      "\"pause_p50_ms\": {:.3f}, \"pause_p99_ms\": {:.3f}, \"longest_pause_ms\": {:.3f}}}}}\n",
      f.open, f.prove, f.load, f.translate, f.translated.functions, f.first, f.total, counted(host, f.instructions), f.threads, f.fibers, f.peak, o.device, f.tensors.graphs, devices,
      f.gc.collections, f.gc.allocations, f.gc.allocated_bytes, f.gc.live_bytes, f.gc.moved_bytes, f.paused, f.p50, f.p99, f.longest);
}

std::string as_text(const Options& o, const Host& host, const Figures& f) {
  std::string text = fmt::format("load and verify {:.3f} ms, first result {:.3f} ms, total {:.3f} ms, device {}, {} graphs run\n", f.load, f.first, f.total, o.device, f.tensors.graphs);
  if (o.stats == "short") return text;
  text += fmt::format("opened in {:.3f} ms, proven in {:.3f} ms, {} functions translated in {:.3f} ms\n", f.open, f.prove, f.translated.functions, f.translate);
  text += fmt::format("gc: {} collections, {} objects, {} bytes allocated, {} live, paused {:.3f} ms: half of them within {:.3f} ms, 99 of 100 within {:.3f} ms, longest {:.3f} ms\n",
                      f.gc.collections, f.gc.allocations, f.gc.allocated_bytes, f.gc.live_bytes, f.paused, f.p50, f.p99, f.longest);
  for (const auto& [name, d] : f.tensors.devices) {
    text += fmt::format("{}: {} graphs with {} operations, {} bytes of tensors left, {} at most\n", name, d.graphs, d.operations, d.memory.live, d.memory.peak);
  }
  if (host.options.is_metered()) text += fmt::format("{} instructions\n", f.instructions);
  return text + fmt::format("{} threads, {} fibers, {} bytes of memory at most\n", f.threads, f.fibers, f.peak);
}

}  // namespace

Result<std::unique_ptr<Profiling>> Profiling::begin(std::span<const std::string> paths, uint64_t rate) {
  auto report = profile::Report::open(paths);
  if (!report) return std::unexpected(report.error());
  std::unique_ptr<Profiling> profiling(new Profiling(std::move(*report)));
  if (paths.empty()) return profiling;
  profiling->recorder_.emplace(profile::Options{.rate = rate, .keeps_times = profiling->report_.wants_times()});
  g_running = profiling.get();
  std::at_quick_exit(finish_running);
  return profiling;
}

Profiling::~Profiling() { g_running = nullptr; }

void Profiling::finish() {
  std::call_once(finished_, [&] {
    if (!recorder_) return;
    if (const auto done = report_.write(recorder_->picture()); !done) write_all(2, fmt::format("error[{}]: {}\n  help: {}\n", done.error().code, done.error().message, done.error().help));
  });
}

void GcTrace::pause_ended(const gc::Pause& p) {
  out_.tell(fmt::format("gc {}: {} to {} bytes in {:.1f} us: {:.1f} to stop, {:.1f} to copy, {:.1f} for weak words, {:.1f} to sweep\n", p.number, p.bytes_before, p.bytes_after,
                        us(p.world_stood()), us(p.stopped - p.asked), us(p.copied - p.stopped), us(p.settled - p.copied), us(p.ended - p.settled)));
}

void print_stats(const Options& o, Host& host, const Times& t) {
  const Figures f = figures(host, t);
  write_all(2, o.stats == "json" ? as_json(o, host, f) : as_text(o, host, f));
}

}  // namespace stark::vm

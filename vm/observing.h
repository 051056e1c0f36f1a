// vm/observing.h — what `starkvm run` tells of a run beside its output: a profile, collections as they happen, figures at the end.
// Room: vm. In: Options, a running program. Out: files, and text on standard error.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "bytecode-spec/base/error.h"
#include "gc/listener.h"
#include "vm/natives/host.h"
#include "vm/options.h"
#include "vm/profile/report.h"

namespace stark::vm {

// The files are open before the program begins, and written at its end, whichever end that is: process::exit, a panic, a limit.
class Profiling {
 public:
  static Result<std::unique_ptr<Profiling>> begin(std::span<const std::string> paths, uint64_t rate);
  ~Profiling();
  Profiling(const Profiling&) = delete;
  profile::Recorder* recorder() { return recorder_ ? &*recorder_ : nullptr; }  // null where no profile is wanted
  void finish();  // once, however often it is called

 private:
  explicit Profiling(profile::Report report) : report_(std::move(report)) {}
  profile::Report report_;
  std::optional<profile::Recorder> recorder_;
  std::once_flag finished_;
};

// --trace=gc: a line for each collection.
class GcTrace final : public gc::PauseListener {
 public:
  explicit GcTrace(Output& out) : out_(out) {}
  void pause_began() override {}
  void pause_ended(const gc::Pause& pause) override;

 private:
  Output& out_;
};

// Nanoseconds of the steady clock.
struct Times {
  int64_t begin = 0, opened = 0, proven = 0, end = 0;
};
void print_stats(const Options& options, Host& host, const Times& times);

}  // namespace stark::vm

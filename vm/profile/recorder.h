// vm/profile/recorder.h — Recorder: collects where each thread of a running program is, and what took long; Thread: its part on one thread.
// Room: vm/profile, public face. Essay: vm/profile/README.md. In: looks, leaves, pauses, events. Out: a Picture.
// Law: a thread alone tells where it is; it does so between two operations, so no frame is ever looked at while it changes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gc/listener.h"

namespace stark::vm::profile {

using Clock = std::chrono::steady_clock;
using FrameId = uint32_t;

enum class FrameKind : uint8_t { Function, Line, Native, Tensor, Collector, Omitted };

// What a box of a flame graph stands for.
struct Frame {
  FrameKind kind = FrameKind::Function;
  std::string name;
  auto operator<=>(const Frame&) const = default;
};

// A stack as a path from the root; `samples` were taken when nothing was above it. Node 0 is the root.
struct Node {
  uint32_t parent = 0;
  FrameId frame = 0;
  uint64_t samples = 0;
};
// From when to when a stack was seen, look after look.
struct Span {
  uint32_t node = 0;
  Clock::time_point begin, end;
};
// What was measured from its begin to its end.
enum class Track : uint8_t { Tensors, Transfers, Collector, Rest };
struct Event {
  Track track = Track::Tensors;
  FrameId frame = 0;
  uint64_t thread = 0;
  Clock::time_point begin, end;
};

struct ThreadPicture {
  uint64_t number = 0;
  std::vector<Node> nodes;
  std::vector<Span> spans;
};
// All that was found out so far.
struct Picture {
  Clock::time_point begin;
  std::vector<Frame> frames;
  std::vector<ThreadPicture> threads;
  std::vector<Event> events;
  uint64_t left_out = 0;  // spans and events for which there was no room
};

// Knows the frames that a thread is in, the outermost first.
class StackSource {
 public:
  virtual void stack(std::vector<FrameId>& frames) = 0;

 protected:
  ~StackSource() = default;
};

class Recorder;

class Thread {
 public:
  Thread(Recorder& recorder, uint64_t number, StackSource& source);

  // By the thread itself, before anything else here.
  void begin();
  // Whether time has passed that nothing was told of.
  inline bool is_due() const;
  void look();
  // What is no code of the bundle begins and ends: a native, a tensor operation, a collection.
  void enter(FrameId leaf);
  FrameId leave();
  // The thread waits: that is nobody's time.
  void begin_rest();
  void end_rest();
  void end() { source_ = nullptr; }
  uint64_t number() const { return number_; }

 private:
  friend class Recorder;
  uint32_t child(uint32_t parent, FrameId frame);

  Recorder& recorder_;
  const uint64_t number_;
  StackSource* source_;
  uint64_t seen_ = 0;  // ticks
  Clock::time_point last_;
  std::vector<FrameId> leaves_;
  std::vector<FrameId> stack_;  // of the look that is being taken
  std::mutex mutex_;            // of what follows, which whoever makes a picture reads
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, uint32_t> children_;  // by parent and frame
  std::vector<Span> spans_;
};

struct Options {
  uint64_t rate = 1000;      // looks a second; 0: at every opportunity
  bool keeps_times = false;  // spans and events, which a trace shows
};

class Recorder final : public gc::PauseListener {
 public:
  explicit Recorder(Options options);
  ~Recorder();
  Recorder(const Recorder&) = delete;

  Thread& add_thread(uint64_t number, StackSource& source);
  FrameId frame(FrameKind kind, std::string_view name);
  void add_event(Track track, FrameId frame, uint64_t thread, Clock::time_point begin, Clock::time_point end);
  Picture picture();

  void pause_began() override;
  void pause_ended(const gc::Pause& pause) override;

 private:
  friend class Thread;
  static constexpr size_t kMostTimes = size_t{1} << 20;  // spans, and events
  static constexpr uint64_t kAlways = UINT64_MAX;        // seen by nobody
  bool has_room();
  Thread* here();
  void began(Thread& thread);
  void keep_time(const std::stop_token& stop);

  const Options options_;
  const Clock::time_point begin_ = Clock::now();
  std::atomic<uint64_t> ticks_;
  std::atomic<uint64_t> times_{0}, left_out_{0};
  std::mutex mutex_;  // of what follows
  std::map<Frame, FrameId> ids_;
  std::vector<Frame> frames_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::map<std::thread::id, Thread*> running_;
  std::vector<Event> events_;
  std::jthread clock_;
};

inline bool Thread::is_due() const { return recorder_.ticks_.load(std::memory_order_relaxed) != seen_; }

// While something is on top of the code of the bundle; of a thread that nobody records, nothing.
class Leaf {
 public:
  Leaf(Thread* thread, FrameId frame) : thread_(thread) {
    if (thread_ != nullptr) thread_->enter(frame);
  }
  ~Leaf() {
    if (thread_ != nullptr) thread_->leave();
  }
  Leaf(const Leaf&) = delete;

 private:
  Thread* const thread_;
};

}  // namespace stark::vm::profile

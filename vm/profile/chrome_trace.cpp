// vm/profile/chrome_trace.cpp — a profile along time, as the JSON of Chrome's trace viewer.
// Room: vm/profile. In: see writers.h. Out: calls as they were seen, and beside each thread what was measured from begin to end.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "vm/profile/writers.h"

namespace stark::vm::profile {
namespace {

constexpr uint64_t kTracks = 8;  // rows of a thread in the viewer: its calls, then each Track

struct TrackRow {
  const char *suffix, *category;
};
constexpr TrackRow kRows[] = {{"tensors", "tensor"}, {"transfers", "transfer"}, {"collector", "gc"}, {"waiting", "wait"}};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

class Trace {
 public:
  explicit Trace(const Picture& picture) : p_(picture) {}

  std::string write() {
    add(R"({"ph":"M","pid":1,"name":"process_name","args":{"name":"starkvm"}})");
    for (const ThreadPicture& thread : p_.threads) {
      name_row(thread.number * kTracks, fmt::format("thread {}", thread.number));
      calls(thread);
    }
    std::set<std::pair<uint64_t, Track>> rows;
    for (const Event& e : p_.events) {
      const TrackRow& row = kRows[static_cast<size_t>(e.track)];
      const uint64_t tid = e.thread * kTracks + 1 + static_cast<uint64_t>(e.track);
      if (rows.insert({e.thread, e.track}).second) name_row(tid, fmt::format("thread {}, {}", e.thread, row.suffix));
      complete(p_.frames[e.frame].name, row.category, tid, e.begin, e.end);
    }
    return fmt::format("{{\"displayTimeUnit\":\"ms\",\"otherData\":{{\"left_out\":{}}},\"traceEvents\":[\n{}\n]}}\n", p_.left_out, out_);
  }

 private:
  void add(std::string_view event) {
    if (!out_.empty()) out_ += ",\n";
    out_ += event;
  }
  void name_row(uint64_t tid, const std::string& name) {
    add(fmt::format(R"({{"ph":"M","pid":1,"tid":{},"name":"thread_name","args":{{"name":"{}"}}}})", tid, escaped(name)));
    add(fmt::format(R"({{"ph":"M","pid":1,"tid":{0},"name":"thread_sort_index","args":{{"sort_index":{0}}}}})", tid));
  }
  void complete(std::string_view name, std::string_view category, uint64_t tid, Clock::time_point begin, Clock::time_point end) {
    const auto us = [](Clock::duration d) { return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(d).count()) / 1e3; };
    add(fmt::format(R"({{"ph":"X","pid":1,"tid":{},"name":"{}","cat":"{}","ts":{:.3f},"dur":{:.3f}}})", tid, escaped(name), category, us(begin - p_.begin), us(end - begin)));
  }

  // Calls that look after look finds again are one; where nothing was seen for a while, all have ended.
  void calls(const ThreadPicture& thread) {
    struct Open {
      uint32_t node;
      Clock::time_point since;
    };
    std::vector<Open> open;
    const uint64_t tid = thread.number * kTracks;
    const auto close = [&](size_t until, Clock::time_point at) {
      for (; open.size() > until; open.pop_back()) complete(shown(p_.frames[thread.nodes[open.back().node].frame]), "code", tid, open.back().since, at);
    };
    Clock::time_point end{};
    std::vector<uint32_t> path;
    for (const Span& span : thread.spans) {
      path.clear();
      for (uint32_t n = span.node; n != 0; n = thread.nodes[n].parent) path.push_back(n);
      std::ranges::reverse(path);
      size_t same = 0;
      while (span.begin == end && same < std::min(path.size(), open.size()) && open[same].node == path[same]) ++same;
      close(same, end);
      for (; same < path.size(); ++same) open.push_back({path[same], span.begin});
      end = span.end;
    }
    close(0, end);
  }

  const Picture& p_;
  std::string out_;
};

}  // namespace

std::string chrome_trace(const Picture& picture) { return Trace(picture).write(); }

}  // namespace stark::vm::profile

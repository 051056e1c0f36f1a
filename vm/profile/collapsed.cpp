// vm/profile/collapsed.cpp — the stacks of all threads in one tree, and as lines of text.
// Room: vm/profile. In: see writers.h. Out: the same text for the same samples, whatever order they came in.
#include <fmt/format.h>

#include <algorithm>

#include "vm/profile/writers.h"

namespace stark::vm::profile {
namespace {

Tower& above(Tower& below, const Frame& frame) {
  const auto at = std::ranges::lower_bound(below.above, frame, {}, [](const Tower& t) -> const Frame& { return *t.frame; });
  if (at != below.above.end() && *at->frame == frame) return *at;
  return *below.above.insert(at, Tower{&frame, 0, 0, {}});
}

void lines(const Tower& tower, std::string& path, std::string& out) {
  const size_t before = path.size();
  if (tower.frame != nullptr) {
    if (!path.empty()) path += ';';
    std::string name = shown(*tower.frame);
    std::ranges::replace(name, ';', ':');
    path += name;
  }
  if (tower.own > 0) out += fmt::format("{} {}\n", path, tower.own);
  for (const Tower& t : tower.above) lines(t, path, out);
  path.resize(before);
}

}  // namespace

std::string shown(const Frame& frame) {
  return frame.kind == FrameKind::Function || frame.kind == FrameKind::Line ? frame.name : fmt::format("[{}]", frame.name);
}

Tower merged(const Picture& picture) {
  Tower root;
  std::vector<const Frame*> path;
  for (const ThreadPicture& thread : picture.threads) {
    for (uint32_t n = 1; n < thread.nodes.size(); ++n) {
      const uint64_t samples = thread.nodes[n].samples;
      if (samples == 0) continue;
      path.clear();
      for (uint32_t at = n; at != 0; at = thread.nodes[at].parent) path.push_back(&picture.frames[thread.nodes[at].frame]);
      root.all += samples;
      Tower* tower = &root;
      for (auto frame = path.rbegin(); frame != path.rend(); ++frame) {
        tower = &above(*tower, **frame);
        tower->all += samples;
      }
      tower->own += samples;
    }
  }
  return root;
}

std::string collapsed(const Picture& picture) {
  std::string path, out;
  lines(merged(picture), path, out);
  return out;
}

}  // namespace stark::vm::profile

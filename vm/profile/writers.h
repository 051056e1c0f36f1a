// vm/profile/writers.h — the forms in which a profile is written, one function each.
// Room: vm/profile. In: a Picture. Out: all of a file's text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm/profile/recorder.h"

namespace stark::vm::profile {

// collapsed.cpp: a line for each stack, `main;work;work.stark:3 120`, as flame graph tools read them.
std::string collapsed(const Picture& picture);
// flame_graph.cpp: an SVG that stands for itself.
std::string flame_graph(const Picture& picture);
// chrome_trace.cpp: JSON for chrome://tracing and Perfetto.
std::string chrome_trace(const Picture& picture);

// The stacks of all threads in one tree, children by name. Its root has no frame.
struct Tower {
  const Frame* frame = nullptr;
  uint64_t own = 0, all = 0;  // samples: at its top, and in it
  std::vector<Tower> above;
};
Tower merged(const Picture& picture);

// A name as it is shown: a native or a tensor operation is told from a function of the bundle.
std::string shown(const Frame& frame);

}  // namespace stark::vm::profile

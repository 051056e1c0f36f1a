// vm/run/profile.cpp — where this thread is, as a profile names it, and what it is busy with that is no code of the bundle.
// Room: vm/run. Essay: vm/profile/README.md. In: frames, sites. Out: names of frames, innermost last; leaves and events.
#include <fmt/format.h>

#include <algorithm>

#include "bytecode-spec/tensor/tensor_op.h"
#include "vm/natives/native_call.h"
#include "vm/run/machine.h"

namespace stark::vm {
using profile::FrameKind;

// Of a recursion without an end, what is innermost.
void Machine::stack(std::vector<profile::FrameId>& frames) {
  constexpr size_t kMost = 512;
  if (fp_ == nullptr) return;
  profile::FrameId line = 0;
  for_each_frame([&](const Function& function, const Op* op) {
    const auto& here = frames_at(function, op);
    if (frames.empty()) line = here.back();
    frames.insert(frames.end(), here.rbegin() + 1, here.rend());
    return frames.size() < kMost;
  });
  if (frames.empty()) return;
  if (frames.size() >= kMost) frames.push_back(host_.options.profile->frame(FrameKind::Omitted, "outer calls"));
  std::ranges::reverse(frames);
  frames.push_back(line);
}

// The functions and the line of an operation are always the same; those of the VM's own stand in many functions.
const std::vector<profile::FrameId>& Machine::frames_at(const Function& function, const Op* op) {
  const bool is_own = op >= function.ops.data() && op < function.ops.data() + function.ops.size();
  std::vector<profile::FrameId>& frames = looked_at_[is_own ? static_cast<const void*>(op) : &function];
  if (!frames.empty()) return frames;
  profile::Recorder& recorder = *host_.options.profile;
  const std::vector<Point> points = host_.program.points_of(function, op);
  for (auto p = points.rbegin(); p != points.rend(); ++p) frames.push_back(recorder.frame(FrameKind::Function, host_.program.function_name(p->function)));
  const Position at = host_.program.position_of(points[0]);
  frames.push_back(recorder.frame(FrameKind::Line, at.line == 0 ? "?" : fmt::format("{}:{}", at.file, at.line)));
  return frames;
}

// A site's name is made once.
profile::FrameId Machine::leaf_of(const void* site, FrameKind kind, const std::function<std::string()>& name) {
  const auto [at, is_new] = leaves_.try_emplace(site, 0);
  if (is_new) at->second = host_.options.profile->frame(kind, name());
  return at->second;
}

void Machine::run_profiled(NativeCall& call) {
  const spec::Native native = call.site.native;
  const profile::FrameId name = leaf_of(&call.site, FrameKind::Native, [&] { return std::string(spec::row_of(native).text); });
  const profile::Leaf leaf(profile_, name);
  if (native != spec::Native::TensorToDevice) return native_body(native)(call);
  const auto begin = Clock::now();
  native_body(native)(call);
  host_.options.profile->add_event(profile::Track::Transfers, name, host_.thread_id, begin, Clock::now());
}

void Machine::run_profiled(const BoundForeign& bound, const ForeignSite& site, void* result, void** arguments) {
  const spec::Module& m = host_.program.module();
  const profile::Leaf leaf(profile_, leaf_of(&site, FrameKind::Native, [&] { return foreign_text(m, m.foreigns[site.foreign]); }));
  ffi_call(&bound.interface.cif(), FFI_FN(bound.symbol), result, arguments);
}

bool Machine::run_profiled(Exec code, const TensorSite& site, std::byte* fp) {
  const profile::FrameId name = leaf_of(&site, FrameKind::Tensor, [&] { return tensor_text(code, site); });
  const profile::Leaf leaf(profile_, name);
  const auto begin = Clock::now();
  const bool done = run_tensor_op(code, site, fp);
  if (code != Exec::TensorGet && code != Exec::TensorSet && code != Exec::TensorNarrow) {
    host_.options.profile->add_event(profile::Track::Tensors, name, host_.thread_id, begin, Clock::now());
  }
  return done;
}

// A graph is named by its operations, in their order.
std::string Machine::tensor_text(Exec code, const TensorSite& site) const {
  constexpr size_t kShown = 6;
  switch (code) {
    case Exec::TensorConst: return "constant";
    case Exec::TensorFill: return "fill";
    case Exec::TensorRandom: return "random";
    case Exec::TensorNarrow: return "narrow";
    case Exec::TensorGet:
    case Exec::TensorSet: return "element";
    default: break;
  }
  const spec::Module& m = host_.program.module();
  const spec::Range nodes = m.graphs[site.index].nodes;
  std::string text;
  for (uint32_t n = 0; n < std::min<size_t>(nodes.count, kShown); ++n) {
    text += fmt::format("{}{}", n > 0 ? " " : "", spec::tensor_op_name(static_cast<spec::TensorOp>(m.nodes[nodes.first + n].op)));
  }
  return nodes.count > kShown ? text + " …" : text;
}

void Machine::stop_here() {
  if (profile_ != nullptr) profile_->enter(host_.options.profile->frame(FrameKind::Collector, "stopped for the collector"));
  host_.heap.poll();
  if (profile_ != nullptr) profile_->leave();
}

}  // namespace stark::vm

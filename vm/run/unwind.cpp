// vm/run/unwind.cpp — a panic leaves the frames one after the other and drops what each of them owes.
// Room: vm/run. Essay: vm/run/README.md, "Panics". In: a failure, the frame and operation where it happened. Out: Host::drops.
#include <algorithm>
#include <ranges>

#include "vm/run/machine.h"

namespace stark::vm {

using Kind = DropEntry::Kind;

namespace {

spec::Opcode opcode_at(const spec::Module& m, const Point& point) {
  return static_cast<spec::Opcode>(m.code[m.functions[point.function].code.first + point.word] & 0xFFFF);
}

}  // namespace

// Where the topmost Resume stands: what a frame that is dropping something does next.
size_t Machine::resume_index() const {
  const auto& drops = host_.drops;
  const auto found = std::find_if(drops.rbegin(), drops.rend(), [](const DropEntry& e) { return e.kind == Kind::Resume; });
  CHECK(found != drops.rend());
  return static_cast<size_t>(drops.rend() - found) - 1;
}

// The frame's own values go under what it was already dropping, and under them the way to its caller.
void Machine::owe(std::byte* fp, const Op* op, Moment moment, size_t under) {
  std::vector<DropEntry> entries{{Kind::Resume, 0, nullptr, 0, 0, &unwind_frame_}};
  // A body that stands in another is its callee: what is outside has been called from, and is dropped last.
  const std::vector<Point> points = host_.program.points_of(*header(fp).function, op);
  for (size_t p = points.size(); p-- > 0;) {
    const Point& at = points[p];
    const std::tuple key{at.function, at.word, p == 0 ? moment : Moment::Taken};
    if (!owed_.contains(key)) owed_[key] = owed_at(host_.program.verified(), at.function, at.word, std::get<2>(key));
    for (const Owed& o : owed_[key] | std::views::reverse) {
      if (o.is_flagged && load<uint8_t>(fp + at.layout->flags[o.reg]) == 0) continue;
      std::byte* address = fp + at.layout->registers[o.reg] + o.path[0];
      for (const uint32_t inside : o.path | std::views::drop(1)) address = load<gc::Object*>(address)->payload() + inside;
      entries.push_back({Kind::Value, o.type, address, 0, 0, nullptr});
    }
  }
  host_.drops.insert(host_.drops.begin() + static_cast<ptrdiff_t>(under), entries.begin(), entries.end());
}

// A frame that was dropping something goes on with that first. If it did so to write another value into the place, that
// value is written too, so that whoever owns the place finds a whole one; ReplaceDone then comes back to here.
void Machine::leave_while_dropping(std::byte* fp) {
  const size_t resume = resume_index();
  const Op* op = host_.drops[resume].resume - 1;
  const spec::Opcode opcode = opcode_at(host_.program.module(), host_.program.points_of(*header(fp).function, op)[0]);
  if (opcode == spec::Opcode::Replace) {
    completing_ = fp;
    return;
  }
  host_.drops.erase(host_.drops.begin() + static_cast<ptrdiff_t>(resume));
  owe(fp, op, opcode == spec::Opcode::CallNative ? Moment::Taken : Moment::After, resume);
}

// After the loop has stopped. True: frames are to be left, beginning with fp_; go on with what is to be dropped.
bool Machine::begin_unwinding() {
  if (!host_.failure || host_.failure->exit != Exit::Panic || host_.is_unwinding) return false;
  if (!is_leaving_ && is_root()) stack_end_ += kUnwindReserve;
  if (!is_leaving_ && !is_root()) running().stack_left += kUnwindReserve;
  if (host_.failure->is_cancelled) {
    is_leaving_ = true;
  } else {
    told_ = host_.failure->told.empty() ? last_words() : host_.failure->told;
    message_ = host_.failure->message;
    host_.is_unwinding = true;
  }
  host_.failure.reset();
  if (is_in_drop_work_) {
    is_in_drop_work_ = false;
    leave_while_dropping(fp_);
  } else {
    owe(fp_, pc_, Moment::Before, host_.drops.size());
  }
  return true;
}

// The innermost frame is clean. False: it was the last one.
bool Machine::unwind_to_caller(std::byte* fp) {
  const FrameHeader frame = header(fp);
  if (is_called_back(fp)) return false;  // there is no way through the frames of C
  const Op* return_to = return_of(fp);
  const bool makes_static = is_made_below(fp);
  if (is_first_of_chunk(fp)) drop_chunk();
  fp_ = frame.caller;
  if (makes_static) {
    StaticCell& cell = *making_.back();
    making_.pop_back();
    const Op* wanted_by = cell.resume;
    settle_static(cell, false);
    owe(fp_, wanted_by, Moment::Before, host_.drops.size());
    return true;
  }
  if (header(fp_).function == nullptr) return false;
  if (return_to == &drop_continue_[1]) {
    leave_while_dropping(fp_);
  } else {
    owe(fp_, return_to - 1, Moment::Taken, host_.drops.size());
  }
  return true;
}

}  // namespace stark::vm

// vm/run/backtrace.cpp — the frames that a thread is in: for what is told of a failure, and for whoever looks.
// Room: vm/run. In: the innermost frame and its operation. Out: frame after frame; positions as text.
#include <fmt/format.h>

#include <deque>

#include "vm/run/machine.h"

namespace stark::vm {
namespace {

std::string where(const Position& p) { return p.line == 0 ? std::string("?") : fmt::format("{}:{}:{}", p.file, p.line, p.column); }

}  // namespace

void Machine::for_each_frame(const std::function<bool(const Function&, const Op*)>& visit) const {
  const Op* op = failing_op();
  size_t waiting = is_in_drop_work_ ? resume_index() : host_.drops.size(), making = making_.size(), inside = inside_.size();
  const Chunk* chunk = running().chunk;
  for (std::byte* fp = fp_; fp != nullptr && header(fp).function != nullptr; fp = header(fp).caller) {
    if (!visit(*header(fp).function, op)) return;
    const Op* return_to = header(fp).return_to;
    if (chunk != nullptr && fp == chunk->frame) return_to = chunk->return_to, chunk = chunk->below;
    // A destructor does not know where its caller stood, but what the caller left to do does.
    const bool from_drop = return_to == &drop_continue_[1];
    while (from_drop && waiting > 0 && host_.drops[--waiting].kind != DropEntry::Kind::Resume) {
    }
    const bool from_static = making > 0 && return_to == &making_[making - 1]->done[1];
    const bool from_c = inside > 0 && return_to == &inside_[inside - 1]->exit[1];
    op = from_c ? inside_[--inside]->waits_at : from_drop ? host_.drops[waiting].resume - 1 : from_static ? making_[--making]->resume : return_to - 1;
  }
}

// The innermost and the outermost calls; what lies between is only counted.
std::string Machine::backtrace() const {
  constexpr size_t kEnds = 16;
  std::vector<Point> first;
  std::deque<Point> last;
  size_t between = 0;
  for_each_frame([&](const Function& function, const Op* op) {
    for (const Point& point : host_.program.points_of(function, op)) {
      if (first.size() < kEnds) {
        first.push_back(point);
        continue;
      }
      last.push_back(point);
      if (last.size() > kEnds) last.pop_front(), ++between;
    }
    return true;
  });
  std::string out;
  const auto tell = [&](const Point& p) { out += fmt::format("  at {} ({})\n", host_.program.function_name(p.function), where(host_.program.position_of(p))); };
  for (const Point& p : first) tell(p);
  if (between > 0) out += fmt::format("  … {} more\n", between);
  for (const Point& p : last) tell(p);
  return out;
}

// What went wrong, where, and how the program came there.
std::string Machine::last_words() const {
  const Failure& f = *host_.failure;
  std::string text;
  const bool in_code = fp_ != nullptr && header(fp_).function != nullptr;
  const Position at = in_code ? host_.program.position_of(host_.program.points_of(*header(fp_).function, failing_op())[0]) : Position{};
  if (f.exit == Exit::Panic) {
    text = at.line != 0 ? fmt::format("panicked at {}: {}\n", where(at), f.message) : fmt::format("panicked: {}\n", f.message);
  } else {
    text = fmt::format("error: {}\n", f.message);
    if (at.line != 0) text += fmt::format("  --> {}\n", where(at));
  }
  if (!f.help.empty()) text += fmt::format("  help: {}\n", f.help);
  return in_code ? text + backtrace() : text;
}

}  // namespace stark::vm

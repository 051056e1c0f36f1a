// vm/run/stacks.cpp — the stacks of fibers: frames in chunks that are linked, since frames never move and most fibers need few.
// Room: vm/run. Essay: vm/run/README.md, "Fibers". In: a frame that does not fit behind its caller. Out: where it lies instead.
#include <cstdlib>

#include "vm/run/machine.h"

namespace stark::vm {
namespace {

constexpr size_t kSmallest = 1008, kLargest = size_t{64} << 10;  // of a chunk, with what malloc puts before it

}  // namespace

// Each is twice as large as the one below; false when the fiber may have no more, or the system has none.
bool Machine::add_chunk(size_t bytes) {
  const size_t usual = running().chunk == nullptr ? kSmallest : std::min(2 * running().chunk->bytes, kLargest);
  const size_t size = std::max(usual, Chunk::kHead + bytes);
  if (size > running().stack_left) return false;
  const bool is_spare = spare_ != nullptr && spare_->bytes >= size;
  void* memory = is_spare ? spare_ : std::malloc(size);
  if (memory == nullptr) return false;
  const size_t given = is_spare ? spare_->bytes : size;
  if (is_spare) spare_ = nullptr;
  auto* chunk = new (memory) Chunk{running().chunk, nullptr, nullptr, stack_end_, given, {}};
  running().chunk = chunk;
  running().stack_left -= std::min(given, running().stack_left);
  stack_end_ = reinterpret_cast<std::byte*>(chunk) + given;
  return true;
}

void Machine::drop_chunk() {
  Chunk* chunk = running().chunk;
  running().stack_left += chunk->bytes;
  stack_end_ = chunk->stack_end_below;
  running().chunk = chunk->below;
  if (spare_ == nullptr && chunk->bytes <= kLargest) {
    spare_ = chunk;
  } else {
    std::free(chunk);
  }
}

// The arguments at `frame`, if any, are behind the caller's frame already, and go with it. Null, and the stack has overflowed.
std::byte* Machine::grow(std::byte* frame, const Function& callee, const Op* return_to, std::byte* caller) {
  if (is_root() || !add_chunk(callee.reach)) return trap(Trap::StackOverflow), nullptr;
  std::byte* there = running().chunk->room();
  running().chunk->frame = there;
  running().chunk->return_to = return_to;
  running().chunk->done[0].a = return_to[-1].a;
  running().chunk->done[1].handler = host_.program.handlers()[static_cast<size_t>(Exec::ChunkDone)];
  if (frame != nullptr) std::memcpy(there + sizeof(FrameHeader), frame + sizeof(FrameHeader), callee.parameters_end - sizeof(FrameHeader));
  header(there) = {&running().chunk->done[1], caller, &callee};
  return there;
}

// The first frame of the chunk has returned: its caller goes on where this says.
const Op* Machine::leave_chunk() {
  const Op* resume = running().chunk->return_to;
  drop_chunk();
  return resume;
}

}  // namespace stark::vm

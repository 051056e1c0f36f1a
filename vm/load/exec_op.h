// vm/load/exec_op.h — Op, one executable operation, and what its site can point to.
// Room: vm/load. In: made by the translator. Out: run by vm/run.
// Law: 24 bytes; `handler` is a distance that the loop gave, and means nothing to anybody else.
#pragma once

#include <cstdint>
#include <vector>

#include "bytecode-spec/module.h"
#include "vm/objects/format_spec.h"

namespace stark::vm {

enum class Exec : uint16_t {
#define EXEC(name, size, abc) name,
#include "vm/load/exec_ops.def"
  Count
};
inline constexpr size_t kExecCount = static_cast<size_t>(Exec::Count);

struct Op {
  uint32_t handler = 0;
  uint32_t a = 0, b = 0, c = 0;
  union {
    uint64_t imm = 0;
    const void* site;
  };
};
static_assert(sizeof(Op) == 24);

// What Watch tells of.
enum class WatchAt : uint32_t { Enter, Before, After };

// The number types in the order of EXEC_NUMBERS.
enum class Number : uint8_t { I8, I16, I32, I64, U8, U16, U32, U64, F32, F64 };

// A value in the frame.
struct FrameValue {
  uint32_t offset = 0;
  uint32_t type = spec::kNone;              // kNone for constants: `kind` says what it is
  spec::TypeKind kind = spec::TypeKind::Unit;
  bool is_moved = false;
};

struct FormatSite {
  std::vector<Piece> pieces;
  std::vector<FrameValue> operands;
};
struct NativeSite {
  spec::Native native{};
  std::vector<FrameValue> arguments;
  FrameValue result;
};
// `bound`: set when the function was looked up, before its first call from here; whoever reads it while threads run does so atomically.
struct ForeignSite {
  uint32_t foreign = 0;
  std::vector<FrameValue> arguments;
  FrameValue result;
  mutable const struct BoundForeign* bound = nullptr;
};
// What each tensor instruction needs of it: graph or segment, targets, operands.
struct TensorSite {
  uint32_t index = spec::kNone;  // graph or segment
  std::vector<FrameValue> targets;
  std::vector<FrameValue> operands;
};

}  // namespace stark::vm

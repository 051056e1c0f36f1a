// vm/load/code.h — Code: operations of one function while they are being made and improved, and what each does with the frame.
// Room: vm/load, private. In: the translator's operations. Out: what improve.cpp and bind() read.
// Law: until bind() a jump's c and a switch's targets are labels, and offsets with kOutgoing count from the end of the frame.
#pragma once

#include <span>
#include <vector>

#include "vm/load/program.h"

namespace stark::vm {

inline constexpr uint32_t kOutgoing = 1u << 31;

struct Code {
  std::span<const uint32_t> handlers;  // by Exec
  std::vector<Op> ops;
  std::vector<Exec> codes;
  std::vector<Origin> origins;
  std::vector<uint32_t> labels;  // operation

  void add(Op op, Exec code, Origin origin) {
    op.handler = handlers[static_cast<size_t>(code)];
    ops.push_back(op);
    codes.push_back(code);
    origins.push_back(origin);
  }
  void become(size_t at, Exec code) {
    codes[at] = code;
    ops[at].handler = handlers[static_cast<size_t>(code)];
  }
};

// A row of exec_ops.def.
struct ExecRow {
  uint8_t size;
  const char* abc;
};
const ExecRow& row_of(Exec code);
inline Exec plus(Exec first, size_t distance) { return static_cast<Exec>(static_cast<size_t>(first) + distance); }
inline size_t distance(Exec code, Exec first) { return static_cast<size_t>(code) - static_cast<size_t>(first); }  // huge if it comes before
inline bool is_within(Exec code, Exec first, Exec last) { return code >= first && code <= last; }
inline Exec typed(Exec first, Number n) { return plus(first, static_cast<size_t>(n)); }
inline constexpr size_t kNumbers = 10;
inline bool is_word_size(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }
// The operation of a family by size: 1, 2, 4, 8, 16, N.
Exec sized(Exec first, uint32_t size);
inline bool is_jump(Exec code) { return row_of(code).abc[2] == 'T'; }
// Control does not come to the operation behind.
inline bool is_end(Exec code) {
  return code == Exec::Jump || code == Exec::Switch || code == Exec::Panic || (code >= Exec::Ret1 && code <= Exec::RetUnit);
}
// The labels of a Switch that is not bound.
inline std::vector<int32_t>& targets_of(const Op& op) { return *static_cast<std::vector<int32_t>*>(const_cast<void*>(op.site)); }

// What an operation does with a stretch of the frame.
struct Access {
  enum class Kind : uint8_t { Read, Write, Escape } kind;
  uint32_t offset, size;
  uint32_t* field;  // where the offset stands, if it may be another one
};
// All of them, reads first.
void accesses_of(const Program& program, Op& op, Exec code, std::vector<Access>& out);

}  // namespace stark::vm

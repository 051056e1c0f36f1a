// vm/natives/cells.cpp — Cell and RefCell: values that are changed through shared references.
// Room: vm/natives. In: references to cells. Out: values, and guards, which release their RefCell when they are dropped.
// Nothing refers to the inside of a Cell, so its value may change at any time; a RefCell counts who refers to its inside.
#include <algorithm>

#include "gc/barrier.h"
#include "vm/natives/table.h"

namespace stark::vm::natives {
namespace {

uint32_t value_size(const NativeCall& call, uint32_t cell) { return call.types().size(call.types().row(cell).a); }
std::byte* behind(const NativeCall& call) { return call.get<std::byte*>(0); }

void copy_out(NativeCall& call, const std::byte* from, uint32_t size) {
  if (size > 0) std::memmove(call.result(), from, size);
}

void give_guard(NativeCall& call, int64_t count) {
  store(behind(call), count);
  call.give(behind(call));
}

}  // namespace

void CellNew(NativeCall& call) { copy_out(call, call.address(0), value_size(call, call.site.result.type)); }
void CellGet(NativeCall& call) { copy_out(call, behind(call), value_size(call, call.pointee(0))); }
void CellReplace(NativeCall& call) { replace_behind(call, behind(call), value_size(call, call.pointee(0))); }
void CellGetMut(NativeCall& call) { call.give(behind(call)); }
void CellIntoInner(NativeCall& call) { copy_out(call, call.address(0), value_size(call, call.site.arguments[0].type)); }

void RefCellNew(NativeCall& call) {
  const uint32_t size = value_size(call, call.site.result.type);
  if (size > 0) std::memmove(call.result() + kCounted, call.address(0), size);
  call.give<int64_t>(0);
}

void RefCellBorrow(NativeCall& call) {
  const auto count = load<int64_t>(behind(call));
  if (count < 0) return call.host.fail(Exit::Panic, "the RefCell is already mutably borrowed");
  give_guard(call, count + 1);
}

void RefCellBorrowMut(NativeCall& call) {
  const auto count = load<int64_t>(behind(call));
  if (count != 0) return call.host.fail(Exit::Panic, count < 0 ? "the RefCell is already mutably borrowed" : "the RefCell is already borrowed");
  give_guard(call, -1);
}

void RefCellBorrows(NativeCall& call) { call.give(load<int64_t>(behind(call))); }
void RefCellGetMut(NativeCall& call) { call.give(behind(call) + kCounted); }
void RefCellIntoInner(NativeCall& call) { copy_out(call, call.address(0) + kCounted, value_size(call, call.site.arguments[0].type)); }

}  // namespace stark::vm::natives

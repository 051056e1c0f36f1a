// vm/run/loop.cpp — the loop: one operation after the other, by computed goto.
// Room: vm/run. Essay: vm/run/README.md. In: operations, a frame. Out: the program's effects; returns at Exit or failure.
//
// Rules for whoever edits the loop or an ops_*.inc:
//  1. `pc` and `fp` are the only state. A handler ends with NEXT, GO, or a goto to `stop`; none falls into another.
//  2. Whatever may allocate, fail, or ask where we are is preceded by SYNC. After it, frame contents may have moved on, and
//     addresses held in C++ locals are stale; `fp` itself never moves.
//  3. An uncommon path of more than three lines lives in slow_paths.cpp, out of line.
//  4. Read all operands before the first write: the target may be one of them.
//  5. Stores through an address call gc::store_barrier; stores into frames do not.
//  6. A check that fails leaves the frame as it was and says TRAP.
//  7. Order in the .inc files is that of exec_ops.def; every row has exactly one handler.
#include <cmath>
#include <limits>
#include <type_traits>

#include "gc/barrier.h"
#include "vm/natives/native_call.h"
#include "vm/run/machine.h"

namespace stark::vm {
namespace {

// A value lies where its type may; an operation moves two of four bytes as one of eight, and that one need not be aligned as a number is.
template <class T>
struct Unaligned {
  typedef T type __attribute__((aligned(1), may_alias));
};
template <class T>
  requires std::is_class_v<T>
struct Unaligned<T> {
  using type = T;
};
template <class T>
[[gnu::always_inline]] inline typename Unaligned<T>::type& at(std::byte* fp, uint32_t offset) {
  return *reinterpret_cast<typename Unaligned<T>::type*>(fp + offset);
}
struct [[gnu::packed, gnu::may_alias]] Wide {
  uint64_t low, high;
};

template <class T>
T imm_as(const Op* pc) {
  T value;
  std::memcpy(&value, &pc->imm, sizeof value);
  return value;
}

// `as`: integers are cut off, floats saturate, NaN is zero.
template <class To, class From>
To convert(From v) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(v)) return 0;
    constexpr From kTop = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;  // one past the largest
    if (v >= kTop) return std::numeric_limits<To>::max();
    if (v <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(v);
  } else {
    return static_cast<To>(v);
  }
}

// False on overflow.
template <class T>
bool raise_to(T base, uint32_t exponent, T* result) {
  T power = 1;
  for (;;) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(power, base, &power)) return false;
    exponent >>= 1;
    if (exponent == 0) break;
    if (__builtin_mul_overflow(base, base, &base)) return false;
  }
  *result = power;
  return true;
}

// A shift amount of any integer type; negative ones become huge.
uint64_t amount_at(const std::byte* address, uint64_t number) {
  switch (static_cast<Number>(number)) {
    case Number::I8: return static_cast<uint64_t>(load<int8_t>(address));
    case Number::I16: return static_cast<uint64_t>(load<int16_t>(address));
    case Number::I32: return static_cast<uint64_t>(load<int32_t>(address));
    case Number::U8: return load<uint8_t>(address);
    case Number::U16: return load<uint16_t>(address);
    case Number::U32: return load<uint32_t>(address);
    default: return load<uint64_t>(address);
  }
}

bool compare_texts(std::string_view a, std::string_view b, uint64_t which) {
  if (which < 2) return (a == b) == (which == 0);
  const int order = a.compare(b);
  return which == 2 ? order < 0 : which == 3 ? order <= 0 : which == 4 ? order > 0 : order >= 0;
}

// One handle more; whoever copies one has one, so nothing is to be seen of what others did.
void count_handle(gc::Object* shared) { std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(shared->payload())).fetch_add(1, std::memory_order_relaxed); }

uint32_t g_handlers[kExecCount];

}  // namespace

#define SIGNED_NUMBERS(X) X(i8, int8_t) X(i16, int16_t) X(i32, int32_t) X(i64, int64_t)
#define UNSIGNED_NUMBERS(X) X(u8, uint8_t) X(u16, uint16_t) X(u32, uint32_t) X(u64, uint64_t)
#define FLOAT_NUMBERS(X) X(f32, float) X(f64, double)
#define INTEGER_NUMBERS(X) SIGNED_NUMBERS(X) UNSIGNED_NUMBERS(X)
#define ALL_NUMBERS(X) INTEGER_NUMBERS(X) FLOAT_NUMBERS(X)
#define ALL_SIZES(X) X(1, uint8_t) X(2, uint16_t) X(4, uint32_t) X(8, uint64_t)

#define OP(name) L_##name
#define GO goto *(static_cast<const char*>(&&L_Mov1) + static_cast<int32_t>(pc->handler))
#define NEXT \
  do { \
    ++pc; \
    GO; \
  } while (false)
#define JUMP \
  do { \
    pc += static_cast<int32_t>(pc->c); \
    GO; \
  } while (false)
#define SYNC (m->pc_ = pc, m->fp_ = fp)
#define TRAP(...) \
  do { \
    SYNC; \
    m->trap(__VA_ARGS__); \
    goto stop; \
  } while (false)

// With `pc` null it fills g_handlers and returns.
void Machine::loop(Machine* m, const Op* pc, std::byte* fp) {
  if (pc == nullptr) {
    static const int32_t kDistances[] = {
#define EXEC(name, size, abc) static_cast<int32_t>(static_cast<const char*>(&&L_##name) - static_cast<const char*>(&&L_Mov1)),
#include "vm/load/exec_ops.def"
    };
    for (size_t i = 0; i < kExecCount; ++i) g_handlers[i] = static_cast<uint32_t>(kDistances[i]);
    return;
  }
  Function* callee = nullptr;
  StaticCell* cell = nullptr;
  std::byte* next_frame = nullptr;
  GO;

#include "vm/run/ops_moves.inc"
#include "vm/run/ops_elements.inc"
#include "vm/run/ops_numbers.inc"
#include "vm/run/ops_compare.inc"
#include "vm/run/ops_control.inc"

  // Another fiber has the turn, or the same once more.
turned:
  if (m->host_.failure) [[unlikely]] goto stop;
  pc = m->pc_;
  fp = m->fp_;
  GO;

  // Whatever fails comes here; a panic goes on with what its frames owe.
stop:
  if (!m->begin_unwinding()) return;
  fp = m->fp_;
  goto drop_work;
}

std::vector<uint32_t> Machine::handlers(bool trace) {
  loop(nullptr, nullptr, nullptr);
  std::vector<uint32_t> all(g_handlers, g_handlers + kExecCount);
  if (trace) all.assign(kExecCount, g_handlers[static_cast<size_t>(Exec::Trace)]);
  return all;
}

}  // namespace stark::vm

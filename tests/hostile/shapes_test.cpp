// tests/hostile/shapes_test.cpp — large functions of the shapes that make verifiers slow: each is answered in time that grows with its size.
// Room: tests. In: shapes made here. Out: one line for each that gets another answer, or takes longer than its size allows.
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/reader.h"
#include "bytecode-spec/writer.h"
#include "vm/verify/verify.h"

namespace {

using namespace stark;

constexpr const char* kTypes = ".skbc 1\n.type t0 ()\n.type t1 i32\n.type t2 ref t1\n.type t3 bool\n.constant c0 () 0x0\n.constant c1 i32 0x1\n";

// Words of a state in which the registers 0 to `count` are there.
std::string all_whole(int count) { return fmt::format("whole 0+{}", count); }

// One value, and many shared borrows of it that all live to the end.
std::string many_loans(int loans) {
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n.function f0 \"f0\" s0 regions {} file -\n  .reg r0 t1 param\n", kTypes, loans);
  for (int i = 1; i <= loans; ++i) out += fmt::format("  .reg r{} t2<{}>\n", i, i);
  for (int i = 0; i < loans; ++i) out += fmt::format("  .loan l{} shared r0\n", i);
  out += "  b0\n";
  for (int i = 0; i < loans; ++i) out += fmt::format("    borrow r{} l{}\n", i + 1, i);
  return out + "    return c0\n";
}

// References that are all passed to calls, each of which may return any of them.
std::string bicliques(int references, int calls) {
  std::string parameters, arguments, regions;
  for (int i = 0; i < references; ++i) parameters += " t2<1>", arguments += fmt::format(" r{}", i + 1);
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n.signature s1 ({} ) t2<1> regions 1\n", kTypes, parameters);
  out += fmt::format(".function f0 \"f0\" s0 regions {} file -\n  .reg r0 t1 param\n", references + calls);
  for (int i = 1; i <= references + calls; ++i) out += fmt::format("  .reg r{} t2<{}>\n", i, i);
  for (int i = 0; i < references; ++i) out += fmt::format("  .loan l{} shared r0\n", i);
  out += "  b0\n";
  for (int i = 0; i < references; ++i) out += fmt::format("    borrow r{} l{}\n", i + 1, i);
  for (int i = 0; i < calls; ++i) out += fmt::format("    call r{} f1 ({} )\n", references + 1 + i, arguments);
  out += "    return c0\n.function f1 \"f1\" s1 regions 0 file -\n";
  for (int i = 0; i < references; ++i) out += fmt::format("  .reg r{} t2<1> param\n", i);
  return out + "  b0\n    return last:r0\n";
}

// Blocks one behind the other, each of which declares what all references hold.
std::string joins(int references, int blocks) {
  std::string out = fmt::format("{}.signature s0 ( t1 t3 ) t0 regions 0\n.function f0 \"f0\" s0 regions {} file -\n  .reg r0 t1 param\n  .reg r1 t3 param\n", kTypes, references);
  std::string held;
  for (int i = 0; i < references; ++i) {
    out += fmt::format("  .reg r{} t2<{}>\n", i + 2, i + 1);
    held += fmt::format(" {} ( {} )", i + 1, i);
  }
  for (int i = 0; i < references; ++i) out += fmt::format("  .loan l{} shared r0\n", i);
  out += "  b0\n";
  for (int i = 0; i < references; ++i) out += fmt::format("    borrow r{} l{}\n", i + 2, i);
  out += "    branch r1 b1 b1\n";
  for (int i = 1; i <= blocks; ++i) {
    out += fmt::format("  b{} : {} maybe partly regions{}\n    ", i, all_whole(references + 2), held);
    out += i < blocks ? fmt::format("branch r1 b{} b{}\n", i + 1, i + 1) : "return c0\n";
  }
  return out;
}

// One head, and many jumps back to it, each of which comes with one more register.
std::string back_edges(int edges) {
  std::string out = fmt::format("{}.signature s0 ( t3 ) t0 regions 0\n.function f0 \"f0\" s0 regions 0 file -\n  .reg r0 t3 param\n", kTypes);
  for (int i = 1; i <= edges; ++i) out += fmt::format("  .reg r{} t1 mut\n", i);
  out += fmt::format("  b0\n    jump b1\n  b1 : {} maybe partly regions\n    branch r0 b2 b{}\n", all_whole(1), 2 * edges + 2);
  for (int i = 1; i <= edges; ++i) {
    const int block = 2 * i;
    out += fmt::format("  b{}\n    set r{} c1\n    branch r0 b{} b{}\n  b{}\n    jump b1\n", block, i, block + 1, block + 2 <= 2 * edges ? block + 2 : 2 * edges + 3, block + 1);
  }
  return out + fmt::format("  b{}\n    return c0\n  b{}\n    return c0\n", 2 * edges + 2, 2 * edges + 3);
}

std::string answer(const std::string& text, std::string& detail) {
  auto assembled = spec::assemble(text);
  if (!assembled) return detail = assembled.error().message, assembled.error().code;
  auto bundle = spec::decode_bundle(spec::encode_program(assembled->module));
  if (!bundle) return detail = bundle.error().message, bundle.error().code;
  const auto verified = vm::verify(std::make_shared<const spec::Bundle>(std::move(*bundle)));
  if (!verified) return detail = verified.error().message, verified.error().code;
  return "accept";
}

}  // namespace

int main() {
  struct Shape {
    std::string name, text, expected;
  };
  const std::vector<Shape> shapes{{"65 loans of one register", many_loans(65), "accept"},
                                  {"2000 loans of one register", many_loans(2000), "accept"},
                                  {"128 references, 76 calls", bicliques(128, 76), "accept"},
                                  {"950 blocks, 127 references", joins(127, 950), "accept"},
                                  {"1000 jumps back", back_edges(1000), "accept"}};
  int failed = 0;
  for (const Shape& shape : shapes) {
    const auto before = std::chrono::steady_clock::now();
    std::string detail;
    const std::string got = answer(shape.text, detail);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    const double allowed = 1.0 + static_cast<double>(shape.text.size()) * 2e-6;  // a hundred times what it should take
    if (got == shape.expected && seconds < allowed) continue;
    ++failed;
    fmt::print("{}: {} after {:.2f} s ({})\n", shape.name, got, seconds, detail);
  }
  fmt::print("{} shapes, {} not as expected\n", shapes.size(), failed);
  return failed == 0 ? 0 : 1;
}

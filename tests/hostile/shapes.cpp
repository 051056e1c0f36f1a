// tests/hostile/shapes.cpp — each shape, from its text or from rows that share what others have.
// Room: tests. In: sizes. Out: Shape.
#include "tests/hostile/shapes.h"

#include <fmt/format.h>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/base/check.h"
#include "bytecode-spec/limits.h"

namespace stark::tests {
namespace {

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

// So many functions that several threads prove them; those whose number `is_wrong` says so use a register that nothing is in.
std::string many_functions(int functions, bool (*is_wrong)(int)) {
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n", kTypes);
  for (int f = 0; f < functions; ++f) {
    out += fmt::format(".function f{0} \"f{0}\" s0 regions 0 file -\n  .reg r0 t1 param\n  .reg r1 t1 mut\n  b0\n", f);
    if (is_wrong(f)) out += "    set r0 r1\n";
    for (int i = 0; i < 10; ++i) out += "    add r1 r0 c1\n";
    out += "    return c0\n";
  }
  return out;
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

// Many registers, and branches that each leave a state behind for a block that comes much later.
std::string waiting_states(int registers, int branches) {
  std::string out = fmt::format("{}.signature s0 ( t3 ) t0 regions 0\n.function f0 \"f0\" s0 regions 0 file -\n  .reg r0 t3 param\n", kTypes);
  for (int i = 1; i <= registers; ++i) out += fmt::format("  .reg r{} t1\n", i);
  for (int i = 0; i < branches; ++i) out += fmt::format("  b{}\n    branch r0 b{} b{}\n", i, i + 1, 2 * branches - i);
  for (int i = branches; i <= 2 * branches; ++i) out += fmt::format("  b{}\n    return c0\n", i);
  return out;
}

// One reference to many values, which as many others copy.
std::string copied_sets(int loans, int copies) {
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n.function f0 \"f0\" s0 regions {} file -\n  .reg r0 t1 param\n  .reg r1 t2<1> mut\n  .reg r2 t3\n", kTypes, copies + 1);
  for (int i = 0; i < copies; ++i) out += fmt::format("  .reg r{} t2<{}>\n", i + 3, i + 2);
  for (int i = 0; i < loans; ++i) out += fmt::format("  .loan l{} shared r0\n", i);
  std::string all;
  for (int i = 0; i < loans; ++i) all += fmt::format(" {}", i);
  out += fmt::format("  b0\n    borrow r1 l0\n    jump b1\n  b1 : whole 0+2 maybe partly regions 1 ({} )\n", all);
  for (int i = 0; i < copies; ++i) out += fmt::format("    set r{} r1\n", i + 3);
  return out + "    return c0\n";
}

// References that are nested so deep, one type behind the other.
std::string deep_references(int depth) {
  std::string out = ".skbc 1\n.type t0 ()\n.type t1 i32\n";
  for (int i = 2; i < depth; ++i) out += fmt::format(".type t{} Vec t{}\n", i, i - 1);
  return out + fmt::format(".signature s0 ( ) t0 regions 0\n.constant c0 () 0x0\n.function f0 \"f0\" s0 regions 0 file -\n  .reg r0 t{}\n  b0\n    return c0\n", depth - 1);
}
// Structs that contain the one before by value.
std::string deep_structs(int depth) {
  std::string out = ".skbc 1\n.type t0 ()\n.type t1 i32\n";
  for (int i = 2; i < depth; ++i) out += fmt::format(".type t{} struct \"S\" drop - regions 0 {{ \"a\" t{} }}\n", i, i - 1);
  return out;
}
// Arrays whose sizes multiply beyond every number.
std::string overflowing_arrays(int depth) {
  std::string out = ".skbc 1\n.type t0 ()\n.type t1 i32\n";
  for (int i = 2; i < depth; ++i) out += fmt::format(".type t{} array t{} 65536\n", i, i - 1);
  return out;
}
// Each struct holds the one before twice: its size doubles.
std::string doubling_structs(int depth) {
  std::string out = ".skbc 1\n.type t0 ()\n.type t1 i32\n";
  for (int i = 2; i < depth; ++i) out += fmt::format(".type t{} struct \"S\" drop - regions 0 {{ \"a\" t{} \"b\" t{} }}\n", i, i - 1, i - 1);
  return out;
}
// A function of ordinary code, so long.
std::string long_code(int steps) {
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n.function f0 \"f0\" s0 regions 0 file -\n  .reg r0 t1 param\n  .reg r1 t1 mut\n  b0\n    set r1 r0\n", kTypes);
  for (int i = 0; i < steps; ++i) out += "    add r1 r1 r0\n";
  return out + "    return c0\n";
}
// Registers without number and one loan each, ended one by one.
std::string many_registers(int registers) {
  std::string out = fmt::format("{}.signature s0 ( t1 ) t0 regions 0\n.function f0 \"f0\" s0 regions {} file -\n  .reg r0 t1 param\n", kTypes, registers);
  for (int i = 1; i <= registers; ++i) out += fmt::format("  .reg r{} t2<{}>\n", i, i);
  for (int i = 0; i < registers; ++i) out += fmt::format("  .loan l{} shared r0\n", i);
  out += "  b0\n";
  for (int i = 0; i < registers; ++i) out += fmt::format("    borrow r{} l{}\n    end r{}\n", i + 1, i, i + 1);
  return out + "    return c0\n";
}

spec::Module assembled(const std::string& text) {
  auto made = spec::assemble(text);
  CHECK(made.has_value());
  return std::move(made->module);
}

// Every function is the same stretch of code.
spec::Module shared_code(const std::string& text, size_t functions) {
  spec::Module module = assembled(text);
  module.functions.resize(functions, module.functions[0]);
  return module;
}
// Every enum has all variants, and every variant all fields.
spec::Module shared_fields(uint32_t rows) {
  spec::Module module = assembled(many_loans(65));
  const spec::FieldRow field{{}, {1, 0}};
  module.fields.assign(rows, field);
  module.variants.assign(rows, spec::VariantRow{{}, {0, rows}});
  for (uint32_t i = 0; i < rows; ++i) module.types.push_back({static_cast<uint32_t>(spec::TypeKind::Enum), 0, rows, spec::kNone, 0, {}});
  return module;
}
// Every block expects the same long state, which the file has once.
spec::Module shared_state(int references, uint32_t blocks) {
  spec::Module module = assembled(joins(references, 2));
  const spec::BlockRow again = module.blocks[1];
  const auto first = static_cast<ptrdiff_t>(again.code_first), end = static_cast<ptrdiff_t>(module.blocks[2].code_first);
  const std::vector<uint32_t> code(module.code.begin() + first, module.code.begin() + end);
  for (uint32_t i = 0; i < blocks; ++i) {
    spec::BlockRow row = again;
    row.code_first = static_cast<uint32_t>(module.code.size());
    module.blocks.push_back(row);
    module.code.insert(module.code.end(), code.begin(), code.end());
  }
  module.functions[0].blocks.count = static_cast<uint32_t>(module.blocks.size());
  module.functions[0].code.count = static_cast<uint32_t>(module.code.size());
  return module;
}
// Regions that no register names.
spec::Module many_regions(uint32_t functions) {
  spec::Module module = shared_code(long_code(1), functions);
  for (spec::FunctionRow& f : module.functions) f.region_count = spec::kMaxRegions;
  return module;
}
// Signatures that all say the same many pairs.
spec::Module shared_outlives(uint32_t signatures) {
  spec::Module module = assembled(many_loans(65));
  for (uint32_t l = 1; l <= 64; ++l)
    for (uint32_t s = 1; s <= 64; ++s) module.outlives.push_back({l, s});
  spec::SignatureRow row = module.signatures[0];
  row.region_count = 64;
  row.outlives = {0, static_cast<uint32_t>(module.outlives.size())};
  module.signatures.resize(signatures, row);
  return module;
}

}  // namespace

std::vector<Shape> hostile_shapes() {
  return {{"65_loans", assembled(many_loans(65)), "accept"},
          {"2000_loans", assembled(many_loans(2000)), "accept"},
          {"bicliques", assembled(bicliques(128, 76)), "accept"},
          {"joins", assembled(joins(127, 950)), "accept"},
          {"back_edges", assembled(back_edges(1000)), "accept"},
          {"deep_vecs", assembled(deep_references(10000)), "accept"},
          {"deep_structs", assembled(deep_structs(10000)), "V40"},
          {"overflowing_arrays", assembled(overflowing_arrays(5000)), "V20"},
          {"doubling_structs", assembled(doubling_structs(5000)), "V20"},
          {"many_functions", assembled(many_functions(2000, [](int) { return false; })), "accept"},
          {"two_wrong_functions", assembled(many_functions(2000, [](int f) { return f == 900 || f == 1700; })), "V01", "`f900`"},
          {"long_code", assembled(long_code(100000)), "accept"},
          {"many_registers", assembled(many_registers(10000)), "accept"},
          {"waiting_states", assembled(waiting_states(1000, 1000)), "accept"},
          {"more_waiting_states", assembled(waiting_states(20'000, 5'000)), "V40"},
          {"copied_sets", assembled(copied_sets(2'000, 2'000)), "V40"},
          {"shared_state", shared_state(1'000, 20'000), "V40"},
          {"many_regions", many_regions(1), "V40"},
          {"shared_code", shared_code(long_code(100000), 200), "V43"},
          {"shared_loans", shared_code(many_loans(2000), 200), "V43"},
          {"shared_fields", shared_fields(500), "V43"},
          {"shared_outlives", shared_outlives(20000), "V43"}};
}

}  // namespace stark::tests

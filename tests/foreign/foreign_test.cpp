// tests/foreign/foreign_test.cpp — structs laid out as the machine's C compiler does, a library of C made for the program beside it, and grants.
// Room: tests. In: starkc, starkvm, this folder; `cc` or `clang`, without which there is nothing to compare with. Out: one line for what does not hold.
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "tests/run/process.h"

using namespace stark::tests;

namespace {

struct Tools {
  std::string starkc, starkvm, cc;
  fs::path folder, work;
};

std::string find_compiler() {
  for (const char* name : {"cc", "gcc", "clang", "clang-19"})
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/"})
      if (fs::exists(std::string(folder) + name)) return std::string(folder) + name;
  return {};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

// One command; what it printed, or what it said when it failed.
bool outcome(const Tools& t, const std::vector<std::string>& words, std::string& out, int expected = 0) {
  const int status = run(words, t.work / "out", t.work / "err");
  out = read_file(t.work / "out");
  if (status == expected) return true;
  fmt::print("`{}` ended with {}, not {}:\n{}", fmt::join(words, " "), status, expected, read_file(t.work / "err"));
  return false;
}

// The same struct as both languages write it.
struct Pair {
  std::string c, stark;
};
struct Generator {
  std::mt19937 random;
  std::string c, stark, c_prints, stark_prints;
  std::vector<bool> asks_align, has_address;  // of the structs so far, or of what is in them
  int structs = 0;

  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random() % n); }

  Pair type(bool is_packed) {
    static const Pair kScalars[] = {{"int8_t", "i8"}, {"uint8_t", "u8"}, {"int16_t", "i16"}, {"uint16_t", "u16"}, {"int32_t", "i32"}, {"uint32_t", "u32"}, {"int64_t", "i64"},
                                    {"uint64_t", "u64"}, {"size_t", "usize"}, {"float", "f32"}, {"double", "f64"}, {"_Bool", "bool"}, {"enum E1", "E1"}, {"enum E2", "E2"}, {"enum E8", "E8"}};
    if (!is_packed && below(8) == 0) return {"void*", "*const u8"};
    if (structs > 0 && below(4) == 0) {
      const uint32_t which = below(static_cast<uint32_t>(structs));
      if (!is_packed || (!asks_align[which] && !has_address[which])) return {fmt::format("struct S{}", which), fmt::format("S{}", which)};
    }
    return kScalars[below(std::size(kScalars))];
  }

  void add() {
    static constexpr uint32_t kPacks[] = {1, 2, 4, 8}, kAligns[] = {1, 2, 4, 8};
    const uint32_t form = below(6), pack = form == 1 ? kPacks[below(4)] : 0, align = form == 2 ? kAligns[below(4)] : 0;
    const uint32_t fields = 1 + below(7);
    const std::string name = fmt::format("S{}", structs);
    std::string c_fields, stark_fields;
    bool holds_align = align != 0, holds_address = false;
    for (uint32_t f = 0; f < fields; ++f) {
      Pair one = type(pack != 0);
      const bool is_array = below(5) == 0;
      const uint32_t length = 1 + below(4);
      c_fields += fmt::format("  {} f{}{};\n", one.c, f, is_array ? fmt::format("[{}]", length) : "");
      stark_fields += fmt::format(" f{}: {},", f, is_array ? fmt::format("[{}; {}]", one.stark, length) : one.stark);
      holds_address |= one.stark.starts_with("*");
      if (one.stark.starts_with("S")) {
        const auto inner = static_cast<size_t>(std::stoi(one.stark.substr(1)));
        holds_align |= asks_align[inner];
        holds_address |= has_address[inner];
      }
      c_prints += fmt::format("  printf(\" %zu\", offsetof(struct {}, f{}));\n", name, f);
      stark_prints += fmt::format("    print(f\" {{offset_of!({}, f{})}}\");\n", name, f);
    }
    asks_align.push_back(holds_align);
    has_address.push_back(holds_address);
    c += pack != 0 ? fmt::format("#pragma pack(push, {})\nstruct {} {{\n{}}};\n#pragma pack(pop)\n", pack, name, c_fields)
                   : fmt::format("struct {}{} {{\n{}}};\n", align != 0 ? fmt::format("__attribute__((aligned({}))) ", align) : "", name, c_fields);
    stark += fmt::format("#[repr(C{})]\n#[derive(Copy, Clone)]\nstruct {} {{{} }}\n", pack == 1 ? ", packed" : pack != 0 ? fmt::format(", packed({})", pack) : align != 0 ? fmt::format(", align({})", align) : "", name, stark_fields);
    c_prints += fmt::format("  printf(\" {} %zu %zu\\n\", sizeof(struct {}), _Alignof(struct {}));\n", name, name, name);
    stark_prints += fmt::format("    println(f\" {} {{mem::size_of::<{}>()}} {{mem::align_of::<{}>()}}\");\n", name, name, name);
    ++structs;
  }
};

// Several hundred structs, all in one file of each language.
bool layouts_agree(const Tools& t, uint32_t seed) {
  Generator g;
  g.random.seed(seed);
  for (int i = 0; i < 400; ++i) g.add();
  write(t.work / "layouts.c", "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\nenum E1 { A1 } __attribute__((packed));\nenum E2 { A2, B2 = 300 } __attribute__((packed));\n"
                              "enum E8 { A8, B8 = 0x7fffffffffff };\n" + g.c + "int main(void) {\n" + g.c_prints + "  return 0;\n}\n");
  write(t.work / "layouts.stark", "use std::mem;\n#[repr(u8)]\n#[derive(Copy, Clone)]\nenum E1 { A, B }\n#[repr(i16)]\n#[derive(Copy, Clone)]\nenum E2 { A, B }\n#[repr(u64)]\n#[derive(Copy, Clone)]\nenum E8 { A, B }\n" +
                                  g.stark + "fn main() {\n" + g.stark_prints + "}\n");
  std::string ours, theirs;
  if (!outcome(t, {t.cc, "-o", (t.work / "layouts").string(), (t.work / "layouts.c").string()}, theirs) || !outcome(t, {(t.work / "layouts").string()}, theirs)) return false;
  if (!outcome(t, {t.starkc, "build", (t.work / "layouts.stark").string(), "-o", (t.work / "layouts.skbc").string()}, ours)) return false;
  if (!outcome(t, {t.starkvm, "run", (t.work / "layouts.skbc").string()}, ours)) return false;
  if (ours == theirs) return true;
  std::istringstream a(ours), b(theirs);
  int line = 0;
  for (std::string x, y; std::getline(a, x) && std::getline(b, y); ++line)
    if (x != y) return fmt::print("struct {} (seed {}): here{}, in C{}\n", line, seed, x, y), false;
  return fmt::print("one printed more than the other (seed {})\n", seed), false;
}

// The program beside this file against the library beside it.
bool library_agrees(const Tools& t) {
  const fs::path program = t.folder / "library.stark", bundle = t.work / "library.skbc";
  std::string got;
  if (!outcome(t, {t.cc, "-shared", "-fPIC", "-pthread", "-o", (t.work / "libshapes.so").string(), (t.folder / "shapes.c").string()}, got)) return false;
  if (!outcome(t, {t.starkc, "build", program.string(), "-o", bundle.string()}, got)) return false;
  const std::string expected = expectations(program).output;
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--gc-stress"}}) {
    std::vector<std::string> words{t.starkvm, "run", "--allow=ffi", "--allow=ffi=" + t.work.string(), "--allow=unsafe"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(bundle.string());
    if (!outcome(t, words, got)) return false;
    if (got != expected) return fmt::print("the library's program printed\n{}instead of\n{}", got, expected), false;
  }
  return true;
}

// A panic has no way through C, and C no machine on threads of its own.
bool callbacks_end(const Tools& t) {
  const std::string form = "#[link(name = \"shapes\")]\nextern \"C\" {{\n    fn apply(f: extern \"C\" fn(i32) -> i32, x: i32) -> i32;\n    fn on_thread(f: extern \"C\" fn(i32) -> i32, x: i32) -> i32;\n}}\n"
                           "struct Told;\nimpl Drop for Told {{ fn drop(&mut self) {{ println(\"dropped\"); }} }}\n"
                           "extern \"C\" fn f(x: i32) -> i32 {{ let told = Told; {} }}\nfn main() {{ println(f\"{{unsafe {{ {}(f, 1) }}}}\"); }}\n";
  const auto ends = [&](const std::string& body, const std::string& by, int status, const std::string& output, const std::string& text) {
    std::string got;
    write(t.work / "ends.stark", fmt::format(fmt::runtime(form), body, by));
    if (!outcome(t, {t.starkc, "build", (t.work / "ends.stark").string(), "-o", (t.work / "ends.skbc").string()}, got)) return false;
    if (!outcome(t, {t.starkvm, "run", "--allow=ffi", "--allow=ffi=" + t.work.string(), (t.work / "ends.skbc").string()}, got, status)) return false;
    if (got == output && read_file(t.work / "err").find(text) != std::string::npos) return true;
    return fmt::print("`{}` by `{}` printed `{}` and told\n{}", body, by, got, read_file(t.work / "err")), false;
  };
  return ends("x + 1", "apply", 0, "dropped\n2\n", "") && ends("if x > 0 { panic!(\"no {x}\") } x", "apply", 101, "dropped\n", "a function that C had called") &&
         ends("x", "on_thread", 1, "", "a thread that the program does not know") && ends("unsafe { apply(f, x) }", "apply", 101, "", "stack overflow");
}

// Without the grant nothing runs, and the message says what was wanted; with it, what is not there is told.
bool grants_hold(const Tools& t) {
  const fs::path bundle = t.work / "grants.skbc";
  std::string got;
  write(t.work / "grants.stark", "use std::ffi::c_int;\n#[link(name = \"no_such_library\")]\nextern \"C\" { fn frobnicate(x: c_int) -> c_int; }\nextern \"C\" { fn no_such_function(x: c_int) -> c_int; fn abs(x: c_int) -> c_int; }\n"
                                 "fn main() {\n    println(f\"{unsafe { abs(-3) }}\");\n    if std::env::args().len() > 1 { unsafe { no_such_function(1); } } else { unsafe { frobnicate(1); } }\n}\n");
  if (!outcome(t, {t.starkc, "build", (t.work / "grants.stark").string(), "-o", bundle.string()}, got)) return false;
  const auto tells = [&](std::vector<std::string> words, int status, const std::string& output, const std::string& text) {
    words.insert(words.begin(), {t.starkvm, "run"});
    if (!outcome(t, words, got, status)) return false;
    const std::string told = read_file(t.work / "err");
    if (got == output && told.find(text) != std::string::npos) return true;
    return fmt::print("`{}` printed `{}` and told\n{}without `{}`\n", fmt::join(words, " "), got, told, text), false;
  };
  const std::string file = bundle.string();
  return tells({file}, 4, "", "`frobnicate` of the library `no_such_library`") && tells({"--allow=unsafe", file}, 4, "", "`abs` of the C library") &&
         tells({"--sandbox", file}, 4, "", "--allow=ffi") && tells({"--allow=ffi", file}, 1, "3\n", "[F01]") && tells({"--allow=ffi", file, "more"}, 1, "3\n", "[F02] there is no `no_such_function` of the C library") &&
         tells({"--allow=ffi=" + t.work.string(), file}, 1, "", "[F01] the library `c` cannot be opened");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: foreign_test STARKC STARKVM FOLDER [SEED]\n");
    return 64;
  }
  Tools t{argv[1], argv[2], find_compiler(), argv[3], fs::temp_directory_path() / fmt::format("stark-foreign-{}", ::getpid())};
  fs::create_directories(t.work);
  bool good = grants_hold(t);
  if (t.cc.empty()) {
    fmt::print("skipped: no C compiler is here to compare with\n");
  } else {
    const uint32_t seed = argc > 4 ? static_cast<uint32_t>(std::atoi(argv[4])) : 20;
    good = layouts_agree(t, seed) && good;
    good = library_agrees(t) && good;
    good = callbacks_end(t) && good;
  }
  fs::remove_all(t.work);
  fmt::print("{}\n", good ? "all hold" : "failed");
  return good ? 0 : 1;
}

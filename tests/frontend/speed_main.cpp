// tests/frontend/speed_main.cpp — how many lines a minute each stage of the compiler takes, over programs of growing size.
// Room: tests. In: numbers of functions (100 1000 by default), or `--write N` for a program. Out: a table; no verdict.
// The library's text is read with each program and counted with it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "compiler/borrow/borrow.h"
#include "compiler/codegen/codegen.h"
#include "compiler/driver/shipped.h"
#include "compiler/lower/lower.h"
#include "tests/frontend/generate.h"

namespace {

using namespace stark;

double seconds(const std::function<void()>& what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void measure(int functions) {
  SourceMap sources;
  diagnostics::Sink sink;
  types::TypeTable table;
  const FileId file = sources.add("made.stark", tests::large_program(functions));
  const auto lines = static_cast<double>(std::ranges::count(sources.text(file), '\n'));
  double all = 0;
  const auto stage = [&](const char* name, double took) {
    all += took;
    fmt::print("  {:<8} {:>9.1f} ms {:>12.0f} lines a minute\n", name, took * 1000, lines / took * 60);
  };
  fmt::print("{} functions, {} lines\n", functions, lines);
  lex::TokenBuffer tokens;
  stage("lex", seconds([&] { tokens = lex::lex(sources, file, sink); }));
  stage("parse", seconds([&] { parse::parse(sources, tokens, sink); }));
  resolve::Names names;
  const resolve::PackageInput package{file, {}};
  const double both = all;
  const double resolved = seconds([&] { names = resolve::resolve(sources, {&package, 1}, driver::library(), {}, sink); });
  stage("resolve", std::max(resolved - both, 1e-6));  // it lexes and parses again
  types::Typed typed;
  stage("types", seconds([&] { typed = types::check(sources, names, table, sink); }));
  if (sink.errors() != 0) return fmt::print("  {} mistakes: {}\n", sink.errors(), sink.all()[0].message);
  mir::Program program;
  stage("lower", seconds([&] { program = lower::lower(typed, table); }));
  borrow::Annotations annotations;
  stage("borrow", seconds([&] { annotations = borrow::check(program, sink); }));
  stage("codegen", seconds([&] { codegen::generate(program, annotations, sources, sink); }));
  fmt::print("  {:<8} {:>9.1f} ms {:>12.0f} lines a minute\n", "all", all * 1000, lines / all * 60);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::strcmp(argv[1], "--write") == 0) return fmt::print("{}", tests::large_program(std::atoi(argv[2]))), 0;
  for (int i = 1; i < argc; ++i) measure(std::max(std::atoi(argv[i]), 1));
  if (argc == 1) measure(100), measure(1000);
}

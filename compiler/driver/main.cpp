// compiler/driver/main.cpp — starkc: build, check, test and explain.
// Room: driver. In: a command line. Out: a bundle, diagnostics, dumps; status 0 ok, 1 failed, 64 usage.
#include <pthread.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "compiler/driver/pipeline.h"
#include "compiler/driver/shipped.h"
#include "compiler/driver/test_command.h"

namespace stark::driver {
namespace {

constexpr int kFailed = 1, kUsage = 64;

// `--dump_only` means `--dump-only`.
std::vector<std::string> normal_flags(int count, char** words) {
  std::vector<std::string> out;
  for (int i = count - 1; i > 0; --i) {
    std::string word = words[i];
    if (word.starts_with("--")) std::replace(word.begin(), word.begin() + static_cast<long>(std::min(word.find('='), word.size())), '_', '-');
    out.push_back(std::move(word));
  }
  return out;
}

int explain(std::string code) {
  std::ranges::transform(code, code.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string heading = "\n## " + code + "\n";
  for (const resolve::ShippedFile& page : explanations()) {
    const size_t begin = page.text.find(heading);
    if (begin == page.text.npos) continue;
    const size_t end = page.text.find("\n## ", begin + heading.size());
    const std::string_view body = page.text.substr(begin + heading.size(), end == page.text.npos ? end : end - begin - heading.size() + 1);
    fmt::print("{}\n\n{}", code, body.substr(body.find_first_not_of('\n')));
    return 0;
  }
  fmt::print(stderr, "error: there is no diagnostic `{}`\n", code);
  return kFailed;
}

void compile_flags(CLI::App& app, Request& request) {
  app.add_option("file", request.file, "a `.stark` file, a starkpkg.json, or a folder with one of them")->required()->type_name("FILE");
  app.add_flag("--json", request.json, "diagnostics as one JSON object per line on stdout");
  app.add_option("--dump", request.dumps, "print what a stage made")->delimiter(',')->check(CLI::IsMember({"tokens", "tree", "names", "types", "mir", "facts", "skbc"}));
  app.add_option("--dump-only", request.dump_only, "of functions, only this one");
  app.add_option("--stop-after", request.stop_after, "end after this stage")->check(CLI::IsMember({"lex", "parse", "resolve", "types", "lower", "borrow", "codegen"}));
  app.add_option("--edition", request.edition, "dialect of the language; default: what the manifest says, or stark")->check(CLI::IsMember({"stark", "core-v1"}));
}

int run(int count, char** words) {
  CLI::App app{"starkc compiles STARK programs"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "starkc 0.1.0");
  Request request;
  std::string code, filter;
  CLI::App* build = app.add_subcommand("build", "compile a program to a bundle");
  CLI::App* check = app.add_subcommand("check", "look for mistakes only");
  CLI::App* test = app.add_subcommand("test", "compile a program's tests and run each");
  CLI::App* tell = app.add_subcommand("explain", "what a diagnostic means");
  compile_flags(*build, request);
  compile_flags(*check, request);
  compile_flags(*test, request);
  test->add_option("filter", filter, "only tests whose name has this in it");
  build->add_option("-o,--output", request.output, "the bundle; default: the file's name with .skbc");
  tell->add_option("code", code, "for example T0201")->required();
  try {
    app.parse(normal_flags(count, words));
  } catch (const CLI::ParseError& wrong) {
    const int status = app.exit(wrong);
    return status == 0 ? 0 : kUsage;
  }
  if (*tell) return explain(code);
  request.build = static_cast<bool>(*build);
  request.colours = isatty(STDERR_FILENO) != 0;
  if (*test) return test_command(request, filter);
  return compile(request) ? 0 : kFailed;
}

struct CommandLine {
  int count;
  char** words;
  int status = 0;
};

// Stages walk trees by recursion, and the parser bounds how deep those are: this stack has room for the deepest in every build.
int run_with_room(int count, char** words) {
  constexpr size_t kStack = size_t{1} << 29;  // touched only as far as it is used
  CommandLine line{count, words};
  const auto body = [](void* given) -> void* {
    auto& all = *static_cast<CommandLine*>(given);
    all.status = run(all.count, all.words);
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  const bool started = pthread_attr_setstacksize(&attributes, kStack) == 0 && pthread_create(&thread, &attributes, body, &line) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) return run(count, words);
  pthread_join(thread, nullptr);
  return line.status;
}

}  // namespace
}  // namespace stark::driver

int main(int count, char** words) { return stark::driver::run_with_room(count, words); }

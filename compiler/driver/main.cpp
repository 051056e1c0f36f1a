// compiler/driver/main.cpp — starkc: build, check and explain.
// Room: driver. In: a command line. Out: a bundle, diagnostics, dumps; status 0 ok, 1 failed, 64 usage.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "compiler/driver/pipeline.h"
#include "compiler/driver/shipped.h"

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
  app.add_option("file", request.file, "the program's root file")->required()->type_name("FILE");
  app.add_flag("--json", request.json, "diagnostics as one JSON object per line on stdout");
  app.add_option("--dump", request.dumps, "print what a stage made")->delimiter(',')->check(CLI::IsMember({"tokens", "tree", "names", "types", "mir"}));
  app.add_option("--dump-only", request.dump_only, "of functions, only this one");
  app.add_option("--stop-after", request.stop_after, "end after this stage")->check(CLI::IsMember({"lex", "parse", "resolve", "types", "lower", "borrow", "codegen"}));
  app.add_option("--edition", request.edition, "dialect of the language");
}

int run(int count, char** words) {
  CLI::App app{"starkc compiles STARK programs"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "starkc 0.1.0");
  Request request;
  std::string code;
  CLI::App* build = app.add_subcommand("build", "compile a program to a bundle");
  CLI::App* check = app.add_subcommand("check", "look for mistakes only");
  CLI::App* tell = app.add_subcommand("explain", "what a diagnostic means");
  compile_flags(*build, request);
  compile_flags(*check, request);
  build->add_option("-o,--output", request.output, "the bundle; default: the file's name with .skbc");
  tell->add_option("code", code, "for example T0201")->required();
  try {
    app.parse(normal_flags(count, words));
  } catch (const CLI::ParseError& wrong) {
    const int status = app.exit(wrong);
    return status == 0 ? 0 : kUsage;
  }
  if (*tell) return explain(code);
  if (!request.edition.empty() && request.edition != "stark") {
    fmt::print(stderr, "error: edition `{}` is not supported yet\n", request.edition);
    return kUsage;
  }
  request.build = static_cast<bool>(*build);
  request.colours = isatty(STDERR_FILENO) != 0;
  return compile(request) ? 0 : kFailed;
}

}  // namespace
}  // namespace stark::driver

int main(int count, char** words) { return stark::driver::run(count, words); }

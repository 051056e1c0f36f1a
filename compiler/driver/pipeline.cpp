// compiler/driver/pipeline.cpp — runs the stages in order, dumps what is asked for, reports.
// Room: driver. In: Request. Out: a bundle and diagnostics.
#include "compiler/driver/pipeline.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bytecode-spec/disassembler.h"
#include "bytecode-spec/writer.h"
#include "compiler/borrow/borrow.h"
#include "compiler/codegen/codegen.h"
#include "compiler/diagnostics/render.h"
#include "compiler/driver/dumps.h"
#include "compiler/driver/packages.h"
#include "compiler/driver/shipped.h"
#include "compiler/lower/lower.h"
#include "compiler/types/diagnostics.h"

namespace stark::driver {
namespace {

class Compilation {
 public:
  explicit Compilation(const Request& request) : request_(request) {}

  bool run() {
    if (!load()) return false;
    stages();
    report();
    return sink_.errors() == 0 && good_;
  }

  TestBundle run_tests(const std::string& filter) {
    TestBundle out;
    options_.testing = true;
    if (!load()) return out;
    list_tests(filter, out.tests);
    stages();
    report();
    out.good = sink_.errors() == 0 && good_;
    return out;
  }

 private:
  bool wants(std::string_view what) const { return std::ranges::find(request_.dumps, what) != request_.dumps.end(); }
  bool stop(std::string_view stage) const { return request_.stop_after == stage; }
  bool fail_with(const Error& error) {
    if (request_.json) fmt::print("{{\"code\":\"{}\",\"severity\":\"error\",\"message\":{},\"file\":null}}\n", error.code, diagnostics::json_quote(error.message));
    else fmt::print(stderr, "error[{}]: {}\n", error.code, error.message);
    if (!error.help.empty() && !request_.json) fmt::print(stderr, "  = help: {}\n", error.help);
    return good_ = false;
  }

  bool load() {
    auto program = load_program(sources_, request_.file);
    if (!program) return fail_with(program.error());
    program_ = std::move(*program);
    options_.edition = edition_named(request_.edition).value_or(program_.edition.value_or(Edition::Stark));
    return true;
  }

  // The tests are called from a root of their own, to which the program is a package.
  void list_tests(const std::string& filter, std::vector<Test>& tests) {
    diagnostics::Sink early;  // the stages will say it again
    const resolve::Names names = resolve::resolve(sources_, program_.packages, library(), options_, early);
    std::string text = "// <tests> — runs the test that its argument names.\nfn main() {\n    let arguments = std::env::args();\n";
    for (const resolve::DefinitionId id : names.tests) {
      const resolve::Definition& test = names.get(id);
      if (names.package_root(test.module) != names.root) continue;
      const std::string& module = names.get(test.module).path;
      const std::string path = module.empty() ? test.name : fmt::format("{}::{}", module, test.name);
      if (path.find(filter) == path.npos) continue;
      const bool fallible = test.tree->child(test.node, parse::slot::Fn::result).valid();
      const std::string call = fallible ? fmt::format("program::{}().unwrap()", path) : fmt::format("program::{}()", path);
      text += fmt::format("    if arguments[1] == \"{}\" {{ {}; }}\n", tests.size(), call);
      tests.push_back({path, has_should_panic(test)});
    }
    const FileId root = sources_.add("<tests>", text + "}\n");
    for (resolve::PackageInput& package : program_.packages)
      for (auto& [alias, index] : package.dependencies) ++index;
    program_.packages.insert(program_.packages.begin(), {root, {{"program", 1}}});
  }

  static bool has_should_panic(const resolve::Definition& test) {
    const auto attributes = test.tree->children_of(test.tree->child(test.node, parse::slot::Fn::attributes));
    return std::ranges::any_of(attributes, [&](auto id) { return test.tree->get(id).text == "should_panic"; });
  }

  // Lexing and parsing alone, of the root file. True where no more is asked for.
  bool early_stages() {
    const FileId file = program_.packages[0].root;
    const bool last = stop("lex") || stop("parse");
    if (!last && !wants("tokens") && !wants("tree")) return false;
    diagnostics::Sink later;
    diagnostics::Sink& sink = last ? sink_ : later;
    const auto tokens = lex::lex(sources_, file, sink);
    if (wants("tokens")) fmt::print("{}", lex::dump(sources_, tokens));
    if (stop("lex")) return true;
    const auto tree = parse::parse(sources_, tokens, sink);
    if (wants("tree")) fmt::print("{}", parse::dump(tree, request_.dump_only));
    return stop("parse");
  }

  void stages() {
    if (early_stages()) return;
    const resolve::Names names = resolve::resolve(sources_, program_.packages, library(), options_, sink_);
    if (wants("names")) fmt::print("{}", resolve::dump(names));
    if (stop("resolve")) return;
    const types::Typed typed = types::check(sources_, names, table_, sink_);
    if (wants("types")) fmt::print("{}", sections(types::dump(typed, table_), "fn ", request_.dump_only));
    // A package without a `main` is a library, and so is a file that a host finds functions in.
    const bool runs = request_.build && !program_.has_manifest && std::ranges::none_of(typed.functions, &types::TypedFunction::is_exported);
    if (sink_.errors() == 0 && runs && typed.entry == Id<int>::kNone) sink_.report<types::diag::NoMain>({program_.packages[0].root, 0, 0}).help("write `fn main() { … }`, or `pub` before what a host is to call");
    if (stop("types") || sink_.errors() != 0) return;
    mir::Program program = lower::lower(typed, table_);
    program.borrows_nll = names.borrows_nll;
    if (const std::string wrong = mir::validate(program); !wrong.empty()) {
      fmt::print(stderr, "starkc: internal error: broken MIR: {}\n", wrong);
      good_ = false;
    }
    if (stop("lower") || !good_) return dump_mir(program);
    const borrow::Annotations annotations = borrow::check(program, sink_);
    dump_mir(program);
    if (wants("facts")) each_function(program, [&](const mir::Function& function, size_t i) { fmt::print("{}", facts(function, annotations[i])); });
    if (stop("borrow") || sink_.errors() != 0) return;
    spec::Module module = codegen::generate(program, annotations, sources_, sink_);
    if (sink_.errors() != 0) return;
    if (wants("skbc")) fmt::print("{}", sections(spec::disassemble(module), ".function ", request_.dump_only));
    if (!stop("codegen") && request_.build) write(program, module);
  }

  // The functions that a dump is about: one by name, or all that are not the library's.
  void each_function(const mir::Program& program, auto&& tell) {
    for (size_t i = 0; i < program.functions.size(); ++i) {
      const mir::Function& function = program.functions[i];
      if (request_.dump_only.empty() ? !sources_.shipped(function.file) : function.name == request_.dump_only) tell(function, i);
    }
  }

  void dump_mir(const mir::Program& program) {
    if (wants("mir")) each_function(program, [&](const mir::Function& function, size_t) { fmt::print("{}\n", mir::dump(program, function)); });
  }

  void write(const mir::Program& program, spec::Module& module) {
    std::filesystem::path output = request_.output;
    if (output.empty()) output = program_.name + ".skbc";
    std::vector<std::span<const std::byte>> segments;
    for (const mir::Segment& segment : program.segments) segments.push_back(segment.bytes);
    if (const auto written = spec::write_bundle(output, module, segments); !written) fail_with(written.error());
  }

  void report() {
    for (const diagnostics::Diagnostic& one : sink_.all()) {
      if (request_.json) fmt::print("{}\n", diagnostics::render_json(sources_, one));
      else fmt::print(stderr, "{}\n", diagnostics::render(sources_, one, request_.colours));
    }
    const size_t errors = sink_.errors();
    if (errors != 0 && !request_.json)
      fmt::print(stderr, "error: could not compile `{}` due to {} error{}\n", request_.file, errors, errors == 1 ? "" : "s");
  }

  const Request& request_;
  SourceMap sources_;
  Program program_;
  resolve::Options options_;
  diagnostics::Sink sink_;
  types::TypeTable table_;
  bool good_ = true;
};

}  // namespace

bool compile(const Request& request) { return Compilation(request).run(); }
TestBundle compile_tests(const Request& request, const std::string& filter) { return Compilation(request).run_tests(filter); }

}  // namespace stark::driver

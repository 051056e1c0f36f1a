// compiler/driver/pipeline.cpp — runs the stages in order, dumps what is asked for, reports.
// Room: driver. In: Request. Out: a bundle and diagnostics.
#include "compiler/driver/pipeline.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bytecode-spec/writer.h"
#include "compiler/borrow/borrow.h"
#include "compiler/codegen/codegen.h"
#include "compiler/diagnostics/render.h"
#include "compiler/driver/shipped.h"
#include "compiler/lower/lower.h"
#include "compiler/types/diagnostics.h"

namespace stark::driver {
namespace {

class Compilation {
 public:
  explicit Compilation(const Request& request) : request_(request) {}

  bool run() {
    const auto file = sources_.load(request_.file);
    if (!file) return fail_with(file.error());
    stages(*file);
    report();
    return sink_.errors() == 0 && good_;
  }

 private:
  bool wants(std::string_view what) const { return std::ranges::find(request_.dumps, what) != request_.dumps.end(); }
  bool stop(std::string_view stage) const { return request_.stop_after == stage; }
  bool fail_with(const Error& error) {
    fmt::print(stderr, "error[{}]: {}\n", error.code, error.message);
    if (!error.help.empty()) fmt::print(stderr, "  = help: {}\n", error.help);
    return good_ = false;
  }

  void stages(FileId file) {
    if (wants("tokens") || wants("tree") || stop("lex") || stop("parse")) {
      diagnostics::Sink early;
      diagnostics::Sink& sink = stop("lex") || stop("parse") ? sink_ : early;
      const auto tokens = lex::lex(sources_, file, sink);
      if (wants("tokens")) fmt::print("{}", lex::dump(sources_, tokens));
      if (stop("lex")) return;
      const auto tree = parse::parse(sources_, tokens, sink);
      if (wants("tree")) fmt::print("{}", parse::dump(tree));
      if (stop("parse")) return;
    }
    const resolve::Names names = resolve::resolve(sources_, file, library(), sink_);
    if (wants("names")) fmt::print("{}", resolve::dump(names));
    if (stop("resolve")) return;
    const types::Typed typed = types::check(sources_, names, table_, sink_);
    if (wants("types")) fmt::print("{}", types::dump(typed, table_));
    if (sink_.errors() == 0 && request_.build && typed.entry == Id<int>::kNone) sink_.report<types::diag::NoMain>({file, 0, 0}).help("write `fn main() { … }`");
    if (stop("types") || sink_.errors() != 0) return;
    mir::Program program = lower::lower(sources_, typed, table_);
    program.borrows_nll = names.borrows_nll;
    if (const std::string wrong = mir::validate(program); !wrong.empty()) {
      fmt::print(stderr, "starkc: internal error: broken MIR: {}\n", wrong);
      good_ = false;
    }
    if (stop("lower") || !good_) return dump_mir(program);
    const borrow::Annotations annotations = borrow::check(program, sink_);
    dump_mir(program);
    if (stop("borrow") || sink_.errors() != 0) return;
    spec::Module module = codegen::generate(program, annotations, sources_, sink_);
    if (stop("codegen") || sink_.errors() != 0 || !request_.build) return;
    write(program, module);
  }

  void dump_mir(const mir::Program& program) {
    if (!wants("mir")) return;
    for (const mir::Function& function : program.functions)
      if (request_.dump_only.empty() ? !sources_.shipped(function.file) : function.name == request_.dump_only) fmt::print("{}\n", mir::dump(program, function));
  }

  void write(const mir::Program& program, spec::Module& module) {
    std::filesystem::path output = request_.output;
    if (output.empty()) output = std::filesystem::path(request_.file).filename().replace_extension(".skbc");
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
  diagnostics::Sink sink_;
  types::TypeTable table_;
  bool good_ = true;
};

}  // namespace

bool compile(const Request& request) { return Compilation(request).run(); }

}  // namespace stark::driver

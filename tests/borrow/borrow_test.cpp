// tests/borrow/borrow_test.cpp — every row about ownership: what the compiler says in both modes, what the verifier says without it.
// Room: tests. In: starkvm, this folder. Out: one line for each case or row that does not hold. README.md describes the files.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "bytecode-spec/writer.h"
#include "compiler/diagnostics/render.h"
#include "tests/borrow/cases.h"
#include "tests/borrow/trial.h"
#include "tests/run/process.h"
#include "tests/spec/tables.h"

namespace {

using namespace stark;
using namespace stark::tests;

struct Setting {
  std::string starkvm;
  fs::path folder, work;
  std::map<std::string, std::string> names;  // rows' codes that the verifier calls otherwise
};

std::string text_of(const Codes& codes) {
  std::string out;
  for (const auto& [line, code] : codes) out += fmt::format(" {}:{}", line, code);
  return out.empty() ? " nothing" : out;
}

Codes reported(const Trial& trial) {
  Codes out;
  for (const diagnostics::Diagnostic& one : trial.sink.all()) {
    if (one.severity != diagnostics::Severity::Error) continue;
    const bool placed = one.span.file.valid() && !trial.sources.shipped(one.span.file);
    out.emplace(placed ? static_cast<int>(trial.sources.position(one.span.file, one.span.begin).line) : 0, one.code);
  }
  return out;
}

// Runs an accepted program; what it prints stands in its markers.
std::string ran(const Setting& in, const Case& one, spec::Module module) {
  const fs::path program = in.work / "case.stark", bundle = in.work / "case.skbc", out = in.work / "out", err = in.work / "err";
  std::string text = one.text;  // markers stand behind code too
  for (size_t at = 0; (at = text.find("// expect", at)) != std::string::npos; at += 9)
    if (at > 0 && text[at - 1] != '\n') text.insert(at, "\n"), ++at;
  std::ofstream(program) << text;
  if (!spec::write_bundle(bundle, module, {})) return "its bundle cannot be written";
  const Expected expected = expectations(program);
  const int status = run_bundle(in.starkvm, {}, expected, bundle, out, err);
  const std::string got = read_file(out), told = read_file(err);
  if (status != expected.status) return fmt::format("ended with {}, not {}: {}", status, expected.status, told);
  if (got != expected.output) return fmt::format("printed `{}` instead of `{}`", got, expected.output);
  return told.find(expected.error) == std::string::npos ? fmt::format("told `{}`", told) : "";
}

std::string judge(const Setting& in, const Case& one, bool nll) {
  const Trial trial = compile(one.file, one.text, nll ? Borrows::Nll : Borrows::Lexical);
  const Codes& wanted = nll ? one.nll : one.lexical;
  const Codes found = reported(trial);
  if (found != wanted) return fmt::format("reported{} instead of{}", text_of(found), text_of(wanted));
  if (!wanted.empty() && one.verifier == "C") return trial.module ? "the verifier could be asked" : "";
  if (!trial.module) return "there is no module";
  std::string detail;
  const std::string verdict = tests::verdict(*trial.module, detail);
  const std::string expected = wanted.empty() ? "accept" : one.verifier;
  if (verdict != expected) return fmt::format("the verifier says {} instead of {} ({})", verdict, expected, detail);
  return wanted.empty() ? ran(in, one, *trial.module) : "";
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// Whether the verifier may say `said` where a row says `row`.
bool fits(const Setting& in, const std::string& row, const std::string& said) {
  const auto other = in.names.find(row);
  const auto names = other == in.names.end() ? std::vector<std::string>() : words_of(other->second.substr(0, other->second.find('\t')));
  return row == said || std::ranges::find(names, said) != names.end();
}

// `PATH` expects what the row says, `PATH=CODE` that, and `!PATH:WORD` does not have the word. A program's code says what it expects.
std::string holds(const Setting& in, const std::string& place, const std::string& verdict) {
  const bool absent = place.starts_with("!");
  const size_t sign = place.find(absent ? ':' : '=');
  const fs::path file = in.folder / ".." / place.substr(absent ? 1 : 0, sign == std::string::npos ? sign : sign - (absent ? 1 : 0));
  if (!fs::exists(file)) return fmt::format("names `{}`, which is not there", place);
  const std::string text = read_file(file);
  if (absent) return text.find(place.substr(sign + 1)) == std::string::npos ? "" : fmt::format("says that `{}` lacks something, and it does not", place);
  if (file.extension() != ".skasm") return {};
  const size_t at = text.find("; expect ");
  const std::string expected = at == std::string::npos ? "" : text.substr(at + 9, text.find('\n', at) - at - 9);
  const bool good = sign == std::string::npos ? verdict == "reject" || fits(in, verdict, expected) : place.substr(sign + 1) == expected;
  return good ? "" : fmt::format("says {}, and `{}` expects {}", verdict, place, expected);
}

// Whether a case says what its row says.
std::string agrees(const Setting& in, const Case& one, const std::string& verdict) {
  const bool accepted = one.nll.empty();
  if (one.id != one.row()) return {};  // a further case beside the row's own
  if (verdict == "accept") return accepted ? "" : "is refused, and its row is accepted";
  if (accepted) return "is accepted, and its row is refused";
  if (!one.forged.empty()) return holds(in, one.forged, verdict);
  return fits(in, verdict, one.verifier) ? "" : fmt::format("expects {} of the verifier, and its row says {}", one.verifier, verdict);
}

// Every row has a case, a forged bundle, or stands in one of the two lists.
int check_rows(const Setting& in, const std::vector<Case>& cases) {
  int failed = 0;
  const auto complain = [&](const std::string& text) { ++failed, fmt::print("{}\n", text); };
  const auto rows = table(in.folder / "rows.tsv"), forged = table(in.folder / "forged.tsv");
  const auto exceptions = table(in.folder / "exceptions.tsv"), waiting = table(in.folder / "waiting.tsv");
  std::set<std::string> held;
  for (const Case& one : cases) {
    const auto row = rows.find(one.row());
    if (row == rows.end()) {
      complain(fmt::format("{}: there is no such row", one.id));
      continue;
    }
    held.insert(one.row());
    if (exceptions.contains(one.row())) continue;
    const std::string wrong = agrees(in, one, row->second.substr(0, row->second.find('\t')));
    if (!wrong.empty()) complain(fmt::format("{} {}", one.id, wrong));
  }
  for (const auto& [row, places] : forged) {
    if (!rows.contains(row)) complain(fmt::format("forged.tsv: there is no row {}", row));
    held.insert(row);
    const std::string verdict = rows.contains(row) ? rows.at(row).substr(0, rows.at(row).find('\t')) : "";
    const bool one_place = places.starts_with("!");  // with blanks in its word
    for (const std::string& place : one_place ? std::vector<std::string>{places} : words_of(places))
      if (const std::string wrong = holds(in, place, verdict); !wrong.empty()) complain(fmt::format("forged.tsv: {} {}", row, wrong));
  }
  for (const auto& [row, verdict] : rows)
    if (!held.contains(row) && !exceptions.contains(row) && !waiting.contains(row)) complain(fmt::format("row {} has no case", row));
  for (const auto& [row, why] : waiting)
    if (held.contains(row)) complain(fmt::format("{} has a case, so its row in waiting.tsv must go", row));
  if (exceptions.size() > 10) complain("exceptions.tsv has more than ten rows");
  return failed;
}

// The whole of what is said about the programs in messages/, as kept beside them.
int check_messages(const Setting& in, bool update) {
  int failed = 0;
  for (const fs::path& program : programs_of(in.folder / "messages")) {
    const Trial trial = compile(program.filename().string(), read_file(program), Borrows::AsWritten);
    std::string told;
    for (const diagnostics::Diagnostic& one : trial.sink.all()) told += diagnostics::render(trial.sources, one, false) + "\n";
    const fs::path kept = fs::path(program).replace_extension(".txt");
    if (update) std::ofstream(kept) << told;
    if (read_file(kept) == told) continue;
    ++failed;
    fmt::print("{}: says something else now:\n{}", program.filename().string(), told);
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: borrow_test STARKVM FOLDER [CASE | --update]\n");
    return 64;
  }
  Setting in{argv[1], argv[2], fs::temp_directory_path() / fmt::format("stark-borrow-{}", ::getpid()), table(fs::path(argv[2]) / "names.tsv")};
  fs::create_directories(in.work);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(in.folder))
    if (entry.path().extension() == ".cases") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const fs::path& file : files)
    for (Case& one : read_cases(file)) cases.push_back(std::move(one));
  const bool update = argc > 3 && std::string(argv[3]) == "--update";
  if (update) return check_messages(in, true);
  int failed = argc > 3 ? 0 : check_rows(in, cases) + check_messages(in, false);
  for (const Case& one : cases) {
    if (argc > 3 && one.id != argv[3]) continue;
    for (const bool nll : {false, true}) {
      const std::string wrong = judge(in, one, nll);
      if (!wrong.empty()) ++failed, fmt::print("{} {}: {}\n", one.id, nll ? "nll" : "lexical", wrong);
    }
  }
  fs::remove_all(in.work);
  fmt::print("{} cases, {} not as expected\n", cases.size(), failed);
  return failed == 0 && !cases.empty() ? 0 : 1;
}

// vm/explain_command.cpp — `starkvm explain CODE`: what a code means and what mends it, from the tables of every room.
// Room: vm. In: a code. Out: its row.
#include <fmt/format.h>

#include <algorithm>

#include "vm/api/errors.h"
#include "vm/commands.h"
#include "vm/natives/host.h"
#include "vm/profile/report.h"
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

struct Row {
  std::string_view code, meaning, mend;
};

std::vector<Row> all_rows() {
  std::vector<Row> rows = {
#define SPEC_ERROR(name, code, meaning, mend) {code, meaning, mend},
#include "bytecode-spec/errors.def"
  };
  rows.insert(rows.end(), {
#define FOREIGN_ERROR(name, code, meaning, mend) {code, meaning, mend},
#include "vm/natives/foreign_errors.def"
  });
  for (const RefusalRow& r : refusals()) rows.push_back({r.code, r.meaning, r.mend});
  for (const api::ApiErrorRow& r : api::kApiErrors) rows.push_back({r.code, r.meaning, r.mend});
  for (const profile::ProfileErrorRow& r : profile::kProfileErrors) rows.push_back({r.code, r.meaning, r.mend});
  for (const auto& [code, text] : device_codes()) rows.push_back({code, text, ""});
  return rows;
}

}  // namespace

int explain_command(const Options& o) {
  std::string code = o.file;
  std::ranges::transform(code, code.begin(), [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
  for (const Row& row : all_rows()) {
    if (row.code != code) continue;
    write_all(1, fmt::format("{}: {}\n{}", row.code, row.meaning, row.mend.empty() ? "" : fmt::format("help: {}\n", row.mend)));
    return 0;
  }
  write_all(2, fmt::format("error: `{}` is no code of starkvm\n  help: codes look like S02, V01, T03, D04, F01, P01; `starkc explain` knows the compiler's\n", o.file));
  return static_cast<int>(Exit::Usage);
}

}  // namespace stark::vm

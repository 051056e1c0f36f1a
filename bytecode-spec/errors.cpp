// bytecode-spec/errors.cpp — the table behind errors.h.
// Room: bytecode-spec. In: rows of errors.def. Out: Error values.
#include "bytecode-spec/errors.h"

namespace stark::spec {

std::unexpected<Error> refuse(SpecError which, std::string found) {
  struct Row {
    const char *code, *mend;
  };
  static constexpr Row kRows[] = {
#define SPEC_ERROR(name, code, meaning, mend) {code, mend},
#include "bytecode-spec/errors.def"
  };
  const Row& row = kRows[static_cast<size_t>(which)];
  return fail(row.code, std::move(found), row.mend);
}

}  // namespace stark::spec

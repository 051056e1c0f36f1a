// vm/verify/refusals.cpp — the table behind refusals.h.
// Room: vm/verify. In: rows of refusals.def. Out: Error values.
#include "vm/verify/refusals.h"

namespace stark::vm {
namespace {

constexpr RefusalRow kRefusals[] = {
#define REFUSAL(name, code, meaning, mend) {code, meaning, mend},
#include "vm/verify/refusals.def"
};

}  // namespace

std::span<const RefusalRow> refusals() { return kRefusals; }

std::unexpected<Error> refuse(Refusal which, std::string found) {
  const RefusalRow& row = kRefusals[static_cast<size_t>(which)];
  return fail(std::string(row.code), std::move(found), std::string(row.mend));
}

}  // namespace stark::vm

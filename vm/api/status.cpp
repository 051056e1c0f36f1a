// vm/api/status.cpp — statuses: from errors and from what calls came to.
// Room: vm/api. In: Error, Outcome. Out: stark_status, NULL where nothing is wrong.
#include "vm/api/handles.h"

namespace stark::api {
namespace {

stark_kind kind_of_code(std::string_view code) {
  switch (code.empty() ? '?' : code[0]) {
    case 'S': return STARK_MALFORMED;
    case 'V': return code == "V19" ? STARK_PERMISSION : STARK_REFUSED;
    case 'D': return code == "D04" ? STARK_MEMORY : code == "D12" ? STARK_LIMIT : STARK_DEVICE;
    default: return STARK_USAGE;
  }
}

stark_status g_no_memory{STARK_MEMORY, {}, "out of memory", {}, {}, false};

}  // namespace

stark_status* no_memory() { return &g_no_memory; }

stark_status* status_of(const Error& error) {
  auto* status = new stark_status;
  status->kind = kind_of_code(error.code);
  status->code = error.code;
  status->message = error.message;
  status->help = error.help;
  return status;
}

stark_status* status_of(const vm::Outcome& outcome) {
  if (!outcome.failure) return nullptr;
  auto* status = new stark_status;
  const vm::Failure& failure = *outcome.failure;
  status->kind = failure.status ? STARK_PROGRAM_ERROR : static_cast<stark_kind>(failure.exit);
  status->message = failure.status ? fmt::format("the program ended itself with {}", *failure.status) : failure.message;
  status->help = failure.help;
  status->trace = failure.status ? std::string() : outcome.told;
  status->is_over = outcome.is_over;
  return status;
}

}  // namespace stark::api

extern "C" {

stark_kind stark_status_kind(const stark_status* status) { return status != nullptr ? status->kind : STARK_OK; }
const char* stark_status_code(const stark_status* status) { return status != nullptr ? status->code.c_str() : ""; }
const char* stark_status_message(const stark_status* status) { return status != nullptr ? status->message.c_str() : ""; }
const char* stark_status_help(const stark_status* status) { return status != nullptr ? status->help.c_str() : ""; }
const char* stark_status_trace(const stark_status* status) { return status != nullptr ? status->trace.c_str() : ""; }
bool stark_status_is_over(const stark_status* status) { return status != nullptr && status->is_over; }
void stark_status_free(stark_status* status) {
  if (status != stark::api::no_memory()) delete status;
}

}  // extern "C"

// vm/commands.h — the commands of starkvm, one function each.
// Room: vm. In: Options. Out: an exit status; data on standard output, complaints on standard error.
#pragma once

#include "bytecode-spec/base/error.h"
#include "vm/options.h"

namespace stark::vm {

int run_command(const Options& options);
int verify_command(const Options& options);
int bench_command(const Options& options);
int inspect_command(const Options& options);
int dis_command(const Options& options);
int devices_command(const Options& options);
int explain_command(const Options& options);

// Prints `error[S02]: message` and the mend; gives the status that the code's letter stands for.
int complain(const Error& error);

}  // namespace stark::vm

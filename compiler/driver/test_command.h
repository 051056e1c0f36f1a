// compiler/driver/test_command.h — `starkc test`: every test of a program, each in a process of its own.
// Room: driver, private. In: Request, part of the tests' names. Out: one line a test, then how many passed; exit status.
#pragma once

#include "compiler/driver/pipeline.h"

namespace stark::driver {

int test_command(Request request, const std::string& filter);

}  // namespace stark::driver

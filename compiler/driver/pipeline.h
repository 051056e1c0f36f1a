// compiler/driver/pipeline.h — one compilation from file to bundle.
// Room: driver, private. In: Request. Out: whether it went well; texts on stdout and stderr.
// Law: a stage with errors lets the next one run only as far as its product can be trusted.
#pragma once

#include <string>
#include <vector>

namespace stark::driver {

struct Request {
  std::string file, output, dump_only, stop_after, edition;
  std::vector<std::string> dumps;
  bool build = false, json = false, colours = false;
};

bool compile(const Request& request);

}  // namespace stark::driver

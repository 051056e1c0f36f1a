// compiler/driver/pipeline.h — one compilation from a path to a bundle.
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

// Compiles the tests of a program into one bundle whose first argument is the number of the test to run.
struct Test {
  std::string path;  // "shapes::test_area"
  bool should_panic = false;
};
struct TestBundle {
  bool good = false;
  std::vector<Test> tests;
};
TestBundle compile_tests(const Request& request, const std::string& filter);

}  // namespace stark::driver

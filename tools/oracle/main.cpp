// tools/oracle/main.cpp — skbc-oracle: examines bundles one by one.
// Room: tools/oracle. In: paths. Out: a line for each complaint; 0 if there is none, 3 if there is one, 2 for what is no bundle.
#include <fmt/format.h>

#include "bytecode-spec/reader.h"
#include "tools/oracle/oracle.h"

int main(int argc, char** argv) {
  using namespace stark;
  if (argc < 2) {
    fmt::print(stderr, "usage: skbc-oracle FILE…\n");
    return 64;
  }
  int status = 0;
  for (int i = 1; i < argc; ++i) {
    const auto bundle = spec::open_bundle(argv[i]);
    if (!bundle) {
      fmt::print(stderr, "{}: error[{}]: {}\n", argv[i], bundle.error().code, bundle.error().message);
      return 2;
    }
    const auto complaints = oracle::examine(bundle->module);
    for (const oracle::Complaint& one : complaints) fmt::print("{}: {}\n", argv[i], oracle::text_of(one));
    if (!complaints.empty()) status = 3;
  }
  return status;
}

// tests/unit/run_module.h — runs assembly text as a program: proven, loaded, its output and end caught.
// Room: tests/unit. In: text, whether every allocation collects. Out: Run. Law: a module that is refused fails the test.
#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/writer.h"
#include "vm/run/machine.h"

namespace stark::test {

struct Run {
  int status = 0;
  std::string out, errors;
  uint64_t collections = 0;
};

inline std::string drain(int descriptor) {
  std::string text(static_cast<size_t>(lseek(descriptor, 0, SEEK_END)), '\0');
  DOCTEST_REQUIRE(pread(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  close(descriptor);
  return text;
}

inline Run run_module(const std::string& text, vm::HostOptions& options, vm::Translation translation = {}) {
  auto assembled = spec::assemble(text);
  if (!assembled) DOCTEST_FAIL(assembled.error().message);
  spec::lay_out_segments(assembled->module, {});
  auto bundle = std::make_shared<spec::Bundle>();
  bundle->module = assembled->module;
  auto verified = vm::verify(bundle);
  if (!verified) DOCTEST_FAIL(verified.error().code << " " << verified.error().message);
  vm::Program program(std::move(*verified), vm::Machine::handlers(), translation);
  options.output = memfd_create("out", 0);
  options.errors = memfd_create("errors", 0);
  Run r;
  {
    vm::Runtime runtime(program, options);
    vm::Host host(runtime);
    vm::Machine machine(host);
    r.status = machine.run(program.module().entry);
    host.out.flush();
    r.collections = host.heap.stats().collections;
    DOCTEST_CHECK(host.tensors.stats().live == 0);
  }
  r.out = drain(options.output);
  r.errors = drain(options.errors);
  return r;
}

inline Run run_module(const std::string& text, bool stress) {
  vm::HostOptions options;
  options.heap.stress = options.heap.poison = options.heap.verify = stress;
  return run_module(text, options);
}

// Plainly, and with a collection at every allocation: the same.
inline void check_module(const std::string& text, const std::string& out, int status = 0, const std::string& errors = "") {
  for (bool stress : {false, true}) {
    DOCTEST_CAPTURE(stress);
    const Run r = run_module(text, stress);
    DOCTEST_CHECK(r.out == out);
    DOCTEST_CHECK(r.errors == errors);
    DOCTEST_CHECK(r.status == status);
  }
}

}  // namespace stark::test

// tests/fuzz/support.h — what every target needs: room on the stack, and diagnostics that can be drawn.
// Room: tests. In: text, a sink. Out: —.
#pragma once

#include <pthread.h>

#include <string>

#include "bytecode-spec/base/check.h"
#include "compiler/diagnostics/render.h"

namespace stark::tests {

inline void render_all(const SourceMap& sources, const diagnostics::Sink& sink) {
  for (const diagnostics::Diagnostic& one : sink.all()) {
    CHECK(!diagnostics::render(sources, one, false).empty());
    CHECK(!diagnostics::render_json(sources, one).empty());
  }
}

// The compiler runs on a stack with room for the deepest tree, as starkc gives it.
inline void with_room(void (*run)(const std::string&), const std::string& text) {
  struct Job {
    void (*run)(const std::string&);
    const std::string& text;
  } job{run, text};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{1} << 29);
  const auto body = [](void* given) -> void* { return static_cast<Job*>(given)->run(static_cast<Job*>(given)->text), nullptr; };
  CHECK(pthread_create(&thread, &attributes, body, &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace stark::tests

// tests/borrow/generate.h — random small programs about ownership, right in everything but, perhaps, who owns and borrows what.
// Room: tests. In: a seed. Out: a body that STARK and Rust read alike, and what it calls.
#pragma once

#include <cstdint>
#include <string>

namespace stark::tests {

// Types and functions that every body uses.
std::string ownership_prelude();
// Statements, one a line, of `fn NAME() { … }`.
std::string ownership_body(uint64_t seed, const std::string& name);

}  // namespace stark::tests

// tests/borrow/generate.h — random small programs about ownership, right in everything but, perhaps, who owns and borrows what.
// Room: tests. In: a seed. Out: a body that STARK and Rust read alike, and what it calls.
#pragma once

#include <cstdint>
#include <string>

namespace stark::tests {

// Types and functions that every body uses.
std::string ownership_prelude();
// Statements, one a line, of `fn NAME() { … }`.
// Rich: options, boxes, cells and guards, structs that keep `&mut`, arrays, closures that take, several things in one call.
enum class Grammar : uint8_t { Plain, Rich };
std::string ownership_body(uint64_t seed, const std::string& name, Grammar grammar);

}  // namespace stark::tests
